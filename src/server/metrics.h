/* metrics.h - counters of the process, from metrics.def.
 *
 * Purpose:   adding where things happen, showing at /metrics.
 * Ownership: static.
 * Threads:   any.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#include "base/buf.h"

enum metric {
#define METRIC(name, kind, label, sentence) METRIC_##name,
#include "server/metrics.def"
#undef METRIC
    METRIC_COUNT
};

void metric_add(enum metric metric, uint64_t count);
void metric_set(enum metric metric, uint64_t value);
/* The text form of Prometheus. */
void metrics_print(struct buf *out);
