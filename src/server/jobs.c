#include "server/jobs.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "table/request_token.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

static const struct row {
    const char *name;
    int64_t period_ms;
    void (*step)(struct database *database);
} rows[] = {
#define JOB(name, period_ms, step, sentence) {#name, period_ms, step},
#include "server/jobs.def"
#undef JOB
};

enum { JOB_COUNT = sizeof rows / sizeof rows[0] };

struct jobs {
    struct database *database;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopping;
};

static void wait_until(struct jobs *jobs, int64_t monotonic_us) {
    struct timespec when = {.tv_sec = monotonic_us / 1000000,
                            .tv_nsec = monotonic_us % 1000000 * 1000};
    pthread_cond_timedwait(&jobs->stop, &jobs->lock, &when);
}

static void *jobs_main(void *argument) {
    struct jobs *jobs = argument;
    int64_t due[JOB_COUNT];
    thread_set_name("jobs");
    for (size_t i = 0; i < JOB_COUNT; i++)
        due[i] = clock_monotonic_us() + rows[i].period_ms * 1000;
    pthread_mutex_lock(&jobs->lock);
    while (!jobs->stopping) {
        size_t next = 0;
        for (size_t i = 1; i < JOB_COUNT; i++)
            next = due[i] < due[next] ? i : next;
        if (due[next] > clock_monotonic_us()) {
            wait_until(jobs, due[next]);
            continue;
        }
        pthread_mutex_unlock(&jobs->lock);
        rows[next].step(jobs->database);
        due[next] = clock_monotonic_us() + rows[next].period_ms * 1000;
        pthread_mutex_lock(&jobs->lock);
    }
    pthread_mutex_unlock(&jobs->lock);
    return NULL;
}

struct jobs *jobs_start(struct database *database) {
    struct jobs *jobs = calloc(1, sizeof *jobs);
    CHECK(jobs != NULL);
    jobs->database = database;
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&jobs->stop, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&jobs->lock, NULL);
    CHECK(pthread_create(&jobs->thread, NULL, jobs_main, jobs) == 0);
    return jobs;
}

void jobs_stop(struct jobs *jobs) {
    if (jobs == NULL)
        return;
    pthread_mutex_lock(&jobs->lock);
    jobs->stopping = true;
    pthread_cond_signal(&jobs->stop);
    pthread_mutex_unlock(&jobs->lock);
    pthread_join(jobs->thread, NULL);
    pthread_cond_destroy(&jobs->stop);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}

void job_watch_engine(struct database *database) {
    static bool refusing; /* of the one thread that steps jobs */
    struct kv_stats stats;
    kv_stats(database->kv, &stats);
    if (stats.refusing_writes != refusing)
        log_line(stats.refusing_writes ? LOG_ERROR : LOG_INFO, "event=%s",
                 stats.refusing_writes ? "writes_refused" : "writes_accepted_again");
    refusing = stats.refusing_writes;
}

void job_purge_tokens(struct database *database) {
    static int64_t from_us; /* of the one thread that steps jobs; all before it are gone */
    size_t purged;
    status st = request_tokens_purge(database, clock_wall_us(), &from_us, &purged);
    if (st != ST_OK && st != ST_FULL) /* a full disk is told by watch_engine */
        log_error("event=purge_tokens_failed status=\"%s\"", status_text(st));
}
