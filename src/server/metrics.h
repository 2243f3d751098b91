/* metrics.h - what the process counts, from metrics.def.
 *
 * Purpose:   adding where things happen, showing at /metrics.
 * Ownership: static.
 * Threads:   any. Each adds to one of a few sets of counters, so that loops do not take cache lines
 *            from each other; a set is summed up when it is shown.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#include "base/buf.h"
#include "base/histogram.h"

enum metric {
#define METRIC(name, kind, label, sentence) METRIC_##name,
#include "server/metrics.def"
#undef METRIC
    METRIC_COUNT
};

/* COUNTER */
void metric_add(enum metric metric, uint64_t count);
/* BY_OPERATION and LATENCY. `operation` is an index for api_operation_name; what is none is shown
 * as operation="Unknown". */
void metric_add_for(enum metric metric, size_t operation, uint64_t count);
void metric_observe(enum metric metric, size_t operation, uint64_t took_us);

enum { METRIC_LABELS_MAX = 2 };

struct metric_label {
    const char *name; /* NULL: none, and none behind it */
    str value;
};

/* One series of a SAMPLED row. Those of one row need not stand together. */
struct metric_sample {
    enum metric metric;
    struct metric_label labels[METRIC_LABELS_MAX]; /* none: the row's only series */
    double value;
    const struct histogram *histogram; /* instead, for DISTRIBUTION and DURATIONS */
};

/* The text form of Prometheus. Operations that were never called have no series. */
void metrics_print(struct buf *out, const struct metric_sample *samples, size_t count);
