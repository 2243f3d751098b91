/* What operations tell traffic: once, and what the service would charge. */
#include "api/api.h"
#include "base/thread.h"
#include "kv/mem/mem.h"
#include "table/catalogue.h"
#include "traffic/traffic.h"

#include <pthread.h>
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

static struct arena *arena, *scratch;
static struct database *database;
static struct traffic *traffic;

static struct api_call call_of(const char *operation, const char *body) {
    return (struct api_call){.target = arena_printf(arena, "DynamoDB_20120810.%s", operation),
                             .body = str_from_c(body),
                             .arena = arena,
                             .scratch = scratch,
                             .now_us = 1700000000000000,
                             .traffic = traffic};
}

static int call(const char *operation, const char *body) {
    struct api_call made = call_of(operation, body);
    struct api_answer answer;
    assert_status(api_call(database, &made, &answer), ST_OK);
    return answer.http_status;
}

static int setup(void **state) {
    (void)state;
    struct kv *kv;
    arena = arena_new(64 << 20);
    scratch = arena_new(64 << 20);
    traffic = traffic_new(false);
    if (kv_mem_open(&kv) != ST_OK ||
        database_open(kv,
                      &(struct database_options){.region = STR("us-east-1"),
                                                 .account_id = STR("000000000000")},
                      &database) != ST_OK)
        return 1;
    return call("CreateTable",
                "{\"TableName\":\"Users\",\"BillingMode\":\"PAY_PER_REQUEST\","
                "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"},"
                "{\"AttributeName\":\"at\",\"KeyType\":\"RANGE\"}],"
                "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"},"
                "{\"AttributeName\":\"at\",\"AttributeType\":\"S\"},"
                "{\"AttributeName\":\"g\",\"AttributeType\":\"S\"},"
                "{\"AttributeName\":\"l\",\"AttributeType\":\"S\"}],"
                "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"byG\",\"Projection\":"
                "{\"ProjectionType\":\"ALL\"},\"KeySchema\":[{\"AttributeName\":\"g\",\"KeyType\":"
                "\"HASH\"}]}],"
                "\"LocalSecondaryIndexes\":[{\"IndexName\":\"byL\",\"Projection\":"
                "{\"ProjectionType\":\"KEYS_ONLY\"},\"KeySchema\":[{\"AttributeName\":\"id\","
                "\"KeyType\":\"HASH\"},{\"AttributeName\":\"l\",\"KeyType\":\"RANGE\"}]}]}") == 200
               ? 0
               : 1;
}

static int teardown(void **state) {
    (void)state;
    database_close(database);
    traffic_free(traffic);
    arena_free(arena);
    arena_free(scratch);
    return 0;
}

/* Of the table, or its global index. */
static void expect(bool of_index, double read, double write) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    const struct table *table = catalogue_find(tables, STR("Users"));
    const struct index *index = of_index ? table_index(table, STR("byG")) : NULL;
    struct traffic_totals totals;
    traffic_totals_of(traffic, table, index, &totals);
    catalogue_release(tables);
    if (totals.units[TRAFFIC_READ] != read || totals.units[TRAFFIC_WRITE] != write)
        fail_msg("%s: read %.1f, written %.1f; want %.1f and %.1f", of_index ? "index" : "table",
                 totals.units[TRAFFIC_READ], totals.units[TRAFFIC_WRITE], read, write);
}

#define KEY "\"id\":{\"S\":\"a\"},\"at\":{\"S\":\"b\"}"
#define INDEXED                                                                                    \
    "{\"TableName\":\"Users\",\"Item\":{" KEY ",\"g\":{\"S\":\"g\"},\"l\":{\"S\":\"l\"}}"

static void a_write_costs_its_table_with_local_indexes_and_its_global_ones(void **state) {
    (void)state;
    assert_int_equal(call("PutItem", INDEXED "}"), 200);
    expect(false, 0, 2);
    expect(true, 0, 1);
    assert_int_equal(call("DeleteItem", "{\"TableName\":\"Users\",\"Key\":{" KEY "}}"), 200);
    expect(false, 0, 4);
    expect(true, 0, 2);
}

static void a_condition_that_is_false_costs_the_table_alone(void **state) {
    (void)state;
    assert_int_equal(call("PutItem", INDEXED ",\"ConditionExpression\":\"attribute_exists(id)\"}"),
                     400);
    expect(false, 0, 1);
    expect(true, 0, 0);
}

static void a_transaction_costs_the_table_twice_and_its_repeat_reads(void **state) {
    (void)state;
    const char *body =
        "{\"ClientRequestToken\":\"once\",\"TransactItems\":[{\"Put\":" INDEXED "}}]}";
    assert_int_equal(call("TransactWriteItems", body), 200);
    expect(false, 0, 3); /* the local index once */
    expect(true, 0, 1);
    assert_int_equal(call("TransactWriteItems", body), 200);
    expect(false, 2, 3);
    assert_int_equal(call("TransactGetItems",
                          "{\"TransactItems\":[{\"Get\":{\"TableName\":\"Users\","
                          "\"Key\":{" KEY "}}}]}"),
                     200);
    expect(false, 4, 3);
}

static void reads_cost_what_they_read_from(void **state) {
    (void)state;
    assert_int_equal(call("PutItem", INDEXED "}"), 200);
    assert_int_equal(call("GetItem", "{\"TableName\":\"Users\",\"Key\":{" KEY "}}"), 200);
    expect(false, 0.5, 2);
    assert_int_equal(call("Scan", "{\"TableName\":\"Users\",\"ConsistentRead\":true}"), 200);
    expect(false, 1.5, 2);
    assert_int_equal(call("Scan", "{\"TableName\":\"Users\",\"IndexName\":\"byL\"}"), 200);
    expect(false, 2, 2);
    assert_int_equal(call("Scan", "{\"TableName\":\"Users\",\"IndexName\":\"byG\"}"), 200);
    expect(false, 2, 2);
    expect(true, 0.5, 1);
    assert_int_equal(call("ExecuteStatement",
                          "{\"Statement\":\"SELECT * FROM \\\"Users\\\".\\\"byG\\\" "
                          "WHERE g = 'g'\"}"),
                     200);
    expect(true, 1, 1);
}

static void what_is_refused_for_other_reasons_costs_nothing(void **state) {
    (void)state;
    assert_int_equal(call("PutItem", "{\"TableName\":\"Users\",\"Item\":{\"id\":{\"S\":\"a\"}}}"),
                     400);
    assert_int_equal(call("GetItem", "{\"TableName\":\"Users\",\"Key\":{\"id\":{\"N\":\"1\"}}}"),
                     400);
    expect(false, 0, 0);
}

static void batches_cost_their_parts(void **state) {
    (void)state;
    assert_int_equal(
        call("BatchWriteItem",
             "{\"RequestItems\":{\"Users\":[{\"PutRequest\":{\"Item\":{" KEY "}}},"
             "{\"DeleteRequest\":{\"Key\":{\"id\":{\"S\":\"x\"},\"at\":{\"S\":\"y\"}}}}]}}"),
        200);
    expect(false, 0, 2);
    assert_int_equal(call("BatchGetItem", "{\"RequestItems\":{\"Users\":{\"ConsistentRead\":true,"
                                          "\"Keys\":[{" KEY "},{\"id\":{\"S\":\"x\"},\"at\":"
                                          "{\"S\":\"y\"}}]}}}"),
                     200);
    expect(false, 2, 2);
    assert_int_equal(
        call("BatchExecuteStatement",
             "{\"Statements\":[{\"Statement\":\"DELETE FROM \\\"Users\\\" WHERE id = 'a' "
             "AND at = 'b'\"},{\"Statement\":\"INSERT INTO \\\"Users\\\" VALUE {'id': 'c', "
             "'at': 'd'}\"}]}"),
        200);
    expect(false, 2, 4);
}

/* ---- requests that run again ---- */

static void *scan_on_a_loop(void *argument) {
    thread_mark_loop();
    struct api_call made = call_of("Scan", "{\"TableName\":\"Users\",\"ConsistentRead\":true}");
    struct api_answer answer;
    *(status *)argument = api_call(database, &made, &answer);
    return NULL;
}

static void a_request_that_runs_again_is_told_once(void **state) {
    (void)state;
    const char *large = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
    struct buf text;
    buf_init(&text, arena, 400000);
    for (int i = 0; i < 5000; i++)
        buf_add_str(&text, str_from_c(large));
    buf_add_byte(&text, 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(call("PutItem", arena_printf(arena,
                                                      "{\"TableName\":\"Users\",\"Item\":{\"id\":"
                                                      "{\"S\":\"%d\"},\"at\":{\"S\":\"b\"},\"v\":"
                                                      "{\"S\":\"%s\"}}}%c",
                                                      i, text.ptr, 0)
                                             .ptr),
                         200);
    expect(false, 0, 939);
    pthread_t loop;
    status st = ST_OK;
    assert_int_equal(pthread_create(&loop, NULL, scan_on_a_loop, &st), 0);
    assert_int_equal(pthread_join(loop, NULL), 0);
    assert_int_equal(st, ST_WOULD_WAIT);
    expect(false, 0, 939);
    assert_int_equal(call("Scan", "{\"TableName\":\"Users\",\"ConsistentRead\":true}"), 200);
    expect(false, 235, 939);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_write_costs_its_table_with_local_indexes_and_its_global_ones),
        CASE(a_condition_that_is_false_costs_the_table_alone),
        CASE(a_transaction_costs_the_table_twice_and_its_repeat_reads),
        CASE(reads_cost_what_they_read_from),
        CASE(what_is_refused_for_other_reasons_costs_nothing),
        CASE(batches_cost_their_parts),
        CASE(a_request_that_runs_again_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
