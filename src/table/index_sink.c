/* While an index is CREATING, an item from before it has no entry yet, and neither counters nor
 * entries may be changed as if it had one. A marker says that an item's entry is where it belongs
 * (or that it has none): the first write of an item puts it, or the job (index_build.c), whoever
 * comes first. Without one there is nothing to take back.
 *
 * An index entry's key orders it and tells items with equal index keys apart; its value is an item
 * in stored form with the projected attributes, so that a query on an index reads no table. */
#include "item/item_codec.h"
#include "table/table_key.h"
#include "table/table_sink.h"

static str project(struct scope *scope, const struct table *table, const struct index *index,
                   str stored) {
    if (index->projection == PROJECT_ALL)
        return stored;
    view map = item_map(stored);
    struct item_member *members =
        arena_array(scope->arena, struct item_member, view_count(map) + 1);
    size_t count = 0;
    for (view_cursor c = view_first(map); view_next(&c);)
        if (index_projects(table, index, c.name))
            members[count++] = (struct item_member){c.name, c.value};
    struct item_stamp stamp = item_stamp_of(stored);
    return item_encode_members(members, count, &stamp, scope->arena);
}

bool index_entry_make(struct scope *scope, const struct table *table, const struct index *index,
                      str stored, struct index_entry *out) {
    *out = (struct index_entry){};
    if (stored.ptr == NULL)
        return false;
    struct buf key;
    buf_init(&key, scope->arena, 128);
    if (!index_entry_key(table, index, &(struct key_source){.map = item_map(stored)}, &key))
        return false;
    out->key = buf_str(&key);
    out->value = project(scope, table, index, stored);
    return true;
}

static int64_t write_units(str stored) {
    size_t size = item_size(stored);
    return size == 0 ? 1 : (int64_t)((size + 1023) / 1024);
}

/* The service's rules: an entry that comes or goes is one write, a changed key is both, a change
 * outside the projection is none. */
static int64_t entry_units(const struct index_entry *before, const struct index_entry *after,
                           bool same_key) {
    if (before->key.ptr == NULL)
        return write_units(after->value);
    if (after->key.ptr == NULL)
        return write_units(before->value);
    if (!same_key)
        return write_units(before->value) + write_units(after->value);
    int64_t old_units = write_units(before->value), new_units = write_units(after->value);
    return old_units > new_units ? old_units : new_units;
}

static void count_entries(struct kv_txn *txn, struct scope *scope, const struct change *change,
                          const struct index *index, const struct index_entry *before,
                          const struct index_entry *after) {
    const struct table *table = change->table;
    int64_t items = (after->key.ptr != NULL) - (before->key.ptr != NULL);
    int64_t bytes = (after->key.ptr ? (int64_t)item_size(after->value) : 0) -
                    (before->key.ptr ? (int64_t)item_size(before->value) : 0);
    if (items != 0)
        kv_txn_add(txn, counter_key(scope->arena, table->id, index->id, COUNTER_ITEMS), items);
    if (bytes != 0)
        kv_txn_add(txn, counter_key(scope->arena, table->id, index->id, COUNTER_BYTES), bytes);
    if (!index->global)
        collection_add(txn, scope, change, bytes);
}

/* From now on the item's entry is where it belongs; *out_was: it was before. */
static status mark(struct kv_txn *txn, struct scope *scope, const struct change *change,
                   const struct index *index, bool *out_was) {
    str key = build_marker_key(scope->arena, index->id, change->key), found;
    status st = kv_txn_find(txn, scope->arena, key, &found);
    if (st != ST_OK && st != ST_NOT_FOUND)
        return st;
    *out_was = st == ST_OK;
    if (!*out_was)
        kv_txn_put(txn, key, INDEX_MARKER);
    return ST_OK;
}

static status sink_index(struct kv_txn *txn, struct scope *scope, const struct change *change,
                         const struct index *index, int64_t *out_units) {
    struct index_entry before, after;
    bool had = index_entry_make(scope, change->table, index, change->before, &before);
    bool has = index_entry_make(scope, change->table, index, change->after, &after);
    if (!had && !has)
        return ST_OK; /* nor does the job make an entry of what was there */
    bool was_filed = true;
    if (index->status == INDEX_CREATING)
        TRY(mark(txn, scope, change, index, &was_filed));
    if (!was_filed) {
        had = false;
        before = (struct index_entry){};
    }
    if (!had && !has)
        return ST_OK;
    bool same_key = had && has && str_eq(before.key, after.key);
    if (same_key && view_equal(item_map(before.value), item_map(after.value)))
        return ST_OK;
    if (had && !same_key)
        kv_txn_delete(txn, before.key);
    if (has)
        kv_txn_put(txn, after.key, after.value);
    count_entries(txn, scope, change, index, &before, &after);
    *out_units = entry_units(&before, &after, same_key);
    return ST_OK;
}

size_t index_marker_keys(struct scope *scope, const struct table *table, str item_key, str *out) {
    size_t count = 0;
    for (size_t i = 0; i < table->index_count; i++)
        if (table->indexes[i].status == INDEX_CREATING) {
            if (out != NULL)
                out[count] = build_marker_key(scope->arena, table->indexes[i].id, item_key);
            count++;
        }
    return count;
}

status index_sink(struct kv_txn *txn, struct scope *scope, const struct change *change,
                  struct write_cost *cost) {
    for (size_t i = 0; i < change->table->index_count; i++) {
        /* The entries of one index at a time: there may be 25 indexes and a hundred items. The
         * update has copied what it keeps. */
        const struct index *index = &change->table->indexes[i];
        if (index->status == INDEX_DELETING)
            continue;
        arena_mark before = arena_get_mark(scope->arena);
        status st = sink_index(txn, scope, change, index, &cost->indexes[i]);
        arena_rewind(scope->arena, before);
        TRY(st);
    }
    return ST_OK;
}
