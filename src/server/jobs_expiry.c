/* The jobs of time to live. Both rest after each step for several times as long as it took, so that
 * however much there is to do, requests have most of the machine: a batch of a hundred deletes
 * takes a few milliseconds with its commit, which leaves room for some thousands a second. Looking
 * costs, too: a walk steps over what was deleted and is not compacted yet (15 ms for 100,000
 * entries), so the next one waits in proportion. */
#include "base/clock.h"
#include "base/log.h"
#include "server/jobs.h"
#include "server/metrics.h"
#include "table/expiry.h"

#include <time.h>

enum {
    REST_FACTOR = 3,
    REST_US_MAX = 50000,
    WALK_REST_FACTOR = 10,
    WALK_REST_US_MAX = 1000000,
    ARENA_BYTES_MAX = 256 * 1024 * 1024
};

static void rest_after(int64_t began_us) {
    int64_t rest_us = (clock_monotonic_us() - began_us) * REST_FACTOR;
    rest_us = rest_us < REST_US_MAX ? rest_us : REST_US_MAX;
    struct timespec rest = {.tv_nsec = rest_us * 1000};
    (void)nanosleep(&rest, NULL);
}

static struct scope scope_new(void) {
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    return (struct scope){.arena = arena, .scratch = arena, .now_us = clock_wall_us()};
}

/* A change of a table meanwhile is no failure; a full disk is told by watch_engine. */
static void tell(const char *event, status st) {
    if (st != ST_OK && st != ST_CONFLICT && st != ST_FULL)
        log_error("event=%s status=\"%s\"", event, status_text(st));
}

bool job_expire_items(struct database *database) {
    static struct expiry_sweep sweep; /* of the one thread that steps this */
    static int64_t walk_us, next_walk_us;
    int64_t began_us = clock_monotonic_us();
    if (began_us < next_walk_us)
        return false;
    struct scope scope = scope_new();
    size_t deleted;
    bool more;
    status st = expiry_sweep(database, &scope, &sweep, &deleted, &more);
    arena_free(scope.arena);
    metric_add(METRIC_ttl_deleted_items, deleted);
    tell("expire_items_failed", st);
    walk_us += clock_monotonic_us() - began_us;
    if (more) {
        rest_after(began_us);
        return true;
    }
    int64_t rest_us = walk_us * WALK_REST_FACTOR;
    next_walk_us = began_us + (rest_us < WALK_REST_US_MAX ? rest_us : WALK_REST_US_MAX);
    walk_us = 0;
    return false;
}

bool job_file_expiry(struct database *database) {
    static struct expiry_filing filing; /* as above */
    int64_t began_us = clock_monotonic_us();
    struct scope scope = scope_new();
    bool more;
    status st = expiry_tidy(database, &scope, &filing, &more);
    arena_free(scope.arena);
    tell("file_expiry_failed", st);
    if (more && st == ST_OK)
        rest_after(began_us);
    return more && st == ST_OK;
}
