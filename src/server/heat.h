/* heat.h - GET /_stator/heat?table=NAME[&index=NAME]
 *
 * Purpose:   which keys and which parts of a table are hot, for people and consoles.
 * Ownership: in the request's arena.
 * Threads:   any.
 * Errors:    404 for a table or an index that is not there.
 * Limits:    those of traffic.h. Keys are told in clear text here, and nowhere else.
 */
#pragma once

#include "http/http.h"
#include "table/database.h"
#include "traffic/traffic.h"

void heat_reply(struct database *database, struct traffic *traffic,
                const struct http_request *request, struct http_reply *reply);
