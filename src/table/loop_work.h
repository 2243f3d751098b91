/* loop_work.h - how much of a loop's time one request may take.
 *
 * Purpose:   a loop serves many connections: a request that turns out to be long goes to a worker,
 *            as one that has to wait does. Counted in bytes looked at, not in time, so that equal
 *            requests take equal ways.
 * Ownership: a plain struct, one a request.
 * Threads:   one at a time. Off the loops nothing is limited.
 * Errors:    ST_WOULD_WAIT: nothing has happened yet, so the request may run again.
 * Limits:    LOOP_WORK_MAX, about a millisecond. It may only be asked before an update.
 */
#pragma once

#include "base/thread.h"
#include "expr/expr.h"

enum { LOOP_WORK_MAX = 512 * 1024, LOOP_WORK_PER_ITEM = 64 };

struct loop_work {
    size_t done;
};

/* Before an item of so many bytes is looked at. A condition may walk all of it for each of its
 * paths. */
static inline status loop_work_add(struct loop_work *work, size_t bytes,
                                   const struct expr_condition *condition) {
    size_t looks = condition != NULL ? condition->path_count : 0;
    work->done += (bytes + LOOP_WORK_PER_ITEM) * (2 + looks) / 2;
    return work->done <= LOOP_WORK_MAX || thread_may_wait() ? ST_OK : ST_WOULD_WAIT;
}
