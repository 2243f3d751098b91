/* json_reader.h - a pull reader over JSON text that is whole in memory.
 *
 * Purpose:   one pass from text to typed values: the caller asks for what it expects and nothing
 *            is built that it did not ask for. Knows nothing of any API.
 * Ownership: strings without escapes are slices of the input; others are copied to the arena.
 * Threads:   one at a time.
 * Errors:    sticky: after the first one every call answers false (or JSON_END) and
 *            json_reader_failed says so. The text must be valid UTF-8 (checked by
 *            json_reader_init; a lone surrogate escape is an error too).
 * Limits:    JSON_DEPTH_MAX open containers; no recursion anywhere, so depth costs no stack.
 *            RFC 8259, nothing more: no comments, no trailing commas, no NaN.
 */
#pragma once

#include "base/arena.h"

enum { JSON_DEPTH_MAX = 512 };

enum json_kind {
    JSON_END, /* end of input, or an error */
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_TRUE,
    JSON_FALSE,
    JSON_NULL,
};

struct json_reader {
    const char *at, *end, *begin;
    struct arena *arena;
    unsigned depth; /* open containers */
    bool failed;
    bool first; /* nothing read yet in the innermost container */
    /* one bit a level: is the container an array */
    uint64_t is_array[JSON_DEPTH_MAX / 64];
};

void json_reader_init(struct json_reader *reader, str text, struct arena *arena);
static inline bool json_reader_failed(const struct json_reader *reader) {
    return reader->failed;
}

/* What stands next; consumes blanks only. */
enum json_kind json_peek(struct json_reader *reader);

/* Enter a container. Then, until it answers false: json_object_next gives a key whose value must
 * be consumed (or skipped); json_array_next says that one more element stands there. At the
 * closing bracket they leave the container and answer false. */
bool json_object_begin(struct json_reader *reader);
bool json_object_next(struct json_reader *reader, str *out_key);
bool json_array_begin(struct json_reader *reader);
bool json_array_next(struct json_reader *reader);

bool json_string(struct json_reader *reader, str *out);
/* The number's text as written. */
bool json_number(struct json_reader *reader, str *out_text);
bool json_bool(struct json_reader *reader, bool *out);
bool json_null(struct json_reader *reader);
/* Any value, checked like the others; needs no arena memory. */
bool json_skip(struct json_reader *reader);
/* True when only blanks follow the one value that was read. */
bool json_finish(struct json_reader *reader);
