#include "base/check.h"
#include "traffic/meter_int.h"

#include <stdlib.h>

enum { SEEN_STEP_US = 1000000 };

void meters_init(struct meters *meters) {
    CHECK(pthread_mutex_init(&meters->lock, NULL) == 0);
}

/* ---- finding ---- */

static _Atomic(struct meter *) *chain_of(struct meters *meters, uint64_t id) {
    return &meters->chains[(id * UINT64_C(0x9e3779b97f4a7c15)) >> 52];
}
_Static_assert(METER_CHAINS == 1 << 12, "twelve bits choose a chain");

/* Without the lock a chain may lead into another while a meter moves: what is found is right, what
 * is not found has to be looked for again. */
struct meter *meters_find(struct meters *meters, uint64_t id) {
    struct meter *meter = atomic_load_explicit(chain_of(meters, id), memory_order_acquire);
    for (; meter != NULL; meter = atomic_load_explicit(&meter->next, memory_order_acquire))
        if (meter_is(meter, id))
            return meter;
    return NULL;
}

/* ---- coming and going: under the lock ---- */

static void unlink_meter(struct meters *meters, struct meter *meter) {
    _Atomic(struct meter *) *link = chain_of(meters, atomic_load(&meter->id));
    while (atomic_load(link) != meter)
        link = &atomic_load(link)->next;
    atomic_store_explicit(link, atomic_load(&meter->next), memory_order_release);
}

/* Nobody's from here on, and as if new. */
static void clear(struct meter *meter) {
    pthread_mutex_lock(&meter->lock);
    atomic_store_explicit(&meter->id, 0, memory_order_release);
    for (int kind = 0; kind < 2; kind++) {
        lane_done(&meter->lanes[kind]);
        atomic_store(&meter->half_units[kind], 0);
        for (int limit = 0; limit < LANE_LIMIT_COUNT; limit++)
            atomic_store(&meter->refusals[kind][limit], 0);
    }
    for (int i = 0; i < TRAFFIC_SLICES; i++)
        atomic_store(&meter->slices[i], 0);
    for (int i = 0; i < METER_SKETCHES; i++) {
        sketch_free(meter->sketches[i]);
        meter->sketches[i] = NULL;
    }
    meter->bytes = meter->bytes_us = 0;
    pthread_mutex_unlock(&meter->lock);
}

static struct meter *oldest(struct meters *meters) {
    struct meter *found = NULL;
    for (size_t i = 0; i < METER_CHAINS; i++)
        for (struct meter *meter = atomic_load(&meters->chains[i]); meter != NULL;
             meter = atomic_load(&meter->next))
            if (found == NULL || atomic_load(&meter->seen_us) < atomic_load(&found->seen_us))
                found = meter;
    return found;
}

static struct meter *take_unused(struct meters *meters) {
    struct meter *meter = meters->unused;
    if (meter != NULL) {
        meters->unused = atomic_load(&meter->next);
        return meter;
    }
    if (meters->count == METERS_MAX) {
        meter = oldest(meters);
        unlink_meter(meters, meter);
        clear(meter);
        return meter;
    }
    meter = calloc(1, sizeof *meter);
    CHECK(meter != NULL);
    CHECK(pthread_mutex_init(&meter->lock, NULL) == 0);
    meters->count++;
    return meter;
}

static struct meter *make(struct meters *meters, uint64_t id) {
    pthread_mutex_lock(&meters->lock);
    struct meter *meter = meters_find(meters, id);
    if (meter == NULL) {
        _Atomic(struct meter *) *chain = chain_of(meters, id);
        meter = take_unused(meters);
        atomic_store_explicit(&meter->next, atomic_load(chain), memory_order_release);
        atomic_store_explicit(&meter->id, id, memory_order_release);
        atomic_store_explicit(chain, meter, memory_order_release);
    }
    pthread_mutex_unlock(&meters->lock);
    return meter;
}

struct meter *meters_get(struct meters *meters, uint64_t id, int64_t now_us) {
    struct meter *meter = meters_find(meters, id);
    if (meter == NULL)
        meter = make(meters, id);
    int64_t seen_us = atomic_load_explicit(&meter->seen_us, memory_order_relaxed);
    if (now_us < seen_us || now_us - seen_us > SEEN_STEP_US) /* rarely: others read this line */
        atomic_store_explicit(&meter->seen_us, now_us, memory_order_relaxed);
    return meter;
}

void meters_forget(struct meters *meters, uint32_t table_id) {
    pthread_mutex_lock(&meters->lock);
    for (size_t i = 0; i < METER_CHAINS; i++) {
        struct meter *next, *meter = atomic_load(&meters->chains[i]);
        for (; meter != NULL; meter = next) {
            next = atomic_load(&meter->next);
            if (atomic_load(&meter->id) >> 16 != table_id)
                continue;
            unlink_meter(meters, meter);
            clear(meter);
            atomic_store_explicit(&meter->next, meters->unused, memory_order_release);
            meters->unused = meter;
        }
    }
    pthread_mutex_unlock(&meters->lock);
}

static void free_meters(struct meter *meter) {
    while (meter != NULL) {
        struct meter *next = atomic_load(&meter->next);
        clear(meter);
        pthread_mutex_destroy(&meter->lock);
        free(meter);
        meter = next;
    }
}

void meters_done(struct meters *meters) {
    for (size_t i = 0; i < METER_CHAINS; i++)
        free_meters(atomic_load(&meters->chains[i]));
    free_meters(meters->unused);
    pthread_mutex_destroy(&meters->lock);
}
