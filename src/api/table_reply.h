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

/* The members of a TableDescription, into an open object. */
status table_reply(struct request *request, const struct table *table, str status_name);
/* The shorter one of DeleteTable. */
void table_reply_deleted(struct request *request, const struct table *table);
/* "KeySchema": […]. */
void reply_key_schema(struct reply *reply, const struct key_schema *key);
