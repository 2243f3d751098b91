/* session_cache.h - sessions that asked lately.
 *
 * Purpose:   a session's token is read, and its own policy is compiled, once and not with each
 *            request. Other policies are its role's or user's, and shared.
 * Ownership: entries are counted.
 * Threads:   any; a lock a stripe, held for a comparison.
 * Errors:    none.
 * Limits:    SESSION_STRIPES × SESSION_WAYS entries, and SESSION_STRIPES × SESSION_STRIPE_BYTES; a
 *            new one takes the place of those that were used longest ago in its stripe.
 */
#pragma once

#include "auth/access_key.h"
#include "iam/access.h"

#include <pthread.h>

enum { SESSION_STRIPES = 64, SESSION_WAYS = 16, SESSION_STRIPE_BYTES = 256 * 1024 };

struct session {
    atomic_uint references;
    uint64_t hash;
    size_t bytes; /* with all that only it holds */
    str token;    /* as it was sent */
    struct access_key *key;
    struct principal *principal;
};

struct session_cache {
    struct session_stripe {
        pthread_mutex_t lock;
        uint64_t clock;
        size_t bytes; /* of the entries */
        struct session *entries[SESSION_WAYS];
        uint64_t used[SESSION_WAYS];
    } stripes[SESSION_STRIPES];
};

void session_cache_init(struct session_cache *cache);
void session_cache_clear(struct session_cache *cache);
void session_cache_done(struct session_cache *cache);
size_t session_cache_bytes(struct session_cache *cache);
/* Counted; NULL when it isn't there. */
struct session *session_cache_find(struct session_cache *cache, str token);
/* Takes the references given over; answers a counted entry. */
struct session *session_cache_add(struct session_cache *cache, str token, struct access_key *key,
                                  struct principal *principal);
void session_unref(struct session *session); /* accepts NULL */
