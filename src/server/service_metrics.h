/* service_metrics.h - what requests and the engine give to metrics.
 *
 * Purpose:   counting answers as they leave; the text of /metrics.
 * Ownership: none of its own.
 * Threads:   any.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#include "api/api.h"
#include "server/service.h"

/* An answer leaves; reply->note is its struct api_counts, or NULL for what was no call. */
void service_count(const struct http_request *request, const struct http_reply *reply);
void service_metrics(struct service *service, struct buf *out);
