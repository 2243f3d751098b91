#include "item/item_key.h"
#include "item/number.h"
#include "lib/test.h"

static struct arena *arena;

static int setup(void **state) {
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static str part(str bytes) {
    struct buf buf;
    buf_init(&buf, arena, 0);
    key_part_encode(VALUE_STRING, bytes, &buf);
    return buf_str(&buf);
}

static void parts_are_escaped_and_ended(void **state) {
    (void)state;
    assert_str(part(STR("")), "\0\x01");
    assert_str(part(STR("ab")), "ab\0\x01");
    assert_str(part(STR("a\0b\0")), "a\0\xff"
                                    "b\0\xff\0\x01");
}

static void parts_sort_as_their_bytes_do(void **state) {
    (void)state;
    const str ascending[] = {
        STR_INIT(""),   STR_INIT("\0"), STR_INIT("\0\0"), STR_INIT("\0\1"),   STR_INIT("\0\xff"),
        STR_INIT("\1"), STR_INIT("a"),  STR_INIT("a\0"),  STR_INIT("a\0b"),   STR_INIT("a\1"),
        STR_INIT("ab"), STR_INIT("b"),  STR_INIT("\xff"), STR_INIT("\xff\0"), STR_INIT("\xff\xff")};
    for (size_t i = 1; i < sizeof ascending / sizeof ascending[0]; i++)
        assert_true(str_cmp(part(ascending[i - 1]), part(ascending[i])) < 0);
}

static void parts_follow_each_other_and_come_back(void **state) {
    (void)state;
    unsigned char number[NUMBER_BYTES_MAX];
    size_t number_bytes = 0;
    number_from_i64(-1200, number, &number_bytes);
    str minus_1200 = {(const char *)number, number_bytes};
    struct buf buf;
    buf_init(&buf, arena, 0);
    key_part_encode(VALUE_STRING, STR("a\0b"), &buf);
    key_part_encode(VALUE_NUMBER, minus_1200, &buf);
    key_part_encode(VALUE_BINARY, STR("\xff\0\1"), &buf);
    key_part_encode(VALUE_STRING, STR(""), &buf);
    str rest = buf_str(&buf), got;
    assert_true(key_part_decode(VALUE_STRING, &rest, arena, &got));
    assert_str(got, "a\0b");
    assert_true(key_part_decode(VALUE_NUMBER, &rest, arena, &got));
    assert_true(str_eq(got, minus_1200));
    assert_true(key_part_decode(VALUE_BINARY, &rest, arena, &got));
    assert_str(got, "\xff\0\1");
    assert_true(key_part_decode(VALUE_STRING, &rest, arena, &got));
    assert_str(got, "");
    assert_int_equal(rest.len, 0);
    assert_false(key_part_decode(VALUE_STRING, &rest, arena, &got));
}

static void bytes_that_are_no_part_are_refused(void **state) {
    (void)state;
    const str bad[] = {STR_INIT(""),         STR_INIT("a"),         STR_INIT("a\0"),
                       STR_INIT("a\0\2\0"),  STR_INIT("a\0\0\x01"), STR_INIT("a\0\xff"),
                       STR_INIT("a\0\xff\0")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        str rest = bad[i], got;
        assert_false(key_part_decode(VALUE_STRING, &rest, arena, &got));
        assert_true(rest.ptr == bad[i].ptr && rest.len == bad[i].len);
    }
    str rest = STR("\x03\x82\x0a\x00"), got;
    assert_false(key_part_decode(VALUE_NUMBER, &rest, arena, &got));
}

static void a_prefix_bounds_all_that_starts_with_it(void **state) {
    (void)state;
    struct buf buf;
    buf_init(&buf, arena, 0);
    key_part_encode_prefix(STR("a\0"), &buf);
    str from = buf_str(&buf), to = key_prefix_end(from, arena);
    const str inside[] = {STR_INIT("a\0"), STR_INIT("a\0\0"), STR_INIT("a\0\xff\xff")};
    const str outside[] = {STR_INIT("a"), STR_INIT("a\1"), STR_INIT("b"), STR_INIT("")};
    for (size_t i = 0; i < sizeof inside / sizeof inside[0]; i++)
        assert_true(str_cmp(from, part(inside[i])) <= 0 && str_cmp(part(inside[i]), to) < 0);
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        assert_true(str_cmp(part(outside[i]), from) < 0 || str_cmp(part(outside[i]), to) >= 0);
}

static void the_end_of_a_prefix_is_the_least_bytes_behind_it(void **state) {
    (void)state;
    assert_str(key_prefix_end(STR("ab"), arena), "ac");
    assert_str(key_prefix_end(STR("a\xff\xff"), arena), "b");
    assert_null(key_prefix_end(STR("\xff\xff"), arena).ptr);
    assert_null(key_prefix_end(STR(""), arena).ptr);
}

static void a_key_is_named_by_its_text_whatever_its_kind(void **state) {
    (void)state;
    unsigned char number[NUMBER_BYTES_MAX];
    size_t len;
    str text;
    assert_true(key_part_text(VALUE_STRING, STR("a b"), arena, &text));
    assert_str(text, "a b");
    assert_int_equal(number_from_text(STR("-15e-1"), number, &len), NUMBER_OK);
    assert_true(key_part_text(VALUE_NUMBER, (str){(char *)number, len}, arena, &text));
    assert_str(text, "-1.5");
    assert_true(key_part_text(VALUE_BINARY, STR("\x00\xff"), arena, &text));
    assert_str(text, "AP8=");
    assert_false(key_part_text(VALUE_BOOL, STR(""), arena, &text));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_escaped_and_ended),
        cmocka_unit_test(parts_sort_as_their_bytes_do),
        cmocka_unit_test(parts_follow_each_other_and_come_back),
        cmocka_unit_test(bytes_that_are_no_part_are_refused),
        cmocka_unit_test(a_prefix_bounds_all_that_starts_with_it),
        cmocka_unit_test(the_end_of_a_prefix_is_the_least_bytes_behind_it),
        cmocka_unit_test(a_key_is_named_by_its_text_whatever_its_kind),
    };
    return cmocka_run_group_tests_name("item_key", tests, setup, teardown);
}
