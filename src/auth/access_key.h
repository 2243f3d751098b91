/* access_key.h - an access key, and the signing key that was made of it last.
 *
 * Purpose:   what a signature is checked by, found without a lock.
 * Ownership: counted; the secret is wiped with the last reference.
 * Threads:   any.
 * Errors:    none.
 * Limits:    SIGV4_SECRET_MAX.
 *
 * A signing key lasts a day in one region for one service. The last one is kept beside its key,
 * under a sequence number: odd while it is written. Whoever reads it and meets a writer makes its
 * own; whoever would write and meets a writer doesn't.
 */
#pragma once

#include "auth/sigv4.h"

#include <stdatomic.h>

enum { SIGNING_DAY_LEN = 8, SIGNING_WORDS = sizeof(struct hmac_key) / sizeof(uint64_t) };

struct signing_slot {
    atomic_uint sequence;
    _Atomic uint64_t day; /* "20150830", as it lies in memory; 0: none yet */
    _Atomic uint64_t words[SIGNING_WORDS];
};

/* The key for a day, the region and service being always the same for one slot. */
void signing_slot_key(struct signing_slot *slot, str secret, const struct sigv4_claim *claim,
                      struct hmac_key *out);

struct access_key {
    atomic_uint references;
    bool active;
    bool given; /* by the configuration */
    str id, secret;
    str user; /* absent: the root's */
    int64_t created_us;
    struct signing_slot signing;
};

/* Counted, 1. */
struct access_key *access_key_new(str id, str secret, str user);
void access_key_ref(struct access_key *key);
size_t access_key_bytes(const struct access_key *key);
void access_key_unref(struct access_key *key); /* accepts NULL */
