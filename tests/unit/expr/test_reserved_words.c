/* The reserved words: all of them, in any case, and nothing else. */
#include "expr/expr_int.h"
#include "lib/test.h"

static void all_573_words_are_found_in_any_case(void **state) {
    (void)state;
    char mixed[32];
    assert_int_equal(expr_reserved_count(), 573);
    for (size_t i = 0; i < expr_reserved_count(); i++) {
        str word = expr_reserved_word(i);
        assert_true(word.len > 0 && word.len < sizeof(mixed));
        assert_true(expr_is_reserved(word));
        for (size_t c = 0; c < word.len; c++)
            mixed[c] = (char)(c % 2 ? word.ptr[c] : word.ptr[c] - 'A' + 'a');
        assert_true(expr_is_reserved((str){mixed, word.len}));
    }
}

static void the_words_are_sorted_and_distinct(void **state) {
    (void)state;
    for (size_t i = 1; i < expr_reserved_count(); i++)
        assert_true(str_cmp(expr_reserved_word(i - 1), expr_reserved_word(i)) < 0);
}

static void other_words_are_free(void **state) {
    (void)state;
    static const char *const words[] = {"",       "a",       "pk",         "sk",
                                        "names_", "statuss", "tat",        "ABORTED",
                                        "zones",  "#name",   "attribute1", "LOCALTIMESTAMPS"};
    for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
        assert_false(expr_is_reserved(str_from_c(words[i])));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_573_words_are_found_in_any_case),
        cmocka_unit_test(the_words_are_sorted_and_distinct),
        cmocka_unit_test(other_words_are_free),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
