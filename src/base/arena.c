/* A chain of blocks, newest first. Each new block doubles, so a big request needs few of them.
 * Under AddressSanitizer all that is not handed out is poisoned, with a gap after every
 * allocation, so an overrun by one byte is still reported. */
#include "base/arena.h"

#include "base/check.h"
#include "base/sanitizers.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if SANITIZES_ADDRESSES
#include <sanitizer/asan_interface.h>
#define POISON(at, size) ASAN_POISON_MEMORY_REGION(at, size)
#define UNPOISON(at, size) ASAN_UNPOISON_MEMORY_REGION(at, size)
enum { GAP = 16 };
#else
#define POISON(at, size) ((void)(at), (void)(size))
#define UNPOISON(at, size) ((void)(at), (void)(size))
enum { GAP = 0 };
#endif

enum { FIRST_BLOCK = 16 * 1024, BLOCK_MAX = 4 * 1024 * 1024, ALIGN = 16 };

struct block {
    struct block *older;
    size_t size; /* of data */
    size_t used;
    _Alignas(ALIGN) char data[];
};

struct arena {
    struct block *newest;
    size_t bytes_max;
    size_t bytes_held; /* sum of block sizes */
};

static struct block *block_new(struct arena *arena, size_t size, struct block *older) {
    CHECK(arena->bytes_held + size <= arena->bytes_max);
    struct block *block = malloc(sizeof *block + size);
    CHECK(block != NULL);
    block->older = older;
    block->size = size;
    block->used = 0;
    arena->bytes_held += size;
    POISON(block->data, size);
    return block;
}

static void block_free(struct arena *arena, struct block *block) {
    arena->bytes_held -= block->size;
    UNPOISON(block->data, block->size);
    free(block);
}

struct arena *arena_new_sized(size_t first_block, size_t bytes_max) {
    CHECK(bytes_max >= first_block);
    struct arena *arena = calloc(1, sizeof *arena);
    CHECK(arena != NULL);
    arena->bytes_max = bytes_max;
    arena->newest = block_new(arena, first_block, NULL);
    return arena;
}

struct arena *arena_new(size_t bytes_max) {
    return arena_new_sized(FIRST_BLOCK, bytes_max);
}

void arena_free(struct arena *arena) {
    if (arena == NULL)
        return;
    while (arena->newest != NULL) {
        struct block *older = arena->newest->older;
        block_free(arena, arena->newest);
        arena->newest = older;
    }
    free(arena);
}

void arena_reset(struct arena *arena, size_t keep_bytes) {
    while (arena->newest->older != NULL &&
           (arena->newest->size > keep_bytes || arena->newest->older->older != NULL)) {
        struct block *older = arena->newest->older;
        block_free(arena, arena->newest);
        arena->newest = older;
    }
    /* At most two blocks are left: a kept large one on top of the first. Serve from the large. */
    struct block *top = arena->newest;
    if (top->older != NULL) {
        block_free(arena, top->older);
        top->older = NULL;
    }
    top->used = 0;
    POISON(top->data, top->size);
}

size_t arena_used(const struct arena *arena) {
    size_t used = 0;
    for (const struct block *b = arena->newest; b != NULL; b = b->older)
        used += b->used;
    return used;
}

size_t arena_held(const struct arena *arena) {
    size_t held = sizeof *arena + arena->bytes_held;
    for (const struct block *b = arena->newest; b != NULL; b = b->older)
        held += sizeof *b;
    return held;
}

static char *block_take(struct arena *arena, size_t size, size_t align) {
    struct block *block = arena->newest;
    size_t from = (block->used + align - 1) & ~(align - 1);
    if (__builtin_expect(from + size + GAP > block->size, 0)) {
        size_t next = block->size * 2 < BLOCK_MAX ? block->size * 2 : BLOCK_MAX;
        if (next < size + GAP)
            next = size + GAP;
        block = arena->newest = block_new(arena, next, block);
        from = 0;
    }
    block->used = from + size + GAP;
    UNPOISON(block->data + from, size);
    return block->data + from;
}

void *arena_alloc(struct arena *arena, size_t size) {
    return block_take(arena, size, ALIGN);
}

void *arena_alloc_zero(struct arena *arena, size_t size) {
    return memset(block_take(arena, size, ALIGN), 0, size);
}

char *arena_bytes(struct arena *arena, size_t size) {
    return block_take(arena, size, 1);
}

void *arena_grow(struct arena *arena, void *old, size_t old_size, size_t new_size) {
    struct block *block = arena->newest;
    CHECK(new_size >= old_size);
    if (GAP == 0 && old != NULL && (char *)old + old_size == block->data + block->used &&
        block->used + (new_size - old_size) <= block->size) {
        block->used += new_size - old_size;
        return old;
    }
    void *grown = arena_alloc(arena, new_size);
    if (old_size)
        memcpy(grown, old, old_size);
    return grown;
}

void arena_give_back(struct arena *arena, void *newest, size_t old_size, size_t new_size) {
    struct block *block = arena->newest;
    size_t from = (size_t)((char *)newest - block->data);
    CHECK(from + old_size + GAP == block->used && new_size <= old_size);
    block->used = from + new_size + GAP;
    POISON((char *)newest + new_size, block->size - from - new_size);
}

str arena_copy(struct arena *arena, str bytes) {
    char *copy = arena_bytes(arena, bytes.len ? bytes.len : 1);
    if (bytes.len)
        memcpy(copy, bytes.ptr, bytes.len);
    return (str){copy, bytes.len};
}

arena_mark arena_get_mark(struct arena *arena) {
    return (arena_mark){arena->newest, arena->newest->used};
}

void arena_rewind(struct arena *arena, arena_mark mark) {
    while (arena->newest != mark.block) {
        struct block *older = arena->newest->older;
        CHECK(older != NULL); /* a mark of another arena, or rewound past it already */
        block_free(arena, arena->newest);
        arena->newest = older;
    }
    CHECK(mark.used <= arena->newest->used);
    POISON(arena->newest->data + mark.used, arena->newest->size - mark.used);
    arena->newest->used = mark.used;
}
