/* table_update.h - from UpdateTable's input to a changed description.
 *
 * Purpose:   all checks between its members and against the table, in the service's words.
 * Ownership: what is kept is copied to the changed table's arena.
 * Threads:   one at a time.
 * Errors:    ValidationException, ResourceInUseException, LimitExceededException,
 *            ResourceNotFoundException.
 * Limits:    the service's: one index made or deleted at a time, decreases of capacity a day.
 */
#pragma once

#include "api/request.h"

/* Everything that can be said without looking at the table. */
status table_update_check(struct request *request, const struct in_UpdateTableInput *in);

/* `changed` is a copy of `table`, to become what the input asks for. */
struct table_change {
    struct request *request;
    const struct in_UpdateTableInput *in;
    const struct table *table;
    struct table *changed;
    int64_t until_us; /* what changes shows as UPDATING until then */
};

/* Whether the table may be changed in this way now, then the change. */
status table_update_apply(const struct table_change *change);

/* ---- parts of it ---- */

/* table_update_index.c: GlobalSecondaryIndexUpdates. */
status table_update_check_indexes(struct scope *scope, const struct in_UpdateTableInput *in);
/* Whether this may be while an index is being made or deleted, as one is. */
status table_update_check_building(const struct table_change *change);
status table_update_indexes(const struct table_change *change);

/* table_update_capacity.c: `index` is absent for the table itself. */
status table_update_throughput(struct scope *scope, str index,
                               const struct in_ProvisionedThroughput *asked,
                               struct throughput *throughput);
/* As NumberOfDecreasesToday says it. */
int64_t throughput_decreases_today(const struct throughput *throughput, int64_t now_us);
