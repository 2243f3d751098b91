/* sketch.h - which keys weigh most, in memory that does not grow with their number.
 *
 * Purpose:   the hot keys of a table. Space-saving (Metwally, Agrawal and El Abbadi, 2005): a key
 *            that has no counter takes over the smallest one, and its count as a possible error.
 * Ownership: on the heap; keys are copied.
 * Threads:   one at a time.
 * Errors:    none.
 * Limits:    SKETCH_KEYS counters. Of a stream that weighs W in all, every key above W /
 * SKETCH_KEYS has one, a count is never too small, and too large by its error at most, which is W /
 * SKETCH_KEYS at most.
 */
#pragma once

#include "base/arena.h"

enum { SKETCH_KEYS = 128 };

struct sketch;

struct sketch_entry {
    str key;
    int64_t weight, error; /* at least weight - error */
};

struct sketch *sketch_new(void);
void sketch_free(struct sketch *sketch); /* accepts NULL */

void sketch_add(struct sketch *sketch, str key, int64_t weight);
/* All weights by half, so many times: the past fades. */
void sketch_halve(struct sketch *sketch, unsigned times);
/* Heaviest first; at most SKETCH_KEYS, in the arena. `sketch` may be NULL. */
size_t sketch_top(const struct sketch *sketch, struct arena *arena, struct sketch_entry **out);
