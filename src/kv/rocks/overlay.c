#include "kv/rocks/overlay.h"

#include "base/check.h"

#include <stdlib.h>

struct overlay_entry {
    struct overlay_entry *chain;      /* in its bucket */
    struct overlay_entry *group_next; /* in the list of its group */
    uint64_t hash, group;
    size_t key_len, value_len;
    bool deleted;
    bool linked; /* in a bucket: not yet replaced */
    char bytes[];
};

void overlay_init(struct overlay *overlay) {
    memset(overlay, 0, sizeof *overlay);
    for (size_t i = 0; i < OVERLAY_SHARDS; i++)
        pthread_mutex_init(&overlay->shards[i].lock, NULL);
}

void overlay_done(struct overlay *overlay) {
    for (size_t i = 0; i < OVERLAY_SHARDS; i++) {
        for (size_t j = 0; j < OVERLAY_BUCKETS; j++)
            CHECK(overlay->shards[i].buckets[j] == NULL);
        pthread_mutex_destroy(&overlay->shards[i].lock);
    }
}

static struct overlay_shard *shard_of(struct overlay *overlay, uint64_t hash) {
    return &overlay->shards[(hash >> 40) % OVERLAY_SHARDS];
}

/* Where the entry of a key hangs, or would. */
static struct overlay_entry **place_of(struct overlay_shard *shard, str key, uint64_t hash) {
    struct overlay_entry **at = &shard->buckets[(hash >> 48) % OVERLAY_BUCKETS];
    while (*at != NULL &&
           !((*at)->hash == hash && str_eq((str){(*at)->bytes, (*at)->key_len}, key)))
        at = &(*at)->chain;
    return at;
}

static void unlink_at(struct overlay_entry **at) {
    struct overlay_entry *entry = *at;
    *at = entry->chain;
    entry->linked = false;
}

void overlay_put(struct overlay *overlay, str key, uint64_t hash, str value, uint64_t group,
                 struct overlay_entry **group_list) {
    struct overlay_entry *entry = malloc(sizeof *entry + key.len + value.len);
    CHECK(entry != NULL);
    *entry = (struct overlay_entry){.hash = hash,
                                    .group = group,
                                    .group_next = *group_list,
                                    .key_len = key.len,
                                    .value_len = value.len,
                                    .deleted = value.ptr == NULL,
                                    .linked = true};
    memcpy(entry->bytes, key.ptr, key.len);
    if (value.len)
        memcpy(entry->bytes + key.len, value.ptr, value.len);
    *group_list = entry;

    struct overlay_shard *shard = shard_of(overlay, hash);
    pthread_mutex_lock(&shard->lock);
    struct overlay_entry **at = place_of(shard, key, hash);
    if (*at != NULL)
        unlink_at(at);
    entry->chain = *at;
    *at = entry;
    pthread_mutex_unlock(&shard->lock);
}

bool overlay_find(struct overlay *overlay, struct arena *arena, str key, uint64_t hash,
                  str *out_value, uint64_t *out_group) {
    struct overlay_shard *shard = shard_of(overlay, hash);
    pthread_mutex_lock(&shard->lock);
    const struct overlay_entry *entry = *place_of(shard, key, hash);
    if (entry != NULL) {
        str value = {entry->bytes + entry->key_len, entry->value_len};
        *out_value = entry->deleted ? (str){} : arena_copy(arena, value);
        *out_group = entry->group;
    }
    pthread_mutex_unlock(&shard->lock);
    return entry != NULL;
}

void overlay_release(struct overlay *overlay, struct overlay_entry **group_list) {
    while (*group_list != NULL) {
        struct overlay_entry *entry = *group_list;
        struct overlay_shard *shard = shard_of(overlay, entry->hash);
        pthread_mutex_lock(&shard->lock);
        if (entry->linked) {
            struct overlay_entry **at =
                place_of(shard, (str){entry->bytes, entry->key_len}, entry->hash);
            CHECK(*at == entry);
            unlink_at(at);
        }
        pthread_mutex_unlock(&shard->lock);
        *group_list = entry->group_next;
        free(entry);
    }
}
