/* table_key.h - where things lie in the storage engine.
 *
 * Purpose:   the layout of all storage keys, in one file.
 * Ownership: keys are written to the caller's buf.
 * Threads:   any.
 * Errors:    none; attributes must have been checked (table_check.h).
 * Limits:    KV_KEY_MAX holds the longest (an index entry's).
 *
 *   01 table name                                            catalogue entry
 *   02 table id (4) index id (2) what (1)                    counter: 01 items, 02 bytes
 *   02 table id (4) ffff 03 partition key…                  counter: bytes of an item collection
 *   03 "next_table_id"                                       meta: the next table id, 4 bytes
 *   04 01 user (1) token…                                   request token (request_token.h)
 *   04 02 end in µs (8) user (1) token…                     the same, by the time it is forgotten
 *   03 "next_log_id"                                        meta: the next change log's id, 4 bytes
 *   05 log id (4) …                                         records of change logs (change_log.h)
 *   06 …                                                    change logs and their shards
 *   07 table id (4) expiry in s (8) key of the item        index of expiry times
 *   08 table id (4) index id (2) 00                         an index being built: how far
 *   08 table id (4) index id (2) 01 hash (4) …              the same: marker, as an item's key
 *   09 01 access key id                                     access key (auth/identity_codec.c)
 *   09 02 kind (1) name                                     user, group, role or policy (likewise)
 *   09 03                                                    what tokens of sessions are signed
 * with 0a log id (4)                                           how far a log is delivered
 *                                                            (delivery_cursor.h)
 *   10 table id (4) index id (2) hash (4) partition key… sort key… [table key… for an index]
 *
 * The hash is the upper half of XXH3 over the encoded partition key: it spreads load over ranges,
 * gives Scan its order, and even cuts to its segments. A local index's entries leave the partition
 * key out of the table key at their end. Integers are big-endian.
 */
#pragma once

#include "base/buf.h"
#include "base/bytes.h"
#include "item/item_view.h"
#include "table/table.h"

enum key_space {
    SPACE_CATALOGUE = 0x01,
    SPACE_COUNTER = 0x02,
    SPACE_META = 0x03,
    SPACE_TOKEN = 0x04,
    SPACE_CHANGE = 0x05,
    SPACE_STREAM = 0x06,
    SPACE_EXPIRY = 0x07,
    SPACE_BUILD = 0x08,
    SPACE_DELIVERY = 0x0a,
    SPACE_ITEM = 0x10
};
enum counter_kind { COUNTER_ITEMS = 1, COUNTER_BYTES = 2, COUNTER_COLLECTION_BYTES = 3 };
enum { TABLE_INDEX_ID = 0 };                             /* the table's own items */
enum { TABLE_KEY_HASH_AT = 7, TABLE_KEY_HASH_END = 11 }; /* in the key of an item or an entry */

/* Where an attribute's value is looked up: a tree or stored bytes. */
struct key_source {
    const struct item *tree; /* or NULL, then: */
    view map;
};

str catalogue_key(struct arena *arena, str table_name);
str counter_key(struct arena *arena, uint32_t table_id, uint16_t index_id, enum counter_kind kind);

/* Bytes of one partition key's items and local index entries; kept for tables with such indexes.
 * False when the source lacks the key. */
bool collection_key(const struct table *table, const struct key_source *source, struct buf *out);
bool table_has_local_index(const struct table *table);

/* What all items of a table, or entries of an index, begin with. */
void items_prefix(uint32_t table_id, uint16_t index_id, struct buf *out);
/* What an index under construction keeps: all of it, how far it is, and the marker of an item. */
void build_prefix(uint32_t table_id, uint16_t index_id, struct buf *out);
str build_cursor_key(struct arena *arena, uint32_t table_id, uint16_t index_id);
str build_marker_key(struct arena *arena, uint16_t index_id, str item_key);

/* What all items of one partition key begin with. `parts` are hash_count values of the schema. */
void partition_prefix(uint32_t table_id, uint16_t index_id, const struct key_schema *key,
                      const str *parts, struct buf *out);

/* Which of `slices` even cuts of a table's hashes an item's storage key lies in. */
static inline uint32_t item_key_slice(str key, uint32_t slices) {
    return (uint32_t)((uint64_t)get_be32(key.ptr + TABLE_KEY_HASH_AT) * slices >> 32);
}

/* False when an attribute of the key is missing or of another type. Values go to `parts`. */
bool key_parts_find(const struct key_schema *key, const struct key_source *source,
                    str parts[2 * KEY_PARTS_MAX]);

/* The storage key of an item. False as above. */
bool item_key(const struct table *table, const struct key_source *source, struct buf *out);
/* The storage key of its entry in an index. False when it has none: a sparse index, or an item
 * from before the index was there, with values that can't be its keys. */
bool index_entry_key(const struct table *table, const struct index *index,
                     const struct key_source *source, struct buf *out);
