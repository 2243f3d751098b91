/* What /metrics prints of what was counted. */
#include "api/api.h"
#include "server/metrics.h"

#include <pthread.h>

/* After them: cmocka has a macro named as a function of ours. */
#include "lib/test.h"

static struct arena *arena;

static int setup(void **state) {
    (void)state;
    arena = arena_new(4 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static str printed(const struct metric_sample *samples, size_t count) {
    struct buf text;
    buf_init(&text, arena, 1024);
    metrics_print(&text, samples, count);
    return buf_str(&text);
}

static void expect(str text, const char *line) {
    if (!str_contains(text, arena_printf(arena, "\n%s\n", line)))
        fail_msg("no line \"%s\"", line);
}

static void expect_none(str text, const char *part) {
    if (str_contains(text, str_from_c(part)))
        fail_msg("there is \"%s\"", part);
}

static size_t operation_named(const char *name) {
    for (size_t i = 0; i < api_operation_count(); i++)
        if (str_eq(api_operation_name(i), str_from_c(name)))
            return i;
    fail_msg("no %s", name);
    return 0;
}

static void values_fall_into_the_smallest_bucket_that_holds_them(void **state) {
    (void)state;
    assert_int_equal(histogram_bucket(0), 0);
    assert_int_equal(histogram_bucket(1), 0);
    assert_int_equal(histogram_bucket(2), 1);
    assert_int_equal(histogram_bucket(3), 2);
    assert_int_equal(histogram_bucket(4), 2);
    assert_int_equal(histogram_bucket(5), 3);
    for (size_t i = 1; i < HISTOGRAM_BUCKETS - 1; i++) {
        assert_int_equal(histogram_bucket((uint64_t)1 << i), i);
        assert_int_equal(histogram_bucket(((uint64_t)1 << i) + 1), i + 1);
    }
    assert_int_equal(histogram_bucket(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static void durations_are_shown_as_cumulated_buckets_of_seconds(void **state) {
    (void)state;
    size_t get = operation_named("GetItem");
    const uint64_t took_us[] = {1, 16, 17, 1000, 20000000};
    metric_add_for(METRIC_requests, get, 5);
    for (size_t i = 0; i < 5; i++)
        metric_observe(METRIC_latency, get, took_us[i]);
    str text = printed(NULL, 0);
#define LATENCY "dynamodb_successful_request_latency_seconds"
    expect(text, "# TYPE " LATENCY " histogram");
    expect(text, LATENCY "_bucket{operation=\"GetItem\",le=\"0.000016\"} 2");
    expect(text, LATENCY "_bucket{operation=\"GetItem\",le=\"0.000032\"} 3");
    expect(text, LATENCY "_bucket{operation=\"GetItem\",le=\"0.000512\"} 3");
    expect(text, LATENCY "_bucket{operation=\"GetItem\",le=\"0.001024\"} 4");
    expect(text, LATENCY "_bucket{operation=\"GetItem\",le=\"16.777216\"} 4");
    expect(text, LATENCY "_bucket{operation=\"GetItem\",le=\"+Inf\"} 5");
    expect(text, LATENCY "_sum{operation=\"GetItem\"} 20.001034");
    expect(text, LATENCY "_count{operation=\"GetItem\"} 5");
    expect_none(text, "\"PutItem\"");
    expect_none(text, "\"0.000008\"");
}

static void *count_some(void *argument) {
    (void)argument;
    for (int i = 0; i < 1000; i++) {
        metric_add(METRIC_worker_runs, 1);
        metric_add_for(METRIC_requests, API_NO_OPERATION, 1);
        metric_add_for(METRIC_user_errors, API_NO_OPERATION, 2);
    }
    return NULL;
}

static void what_threads_count_is_summed_up(void **state) {
    (void)state;
    enum { THREADS = 40 }; /* more than sets of counters */
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, count_some, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    str text = printed(NULL, 0);
    expect(text, "stator_worker_runs_total 40000");
    expect(text, "stator_requests_total{operation=\"Unknown\"} 40000");
    expect(text, "dynamodb_user_errors_total{operation=\"Unknown\"} 80000");
    expect(text, "dynamodb_system_errors_total{operation=\"Unknown\"} 0");
    expect_none(text, LATENCY "_count{operation=\"Unknown\"}"); /* no success */
}

static void samples_stand_in_their_rows_and_labels_are_escaped(void **state) {
    (void)state;
    struct histogram sizes = {};
    histogram_add(&sizes, 1);
    histogram_add(&sizes, 100);
    histogram_add(&sizes, 1 << 20);
    const struct metric_sample samples[] = {
        {.metric = METRIC_files, .labels = {{"level", STR("0")}}, .value = 2},
        {.metric = METRIC_commit_updates, .histogram = &sizes},
        {.metric = METRIC_files, .labels = {{"level", STR("a\"\\\n")}}, .value = 0.5},
        {.metric = METRIC_bytes_on_disk, .value = 0x1p40},
        {.metric = METRIC_commit_latency, .histogram = &sizes},
    };
    str text = printed(samples, sizeof samples / sizeof samples[0]);
    assert_true(str_contains(text, STR("# TYPE stator_files gauge\nstator_files{level=\"0\"} 2\n"
                                       "stator_files{level=\"a\\\"\\\\\\n\"} 0.5\n# HELP")));
    expect(text, "stator_bytes_on_disk 1099511627776");
    expect(text, "stator_commit_group_updates_bucket{le=\"1\"} 1");
    expect(text, "stator_commit_group_updates_bucket{le=\"128\"} 2");
    expect(text, "stator_commit_group_updates_bucket{le=\"16384\"} 2");
    expect(text, "stator_commit_group_updates_bucket{le=\"+Inf\"} 3");
    expect(text, "stator_commit_group_updates_sum 1048677");
    expect(text, "stator_commit_latency_seconds_sum 1.048677");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_fall_into_the_smallest_bucket_that_holds_them),
        cmocka_unit_test(durations_are_shown_as_cumulated_buckets_of_seconds),
        cmocka_unit_test(what_threads_count_is_summed_up),
        cmocka_unit_test(samples_stand_in_their_rows_and_labels_are_escaped),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
