#include "item/number.h"
#include "lib/test.h"

static struct arena *arena;

static int setup(void **state) {
    (void)state;
    arena = arena_new(64 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static str encode(str text) {
    unsigned char out[NUMBER_BYTES_MAX];
    size_t len = 0;
    enum number_fault fault = number_from_text(text, out, &len);
    if (fault != NUMBER_OK)
        fail_msg("%.*s: fault %d", STR_ARG(text), (int)fault);
    assert_int_equal(number_len(out, out + len), len);
    return arena_copy(arena, (str){(const char *)out, len});
}

static str text_of(str number) {
    struct buf buf;
    buf_init(&buf, arena, 0);
    number_to_text(number, &buf);
    assert_true(buf.len <= NUMBER_TEXT_MAX);
    return buf_str(&buf);
}

static enum number_fault fault_of(str text) {
    unsigned char out[NUMBER_BYTES_MAX];
    size_t len = 0;
    return number_from_text(text, out, &len);
}

static str repeated(const char *before, char c, size_t count, const char *after) {
    struct buf buf;
    buf_init(&buf, arena, count + 64);
    buf_add_str(&buf, str_from_c(before));
    memset(buf_reserve(&buf, count), c, count);
    buf.len += count;
    buf_add_str(&buf, str_from_c(after));
    return buf_str(&buf);
}

static void the_format_is_as_documented(void **state) {
    (void)state;
    assert_str(encode(STR("0")), "\x02");
    assert_str(encode(STR("1")), "\x03\x82\x0b\x00");
    assert_str(encode(STR("10")), "\x03\x83\x0b\x00");
    assert_str(encode(STR("-1")), "\x01\x7d\x5b\xff");
    assert_str(encode(STR("1.23")), "\x03\x82\x0d\x1f\x00");
}

static void text_becomes_canonical(void **state) {
    (void)state;
    const char *cases[][2] = {
        {"0", "0"},
        {"-0", "0"},
        {"+0.00e5", "0"},
        {"0e999999999999999999999", "0"},
        {"0e-99999999999999999999", "0"},
        {"+5", "5"},
        {".5", "0.5"},
        {"5.", "5"},
        {"1.e5", "100000"},
        {"1E+5", "100000"},
        {"1e-3", "0.001"},
        {"-1.50", "-1.5"},
        {"00012.3400", "12.34"},
        {"1000", "1000"},
        {"1e3", "1000"},
        {"1.0e3", "1000"},
        {"123456789", "123456789"},
        {"-.000e0", "0"},
        {"12.5e1", "125"},
        {"0.0000012e6", "1.2"},
        {"99999999999999999999999999999999999999", "99999999999999999999999999999999999999"},
        {"1e1000000000000000000000e", NULL},
    };
    for (size_t i = 0; cases[i][1]; i++) {
        str got = text_of(encode(str_from_c(cases[i][0])));
        if (!str_eq(got, str_from_c(cases[i][1])))
            fail_msg("%s became %.*s", cases[i][0], STR_ARG(got));
    }
    assert_true(str_eq(text_of(encode(STR("1E125"))), repeated("1", '0', 125, "")));
    assert_true(str_eq(text_of(encode(STR("-1E-130"))), repeated("-0.", '0', 129, "1")));
}

static void what_is_no_number_is_refused(void **state) {
    (void)state;
    const char *texts[] = {"",    " ",    " 1",  "1 ",  "1\n",      "+",    "-",     ".",
                           "-.",  "e5",   ".e5", "1e",  "1e+",      "1e-",  "1e1.5", "1.2.3",
                           "--1", "+-1",  "NaN", "nan", "Infinity", "-inf", "0x10",  "1_000",
                           "1,5", "1e5x", "a",   "1f",  "\302\2401"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (fault_of(str_from_c(texts[i])) != NUMBER_NOT_NUMERIC)
            fail_msg("accepted \"%s\"", texts[i]);
    assert_int_equal(fault_of((str){"1\0", 2}), NUMBER_NOT_NUMERIC);
    assert_int_equal(fault_of((str){NULL, 0}), NUMBER_NOT_NUMERIC);
}

static void limits_are_those_of_the_service(void **state) {
    (void)state;
    assert_int_equal(fault_of(repeated("", '9', 38, "")), NUMBER_OK);
    assert_int_equal(fault_of(repeated("", '9', 39, "")), NUMBER_TOO_MANY_DIGITS);
    assert_int_equal(fault_of(repeated("000", '9', 38, "000.000")), NUMBER_OK);
    assert_int_equal(fault_of(STR("1.00000000000000000000000000000000000001")),
                     NUMBER_TOO_MANY_DIGITS);
    assert_int_equal(fault_of(STR("1.0000000000000000000000000000000000001")), NUMBER_OK);
    assert_int_equal(fault_of(repeated("9.", '9', 37, "E+125")), NUMBER_OK);
    assert_int_equal(fault_of(STR("1E126")), NUMBER_OVERFLOW);
    assert_int_equal(fault_of(STR("-10E125")), NUMBER_OVERFLOW);
    assert_int_equal(fault_of(STR("1E-130")), NUMBER_OK);
    assert_int_equal(fault_of(STR("1.5E-130")), NUMBER_OK);
    assert_int_equal(fault_of(STR("9E-131")), NUMBER_UNDERFLOW);
    assert_int_equal(fault_of(STR("0.1E-130")), NUMBER_UNDERFLOW);
    assert_int_equal(fault_of(STR("1e99999999999999999999999999")), NUMBER_OVERFLOW);
    assert_int_equal(fault_of(STR("-1e-99999999999999999999999999")), NUMBER_UNDERFLOW);
}

static void huge_texts_are_read_in_one_pass(void **state) {
    (void)state;
    enum { MEGABYTE = 1 << 20 };
    assert_int_equal(fault_of(repeated("", '0', MEGABYTE, "")), NUMBER_OK);
    assert_int_equal(fault_of(repeated("1", '0', MEGABYTE, "")), NUMBER_OVERFLOW);
    assert_int_equal(fault_of(repeated("1e", '9', MEGABYTE, "")), NUMBER_OVERFLOW);
    assert_str(text_of(encode(repeated("", '0', MEGABYTE, "12"))), "12");
    assert_str(text_of(encode(repeated("1.", '0', MEGABYTE, ""))), "1");
    assert_str(text_of(encode(repeated("1", '0', MEGABYTE, "e-1048576"))), "1");
    assert_str(text_of(encode(repeated("0.", '0', MEGABYTE, "15e1048577"))), "1.5");
    assert_int_equal(fault_of(repeated("", '1', MEGABYTE, "e-1048575")), NUMBER_TOO_MANY_DIGITS);
}

static void equal_values_have_equal_encodings(void **state) {
    (void)state;
    assert_true(str_eq(encode(STR("1000")), encode(STR("1e3"))));
    assert_true(str_eq(encode(STR("1000")), encode(STR("+1.0e3"))));
    assert_true(str_eq(encode(STR("0.10")), encode(STR("1e-1"))));
}

static void encodings_sort_by_value(void **state) {
    (void)state;
    const char *ascending[] = {"-9e125", "-1e125",  "-123.5",  "-123.45", "-123.4", "-100",
                               "-99.9",  "-10.1",   "-10",     "-9",      "-1.01",  "-1",
                               "-0.5",   "-1e-129", "-1e-130", "0",       "1e-130", "1.1e-130",
                               "1e-129", "0.5",     "0.55",    "1",       "1.01",   "1.1",
                               "9",      "10",      "10.01",   "99",      "99.99",  "100",
                               "101",    "123.4",   "123.45",  "1e125",   "9e125"};
    for (size_t i = 1; i < sizeof ascending / sizeof ascending[0]; i++)
        if (str_cmp(encode(str_from_c(ascending[i - 1])), encode(str_from_c(ascending[i]))) >= 0)
            fail_msg("%s does not sort before %s", ascending[i - 1], ascending[i]);
}

static void bytes_that_are_no_encoding_have_no_length(void **state) {
    (void)state;
    const str bad[] = {STR_INIT(""),
                       STR_INIT("\x00"),
                       STR_INIT("\x04"),
                       STR_INIT("\x03"),
                       STR_INIT("\x03\x82"),
                       STR_INIT("\x03\x82\x0b"),
                       STR_INIT("\x03\x82\x00"),
                       STR_INIT("\x03\x82\x0a\x00"),     /* first digit 0 */
                       STR_INIT("\x03\x82\x0b\x01\x00"), /* last pair 00 kept */
                       STR_INIT("\x03\x82\x66\x00"),     /* pair above 99 */
                       STR_INIT("\x01\x7d\xff"),
                       STR_INIT("\x01\x7d\x5b"),
                       STR_INIT("\x01\x7d\x01\xff"),
                       STR_INIT("\x01\x7d\x5b\x65\xff"),
                       STR_INIT("\x01\x7d\x66\xff"),
                       STR_INIT("\x01\x7d\x00\xff")};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const unsigned char *at = (const unsigned char *)bad[i].ptr;
        if (number_len(at, at + bad[i].len) != 0)
            fail_msg("case %zu has a length", i);
    }
    unsigned char pairs[32] = {3, 0x82};
    for (size_t count = 1; count <= 20; count++) {
        pairs[count + 1] = 0x0c;
        pairs[count + 2] = 0;
        assert_int_equal(number_len(pairs, pairs + sizeof pairs), count <= 19 ? count + 3 : 0);
    }
}

static str sum(const char *left, const char *right, enum number_fault want, bool subtract) {
    unsigned char out[NUMBER_BYTES_MAX];
    size_t len = 0;
    str a = encode(str_from_c(left)), b = encode(str_from_c(right));
    enum number_fault fault =
        subtract ? number_subtract(a, b, out, &len) : number_add(a, b, out, &len);
    if (fault != want)
        fail_msg("%s and %s: fault %d, want %d", left, right, (int)fault, (int)want);
    if (fault != NUMBER_OK)
        return STR("");
    assert_int_equal(number_len(out, out + len), len);
    return text_of((str){(const char *)out, len});
}

static void sums_are_exact(void **state) {
    (void)state;
    assert_str(sum("1", "2", NUMBER_OK, false), "3");
    assert_str(sum("1", "2", NUMBER_OK, true), "-1");
    assert_str(sum("0.1", "0.2", NUMBER_OK, false), "0.3");
    assert_str(sum("5", "-5", NUMBER_OK, false), "0");
    assert_str(sum("0", "-5", NUMBER_OK, false), "-5");
    assert_str(sum("0", "5", NUMBER_OK, true), "-5");
    assert_str(sum("0", "0", NUMBER_OK, true), "0");
    assert_str(sum("999", "1", NUMBER_OK, false), "1000");
    assert_str(sum("1000", "1", NUMBER_OK, true), "999");
    assert_str(sum("-1000", "0.001", NUMBER_OK, false), "-999.999");
    assert_str(sum("1e20", "1", NUMBER_OK, false), "100000000000000000001");
    assert_str(sum("1e38", "1", NUMBER_OK, true), "99999999999999999999999999999999999999");
    assert_str(sum("99999999999999999999999999999999999999", "1", NUMBER_OK, false),
               "100000000000000000000000000000000000000");
    assert_str(sum("1.0000000000000000000000000000000000001",
                   "0.00000000000000000000000000000000000019", NUMBER_TOO_MANY_DIGITS, false),
               "");
}

static void sums_that_do_not_fit_are_refused(void **state) {
    (void)state;
    sum("1e125", "1e-130", NUMBER_TOO_MANY_DIGITS, false);
    sum("1e125", "1e-130", NUMBER_TOO_MANY_DIGITS, true);
    sum("1e38", "1", NUMBER_TOO_MANY_DIGITS, false);
    sum("1e39", "1", NUMBER_TOO_MANY_DIGITS, true);
    sum("9e125", "1e125", NUMBER_OVERFLOW, false);
    sum("-9e125", "1e125", NUMBER_OVERFLOW, true);
    sum("1.1e-130", "1e-130", NUMBER_UNDERFLOW, true);
}

static void sizes_are_those_of_the_service(void **state) {
    (void)state;
    const struct {
        const char *text;
        size_t size;
    } cases[] = {{"0", 1},        {"1", 2},
                 {"-1", 3},       {"12", 2},
                 {"123", 3},      {"1000", 2},
                 {"0.5", 2},      {"0.005", 2},
                 {"1.5", 3},      {"12.34", 3},
                 {"100.5", 4},    {"1000.005", 5},
                 {"-123.456", 6}, {"1e125", 2},
                 {"1e-130", 2},   {"99999999999999999999999999999999999999", 20}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (number_size(encode(str_from_c(cases[i].text))) != cases[i].size)
            fail_msg("%s", cases[i].text);
}

static void whole_numbers_convert_both_ways(void **state) {
    (void)state;
    const int64_t values[] = {0,
                              1,
                              -1,
                              10,
                              99,
                              100,
                              -1000,
                              1234567890123456789,
                              INT64_MAX,
                              INT64_MIN,
                              INT64_MAX - 1,
                              1000000000000000000};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        unsigned char out[NUMBER_BYTES_MAX];
        size_t len = 0;
        int64_t back = 1;
        number_from_i64(values[i], out, &len);
        str text = arena_printf(arena, "%lld", (long long)values[i]);
        assert_true(str_eq(encode(text), (str){(const char *)out, len}));
        assert_true(number_to_i64((str){(const char *)out, len}, &back));
        assert_true(back == values[i]);
    }
    int64_t untouched = 7;
    assert_false(number_to_i64(encode(STR("1.5")), &untouched));
    assert_false(number_to_i64(encode(STR("0.1")), &untouched));
    assert_false(number_to_i64(encode(STR("9223372036854775808")), &untouched));
    assert_false(number_to_i64(encode(STR("-9223372036854775809")), &untouched));
    assert_false(number_to_i64(encode(STR("1e19")), &untouched));
    assert_int_equal(untouched, 7);
}

static void ceilings_are_the_next_whole_number(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t ceiling;
    } rows[] = {{"0", 0},
                {"7", 7},
                {"-7", -7},
                {"1700000000.5", 1700000001},
                {"1e-130", 1},
                {"-1e-130", 0},
                {"-1.5", -1},
                {"99.99", 100},
                {"9223372036854775806.5", INT64_MAX},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t ceiling = 5;
        assert_true(number_ceiling(encode(str_from_c(rows[i].text)), &ceiling));
        assert_true(ceiling == rows[i].ceiling);
    }
    int64_t untouched = 5;
    assert_false(number_ceiling(encode(STR("9223372036854775807.5")), &untouched));
    assert_false(number_ceiling(encode(STR("9223372036854775808")), &untouched));
    assert_false(number_ceiling(encode(STR("1e125")), &untouched));
    assert_false(number_ceiling(encode(STR("-1e125")), &untouched));
    assert_int_equal(untouched, 5);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_format_is_as_documented),
        cmocka_unit_test(text_becomes_canonical),
        cmocka_unit_test(what_is_no_number_is_refused),
        cmocka_unit_test(limits_are_those_of_the_service),
        cmocka_unit_test(huge_texts_are_read_in_one_pass),
        cmocka_unit_test(equal_values_have_equal_encodings),
        cmocka_unit_test(encodings_sort_by_value),
        cmocka_unit_test(bytes_that_are_no_encoding_have_no_length),
        cmocka_unit_test(sums_are_exact),
        cmocka_unit_test(sums_that_do_not_fit_are_refused),
        cmocka_unit_test(sizes_are_those_of_the_service),
        cmocka_unit_test(whole_numbers_convert_both_ways),
        cmocka_unit_test(ceilings_are_the_next_whole_number),
    };
    return cmocka_run_group_tests_name("number", tests, setup, teardown);
}
