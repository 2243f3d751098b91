/* sha256.h - SHA-256 and HMAC over it, on the stack.
 *
 * Purpose:   hashing for signatures without an allocation: the states are plain structs, so that a
 *            key's first block is hashed once and copied from then on.
 * Ownership: none.
 * Threads:   any.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#include "base/str.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

enum { SHA256_LEN = 32, SHA256_HEX_LEN = 64 };

struct sha256_digest {
    unsigned char bytes[SHA256_LEN];
};

/* The states of HMAC after the block that holds the key. */
struct hmac_key {
    uint32_t inner[8], outer[8];
};

struct sha256_digest sha256(str bytes);
void hmac_key_init(struct hmac_key *key, str secret);
struct sha256_digest hmac_sha256(const struct hmac_key *key, str bytes);

/* Lower case. */
void sha256_hex(const struct sha256_digest *digest, char out[SHA256_HEX_LEN]);
/* False unless `hex` is 64 digits of either case. */
bool sha256_from_hex(str hex, struct sha256_digest *out);
/* Takes the same time whatever the bytes are. */
bool sha256_equal(const struct sha256_digest *a, const struct sha256_digest *b);
