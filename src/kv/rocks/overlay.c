#include "kv/rocks/overlay.h"

#include "base/check.h"
#include "kv/rocks/read_cache.h"

#include <stdlib.h>

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
static struct kept_value **place_of(struct overlay_shard *shard, str key, uint64_t hash) {
    struct kept_value **at = &shard->buckets[(hash >> 48) % OVERLAY_BUCKETS];
    while (*at != NULL && !((*at)->hash == hash && str_eq(kept_key(*at), key)))
        at = &(*at)->chain;
    return at;
}

static void unlink_at(struct kept_value **at) {
    struct kept_value *entry = *at;
    *at = entry->chain;
    entry->linked = false;
}

void overlay_put(struct overlay *overlay, str key, uint64_t hash, str value, uint64_t group,
                 struct kept_value **group_list) {
    struct kept_value *entry = malloc(sizeof *entry + key.len + value.len);
    CHECK(entry != NULL);
    *entry = (struct kept_value){.hash = hash,
                                 .of = group,
                                 .next = *group_list,
                                 .key_len = (uint32_t)key.len,
                                 .value_len = (uint32_t)value.len,
                                 .absent = value.ptr == NULL,
                                 .linked = true};
    memcpy(entry->bytes, key.ptr, key.len);
    if (value.len)
        memcpy(entry->bytes + key.len, value.ptr, value.len);
    *group_list = entry;

    struct overlay_shard *shard = shard_of(overlay, hash);
    pthread_mutex_lock(&shard->lock);
    struct kept_value **at = place_of(shard, key, hash);
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
    const struct kept_value *entry = *place_of(shard, key, hash);
    if (entry != NULL) {
        *out_value = entry->absent ? (str){} : arena_copy(arena, kept_bytes(entry));
        *out_group = entry->of;
    }
    pthread_mutex_unlock(&shard->lock);
    return entry != NULL;
}

/* Whether it was the newest of its key. */
static bool unlink_newest(struct overlay *overlay, struct kept_value *entry) {
    struct overlay_shard *shard = shard_of(overlay, entry->hash);
    pthread_mutex_lock(&shard->lock);
    bool newest = entry->linked;
    if (newest) {
        struct kept_value **at = place_of(shard, kept_key(entry), entry->hash);
        CHECK(*at == entry);
        unlink_at(at);
    }
    pthread_mutex_unlock(&shard->lock);
    return newest;
}

void overlay_release(struct overlay *overlay, struct kept_value **group_list,
                     struct read_cache *cache) {
    while (*group_list != NULL) {
        struct kept_value *entry = *group_list;
        *group_list = entry->next;
        bool newest = unlink_newest(overlay, entry);
        if (newest && cache != NULL && !entry->absent)
            read_cache_take(cache, entry);
        else
            free(entry);
    }
}
