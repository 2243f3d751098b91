/* json_writer.h - JSON text into a buf.
 *
 * Purpose:   the only place that knows commas and escapes; callers name members and values.
 * Ownership: writes into the caller's buf.
 * Threads:   one at a time.
 * Errors:    none; unbalanced calls are a CHECK (json_writer_finish).
 * Limits:    JSON_WRITER_DEPTH_MAX open containers (CHECK).
 */
#pragma once

#include "base/buf.h"

enum { JSON_WRITER_DEPTH_MAX = 128 };

struct json_writer {
    struct buf *out;
    unsigned depth;
    bool comma; /* the next member or element needs one before it */
    size_t end; /* who writes many elements may stop when `out` is this long; 0: never */
};

static inline void json_writer_init(struct json_writer *w, struct buf *out) {
    *w = (struct json_writer){.out = out};
}

static inline bool json_writer_is_full(const struct json_writer *w) {
    return w->end != 0 && w->out->len >= w->end;
}

void json_write_object_begin(struct json_writer *w);
void json_write_object_end(struct json_writer *w);
void json_write_array_begin(struct json_writer *w);
void json_write_array_end(struct json_writer *w);
/* An object and its first key in one step; the key must need no escapes. */
void json_write_object_begin_key(struct json_writer *w, str plain_key);
/* Inside an object: the key of what comes next. */
void json_write_key(struct json_writer *w, str key);
/* Escapes what JSON demands (quote, backslash, control characters); the rest goes as it is. */
void json_write_string(struct json_writer *w, str text);
/* Base64 of the bytes, as a string. */
void json_write_base64(struct json_writer *w, str bytes);
void json_write_i64(struct json_writer *w, int64_t value);
/* Seconds with three decimals at most, shortest form: 1710000000.123 */
void json_write_seconds(struct json_writer *w, int64_t time_us);
/* Shortest text that reads back as the same double; whole values as 3.0 */
void json_write_double(struct json_writer *w, double value);
void json_write_bool(struct json_writer *w, bool value);
void json_write_null(struct json_writer *w);
/* Text that is JSON already: one whole value. */
void json_write_raw(struct json_writer *w, str json);
/* CHECKs that everything opened was closed. */
void json_writer_finish(struct json_writer *w);
