/* table_reply.h - a table as DescribeTable and its kin show it.
 *
 * Purpose:   TableDescription.
 * Ownership: none.
 * Threads:   one at a time.
 * Errors:    those of reading counters.
 * Limits:    none.
 */
#pragma once

#include "api/request.h"

/* The members of a TableDescription, into an open object; of a table that is being deleted, only
 * what is left of it. */
status table_reply(struct request *request, const struct table *table);
/* The same in the answer to the request that makes or changes the table, which shows it as
 * CREATING or UPDATING whatever the delay. */
status table_reply_changing(struct request *request, const struct table *table);
/* The shorter one of DeleteTable. */
void table_reply_deleted(struct request *request, const struct table *table);
