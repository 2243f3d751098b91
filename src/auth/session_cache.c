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
        pthread_mutex_unlock(&stripe->lock);
    }
}

void session_cache_done(struct session_cache *cache) {
    session_cache_clear(cache);
    for (size_t i = 0; i < SESSION_STRIPES; i++)
        pthread_mutex_destroy(&cache->stripes[i].lock);
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

struct session *session_cache_add(struct session_cache *cache, str token, struct access_key *key,
                                  struct principal *principal) {
    struct session *session = calloc(1, sizeof *session + token.len);
    CHECK(session != NULL);
    memcpy(session + 1, token.ptr, token.len);
    *session = (struct session){.hash = hash_bytes(token),
                                .token = {(const char *)(session + 1), token.len},
                                .key = key,
                                .principal = principal};
    atomic_init(&session->references, 2);
    struct session_stripe *stripe = &cache->stripes[session->hash % SESSION_STRIPES];
    pthread_mutex_lock(&stripe->lock);
    size_t way = way_of(stripe, session->hash, token); /* another thread may have been quicker */
    for (size_t i = 0, oldest = 0; way == SESSION_WAYS && i <= SESSION_WAYS; i++) {
        if (i == SESSION_WAYS)
            way = oldest;
        else if (stripe->used[i] < stripe->used[oldest])
            oldest = i;
    }
    struct session *old = stripe->entries[way];
    stripe->entries[way] = session;
    stripe->used[way] = ++stripe->clock;
    pthread_mutex_unlock(&stripe->lock);
    session_unref(old);
    return session;
}
