/* meter_int.h - what is known of one table or index, and where it is found.
 *
 * Purpose:   totals, slices, limits and sketches of a resource, found by its ids without a lock.
 * Ownership: the directory's. A meter's memory is never given back while it lives, only given to
 *            another resource: a visitor who still holds it then counts a visit in the wrong place,
 *            once, and touches nothing that is gone.
 * Threads:   any. What stands behind `lock` may only be used while meter_is() holds under it.
 * Errors:    none.
 * Limits:    METERS_MAX; then the one that was visited longest ago makes room.
 */
#pragma once

#include "traffic/lane.h"
#include "traffic/sketch.h"
#include "traffic/traffic.h"

#include <pthread.h>
#include <stdatomic.h>

enum { METERS_MAX = 8192, METER_CHAINS = 4096 };

/* Of partition keys and of items: by their weight in units, and by how often they were refused. */
enum meter_sketch {
    SKETCH_PARTITIONS,
    SKETCH_ITEMS,
    SKETCH_REFUSED_PARTITIONS,
    SKETCH_REFUSED_ITEMS,
    METER_SKETCHES
};

struct meter {
    atomic_uint_fast64_t id; /* 0: nobody's */
    _Atomic(struct meter *) next;
    atomic_int_fast64_t seen_us;
    atomic_uint_fast64_t half_units[2];
    atomic_uint_fast64_t refusals[2][LANE_LIMIT_COUNT];
    atomic_int_fast64_t slices_minute;
    atomic_uint_fast64_t slices[TRAFFIC_SLICES]; /* in HEAT_STEPS of a unit */

    pthread_mutex_t lock;
    struct lane lanes[2];
    int64_t bytes, bytes_us;
    struct sketch *sketches[METER_SKETCHES]; /* NULL until needed */
    int64_t sketches_minute;
};

struct meters {
    pthread_mutex_t lock;
    _Atomic(struct meter *) chains[METER_CHAINS];
    struct meter *unused; /* by next */
    size_t count;         /* allocated */
};

void meters_init(struct meters *meters);
void meters_done(struct meters *meters);

static inline uint64_t meter_id(uint32_t table_id, uint16_t index_id) {
    return (uint64_t)table_id << 16 | index_id;
}
static inline bool meter_is(const struct meter *meter, uint64_t id) {
    return atomic_load_explicit(&meter->id, memory_order_acquire) == id;
}

/* NULL when it was never visited. */
struct meter *meters_find(struct meters *meters, uint64_t id);
struct meter *meters_get(struct meters *meters, uint64_t id, int64_t now_us);
/* All of a table's. */
void meters_forget(struct meters *meters, uint32_t table_id);
