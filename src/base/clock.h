/* clock.h - the time, read in one place.
 *
 * Purpose:   wall time for stored times and ids, monotonic time for deadlines and durations, a
 *            thread's own time for how much it takes from others.
 *            Code above `base` takes the time from its request (scope.now_us), not from here.
 * Ownership: none.
 * Threads:   any.
 * Errors:    none.
 * Limits:    wall time may jump; monotonic time does not.
 */
#pragma once

#include <stdint.h>

int64_t clock_wall_us(void);
int64_t clock_monotonic_us(void);
/* Processor time that this thread has used. */
int64_t clock_thread_us(void);
