/* time_to_live.h - what the operations on TTL settings share.
 *
 * Purpose:   when a change of the setting is still under way.
 * Ownership: none.
 * Threads:   any.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#include "api/request.h"

/* The service takes up to an hour for a change and refuses another one meanwhile. Here a change
 * takes as long as all changes of a table's state are said to take (--status-delay-ms). */
static inline bool time_to_live_changing(const struct request *request, const struct table *table) {
    struct state_clock clock = request_clock(request);
    return state_pending(clock, table->ttl.changed_us + clock.delay_us);
}
