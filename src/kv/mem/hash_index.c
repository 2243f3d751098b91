#include "kv/mem/hash_index.h"

#include "base/check.h"

#include <stdlib.h>

static struct hash_entry **segment_new(size_t buckets) {
    struct hash_entry **segment = calloc(buckets, sizeof(struct hash_entry *));
    CHECK(segment != NULL);
    return segment;
}

void hash_index_init(struct hash_index *index) {
    *index = (struct hash_index){.buckets = HASH_BUCKETS_FIRST, .low = HASH_BUCKETS_FIRST};
    index->segments[0] = segment_new(HASH_BUCKETS_FIRST);
}

void hash_index_done(struct hash_index *index) {
    for (size_t i = 0; i < HASH_SEGMENTS_MAX; i++)
        free(index->segments[i]);
    *index = (struct hash_index){};
}

static size_t bucket_of(const struct hash_index *index, uint64_t hash) {
    size_t bucket = hash & (index->low * 2 - 1);
    return bucket < index->buckets ? bucket : hash & (index->low - 1);
}

/* Segment k > 0 begins with bucket FIRST << (k - 1). */
static struct hash_entry **head_of(const struct hash_index *index, size_t bucket) {
    size_t times = bucket / HASH_BUCKETS_FIRST;
    if (times == 0)
        return &index->segments[0][bucket];
    unsigned log = 63 - (unsigned)__builtin_clzl(times);
    return &index->segments[log + 1][bucket - ((size_t)HASH_BUCKETS_FIRST << log)];
}

struct hash_entry *hash_index_first(const struct hash_index *index, uint64_t hash) {
    return *head_of(index, bucket_of(index, hash));
}

/* One more bucket: it takes over what is its own of the one that it divides. */
static void grow(struct hash_index *index) {
    size_t fresh = index->buckets, divided = fresh - index->low;
    if (divided == 0) {
        unsigned log = 63 - (unsigned)__builtin_clzl(fresh / HASH_BUCKETS_FIRST);
        CHECK(log + 1 < HASH_SEGMENTS_MAX);
        index->segments[log + 1] = segment_new(fresh);
    }
    struct hash_entry **from = head_of(index, divided), **to = head_of(index, fresh);
    while (*from != NULL) {
        struct hash_entry *entry = *from;
        if ((entry->hash & (index->low * 2 - 1)) == fresh) {
            *from = entry->next;
            entry->next = *to;
            *to = entry;
        } else {
            from = &entry->next;
        }
    }
    index->buckets++;
    if (index->buckets == index->low * 2)
        index->low *= 2;
}

void hash_index_add(struct hash_index *index, struct hash_entry *entry) {
    if (index->count >= index->buckets)
        grow(index);
    struct hash_entry **head = head_of(index, bucket_of(index, entry->hash));
    entry->next = *head;
    *head = entry;
    index->count++;
}

void hash_index_remove(struct hash_index *index, struct hash_entry *entry) {
    struct hash_entry **at = head_of(index, bucket_of(index, entry->hash));
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    index->count--;
}
