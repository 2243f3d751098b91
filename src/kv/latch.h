/* latch.h - keys held still: a table of reader-writer latches picked by hash.
 *
 * Purpose:   what an update names is held from before its body runs until it is accepted.
 * Ownership: a set is the caller's storage; latches_free wants all released.
 * Threads:   any; a set belongs to one thread.
 * Errors:    WOULD_WAIT on an I/O loop, with nothing held.
 * Limits:    LATCH_SET_MAX keys in one set. Two keys may share a latch: they then wait for each
 *            other for no reason, one time in LATCH_COUNT.
 *
 * All latches of a set are taken in the order of their place in the table, so sets never
 * deadlock. A waiting exclusive taker keeps new shared takers out: a catalogue entry that every
 * write relies on can still be changed.
 */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LATCH_COUNT = 4096, LATCH_SET_MAX = 320 };

struct latches;

struct latch_set {
    size_t count;
    bool sealed;
    uint16_t entries[LATCH_SET_MAX]; /* place * 2 + shared */
};

struct latches *latches_new(void);
void latches_free(struct latches *latches); /* accepts NULL */

void latch_set_init(struct latch_set *set);
void latch_set_add(struct latch_set *set, uint64_t hash, bool shared);
status latches_take(struct latches *latches, struct latch_set *set);
void latches_release(struct latches *latches, struct latch_set *set);
