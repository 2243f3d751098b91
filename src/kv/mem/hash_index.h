/* hash_index.h - entries by hash, that grows a bucket at a time.
 *
 * Purpose:   a find by key without a walk down a skip list, whose steps are cache misses. Linear
 *            hashing: there is no moment in which all entries move, so nobody waits for one.
 * Ownership: entries are the caller's and embed struct hash_entry; the index owns its buckets.
 * Threads:   one that adds or removes, alone, or any number that look.
 * Errors:    none.
 * Limits:    HASH_SEGMENTS_MAX: more buckets than memory could hold entries for.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HASH_SEGMENTS_MAX = 40, HASH_BUCKETS_FIRST = 256 };

struct hash_entry {
    struct hash_entry *next; /* in its bucket */
    uint64_t hash;
};

struct hash_index {
    /* The first has HASH_BUCKETS_FIRST buckets, each other one as many as all before it. */
    struct hash_entry **segments[HASH_SEGMENTS_MAX];
    size_t count;   /* entries */
    size_t buckets; /* in use */
    size_t low;     /* the largest power of two times the first that is not above `buckets` */
};

void hash_index_init(struct hash_index *index);
void hash_index_done(struct hash_index *index);
void hash_index_add(struct hash_index *index, struct hash_entry *entry);
void hash_index_remove(struct hash_index *index, struct hash_entry *entry);
/* The first of those that may have this hash; the caller compares hash and key on the way. */
struct hash_entry *hash_index_first(const struct hash_index *index, uint64_t hash);
