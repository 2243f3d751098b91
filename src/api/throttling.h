/* throttling.h - why a request was throttled, as the errors that say so list it.
 *
 * Purpose:   the "ThrottlingReasons" of ProvisionedThroughputExceededException,
 *            RequestLimitExceeded and ThrottlingException.
 * Ownership: in the request's arena.
 * Threads:   one at a time.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#include "api/request.h"

struct throttling_reason {
    str reason;   /* "TableWriteProvisionedThroughputExceeded" … */
    str resource; /* ARN of the table or index */
};

/* What scope->error_detail points to with one of the three errors; NULL: nothing is listed. */
struct throttling {
    const struct throttling_reason *reasons;
    size_t count;
};

/* ThrottlingException writes the member's name small, the others large. */
void reply_throttling(struct reply *reply, enum error_code error,
                      const struct throttling *throttling);
/* What the service lists with this error on this table; NULL for other errors. */
const struct throttling *throttling_by_fault(struct request *request, enum error_code error,
                                             str table_name);
bool throttling_is(enum error_code error);
