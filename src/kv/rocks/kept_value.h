/* kept_value.h - a value in memory, first because it is not durable yet, then because it is likely
 * to be read.
 *
 * Purpose:   one form for the overlay's entries and the read cache's, so that a value goes from the
 *            one to the other, when its group has become durable, without being copied.
 * Ownership: whoever links it; freed with free().
 * Threads:   under the lock of the table it hangs in.
 * Errors:    none.
 * Limits:    none of its own.
 */
#pragma once

#include "base/str.h"

struct kept_value {
    struct kept_value *chain;           /* in its bucket */
    struct kept_value *next, *previous; /* overlay: next of its group; cache: by age */
    uint64_t hash;
    uint64_t of; /* overlay: its group; cache: the version of its slot */
    uint32_t key_len, value_len;
    bool absent; /* the key has no value */
    bool linked; /* overlay: in a bucket, not yet replaced */
    bool page;   /* cache: no value of a key, but a page of a range */
    bool used;   /* cache: found since it was last passed over */
    char bytes[];
};

static inline str kept_key(const struct kept_value *kept) {
    return (str){kept->bytes, kept->key_len};
}

/* Never absent. */
static inline str kept_bytes(const struct kept_value *kept) {
    return (str){kept->bytes + kept->key_len, kept->value_len};
}
