/* counters.h - a table from key to a number.
 *
 * Purpose:   what a group adds to counters, and the totals the committer remembers.
 * Ownership: keys are copied.
 * Threads:   one at a time.
 * Errors:    none.
 * Limits:    none of its own: a group's updates, or COUNTERS_KEEP_MAX totals.
 */
#pragma once

#include "base/str.h"

enum { COUNTERS_KEEP_MAX = 64 * 1024 };

struct counter {
    str key; /* heap */
    uint64_t hash;
    int64_t value;
};

struct counters {
    struct counter *list; /* dense, in no order that matters */
    size_t count, size;
    uint32_t *slots; /* index into list + 1, open addressing; a power of two of them */
    size_t slot_count;
};

/* All zero is an empty table. */
void counters_done(struct counters *counters);
void counters_clear(struct counters *counters);
/* The counter of a key, made with value 0 when it is new. Valid until the next call. */
struct counter *counters_at(struct counters *counters, str key, bool *out_new);
/* Forgets those in from ≤ key < to. */
void counters_drop(struct counters *counters, str from, str to);
