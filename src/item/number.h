/* number.h - decimals of 38 digits, in one encoding for keys, stored items and comparison.
 *
 * Purpose:   text ↔ encoding, arithmetic. Equal values have equal encodings (1000, 1e3, 1.0e3),
 *            and the order of encodings as unsigned bytes is the order of values.
 * Ownership: encodings are bytes in the caller's memory, at most NUMBER_BYTES_MAX.
 * Threads:   any.
 * Errors:    enum number_fault.
 * Limits:    38 significant digits; magnitude 1E-130 … 9.99…E+125 and zero (the service's).
 *
 * Format, self-delimiting:
 *   zero      02
 *   positive  03  E  D…  00      E = exponent of the first digit + 130 (scientific), 0…255
 *   negative  01 ~E ~D…  ff      ~E = 255 - E
 *   D… holds two digits a byte, most significant first, the last padded by 0, trailing 00 bytes
 *   dropped: byte = pair + 1 (1…100); negative: byte = 101 - pair… so that larger sorts lower.
 *   0: 02   1: 03 82 0b 00   10: 03 83 0b 00   -1: 01 7d 5b ff   1.23: 03 82 0d 1f 00
 */
#pragma once

#include "base/buf.h"

enum { NUMBER_BYTES_MAX = 22, NUMBER_DIGITS_MAX = 38, NUMBER_TEXT_MAX = 170 };

enum number_fault {
    NUMBER_OK,
    NUMBER_NOT_NUMERIC,     /* not a number at all, or blanks, or empty */
    NUMBER_TOO_MANY_DIGITS, /* more than 38 significant digits */
    NUMBER_OVERFLOW,        /* magnitude above 9.99…E+125 */
    NUMBER_UNDERFLOW,       /* magnitude below 1E-130 */
};

/* Text as the service takes it: optional sign, digits with an optional point (.5 and 5. are fine),
 * optional exponent. Writes to `out` (NUMBER_BYTES_MAX bytes) and *out_len. */
enum number_fault number_from_text(str text, unsigned char *out, size_t *out_len);
/* Canonical plain decimal: no exponent, no leading or trailing zeros. */
void number_to_text(str number, struct buf *out);
/* Length of the encoding that starts there, 0 when it does not decode. */
size_t number_len(const unsigned char *at, const unsigned char *end);

/* left + right, left - right; exact, or a fault. */
enum number_fault number_add(str left, str right, unsigned char *out, size_t *out_len);
enum number_fault number_subtract(str left, str right, unsigned char *out, size_t *out_len);

/* The service's size: 1 + one byte per two integer digits + one per two fraction digits (each
 * rounded up) + 1 when negative. */
size_t number_size(str number);
/* Whole numbers that fit; false otherwise. */
bool number_to_i64(str number, int64_t *out);
/* The least whole number that is not below; false when that does not fit. */
bool number_ceiling(str number, int64_t *out);
void number_from_i64(int64_t value, unsigned char *out, size_t *out_len);
