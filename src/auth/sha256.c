/* OpenSSL's own functions for the algorithm rather than its EVP layer: EVP keeps states on the
 * heap, and copying the state of a cached key there costs more than the hashing of a short text. */
#include "auth/sha256.h"

#include <openssl/crypto.h>

enum { BLOCK_LEN = 64 };

struct sha256_digest sha256(str bytes) {
    struct sha256_digest digest;
    SHA256_CTX state;
    SHA256_Init(&state); /* SHA256() itself goes by EVP */
    SHA256_Update(&state, bytes.ptr, bytes.len);
    SHA256_Final(digest.bytes, &state);
    return digest;
}

static void state_begin(uint32_t out[8], const unsigned char *key, unsigned char pad) {
    unsigned char block[BLOCK_LEN];
    SHA256_CTX state;
    for (size_t i = 0; i < BLOCK_LEN; i++)
        block[i] = key[i] ^ pad;
    SHA256_Init(&state);
    SHA256_Update(&state, block, sizeof block);
    memcpy(out, state.h, sizeof state.h);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(&state, sizeof state);
}

/* As it was behind that block; `data` holds nothing yet. */
static void state_resume(SHA256_CTX *state, const uint32_t begun[8]) {
    memcpy(state->h, begun, sizeof state->h);
    state->Nl = BLOCK_LEN * 8;
    state->Nh = 0;
    state->num = 0;
    state->md_len = SHA256_LEN;
}

void hmac_key_init(struct hmac_key *key, str secret) {
    unsigned char block[BLOCK_LEN] = {};
    if (secret.len > BLOCK_LEN) {
        struct sha256_digest digest = sha256(secret);
        memcpy(block, digest.bytes, sizeof digest.bytes);
    } else if (secret.len > 0) {
        memcpy(block, secret.ptr, secret.len);
    }
    state_begin(key->inner, block, 0x36);
    state_begin(key->outer, block, 0x5c);
    OPENSSL_cleanse(block, sizeof block);
}

struct sha256_digest hmac_sha256(const struct hmac_key *key, str bytes) {
    struct sha256_digest digest;
    SHA256_CTX state;
    state_resume(&state, key->inner);
    SHA256_Update(&state, bytes.ptr, bytes.len);
    SHA256_Final(digest.bytes, &state);
    state_resume(&state, key->outer);
    SHA256_Update(&state, digest.bytes, sizeof digest.bytes);
    SHA256_Final(digest.bytes, &state);
    return digest;
}

void sha256_hex(const struct sha256_digest *digest, char out[SHA256_HEX_LEN]) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < SHA256_LEN; i++) {
        out[2 * i] = digits[digest->bytes[i] >> 4];
        out[2 * i + 1] = digits[digest->bytes[i] & 15];
    }
}

static int hex_value(char c) {
    unsigned digit = (unsigned char)c - (unsigned)'0', letter = ((unsigned char)c | 0x20u) - 'a';
    return digit < 10 ? (int)digit : letter < 6 ? (int)letter + 10 : -1;
}

bool sha256_from_hex(str hex, struct sha256_digest *out) {
    struct sha256_digest digest;
    if (hex.len != SHA256_HEX_LEN)
        return false;
    for (size_t i = 0; i < SHA256_LEN; i++) {
        int high = hex_value(hex.ptr[2 * i]), low = hex_value(hex.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest.bytes[i] = (unsigned char)(high * 16 + low);
    }
    *out = digest;
    return true;
}

bool sha256_equal(const struct sha256_digest *a, const struct sha256_digest *b) {
    return CRYPTO_memcmp(a->bytes, b->bytes, SHA256_LEN) == 0;
}
