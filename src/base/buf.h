/* buf.h - a growing run of bytes in an arena.
 *
 * Purpose:   where text and encodings are written (replies, stored items, keys).
 * Ownership: the bytes belong to the arena; buf_str is valid until the next write.
 * Threads:   one at a time.
 * Errors:    none; growth past the arena's limit is a CHECK there.
 * Limits:    the arena's.
 */
#pragma once

#include "base/arena.h"

struct buf {
    struct arena *arena;
    char *ptr;
    size_t len;
    size_t size; /* bytes at ptr */
};

void buf_init(struct buf *buf, struct arena *arena, size_t size_hint);
/* Makes room for `more` bytes and answers where they go; the caller then adds to len. */
char *buf_reserve_slow(struct buf *buf, size_t more);

static inline char *buf_reserve(struct buf *buf, size_t more) {
    if (__builtin_expect(buf->size - buf->len >= more, 1))
        return buf->ptr + buf->len;
    return buf_reserve_slow(buf, more);
}

static inline void buf_add(struct buf *buf, const void *bytes, size_t len) {
    char *at = buf_reserve(buf, len);
    if (len)
        memcpy(at, bytes, len);
    buf->len += len;
}

static inline void buf_add_str(struct buf *buf, str s) {
    buf_add(buf, s.ptr, s.len);
}

#define buf_add_lit(buf, lit) buf_add((buf), "" lit, sizeof(lit) - 1)

static inline void buf_add_byte(struct buf *buf, unsigned char byte) {
    *buf_reserve(buf, 1) = (char)byte;
    buf->len++;
}

/* Decimal text. */
void buf_add_u64(struct buf *buf, uint64_t value);
void buf_add_i64(struct buf *buf, int64_t value);
/* What format.c knows; the bytes of a "%.*s" may be any, NUL too. */
[[gnu::format(printf, 2, 3)]] void buf_printf(struct buf *buf, const char *format, ...);
[[gnu::format(printf, 2, 0)]] void buf_vprintf(struct buf *buf, const char *format,
                                               __builtin_va_list args);

static inline str buf_str(const struct buf *buf) {
    return (str){buf->ptr, buf->len};
}
