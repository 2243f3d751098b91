/* thread.h - which threads may wait, and a pool of those that may.
 *
 * Purpose:   an I/O loop never waits. Loops mark themselves; whatever would wait asks
 *            thread_may_wait() and answers ST_WOULD_WAIT on a loop, and the whole request then
 *            runs again on a worker of a pool.
 * Ownership: pool_free joins its threads and drops jobs that have not begun.
 * Threads:   the mark is per thread; a pool may be used by all.
 * Errors:    pool_add answers false when the queue is full (the caller refuses the request).
 * Limits:    queue length, given at creation.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Says that this thread is an I/O loop, for good. */
void thread_mark_loop(void);
bool thread_may_wait(void);
/* Shown by ps and gdb; at most 15 characters count. */
void thread_set_name(const char *name);

struct pool;
typedef void pool_job(void *argument);

struct pool *pool_new(const char *name, size_t thread_count, size_t queue_max);
void pool_free(struct pool *pool);
bool pool_add(struct pool *pool, pool_job *job, void *argument);
