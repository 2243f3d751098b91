/* identity_service.h - between HTTP and the operations of IAM and STS.
 *
 * Purpose:   which requests are such calls, their signatures, and their answers as replies.
 * Ownership: replies live in the request's arena.
 * Threads:   any; calls are answered by workers, because changes wait until they are durable.
 * Errors:    ST_OK or ST_WOULD_WAIT.
 * Limits:    those of identity_api/form.h.
 */
#pragma once

#include "server/service.h"

/* Only where signatures are verified: without, there is nobody to manage. */
bool identity_is_call(const struct service *service, const struct http_request *request);
status identity_reply(struct service *service, struct http_request *request,
                      struct http_reply *reply);
