/* traffic_int.h - what traffic.c and heat.c share.
 *
 * Purpose:   the process-wide parts, and how heat is counted.
 * Ownership: traffic_new's caller.
 * Threads:   any.
 * Errors:    none.
 * Limits:    none of its own.
 */
#pragma once

#include "traffic/meter_int.h"

/* Weights are whole numbers that are halved again and again: small steps keep what is small. */
enum { HEAT_STEPS = 256, HEAT_PER_WRITE_UNIT = 3 };

struct traffic {
    bool enforce;
    struct meters meters;
    atomic_uint_fast64_t half_units[2];
    atomic_uint_fast64_t refusals[2][LANE_LIMIT_COUNT];
};

static inline uint64_t visit_id(const struct table *table, const struct index *index) {
    return meter_id(table->id, index != NULL ? index->id : 0);
}

static inline int64_t heat_minute(int64_t now_us) {
    return now_us / (60 * INT64_C(1000000));
}

/* Adds to the slice that the key lies in. */
void heat_add_slice(struct meter *meter, const struct traffic_visit *visit, int64_t now_us);
/* Adds to the sketches, under the meter's lock. */
void heat_add_key(struct meter *meter, const struct traffic_visit *visit, bool refused,
                  int64_t now_us);
