#include "traffic/sketch.h"

#include "base/check.h"
#include "base/hash.h"

#include <stdlib.h>

/* A column each: finding a key, and the smallest weight, are walks over one short array. */
struct sketch {
    size_t count;
    uint64_t hashes[SKETCH_KEYS];
    int64_t weights[SKETCH_KEYS]; /* above 0 */
    int64_t errors[SKETCH_KEYS];
    char *keys[SKETCH_KEYS];
    size_t lengths[SKETCH_KEYS], sizes[SKETCH_KEYS]; /* of keys; of the memory they lie in */
};

struct sketch *sketch_new(void) {
    struct sketch *sketch = calloc(1, sizeof *sketch);
    CHECK(sketch != NULL);
    return sketch;
}

void sketch_free(struct sketch *sketch) {
    if (sketch == NULL)
        return;
    for (size_t i = 0; i < SKETCH_KEYS; i++)
        free(sketch->keys[i]);
    free(sketch);
}

static str key_at(const struct sketch *sketch, size_t at) {
    return (str){sketch->keys[at], sketch->lengths[at]};
}

static void set_key(struct sketch *sketch, size_t at, str key, uint64_t hash) {
    if (key.len > sketch->sizes[at]) {
        free(sketch->keys[at]);
        sketch->keys[at] = malloc(key.len);
        CHECK(sketch->keys[at] != NULL);
        sketch->sizes[at] = key.len;
    }
    if (key.len > 0)
        memcpy(sketch->keys[at], key.ptr, key.len);
    sketch->lengths[at] = key.len;
    sketch->hashes[at] = hash;
}

/* SKETCH_KEYS when there is none. */
static size_t find(const struct sketch *sketch, str key, uint64_t hash) {
    for (size_t i = 0; i < sketch->count; i++)
        if (sketch->hashes[i] == hash && str_eq(key_at(sketch, i), key))
            return i;
    return SKETCH_KEYS;
}

static size_t smallest(const struct sketch *sketch) {
    size_t at = 0;
    for (size_t i = 1; i < sketch->count; i++)
        if (sketch->weights[i] < sketch->weights[at])
            at = i;
    return at;
}

void sketch_add(struct sketch *sketch, str key, int64_t weight) {
    uint64_t hash = hash_bytes(key);
    size_t at = find(sketch, key, hash);
    if (weight <= 0)
        return;
    if (at == SKETCH_KEYS && sketch->count < SKETCH_KEYS) {
        at = sketch->count++;
        sketch->weights[at] = sketch->errors[at] = 0;
        set_key(sketch, at, key, hash);
    } else if (at == SKETCH_KEYS) {
        at = smallest(sketch);
        sketch->errors[at] = sketch->weights[at];
        set_key(sketch, at, key, hash);
    }
    sketch->weights[at] += weight;
}

static void move(struct sketch *sketch, size_t from, size_t to) {
    char *key = sketch->keys[to];
    size_t size = sketch->sizes[to];
    sketch->hashes[to] = sketch->hashes[from];
    sketch->weights[to] = sketch->weights[from];
    sketch->errors[to] = sketch->errors[from];
    sketch->lengths[to] = sketch->lengths[from];
    sketch->keys[to] = sketch->keys[from];
    sketch->sizes[to] = sketch->sizes[from];
    sketch->keys[from] = key; /* memory to be used again */
    sketch->sizes[from] = size;
}

void sketch_halve(struct sketch *sketch, unsigned times) {
    unsigned shift = times < 63 ? times : 63;
    size_t kept = 0;
    for (size_t i = 0; i < sketch->count; i++) {
        sketch->weights[i] >>= shift;
        sketch->errors[i] >>= shift;
        if (sketch->weights[i] == 0)
            continue;
        if (kept != i)
            move(sketch, i, kept);
        kept++;
    }
    sketch->count = kept;
}

static int compare_entries(const void *a, const void *b) {
    const struct sketch_entry *left = a, *right = b;
    if (left->weight != right->weight)
        return left->weight < right->weight ? 1 : -1;
    return str_cmp(left->key, right->key);
}

size_t sketch_top(const struct sketch *sketch, struct arena *arena, struct sketch_entry **out) {
    size_t count = sketch != NULL ? sketch->count : 0;
    struct sketch_entry *entries = arena_array(arena, struct sketch_entry, count + 1);
    for (size_t i = 0; i < count; i++)
        entries[i] = (struct sketch_entry){arena_copy(arena, key_at(sketch, i)), sketch->weights[i],
                                           sketch->errors[i]};
    qsort(entries, count, sizeof *entries, compare_entries);
    *out = entries;
    return count;
}
