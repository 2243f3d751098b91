#include "server/metrics.h"

#include <stdatomic.h>

static atomic_uint_fast64_t values[METRIC_COUNT];

static const struct row {
    const char *name, *kind, *sentence;
} rows[] = {
#define COUNTER "counter"
#define GAUGE "gauge"
#define METRIC(name, kind, label, sentence) {label, kind, sentence},
#include "server/metrics.def"
#undef METRIC
};

void metric_add(enum metric metric, uint64_t count) {
    atomic_fetch_add_explicit(&values[metric], count, memory_order_relaxed);
}

void metric_set(enum metric metric, uint64_t value) {
    atomic_store_explicit(&values[metric], value, memory_order_relaxed);
}

void metrics_print(struct buf *out) {
    for (size_t i = 0; i < METRIC_COUNT; i++)
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %llu\n", rows[i].name, rows[i].sentence,
                   rows[i].name, rows[i].kind, rows[i].name,
                   (unsigned long long)atomic_load_explicit(&values[i], memory_order_relaxed));
}
