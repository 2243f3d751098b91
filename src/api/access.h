/* access.h - whether who asks may do what is asked.
 *
 * Purpose:   the one place where calls meet policies: from an operation's row in ops.def follows
 *            which actions on which resources its input names, and each is decided.
 * Ownership: all of it lives in the request.
 * Threads:   one at a time.
 * Errors:    AccessDeniedException in the scope, in the service's words.
 * Limits:    none of its own.
 *
 * An ARN is made of the name, whether or not there is such a table, and is decided before the table
 * is looked at: who is denied does not learn whether it exists. What conditions may ask for is
 * only gathered when some policy asks for it (access_context.c). One denied element refuses a
 * transaction or a batch as a whole; statements of BatchExecuteStatement are refused one by one.
 */
#pragma once

#include "api/request.h"

struct statement;

/* Before the operation's own code: everything but PartiQL's statements, which are not parsed yet.
 * Only for requests whose caller has a principal. */
status access_check(struct request *request);
/* The same before faults on demand are looked at, which are only for calls that would be run: with
 * the statements of ExecuteStatement and ExecuteTransaction, too. */
status access_check_ahead(struct request *request);
/* One statement, once it is parsed. Does nothing when nobody is asked who they are. */
status access_check_statement(struct request *request, const struct statement *statement);
/* Whether the caller could do `action` on the table or stream of that ARN if `changed` were its
 * table's description. True when nobody is asked. */
bool access_allows(struct request *request, str action, str arn, const struct table *changed);
