#include "base/buf.h"

void buf_init(struct buf *buf, struct arena *arena, size_t size_hint) {
    *buf = (struct buf){.arena = arena};
    buf->size = size_hint ? size_hint : 64;
    buf->ptr = arena_alloc(arena, buf->size);
}

char *buf_reserve_slow(struct buf *buf, size_t more) {
    size_t size = buf->size * 2;
    if (size < buf->len + more)
        size = buf->len + more;
    buf->ptr = arena_grow(buf->arena, buf->ptr, buf->size, size);
    buf->size = size;
    return buf->ptr + buf->len;
}

void buf_add_u64(struct buf *buf, uint64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_add(buf, digits + at, sizeof digits - at);
}

void buf_add_i64(struct buf *buf, int64_t value) {
    if (value < 0)
        buf_add_byte(buf, '-');
    buf_add_u64(buf, value < 0 ? -(uint64_t)value : (uint64_t)value);
}
