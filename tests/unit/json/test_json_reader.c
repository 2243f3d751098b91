#include "base/buf.h"
#include "json/json_reader.h"
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

static bool whole_text_is_json(str text) {
    struct json_reader reader;
    json_reader_init(&reader, text, arena);
    bool skipped = json_skip(&reader);
    bool finished = json_finish(&reader);
    assert_true(!skipped || !json_reader_failed(&reader));
    return skipped && finished;
}

static void an_object_is_walked_member_by_member(void **state) {
    (void)state;
    struct json_reader r;
    json_reader_init(&r, STR(" {\"a\" : [1, -2.5e+3 ,true] , \"b\":{},\"c\":null,\"d\":\"x\"} \n"),
                     arena);
    str key, text = {};
    bool flag = false;
    assert_int_equal(json_peek(&r), JSON_OBJECT);
    assert_true(json_object_begin(&r));
    assert_true(json_object_next(&r, &key));
    assert_str(key, "a");
    assert_true(json_array_begin(&r));
    assert_true(json_array_next(&r) && json_number(&r, &text));
    assert_str(text, "1");
    assert_true(json_array_next(&r) && json_number(&r, &text));
    assert_str(text, "-2.5e+3");
    assert_true(json_array_next(&r) && json_bool(&r, &flag));
    assert_true(flag);
    assert_false(json_array_next(&r));
    assert_true(json_object_next(&r, &key));
    assert_true(json_object_begin(&r));
    assert_false(json_object_next(&r, &key));
    assert_true(json_object_next(&r, &key) && json_null(&r));
    assert_true(json_object_next(&r, &key) && json_string(&r, &text));
    assert_str(key, "d");
    assert_str(text, "x");
    assert_false(json_object_next(&r, &key));
    assert_true(json_finish(&r));
}

static void a_string_without_escapes_is_a_slice_of_the_text(void **state) {
    (void)state;
    str input = STR("\"plain text \xe2\x82\xac that is long enough\"");
    struct json_reader r;
    json_reader_init(&r, input, arena);
    str text;
    assert_true(json_string(&r, &text));
    assert_ptr_equal(text.ptr, input.ptr + 1);
    assert_int_equal(text.len, input.len - 2);
}

static void escapes_are_undone(void **state) {
    (void)state;
    struct json_reader r;
    json_reader_init(
        &r, STR("\"a\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\u00e9\\u20AC\\ud83d\\ude00\\u0000z\""),
        arena);
    str text;
    assert_true(json_string(&r, &text));
    assert_str(text, "a\"\\/\b\f\n\r\tA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\0z");
    assert_true(json_finish(&r));
}

static void what_rfc_8259_allows_is_read(void **state) {
    (void)state;
    const char *texts[] = {"0",
                           "-0",
                           "1e5",
                           "1E+5",
                           "0.10",
                           "\"\"",
                           "[]",
                           "{}",
                           " [ ] ",
                           "null",
                           "[[],{}, {\"a\":[]}]",
                           "{\"a\":1,\"a\":2}",
                           "\"\\u007f\x7f\"",
                           "[1\n,\t2\r, 3 ]"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!whole_text_is_json(str_from_c(texts[i])))
            fail_msg("refused: %s", texts[i]);
}

static void what_rfc_8259_does_not_allow_is_refused(void **state) {
    (void)state;
    const char *texts[] = {"",
                           " ",
                           "01",
                           "-",
                           "+1",
                           ".5",
                           "5.",
                           "1e",
                           "1e+",
                           "1.e5",
                           "NaN",
                           "Infinity",
                           "-Infinity",
                           "0x1",
                           "tru",
                           "nul",
                           "truefalse",
                           "[1,]",
                           "[,1]",
                           "[1 2]",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{a:1}",
                           "{'a':1}",
                           "{1:1}",
                           "[",
                           "{",
                           "{\"a\":1",
                           "]",
                           "}",
                           "[}",
                           "{]",
                           "[1}",
                           "\"",
                           "\"a",
                           "\"\n\"",
                           "\"\t\"",
                           "\"\x1f\"",
                           "\"\\x\"",
                           "\"\\",
                           "\"\\\"",
                           "\"\\u12\"",
                           "\"\\u12g4\"",
                           "\"\\ud83d\"",
                           "\"\\ude00\"",
                           "\"\\ud83d\\u0041\"",
                           "\"\\ud83dx\"",
                           "\"\\ud83d\\ud83d\"",
                           "1 2",
                           "{} {}",
                           "[]//",
                           "/**/1",
                           "\357\273\277[]",
                           "\"\xff\"",
                           "\"\xed\xa0\x80\"",
                           "\"\xc0\x80\"",
                           "\v1",
                           "1\f"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (whole_text_is_json(str_from_c(texts[i])))
            fail_msg("accepted: %s", texts[i]);
    assert_false(whole_text_is_json((str){"1\0", 2}));
    assert_false(whole_text_is_json((str){"\"\0\"", 3}));
    assert_false(whole_text_is_json((str){"\"\\\0\"", 4}));
    assert_false(whole_text_is_json((str){NULL, 0}));
}

static void every_byte_position_of_a_string_is_looked_at(void **state) {
    (void)state;
    for (size_t len = 1; len < 40; len++) {
        for (size_t i = 0; i < len; i++) {
            char text[64];
            text[0] = text[len + 1] = '"';
            memset(text + 1, 0x80 - 1, len);
            assert_true(whole_text_is_json((str){text, len + 2}));
            text[1 + i] = 0x1f;
            assert_false(whole_text_is_json((str){text, len + 2}));
            text[1 + i] = '"';
            assert_false(whole_text_is_json((str){text, len + 2}));
            text[1 + i] = ' ';
            assert_true(whole_text_is_json((str){text, len + 2}));
        }
    }
}

static void a_text_cut_short_anywhere_is_refused(void **state) {
    (void)state;
    str text = STR("{\"k\\u0041\":[1.5,-2e3,true,false,null,\"\\ud83d\\ude00\",{\"a\":{}}]}");
    assert_true(whole_text_is_json(text));
    for (size_t len = 0; len < text.len; len++) {
        str cut = arena_copy(arena, (str){text.ptr, len});
        assert_false(whole_text_is_json(cut));
    }
}

static str nested(size_t depth, const char *open, const char *close) {
    struct buf buf;
    buf_init(&buf, arena, depth * 8);
    for (size_t i = 0; i < depth; i++)
        buf_add_str(&buf, str_from_c(open));
    buf_add_lit(&buf, "1");
    for (size_t i = 0; i < depth; i++)
        buf_add_str(&buf, str_from_c(close));
    return buf_str(&buf);
}

static void nesting_stops_at_its_limit(void **state) {
    (void)state;
    assert_true(whole_text_is_json(nested(JSON_DEPTH_MAX, "[", "]")));
    assert_true(whole_text_is_json(nested(JSON_DEPTH_MAX, "{\"a\":", "}")));
    assert_true(whole_text_is_json(nested(JSON_DEPTH_MAX / 2, "[{\"a\":", "}]")));
    assert_false(whole_text_is_json(nested(JSON_DEPTH_MAX + 1, "[", "]")));
    assert_false(whole_text_is_json(nested(JSON_DEPTH_MAX / 2, "{\"a\":[", "]]")));
    assert_false(whole_text_is_json(nested(100000, "[", "")));
    assert_false(whole_text_is_json(nested(100000, "{\"\":", "}")));
}

static void skip_leaves_the_reader_behind_the_value(void **state) {
    (void)state;
    struct json_reader r;
    json_reader_init(&r, STR("{\"a\":[{\"b\":[1,[2]]},\"\\n\"],\"c\":7}"), arena);
    str key, text = {};
    size_t used = arena_used(arena);
    assert_true(json_object_begin(&r) && json_object_next(&r, &key));
    assert_true(json_skip(&r));
    assert_int_equal(arena_used(arena), used);
    assert_true(json_object_next(&r, &key) && json_number(&r, &text));
    assert_str(key, "c");
    assert_str(text, "7");
    assert_false(json_object_next(&r, &key));
    assert_true(json_finish(&r));
}

static void an_error_stays(void **state) {
    (void)state;
    struct json_reader r;
    json_reader_init(&r, STR("[1, x, \"s\", true, null, {}]"), arena);
    str text;
    bool flag;
    assert_true(json_array_begin(&r) && json_array_next(&r));
    assert_false(json_string(&r, &text)); /* it is a number */
    assert_true(json_reader_failed(&r));
    assert_int_equal(json_peek(&r), JSON_END);
    assert_false(json_array_next(&r) || json_number(&r, &text) || json_string(&r, &text) ||
                 json_bool(&r, &flag) || json_null(&r) || json_skip(&r) || json_array_begin(&r) ||
                 json_object_begin(&r) || json_finish(&r));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_object_is_walked_member_by_member, setup, teardown),
        cmocka_unit_test_setup_teardown(a_string_without_escapes_is_a_slice_of_the_text, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(escapes_are_undone, setup, teardown),
        cmocka_unit_test_setup_teardown(what_rfc_8259_allows_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(what_rfc_8259_does_not_allow_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(every_byte_position_of_a_string_is_looked_at, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_text_cut_short_anywhere_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(nesting_stops_at_its_limit, setup, teardown),
        cmocka_unit_test_setup_teardown(skip_leaves_the_reader_behind_the_value, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_stays, setup, teardown),
    };
    return cmocka_run_group_tests_name("json_reader", tests, NULL, NULL);
}
