/* utf8.h - is it UTF-8, and how long is it in other units.
 *
 * Purpose:   the check that every text from outside passes once.
 * Ownership: none.
 * Threads:   any.
 * Errors:    none.
 * Limits:    none. RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#pragma once

#include "base/str.h"

bool utf8_valid(str s);
/* Both expect valid UTF-8. */
size_t utf8_characters(str s);
size_t utf8_utf16_units(str s);
/* Writes 1-4 bytes, answers how many. */
size_t utf8_put(char *at, uint32_t code_point);
