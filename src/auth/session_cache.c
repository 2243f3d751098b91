#include "auth/session_cache.h"

#include "base/check.h"
#include "base/hash.h"

void session_cache_init(struct session_cache *cache) {
    for (size_t i = 0; i < SESSION_STRIPES; i++)
        pthread_mutex_init(&cache->stripes[i].lock, NULL);
}

static void session_ref(struct session *session) {
    atomic_fetch_add_explicit(&session->references, 1, memory_order_relaxed);
}

void session_unref(struct session *session) {
    if (session == NULL ||
        atomic_fetch_sub_explicit(&session->references, 1, memory_order_acq_rel) > 1)
        return;
    access_key_unref(session->key);
    principal_unref(session->principal);
    free(session);
}

void session_cache_clear(struct session_cache *cache) {
    for (size_t i = 0; i < SESSION_STRIPES; i++) {
        struct session_stripe *stripe = &cache->stripes[i];
        pthread_mutex_lock(&stripe->lock);
        for (size_t j = 0; j < SESSION_WAYS; j++) {
            session_unref(stripe->entries[j]);
            stripe->entries[j] = NULL;
        }
        stripe->bytes = 0;
        pthread_mutex_unlock(&stripe->lock);
    }
}

void session_cache_done(struct session_cache *cache) {
    session_cache_clear(cache);
    for (size_t i = 0; i < SESSION_STRIPES; i++)
        pthread_mutex_destroy(&cache->stripes[i].lock);
}

size_t session_cache_bytes(struct session_cache *cache) {
    size_t bytes = 0;
    for (size_t i = 0; i < SESSION_STRIPES; i++) {
        pthread_mutex_lock(&cache->stripes[i].lock);
        bytes += cache->stripes[i].bytes;
        pthread_mutex_unlock(&cache->stripes[i].lock);
    }
    return bytes;
}

/* Under the stripe's lock. A token is known by who was given it only, and found whole or not at
 * all: that comparing takes longer the more of it is right tells nothing without its hash. */
static size_t way_of(const struct session_stripe *stripe, uint64_t hash, str token) {
    for (size_t i = 0; i < SESSION_WAYS; i++) {
        const struct session *session = stripe->entries[i];
        if (session != NULL && session->hash == hash && str_eq(session->token, token))
            return i;
    }
    return SESSION_WAYS;
}

struct session *session_cache_find(struct session_cache *cache, str token) {
    uint64_t hash = hash_bytes(token);
    struct session_stripe *stripe = &cache->stripes[hash % SESSION_STRIPES];
    struct session *session = NULL;
    pthread_mutex_lock(&stripe->lock);
    size_t way = way_of(stripe, hash, token);
    if (way < SESSION_WAYS) {
        session = stripe->entries[way];
        session_ref(session);
        stripe->used[way] = ++stripe->clock;
    }
    pthread_mutex_unlock(&stripe->lock);
    return session;
}

static struct session *session_new(str token, struct access_key *key, struct principal *principal) {
    struct session *session = calloc(1, sizeof *session + token.len);
    CHECK(session != NULL);
    memcpy(session + 1, token.ptr, token.len);
    *session = (struct session){.hash = hash_bytes(token),
                                .bytes = sizeof *session + token.len + access_key_bytes(key) +
                                         principal_bytes(principal),
                                .token = {(const char *)(session + 1), token.len},
                                .key = key,
                                .principal = principal};
    atomic_init(&session->references, 2);
    return session;
}

/* The way that was used longest ago, or an empty one: it was never used. */
static size_t oldest_way(const struct session_stripe *stripe) {
    size_t oldest = 0;
    for (size_t i = 1; i < SESSION_WAYS; i++)
        if (stripe->used[i] < stripe->used[oldest])
            oldest = i;
    return oldest;
}

/* Of ways that hold something. */
static size_t oldest_entry(const struct session_stripe *stripe) {
    size_t oldest = SESSION_WAYS;
    for (size_t i = 0; i < SESSION_WAYS; i++)
        if (stripe->entries[i] != NULL &&
            (oldest == SESSION_WAYS || stripe->used[i] < stripe->used[oldest]))
            oldest = i;
    return oldest;
}

static struct session *take(struct session_stripe *stripe, size_t way) {
    struct session *session = stripe->entries[way];
    if (session != NULL)
        stripe->bytes -= session->bytes;
    stripe->entries[way] = NULL;
    stripe->used[way] = 0;
    return session;
}

struct session *session_cache_add(struct session_cache *cache, str token, struct access_key *key,
                                  struct principal *principal) {
    struct session *session = session_new(token, key, principal), *gone[SESSION_WAYS + 1];
    struct session_stripe *stripe = &cache->stripes[session->hash % SESSION_STRIPES];
    size_t gone_count = 0;
    pthread_mutex_lock(&stripe->lock);
    size_t way = way_of(stripe, session->hash, token); /* another thread may have been quicker */
    if (way == SESSION_WAYS)
        way = oldest_way(stripe);
    gone[gone_count++] = take(stripe, way);
    while (stripe->bytes > 0 && stripe->bytes + session->bytes > SESSION_STRIPE_BYTES)
        gone[gone_count++] = take(stripe, oldest_entry(stripe));
    stripe->entries[way] = session;
    stripe->bytes += session->bytes;
    stripe->used[way] = ++stripe->clock;
    pthread_mutex_unlock(&stripe->lock);
    for (size_t i = 0; i < gone_count; i++) /* not under the lock */
        session_unref(gone[i]);
    return session;
}
