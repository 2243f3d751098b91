#include "table/table_key.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "item/item_key.h"

enum { HASH_BYTES = 4, PREFIX_BYTES = 7, BUILD_CURSOR = 0, BUILD_MARKER = 1 };

str catalogue_key(struct arena *arena, str table_name) {
    char *key = arena_bytes(arena, table_name.len + 1);
    key[0] = SPACE_CATALOGUE;
    if (table_name.len)
        memcpy(key + 1, table_name.ptr, table_name.len);
    return (str){key, table_name.len + 1};
}

str counter_key(struct arena *arena, uint32_t table_id, uint16_t index_id, enum counter_kind kind) {
    char *key = arena_bytes(arena, 8);
    key[0] = SPACE_COUNTER;
    put_be32(key + 1, table_id);
    put_be16(key + 5, index_id);
    key[7] = (char)kind;
    return (str){key, 8};
}

bool table_has_local_index(const struct table *table) {
    return table->index_count > 0 && !table->indexes[0].global; /* local ones come first */
}

static void prefix_put(char *at, enum key_space space, uint32_t table_id, uint16_t index_id) {
    at[0] = (char)space;
    put_be32(at + 1, table_id);
    put_be16(at + 5, index_id);
}

void items_prefix(uint32_t table_id, uint16_t index_id, struct buf *out) {
    prefix_put(buf_reserve(out, PREFIX_BYTES), SPACE_ITEM, table_id, index_id);
    out->len += PREFIX_BYTES;
}

void build_prefix(uint32_t table_id, uint16_t index_id, struct buf *out) {
    prefix_put(buf_reserve(out, PREFIX_BYTES), SPACE_BUILD, table_id, index_id);
    out->len += PREFIX_BYTES;
}

str build_cursor_key(struct arena *arena, uint32_t table_id, uint16_t index_id) {
    char *key = arena_bytes(arena, PREFIX_BYTES + 1);
    prefix_put(key, SPACE_BUILD, table_id, index_id);
    key[PREFIX_BYTES] = BUILD_CURSOR;
    return (str){key, PREFIX_BYTES + 1};
}

str build_marker_key(struct arena *arena, uint16_t index_id, str item_key) {
    CHECK(item_key.len > PREFIX_BYTES);
    char *key = arena_bytes(arena, item_key.len + 1);
    prefix_put(key, SPACE_BUILD, get_be32(item_key.ptr + 1), index_id);
    key[PREFIX_BYTES] = BUILD_MARKER;
    memcpy(key + PREFIX_BYTES + 1, item_key.ptr + PREFIX_BYTES, item_key.len - PREFIX_BYTES);
    return (str){key, item_key.len + 1};
}

void partition_prefix(uint32_t table_id, uint16_t index_id, const struct key_schema *key,
                      const str *parts, struct buf *out) {
    items_prefix(table_id, index_id, out);
    size_t hash_at = out->len;
    buf_reserve(out, HASH_BYTES);
    out->len += HASH_BYTES;
    for (size_t i = 0; i < key->hash_count; i++)
        key_part_encode(key->hash[i].kind, parts[i], out);
    str encoded = str_slice(buf_str(out), hash_at + HASH_BYTES, out->len);
    put_be32(out->ptr + hash_at, (uint32_t)(hash_bytes(encoded) >> 32));
}

static bool part_find(const struct key_attribute *attribute, const struct key_source *source,
                      str *out) {
    if (source->tree != NULL) {
        const struct value *value = item_find(source->tree, attribute->name);
        if (value == NULL || value->kind != attribute->kind)
            return false;
        *out = value->bytes;
        return true;
    }
    view value = view_member(source->map, attribute->name);
    if (view_kind(value) != attribute->kind)
        return false;
    *out = view_bytes(value);
    return true;
}

bool key_parts_find(const struct key_schema *key, const struct key_source *source,
                    str parts[2 * KEY_PARTS_MAX]) {
    for (size_t i = 0; i < key_schema_count(key); i++)
        if (!part_find(key_schema_part(key, i), source, &parts[i]))
            return false;
    return true;
}

static void range_parts_add(const struct key_schema *key, const str *parts, struct buf *out) {
    for (size_t i = 0; i < key->range_count; i++)
        key_part_encode(key->range[i].kind, parts[key->hash_count + i], out);
}

bool collection_key(const struct table *table, const struct key_source *source, struct buf *out) {
    str parts[2 * KEY_PARTS_MAX];
    if (!key_parts_find(&table->key, source, parts))
        return false;
    char *at = buf_reserve(out, 8);
    at[0] = SPACE_COUNTER;
    put_be32(at + 1, table->id);
    put_be16(at + 5, UINT16_MAX);
    at[7] = COUNTER_COLLECTION_BYTES;
    out->len += 8;
    for (size_t i = 0; i < table->key.hash_count; i++)
        key_part_encode(table->key.hash[i].kind, parts[i], out);
    return true;
}

bool item_key(const struct table *table, const struct key_source *source, struct buf *out) {
    str parts[2 * KEY_PARTS_MAX];
    if (!key_parts_find(&table->key, source, parts))
        return false;
    partition_prefix(table->id, TABLE_INDEX_ID, &table->key, parts, out);
    range_parts_add(&table->key, parts, out);
    return true;
}

bool index_entry_key(const struct table *table, const struct index *index,
                     const struct key_source *source, struct buf *out) {
    str parts[2 * KEY_PARTS_MAX], table_parts[2 * KEY_PARTS_MAX];
    if (!key_parts_find(&index->key, source, parts))
        return false;
    /* The service keeps an item whose index key is empty or too long out of the index; writes
     * refuse it, so it can only stem from before the index was there. */
    for (size_t i = 0; i < key_schema_count(&index->key); i++)
        if (parts[i].len == 0 ||
            parts[i].len > (i < index->key.hash_count ? HASH_KEY_BYTES_MAX : RANGE_KEY_BYTES_MAX))
            return false;
    bool whole = key_parts_find(&table->key, source, table_parts);
    CHECK(whole); /* stored items have their key */
    partition_prefix(table->id, index->id, &index->key, parts, out);
    range_parts_add(&index->key, parts, out);
    if (index->global)
        for (size_t i = 0; i < table->key.hash_count; i++)
            key_part_encode(table->key.hash[i].kind, table_parts[i], out);
    range_parts_add(&table->key, table_parts, out);
    return true;
}
