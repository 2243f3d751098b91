#include "base/base64.h"
#include "base/bytes.h"
#include "base/utf8.h"
#include "lib/test.h"

static void utf8_refuses_what_rfc_3629_refuses(void **state) {
    (void)state;
    assert_true(utf8_valid(STR("plain ascii that is longer than eight bytes")));
    assert_true(utf8_valid(STR("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")));
    assert_false(utf8_valid(STR("\xc0\x80")));         /* overlong */
    assert_false(utf8_valid(STR("\xe0\x9f\xbf")));     /* overlong */
    assert_false(utf8_valid(STR("\xed\xa0\x80")));     /* surrogate */
    assert_false(utf8_valid(STR("\xf4\x90\x80\x80"))); /* above U+10FFFF */
    assert_false(utf8_valid(STR("\xff")));
    assert_false(utf8_valid(STR("12345678\xe2\x82"))); /* cut short */
}

static void lengths_in_characters_and_utf16_units(void **state) {
    (void)state;
    str s = STR("a\xc3\xa9\xf0\x9f\x98\x80");
    assert_int_equal(utf8_characters(s), 3);
    assert_int_equal(utf8_utf16_units(s), 4);
}

static void base64_round_trips_and_is_strict(void **state) {
    (void)state;
    char text[400], bytes[400];
    size_t len;
    for (size_t n = 0; n < 256; n++) {
        char in[256];
        for (size_t i = 0; i < n; i++)
            in[i] = (char)(i * 7 + n);
        base64_encode((str){in, n}, text);
        assert_true(base64_decode((str){text, base64_encoded_len(n)}, bytes, &len));
        assert_int_equal(len, n);
        assert_memory_equal(bytes, in, n);
    }
    assert_false(base64_decode(STR("YQ"), bytes, &len));   /* no padding */
    assert_false(base64_decode(STR("YR=="), bytes, &len)); /* left-over bits */
    assert_false(base64_decode(STR("Y==="), bytes, &len));
    assert_false(base64_decode(STR("YQ==YQ=="), bytes, &len));
    assert_false(base64_decode(STR("Y\xff=="), bytes, &len));
    assert_false(base64_decode(STR("YW J"), bytes, &len));
}

static void varints_have_one_form(void **state) {
    (void)state;
    unsigned char at[VARINT_MAX];
    const uint32_t values[] = {0, 1, 127, 128, 16383, 16384, 0xffffffff};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        uint32_t back = 7;
        size_t n = put_varint(at, values[i]);
        assert_int_equal(get_varint(at, at + n, &back), n);
        assert_int_equal(back, values[i]);
        assert_int_equal(get_varint(at, at + n - 1, &back), 0);
    }
    assert_int_equal(get_varint((const unsigned char *)"\x80\x00",
                                (const unsigned char *)"\x80\x00" + 2, &(uint32_t){0}),
                     0);
}

static void numbers_of_text_do_not_overflow(void **state) {
    (void)state;
    uint64_t v = 5;
    assert_true(str_to_u64(STR("18446744073709551615"), &v));
    assert_true(v == UINT64_MAX);
    assert_false(str_to_u64(STR("18446744073709551616"), &v));
    assert_false(str_to_u64(STR(""), &v));
    assert_false(str_to_u64(STR("1 "), &v));
    assert_true(v == UINT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_refuses_what_rfc_3629_refuses),
        cmocka_unit_test(lengths_in_characters_and_utf16_units),
        cmocka_unit_test(base64_round_trips_and_is_strict),
        cmocka_unit_test(varints_have_one_form),
        cmocka_unit_test(numbers_of_text_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
