#include "kv/rocks/counters.h"

#include "base/check.h"
#include "base/hash.h"

#include <stdlib.h>

enum { SIZE_FIRST = 16 };

void counters_clear(struct counters *counters) {
    for (size_t i = 0; i < counters->count; i++)
        free((char *)counters->list[i].key.ptr);
    counters->count = 0;
    if (counters->slot_count)
        memset(counters->slots, 0, counters->slot_count * sizeof counters->slots[0]);
}

void counters_done(struct counters *counters) {
    counters_clear(counters);
    free(counters->list);
    free(counters->slots);
    *counters = (struct counters){};
}

static uint32_t *slot_of(struct counters *counters, str key, uint64_t hash) {
    size_t at = hash & (counters->slot_count - 1);
    while (counters->slots[at] != 0) {
        const struct counter *counter = &counters->list[counters->slots[at] - 1];
        if (counter->hash == hash && str_eq(counter->key, key))
            break;
        at = (at + 1) & (counters->slot_count - 1);
    }
    return &counters->slots[at];
}

static void index_again(struct counters *counters) {
    memset(counters->slots, 0, counters->slot_count * sizeof counters->slots[0]);
    for (size_t i = 0; i < counters->count; i++) {
        const struct counter *counter = &counters->list[i];
        *slot_of(counters, counter->key, counter->hash) = (uint32_t)i + 1;
    }
}

static void grow(struct counters *counters) {
    counters->size = counters->size ? counters->size * 2 : SIZE_FIRST;
    counters->slot_count = counters->size * 2;
    counters->list = realloc(counters->list, counters->size * sizeof counters->list[0]);
    free(counters->slots);
    counters->slots = calloc(counters->slot_count, sizeof counters->slots[0]);
    CHECK(counters->list != NULL && counters->slots != NULL);
    index_again(counters);
}

struct counter *counters_at(struct counters *counters, str key, bool *out_new) {
    if (counters->count == counters->size)
        grow(counters);
    uint64_t hash = hash_bytes(key);
    uint32_t *slot = slot_of(counters, key, hash);
    *out_new = *slot == 0;
    if (*out_new) {
        char *copy = malloc(key.len);
        CHECK(copy != NULL);
        memcpy(copy, key.ptr, key.len);
        counters->list[counters->count++] = (struct counter){{copy, key.len}, hash, 0};
        *slot = (uint32_t)counters->count;
    }
    return &counters->list[*slot - 1];
}

void counters_drop(struct counters *counters, str from, str to) {
    size_t kept = 0;
    for (size_t i = 0; i < counters->count; i++) {
        struct counter counter = counters->list[i];
        if (str_cmp(counter.key, from) >= 0 && str_cmp(counter.key, to) < 0)
            free((char *)counter.key.ptr);
        else
            counters->list[kept++] = counter;
    }
    if (kept == counters->count)
        return;
    counters->count = kept;
    index_again(counters);
}
