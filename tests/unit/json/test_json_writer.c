#include "json/json_reader.h"
#include "json/json_writer.h"
#include "lib/test.h"

#include <float.h>

static struct arena *arena;
static struct buf out;
static struct json_writer w;

static int setup(void **state) {
    (void)state;
    arena = arena_new(1 << 20);
    buf_init(&out, arena, 0);
    json_writer_init(&w, &out);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static void commas_stand_where_they_must(void **state) {
    (void)state;
    json_write_object_begin(&w);
    json_write_key(&w, STR("a"));
    json_write_array_begin(&w);
    json_write_array_begin(&w);
    json_write_array_end(&w);
    json_write_i64(&w, INT64_MIN);
    json_write_null(&w);
    json_write_object_begin_key(&w, STR("S"));
    json_write_i64(&w, 1);
    json_write_object_end(&w);
    json_write_object_begin(&w);
    json_write_object_end(&w);
    json_write_bool(&w, true);
    json_write_raw(&w, STR("{\"x\":1}"));
    json_write_array_end(&w);
    json_write_key(&w, STR("b\""));
    json_write_bool(&w, false);
    json_write_object_end(&w);
    json_writer_finish(&w);
    assert_str(
        buf_str(&out),
        "{\"a\":[[],-9223372036854775808,null,{\"S\":1},{},true,{\"x\":1}],\"b\\\"\":false}");
}

static void strings_are_escaped_where_json_demands_it(void **state) {
    (void)state;
    json_write_string(&w, STR("\"\\/\b\f\n\r\t\x01\x1f\x7f\xe2\x82\xac\0."));
    assert_str(buf_str(&out), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xe2\x82\xac\\u0000.\"");
}

static void any_byte_at_any_place_reads_back(void **state) {
    (void)state;
    for (int byte = 0; byte < 0x80; byte++) {
        for (size_t i = 0; i < 20; i++) {
            char text[20];
            memset(text, 'x', sizeof text);
            text[i] = (char)byte;
            out.len = 0;
            json_writer_init(&w, &out);
            json_write_string(&w, (str){text, sizeof text});
            struct json_reader reader;
            json_reader_init(&reader, buf_str(&out), arena);
            str back;
            assert_true(json_string(&reader, &back) && json_finish(&reader));
            assert_true(str_eq(back, (str){text, sizeof text}));
        }
    }
}

static str seconds(int64_t time_us) {
    out.len = 0;
    json_writer_init(&w, &out);
    json_write_seconds(&w, time_us);
    return buf_str(&out);
}

static void seconds_have_three_decimals_at_most(void **state) {
    (void)state;
    assert_str(seconds(1710000000123456), "1710000000.123");
    assert_str(seconds(1710000000120000), "1710000000.12");
    assert_str(seconds(1710000000007999), "1710000000.007");
    assert_str(seconds(1710000000500000), "1710000000.5");
    assert_str(seconds(1710000000010000), "1710000000.01");
    assert_str(seconds(1710000000000999), "1710000000");
    assert_str(seconds(0), "0");
    assert_str(seconds(-1500000), "-1.5");
}

static str number(double value) {
    out.len = 0;
    json_writer_init(&w, &out);
    json_write_double(&w, value);
    return buf_str(&out);
}

static void doubles_are_short_and_whole_ones_end_in_a_zero(void **state) {
    (void)state;
    assert_str(number(0.5), "0.5");
    assert_str(number(1), "1.0");
    assert_str(number(12), "12.0");
    assert_str(number(0), "0.0");
    assert_str(number(-2.5), "-2.5");
    assert_str(number(0.1), "0.1");
    assert_str(number(1.0 / 3), "0.3333333333333333");
    assert_str(number(100000.5), "100000.5");
    assert_str(number(1e300), "1e+300");
    const double values[] = {DBL_MAX, DBL_MIN, DBL_EPSILON, 0.1 + 0.2, 1e15, 123456789.123};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        str text = number(values[i]);
        struct json_reader reader;
        json_reader_init(&reader, text, arena);
        assert_true(json_number(&reader, &text) && json_finish(&reader));
        buf_add_byte(&out, 0);
        assert_true(strtod(out.ptr, NULL) == values[i]);
    }
}

static void binaries_are_base64(void **state) {
    (void)state;
    json_write_array_begin(&w);
    json_write_base64(&w, STR(""));
    json_write_base64(&w, STR("a"));
    json_write_base64(&w, STR("\xff\xfe\xfd"));
    json_write_array_end(&w);
    assert_str(buf_str(&out), "[\"\",\"YQ==\",\"//79\"]");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(commas_stand_where_they_must, setup, teardown),
        cmocka_unit_test_setup_teardown(strings_are_escaped_where_json_demands_it, setup, teardown),
        cmocka_unit_test_setup_teardown(any_byte_at_any_place_reads_back, setup, teardown),
        cmocka_unit_test_setup_teardown(seconds_have_three_decimals_at_most, setup, teardown),
        cmocka_unit_test_setup_teardown(doubles_are_short_and_whole_ones_end_in_a_zero, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(binaries_are_base64, setup, teardown),
    };
    return cmocka_run_group_tests_name("json_writer", tests, NULL, NULL);
}
