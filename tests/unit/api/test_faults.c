/* What operations do when the engine, or another request, gets in their way. */
#include "api/api.h"
#include "base/buf.h"
#include "kv/mem/mem.h"
#include "table/catalogue.h"

/* After them: cmocka has a macro named as a function of ours. */
#include "lib/test.h"

static struct kv *kv;
static struct database *database;
static struct arena *arena, *scratch;

static int setup(void **state) {
    (void)state;
    arena = arena_new((size_t)512 << 20);
    scratch = arena_new((size_t)64 << 20);
    assert_status(kv_mem_open(&kv), ST_OK);
    assert_status(database_open(kv,
                                &(struct database_options){.region = STR("here"),
                                                           .account_id = STR("000000000000")},
                                &database),
                  ST_OK);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    database_close(database);
    arena_free(arena);
    arena_free(scratch);
    return 0;
}

static struct api_answer call(const char *operation, str body) {
    struct api_call call = {
        .target = arena_printf(arena, "DynamoDB_20120810.%s", operation),
        .body = body,
        .arena = arena,
        .scratch = scratch,
        .now_us = 1,
    };
    struct api_answer answer;
    assert_status(api_call(database, &call, &answer), ST_OK);
    return answer;
}

static void create(const char *name) {
    struct api_answer answer = call(
        "CreateTable", arena_printf(arena,
                                    "{\"TableName\":\"%s\",\"BillingMode\":\"PAY_PER_REQUEST\","
                                    "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":"
                                    "\"HASH\"}],\"AttributeDefinitions\":[{\"AttributeName\":"
                                    "\"id\",\"AttributeType\":\"S\"}]}",
                                    name));
    if (answer.http_status != 200)
        fail_msg("%.*s", STR_ARG(answer.body));
}

static str named(const char *name) {
    return arena_printf(arena, "{\"TableName\":\"%s\"}", name);
}

static void a_deletion_cut_short_by_a_full_disk_is_finished_later(void **state) {
    (void)state;
    create("again");
    /* The first update of a deletion says that it is under way, the last that it is done. */
    kv_mem_faults(kv, &(struct kv_mem_faults){.update_full = 2});
    assert_int_equal(call("DeleteTable", named("again")).http_status, 200);
    assert_int_equal(call("DescribeTable", named("again")).http_status, 400);
    assert_int_equal(call("DeleteTable", named("again")).http_status, 400);
    kv_mem_faults(kv, &(struct kv_mem_faults){});
    create("again");
    assert_int_equal(call("DescribeTable", named("again")).http_status, 200);
}

static void a_table_that_could_not_be_stored_is_not_there(void **state) {
    (void)state;
    kv_mem_faults(kv, &(struct kv_mem_faults){.update_full = 1});
    struct api_answer answer =
        call("CreateTable",
             STR("{\"TableName\":\"none\",\"BillingMode\":\"PAY_PER_REQUEST\","
                 "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
                 "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}]}"));
    assert_int_equal(answer.http_status, 500);
    kv_mem_faults(kv, &(struct kv_mem_faults){});
    assert_int_equal(call("DescribeTable", named("none")).http_status, 400);
    create("none");
}

static void add_put(struct buf *body, int id, size_t pad) {
    buf_printf(body, "{\"PutRequest\":{\"Item\":{\"id\":{\"S\":\"%d\"},\"pad\":{\"S\":\"", id);
    memset(buf_reserve(body, pad), '0', pad);
    body->len += pad;
    buf_add_lit(body, "\"}}}}");
}

/* 12 items of 390 KB, more than one update holds, to a first table, and a thirteenth to a second.
 */
static str batch_body(void) {
    struct buf body;
    buf_init(&body, arena, (size_t)8 << 20);
    buf_add_lit(&body, "{\"RequestItems\":{\"first\":[");
    for (int i = 0; i < 12; i++) {
        buf_add_str(&body, i ? STR(",") : STR(""));
        add_put(&body, i, 390000);
    }
    buf_add_lit(&body, "],\"second\":[");
    add_put(&body, 12, 10);
    buf_add_lit(&body, "]}}");
    return buf_str(&body);
}

static uint64_t updates(void) {
    struct kv_stats stats;
    kv_stats(kv, &stats);
    return stats.group_updates;
}

static void a_batch_is_not_written_twice_when_a_later_table_changes(void **state) {
    (void)state;
    create("first");
    create("second");
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    /* As if the second one were being deleted, and its snapshot not yet gone. */
    atomic_store(&((struct table *)catalogue_find(tables, STR("second")))->superseded, true);
    catalogue_release(tables);
    uint64_t before = updates();
    struct api_answer answer = call("BatchWriteItem", batch_body());
    assert_int_equal(answer.http_status, 200);
    assert_int_equal(updates() - before, 1);
    assert_true(str_contains(
        answer.body,
        STR("\"second\":[{\"PutRequest\":{\"Item\":{\"id\":{\"S\":\"12\"},\"pad\":{\"S\":"
            "\"0000000000\"}}}}]")));
    assert_true(str_contains(call("GetItem", STR("{\"TableName\":\"first\",\"Key\":{\"id\":{\"S\":"
                                                 "\"0\"}}}"))
                                 .body,
                             STR("\"Item\"")));
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_deletion_cut_short_by_a_full_disk_is_finished_later),
        CASE(a_table_that_could_not_be_stored_is_not_there),
        CASE(a_batch_is_not_written_twice_when_a_later_table_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
