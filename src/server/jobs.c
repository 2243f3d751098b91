#include "server/jobs.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "stream/stream_upkeep.h"
#include "table/catalogue.h"
#include "table/index_build.h"
#include "table/request_token.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const struct row {
    const char *name;
    int64_t period_ms;
    bool (*step)(struct database *database);
} rows[] = {
#define JOB(name, period_ms, step, sentence) {#name, period_ms, step},
#include "server/jobs.def"
#undef JOB
};

enum { TRIM_PAUSE_US = 60 * 1000000 };
enum { JOB_COUNT = sizeof rows / sizeof rows[0] };

struct runner {
    struct jobs *jobs;
    const struct row *row;
    pthread_t thread;
};

struct jobs {
    struct database *database;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopping;
    struct runner runners[JOB_COUNT];
};

/* False when the period has passed, true when it is time to stop. The lock is held. */
static bool wait_period(struct jobs *jobs, int64_t period_ms) {
    int64_t due_us = clock_monotonic_us() + period_ms * 1000;
    struct timespec when = {.tv_sec = due_us / 1000000, .tv_nsec = due_us % 1000000 * 1000};
    while (!jobs->stopping && clock_monotonic_us() < due_us)
        pthread_cond_timedwait(&jobs->stop, &jobs->lock, &when);
    return jobs->stopping;
}

static void *runner_main(void *argument) {
    const struct runner *runner = argument;
    struct jobs *jobs = runner->jobs;
    thread_set_name(runner->row->name);
    pthread_mutex_lock(&jobs->lock);
    while (!wait_period(jobs, runner->row->period_ms)) {
        bool more = true;
        while (more && !jobs->stopping) {
            pthread_mutex_unlock(&jobs->lock);
            more = runner->row->step(jobs->database);
            pthread_mutex_lock(&jobs->lock);
        }
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
    for (size_t i = 0; i < JOB_COUNT; i++) {
        struct runner *runner = &jobs->runners[i];
        *runner = (struct runner){.jobs = jobs, .row = &rows[i]};
        CHECK(pthread_create(&runner->thread, NULL, runner_main, runner) == 0);
    }
    return jobs;
}

void jobs_stop(struct jobs *jobs) {
    if (jobs == NULL)
        return;
    job_deliver_records_stop();
    pthread_mutex_lock(&jobs->lock);
    jobs->stopping = true;
    pthread_cond_broadcast(&jobs->stop);
    pthread_mutex_unlock(&jobs->lock);
    for (size_t i = 0; i < JOB_COUNT; i++)
        pthread_join(jobs->runners[i].thread, NULL);
    pthread_cond_destroy(&jobs->stop);
    pthread_mutex_destroy(&jobs->lock);
    free(jobs);
}

bool job_watch_engine(struct database *database) {
    static bool refusing; /* of the one thread that steps this */
    struct kv_stats stats;
    kv_stats(database->kv, &stats);
    if (stats.refusing_writes && !refusing)
        log_error("event=writes_refused reason=\"%s\"",
                  status_text(stats.read_only ? ST_READ_ONLY : ST_FULL));
    else if (refusing && !stats.refusing_writes)
        log_info("event=writes_accepted_again");
    refusing = stats.refusing_writes;
    return false;
}

bool job_purge_tokens(struct database *database) {
    static int64_t from_us; /* of the one thread that steps this; all before it are gone */
    size_t purged;
    status st = request_tokens_purge(database, clock_wall_us(), &from_us, &purged);
    if (st != ST_OK && st != ST_FULL) /* a full disk is told by watch_engine */
        log_error("event=purge_tokens_failed status=\"%s\"", status_text(st));
    return false;
}

bool job_roll_streams(struct database *database) {
    bool more = false;
    status st = streams_roll(database, clock_wall_us(), &more);
    if (st != ST_OK && st != ST_FULL)
        log_error("event=roll_streams_failed status=\"%s\"", status_text(st));
    return more;
}

/* Old shards are looked for now and then: for a minute more they are hidden, though they are there.
 */
bool job_trim_streams(struct database *database) {
    static int64_t last_us; /* of the one thread that steps this */
    static struct stream_trim_walk walk;
    static bool under_way;
    int64_t now_us = clock_wall_us(), pause_us = database->stream_retention_us / 100;
    if (pause_us > TRIM_PAUSE_US)
        pause_us = TRIM_PAUSE_US;
    if (!under_way && now_us >= last_us && now_us - last_us < pause_us)
        return false;
    last_us = now_us;
    status st = streams_trim(database, &walk, now_us, &under_way);
    if (st != ST_OK && st != ST_FULL)
        log_error("event=trim_streams_failed status=\"%s\"", status_text(st));
    return under_way && st == ST_OK; /* after a failure with the next period */
}

static void log_build(const struct index_build *build) {
    enum { LOG_PERIOD_US = 5 * 1000 * 1000 };
    static int64_t logged_us; /* of the one thread that steps this */
    static const char *const words[] = {[STEP_NOTHING] = "",
                                        [STEP_BEGUN] = "begun",
                                        [STEP_FILED] = "filing",
                                        [STEP_ACTIVE] = "active",
                                        [STEP_DROPPED] = "dropped"};
    int64_t now_us = clock_monotonic_us();
    if (build->did == STEP_FILED && now_us - logged_us < LOG_PERIOD_US)
        return;
    logged_us = now_us;
    log_info("event=index_build table=%s index=%s state=%s items=%lld of=%lld", build->table,
             build->index, words[build->did], (long long)build->items, (long long)build->of);
}

/* Tables take turns, so one that fails does so between steps of others: said now and then. */
static void log_build_failure(status st) {
    enum { LOG_PERIOD_US = 60 * 1000 * 1000 };
    static status last; /* of the one thread that steps this */
    static int64_t logged_us;
    int64_t now_us = clock_monotonic_us();
    if (st == ST_FULL || (st == last && now_us - logged_us < LOG_PERIOD_US))
        return; /* a full disk is told by watch_engine */
    last = st;
    logged_us = now_us;
    log_error("event=index_build_failed status=\"%s\"", status_text(st));
}

/* A page, then a rest several times as long as it kept a processor busy: there are others who want
 * it, and the engine has to sort in the background what the page put. On two cores, with 4,000
 * GetItem a second beside it, resting once as long took 6 s for 400,000 items and p99 from 0.25 to
 * 1.7 ms; three times as long, 10 s and 0.8 ms. */
bool job_build_indexes(struct database *database) {
    enum { REST_FACTOR = 3, REST_US_MAX = 20 * 1000 };
    static struct index_build build; /* of the one thread that steps this */
    int64_t began_us = clock_thread_us();
    status st = index_build_step(database, &build, clock_wall_us());
    if (st == ST_CONFLICT) {
        catalogue_wait(database);
        return true;
    }
    if (st != ST_OK)
        log_build_failure(st);
    if (st != ST_OK || build.did == STEP_NOTHING)
        return false;
    log_build(&build);
    int64_t rest_us = (clock_thread_us() - began_us) * REST_FACTOR;
    usleep((useconds_t)(rest_us < REST_US_MAX ? rest_us : REST_US_MAX));
    return true;
}

bool job_finish_deletions(struct database *database) {
    return catalogue_finish_deletions(database, clock_wall_us());
}
