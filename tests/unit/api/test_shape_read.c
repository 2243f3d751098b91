/* What was sent lands where its name says. */
#include "api/shape_read.h"
#include "base/buf.h"
#include "item/item_json.h"
#include "lib/test.h"

#include <time.h>

static struct scope scope;

static int setup(void **state) {
    (void)state;
    scope = (struct scope){.arena = arena_new(256 << 20), .scratch = arena_new(64 << 20)};
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(scope.arena);
    arena_free(scope.scratch);
    return 0;
}

/* NULL when the body is refused; the reason is then in `scope`. */
static void *read_body(enum shape_id input, str body) {
    void *in = NULL;
    scope.error = ERROR_NONE;
    scope.error_text = (str){};
    arena_reset(scope.arena, 0);
    return shape_read(&scope, input, body, &in) == ST_OK ? in : NULL;
}

/* Bodies are written with ' for ", which none of them holds. */
static void *read_text(enum shape_id input, const char *text) {
    static char body[4096];
    size_t len = strlen(text);
    assert_in_range(len, 0, sizeof body);
    for (size_t i = 0; i < len; i++)
        body[i] = text[i] == '\'' ? '"' : text[i];
    void *in = read_body(input, (str){body, len});
    if (in == NULL)
        fail_msg("%s: %.*s", text, STR_ARG(scope.error_text));
    return in;
}

static str json_of(const struct item *item) {
    struct buf json;
    struct json_writer writer;
    buf_init(&json, scope.arena, 64);
    json_writer_init(&writer, &json);
    item_to_json(item, &writer);
    return buf_str(&json);
}

static void get_item_gets_its_members_in_any_order(void **state) {
    (void)state;
    const char *texts[] = {
        "{'TableName':'abc','Key':{'k':{'S':'v'}},'ConsistentRead':true,"
        "'ProjectionExpression':'#a','ExpressionAttributeNames':{'#a':'x'},"
        "'ReturnConsumedCapacity':'TOTAL'}",
        " { 'ReturnConsumedCapacity' : 'TOTAL' , 'Unknown' : [ { } , 1 , 'x' ] , "
        "'ExpressionAttributeNames' : { '#a' : 'x' } , 'ProjectionExpression' : '#a' , "
        "'ConsistentRead' : 'YES' , 'Key' : { 'k' : { 'S' : 'v' } } , 'TableName' : 'abc' } ",
    };
    for (size_t i = 0; i < 2; i++) {
        const struct in_GetItemInput *in = read_text(SHAPE_GetItemInput, texts[i]);
        assert_str(in->TableName, "abc");
        assert_str(json_of(in->Key), "{\"k\":{\"S\":\"v\"}}");
        assert_true(in->ConsistentRead.given && in->ConsistentRead.value);
        assert_str(in->ProjectionExpression, "#a");
        assert_int_equal(in->ExpressionAttributeNames->count, 1);
        assert_str(in->ExpressionAttributeNames->keys[0], "#a");
        assert_str(in->ExpressionAttributeNames->at[0], "x");
        assert_str(in->ReturnConsumedCapacity, "TOTAL");
        assert_null(in->AttributesToGet);
    }
}

static void what_is_not_sent_or_null_is_absent(void **state) {
    (void)state;
    const struct in_QueryInput *in =
        read_text(SHAPE_QueryInput, "{'TableName':'abc','Limit':null,'IndexName':null,'Select':"
                                    "null,'ConsistentRead':null,'KeyConditions':null}");
    assert_str(in->TableName, "abc");
    assert_false(in->Limit.given);
    assert_false(in->ConsistentRead.given);
    assert_false(in->ScanIndexForward.given);
    assert_null(in->IndexName.ptr);
    assert_null(in->Select.ptr);
    assert_null(in->KeyConditions);
    assert_null(in->ExclusiveStartKey);
    assert_null(in->ExpressionAttributeValues);
}

static void empty_is_not_absent(void **state) {
    (void)state;
    const struct in_QueryInput *in =
        read_text(SHAPE_QueryInput, "{'TableName':'abc','FilterExpression':'','KeyConditions':{},"
                                    "'ExclusiveStartKey':{},'ScanIndexForward':false}");
    assert_non_null(in->FilterExpression.ptr);
    assert_int_equal(in->FilterExpression.len, 0);
    assert_int_equal(in->KeyConditions->count, 0);
    assert_int_equal(in->ExclusiveStartKey->count, 0);
    assert_true(in->ScanIndexForward.given);
    assert_false(in->ScanIndexForward.value);
}

static void numbers_are_read_whole_and_cut_to_integers(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } rows[] = {
        {"1", 1},
        {"25", 25},
        {"1e3", 1000},
        {"9.99", 9},
        {"1.5E1", 15},
        {"2147483647", INT32_MAX},
        {"1000000e-3", 1000},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[100];
        snprintf(text, sizeof text, "{'TableName':'abc','Limit':%s}", rows[i].text);
        const struct in_QueryInput *in = read_text(SHAPE_QueryInput, text);
        assert_true(in->Limit.given);
        assert_int_equal(in->Limit.value, rows[i].value);
    }
    const struct in_ListBackupsInput *list =
        read_text(SHAPE_ListBackupsInput,
                  "{'TimeRangeLowerBound':1.7e9,'TimeRangeUpperBound':1700000000.25}");
    assert_true(list->TimeRangeLowerBound.given && list->TimeRangeUpperBound.given);
    assert_true(list->TimeRangeLowerBound.value == 1.7e9);
    assert_true(list->TimeRangeUpperBound.value == 1700000000.25);
}

static void limits_of_64_bits_are_exact(void **state) {
    (void)state;
    const struct in_CreateTableInput *in =
        read_text(SHAPE_CreateTableInput,
                  "{'TableName':'abc','GlobalTableSourceArn':'arn:x','OnDemandThroughput':"
                  "{'MaxReadRequestUnits':-9223372036854775808,'MaxWriteRequestUnits':-1}}");
    assert_true(in->OnDemandThroughput->MaxReadRequestUnits.value == INT64_MIN);
    assert_true(in->OnDemandThroughput->MaxWriteRequestUnits.value == -1);
    assert_null(read_body(SHAPE_QueryInput, STR("{\"Limit\":-9223372036854775809}")));
    assert_int_equal(scope.error, ERROR_SerializationException);
    assert_null(read_body(SHAPE_QueryInput, STR("{\"Limit\":1e19}")));
    assert_int_equal(scope.error, ERROR_SerializationException);
}

static void a_table_is_created_from_nested_lists(void **state) {
    (void)state;
    const struct in_CreateTableInput *in = read_text(
        SHAPE_CreateTableInput,
        "{'TableName':'abc','AttributeDefinitions':[{'AttributeName':'a','AttributeType':'S'},"
        "{'AttributeName':'b','AttributeType':'N'}],'KeySchema':[{'AttributeName':'a','KeyType':"
        "'HASH'}],'GlobalSecondaryIndexes':[{'IndexName':'i-1','KeySchema':[{'AttributeName':'b',"
        "'KeyType':'HASH'},{'AttributeName':'a','KeyType':'RANGE'},{'AttributeName':'c','KeyType':"
        "'RANGE'}],'Projection':{'ProjectionType':'INCLUDE','NonKeyAttributes':['x','y']},"
        "'ProvisionedThroughput':{'ReadCapacityUnits':1,'WriteCapacityUnits':2}}],'Tags':[{'Key':"
        "'k','Value':''}],'StreamSpecification':{'StreamEnabled':true,'StreamViewType':'KEYS_ONLY'"
        "},'DeletionProtectionEnabled':false}");
    assert_int_equal(in->AttributeDefinitions->count, 2);
    assert_str(in->AttributeDefinitions->at[1]->AttributeName, "b");
    assert_str(in->KeySchema->at[0]->KeyType, "HASH");
    const struct in_GlobalSecondaryIndex *index = in->GlobalSecondaryIndexes->at[0];
    const struct in_KeySchema *key = index->KeySchema;
    assert_int_equal(key->count, 3);
    assert_str(key->at[2]->AttributeName, "c");
    assert_int_equal(index->Projection->NonKeyAttributes->count, 2);
    assert_str(index->Projection->NonKeyAttributes->at[1], "y");
    assert_int_equal(index->ProvisionedThroughput->ReadCapacityUnits.value, 1);
    assert_int_equal(index->ProvisionedThroughput->WriteCapacityUnits.value, 2);
    assert_str(in->Tags->at[0]->Value, "");
    assert_true(in->StreamSpecification->StreamEnabled.value);
    assert_true(in->DeletionProtectionEnabled.given && !in->DeletionProtectionEnabled.value);
}

static void writes_of_a_batch_stand_under_their_tables(void **state) {
    (void)state;
    const struct in_BatchWriteItemInput *in = read_text(
        SHAPE_BatchWriteItemInput,
        "{'RequestItems':{'abc':[{'PutRequest':{'Item':{'k':{'N':'1'}}}},{'DeleteRequest':{'Key':"
        "{'k':{'N':'2'}}}}],'def':[{}]}}");
    assert_int_equal(in->RequestItems->count, 2);
    assert_str(in->RequestItems->keys[1], "def");
    const struct in_WriteRequests *writes = in->RequestItems->at[0];
    assert_int_equal(writes->count, 2);
    assert_str(json_of(writes->at[0]->PutRequest->Item), "{\"k\":{\"N\":\"1\"}}");
    assert_null(writes->at[0]->DeleteRequest);
    assert_str(json_of(writes->at[1]->DeleteRequest->Key), "{\"k\":{\"N\":\"2\"}}");
    assert_null(in->RequestItems->at[1]->at[0]->PutRequest);
}

static void faults_of_attribute_values_wait_for_their_check(void **state) {
    (void)state;
    const struct in_PutItemInput *in = read_text(
        SHAPE_PutItemInput, "{'TableName':'abc','Item':{'a':{'N':'x'}},'Expected':{'e':{'Value':"
                            "{'SS':[]}},'f':{'AttributeValueList':[{'S':'x'},{}]}}}");
    assert_non_null(in->Item->fault.ptr);
    assert_status(item_check(&scope, in->Item), ST_FAILED);
    assert_int_equal(scope.error, ERROR_ValidationException);
    assert_int_equal(in->Expected->count, 2);
    assert_non_null(in->Expected->at[0]->Value->fault.ptr);
    const struct in_AttributeValueList *values = in->Expected->at[1]->AttributeValueList;
    assert_int_equal(values->count, 2);
    assert_null(values->at[0]->fault.ptr);
    assert_str(values->at[0]->value.bytes, "x");
    assert_non_null(values->at[1]->fault.ptr);
}

static void wrong_types_inside_attribute_values_are_told_at_once(void **state) {
    (void)state;
    assert_null(read_body(SHAPE_PutItemInput, STR("{\"TableName\":\"a\",\"Item\":{\"a\":5}}")));
    assert_int_equal(scope.error, ERROR_SerializationException);
    assert_null(read_body(SHAPE_PutItemInput, STR("{\"Item\":{\"a\":{\"N\":5}}}")));
    assert_int_equal(scope.error, ERROR_SerializationException);
    assert_null(read_body(SHAPE_PutItemInput, STR("{\"Item\":{\"a\":{\"S\":\"x\"}")));
    assert_int_equal(scope.error, ERROR_SerializationException);
}

static void of_a_repeated_name_the_last_counts(void **state) {
    (void)state;
    const struct in_GetItemInput *in = read_text(
        SHAPE_GetItemInput,
        "{'TableName':'a','TableName':'abc','Key':null,'Key':{},'ExpressionAttributeNames'"
        ":{'#a':'1','#b':'2','#a':'3','#c':null,'#c':'4'}}");
    assert_str(in->TableName, "abc");
    assert_int_equal(in->ExpressionAttributeNames->count, 3);
    assert_str(in->ExpressionAttributeNames->keys[0], "#a");
    assert_str(in->ExpressionAttributeNames->at[0], "3");
    assert_str(in->ExpressionAttributeNames->at[1], "2");
    assert_str(in->ExpressionAttributeNames->at[2], "4");
}

static void escapes_are_read_in_names_and_values(void **state) {
    (void)state;
    const struct in_GetItemInput *in =
        read_text(SHAPE_GetItemInput,
                  "{'\\u0054ableName':'a\\u0062c','Key':{},'ProjectionExpression':'\\n'}");
    assert_str(in->TableName, "abc");
    assert_str(in->ProjectionExpression, "\n");
}

/* `count` times `part`, by doubling. */
static str repeat(const char *before, const char *part, size_t count, const char *after) {
    size_t first = strlen(before), len = strlen(part) * count, last = strlen(after);
    char *text = arena_bytes(scope.scratch, first + len + last + 1);
    memcpy(text, before, first);
    memcpy(text + first, part, strlen(part));
    for (size_t done = strlen(part); done < len; done *= 2)
        memcpy(text + first + done, text + first, done < len - done ? done : len - done);
    memcpy(text + first + len, after, last);
    return (str){text, first + len + last};
}

static void depth_of_100000_is_refused_without_recursion(void **state) {
    (void)state;
    static const char *const begins[] = {
        "", "{\"Unknown\":", "{\"Key\":{\"a\":", "{\"Key\":", "{\"ExpressionAttributeNames\":",
    };
    static const char *const parts[] = {"[", "{\"a\":", "{\"L\":[", "{\"M\":{\"a\":"};
    for (size_t b = 0; b < sizeof begins / sizeof begins[0]; b++) {
        for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++) {
            arena_reset(scope.scratch, 0);
            str body = repeat(begins[b], parts[p], 100000, "");
            assert_null(read_body(SHAPE_GetItemInput, body));
            assert_int_equal(scope.error, ERROR_SerializationException);
        }
    }
}

static void bodies_of_16_mb_take_bounded_time_and_memory(void **state) {
    (void)state;
    static const struct {
        enum shape_id input;
        const char *before, *part, *after;
    } rows[] = {
        {SHAPE_TransactWriteItemsInput, "{\"TransactItems\":[{}", ",{}", "]}"},
        {SHAPE_CreateTableInput, "{\"KeySchema\":[[]", ",[]", "]}"},
        {SHAPE_CreateTableInput, "{\"TableName\":\"abc\",\"Tags\":[{}", ",{}", "]}"},
        {SHAPE_GetItemInput, "{\"AttributesToGet\":[\"\"", ",\"\"", "]}"},
        {SHAPE_GetItemInput, "{\"x\":0", ",\"x\":0", "}"},
        {SHAPE_GetItemInput, "{\"TableName\":\"", "x", "\"}"},
        {SHAPE_PutItemInput, "{\"Expected\":{\"\":{}", ",\"\":{}", "}}"},
        {SHAPE_PutItemInput, "{\"Expected\":{}", ",\"Expected\":{}", "}"},
        {SHAPE_QueryInput, "{\"Limit\":1", "1", "}"},
        {SHAPE_QueryInput, "{\"Limit\":1.", "1", "}"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        arena_reset(scope.scratch, 0);
        size_t count = (16 << 20) / strlen(rows[i].part);
        clock_t before = clock();
        str body = repeat(rows[i].before, rows[i].part, count, rows[i].after);
        assert_null(read_body(rows[i].input, body));
        assert_in_range(arena_used(scope.arena), 0, 64 << 20);
        assert_true(clock() - before < 2 * CLOCKS_PER_SEC);
    }
}

static void too_many_pieces_are_refused(void **state) {
    (void)state;
    arena_reset(scope.scratch, 0);
    str body = repeat("{\"ResourceArn\":\"a\",\"TagKeys\":[\"a\"", ",\"a\"", 99000, "]}");
    const struct in_UntagResourceInput *in = read_body(SHAPE_UntagResourceInput, body);
    assert_non_null(in);
    assert_int_equal(in->TagKeys->count, 99001);
    assert_str(in->TagKeys->at[99000], "a");
    body = repeat("{\"ResourceArn\":\"a\",\"TagKeys\":[\"a\"", ",\"a\"", SHAPE_PIECES_MAX, "]}");
    assert_null(read_body(SHAPE_UntagResourceInput, body));
    assert_int_equal(scope.error, ERROR_ValidationException);
}

static void many_keys_of_a_map_stay_distinct(void **state) {
    (void)state;
    arena_reset(scope.scratch, 0);
    struct buf body;
    buf_init(&body, scope.scratch, 1 << 20);
    buf_add_lit(&body,
                "{\"TableName\":\"abc\",\"Key\":{},\"ExpressionAttributeNames\":{\"#x\":\"\"");
    for (unsigned i = 0; i < 60000; i++)
        buf_printf(&body, ",\"#%u\":\"%u\"", i % 40000, i);
    buf_add_lit(&body, "}}");
    const struct in_GetItemInput *in = read_body(SHAPE_GetItemInput, buf_str(&body));
    assert_non_null(in);
    assert_int_equal(in->ExpressionAttributeNames->count, 40001);
    assert_str(in->ExpressionAttributeNames->keys[1], "#0");
    assert_str(in->ExpressionAttributeNames->at[1], "40000");
    assert_str(in->ExpressionAttributeNames->at[40000], "39999");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(get_item_gets_its_members_in_any_order),
        cmocka_unit_test(what_is_not_sent_or_null_is_absent),
        cmocka_unit_test(empty_is_not_absent),
        cmocka_unit_test(numbers_are_read_whole_and_cut_to_integers),
        cmocka_unit_test(limits_of_64_bits_are_exact),
        cmocka_unit_test(a_table_is_created_from_nested_lists),
        cmocka_unit_test(writes_of_a_batch_stand_under_their_tables),
        cmocka_unit_test(faults_of_attribute_values_wait_for_their_check),
        cmocka_unit_test(wrong_types_inside_attribute_values_are_told_at_once),
        cmocka_unit_test(of_a_repeated_name_the_last_counts),
        cmocka_unit_test(escapes_are_read_in_names_and_values),
        cmocka_unit_test(depth_of_100000_is_refused_without_recursion),
        cmocka_unit_test(bodies_of_16_mb_take_bounded_time_and_memory),
        cmocka_unit_test(too_many_pieces_are_refused),
        cmocka_unit_test(many_keys_of_a_map_stay_distinct),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
