#include "kv/rocks/read_cache.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    SHARDS = 32,
    SLOTS = 64 * 1024,
    MISSES = 1024 * 1024, /* a byte each: a million keys are told apart from one pass over them */
    BYTES_A_BUCKET = 256, /* about a small entry */
    ENTRY_OVERHEAD = sizeof(struct kept_value) + 16, /* and the heap's own */
    SECOND_CHANCES = 16,
};

struct cache_shard {
    _Alignas(64) pthread_mutex_t lock;
    struct kept_value **buckets;
    struct kept_value *newest, *oldest;
    size_t bytes;
    uint64_t hits;
};

struct read_cache {
    _Atomic uint64_t all; /* a version of everything */
    _Atomic uint64_t *versions;
    _Atomic uint8_t *missed; /* by hash: what was last looked for in vain */
    size_t shard_bytes_max, buckets;
    struct cache_shard shards[SHARDS];
};

static uint32_t slot_of(uint64_t hash) {
    return (uint32_t)(hash % SLOTS);
}

static struct cache_shard *shard_of(struct read_cache *cache, uint64_t hash) {
    return &cache->shards[(hash >> 16) % SHARDS];
}

static uint64_t neighbourhood(str key) {
    size_t len = key.len < READ_CACHE_NEIGHBOURS ? key.len : READ_CACHE_NEIGHBOURS;
    return hash_bytes(str_slice(key, 0, len));
}

struct read_cache *read_cache_new(size_t bytes_max) {
    struct read_cache *cache = aligned_alloc(_Alignof(struct read_cache), sizeof *cache);
    CHECK(cache != NULL);
    memset(cache, 0, sizeof *cache);
    cache->shard_bytes_max = bytes_max / SHARDS;
    cache->buckets = cache->shard_bytes_max / BYTES_A_BUCKET + 1;
    /* Of these only what is used becomes memory. */
    cache->versions = calloc(SLOTS, sizeof cache->versions[0]);
    cache->missed = calloc(MISSES, sizeof cache->missed[0]);
    CHECK(cache->versions != NULL && cache->missed != NULL);
    for (size_t i = 0; i < SHARDS; i++) {
        struct cache_shard *shard = &cache->shards[i];
        pthread_mutex_init(&shard->lock, NULL);
        shard->buckets = calloc(cache->buckets, sizeof shard->buckets[0]);
        CHECK(shard->buckets != NULL);
    }
    return cache;
}

void read_cache_free(struct read_cache *cache) {
    for (size_t i = 0; i < SHARDS; i++) {
        struct cache_shard *shard = &cache->shards[i];
        while (shard->newest != NULL) {
            struct kept_value *kept = shard->newest;
            shard->newest = kept->next;
            free(kept);
        }
        free(shard->buckets);
        pthread_mutex_destroy(&shard->lock);
    }
    free(cache->missed);
    free(cache->versions);
    free(cache);
}

/* ---- the entries of a shard; its lock is held ---- */

static struct kept_value **place_of(const struct read_cache *cache, struct cache_shard *shard,
                                    const struct cache_look *look) {
    struct kept_value **at = &shard->buckets[(look->hash >> 24) % cache->buckets];
    while (*at != NULL && !((*at)->hash == look->hash && (*at)->page == look->page &&
                            str_eq(kept_key(*at), look->key)))
        at = &(*at)->chain;
    return at;
}

static size_t cost_of(const struct kept_value *kept) {
    return kept->key_len + kept->value_len + ENTRY_OVERHEAD;
}

static void age_unlink(struct cache_shard *shard, struct kept_value *kept) {
    *(kept->previous != NULL ? &kept->previous->next : &shard->newest) = kept->next;
    *(kept->next != NULL ? &kept->next->previous : &shard->oldest) = kept->previous;
}

static void age_first(struct cache_shard *shard, struct kept_value *kept) {
    kept->previous = NULL;
    kept->next = shard->newest;
    *(shard->newest != NULL ? &shard->newest->previous : &shard->oldest) = kept;
    shard->newest = kept;
}

static void drop_at(struct cache_shard *shard, struct kept_value **at) {
    struct kept_value *kept = *at;
    *at = kept->chain;
    age_unlink(shard, kept);
    shard->bytes -= cost_of(kept);
    free(kept);
}

static void make_room(struct read_cache *cache, struct cache_shard *shard) {
    for (int chances = 0; shard->bytes > cache->shard_bytes_max && shard->oldest != NULL;) {
        struct kept_value *kept = shard->oldest;
        if (kept->used && chances++ < SECOND_CHANCES) {
            kept->used = false;
            age_unlink(shard, kept);
            age_first(shard, kept);
            continue;
        }
        struct cache_look look = {.key = kept_key(kept), .page = kept->page, .hash = kept->hash};
        drop_at(shard, place_of(cache, shard, &look));
    }
}

/* Takes it over. */
static void add(struct read_cache *cache, const struct cache_look *look, struct kept_value *kept) {
    struct cache_shard *shard = shard_of(cache, look->hash);
    pthread_mutex_lock(&shard->lock);
    struct kept_value **at = place_of(cache, shard, look);
    if (*at != NULL)
        drop_at(shard, at);
    kept->chain = *at;
    *at = kept;
    age_first(shard, kept);
    shard->bytes += cost_of(kept);
    make_room(cache, shard);
    pthread_mutex_unlock(&shard->lock);
}

/* ---- versions ---- */

/* False while what the slot stands for is being written. */
static bool version_read(struct read_cache *cache, uint32_t slot, uint64_t *out) {
    uint64_t all = atomic_load(&cache->all), own = atomic_load(&cache->versions[slot]);
    *out = all + own; /* neither ever becomes less, so equal sums are of equal parts */
    return all % 2 == 0 && own % 2 == 0;
}

/* ---- reading ---- */

void read_cache_value(struct cache_look *look, str key, uint64_t key_hash) {
    *look = (struct cache_look){.key = key, .hash = key_hash, .slot = slot_of(key_hash)};
}

bool read_cache_page(struct cache_look *look, const struct kv_range *range, size_t count_max,
                     size_t bytes_max, struct arena *arena) {
    if (range->to.ptr == NULL || range->from.len < READ_CACHE_NEIGHBOURS ||
        range->to.len < READ_CACHE_NEIGHBOURS ||
        memcmp(range->from.ptr, range->to.ptr, READ_CACHE_NEIGHBOURS) != 0)
        return false;
    enum { FIXED = 4 + 8 + 8 + 1 };
    char *bytes = arena_bytes(arena, FIXED + range->from.len + range->to.len);
    put_be32(bytes, (uint32_t)range->from.len);
    put_be64(bytes + 4, count_max);
    put_be64(bytes + 12, bytes_max);
    bytes[20] = (char)range->backward;
    memcpy(bytes + FIXED, range->from.ptr, range->from.len);
    memcpy(bytes + FIXED + range->from.len, range->to.ptr, range->to.len);
    str key = {bytes, FIXED + range->from.len + range->to.len};
    *look = (struct cache_look){.key = key,
                                .page = true,
                                .hash = hash_bytes(key),
                                .slot = slot_of(neighbourhood(range->from))};
    return true;
}

/* Whether the same was looked for in vain lately; if not, it is from now on. */
static bool was_missed(struct read_cache *cache, uint64_t hash) {
    _Atomic uint8_t *missed = &cache->missed[hash % MISSES];
    uint8_t tag = (uint8_t)((hash >> 56) | 1);
    if (atomic_load_explicit(missed, memory_order_relaxed) == tag)
        return true;
    atomic_store_explicit(missed, tag, memory_order_relaxed);
    return false;
}

bool read_cache_find(struct read_cache *cache, struct cache_look *look, struct arena *arena,
                     str *out_value) {
    look->keep = false;
    if (!version_read(cache, look->slot, &look->version))
        return false;
    struct cache_shard *shard = shard_of(cache, look->hash);
    if (pthread_mutex_trylock(&shard->lock) != 0)
        return false;
    struct kept_value **at = place_of(cache, shard, look), *kept = *at;
    bool found = kept != NULL && kept->of == look->version;
    if (found) {
        *out_value = kept->absent ? (str){} : arena_copy(arena, kept_bytes(kept));
        kept->used = true;
        shard->hits++;
    }
    pthread_mutex_unlock(&shard->lock);
    /* What was kept once and has been written since is wanted again. */
    look->keep = !found && (kept != NULL || was_missed(cache, look->hash));
    return found;
}

void read_cache_keep(struct read_cache *cache, const struct cache_look *look, str value) {
    uint64_t now;
    if (!look->keep || look->key.len + value.len > READ_CACHE_VALUE_MAX ||
        !version_read(cache, look->slot, &now) || now != look->version)
        return;
    struct kept_value *kept = malloc(sizeof *kept + look->key.len + value.len);
    CHECK(kept != NULL);
    *kept = (struct kept_value){.hash = look->hash,
                                .of = look->version,
                                .key_len = (uint32_t)look->key.len,
                                .value_len = (uint32_t)value.len,
                                .absent = value.ptr == NULL,
                                .page = look->page};
    memcpy(kept->bytes, look->key.ptr, look->key.len);
    if (value.len > 0)
        memcpy(kept->bytes + look->key.len, value.ptr, value.len);
    add(cache, look, kept);
}

/* ---- pages: {count (4), more (1)}, then {key length (4), value length (4), key, value} each ----
 */

enum { PAGE_HEAD = 5, PAIR_HEAD = 8 };

bool read_cache_find_page(struct read_cache *cache, struct cache_look *look, struct arena *arena,
                          struct kv_page *out) {
    str bytes;
    if (!read_cache_find(cache, look, arena, &bytes))
        return false;
    *out = (struct kv_page){.count = get_be32(bytes.ptr), .more = bytes.ptr[4] != 0};
    out->pairs = arena_alloc(arena, (out->count + 1) * sizeof out->pairs[0]);
    const char *at = bytes.ptr + PAGE_HEAD;
    for (size_t i = 0; i < out->count; i++) {
        kv_pair pair = {{at + PAIR_HEAD, get_be32(at)}, {NULL, get_be32(at + 4)}};
        pair.value.ptr = pair.key.ptr + pair.key.len;
        at = pair.value.ptr + pair.value.len;
        out->pairs[i] = pair;
    }
    return true;
}

void read_cache_keep_page(struct read_cache *cache, const struct cache_look *look,
                          const struct kv_page *page, struct arena *arena) {
    if (!look->keep)
        return;
    size_t len = PAGE_HEAD;
    for (size_t i = 0; i < page->count; i++)
        len += PAIR_HEAD + page->pairs[i].key.len + page->pairs[i].value.len;
    if (look->key.len + len > READ_CACHE_VALUE_MAX)
        return;
    char *bytes = arena_bytes(arena, len), *at = bytes + PAGE_HEAD;
    put_be32(bytes, (uint32_t)page->count);
    bytes[4] = (char)page->more;
    for (size_t i = 0; i < page->count; i++) {
        const kv_pair *pair = &page->pairs[i];
        put_be32(at, (uint32_t)pair->key.len);
        put_be32(at + 4, (uint32_t)pair->value.len);
        memcpy(at + PAIR_HEAD, pair->key.ptr, pair->key.len);
        at += PAIR_HEAD + pair->key.len;
        if (pair->value.len > 0)
            memcpy(at, pair->value.ptr, pair->value.len);
        at += pair->value.len;
    }
    read_cache_keep(cache, look, (str){bytes, len});
}

/* ---- writing ---- */

static void touched_slot(struct touched *touched, uint32_t slot) {
    if (touched->count == touched->size) {
        touched->size = touched->size ? touched->size * 2 : 64;
        touched->slots = realloc(touched->slots, touched->size * sizeof touched->slots[0]);
        CHECK(touched->slots != NULL);
    }
    touched->slots[touched->count++] = slot;
}

void touched_add(struct touched *touched, str key, uint64_t key_hash) {
    touched_slot(touched, slot_of(key_hash));
    touched_slot(touched, slot_of(neighbourhood(key)));
}

void touched_clear(struct touched *touched) {
    touched->count = 0;
    touched->all = false;
}

void touched_free(struct touched *touched) {
    free(touched->slots);
    *touched = (struct touched){};
}

/* Both tell a slot's second mention by its version's parity: nobody else changes versions. */
void read_cache_writing(struct read_cache *cache, const struct touched *touched) {
    for (size_t i = 0; i < touched->count; i++) {
        _Atomic uint64_t *version = &cache->versions[touched->slots[i]];
        if (atomic_load_explicit(version, memory_order_relaxed) % 2 == 0)
            atomic_fetch_add(version, 1);
    }
    if (touched->all)
        atomic_fetch_add(&cache->all, 1);
}

void read_cache_written(struct read_cache *cache, const struct touched *touched) {
    for (size_t i = 0; i < touched->count; i++) {
        _Atomic uint64_t *version = &cache->versions[touched->slots[i]];
        if (atomic_load_explicit(version, memory_order_relaxed) % 2 != 0)
            atomic_fetch_add(version, 1);
    }
    if (touched->all)
        atomic_fetch_add(&cache->all, 1);
}

void read_cache_forget(struct read_cache *cache) {
    atomic_fetch_add(&cache->all, 2);
}

void read_cache_take(struct read_cache *cache, struct kept_value *value) {
    struct cache_look look = {.key = kept_key(value), .hash = value->hash};
    if (look.key.len + value->value_len > READ_CACHE_VALUE_MAX ||
        !version_read(cache, slot_of(value->hash), &value->of)) {
        free(value);
        return;
    }
    value->page = value->used = false;
    add(cache, &look, value);
}

void read_cache_stats(struct read_cache *cache, struct read_cache_stats *out) {
    *out = (struct read_cache_stats){.bytes_max = cache->shard_bytes_max * SHARDS};
    for (size_t i = 0; i < SHARDS; i++) {
        struct cache_shard *shard = &cache->shards[i];
        pthread_mutex_lock(&shard->lock);
        out->hits += shard->hits;
        out->bytes += shard->bytes;
        pthread_mutex_unlock(&shard->lock);
    }
}
