/* compression.h - bodies that travel compressed.
 *
 * Purpose:   Content-Encoding of requests (gzip of any number of members, deflate with or without
 *            its zlib frame), and gzip for replies whose asker takes it.
 * Ownership: output lives in the arena given.
 * Threads:   any.
 * Errors:    ST_INVALID: broken or unknown; ST_TOO_BIG: more than bytes_max when decompressed,
 *            found before more than that is written.
 * Limits:    bytes_max, given by the caller; replies up to COMPRESS_ABOVE bytes stay as they are.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"

enum { COMPRESS_ABOVE = 4096 };

/* `encoding` is the value of Content-Encoding; absent or "identity" leaves the body as it is. */
status body_decompress(str encoding, str body, size_t bytes_max, struct arena *arena, str *out);

/* Whether one value of Accept-Encoding lets us answer in gzip (q-values and "*" as RFC 9110 has
 * them). *said is set when it speaks of gzip at all, so that a later header can't overrule it. */
bool accepts_gzip(str accept_encoding, bool *said);

/* Absent when it would not get smaller. */
str body_gzip(str body, struct arena *arena);
