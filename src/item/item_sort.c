/* A stable merge sort over records that begin with their key. Runs of up to RUN records are put in
 * order by insertion, so the few attributes of a common item never see the merge. */
#include "item/item_int.h"

enum { RUN = 12 };

static inline str key_of(const char *record) {
    str key;
    memcpy(&key, record, sizeof key);
    return key;
}

static inline bool in_order(const char *records, size_t count, size_t size) {
    for (size_t i = 1; i < count; i++)
        if (str_cmp(key_of(records + (i - 1) * size), key_of(records + i * size)) > 0)
            return false;
    return true;
}

static inline void insertion_sort(char *records, size_t count, size_t size) {
    char moving[sizeof(struct attribute)];
    for (size_t i = 1; i < count; i++) {
        size_t at = i;
        memcpy(moving, records + i * size, size);
        while (at > 0 && str_cmp(key_of(records + (at - 1) * size), key_of(moving)) > 0) {
            memcpy(records + at * size, records + (at - 1) * size, size);
            at--;
        }
        if (at != i)
            memcpy(records + at * size, moving, size);
    }
}

/* Merges the ordered from[0..middle) and from[middle..count) to `to`. */
static inline void merge(const char *from, size_t middle, size_t count, char *to, size_t size) {
    size_t left = 0, right = middle;
    for (size_t i = 0; i < count; i++) {
        bool take_left = right == count ||
                         (left < middle &&
                          str_cmp(key_of(from + left * size), key_of(from + right * size)) <= 0);
        memcpy(to + i * size, from + (take_left ? left++ : right++) * size, size);
    }
}

static inline size_t lesser(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Inlined into its two callers, where `size` is a constant and each memcpy a few moves. */
[[gnu::always_inline]] static inline void sort(char *records, size_t count, size_t size,
                                               struct arena *arena) {
    if (in_order(records, count, size))
        return;
    for (size_t i = 0; i < count; i += RUN)
        insertion_sort(records + i * size, lesser(RUN, count - i), size);
    if (count <= RUN)
        return;
    arena_mark mark = arena_get_mark(arena);
    char *from = records, *to = arena_alloc(arena, count * size);
    for (size_t run = RUN; run < count; run *= 2) {
        for (size_t i = 0; i < count; i += 2 * run) {
            size_t middle = lesser(run, count - i);
            merge(from + i * size, middle, lesser(2 * run, count - i), to + i * size, size);
        }
        char *swap = from;
        from = to;
        to = swap;
    }
    if (from != records)
        memcpy(records, from, count * size);
    arena_rewind(arena, mark);
}

void attributes_sort(struct attribute *attributes, size_t count, struct arena *arena) {
    _Static_assert(offsetof(struct attribute, name) == 0, "the key of a record comes first");
    sort((char *)attributes, count, sizeof *attributes, arena);
}

void set_sort(str *members, size_t count, struct arena *arena) {
    sort((char *)members, count, sizeof *members, arena);
}

bool set_is_ascending(const str *members, size_t count) {
    for (size_t i = 1; i < count; i++)
        if (str_cmp(members[i - 1], members[i]) >= 0)
            return false;
    return true;
}
