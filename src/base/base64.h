/* base64.h - strict base64 (RFC 4648 section 4).
 *
 * Purpose:   binary attributes on the wire.
 * Ownership: the caller's memory.
 * Threads:   any.
 * Errors:    decode answers false: bad alphabet, bad padding, non-zero left-over bits.
 * Limits:    none.
 */
#pragma once

#include "base/str.h"

static inline size_t base64_encoded_len(size_t len) {
    return (len + 2) / 3 * 4;
}
/* Writes base64_encoded_len(in.len) bytes. */
void base64_encode(str in, char *out);
/* `out` has room for in.len / 4 * 3 bytes; out_len is what was written. */
bool base64_decode(str in, char *out, size_t *out_len);
