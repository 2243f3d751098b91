/* table_state.h - what tables and indexes show as.
 *
 * Purpose:   CREATING, UPDATING, DELETING and ACTIVE, from a description and the time.
 * Ownership: none; values.
 * Threads:   any.
 * Errors:    none.
 * Limits:    none.
 *
 * A description says until when it shows as something; --status-delay-ms says how far ahead that
 * may be. What is further ahead was written by a clock that has been set back since, and is over.
 */
#pragma once

#include "table/table.h"

/* How refusals begin that are due to a table's state; then "created: name" and the like. */
#define TABLE_IN_USE "Attempt to change a resource which is still in use: Table is being "

enum shown_state { SHOWN_ACTIVE, SHOWN_CREATING, SHOWN_UPDATING, SHOWN_DELETING };

struct state_clock {
    int64_t now_us;
    int64_t delay_us;
};

/* Whether a time until which something is shown is still to come. */
bool state_pending(struct state_clock clock, int64_t until_us);
/* Whether operations on items find the table: not while it is being made or deleted. */
bool table_serves_items(const struct table *table, struct state_clock clock);
enum shown_state table_shown(const struct table *table, struct state_clock clock);
/* `index` is a global one of the table. */
enum shown_state index_shown(const struct table *table, const struct index *index,
                             struct state_clock clock);
/* "ACTIVE", … */
str shown_state_name(enum shown_state state);
/* The index that is being made or deleted; NULL when there is none. */
const struct index *table_index_under_way(const struct table *table);
