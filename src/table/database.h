/* database.h - everything that an operation works on.
 *
 * Purpose:   binds the storage engine, the catalogue and who we say we are.
 * Ownership: database_open takes over the engine; database_close frees both.
 * Threads:   shared by all; fields do not change after opening.
 * Errors:    those of the engine; ST_NEWER for catalogue entries of a later version.
 * Limits:    none of its own.
 */
#pragma once

#include "kv/kv.h"

struct catalogue;

/* A Kinesis-compatible endpoint, and who we are there. */
struct kinesis_access {
    str endpoint; /* "http://127.0.0.1:4567"; absent or empty: none */
    str access_key_id, secret_access_key;
};

struct database_options {
    str region;                    /* "us-east-1"; in ARNs */
    str account_id;                /* twelve digits; in ARNs */
    int64_t status_delay_us;       /* how long CREATING, UPDATING and DELETING are shown at least */
    int64_t ttl_delay_us;          /* how long an item stays after its expiry at least */
    uint32_t stream_shards;        /* open shards of a new stream; 0: 4 */
    int64_t stream_shard_us;       /* after so long, children take their place; 0: 4 hours */
    int64_t stream_retention_us;   /* how long records are kept; 0: 24 hours */
    struct kinesis_access kinesis; /* of streaming destinations */
};

struct database {
    struct kv *kv;
    struct catalogue *catalogue;
    struct arena *arena; /* holds this and the catalogue */
    str region;          /* "us-east-1"; in ARNs */
    str account_id;      /* twelve digits; in ARNs */
    int64_t status_delay_us;
    int64_t ttl_delay_us;
    uint32_t stream_shards;
    int64_t stream_shard_us, stream_retention_us;
    struct kinesis_access kinesis;
};

/* Loads the catalogue and finishes what a crash cut short (tables half deleted). May wait. On
 * failure the engine stays the caller's. */
status database_open(struct kv *kv, const struct database_options *options, struct database **out);
void database_close(struct database *database); /* accepts NULL */
