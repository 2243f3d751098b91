#include "table/database.h"

#include "table/catalogue.h"

enum { ARENA_BYTES_MAX = 64 * 1024 };

status database_open(struct kv *kv, const struct database_options *options, struct database **out) {
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct database *database = arena_struct(arena, struct database);
    database->arena = arena;
    database->kv = kv;
    database->region = arena_copy(arena, options->region);
    database->account_id = arena_copy(arena, options->account_id);
    database->status_delay_us = options->status_delay_us;
    database->ttl_delay_us = options->ttl_delay_us;
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
