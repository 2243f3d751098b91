#include "table/table_read.h"

#include "base/bytes.h"
#include "base/check.h"
#include "item/item_codec.h"
#include "item/item_key.h"
#include "kv/kv.h"
#include "table/table_key.h"

enum {
    PAGE_ITEMS_MIN = 4,
    PAGE_ITEMS_MAX = 256,
    PAGE_FETCHED_MAX = 16, /* entries whose items, of 400 KB each, are fetched together */
    PAGE_BYTES_MAX = 256 * 1024
};

/* ---- by key ---- */

static str storage_key(struct scope *scope, const struct table *table, const struct item *item) {
    struct buf key;
    buf_init(&key, scope->arena, 128);
    bool whole = item_key(table, &(struct key_source){.tree = item}, &key);
    CHECK(whole);
    return buf_str(&key);
}

static status find_opened(struct database *database, struct scope *scope, struct kv_read *read,
                          const str *keys, size_t count, str *out_stored) {
    view map;
    TRY(kv_find_many(database->kv, read, scope->arena, keys, count, out_stored));
    for (size_t i = 0; i < count; i++)
        if (out_stored[i].ptr != NULL)
            TRY(item_open(out_stored[i], &map));
    return ST_OK;
}

status table_find_many(struct database *database, struct scope *scope, const struct table *table,
                       const struct item *const *keys, size_t count, str *out_stored) {
    str *storage_keys = arena_array(scope->arena, str, count);
    for (size_t i = 0; i < count; i++)
        storage_keys[i] = storage_key(scope, table, keys[i]);
    return find_opened(database, scope, NULL, storage_keys, count, out_stored);
}

status table_find_together(struct database *database, struct scope *scope,
                           const struct table *const *tables, const struct item *const *keys,
                           size_t count, str *out_stored) {
    str *storage_keys = arena_array(scope->arena, str, count);
    for (size_t i = 0; i < count; i++)
        storage_keys[i] = storage_key(scope, tables[i], keys[i]);
    scoped_kv_read struct kv_read *read = NULL;
    TRY(kv_read_begin(database->kv, &read));
    return find_opened(database, scope, read, storage_keys, count, out_stored);
}

status table_counters(struct database *database, struct scope *scope, const struct table *table,
                      const struct index *index, int64_t *out_items, int64_t *out_bytes) {
    uint16_t id = index ? index->id : TABLE_INDEX_ID;
    str keys[2] = {counter_key(scope->arena, table->id, id, COUNTER_ITEMS),
                   counter_key(scope->arena, table->id, id, COUNTER_BYTES)};
    str values[2];
    TRY(kv_find_many(database->kv, NULL, scope->arena, keys, 2, values));
    *out_items = kv_counter_value(values[0]);
    *out_bytes = kv_counter_value(values[1]);
    return ST_OK;
}

status table_collection_bytes(struct database *database, struct scope *scope,
                              const struct table *table, const struct item *item,
                              int64_t *out_bytes) {
    *out_bytes = 0;
    if (!table_has_local_index(table))
        return ST_OK;
    struct buf key;
    buf_init(&key, scope->arena, 64);
    bool whole = collection_key(table, &(struct key_source){.tree = item}, &key);
    CHECK(whole); /* checked by the caller */
    str value = {};
    str storage_key = buf_str(&key);
    TRY(kv_find_many(database->kv, NULL, scope->arena, &storage_key, 1, &value));
    *out_bytes = kv_counter_value(value);
    return ST_OK;
}

/* ---- bounds ---- */

static const struct key_schema *range_schema(const struct table_range *range) {
    return range->index ? &range->index->key : &range->table->key;
}

static void segment_bounds(const struct table_range *range, struct arena *arena, str *from,
                           str *to) {
    uint16_t id = range->index ? range->index->id : TABLE_INDEX_ID;
    struct buf prefix;
    buf_init(&prefix, arena, 16);
    items_prefix(range->table->id, id, &prefix);
    *from = buf_str(&prefix);
    *to = key_prefix_end(*from, arena);
    if (range->total_segments <= 1)
        return;
    uint64_t low = ((uint64_t)range->segment << 32) / range->total_segments;
    uint64_t high = ((uint64_t)(range->segment + 1) << 32) / range->total_segments;
    char cut[4];
    put_be32(cut, (uint32_t)low);
    *from = arena_copy(arena, buf_str(&prefix));
    struct buf bound;
    buf_init(&bound, arena, 16);
    buf_add_str(&bound, *from);
    buf_add(&bound, cut, sizeof cut);
    *from = buf_str(&bound);
    if (high > UINT32_MAX)
        return;
    put_be32(cut, (uint32_t)high);
    buf_init(&bound, arena, 16);
    buf_add_str(&bound, buf_str(&prefix));
    buf_add(&bound, cut, sizeof cut);
    *to = buf_str(&bound);
}

static str with_part(struct arena *arena, str prefix, enum value_kind kind, str bytes,
                     bool open_ended) {
    struct buf buf;
    buf_init(&buf, arena, prefix.len + bytes.len + 16);
    buf_add_str(&buf, prefix);
    if (open_ended)
        key_part_encode_prefix(bytes, &buf);
    else
        key_part_encode(kind, bytes, &buf);
    return buf_str(&buf);
}

static void query_bounds(const struct table_range *range, struct arena *arena, str *from, str *to) {
    const struct key_schema *schema = range_schema(range);
    struct buf prefix;
    buf_init(&prefix, arena, 128);
    partition_prefix(range->table->id, range->index ? range->index->id : TABLE_INDEX_ID, schema,
                     range->hash_parts, &prefix);
    for (size_t i = 0; i < range->equal_count; i++)
        key_part_encode(schema->range[i].kind, range->equal_parts[i], &prefix);
    str all = buf_str(&prefix);
    *from = all;
    *to = key_prefix_end(all, arena);
    if (!range->has_condition)
        return;
    CHECK(range->equal_count < schema->range_count);
    enum value_kind kind = schema->range[range->equal_count].kind;
    str exact = with_part(arena, all, kind, range->value, range->op == KEY_BEGINS_WITH);
    switch (range->op) {
    case KEY_EQ:
    case KEY_BEGINS_WITH:
        *from = exact;
        *to = key_prefix_end(exact, arena);
        return;
    case KEY_LT:
        *to = exact;
        return;
    case KEY_LE:
        *to = key_prefix_end(exact, arena);
        return;
    case KEY_GT:
        *from = key_prefix_end(exact, arena);
        return;
    case KEY_GE:
        *from = exact;
        return;
    case KEY_BETWEEN:
        *from = exact;
        *to = key_prefix_end(with_part(arena, all, kind, range->value_to, false), arena);
        return;
    }
}

static void range_bounds(const struct table_range *range, struct arena *arena, str *from, str *to) {
    if (range->hash_parts != NULL)
        query_bounds(range, arena, from, to);
    else
        segment_bounds(range, arena, from, to);
}

static str start_key(const struct table_range *range, struct arena *arena,
                     const struct item *item) {
    struct buf key;
    buf_init(&key, arena, 128);
    struct key_source source = {.tree = item};
    bool whole = range->index ? index_entry_key(range->table, range->index, &source, &key)
                              : item_key(range->table, &source, &key);
    CHECK(whole); /* checked by the caller */
    return buf_str(&key);
}

bool table_range_holds(struct scope *scope, const struct table_range *range,
                       const struct item *item) {
    str from, to, key = start_key(range, scope->arena, item);
    range_bounds(range, scope->arena, &from, &to);
    return str_cmp(from, key) <= 0 && (to.ptr == NULL || str_cmp(key, to) < 0);
}

/* The least key behind `key`. */
static str key_successor(struct arena *arena, str key) {
    char *bytes = arena_bytes(arena, key.len + 1);
    memcpy(bytes, key.ptr, key.len);
    bytes[key.len] = 0;
    return (str){bytes, key.len + 1};
}

/* ---- the cursor ---- */

static size_t page_items_max(const struct table_cursor *cursor) {
    return cursor->whole_items ? PAGE_FETCHED_MAX : PAGE_ITEMS_MAX;
}

status table_cursor_open(struct database *database, struct scope *scope,
                         const struct table_range *range, bool whole_items, size_t page_items,
                         struct table_cursor *out) {
    *out = (struct table_cursor){
        .database = database, .scope = scope, .range = range, .whole_items = whole_items};
    range_bounds(range, scope->arena, &out->from, &out->to);
    if (range->start_after != NULL) {
        str key = start_key(range, scope->arena, range->start_after);
        str behind = key_successor(scope->arena, key);
        if (range->backward && (out->to.ptr == NULL || str_cmp(key, out->to) < 0))
            out->to = key;
        if (!range->backward && str_cmp(behind, out->from) > 0)
            out->from = behind;
    }
    out->page = arena_struct(scope->arena, struct kv_page);
    out->page->more = true;
    size_t items_max = page_items_max(out);
    out->page_items = page_items < PAGE_ITEMS_MIN ? PAGE_ITEMS_MIN
                      : page_items > items_max    ? items_max
                                                  : page_items;
    /* Entries and the items they are completed from must be of one moment. */
    if (whole_items)
        TRY(kv_read_begin(database->kv, &out->read));
    return ST_OK;
}

void table_cursor_close(struct table_cursor *cursor) {
    kv_read_end(cursor->read);
    cursor->read = NULL;
}

static status fetch_items(struct table_cursor *cursor) {
    struct arena *arena = cursor->scope->scratch;
    size_t count = cursor->page->count;
    str *keys = arena_array(arena, str, count + 1);
    for (size_t i = 0; i < count; i++) {
        view map;
        TRY(item_open(cursor->page->pairs[i].value, &map));
        struct buf key;
        buf_init(&key, arena, 128);
        if (!item_key(cursor->range->table, &(struct key_source){.map = map}, &key))
            return ST_CORRUPT;
        keys[i] = buf_str(&key);
    }
    cursor->fetched = arena_array(arena, str, count + 1);
    return kv_find_many(cursor->database->kv, cursor->read, arena, keys, count, cursor->fetched);
}

static status next_page(struct table_cursor *cursor) {
    struct scope *scope = cursor->scope;
    struct kv_page *page = cursor->page;
    if (page->count > 0) {
        str last = page->pairs[page->count - 1].key;
        if (cursor->range->backward)
            cursor->to = arena_copy(scope->arena, last);
        else
            cursor->from = key_successor(scope->arena, last);
    }
    arena_reset(scope->scratch, PAGE_BYTES_MAX * 4);
    struct kv_range range = {cursor->from, cursor->to, cursor->range->backward};
    if (range.to.ptr != NULL && str_cmp(range.from, range.to) >= 0) {
        *page = (struct kv_page){};
        return ST_OK;
    }
    TRY(kv_scan(cursor->database->kv, cursor->read, scope->scratch, &range, cursor->page_items,
                PAGE_BYTES_MAX, page));
    cursor->page_items = page_items_max(cursor); /* it goes on: larger steps */
    return cursor->whole_items ? fetch_items(cursor) : ST_OK;
}

status table_cursor_next(struct table_cursor *cursor, str *out_entry, str *out_item) {
    struct kv_page *page = cursor->page;
    if (cursor->next == page->count) {
        if (!page->more)
            return ST_NOT_FOUND;
        TRY(next_page(cursor));
        cursor->next = 0;
        if (page->count == 0)
            return ST_NOT_FOUND;
    }
    size_t at = cursor->next++;
    view map;
    *out_entry = page->pairs[at].value;
    TRY(item_open(*out_entry, &map));
    *out_item = *out_entry;
    if (cursor->whole_items) {
        if (cursor->fetched[at].ptr == NULL)
            return ST_CORRUPT; /* an entry without its item */
        *out_item = cursor->fetched[at];
        TRY(item_open(*out_item, &map));
    }
    return ST_OK;
}
