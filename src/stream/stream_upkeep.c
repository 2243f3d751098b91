/* A closed shard is written to by nobody, so its records are dropped as a range; its marks go when
 * the records are gone, so what a crash cuts short is found and done again. */
#include "stream/stream_upkeep.h"

#include "base/bytes.h"
#include "base/check.h"
#include "item/item_key.h"
#include "stream/delivery.h"
#include "stream/stream.h"
#include "table/catalogue.h"
#include "table/change_log.h"
#include "table/table_key.h"

enum { ARENA_MAX = 64 << 20, KEEP_BYTES = 64 * 1024, PAGE_BYTES = 256 * 1024, PAGE_LOGS = 100 };

/* ---- rolling over ---- */

/* What was opened further ahead than shards live, was by a clock that has been set back since. */
static bool is_due(const struct database *database, const struct change_log *log, int64_t now_us) {
    int64_t age_us = now_us - log->opened_us, life_us = database->stream_shard_us;
    return log->id != 0 && (age_us >= life_us || age_us < -life_us);
}

static void roll(const struct database *database, struct change_log *log, int64_t now_us) {
    if (!is_due(database, log, now_us))
        return;
    log->first_shard += log->shard_count;
    log->opened_us = now_us;
}

static status roll_table(struct database *database, struct scope *scope,
                         const struct table *table) {
    struct table *changed;
    TRY(table_copy(table, &changed));
    roll(database, &changed->stream, scope->now_us);
    roll(database, &changed->destination, scope->now_us);
    status st = catalogue_update(database, scope, table, changed, NULL);
    return st == ST_CONFLICT ? ST_OK : st; /* changed meanwhile: next time */
}

status streams_roll(struct database *database, int64_t now_us, bool *out_more) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    struct scope scope = {.now_us = now_us};
    status first = ST_OK; /* failure: the others go on */
    size_t rolled = 0;
    for (size_t i = 0; i < tables->count && rolled < UPKEEP_PART; i++) {
        const struct table *table = tables->tables[i];
        if (table->status == TABLE_DELETING || (!is_due(database, &table->stream, now_us) &&
                                                !is_due(database, &table->destination, now_us)))
            continue;
        scope.arena = arena_new(ARENA_MAX);
        scope.scratch = scope.arena;
        status st = roll_table(database, &scope, table);
        arena_free(scope.arena);
        rolled += st == ST_OK;
        first = first == ST_OK ? st : first;
    }
    *out_more = rolled == UPKEEP_PART;
    catalogue_release(tables);
    return first;
}

/* ---- trimming ---- */

struct trim {
    struct database *database;
    int64_t now_us;
    struct arena *arena; /* of a log's shards */
    struct arena *pages; /* of logs */
    size_t dropped;      /* shards */
};

struct keys_to_delete {
    str keys[2 * UPKEEP_PART];
    size_t count;
};

static status delete_body(struct kv_txn *txn, void *context) {
    const struct keys_to_delete *doomed = context;
    for (size_t i = 0; i < doomed->count; i++)
        kv_txn_delete(txn, doomed->keys[i]);
    return ST_OK;
}

static status delete_keys(struct kv *kv, struct keys_to_delete *doomed) {
    struct kv_keys keys = {
        .exclusive = doomed->keys, .exclusive_count = doomed->count, .frees_space = true};
    uint64_t ticket;
    if (doomed->count == 0)
        return ST_OK;
    TRY(kv_update(kv, &keys, delete_body, doomed, &ticket));
    return kv_ticket_wait(kv, ticket);
}

/* A shard that never had a record needs no tombstone. */
static status drop_records(const struct trim *trim, const struct log_shard *shard) {
    struct kv_range range = {
        .from = log_record_key(trim->arena, shard->log_id, shard->number, (struct log_position){}),
        .to =
            log_record_key(trim->arena, shard->log_id, shard->number + 1, (struct log_position){})};
    struct kv_page page;
    TRY(kv_scan(trim->database->kv, NULL, trim->arena, &range, 1, 1, &page));
    return page.count == 0 ? ST_OK : kv_drop_range(trim->database->kv, range.from, range.to);
}

/* Shards close in the order of their numbers. *out_left: some are still there. */
static status trim_shards(struct trim *trim, const struct log_description *log, bool *out_left) {
    str from = log_shard_key(trim->arena, log->id, 0);
    struct kv_range range = {.from = from, .to = log_shard_key(trim->arena, log->id + 1, 0)};
    struct keys_to_delete doomed = {};
    struct kv_page page;
    TRY(kv_scan(trim->database->kv, NULL, trim->arena, &range, 2 * UPKEEP_PART, PAGE_BYTES, &page));
    *out_left = page.more;
    for (size_t at = 0, used; at < page.count; at += used) {
        struct log_shard shard;
        TRY(log_shard_decode(&page.pairs[at], page.count - at, &shard, &used));
        if (!stream_is_past(trim->database, shard.closed_us, trim->now_us)) {
            *out_left = true;
            break;
        }
        TRY(drop_records(trim, &shard));
        trim->dropped++;
        for (size_t i = 0; i < used; i++)
            doomed.keys[doomed.count++] = page.pairs[at + i].key;
    }
    return delete_keys(trim->database->kv, &doomed);
}

static status trim_log(struct trim *trim, const kv_pair *pair) {
    struct log_description log;
    bool left;
    TRY(log_description_decode(pair->key, pair->value, &log));
    TRY(trim_shards(trim, &log, &left));
    if (left || !stream_is_past(trim->database, log.closed_us, trim->now_us))
        return ST_OK;
    str cursors = delivery_key(trim->arena, log.id);
    struct keys_to_delete doomed = {.keys = {pair->key, cursors}, .count = 2};
    return delete_keys(trim->database->kv, &doomed);
}

static void walk_behind(struct stream_trim_walk *walk, str key) {
    CHECK(key.len < sizeof walk->from);
    memcpy(walk->from, key.ptr, key.len);
    walk->from[key.len] = 0;
    walk->from_len = key.len + 1;
}

/* A log that fails is tried again with the next walk; this one goes on behind it. */
static status trim_page(struct trim *trim, struct stream_trim_walk *walk, bool *out_ended) {
    str prefix = log_description_key(trim->pages, walk->kind, (str){}, 0);
    struct kv_range range = {.from = prefix, .to = key_prefix_end(prefix, trim->pages)};
    struct kv_page page;
    status first = ST_OK;
    size_t i = 0;
    if (walk->from_len > 0)
        range.from = (str){walk->from, walk->from_len};
    TRY(kv_scan(trim->database->kv, NULL, trim->pages, &range, PAGE_LOGS, PAGE_BYTES, &page));
    for (; i < page.count && trim->dropped < UPKEEP_PART; i++) {
        arena_reset(trim->arena, KEEP_BYTES);
        status st = trim_log(trim, &page.pairs[i]);
        first = first == ST_OK ? st : first;
        walk_behind(walk, page.pairs[i].key);
    }
    *out_ended = i == page.count && !page.more;
    return first;
}

status streams_trim(struct database *database, struct stream_trim_walk *walk, int64_t now_us,
                    bool *out_more) {
    struct trim trim = {.database = database,
                        .now_us = now_us,
                        .arena = arena_new(ARENA_MAX),
                        .pages = arena_new(ARENA_MAX)};
    bool ended = false;
    if (walk->kind == 0)
        walk->kind = LOG_OF_STREAM;
    status st = trim_page(&trim, walk, &ended);
    *out_more = !ended || walk->kind == LOG_OF_STREAM;
    if (ended)
        *walk = (struct stream_trim_walk){.kind = *out_more ? LOG_OF_DESTINATION : LOG_OF_STREAM};
    arena_free(trim.arena);
    arena_free(trim.pages);
    return st;
}
