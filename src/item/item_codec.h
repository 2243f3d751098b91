/* item_codec.h - tree → stored bytes, and back for updates.
 *
 * Purpose:   the one place that writes the stored form; the layout of values is in item_view.h.
 * Ownership: output lives in the arena given.
 * Threads:   any.
 * Errors:    ST_CORRUPT for bytes that do not decode; ST_NEWER for a later format version.
 * Limits:    value.h's.
 *
 * Stored item:  00  format version (1)
 *               01  flags (0)
 *               02  origin, 2 bytes big-endian (0: written here)
 *               04  time of the last write, µs since 1970, 8 bytes big-endian
 *               12  the service's size of the item, 4 bytes big-endian
 *               16  the attributes: a map value from its tag on
 */
#pragma once

#include "base/buf.h"
#include "base/status.h"
#include "item/item_view.h"
#include "item/value.h"

enum { ITEM_FORMAT_VERSION = 1, ITEM_HEADER_BYTES = 16 };

struct item_stamp {
    int64_t time_us;
    uint16_t origin;
};

/* Encodes one value (tag first). Sorts maps and sets in place. */
void value_encode(struct value *value, struct buf *out);
/* Sorts and encodes; answers the stored bytes. */
str item_encode(struct item *item, const struct item_stamp *stamp, struct arena *arena);
/* The same for attributes that are encoded already (a map value): an index entry's projection. */
str item_encode_map(view map, const struct item_stamp *stamp, struct arena *arena);
/* The same for some of the members of a map, in its order. */
struct item_member {
    str name;
    view value;
};
str item_encode_members(const struct item_member *members, size_t count,
                        const struct item_stamp *stamp, struct arena *arena);

/* Walks all bytes and checks all that views rely on (canonical order included). */
status item_check_stored(str stored);
/* Only the header and outer length: cheap, on every read from storage. */
status item_open(str stored, view *out_map);
/* The attributes of stored bytes that were opened before. */
static inline view item_map(str stored) {
    return (view){(const unsigned char *)stored.ptr + ITEM_HEADER_BYTES,
                  (const unsigned char *)stored.ptr + stored.len};
}
struct item_stamp item_stamp_of(str stored);
/* The service's size: attribute names and values. */
size_t item_size(str stored);

/* bytes → tree; strings and names stay slices of the bytes. */
struct value value_thaw(view v, struct arena *arena);
struct item item_thaw(view map, struct arena *arena);

/* The service's size of a tree. */
size_t value_size(const struct value *value);
size_t item_tree_size(const struct item *item);
/* Levels of nesting, the item itself counted: above VALUE_DEPTH_MAX it must not be stored. What
 * item_from_json accepts is within; an update may nest deeper. */
unsigned item_tree_depth(const struct item *item);
