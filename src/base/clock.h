/* clock.h - the time, read in one place.
 *
 * Purpose:   wall time for stored times and ids, monotonic time for deadlines and durations.
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
