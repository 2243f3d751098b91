/* table_settings.h - what tables and global indexes are told beside keys and capacity.
 *
 * Purpose:   OnDemandThroughput, WarmThroughput and SSESpecification of CreateTable and
 *            UpdateTable: checked against what is, and set.
 * Ownership: what is kept is copied to the table's arena.
 * Threads:   one at a time.
 * Errors:    ValidationException.
 * Limits:    units of 1 to 10^12.
 */
#pragma once

#include "api/request.h"

/* Whose setting it is, and what it depends on. */
struct setting {
    struct request *request;
    str index; /* absent: the table itself */
    bool creating;
    bool on_demand; /* as the table will be */
};

/* `asked` may be NULL in all of these: nothing is asked for. */
status setting_on_demand_max(const struct setting *setting,
                             const struct in_OnDemandThroughput *asked, struct units *max);
/* Can only be raised. `throughput` is as it will be. */
status setting_warm(const struct setting *setting, const struct in_WarmThroughput *asked,
                    const struct throughput *throughput, struct units *warm);
status setting_encryption(const struct setting *setting, const struct in_SSESpecification *asked,
                          struct table *table);

/* What a table or an index can serve at once. */
struct units warm_units(bool on_demand, const struct throughput *throughput, struct units said);
