/* What UpdateTable and DeleteTable make of time, of indexes under way and of other requests. */
#include "api/api.h"
#include "base/buf.h"
#include "kv/mem/mem.h"
#include "table/catalogue.h"

#include <pthread.h>

/* After them: cmocka has a macro named as a function of ours. */
#include "lib/test.h"

static const int64_t second_us = 1000000, hour_us = 3600000000, day_us = 86400000000;
static const int64_t start_us = 20000 * 86400000000; /* 2024-10-04, midnight */
static const int64_t delay_us = 60000000;

static struct kv *kv;
static struct database *database;
static struct arena *arena, *scratch;
static int64_t now_us;

static void open_with(int64_t status_delay_us) {
    struct database_options options = {.region = STR("here"),
                                       .account_id = STR("000000000000"),
                                       .status_delay_us = status_delay_us};
    arena = arena_new((size_t)512 << 20);
    scratch = arena_new((size_t)64 << 20);
    now_us = start_us;
    assert_status(kv_mem_open(&kv), ST_OK);
    assert_status(database_open(kv, &options, &database), ST_OK);
}

static int setup(void **state) {
    (void)state;
    open_with(0);
    return 0;
}

static int setup_with_delay(void **state) {
    (void)state;
    open_with(delay_us);
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
    struct api_call call = {.target = arena_printf(arena, "DynamoDB_20120810.%s", operation),
                            .body = body,
                            .arena = arena,
                            .scratch = scratch,
                            .now_us = now_us};
    struct api_answer answer;
    assert_status(api_call(database, &call, &answer), ST_OK);
    return answer;
}

static void accepted(const char *operation, str body) {
    struct api_answer answer = call(operation, body);
    if (answer.http_status != 200)
        fail_msg("%s: %.*s", operation, STR_ARG(answer.body));
}

/* Refused with this type and this text. */
static void refused(const char *operation, str body, const char *type, const char *text) {
    struct api_answer answer = call(operation, body);
    str expected =
        arena_printf(arena, "{\"__type\":\"com.amazon%s\",\"message\":\"%s\"}", type, text);
    if (!str_eq(answer.body, expected))
        fail_msg("%s: %.*s instead of %.*s", operation, STR_ARG(answer.body), STR_ARG(expected));
}

#define DDB_ERROR "aws.dynamodb.v20120810#"
#define IN_USE "Attempt to change a resource which is still in use: "
#define ONE_INDEX                                                                                  \
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per " \
    "table"
#define NAMED(more) STR("{\"TableName\":\"here\"" more "}")
#define KEY ",\"Key\":{\"id\":{\"S\":\"a\"}}"
#define UNITS(read, write)                                                                         \
    "\"ProvisionedThroughput\":{\"ReadCapacityUnits\":" #read ",\"WriteCapacityUnits\":" #write "}"
#define INDEX_UPDATE(action) ",\"GlobalSecondaryIndexUpdates\":[" action "]"
#define DELETE_INDEX(name) INDEX_UPDATE("{\"Delete\":{\"IndexName\":\"" name "\"}}")
#define NEW_INDEX(name)                                                                            \
    ",\"AttributeDefinitions\":[{\"AttributeName\":\"g\",\"AttributeType\":\"S\"}]" INDEX_UPDATE(  \
        "{\"Create\":{\"IndexName\":\"" name "\",\"Projection\":{\"ProjectionType\":\"ALL\"},"     \
        "\"KeySchema\":[{\"AttributeName\":\"g\",\"KeyType\":\"HASH\"}]," UNITS(1, 1) "}}")

static const char table_body[] =
    "{\"TableName\":\"here\",\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
    "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"},"
    "{\"AttributeName\":\"n\",\"AttributeType\":\"N\"}],"
    "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"byN\",\"Projection\":{\"ProjectionType\":\"ALL\"}"
    ",\"KeySchema\":[{\"AttributeName\":\"n\",\"KeyType\":\"HASH\"}]," UNITS(100, 100) "}]," UNITS(
        100, 100) "}";

static void create(void) {
    accepted("CreateTable", str_from_c(table_body));
}

static void shows(const char *text) {
    struct api_answer answer = call("DescribeTable", NAMED());
    if (!str_contains(answer.body, str_from_c(text)))
        fail_msg("no %s in %.*s", text, STR_ARG(answer.body));
}

/* ---- how often capacity may be lowered ---- */

static str units(int read) {
    return arena_printf(arena,
                        "{\"TableName\":\"here\",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":"
                        "%d,\"WriteCapacityUnits\":100}}",
                        read);
}

static str index_units(int read) {
    return arena_printf(arena,
                        "{\"TableName\":\"here\",\"GlobalSecondaryIndexUpdates\":[{\"Update\":{"
                        "\"IndexName\":\"byN\",\"ProvisionedThroughput\":{\"ReadCapacityUnits\":%d,"
                        "\"WriteCapacityUnits\":100}}}]}",
                        read);
}

static void capacity_is_lowered_four_times_at_will_and_then_once_an_hour(void **state) {
    (void)state;
    create();
    now_us += 15 * hour_us + 7 * 60 * second_us + 5 * second_us;
    for (int i = 1; i <= 4; i++)
        accepted("UpdateTable", units(100 - i));
    shows("\"NumberOfDecreasesToday\":4,\"ReadCapacityUnits\":96");
    now_us += hour_us - second_us;
    refused("UpdateTable", units(50), DDB_ERROR "LimitExceededException",
            "Subscriber limit exceeded: Provisioned throughput decreases are limited within a "
            "given UTC day. After the first 4 decreases, each subsequent decrease in the same UTC "
            "day can be performed at most once every 3600 seconds. Number of decreases today: 4. "
            "Last decrease at Friday, October 4, 2024 3:07:05 PM UTC. Next decrease can be made at "
            "Friday, October 4, 2024 4:07:05 PM UTC");
    now_us += second_us;
    accepted("UpdateTable", units(50));
    shows("\"NumberOfDecreasesToday\":5,\"ReadCapacityUnits\":50");
    accepted("UpdateTable", units(60)); /* raising is free */
    shows("\"NumberOfDecreasesToday\":5,\"ReadCapacityUnits\":60");
}

static void a_new_day_begins_with_four_decreases(void **state) {
    (void)state;
    create();
    now_us += day_us - second_us;
    for (int i = 1; i <= 4; i++)
        accepted("UpdateTable", units(100 - i));
    now_us += second_us;
    shows("\"NumberOfDecreasesToday\":0,\"ReadCapacityUnits\":96");
    for (int i = 1; i <= 4; i++)
        accepted("UpdateTable", units(90 - i));
    assert_int_equal(call("UpdateTable", units(5)).http_status, 400);
}

static void no_day_has_more_than_27_decreases(void **state) {
    (void)state;
    create();
    int done = 0;
    for (int minute = 0; minute < 24 * 60; minute++, now_us += 60 * second_us)
        done += call("UpdateTable", units(99 - done)).http_status == 200;
    assert_int_equal(done, 27);
}

static void decreases_of_an_index_are_counted_apart(void **state) {
    (void)state;
    create();
    for (int i = 1; i <= 4; i++)
        accepted("UpdateTable", units(100 - i));
    for (int i = 1; i <= 4; i++)
        accepted("UpdateTable", index_units(100 - i));
    assert_int_equal(call("UpdateTable", units(5)).http_status, 400);
    assert_int_equal(call("UpdateTable", index_units(5)).http_status, 400);
}

/* ---- an index under way ---- */

/* What its job does: with no job running here, an index stays as it was made. */
static void begin_backfill(void) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    const struct table *table = catalogue_find(tables, STR("here"));
    struct table *changed;
    struct scope scope = {.arena = arena, .scratch = scratch, .now_us = now_us};
    assert_status(table_copy(table, &changed), ST_OK);
    ((struct index *)changed->indexes)[1].backfilling = true;
    assert_status(catalogue_update(database, &scope, table, changed, NULL), ST_OK);
    catalogue_release(tables);
}

static void an_index_in_allocation_forbids_all_changes(void **state) {
    (void)state;
    create();
    accepted("UpdateTable", NAMED(NEW_INDEX("byG")));
    shows("\"TableStatus\":\"UPDATING\"");
    shows("\"IndexStatus\":\"CREATING\",\"Backfilling\":false");
    refused("UpdateTable", NAMED(DELETE_INDEX("byG")), DDB_ERROR "ResourceInUseException",
            IN_USE "Index creation is in resource allocation phase. Retry deletion during "
                   "backfilling phase or when the index is active. Table: here Index: byG");
    refused("UpdateTable", NAMED(DELETE_INDEX("byN")), DDB_ERROR "LimitExceededException",
            ONE_INDEX);
    refused("UpdateTable", NAMED(NEW_INDEX("other")), DDB_ERROR "LimitExceededException",
            ONE_INDEX);
    refused("UpdateTable", units(120), DDB_ERROR "ResourceInUseException",
            IN_USE "Table is being updated: here");
    refused("DeleteTable", NAMED(), DDB_ERROR "ResourceInUseException",
            IN_USE "Cannot delete table while indexes are being created, updated, or deleted.");
}

static void an_index_in_backfill_may_be_cancelled_and_capacity_changed(void **state) {
    (void)state;
    create();
    accepted("UpdateTable", NAMED(NEW_INDEX("byG")));
    begin_backfill();
    shows("\"IndexStatus\":\"CREATING\",\"Backfilling\":true");
    refused("UpdateTable", NAMED(NEW_INDEX("other")), DDB_ERROR "LimitExceededException",
            ONE_INDEX);
    accepted("UpdateTable", units(120));
    accepted("UpdateTable", NAMED(DELETE_INDEX("byG")));
    shows("\"IndexStatus\":\"DELETING\"");
    refused("UpdateTable", NAMED(DELETE_INDEX("byG")), DDB_ERROR "LimitExceededException",
            ONE_INDEX);
    refused("UpdateTable", units(130), DDB_ERROR "ResourceInUseException",
            IN_USE "Table is being updated: here");
}

static void a_deleted_index_takes_its_definitions_along(void **state) {
    (void)state;
    create();
    struct api_answer answer = call("UpdateTable", NAMED(DELETE_INDEX("byN")));
    assert_true(str_contains(answer.body, STR("\"AttributeDefinitions\":[{\"AttributeName\":\"id\","
                                              "\"AttributeType\":\"S\"}],")));
    assert_true(str_contains(answer.body, STR("\"IndexStatus\":\"DELETING\"")));
}

static void ids_of_indexes_are_never_used_twice(void **state) {
    (void)state;
    create();
    accepted("UpdateTable", NAMED(NEW_INDEX("byG")));
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    const struct table *table = catalogue_find(tables, STR("here"));
    assert_int_equal(table->index_count, 2);
    assert_int_equal(table->indexes[0].id, 1);
    assert_int_equal(table->indexes[1].id, 2);
    assert_int_equal(table->next_index_id, 3);
    catalogue_release(tables);
}

/* ---- with a delay ---- */

static void a_table_that_is_being_created_is_there_for_tables_not_for_items(void **state) {
    (void)state;
    create();
    now_us += delay_us - 1;
    shows("\"TableStatus\":\"CREATING\"");
    shows("\"IndexStatus\":\"CREATING\"");
    refused("GetItem", NAMED(KEY), DDB_ERROR "ResourceNotFoundException",
            "Requested resource not found");
    refused("UpdateTable", units(120), DDB_ERROR "ResourceInUseException",
            IN_USE "Table is being created: here");
    refused("DeleteTable", NAMED(), DDB_ERROR "ResourceInUseException",
            IN_USE "Table is being created: here");
    refused("CreateTable", str_from_c(table_body), DDB_ERROR "ResourceInUseException",
            "Table already exists: here");
    assert_true(str_contains(call("ListTables", STR("{}")).body, STR("here")));
    now_us += 1;
    shows("\"TableStatus\":\"ACTIVE\"");
    shows("\"IndexStatus\":\"ACTIVE\"");
    accepted("GetItem", NAMED(KEY));
}

static void a_clock_that_is_set_back_makes_no_table_wait(void **state) {
    (void)state;
    create();
    now_us -= hour_us;
    shows("\"TableStatus\":\"ACTIVE\"");
    accepted("GetItem", NAMED(KEY));
}

static void a_table_under_change_serves_items_and_takes_no_other_change(void **state) {
    (void)state;
    create();
    now_us += delay_us;
    accepted("UpdateTable", index_units(120));
    shows("\"TableStatus\":\"UPDATING\"");
    shows("\"IndexStatus\":\"UPDATING\"");
    accepted("GetItem", NAMED(KEY));
    refused("UpdateTable", units(120), DDB_ERROR "ResourceInUseException",
            IN_USE "Table is being updated: here");
    refused("DeleteTable", NAMED(), DDB_ERROR "ResourceInUseException",
            IN_USE "Table is being updated: here");
    now_us += delay_us;
    shows("\"TableStatus\":\"ACTIVE\"");
    accepted("UpdateTable", units(120));
    shows("\"IndexStatus\":\"ACTIVE\"");
}

static void a_deleted_table_is_shown_until_its_time_is_over(void **state) {
    (void)state;
    create();
    now_us += delay_us;
    accepted("DeleteTable", NAMED());
    shows("\"TableStatus\":\"DELETING\"");
    accepted("DeleteTable", NAMED());
    refused("GetItem", NAMED(KEY), DDB_ERROR "ResourceNotFoundException",
            "Requested resource not found");
    refused("UpdateTable", units(120), DDB_ERROR "ResourceInUseException",
            IN_USE "Table is being deleted: here");
    refused("CreateTable", str_from_c(table_body), DDB_ERROR "ResourceInUseException",
            IN_USE "Table is being deleted: here");
    catalogue_finish_deletions(database, now_us + delay_us - 1);
    shows("\"TableStatus\":\"DELETING\"");
    catalogue_finish_deletions(database, now_us + delay_us);
    refused("DescribeTable", NAMED(), DDB_ERROR "ResourceNotFoundException",
            "Requested resource not found: Table: here not found");
    create();
}

/* A deletion that was cut short is finished with the next table; one that is only shown is not. */
static void a_shown_deletion_is_not_finished_with_an_unfinished_one(void **state) {
    (void)state;
    create();
    accepted("CreateTable", STR("{\"TableName\":\"other\",\"BillingMode\":\"PAY_PER_REQUEST\","
                                "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
                                "\"AttributeDefinitions\":[{\"AttributeName\":\"id\","
                                "\"AttributeType\":\"S\"}]}"));
    now_us += delay_us;
    accepted("DeleteTable", STR("{\"TableName\":\"other\"}"));
    kv_mem_faults(kv, &(struct kv_mem_faults){.update_full = 1});
    catalogue_finish_deletions(database, now_us + delay_us);
    kv_mem_faults(kv, &(struct kv_mem_faults){});
    now_us += delay_us;
    accepted("DeleteTable", NAMED());
    accepted("CreateTable", STR("{\"TableName\":\"other\",\"BillingMode\":\"PAY_PER_REQUEST\","
                                "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
                                "\"AttributeDefinitions\":[{\"AttributeName\":\"id\","
                                "\"AttributeType\":\"S\"}]}"));
    shows("\"TableStatus\":\"DELETING\"");
}

static size_t pairs_of_tables(void) {
    struct kv_page entries, items;
    struct kv_range catalogue = {.from = STR("\x01"), .to = STR("\x02")};
    struct kv_range data = {.from = STR("\x10")};
    assert_status(kv_scan(kv, NULL, arena, &catalogue, 100, SIZE_MAX, &entries), ST_OK);
    assert_status(kv_scan(kv, NULL, arena, &data, 100, SIZE_MAX, &items), ST_OK);
    return entries.count + items.count;
}

static void a_deletion_that_was_cut_short_is_tried_again(void **state) {
    (void)state;
    create();
    now_us += delay_us;
    accepted("PutItem", NAMED(",\"Item\":{\"id\":{\"S\":\"a\"}}"));
    accepted("DeleteTable", NAMED());
    now_us += delay_us;
    kv_mem_faults(kv, &(struct kv_mem_faults){.update_full = 1});
    assert_true(catalogue_finish_deletions(database, now_us));
    kv_mem_faults(kv, &(struct kv_mem_faults){});
    refused("DescribeTable", NAMED(), DDB_ERROR "ResourceNotFoundException",
            "Requested resource not found: Table: here not found");
    assert_int_equal(pairs_of_tables(), 1);
    assert_false(catalogue_finish_deletions(database, now_us + 10 * delay_us));
    assert_int_equal(pairs_of_tables(), 0);
}

static void deletions_are_finished_one_by_one(void **state) {
    (void)state;
    static const char *const names[] = {"one", "two", "three"};
    for (size_t i = 0; i < 3; i++) {
        char body[400];
        snprintf(body, sizeof body,
                 "{\"TableName\":\"%s\",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":"
                 "[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],\"AttributeDefinitions\":"
                 "[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}]}",
                 names[i]);
        accepted("CreateTable", str_from_c(body));
    }
    now_us += delay_us;
    for (size_t i = 0; i < 3; i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"TableName\":\"%s\"}", names[i]);
        accepted("DeleteTable", str_from_c(body));
    }
    now_us += delay_us;
    for (size_t left = 3; left > 0; left--) {
        assert_int_equal(pairs_of_tables(), left);
        assert_true(catalogue_finish_deletions(database, now_us));
    }
    assert_false(catalogue_finish_deletions(database, now_us));
    assert_int_equal(pairs_of_tables(), 0);
}

/* ---- others at the same time ---- */

static void a_change_that_could_not_be_stored_is_not_there(void **state) {
    (void)state;
    create();
    kv_mem_faults(kv, &(struct kv_mem_faults){.update_full = 1});
    assert_int_equal(call("UpdateTable", units(120)).http_status, 500);
    kv_mem_faults(kv, &(struct kv_mem_faults){});
    shows("\"ReadCapacityUnits\":100,\"WriteCapacityUnits\":100}");
    accepted("UpdateTable", units(120));
    accepted("PutItem", NAMED(",\"Item\":{\"id\":{\"S\":\"a\"}}"));
}

enum { WRITERS = 4, CHANGES = 200 };

struct writer {
    pthread_t thread;
    atomic_bool *stop;
    long done, failed;
};

/* Adds one to an item that all share and one to its own, again and again. */
static void *write_until_stopped(void *argument) {
    struct writer *writer = argument;
    struct arena *own = arena_new((size_t)64 << 20), *scraps = arena_new((size_t)64 << 20);
    while (!atomic_load(writer->stop)) {
        struct api_call add = {
            .target = STR("DynamoDB_20120810.UpdateItem"),
            .body = NAMED(KEY ",\"UpdateExpression\":\"ADD n :one\","
                              "\"ExpressionAttributeValues\":{\":one\":{\"N\":\"1\"}}"),
            .arena = own,
            .scratch = scraps,
            .now_us = start_us};
        struct api_answer answer;
        bool fine = api_call(database, &add, &answer) == ST_OK && answer.http_status == 200;
        writer->done += fine;
        writer->failed += !fine;
        arena_reset(own, 0);
        arena_reset(scraps, 0);
    }
    arena_free(own);
    arena_free(scraps);
    return NULL;
}

static void no_write_is_lost_or_refused_while_the_description_changes(void **state) {
    (void)state;
    create();
    struct writer writers[WRITERS] = {};
    atomic_bool stop = false;
    for (int i = 0; i < WRITERS; i++) {
        writers[i].stop = &stop;
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_until_stopped, &writers[i]),
                         0);
    }
    for (int i = 0; i < CHANGES; i++) {
        now_us += second_us;
        accepted("UpdateTable", units(1000 + i));
    }
    atomic_store(&stop, true);
    long done = 0;
    for (int i = 0; i < WRITERS; i++) {
        pthread_join(writers[i].thread, NULL);
        assert_int_equal(writers[i].failed, 0);
        done += writers[i].done;
    }
    assert_true(done > 0);
    struct api_answer answer = call("GetItem", NAMED(KEY));
    str expected = arena_printf(arena, "\"n\":{\"N\":\"%ld\"}", done);
    assert_true(str_contains(answer.body, expected));
    /* In the index, too, it is there once. */
    answer = call("Scan", NAMED(",\"IndexName\":\"byN\""));
    assert_true(str_contains(answer.body, expected));
    assert_true(str_contains(answer.body, STR("\"Count\":1")));
    shows("\"ReadCapacityUnits\":1199");
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define DELAYED(name) cmocka_unit_test_setup_teardown(name, setup_with_delay, teardown)
    const struct CMUnitTest tests[] = {
        CASE(capacity_is_lowered_four_times_at_will_and_then_once_an_hour),
        CASE(a_new_day_begins_with_four_decreases),
        CASE(no_day_has_more_than_27_decreases),
        CASE(decreases_of_an_index_are_counted_apart),
        CASE(an_index_in_allocation_forbids_all_changes),
        CASE(an_index_in_backfill_may_be_cancelled_and_capacity_changed),
        CASE(a_deleted_index_takes_its_definitions_along),
        CASE(ids_of_indexes_are_never_used_twice),
        DELAYED(a_table_that_is_being_created_is_there_for_tables_not_for_items),
        DELAYED(a_clock_that_is_set_back_makes_no_table_wait),
        DELAYED(a_table_under_change_serves_items_and_takes_no_other_change),
        DELAYED(a_deleted_table_is_shown_until_its_time_is_over),
        DELAYED(a_shown_deletion_is_not_finished_with_an_unfinished_one),
        DELAYED(a_deletion_that_was_cut_short_is_tried_again),
        DELAYED(deletions_are_finished_one_by_one),
        CASE(a_change_that_could_not_be_stored_is_not_there),
        CASE(no_write_is_lost_or_refused_while_the_description_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
