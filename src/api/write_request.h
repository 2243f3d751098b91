/* write_request.h - what PutItem, UpdateItem and DeleteItem share.
 *
 * Purpose:   one write with its condition, from expressions to reply.
 * Ownership: in the request's arena.
 * Threads:   one at a time.
 * Errors:    through the scope, in the service's words.
 * Limits:    none of its own.
 */
#pragma once

#include "api/request.h"
#include "table/table_write.h"

/* Members that the three inputs have in common. */
struct write_members {
    str table_name;
    str condition; /* ConditionExpression; ptr NULL: none */
    str return_on_failure;
    str return_capacity;
    struct parameters parameters;
};

/* Parses ConditionExpression into `out`; NULL when there is none. */
status write_condition(struct request *request, str text, struct expr_placeholders *placeholders,
                       const struct expr_condition **out);

/* Does it, and turns its outcome into the request's error. */
status write_run(struct request *request, const struct write_members *members, struct write *write);
/* ConsumedCapacity of one write. */
void write_reply_capacity(struct request *request, str detail, const struct write *write);
