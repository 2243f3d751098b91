/* percent.h - percent-encoding (RFC 3986), as signatures and forms have it.
 *
 * Purpose:   letters, digits and "-._~" stay; every other byte is % and two capital digits.
 * Ownership: the caller's buffer.
 * Threads:   any.
 * Errors:    none; what to do with a broken escape is the caller's to decide.
 * Limits:    none.
 */
#pragma once

#include "base/buf.h"

/* Bytes of `keep` stay, too. */
void percent_encode(struct buf *out, str text, const char *keep);

/* The value of a hexadecimal digit of either case; -1 when it is none. */
int percent_digit(char c);
