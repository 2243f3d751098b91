/* scope.h - what every function that serves a request is handed.
 *
 * Purpose:   memory, time and the one error that the client will be told, so that a request is a
 *            straight line of TRYs.
 * Ownership: both arenas belong to whoever made the scope; `scratch` may be reset between steps of
 *            a loop (a page of a scan), `arena` lives until the reply is sent.
 * Threads:   one at a time.
 * Errors:    fail() records code and text, and answers ST_FAILED; the first one stays.
 * Limits:    the arenas'.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"

enum error_code {
    ERROR_NONE,
#define ERROR(name, http_status, family, message_key, text) ERROR_##name,
#include "item/errors.def"
#undef ERROR
    ERROR_COUNT
};

struct scope {
    struct arena *arena;
    struct arena *scratch;
    int64_t now_us; /* wall time at which the request arrived */
    enum error_code error;
    str error_text;
    /* Stored bytes of the item that goes with a ConditionalCheckFailedException, if asked for. */
    str error_item;
    const void *error_detail; /* cancellation reasons, throttling reasons; the error's own kind */
};

[[gnu::format(printf, 3, 4)]] status fail(struct scope *scope, enum error_code code,
                                          const char *format, ...);
/* The commonest. */
[[gnu::format(printf, 2, 3)]] status fail_validation(struct scope *scope, const char *format, ...);
