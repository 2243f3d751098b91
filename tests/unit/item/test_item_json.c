#include "base/base64.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "lib/test.h"

static struct arena *arena;
static struct scope scope;

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

static status read_item(const char *text, struct item *out) {
    struct json_reader reader;
    scope = (struct scope){.arena = arena, .scratch = arena};
    json_reader_init(&reader, str_from_c(text), arena);
    return item_from_json(&scope, &reader, out);
}

/* What comes back after the way through stored bytes. */
static str round_trip(const char *text) {
    struct item item;
    struct item_stamp stamp = {.time_us = 1};
    assert_status(read_item(text, &item), ST_OK);
    assert_status(item_check(&scope, &item), ST_OK);
    str stored = item_encode(&item, &stamp, arena);
    assert_status(item_check_stored(stored), ST_OK);
    struct buf buf, from_tree;
    struct json_writer w;
    buf_init(&buf, arena, 0);
    json_writer_init(&w, &buf);
    item_view_to_json(item_map(stored), &w);
    json_writer_finish(&w);
    buf_init(&from_tree, arena, 0);
    json_writer_init(&w, &from_tree);
    item_to_json(&item, &w);
    assert_true(str_eq(buf_str(&buf), buf_str(&from_tree)));
    return buf_str(&buf);
}

static void every_type_comes_back(void **state) {
    (void)state;
    assert_str(round_trip("{}"), "{}");
    assert_str(round_trip("{\"s\":{\"S\":\"text\"},\"n\":{\"N\":\"1.50\"},\"b\":{\"B\":\"/w==\"},"
                          "\"t\":{\"BOOL\":true},\"f\":{\"BOOL\":false},\"z\":{\"NULL\":true}}"),
               "{\"b\":{\"B\":\"/w==\"},\"f\":{\"BOOL\":false},\"n\":{\"N\":\"1.5\"},"
               "\"s\":{\"S\":\"text\"},\"t\":{\"BOOL\":true},\"z\":{\"NULL\":true}}");
    assert_str(round_trip("{\"l\":{\"L\":[{\"S\":\"\"},{\"L\":[]},{\"M\":{}}]},"
                          "\"m\":{\"M\":{\"b\":{\"N\":\"-0\"},\"a\":{\"B\":\"\"}}}}"),
               "{\"l\":{\"L\":[{\"S\":\"\"},{\"L\":[]},{\"M\":{}}]},"
               "\"m\":{\"M\":{\"a\":{\"B\":\"\"},\"b\":{\"N\":\"0\"}}}}");
    assert_str(
        round_trip("{\"ss\":{\"SS\":[\"b\",\"\",\"a\"]},\"ns\":{\"NS\":[\"10\",\"-1\",\"9\"]},"
                   "\"bs\":{\"BS\":[\"/w==\",\"\",\"AA==\"]}}"),
        "{\"bs\":{\"BS\":[\"\",\"AA==\",\"/w==\"]},\"ns\":{\"NS\":[\"-1\",\"9\",\"10\"]},"
        "\"ss\":{\"SS\":[\"\",\"a\",\"b\"]}}");
}

static void what_is_not_looked_at_does_no_harm(void **state) {
    (void)state;
    assert_str(round_trip("{\"a\":{\"S\":\"x\",\"N\":null,\"Z\":[{\"deep\":1}]}}"),
               "{\"a\":{\"S\":\"x\"}}");
    assert_str(round_trip("{\"a\":{\"S\":\"1\"},\"b\":{\"S\":\"2\"},\"a\":{\"S\":\"3\"}}"),
               "{\"a\":{\"S\":\"3\"},\"b\":{\"S\":\"2\"}}");
    assert_str(round_trip("{\"a\":{\"BOOL\":\"yes\"},\"b\":{\"BOOL\":\"FALSE\"}}"),
               "{\"a\":{\"BOOL\":true},\"b\":{\"BOOL\":false}}");
}

static void wrong_json_types_are_told_at_once(void **state) {
    (void)state;
    const char *cases[][2] = {
        {"{\"a\":{\"S\":true}}", "TRUE_VALUE cannot be converted to String"},
        {"{\"a\":{\"S\":false}}", "FALSE_VALUE cannot be converted to String"},
        {"{\"a\":{\"N\":5}}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"a\":{\"N\":5.5}}", "DECIMAL_VALUE cannot be converted to String"},
        {"{\"a\":{\"S\":{}}}", "Start of structure or map found where not expected"},
        {"{\"a\":{\"S\":[]}}", "Unrecognized collection type class java.lang.String"},
        {"{\"a\":{\"BOOL\":1}}", "NUMBER_VALUE cannot be converted to Boolean"},
        {"{\"a\":{\"BOOL\":\"maybe\"}}", "Unexpected token received from parser"},
        {"{\"a\":{\"NULL\":[]}}", "Unrecognized collection type class java.lang.Boolean"},
        {"{\"a\":{\"B\":1}}", "only base-64-encoded strings are convertible to bytes"},
        {"{\"a\":{\"B\":[]}}", "Unrecognized collection type class java.nio.ByteBuffer"},
        {"{\"a\":{\"B\":\"YQ\"}}",
         "Base64 encoded length is expected a multiple of 4 bytes but found: 2"},
        {"{\"a\":{\"B\":\"YR==\"}}", "Invalid last non-pad Base64 character dectected"},
        {"{\"a\":{\"SS\":\"x\"}}", "Unexpected field type"},
        {"{\"a\":{\"SS\":{}}}", "Start of structure or map found where not expected"},
        {"{\"a\":{\"SS\":[1]}}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"a\":{\"L\":true}}", "Unexpected field type"},
        {"{\"a\":{\"L\":[\"x\"]}}", "Unexpected value type in payload"},
        {"{\"a\":{\"M\":\"x\"}}", "Unexpected field type"},
        {"{\"a\":{\"M\":[]}}", "Unrecognized collection type java.util.Map<java.lang.String, "
                               "com.amazonaws.dynamodb.v20120810.AttributeValue>"},
        {"{\"a\":\"x\"}", "Unexpected value type in payload"},
        {"{\"a\":[]}", "Unrecognized collection type class "
                       "com.amazonaws.dynamodb.v20120810.AttributeValue"},
        {"\"x\"", "Unexpected field type"},
        {"[]", "Unrecognized collection type java.util.Map<java.lang.String, "
               "com.amazonaws.dynamodb.v20120810.AttributeValue>"},
        {"{\"a\":{\"N\":\"x\"},\"b\":{\"N\":1}}", "NUMBER_VALUE cannot be converted to String"},
        {"{\"a\":{\"S\":\"x\"}", ""},
        {"{\"a\":{\"S\":\"x\"},}", ""},
        {"{\"a\":{\"SS\":[\"x\"", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct item item;
        assert_status(read_item(cases[i][0], &item), ST_FAILED);
        assert_int_equal(scope.error, ERROR_SerializationException);
        if (!str_eq(scope.error_text, str_from_c(cases[i][1])))
            fail_msg("%s: %.*s", cases[i][0], STR_ARG(scope.error_text));
    }
}

static void other_mistakes_wait_for_their_turn(void **state) {
    (void)state;
    const char *cases[][2] = {
        {"{\"a\":{}}",
         "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
        {"{\"a\":{\"X\":\"x\"}}",
         "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
        {"{\"a\":{\"L\":[null]}}",
         "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"},
        {"{\"a\":{\"S\":\"x\",\"N\":\"1\"}}",
         "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
         "supported datatypes"},
        {"{\"a\":{\"SS\":[]}}",
         "One or more parameter values were invalid: An string set  may not be empty"},
        {"{\"a\":{\"NS\":[]}}",
         "One or more parameter values were invalid: An number set  may not be empty"},
        {"{\"a\":{\"BS\":[]}}",
         "One or more parameter values were invalid: Binary sets should not be empty"},
        {"{\"a\":{\"SS\":[\"b\",\"a\",\"b\"]}}",
         "One or more parameter values were invalid: Input collection [b, a, b] contains "
         "duplicates."},
        {"{\"a\":{\"NS\":[\"1\",\"1.0\"]}}", "Input collection contains duplicates"},
        {"{\"a\":{\"BS\":[\"YQ==\",\"YQ==\"]}}",
         "One or more parameter values were invalid: Input collection [YQ==, YQ==]of type BS "
         "contains duplicates."},
        {"{\"a\":{\"NULL\":false}}", "One or more parameter values were invalid: Null attribute "
                                     "value types must have the value of true"},
        {"{\"a\":{\"N\":\"\"}}", "The parameter cannot be converted to a numeric value"},
        {"{\"a\":{\"N\":\"b\"}}", "The parameter cannot be converted to a numeric value: b"},
        {"{\"a\":{\"NS\":[\"1\",\" 2\"]}}",
         "The parameter cannot be converted to a numeric value:  2"},
        {"{\"a\":{\"N\":\"1e126\"}}", "Number overflow. Attempting to store a number with "
                                      "magnitude larger than supported range"},
        {"{\"a\":{\"N\":\"1e-131\"}}", "Number underflow. Attempting to store a number with "
                                       "magnitude smaller than supported range"},
        {"{\"a\":{\"N\":\"111111111111111111111111111111111111111\"}}",
         "Attempting to store more than 38 significant digits in a Number"},
        /* The first in the order of the text. */
        {"{\"a\":{\"M\":{\"b\":{\"L\":[{\"N\":\"x\"},{}]}}},\"c\":{\"SS\":[]}}",
         "The parameter cannot be converted to a numeric value: x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct item item;
        assert_status(read_item(cases[i][0], &item), ST_OK);
        assert_int_equal(scope.error, ERROR_NONE);
        assert_status(item_check(&scope, &item), ST_FAILED);
        assert_int_equal(scope.error, ERROR_ValidationException);
        if (!str_eq(scope.error_text, str_from_c(cases[i][1])))
            fail_msg("%s: %.*s", cases[i][0], STR_ARG(scope.error_text));
    }
    struct item item;
    assert_status(read_item("{\"\":{\"S\":\"\"}}", &item), ST_OK);
    assert_status(item_check(&scope, &item), ST_FAILED);
}

static char *nested(size_t depth, const char *open, const char *middle, const char *close) {
    struct buf buf;
    buf_init(&buf, arena, 1024);
    buf_add_lit(&buf, "{\"a\":");
    for (size_t i = 0; i < depth; i++)
        buf_add_str(&buf, str_from_c(open));
    buf_add_str(&buf, str_from_c(middle));
    for (size_t i = 0; i < depth; i++)
        buf_add_str(&buf, str_from_c(close));
    buf_add(&buf, "}", 2);
    return buf.ptr;
}

static void nesting_stops_at_32_levels(void **state) {
    (void)state;
    struct item item;
    const char *map = "{\"M\":{\"a\":", *list = "{\"L\":[";
    round_trip(nested(VALUE_DEPTH_MAX - 1, map, "{\"S\":\"\"}", "}}"));
    round_trip(nested(VALUE_DEPTH_MAX - 1, list, "{\"SS\":[\"a\"]}", "]}"));
    round_trip(nested(VALUE_DEPTH_MAX - 2, list, "{\"M\":{}}", "]}"));
    assert_status(read_item(nested(VALUE_DEPTH_MAX - 1, map, "{\"S\":\"\"}", "}}"), &item), ST_OK);
    assert_int_equal(item_tree_depth(&item), VALUE_DEPTH_MAX);
    const char *too_deep[] = {nested(VALUE_DEPTH_MAX, map, "{\"S\":\"\"}", "}}"),
                              nested(VALUE_DEPTH_MAX, list, "{\"S\":\"\"}", "]}"),
                              nested(VALUE_DEPTH_MAX - 1, list, "{\"M\":{}}", "]}"),
                              nested(250, map, "{\"S\":\"\"}", "}}")};
    for (size_t i = 0; i < sizeof too_deep / sizeof too_deep[0]; i++) {
        assert_status(read_item(too_deep[i], &item), ST_OK);
        assert_status(item_check(&scope, &item), ST_FAILED);
        assert_str(scope.error_text, "Nesting Levels have exceeded supported limits: Attributes in "
                                     "the item have nested levels beyond supported limit");
    }
    assert_status(read_item(nested(100000, "{\"L\":[", "", ""), &item), ST_FAILED);
    assert_int_equal(scope.error, ERROR_SerializationException);
}

static void large_sets_are_checked_in_sorted_order(void **state) {
    (void)state;
    enum { COUNT = 50000 };
    struct buf buf;
    buf_init(&buf, arena, 1 << 20);
    buf_add_lit(&buf, "{\"a\":{\"SS\":[");
    for (size_t i = 0; i < COUNT; i++)
        buf_printf(&buf, "%s\"%zu\"", i ? "," : "", i * 7919 % COUNT);
    size_t len = buf.len;
    buf_add(&buf, "]}}", 4);
    struct item item;
    assert_status(read_item(buf.ptr, &item), ST_OK);
    assert_status(item_check(&scope, &item), ST_OK);
    assert_int_equal(item.attributes[0].value.count, COUNT);
    buf.len = len;
    buf_add(&buf, ",\"31\"]}}", 9);
    assert_status(read_item(buf.ptr, &item), ST_OK);
    assert_status(item_check(&scope, &item), ST_FAILED);
}

static void a_value_alone_keeps_the_first_fault(void **state) {
    (void)state;
    struct json_reader reader;
    struct value value;
    str fault = {};
    scope = (struct scope){.arena = arena, .scratch = arena};
    json_reader_init(&reader, STR("{\"N\":\"x\"}"), arena);
    assert_status(value_from_json(&scope, &reader, &value, &fault, NULL), ST_OK);
    assert_str(fault, "The parameter cannot be converted to a numeric value: x");
    json_reader_init(&reader, STR("{}"), arena);
    assert_status(value_from_json(&scope, &reader, &value, &fault, NULL), ST_OK);
    assert_str(fault, "The parameter cannot be converted to a numeric value: x");
}

/* `count` times `element`, as a list that is an item's attribute; answers what the tree takes. */
static size_t tree_bytes(const char *element, size_t count) {
    struct arena *scratch = arena_new(256 << 20);
    struct json_reader reader;
    struct item item;
    struct buf text;
    buf_init(&text, arena, 0);
    buf_add_lit(&text, "{\"l\":{\"L\":[");
    for (size_t i = 0; i < count; i++) {
        buf_add_str(&text, str_from_c(i ? "," : ""));
        buf_add_str(&text, str_from_c(element));
    }
    buf_add_lit(&text, "]}}");
    scope = (struct scope){.arena = arena, .scratch = scratch};
    size_t before = arena_used(arena);
    json_reader_init(&reader, buf_str(&text), arena);
    assert_status(item_from_json(&scope, &reader, &item), ST_OK);
    assert_int_equal(arena_used(scratch), 0);
    assert_int_equal(item.attributes[0].value.count, count);
    arena_free(scratch);
    return arena_used(arena) - before;
}

static void a_tree_takes_what_it_holds(void **state) {
    (void)state;
    enum { GAPS = 48 }; /* to the next multiple of 16, and what AddressSanitizer puts between */
    struct value v;
    struct attribute a;
    size_t count = 20000;
    assert_in_range(tree_bytes("{\"S\":\"\"}", count), count * sizeof v, count * sizeof v + 1000);
    assert_true(tree_bytes("{\"L\":[{\"S\":\"\"}]}", count) < count * (2 * sizeof v + GAPS));
    assert_true(tree_bytes("{\"M\":{\"a\":{\"S\":\"\"}}}", count) <
                count * (sizeof v + sizeof a + GAPS));
    assert_true(tree_bytes("{\"SS\":[\"a\"]}", count) < count * (sizeof v + sizeof(str) + GAPS));
}

/* Around the sizes at which records go from one place to the next. */
static void lists_and_maps_of_every_length_come_back_in_order(void **state) {
    (void)state;
    static const size_t counts[] = {1, 7, 8, 9, 23, 24, 25, 55, 56, 57, 8184, 8200, 30000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct arena *scratch = arena_new(64 << 20);
        struct json_reader reader;
        struct item item;
        struct buf text;
        buf_init(&text, arena, 0);
        for (size_t at = 0; at < counts[i]; at++) /* each holds a list that goes through scratch */
            buf_printf(&text, "%c\"%05zu\":{\"L\":[{\"S\":\"%zu\"}%s]}", at ? ',' : '{', at, at,
                       at % 100 ? ""
                                : ",{\"BOOL\":true},{\"L\":[]},{\"L\":[]},{\"L\":[]},{\"L\":[]},"
                                  "{\"L\":[]},{\"L\":[]},{\"L\":[]},{\"L\":[]}");
        buf_add_lit(&text, "}");
        scope = (struct scope){.arena = arena, .scratch = scratch};
        json_reader_init(&reader, buf_str(&text), arena);
        assert_status(item_from_json(&scope, &reader, &item), ST_OK);
        assert_int_equal(item.count, counts[i]);
        for (size_t at = 0; at < counts[i]; at++) {
            char name[24], string[24];
            snprintf(name, sizeof name, "%05zu", at);
            snprintf(string, sizeof string, "%zu", at);
            assert_true(str_eq(item.attributes[at].name, str_from_c(name)));
            assert_int_equal(item.attributes[at].value.count, at % 100 ? 1 : 10);
            assert_true(str_eq(item.attributes[at].value.list[0].bytes, str_from_c(string)));
        }
        arena_free(scratch);
        arena_reset(arena, 0);
    }
}

/* (fail): cmocka has a macro of that name. */
static void the_first_error_stays(void **state) {
    (void)state;
    scope = (struct scope){.arena = arena, .scratch = arena};
    assert_status((fail)(&scope, ERROR_ResourceInUseException, "%s %d", "first", 1), ST_FAILED);
    assert_status(fail_validation(&scope, "second"), ST_FAILED);
    assert_int_equal(scope.error, ERROR_ResourceInUseException);
    assert_str(scope.error_text, "first 1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_type_comes_back, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_looked_at_does_no_harm, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_json_types_are_told_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(other_mistakes_wait_for_their_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(nesting_stops_at_32_levels, setup, teardown),
        cmocka_unit_test_setup_teardown(large_sets_are_checked_in_sorted_order, setup, teardown),
        cmocka_unit_test_setup_teardown(a_value_alone_keeps_the_first_fault, setup, teardown),
        cmocka_unit_test_setup_teardown(a_tree_takes_what_it_holds, setup, teardown),
        cmocka_unit_test_setup_teardown(lists_and_maps_of_every_length_come_back_in_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_first_error_stays, setup, teardown),
    };
    return cmocka_run_group_tests_name("item_json", tests, NULL, NULL);
}
