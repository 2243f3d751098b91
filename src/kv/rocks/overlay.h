/* overlay.h - values that are accepted but not yet durable.
 *
 * Purpose:   a body must see the newest accepted value of a key it named; RocksDB knows it only
 *            after its group was committed. Until then it is found here.
 * Ownership: an entry belongs to the list of its group, until overlay_release frees it or hands it
 *            to the read cache.
 * Threads:   any. One key is put and found only under its latch; buckets are guarded by locks.
 * Errors:    none.
 * Limits:    what two groups hold (GROUP_BYTES_MAX, GROUP_UPDATES_MAX).
 */
#pragma once

#include "base/arena.h"
#include "kv/rocks/kept_value.h"

#include <pthread.h>

enum { OVERLAY_SHARDS = 32, OVERLAY_BUCKETS = 128 };

struct read_cache;

struct overlay_shard {
    _Alignas(64) pthread_mutex_t lock;
    struct kept_value *buckets[OVERLAY_BUCKETS];
};

struct overlay {
    struct overlay_shard shards[OVERLAY_SHARDS];
};

void overlay_init(struct overlay *overlay);
void overlay_done(struct overlay *overlay); /* all must be released */

/* Replaces an older value of the key; an absent value says "deleted". */
void overlay_put(struct overlay *overlay, str key, uint64_t hash, str value, uint64_t group,
                 struct kept_value **group_list);
/* False when the newest value is durable. *out_value is absent when the key was deleted. */
bool overlay_find(struct overlay *overlay, struct arena *arena, str key, uint64_t hash,
                  str *out_value, uint64_t *out_group);
/* Forgets the entries of a group, save those a newer one has replaced already. The values go to
 * `cache`, which may be NULL: when they are not what the group left behind. */
void overlay_release(struct overlay *overlay, struct kept_value **group_list,
                     struct read_cache *cache);
