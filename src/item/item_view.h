/* item_view.h - reading stored bytes without building anything.
 *
 * Purpose:   conditions, filters, projections and replies read items where they lie.
 * Ownership: a view borrows the bytes.
 * Threads:   any.
 * Errors:    views are made of bytes that item_open (on read from storage) or item_encode vouches
 *            for. A step that does not decode finds nothing: damage never leads out of the bytes.
 *            VIEW_NONE is the view of what is not there.
 * Limits:    value.h's.
 *
 * Canonical: equal values have equal bytes (maps and sets are sorted by name or member bytes,
 * numbers have one encoding, lengths are shortest varints), so equality is memcmp.
 *
 * A value:  tag (enum value_kind), then
 *           - string, binary: varint length, bytes
 *           - number: its encoding (number.h), self-delimiting
 *           - bool: 00 or 01
 *           - null: nothing
 *           - list: varint byte length of the rest, varint count, values
 *           - map: varint byte length of the rest, varint count, (varint length, name, value)…
 *           - sets: varint byte length of the rest, varint count, members as string, number or
 *             binary without a tag
 * An item:  header (item_codec.h), then a map value from its tag on.
 */
#pragma once

#include "base/str.h"
#include "item/value.h"

typedef struct view {
    const unsigned char *at;  /* the tag byte; NULL: nothing there */
    const unsigned char *end; /* behind the value */
} view;

#define VIEW_NONE ((view){NULL, NULL})

static inline bool view_exists(view v) {
    return v.at != NULL;
}
static inline enum value_kind view_kind(view v) {
    return v.at ? (enum value_kind) * v.at : VALUE_NONE;
}
/* All bytes of the value, tag included. */
static inline str view_encoding(view v) {
    return (str){(const char *)v.at, (size_t)(v.end - v.at)};
}
static inline bool view_equal(view a, view b) {
    return a.at && b.at && str_eq(view_encoding(a), view_encoding(b));
}

/* The value whose encoding starts at `at` and ends at or before `end`. */
view view_of(const unsigned char *at, const unsigned char *end);
/* The value whose encoding is exactly these bytes. */
static inline view view_from_encoding(str encoding) {
    return (view){(const unsigned char *)encoding.ptr,
                  (const unsigned char *)encoding.ptr + encoding.len};
}

/* The content of a string, binary or number (its encoding); {NULL,0} for other kinds. */
str view_bytes(view v);
bool view_bool(view v);
/* Of a number: the least whole number that is not below. False for other kinds, and when that does
 * not fit. */
bool view_ceiling(view v, int64_t *out);
/* Elements, members or set members; 0 for scalars. */
uint32_t view_count(view v);

/* A member of a map; an element of a list. VIEW_NONE when absent or v is no such thing. */
view view_member(view v, str name);
view view_element(view v, uint64_t index);

/* Walking a list, map or set:
 *     for (view_cursor c = view_first(v); view_next(&c);) … c.value or c.member …  */
typedef struct view_cursor {
    const unsigned char *next, *end;
    enum value_kind container;
    uint32_t left;
    str name;   /* of a map's member */
    view value; /* of a list's element or a map's member */
    str member; /* of a set, as view_bytes would give it */
} view_cursor;

view_cursor view_first(view container);
bool view_next(view_cursor *cursor);

/* Whether a set (or list) holds a member (or element) equal to `v`. */
bool view_contains_element(view container, view v);

/* Order of two strings, numbers or binaries of one kind; false when they have no order. */
bool view_compare(view a, view b, int *out_order);

/* The service's size of a value (names not counted for the value itself). */
size_t view_size(view v);
