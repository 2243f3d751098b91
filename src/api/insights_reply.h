/* insights_reply.h - what the three operations of contributor insights share.
 *
 * Purpose:   naming a table or one of its global indexes, and the settings as they are shown.
 * Ownership: in the request's arena.
 * Threads:   one at a time.
 * Errors:    ResourceNotFoundException.
 * Limits:    none.
 */
#pragma once

#include "api/request.h"

/* Whose insights; index NULL: the table's. */
struct insights_target {
    const struct table *table;
    const struct index *index;
};

status insights_target_find(struct request *request, str table_name, str index_name,
                            struct insights_target *out);
/* The settings of a table under change (index absent) or of an index are forgotten. */
void insights_drop(struct table *table, str index_name);
/* Whether they were ever switched on or are being switched off: what lists show. */
bool insights_listed(struct request *request, const struct insights_target *target);
/* TableName, IndexName, ContributorInsightsStatus and ContributorInsightsMode, as members. */
void insights_reply(struct request *request, const struct insights_target *target);
/* The same; the status of a change that was just made. */
void insights_reply_changing(struct request *request, const struct insights_target *target,
                             enum insights_mode mode);
