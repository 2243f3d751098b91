/* read_cache.h - values and short pages as they are committed, in front of RocksDB.
 *
 * Purpose:   a find in RocksDB costs 4 µs from its memory tables and 5 to 8 from cached blocks, a
 *            page of ten items 15 to 60; one here 0.2 to 1. Measured: docs/performance.md.
 * Ownership: the cache owns what it keeps; found bytes are copied into the caller's arena.
 * Threads:   any may look and keep; writing, written and take are the committer's alone. A look
 *            that meets another one in its shard does not wait, but finds nothing.
 * Errors:    none: what isn't found is read from RocksDB.
 * Limits:    bytes_max in all, kept values and their keys; READ_CACHE_VALUE_MAX each.
 *
 * What is found is what RocksDB would have answered at some moment of the call. Every key, and
 * every neighbourhood (the keys that begin with the same NEIGHBOURS bytes), falls into a slot that
 * has a version. The committer makes the versions of all slots that a group touches odd before the
 * group becomes visible, and even again, and greater, behind that. An entry holds for the version
 * that was read before RocksDB was asked. So an entry found by an even version is of the state
 * since the last write; and a value that anybody has seen is never followed by an older one, as
 * its slot has moved on before it could be seen.
 *
 * An entry is made of what was asked for twice, or was just written: one pass over a table larger
 * than memory leaves little behind.
 */
#pragma once

#include "kv/kv.h"
#include "kv/rocks/kept_value.h"

#include <stdatomic.h>

enum {
    READ_CACHE_VALUE_MAX = 64 * 1024,
    READ_CACHE_NEIGHBOURS = 11, /* space, table, index and hash of a partition (table_key.h) */
};

struct read_cache;

struct read_cache *read_cache_new(size_t bytes_max);
void read_cache_free(struct read_cache *cache);

/* ---- reading ---- */

/* What is looked for; filled by read_cache_value or read_cache_page. */
struct cache_look {
    str key; /* of a value; of a page all that makes it what it is */
    bool page;
    bool keep; /* worth an entry */
    uint64_t hash, version;
    uint32_t slot;
};

void read_cache_value(struct cache_look *look, str key, uint64_t key_hash);
/* False for a range whose ends are of different neighbourhoods: no such pages are kept. */
bool read_cache_page(struct cache_look *look, const struct kv_range *range, size_t count_max,
                     size_t bytes_max, struct arena *arena);

/* *out_value is absent when it is known that there is none. */
bool read_cache_find(struct read_cache *cache, struct cache_look *look, struct arena *arena,
                     str *out_value);
bool read_cache_find_page(struct read_cache *cache, struct cache_look *look, struct arena *arena,
                          struct kv_page *out);
/* What RocksDB answered after a find in vain. */
void read_cache_keep(struct read_cache *cache, const struct cache_look *look, str value);
void read_cache_keep_page(struct read_cache *cache, const struct cache_look *look,
                          const struct kv_page *page, struct arena *arena);

/* ---- writing ---- */

/* The slots that a group touches. All zero is an empty list. */
struct touched {
    uint32_t *slots;
    size_t count, size;
    bool all; /* a range was dropped */
};

void touched_add(struct touched *touched, str key, uint64_t key_hash);
void touched_clear(struct touched *touched);
void touched_free(struct touched *touched);

/* Around the moment in which a group becomes visible, or fails to. */
void read_cache_writing(struct read_cache *cache, const struct touched *touched);
void read_cache_written(struct read_cache *cache, const struct touched *touched);
/* Nothing that was kept is true any more. */
void read_cache_forget(struct read_cache *cache);
/* After read_cache_written: the value that this group gave the key. Takes it over. */
void read_cache_take(struct read_cache *cache, struct kept_value *value);

struct read_cache_stats {
    uint64_t hits, bytes, bytes_max;
};
void read_cache_stats(struct read_cache *cache, struct read_cache_stats *out);
