/* api.h - operations by name: typed input in, reply out.
 *
 * Purpose:   the one entry to all operations; knows neither HTTP nor connections, so that tests,
 *            the server and other protocols call it alike.
 * Ownership: the answer lives in call->arena.
 * Threads:   any. ST_WOULD_WAIT: nothing happened; call again where waiting is allowed.
 * Errors:    ST_OK (the answer may be an error for the client) or ST_WOULD_WAIT, nothing else.
 * Limits:    those of the service, see shapes.def.
 *
 * The order of checks is this file's to keep: operation known → JSON types → constraints of single
 * members, all in one message (shape_read) → members against each other, expressions → table →
 * schema → condition. An operation's function goes through the last five in that order.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "table/database.h"

struct traffic;

struct api_call {
    str target; /* "DynamoDB_20120810.GetItem"; ptr NULL when there was none */
    str body;
    struct arena *arena;
    struct arena *scratch; /* reset by steps of the operation */
    int64_t now_us;
    struct traffic *traffic; /* NULL: nothing is counted, and nothing refused for its number */
};

struct api_answer {
    int http_status;
    str body;
    uint64_t ticket; /* the answer holds once this is durable (kv.h); 0: now */
};

status api_call(struct database *database, const struct api_call *call, struct api_answer *out);

/* Whether there is such an operation. */
bool api_knows(str target);

struct scope;
/* The answer to a call that was refused before it was run; the scope says why. */
void api_refuse(struct scope *scope, struct api_answer *out);

/* The answer to a call whose ticket was lost: the write may not have happened. */
void api_lost(struct arena *arena, struct api_answer *out);

/* Names of all operations that are there, for tests and documents. */
size_t api_operation_count(void);
str api_operation_name(size_t index);
