/* bucket.h - units that flow in at a rate and are used up.
 *
 * Purpose:   the one measure behind every limit of throughput: what a table, a partition or a
 *            ceiling may still give.
 * Ownership: plain structs; the rate and the burst belong to the caller, so that a changed setting
 *            takes effect at once.
 * Threads:   one at a time.
 * Errors:    none. Requests come with the time of their arrival, out of order: one that is late by
 *            less than BUCKET_LATE_US changes nothing. A clock that jumps back by more begins anew
 *            there, and adds nothing; one that jumps ahead fills the bucket.
 * Limits:    rates of BUCKET_RATE_MAX units a second, bursts of BUCKET_BURST_US; a debt is at most
 *            what flows in during that time.
 *
 * Counted in millionths of a unit: units a second times microseconds is just that.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { MICRO_UNITS = 1000000, BUCKET_RATE_MAX = 1000000000 };
#define BUCKET_BURST_US (300 * INT64_C(1000000))
#define BUCKET_SECOND_US INT64_C(1000000)
#define BUCKET_LATE_US (60 * INT64_C(1000000))

struct bucket {
    int64_t tokens; /* below 0: a debt, after something larger than what was there */
    int64_t at_us;  /* up to when they have flowed in */
};

/* As full as one that was left alone since then, but worth a second at least. */
static inline struct bucket bucket_since(int64_t rate, int64_t burst_us, int64_t since_us,
                                         int64_t now_us) {
    int64_t rest = now_us - since_us;
    if (rest < BUCKET_SECOND_US)
        rest = BUCKET_SECOND_US;
    return (struct bucket){rate * (rest < burst_us ? rest : burst_us), now_us};
}

static inline void bucket_flow(struct bucket *bucket, int64_t rate, int64_t burst_us,
                               int64_t now_us) {
    int64_t passed = now_us - bucket->at_us;
    if (passed > 0 || passed < -BUCKET_LATE_US)
        bucket->at_us = now_us;
    if (passed > 0)
        bucket->tokens += rate * (passed < 2 * burst_us ? passed : 2 * burst_us);
    if (bucket->tokens > rate * burst_us)
        bucket->tokens = rate * burst_us;
}

/* Whether anything is left behind what was promised already. */
static inline bool bucket_gives(const struct bucket *bucket, int64_t promised) {
    return bucket->tokens > promised;
}

static inline void bucket_take(struct bucket *bucket, int64_t rate, int64_t micro_units) {
    bucket->tokens -= micro_units;
    if (bucket->tokens < -rate * BUCKET_BURST_US)
        bucket->tokens = -rate * BUCKET_BURST_US;
}
