/* bytes.h - integers in bytes, and variable-length lengths.
 *
 * Purpose:   the building blocks of every stored format (big-endian, so they sort).
 * Ownership: none.
 * Threads:   any.
 * Errors:    readers answer false (or 0) when bytes run out or do not decode.
 * Limits:    a varint is at most 5 bytes and holds 32 bits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline void put_be16(void *at, uint16_t v) {
    v = __builtin_bswap16(v);
    memcpy(at, &v, 2);
}
static inline void put_be32(void *at, uint32_t v) {
    v = __builtin_bswap32(v);
    memcpy(at, &v, 4);
}
static inline void put_be64(void *at, uint64_t v) {
    v = __builtin_bswap64(v);
    memcpy(at, &v, 8);
}
static inline uint16_t get_be16(const void *at) {
    uint16_t v;
    memcpy(&v, at, 2);
    return __builtin_bswap16(v);
}
static inline uint32_t get_be32(const void *at) {
    uint32_t v;
    memcpy(&v, at, 4);
    return __builtin_bswap32(v);
}
static inline uint64_t get_be64(const void *at) {
    uint64_t v;
    memcpy(&v, at, 8);
    return __builtin_bswap64(v);
}

enum { VARINT_MAX = 5 };

/* Seven bits a byte, least significant first, high bit set on all but the last. */
static inline size_t put_varint(unsigned char *at, uint32_t v) {
    size_t n = 0;
    while (v >= 0x80) {
        at[n++] = (unsigned char)(v | 0x80);
        v >>= 7;
    }
    at[n++] = (unsigned char)v;
    return n;
}

/* Answers the bytes read, 0 when they run out, overflow, or are not the shortest form (one value
 * has one encoding: stored bytes are compared as bytes). */
static inline size_t get_varint(const unsigned char *at, const unsigned char *end, uint32_t *out) {
    uint32_t v = 0;
    for (size_t n = 0; n < VARINT_MAX && at + n < end; n++) {
        uint32_t bits = at[n] & 0x7f;
        if (n == 4 && bits > 0x0f)
            return 0;
        v |= bits << (7 * n);
        if (!(at[n] & 0x80)) {
            if (n > 0 && bits == 0)
                return 0;
            *out = v;
            return n + 1;
        }
    }
    return 0;
}
