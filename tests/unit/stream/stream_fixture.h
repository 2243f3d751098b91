/* stream_fixture.h - a database in memory and a table with a stream.
 *
 * Purpose:   for tests of this folder.
 * Ownership: one of each, made by fixture_open and freed by fixture_close.
 * Threads:   fixture_put from any, with a scope each; the rest from one at a time.
 * Errors:    assertions.
 * Limits:    one table.
 */
#pragma once

#include "base/clock.h"
#include "item/item_codec.h"
#include "item/number.h"
#include "kv/mem/mem.h"
#include "stream/stream_read.h"
#include "stream/stream_upkeep.h"
#include "table/catalogue.h"
#include "table/table_key.h"
#include "table/table_write.h"
#include "table/verify.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

enum { SHARD_COUNT = 4 };

static struct database *database;

static void fixture_open(int64_t shard_us, int64_t retention_us) {
    struct kv *kv;
    assert_status(kv_mem_open(&kv), ST_OK);
    struct database_options options = {.region = STR("us-east-1"),
                                       .account_id = STR("000000000000"),
                                       .stream_shards = SHARD_COUNT,
                                       .stream_shard_us = shard_us,
                                       .stream_retention_us = retention_us};
    assert_status(database_open(kv, &options, &database), ST_OK);
}

static void fixture_close(void) {
    database_close(database);
}

static struct scope scope_new(int64_t now_us) {
    struct arena *arena = arena_new(64 << 20);
    return (struct scope){.arena = arena, .scratch = arena_new(64 << 20), .now_us = now_us};
}

static void scope_free(struct scope *scope) {
    arena_free(scope->arena);
    arena_free(scope->scratch);
}

/* Answers the ARN of its stream, in the scope's arena. */
static str table_with_stream(struct scope *scope, enum stream_view which) {
    struct table *table = table_new();
    table->name = STR("table");
    table->created_us = scope->now_us;
    table->key.hash[0] = (struct key_attribute){STR("id"), VALUE_STRING};
    table->key.hash_count = 1;
    table->on_demand = true;
    table->stream = (struct change_log){.id = CHANGE_LOG_NEW, .view = which};
    atomic_fetch_add(&table->references, 1);
    assert_status(catalogue_create(database, scope, table), ST_OK);
    str label = stream_label_write(scope->arena, table->stream.created_us);
    table_unref(table);
    return stream_arn_write(scope->arena, database, STR("table"), label);
}

/* Item {id: "k<key>", n: number, pad}; again when the table was changed meanwhile. */
static void fixture_put_padded(struct scope *scope, int key, int64_t number, str pad) {
    unsigned char digits[NUMBER_BYTES_MAX];
    size_t len;
    number_from_i64(number, digits, &len);
    struct attribute attributes[] = {
        {STR("id"), {.kind = VALUE_STRING, .bytes = arena_printf(scope->arena, "k%d", key)}},
        {STR("n"), {.kind = VALUE_NUMBER, .bytes = {(char *)digits, len}}},
        {STR("pad"), {.kind = VALUE_STRING, .bytes = pad}}};
    struct item item = {.attributes = attributes, .count = pad.len > 0 ? 3 : 2};
    status st = ST_CONFLICT;
    while (st == ST_CONFLICT) {
        const struct catalogue_snapshot *tables = catalogue_acquire(database);
        struct write write = {
            .kind = WRITE_PUT, .table = catalogue_find(tables, STR("table")), .item = &item};
        uint64_t ticket;
        st = table_write(database, scope, &write, 1, &ticket);
        catalogue_release(tables);
        if (st == ST_CONFLICT)
            catalogue_wait(database);
    }
    assert_status(st, ST_OK);
}

static inline void fixture_put(struct scope *scope, int key, int64_t number) {
    fixture_put_padded(scope, key, number, (str){});
}

static inline void print_finding(void *context, str what) {
    (void)context;
    print_error("verify: %.*s\n", STR_ARG(what));
}

static inline void assert_verified(void) {
    struct verify_totals totals;
    assert_status(verify_database(database, print_finding, NULL, &totals), ST_OK);
    assert_int_equal(totals.findings, 0);
}
