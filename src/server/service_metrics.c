#include "server/service_metrics.h"

#include "base/clock.h"
#include "server/metrics.h"
#include "table/catalogue.h"
#include "traffic/lane.h"
#include "traffic/traffic.h"

enum { SAMPLES_FIRST = 64 };

/* ---- answers ---- */

static void count_error(const struct api_counts *counts, int http_status) {
    if (http_status >= 500)
        metric_add_for(METRIC_system_errors, counts->operation, 1);
    else if (counts->error == ERROR_ProvisionedThroughputExceededException ||
             counts->error == ERROR_RequestLimitExceeded ||
             counts->error == ERROR_ThrottlingException)
        metric_add_for(METRIC_throttled_requests, counts->operation, 1);
    else if (counts->error != ERROR_ConditionalCheckFailedException)
        metric_add_for(METRIC_user_errors, counts->operation, 1);
}

static void add_some(enum metric metric, size_t operation, uint64_t count) {
    if (count > 0)
        metric_add_for(metric, operation, count);
}

void service_count(const struct http_request *request, const struct http_reply *reply) {
    const struct api_counts *counts = reply->note;
    if (counts == NULL)
        return;
    size_t operation = counts->operation;
    metric_add_for(METRIC_requests, operation, 1);
    metric_add_for(METRIC_returned_bytes, operation, reply->body.len);
    if (reply->status == 200)
        metric_observe(METRIC_latency, operation,
                       (uint64_t)(clock_monotonic_us() - request->received_us));
    else
        count_error(counts, reply->status);
    add_some(METRIC_conditions_false, operation, counts->conditions_false);
    add_some(METRIC_conflicts, operation, counts->conflicts);
    add_some(METRIC_returned_items, operation, counts->items);
    add_some(METRIC_faults, operation, counts->faulted);
}

/* ---- what is kept elsewhere ---- */

struct samples {
    struct arena *arena;
    struct metric_sample *list;
    size_t count, size;
};

static void add_sample(struct samples *samples, struct metric_sample sample) {
    if (samples->count == samples->size) {
        size_t size = samples->size == 0 ? SAMPLES_FIRST : samples->size * 2;
        samples->list = arena_grow(samples->arena, samples->list, samples->size * sizeof sample,
                                   size * sizeof sample);
        samples->size = size;
    }
    samples->list[samples->count++] = sample;
}

static void add_value(struct samples *samples, enum metric metric, double value) {
    add_sample(samples, (struct metric_sample){.metric = metric, .value = value});
}

static void add_histogram(struct samples *samples, enum metric metric,
                          const struct histogram *histogram) {
    add_sample(samples, (struct metric_sample){.metric = metric, .histogram = histogram});
}

static void add_labelled(struct samples *samples, enum metric metric, const char *label,
                         str label_value, double value) {
    add_sample(samples, (struct metric_sample){
                            .metric = metric, .labels = {{label, label_value}}, .value = value});
}

static void sample_http(struct http_server *server, struct samples *samples) {
    struct http_stats http = {};
    if (server != NULL)
        http_server_stats(server, &http);
    add_value(samples, METRIC_connections_open, (double)http.connections_open);
    add_value(samples, METRIC_connections_accepted, (double)http.connections_accepted);
    add_value(samples, METRIC_http_requests, (double)http.requests);
    add_value(samples, METRIC_http_refused, (double)http.refused);
}

static void sample_engine(const struct kv_stats *engine, struct samples *samples) {
    add_histogram(samples, METRIC_commit_updates, &engine->group_sizes);
    add_histogram(samples, METRIC_commit_latency, &engine->commit_times);
    add_value(samples, METRIC_bytes_on_disk, (double)engine->bytes_on_disk);
    add_value(samples, METRIC_refusing_writes, engine->refusing_writes);
    add_value(samples, METRIC_memory_table_bytes, (double)engine->memory_table_bytes);
    add_value(samples, METRIC_cache_bytes, (double)engine->cache_bytes);
    add_value(samples, METRIC_cache_bytes_max, (double)engine->cache_bytes_max);
    add_value(samples, METRIC_read_cache_bytes, (double)engine->read_cache_bytes);
    add_value(samples, METRIC_read_cache_bytes_max, (double)engine->read_cache_bytes_max);
    add_value(samples, METRIC_read_cache_hits, (double)engine->read_cache_hits);
    add_value(samples, METRIC_cache_misses, (double)engine->cache_misses);
    add_value(samples, METRIC_flushes_running, (double)engine->flushes_running);
    add_value(samples, METRIC_compactions_running, (double)engine->compactions_running);
    add_value(samples, METRIC_compaction_pending, engine->compaction_pending);
    add_value(samples, METRIC_compaction_bytes, (double)engine->compaction_pending_bytes);
    add_value(samples, METRIC_delayed_write_rate, (double)engine->delayed_write_rate);
    add_value(samples, METRIC_writes_stopped, engine->writes_stopped);
    for (size_t level = 0; level < KV_LEVELS; level++)
        add_labelled(samples, METRIC_files, "level", arena_printf(samples->arena, "%zu", level),
                     (double)engine->files_at_level[level]);
}

/* ---- tables ---- */

static void add_of_table(struct samples *samples, enum metric metric, const struct table *table,
                         const struct index *index, double value) {
    struct metric_sample sample = {
        .metric = metric, .labels = {{"table", table->name}}, .value = value};
    if (index != NULL)
        sample.labels[1] = (struct metric_label){"index", index->name};
    add_sample(samples, sample);
}

static double sum(const uint64_t *events, size_t count) {
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += events[i];
    return (double)all;
}

static void sample_use(struct service *service, const struct table *table,
                       const struct index *index, struct samples *samples) {
    struct traffic_totals totals;
    traffic_totals_of(service->traffic, table, index, &totals);
    add_of_table(samples, METRIC_consumed_read_units, table, index, totals.units[TRAFFIC_READ]);
    add_of_table(samples, METRIC_consumed_write_units, table, index, totals.units[TRAFFIC_WRITE]);
    add_of_table(samples, METRIC_read_throttle_events, table, index,
                 sum(totals.refusals[TRAFFIC_READ], LANE_LIMIT_COUNT));
    add_of_table(samples, METRIC_write_throttle_events, table, index,
                 sum(totals.refusals[TRAFFIC_WRITE], LANE_LIMIT_COUNT));
    const struct throughput *throughput = index ? &index->throughput : &table->throughput;
    if (table->on_demand)
        return;
    add_of_table(samples, METRIC_provisioned_read_units, table, index,
                 (double)throughput->read_units);
    add_of_table(samples, METRIC_provisioned_write_units, table, index,
                 (double)throughput->write_units);
}

static void sample_tables(struct service *service, struct samples *samples) {
    const struct catalogue_snapshot *tables = catalogue_acquire(service->database);
    for (size_t i = 0; i < tables->count; i++) {
        const struct table *table = tables->tables[i];
        sample_use(service, table, NULL, samples);
        for (size_t j = 0; j < table->index_count; j++)
            if (table->indexes[j].global)
                sample_use(service, table, &table->indexes[j], samples);
    }
    /* The names are the tables', which may go with the snapshot. */
    for (size_t i = 0; i < samples->count; i++)
        for (size_t j = 0; j < METRIC_LABELS_MAX; j++)
            samples->list[i].labels[j].value =
                arena_copy(samples->arena, samples->list[i].labels[j].value);
    catalogue_release(tables);
}

void service_metrics(struct service *service, struct buf *out) {
    struct samples samples = {.arena = out->arena};
    struct kv_stats engine;
    kv_stats(service->database->kv, &engine);
    sample_http(atomic_load(&service->server), &samples);
    sample_engine(&engine, &samples);
    sample_tables(service, &samples);
    metrics_print(out, samples.list, samples.count);
}
