/* histogram.h - how often values of which size came.
 *
 * Purpose:   counts in buckets that double in size: at most 1, at most 2, at most 4 … at most
 *            2^24, and more than that. Finding a value's bucket is one instruction.
 * Ownership: a value.
 * Threads:   one at a time.
 * Errors:    none.
 * Limits:    HISTOGRAM_BUCKETS.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 26 };

struct histogram {
    uint64_t buckets[HISTOGRAM_BUCKETS]; /* the last: above 2^(HISTOGRAM_BUCKETS - 2) */
    uint64_t sum;
};

static inline size_t histogram_bucket(uint64_t value) {
    size_t bucket = value <= 1 ? 0 : (size_t)(64 - __builtin_clzll(value - 1));
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

static inline void histogram_add(struct histogram *histogram, uint64_t value) {
    histogram->buckets[histogram_bucket(value)]++;
    histogram->sum += value;
}
