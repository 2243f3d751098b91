/* arena.h - memory that dies with its request.
 *
 * Purpose:   everything made while serving a request lives in one arena; nothing is freed one by
 *            one. A loop inside a request (10,000 items past a filter) marks and rewinds.
 * Ownership: the arena owns all it gave out; arena_reset and arena_free take it all back.
 * Threads:   one thread at a time.
 * Errors:    never answers NULL: passing the limit is our bug (admission bounds the input), so it
 *            is a CHECK.
 * Limits:    bytes_max, given at creation.
 */
#pragma once

#include "base/str.h"

#include <stddef.h>
#include <stdint.h>

struct arena;

/* Heap-allocated; keeps its first block across resets. */
struct arena *arena_new(size_t bytes_max);
/* For what stays long, when about how much it takes is known. */
struct arena *arena_new_sized(size_t first_block, size_t bytes_max);
void arena_free(struct arena *arena); /* accepts NULL */
/* Empty again; blocks above keep_bytes go back to the heap. */
void arena_reset(struct arena *arena, size_t keep_bytes);
size_t arena_used(const struct arena *arena);
/* What it takes of the heap, used or not. */
size_t arena_held(const struct arena *arena);

/* 16-byte aligned, not cleared. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_alloc_zero(struct arena *arena, size_t size);
/* No alignment; for bytes. */
char *arena_bytes(struct arena *arena, size_t size);
/* Makes `old` (the newest allocation or not) larger, in place where it can. */
void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size);

/* Of the newest allocation only the first new_size bytes are kept. */
void arena_give_back(struct arena *arena, void *newest, size_t old_size, size_t new_size);

#define arena_array(arena, type, count)                                                            \
    ((type *)arena_alloc_zero((arena), sizeof(type) * (size_t)(count)))
#define arena_struct(arena, type) arena_array(arena, type, 1)

str arena_copy(struct arena *arena, str bytes);
/* What buf_printf takes. A NUL stands behind the text. */
[[gnu::format(printf, 2, 3)]] str arena_printf(struct arena *arena, const char *format, ...);
[[gnu::format(printf, 2, 0)]] str arena_vprintf(struct arena *arena, const char *format,
                                                __builtin_va_list args);

/* Step memory: rewind forgets all that was allocated since the mark. */
typedef struct arena_mark {
    void *block;
    size_t used;
} arena_mark;

arena_mark arena_get_mark(struct arena *arena);
void arena_rewind(struct arena *arena, arena_mark mark);
