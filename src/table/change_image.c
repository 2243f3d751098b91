/* Most writes change little of an item, and a record with both images would hold most of it twice.
 * What is written costs: at 1 KiB an item, a second whole image was a sixth of a put's CPU, and
 * filled the engine's memory sooner. Members ascend by name in both images, so one walk side by
 * side finds what they share, and another puts the old image together again, byte for byte. */
#include "item/item_codec.h"
#include "table/change_log.h"

enum { SHARED_BYTES_MIN = 64 }; /* below that it isn't worth a walk of the reader's */

static bool member_equal(const view_cursor *a, const view_cursor *b) {
    return str_eq(a->name, b->name) && view_equal(a->value, b->value);
}

bool image_difference_make(struct arena *arena, str before, str after,
                           struct image_difference *out) {
    view old = item_map(before), new = item_map(after);
    size_t bits_len = (view_count(new) + 7) / 8, count = 0, shared_bytes = 0, at = 0;
    char *bits = arena_alloc_zero(arena, bits_len + 1);
    struct item_member *rest = arena_array(arena, struct item_member, view_count(old) + 1);
    view_cursor in_new = view_first(new);
    bool more = view_next(&in_new);
    for (view_cursor in_old = view_first(old); view_next(&in_old);) {
        while (more && str_cmp(in_new.name, in_old.name) < 0) {
            more = view_next(&in_new);
            at++;
        }
        if (more && member_equal(&in_new, &in_old)) {
            bits[at / 8] = (char)(bits[at / 8] | 1 << at % 8);
            shared_bytes += in_old.name.len + view_encoding(in_old.value).len;
        } else {
            rest[count++] = (struct item_member){in_old.name, in_old.value};
        }
    }
    if (shared_bytes < SHARED_BYTES_MIN + bits_len)
        return false;
    struct item_stamp stamp = item_stamp_of(before);
    out->shared = (str){bits, bits_len};
    out->rest = item_encode_members(rest, count, &stamp, arena);
    return true;
}

status image_difference_apply(struct arena *arena, str after,
                              const struct image_difference *difference, str *out_before) {
    view new = item_map(after), rest = item_map(difference->rest);
    if (difference->shared.len != (view_count(new) + 7) / 8)
        return ST_CORRUPT;
    struct item_member *members =
        arena_array(arena, struct item_member, (size_t)view_count(new) + view_count(rest) + 1);
    size_t count = 0, at = 0;
    view_cursor in_rest = view_first(rest);
    bool more = view_next(&in_rest);
    for (view_cursor in_new = view_first(new); view_next(&in_new); at++) {
        if (!(difference->shared.ptr[at / 8] >> at % 8 & 1))
            continue;
        for (; more && str_cmp(in_rest.name, in_new.name) < 0; more = view_next(&in_rest))
            members[count++] = (struct item_member){in_rest.name, in_rest.value};
        if (more && str_eq(in_rest.name, in_new.name))
            return ST_CORRUPT;
        members[count++] = (struct item_member){in_new.name, in_new.value};
    }
    for (; more; more = view_next(&in_rest))
        members[count++] = (struct item_member){in_rest.name, in_rest.value};
    struct item_stamp stamp = item_stamp_of(difference->rest);
    *out_before = item_encode_members(members, count, &stamp, arena);
    return ST_OK;
}
