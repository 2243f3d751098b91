/* random.h - random numbers for identifiers and sampling.
 *
 * Purpose:   request ids, table ids, shuffles. Not for secrets that must resist guessing for long:
 *            keys and tokens come from OpenSSL.
 * Ownership: none; the state is per thread and seeds itself from the kernel.
 * Threads:   any.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint64_t random_u64(void);
void random_bytes(void *out, size_t len);
/* Fills 36 characters of a version 4 UUID; no NUL. */
void random_uuid(char out[36]);
