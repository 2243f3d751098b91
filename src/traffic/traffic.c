#include "base/bytes.h"
#include "base/check.h"
#include "table/table_key.h"
#include "traffic/traffic_int.h"

#include <stdlib.h>

#define SIZE_PERIOD_US (60 * INT64_C(1000000))
#define PARTITION_BYTES (INT64_C(10) << 30)

struct traffic *traffic_new(bool enforce) {
    struct traffic *traffic = calloc(1, sizeof *traffic);
    CHECK(traffic != NULL);
    traffic->enforce = enforce;
    meters_init(&traffic->meters);
    return traffic;
}

void traffic_free(struct traffic *traffic) {
    if (traffic == NULL)
        return;
    meters_done(&traffic->meters);
    free(traffic);
}

bool traffic_enforces(const struct traffic *traffic) {
    return traffic->enforce;
}

/* ---- settings ---- */

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static struct lane_settings settings_of(const struct traffic_visit *visit, enum traffic_kind kind) {
    const struct table *table = visit->table;
    const struct index *index = visit->index;
    const struct throughput *throughput = index != NULL ? &index->throughput : &table->throughput;
    const struct units *maximum = index != NULL ? &index->on_demand_max : &table->on_demand_max;
    const struct units *warm = index != NULL ? &index->warm : &table->warm;
    bool read = kind == TRAFFIC_READ;
    return (struct lane_settings){
        .on_demand = table->on_demand,
        .units = read ? throughput->read_units : throughput->write_units,
        .maximum = read ? maximum->read : maximum->write,
        .start = read ? larger(warm->read, LANE_READ_UNITS_START)
                      : larger(warm->write, LANE_WRITE_UNITS_START),
        .partition_units = read ? PARTITION_READ_UNITS : PARTITION_WRITE_UNITS,
        .since_us = table->created_us,
    };
}

/* The service's formula. */
static size_t partition_count(int64_t read_units, int64_t write_units, int64_t bytes) {
    int64_t ratio = PARTITION_READ_UNITS / PARTITION_WRITE_UNITS;
    int64_t by_units =
        (read_units + ratio * write_units + PARTITION_READ_UNITS - 1) / PARTITION_READ_UNITS;
    int64_t by_bytes = (bytes + PARTITION_BYTES - 1) / PARTITION_BYTES;
    return (size_t)larger(1, larger(by_units, by_bytes));
}

static struct lane *set_lanes(struct meter *meter, const struct traffic_visit *visit,
                              struct lane_settings settings[2], int64_t now_us) {
    int64_t rates[2];
    for (int kind = TRAFFIC_READ; kind <= TRAFFIC_WRITE; kind++) {
        settings[kind] = settings_of(visit, (enum traffic_kind)kind);
        rates[kind] = lane_set(&meter->lanes[kind], &settings[kind], now_us);
    }
    size_t count = partition_count(rates[TRAFFIC_READ], rates[TRAFFIC_WRITE], meter->bytes);
    lane_split(&meter->lanes[visit->kind], &settings[visit->kind], count, now_us);
    return &meter->lanes[visit->kind];
}

static struct lane_place place_of(const struct traffic_visit *visit) {
    if (visit->key.ptr == NULL)
        return (struct lane_place){};
    return (struct lane_place){true, get_be32(visit->key.ptr + TABLE_KEY_HASH_AT)};
}

static int64_t micro_units(double units) {
    return (int64_t)(units * MICRO_UNITS);
}

/* ---- before ---- */

unsigned traffic_admit(struct traffic *traffic, const struct traffic_visit *visit, int64_t now_us) {
    if (!traffic->enforce)
        return 0;
    uint64_t id = visit_id(visit->table, visit->index);
    struct meter *meter = meters_get(&traffic->meters, id, now_us);
    struct lane_settings settings[2];
    unsigned refusals = 0;
    pthread_mutex_lock(&meter->lock);
    if (meter_is(meter, id)) {
        struct lane *lane = set_lanes(meter, visit, settings, now_us);
        refusals = lane_refusals(lane, &settings[visit->kind], place_of(visit),
                                 micro_units(visit->units), now_us);
    }
    pthread_mutex_unlock(&meter->lock);
    return refusals;
}

/* ---- behind ---- */

static void count(atomic_uint_fast64_t *counter, uint64_t by) {
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static enum insights_mode mode_of(const struct traffic_visit *visit) {
    if (visit->table->insights_count == 0)
        return INSIGHTS_OFF;
    const struct insights *insights = traffic_insights(visit->table, visit->index);
    return insights != NULL ? insights->mode : INSIGHTS_OFF;
}

void traffic_charge(struct traffic *traffic, const struct traffic_visit *visit, int64_t now_us) {
    uint64_t id = visit_id(visit->table, visit->index);
    uint64_t half_units = (uint64_t)(visit->units * 2);
    if (half_units == 0)
        return;
    struct meter *meter = meters_get(&traffic->meters, id, now_us);
    count(&meter->half_units[visit->kind], half_units);
    count(&traffic->half_units[visit->kind], half_units);
    heat_add_slice(meter, visit, now_us);
    bool watched = mode_of(visit) == INSIGHTS_ACCESSED;
    if (!watched && !traffic->enforce)
        return;
    struct lane_settings settings[2];
    pthread_mutex_lock(&meter->lock);
    if (meter_is(meter, id) && watched)
        heat_add_key(meter, visit, false, now_us);
    if (meter_is(meter, id) && traffic->enforce)
        lane_use(set_lanes(meter, visit, settings, now_us), &settings[visit->kind], place_of(visit),
                 micro_units(visit->units), now_us);
    pthread_mutex_unlock(&meter->lock);
}

void traffic_refuse(struct traffic *traffic, const struct traffic_visit *visit, unsigned refusals,
                    int64_t now_us) {
    uint64_t id = visit_id(visit->table, visit->index);
    struct meter *meter = meters_get(&traffic->meters, id, now_us);
    for (int limit = 0; limit < LANE_LIMIT_COUNT; limit++) {
        if (!(refusals >> limit & 1))
            continue;
        count(&meter->refusals[visit->kind][limit], 1);
        count(&traffic->refusals[visit->kind][limit], 1);
    }
    if (mode_of(visit) == INSIGHTS_OFF)
        return;
    pthread_mutex_lock(&meter->lock);
    if (meter_is(meter, id))
        heat_add_key(meter, visit, true, now_us);
    pthread_mutex_unlock(&meter->lock);
}

/* ---- sizes ---- */

bool traffic_wants_size(struct traffic *traffic, const struct traffic_visit *visit,
                        int64_t now_us) {
    uint64_t id = visit_id(visit->table, visit->index);
    struct meter *meter = meters_get(&traffic->meters, id, now_us);
    pthread_mutex_lock(&meter->lock);
    bool wants = now_us < meter->bytes_us || now_us - meter->bytes_us >= SIZE_PERIOD_US;
    pthread_mutex_unlock(&meter->lock);
    return wants;
}

void traffic_set_size(struct traffic *traffic, const struct traffic_visit *visit, int64_t bytes,
                      int64_t now_us) {
    uint64_t id = visit_id(visit->table, visit->index);
    struct meter *meter = meters_get(&traffic->meters, id, now_us);
    pthread_mutex_lock(&meter->lock);
    if (meter_is(meter, id)) {
        meter->bytes = bytes;
        meter->bytes_us = now_us;
    }
    pthread_mutex_unlock(&meter->lock);
}

void traffic_forget(struct traffic *traffic, uint32_t table_id) {
    meters_forget(&traffic->meters, table_id);
}

/* ---- totals ---- */

static void read_totals(const atomic_uint_fast64_t half_units[2],
                        const atomic_uint_fast64_t refusals[2][LANE_LIMIT_COUNT],
                        struct traffic_totals *out) {
    for (int kind = 0; kind < 2; kind++) {
        out->units[kind] =
            (double)atomic_load_explicit(&half_units[kind], memory_order_relaxed) / 2;
        for (int limit = 0; limit < LANE_LIMIT_COUNT; limit++)
            out->refusals[kind][limit] =
                atomic_load_explicit(&refusals[kind][limit], memory_order_relaxed);
    }
}

void traffic_totals(struct traffic *traffic, struct traffic_totals *out) {
    read_totals(traffic->half_units, traffic->refusals, out);
}

void traffic_totals_of(struct traffic *traffic, const struct table *table,
                       const struct index *index, struct traffic_totals *out) {
    struct meter *meter = meters_find(&traffic->meters, visit_id(table, index));
    *out = (struct traffic_totals){};
    if (meter != NULL)
        read_totals(meter->half_units, meter->refusals, out);
}
