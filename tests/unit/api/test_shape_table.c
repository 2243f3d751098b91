/* What the reader relies on in the table itself. */
#include "api/shape_int.h"
#include "lib/test.h"

static unsigned depth_below(enum shape_id id, unsigned level) {
    const struct shape *shape = &shapes[id];
    unsigned deepest = 0, below;
    assert_true(level <= SHAPE_DEPTH_MAX);
    if (shape->kind == KIND_STRUCT) {
        for (size_t i = 0; i < shape->member_count; i++) {
            below = depth_below(shape_members[shape->first_member + i].shape, level + 1);
            deepest = below > deepest ? below : deepest;
        }
    } else if (shape->kind == KIND_LIST || shape->kind == KIND_MAP) {
        deepest = depth_below(shape->element, level + 1);
    }
    return deepest + 1;
}

static void no_shape_is_deeper_than_the_limit(void **state) {
    (void)state;
    unsigned deepest = 0;
    for (size_t i = 0; i < MODEL_OPERATION_COUNT; i++) {
        unsigned depth = depth_below(model_operations[i].input, 1);
        deepest = depth > deepest ? depth : deepest;
    }
    assert_in_range(deepest, 5, SHAPE_DEPTH_MAX);
}

static void every_shape_is_described(void **state) {
    (void)state;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        assert_non_null(shapes[i].name.ptr);
        assert_in_range(shapes[i].name.len, 1, 80);
        if (shapes[i].kind == KIND_MAP)
            assert_int_equal(shapes[shapes[i].key].kind, KIND_STRING);
    }
}

static void names_of_members_are_distinct_and_slots_do_not_overlap(void **state) {
    (void)state;
    for (size_t i = 0; i < SHAPE_COUNT; i++) {
        if (shapes[i].kind != KIND_STRUCT)
            continue;
        const struct shape_member *members = &shape_members[shapes[i].first_member];
        for (size_t a = 0; a < shapes[i].member_count; a++) {
            size_t size = shape_slot_size((enum shape_kind)shapes[members[a].shape].kind);
            assert_true(members[a].offset + size <= shapes[i].size);
            for (size_t b = 0; b < a; b++) {
                assert_false(str_eq(members[a].name, members[b].name));
                assert_true(members[b].offset < members[a].offset);
            }
        }
    }
}

static void operations_are_sorted_and_found_by_name(void **state) {
    (void)state;
    assert_int_equal(MODEL_OPERATION_COUNT, 62);
    size_t streams = 0;
    for (size_t i = 0; i < MODEL_OPERATION_COUNT; i++) {
        const struct model_operation *operation = &model_operations[i];
        assert_ptr_equal(model_operation_find(operation->name), operation);
        assert_int_equal(shapes[operation->input].kind, KIND_STRUCT);
        streams += operation->service == SERVICE_STREAMS;
        if (i > 0)
            assert_true(str_cmp(model_operations[i - 1].name, operation->name) < 0);
    }
    assert_int_equal(streams, 4);
    assert_int_equal(model_operation_find(STR("GetItem"))->input, SHAPE_GetItemInput);
    assert_null(model_operation_find(STR("")));
    assert_null(model_operation_find(STR("GetItems")));
    assert_null(model_operation_find(STR("getItem")));
    assert_null(model_operation_find(STR("A")));
    assert_null(model_operation_find(STR("Zzz")));
}

struct row {
    enum shape_id shape;
    str value;
    unsigned broken;
};

static void strings_keep_to_lengths_patterns_and_lists(void **state) {
    (void)state;
    static const struct row rows[] = {
        {SHAPE_TableName, STR_INIT("abc"), 0},
        {SHAPE_TableName, STR_INIT("a-Z_0.9"), 0},
        {SHAPE_TableName, STR_INIT("ab"), BREAKS_MIN},
        {SHAPE_TableName, STR_INIT("ab;"), BREAKS_PATTERN},
        {SHAPE_TableName, STR_INIT(""), BREAKS_MIN | BREAKS_PATTERN},
        {SHAPE_TableName, STR_INIT("\xc3\xa9\xc3\xa9"), BREAKS_MIN | BREAKS_PATTERN},
        {SHAPE_TableName, STR_INIT("arn:a"), BREAKS_PATTERN},
        {SHAPE_TableArn, STR_INIT("arn:aws:dynamodb:us-east-1:000000000000:table/a"), 0},
        {SHAPE_TableArn, STR_INIT("a"), 0},
        {SHAPE_TableArn, STR_INIT(""), BREAKS_MIN},
        {SHAPE_TableArn, STR_INIT("a;"), BREAKS_PATTERN},
        {SHAPE_TableNameOrArn, STR_INIT("arn:aws:dynamodb:us-east-1:000000000000:table/a"), 0},
        {SHAPE_TableNameOrArn, STR_INIT("ab"), BREAKS_MIN},
        {SHAPE_TableArn, STR_INIT("ar:"), BREAKS_PATTERN},
        {SHAPE_ReturnValue, STR_INIT("ALL_NEW"), 0},
        {SHAPE_ReturnValue, STR_INIT("UPDATED_NEW"), 0},
        {SHAPE_ReturnValue, STR_INIT("NONE"), 0},
        {SHAPE_ReturnValue, STR_INIT(""), BREAKS_ENUM},
        {SHAPE_ReturnValue, STR_INIT("ALL"), BREAKS_ENUM},
        {SHAPE_ReturnValue, STR_INIT("none"), BREAKS_ENUM},
        {SHAPE_ReturnValue, STR_INIT("NONE, UPDATED_NEW"), BREAKS_ENUM},
        {SHAPE_ReturnValue, STR_INIT(" NONE"), BREAKS_ENUM},
        {SHAPE_TagValueString, STR_INIT(""), 0},
        {SHAPE_TagKeyString, STR_INIT(""), BREAKS_MIN},
        {SHAPE_TagKeyString, STR_INIT("\xf0\x9f\x98\x80"), 0},
        {SHAPE_S3BucketOwner, STR_INIT("012345678901"), 0},
        {SHAPE_S3BucketOwner, STR_INIT("0123456789012"), BREAKS_PATTERN},
        {SHAPE_S3BucketOwner, STR_INIT("01234567890a"), BREAKS_PATTERN},
        {SHAPE_S3Bucket, STR_INIT("a.b-c_d"), 0},
        {SHAPE_S3Bucket, STR_INIT("a"), BREAKS_PATTERN},
        {SHAPE_S3Bucket, STR_INIT("-a"), BREAKS_PATTERN},
        {SHAPE_S3Bucket, STR_INIT("a_"), BREAKS_PATTERN},
        {SHAPE_S3Bucket, STR_INIT("a/b"), BREAKS_PATTERN},
        {SHAPE_ClientToken, STR_INIT("a\xc3\xa9 b"), 0},
        {SHAPE_ClientToken, STR_INIT("a$"), BREAKS_PATTERN},
        {SHAPE_ClientToken, STR_INIT(""), BREAKS_PATTERN},
        {SHAPE_CsvDelimiter, STR_INIT("|"), 0},
        {SHAPE_CsvDelimiter, STR_INIT("\t"), 0},
        {SHAPE_CsvDelimiter, STR_INIT("."), BREAKS_PATTERN},
        {SHAPE_CsvDelimiter, STR_INIT(",;"), BREAKS_PATTERN | BREAKS_MAX},
        {SHAPE_CsvHeader, STR_INIT("a b"), 0},
        {SHAPE_CsvHeader, STR_INIT("a,b"), BREAKS_PATTERN},
        {SHAPE_CsvHeader, STR_INIT("a\"b"), BREAKS_PATTERN},
        {SHAPE_CsvHeader, STR_INIT("a\x7f"), BREAKS_PATTERN},
        {SHAPE_AutoScalingPolicyName, STR_INIT("a ~"), 0},
        {SHAPE_AutoScalingPolicyName, STR_INIT("a\n"), BREAKS_PATTERN},
        {SHAPE_AutoScalingPolicyName, STR_INIT("\xc3\xa9"), BREAKS_PATTERN},
        {SHAPE_AutoScalingRoleArn, STR_INIT("a\r\n\t\xf0\x9f\x98\x80"), 0},
        {SHAPE_AutoScalingRoleArn, STR_INIT("a\x01"), BREAKS_PATTERN},
        {SHAPE_AutoScalingRoleArn, STR_INIT("\xef\xbf\xbe"), BREAKS_PATTERN},
        {SHAPE_ImportNextToken, STR_INIT("0123456789abcdef"), BREAKS_MIN},
        {SHAPE_ImportNextToken, STR_INIT("0123456789abcde"), BREAKS_MIN | BREAKS_PATTERN},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        unsigned broken = shape_check_string(&shapes[rows[i].shape], rows[i].value);
        if (broken != rows[i].broken)
            fail_msg("row %zu \"%.*s\": got %u, want %u", i, STR_ARG(rows[i].value), broken,
                     rows[i].broken);
    }
}

static void lengths_count_characters(void **state) {
    (void)state;
    char text[2 * 300];
    for (size_t i = 0; i < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    assert_int_equal(shape_check_string(&shapes[SHAPE_TagKeyString], (str){text, 2 * 128}), 0);
    assert_int_equal(shape_check_string(&shapes[SHAPE_TagKeyString], (str){text, 2 * 129}),
                     BREAKS_MAX);
}

static void an_arn_of_a_table_may_be_longer_than_a_name(void **state) {
    (void)state;
    char text[1025] = "arn:";
    memset(text + 4, 'x', sizeof text - 4);
    const struct shape *shape = &shapes[SHAPE_TableArn];
    assert_int_equal(shape_check_string(shape, (str){text, 1024}), 0);
    assert_int_equal(shape_check_string(shape, (str){text, 1025}), BREAKS_MAX | BREAKS_PATTERN);
    assert_int_equal(shape_check_string(shape, (str){text + 4, 255}), 0);
    assert_int_equal(shape_check_string(shape, (str){text + 4, 256}), BREAKS_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_shape_is_deeper_than_the_limit),
        cmocka_unit_test(every_shape_is_described),
        cmocka_unit_test(names_of_members_are_distinct_and_slots_do_not_overlap),
        cmocka_unit_test(operations_are_sorted_and_found_by_name),
        cmocka_unit_test(strings_keep_to_lengths_patterns_and_lists),
        cmocka_unit_test(lengths_count_characters),
        cmocka_unit_test(an_arn_of_a_table_may_be_longer_than_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
