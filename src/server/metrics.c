#include "server/metrics.h"

#include "api/api.h"
#include "base/check.h"

#include <stdatomic.h>

enum {
#define OP(service, name, handler, action, target, effect) OPERATION_##name,
#include "api/ops.def"
#undef OP
    OPERATION_COUNT,
    OPERATION_UNKNOWN = OPERATION_COUNT,
    OPERATION_ROWS,
    HISTOGRAM_SLOTS = HISTOGRAM_BUCKETS + 1, /* and the sum */
    SHARD_COUNT = 16,
};

enum kind {
    COUNTER,
    BY_OPERATION,
    LATENCY,
    SAMPLED_COUNTER,
    SAMPLED_GAUGE,
    SAMPLED_DISTRIBUTION,
    SAMPLED_DURATIONS,
};

#define SLOTS_COUNTER 1
#define SLOTS_BY_OPERATION OPERATION_ROWS
#define SLOTS_LATENCY (OPERATION_ROWS * HISTOGRAM_SLOTS)
#define SLOTS_SAMPLED_COUNTER 0
#define SLOTS_SAMPLED_GAUGE 0
#define SLOTS_SAMPLED_DISTRIBUTION 0
#define SLOTS_SAMPLED_DURATIONS 0

/* Where each row's slots are: as members of this, without padding. */
struct layout {
#define METRIC(name, kind, label, sentence) uint64_t name[SLOTS_##kind];
#include "server/metrics.def"
#undef METRIC
};

enum { SLOT_COUNT = sizeof(struct layout) / sizeof(uint64_t) };

struct shard {
    _Alignas(64) atomic_uint_fast64_t slots[SLOT_COUNT];
};

static struct shard shards[SHARD_COUNT];
static atomic_uint shards_given;
static _Thread_local struct shard *own;

static const struct row {
    const char *name, *sentence;
    enum kind kind;
    size_t at; /* of its first slot */
} rows[] = {
#define METRIC(name, kind, label, sentence)                                                        \
    {label, sentence, kind, offsetof(struct layout, name) / sizeof(uint64_t)},
#include "server/metrics.def"
#undef METRIC
};

/* ---- adding ---- */

static void add(size_t slot, uint64_t count) {
    if (__builtin_expect(own == NULL, 0))
        own = &shards[atomic_fetch_add(&shards_given, 1) % SHARD_COUNT];
    atomic_fetch_add_explicit(&own->slots[slot], count, memory_order_relaxed);
}

static size_t row_of(size_t operation) {
    return operation < OPERATION_COUNT ? operation : OPERATION_UNKNOWN;
}

void metric_add(enum metric metric, uint64_t count) {
    DCHECK(rows[metric].kind == COUNTER);
    add(rows[metric].at, count);
}

void metric_add_for(enum metric metric, size_t operation, uint64_t count) {
    DCHECK(rows[metric].kind == BY_OPERATION);
    add(rows[metric].at + row_of(operation), count);
}

void metric_observe(enum metric metric, size_t operation, uint64_t took_us) {
    DCHECK(rows[metric].kind == LATENCY);
    size_t at = rows[metric].at + row_of(operation) * HISTOGRAM_SLOTS;
    add(at + histogram_bucket(took_us), 1);
    add(at + HISTOGRAM_BUCKETS, took_us);
}

static uint64_t total(size_t slot) {
    uint64_t sum = 0;
    for (size_t i = 0; i < SHARD_COUNT; i++)
        sum += atomic_load_explicit(&shards[i].slots[slot], memory_order_relaxed);
    return sum;
}

/* ---- showing ---- */

static void print_label(struct buf *out, const struct metric_label *label) {
    buf_printf(out, "%s=\"", label->name);
    for (size_t i = 0; i < label->value.len; i++) {
        char c = label->value.ptr[i];
        if (c == '\\' || c == '"')
            buf_add_byte(out, '\\');
        if (c == '\n')
            buf_add_lit(out, "\\n");
        else
            buf_add_byte(out, (unsigned char)c);
    }
    buf_add_byte(out, '"');
}

/* `{a="b",le="c"}`, or less; le may be NULL. */
static void print_labels(struct buf *out, const struct metric_label *labels, const char *le) {
    size_t count = 0;
    for (; count < METRIC_LABELS_MAX && labels[count].name != NULL; count++) {
        buf_add_byte(out, count == 0 ? '{' : ',');
        print_label(out, &labels[count]);
    }
    if (le != NULL)
        buf_printf(out, "%sle=\"%s\"", count++ > 0 ? "," : "{", le);
    if (count > 0)
        buf_add_byte(out, '}');
}

static void print_count(struct buf *out, const char *name, const char *suffix,
                        const struct metric_label *labels, const char *le, uint64_t count) {
    buf_printf(out, "%s%s", name, suffix);
    print_labels(out, labels, le);
    buf_add_byte(out, ' ');
    buf_add_u64(out, count);
    buf_add_byte(out, '\n');
}

static void print_double(struct buf *out, const char *name, const char *suffix,
                         const struct metric_label *labels, double value) {
    bool whole = value > -0x1p53 && value < 0x1p53 && (double)(int64_t)value == value;
    buf_printf(out, "%s%s", name, suffix);
    print_labels(out, labels, NULL);
    buf_printf(out, whole ? " %.0f\n" : " %.15g\n", value);
}

/* Buckets below `first` are shown with it. */
static void print_histogram(struct buf *out, const char *name, const struct metric_label *labels,
                            const struct histogram *histogram, bool durations) {
    enum { DURATIONS_FIRST = 4, DISTRIBUTION_LAST = 14 };
    size_t first = durations ? DURATIONS_FIRST : 0;
    size_t last = durations ? HISTOGRAM_BUCKETS - 2 : DISTRIBUTION_LAST;
    uint64_t count = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        char le[24];
        count += histogram->buckets[i];
        if (i < first || i > last)
            continue;
        if (durations)
            snprintf(le, sizeof le, "%.6f", (double)(1u << i) / 1e6);
        else
            snprintf(le, sizeof le, "%u", 1u << i);
        print_count(out, name, "_bucket", labels, le, count);
    }
    print_count(out, name, "_bucket", labels, "+Inf", count);
    if (durations)
        print_double(out, name, "_sum", labels, (double)histogram->sum / 1e6);
    else
        print_count(out, name, "_sum", labels, NULL, histogram->sum);
    print_count(out, name, "_count", labels, NULL, count);
}

static struct metric_label operation_label(size_t operation) {
    return (struct metric_label){
        "operation", operation < OPERATION_COUNT ? api_operation_name(operation) : STR("Unknown")};
}

static bool was_called(size_t operation) {
    return total(rows[METRIC_requests].at + operation) > 0;
}

static void print_latency(struct buf *out, const struct row *row, size_t operation) {
    struct histogram histogram = {};
    size_t at = row->at + operation * HISTOGRAM_SLOTS;
    const struct metric_label labels[METRIC_LABELS_MAX] = {operation_label(operation)};
    uint64_t successes = 0;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        successes += histogram.buckets[i] = total(at + i);
    histogram.sum = total(at + HISTOGRAM_BUCKETS);
    if (successes > 0)
        print_histogram(out, row->name, labels, &histogram, true);
}

static void print_operations(struct buf *out, const struct row *row) {
    for (size_t operation = 0; operation < OPERATION_ROWS; operation++) {
        const struct metric_label labels[METRIC_LABELS_MAX] = {operation_label(operation)};
        if (!was_called(operation))
            continue;
        if (row->kind == LATENCY)
            print_latency(out, row, operation);
        else
            print_count(out, row->name, "", labels, NULL, total(row->at + operation));
    }
}

static void print_sample(struct buf *out, const struct row *row,
                         const struct metric_sample *sample) {
    if (row->kind == SAMPLED_DISTRIBUTION || row->kind == SAMPLED_DURATIONS)
        print_histogram(out, row->name, sample->labels, sample->histogram,
                        row->kind == SAMPLED_DURATIONS);
    else
        print_double(out, row->name, "", sample->labels, sample->value);
}

void metrics_print(struct buf *out, const struct metric_sample *samples, size_t count) {
    static const char *const types[] = {
        [COUNTER] = "counter",
        [BY_OPERATION] = "counter",
        [LATENCY] = "histogram",
        [SAMPLED_COUNTER] = "counter",
        [SAMPLED_GAUGE] = "gauge",
        [SAMPLED_DISTRIBUTION] = "histogram",
        [SAMPLED_DURATIONS] = "histogram",
    };
    for (size_t i = 0; i < METRIC_COUNT; i++) {
        const struct row *row = &rows[i];
        buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", row->name, row->sentence, row->name,
                   types[row->kind]);
        if (row->kind == COUNTER)
            print_count(out, row->name, "", (struct metric_label[METRIC_LABELS_MAX]){}, NULL,
                        total(row->at));
        else if (row->kind == BY_OPERATION || row->kind == LATENCY)
            print_operations(out, row);
        for (size_t s = 0; s < count; s++)
            if (samples[s].metric == i)
                print_sample(out, row, &samples[s]);
    }
}
