#include "table/database.h"

#include "table/catalogue.h"

enum { ARENA_BYTES_MAX = 64 * 1024, STREAM_SHARDS = 4 };
static const int64_t stream_shard_us = 4 * 3600 * (int64_t)1000000;
static const int64_t stream_retention_us = 24 * 3600 * (int64_t)1000000;

status database_open(struct kv *kv, const struct database_options *options, struct database **out) {
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct database *database = arena_struct(arena, struct database);
    database->arena = arena;
    database->kv = kv;
    database->region = arena_copy(arena, options->region);
    database->account_id = arena_copy(arena, options->account_id);
    database->status_delay_us = options->status_delay_us;
    database->stream_shards = options->stream_shards ? options->stream_shards : STREAM_SHARDS;
    database->stream_shard_us =
        options->stream_shard_us ? options->stream_shard_us : stream_shard_us;
    database->stream_retention_us =
        options->stream_retention_us ? options->stream_retention_us : stream_retention_us;
    database->ttl_delay_us = options->ttl_delay_us;
    database->kinesis = (struct kinesis_access){
        .endpoint = arena_copy(arena, options->kinesis.endpoint),
        .access_key_id = arena_copy(arena, options->kinesis.access_key_id),
        .secret_access_key = arena_copy(arena, options->kinesis.secret_access_key)};
    status st = catalogue_load(database);
    if (st != ST_OK) {
        arena_free(arena);
        return st;
    }
    *out = database;
    return ST_OK;
}

void database_close(struct database *database) {
    if (database == NULL)
        return;
    kv_close(database->kv);
    catalogue_close(database->catalogue);
    arena_free(database->arena);
}
