/* Every write that relies on a description with the index CREATING keeps the index for its item,
 * and leaves a marker (index_sink.c). What was written before that description is committed, so a
 * scan sees it. That leaves to the job: items without a marker, whose scanned image then is the
 * newest.
 *
 *   page:  scan, make entries        (nothing held)
 *          one update:               markers and cursor exclusive, description shared
 *            no marker?              put entry, count it, put marker
 *            cursor                  moves behind the page
 *
 * An item whose image makes no entry needs no marker: there is nothing that a later write could
 * miss. A page waits for the one before it to be durable, not for itself. Behind the last page the
 * index becomes ACTIVE; from then on no write looks for markers, and they are dropped.
 *
 * A cursor: version (1) | items looked at (8) | key of the last one in storage. */
#include "table/index_build.h"

#include "base/bytes.h"
#include "base/check.h"
#include "item/item_codec.h"
#include "item/item_key.h"
#include "table/catalogue.h"
#include "table/table_key.h"
#include "table/table_read.h"
#include "table/table_sink.h"
#include "table/table_state.h"

enum { CURSOR_VERSION = 1, CURSOR_HEAD = 9, STEP_ARENA_MAX = 64 << 20 };

_Static_assert((int)BUILD_PAGE_ITEMS + 2 <= (int)KV_UPDATE_KEYS_MAX, "a page is one update");

/* One index at one moment; lives for a step. scope->now_us is the time. */
struct work {
    struct database *database;
    struct index_build *build;
    struct scope *scope;
    const struct table *table;
    const struct index *index;
};

static void did(struct work *work, enum index_step step) {
    struct index_build *build = work->build;
    build->did = step;
    snprintf(build->table, sizeof build->table, "%.*s", STR_ARG(work->table->name));
    snprintf(build->index, sizeof build->index, "%.*s", STR_ARG(work->index->name));
}

/* ---- cursor ---- */

bool index_cursor_open(str stored, str *out_last_key) {
    if (stored.len <= CURSOR_HEAD || stored.ptr[0] != CURSOR_VERSION)
        return false;
    *out_last_key = str_slice(stored, CURSOR_HEAD, stored.len);
    return true;
}

static str cursor_encode(struct arena *arena, int64_t items, str last_key) {
    char *bytes = arena_bytes(arena, CURSOR_HEAD + last_key.len);
    bytes[0] = CURSOR_VERSION;
    put_be64(bytes + 1, (uint64_t)items);
    memcpy(bytes + CURSOR_HEAD, last_key.ptr, last_key.len);
    return (str){bytes, CURSOR_HEAD + last_key.len};
}

/* The scan goes on behind this key. */
static void position_set(struct index_build *build, str last_key) {
    CHECK(last_key.len < sizeof build->from);
    memcpy(build->from, last_key.ptr, last_key.len);
    build->from[last_key.len] = 0;
    build->from_len = last_key.len + 1;
}

/* Where this index is, from the database unless the last step was in it. */
static status position_load(struct work *work) {
    struct index_build *build = work->build;
    struct arena *arena = work->scope->arena;
    if (build->table_id == work->table->id && build->index_id == work->index->id)
        return ST_OK;
    str stored, last_key;
    int64_t bytes;
    TRY(kv_ticket_wait(work->database->kv, build->ticket)); /* a page of ours moves the cursor */
    build->ticket = 0;
    TRY(table_counters(work->database, work->scope, work->table, NULL, &build->of, &bytes));
    status st = kv_find(work->database->kv, NULL, arena,
                        build_cursor_key(arena, work->table->id, work->index->id), &stored);
    build->items = 0;
    build->from_len = 0;
    if (st == ST_OK) {
        if (!index_cursor_open(stored, &last_key))
            return stored.len > 0 && stored.ptr[0] > CURSOR_VERSION ? ST_NEWER : ST_CORRUPT;
        build->items = (int64_t)get_be64(stored.ptr + 1);
        position_set(build, last_key);
    } else if (st != ST_NOT_FOUND) {
        return st;
    }
    build->table_id = work->table->id;
    build->index_id = work->index->id;
    return ST_OK;
}

/* ---- a page ---- */

struct filing {
    struct work *work;
    size_t count;              /* of items that make an entry */
    struct index_entry *entry; /* position by position */
    str *keys;                 /* their markers, then the cursor's */
    str cursor_before, cursor_after;
};

/* Somebody else's step, or a page of ours that was lost, shows here. */
static status cursor_move(struct kv_txn *txn, struct filing *filing) {
    str key = filing->keys[filing->count], found = {};
    status st = kv_txn_find(txn, filing->work->scope->arena, key, &found);
    if (st != ST_OK && st != ST_NOT_FOUND)
        return st;
    if (!str_eq(found, filing->cursor_before))
        return ST_CONFLICT;
    kv_txn_put(txn, key, filing->cursor_after);
    return ST_OK;
}

static status file_body(struct kv_txn *txn, void *context) {
    struct filing *filing = context;
    struct work *work = filing->work;
    struct arena *arena = work->scope->arena;
    int64_t items = 0, bytes = 0;
    if (atomic_load(&((struct table *)work->table)->superseded))
        return ST_CONFLICT;
    TRY(cursor_move(txn, filing));
    for (size_t i = 0; i < filing->count; i++) {
        const struct index_entry *entry = &filing->entry[i];
        str found;
        status st = kv_txn_find(txn, arena, filing->keys[i], &found);
        if (st == ST_OK)
            continue; /* written since the index is there: its writer filed it */
        if (st != ST_NOT_FOUND)
            return st;
        kv_txn_put(txn, filing->keys[i], INDEX_MARKER);
        kv_txn_put(txn, entry->key, entry->value);
        items++;
        bytes += (int64_t)item_size(entry->value);
    }
    uint32_t table_id = work->table->id;
    uint16_t index_id = work->index->id;
    if (items > 0) {
        kv_txn_add(txn, counter_key(arena, table_id, index_id, COUNTER_ITEMS), items);
        kv_txn_add(txn, counter_key(arena, table_id, index_id, COUNTER_BYTES), bytes);
    }
    return ST_OK;
}

static status filing_make(struct work *work, const struct kv_page *page, struct filing *out) {
    struct arena *arena = work->scope->arena;
    struct index_build *build = work->build;
    *out = (struct filing){.work = work,
                           .entry = arena_array(arena, struct index_entry, page->count),
                           .keys = arena_array(arena, str, page->count + 1)};
    for (size_t i = 0; i < page->count; i++) {
        view map;
        TRY(item_open(page->pairs[i].value, &map));
        if (index_entry_make(work->scope, work->table, work->index, page->pairs[i].value,
                             &out->entry[out->count]))
            out->keys[out->count++] = build_marker_key(arena, work->index->id, page->pairs[i].key);
    }
    out->keys[out->count] = build_cursor_key(arena, work->table->id, work->index->id);
    if (build->from_len > 0)
        out->cursor_before =
            cursor_encode(arena, build->items, (str){build->from, build->from_len - 1});
    out->cursor_after =
        cursor_encode(arena, build->items + (int64_t)page->count, page->pairs[page->count - 1].key);
    return ST_OK;
}

static status file_page(struct work *work, const struct kv_page *page) {
    struct index_build *build = work->build;
    struct filing filing;
    TRY(filing_make(work, page, &filing));
    str description = catalogue_key(work->scope->arena, work->table->name);
    struct kv_keys keys = {.exclusive = filing.keys,
                           .exclusive_count = filing.count + 1,
                           .shared = &description,
                           .shared_count = 1};
    uint64_t ticket;
    TRY(kv_update(work->database->kv, &keys, file_body, &filing, &ticket));
    TRY(kv_ticket_wait(work->database->kv, build->ticket));
    build->ticket = ticket;
    build->items += (int64_t)page->count;
    position_set(build, page->pairs[page->count - 1].key);
    did(work, STEP_FILED);
    return ST_OK;
}

static status scan_page(struct work *work, struct kv_page *out) {
    struct arena *arena = work->scope->arena;
    struct buf prefix;
    buf_init(&prefix, arena, 16);
    items_prefix(work->table->id, TABLE_INDEX_ID, &prefix);
    struct kv_range range = {.from = buf_str(&prefix),
                             .to = key_prefix_end(buf_str(&prefix), arena)};
    if (work->build->from_len > 0)
        range.from = (str){work->build->from, work->build->from_len};
    return kv_scan(work->database->kv, NULL, arena, &range, BUILD_PAGE_ITEMS, BUILD_PAGE_BYTES,
                   out);
}

/* ---- descriptions ---- */

static struct index *index_of(struct table *table, uint16_t id) {
    struct index *indexes = (struct index *)table->indexes; /* of a copy of ours */
    for (size_t i = 0; i < table->index_count; i++)
        if (indexes[i].id == id)
            return &indexes[i];
    return NULL;
}

static status show(struct work *work, enum index_status index_status, bool backfilling) {
    struct table *changed;
    TRY(table_copy(work->table, &changed));
    struct index *index = index_of(changed, work->index->id);
    CHECK(index != NULL);
    index->status = index_status;
    index->backfilling = backfilling;
    return catalogue_update(work->database, work->scope, work->table, changed, NULL);
}

/* Takes the index out, with what is said of it elsewhere. */
static void index_remove(struct table *table, uint16_t id) {
    struct index *indexes = (struct index *)table->indexes;
    struct insights *insights = (struct insights *)table->insights;
    size_t kept = 0, at = (size_t)(index_of(table, id) - indexes);
    str name = indexes[at].name;
    for (size_t i = at + 1; i < table->index_count; i++)
        indexes[i - 1] = indexes[i];
    table->index_count--;
    for (size_t i = 0; i < table->insights_count; i++)
        if (insights[i].index_name.ptr == NULL || !str_eq(insights[i].index_name, name))
            insights[kept++] = insights[i];
    table->insights_count = kept;
}

/* ---- what an index leaves behind ---- */

static status drop_prefix(struct work *work, str prefix) {
    return kv_drop_range(work->database->kv, prefix, key_prefix_end(prefix, work->scope->arena));
}

static status drop_markers(struct database *database, struct arena *arena, uint32_t table_id,
                           uint16_t index_id) {
    struct buf prefix;
    buf_init(&prefix, arena, 16);
    build_prefix(table_id, index_id, &prefix);
    return kv_drop_range(database->kv, buf_str(&prefix), key_prefix_end(buf_str(&prefix), arena));
}

/* Nobody writes there since the index is DELETING. */
static status drop_index(struct work *work) {
    struct arena *arena = work->scope->arena;
    uint32_t table_id = work->table->id;
    uint16_t index_id = work->index->id;
    struct buf entries;
    buf_init(&entries, arena, 16);
    items_prefix(table_id, index_id, &entries);
    TRY(drop_prefix(work, buf_str(&entries)));
    str counter = counter_key(arena, table_id, index_id, COUNTER_ITEMS);
    TRY(drop_prefix(work, str_slice(counter, 0, counter.len - 1)));
    TRY(drop_markers(work->database, arena, table_id, index_id));
    struct table *changed;
    TRY(table_copy(work->table, &changed));
    index_remove(changed, index_id);
    struct catalogue_also also = {.frees_space = true}; /* or it would be dropped again and again */
    TRY(catalogue_update(work->database, work->scope, work->table, changed, &also));
    did(work, STEP_DROPPED);
    return ST_OK;
}

/* Whether markers of this index are still looked for, or dropped with it. */
static bool under_way(const struct catalogue_snapshot *tables, uint32_t table_id,
                      uint16_t index_id) {
    for (size_t i = 0; i < tables->count; i++)
        for (size_t k = 0; k < tables->tables[i]->index_count; k++) {
            const struct index *index = &tables->tables[i]->indexes[k];
            if (tables->tables[i]->id == table_id && index->id == index_id)
                return index->status != INDEX_ACTIVE;
        }
    return false;
}

/* Once after a start, which may have come between ACTIVE and the dropping of markers. The tables
 * are looked at after the scan: a marker that was found is younger than its index. */
static status sweep(struct database *database, struct index_build *build, struct arena *arena) {
    static const char from[] = {SPACE_BUILD}, to[] = {SPACE_BUILD + 1};
    struct kv_range range = {.from = {from, 1}, .to = {to, 1}};
    struct kv_page page;
    for (;;) {
        TRY(kv_scan(database->kv, NULL, arena, &range, 1, SIZE_MAX, &page));
        if (page.count == 0)
            break;
        str key = page.pairs[0].key;
        if (key.len < 8)
            return ST_CORRUPT;
        uint32_t table_id = get_be32(key.ptr + 1);
        uint16_t index_id = get_be16(key.ptr + 5);
        const struct catalogue_snapshot *tables = catalogue_acquire(database);
        bool keep = under_way(tables, table_id, index_id);
        catalogue_release(tables);
        if (!keep)
            TRY(drop_markers(database, arena, table_id, index_id));
        range.from = key_prefix_end(str_slice(key, 0, 7), arena);
    }
    build->swept = true;
    return ST_OK;
}

/* ---- a step ---- */

/* Whether the index must be shown in its status for some time yet. */
static bool must_wait(const struct work *work) {
    struct state_clock clock = {work->scope->now_us, work->database->status_delay_us};
    return state_pending(clock, work->index->updating_until_us);
}

static status finish(struct work *work) {
    struct index_build *build = work->build;
    TRY(kv_ticket_wait(work->database->kv, build->ticket));
    build->ticket = 0;
    if (must_wait(work))
        return ST_OK;
    TRY(show(work, INDEX_ACTIVE, false));
    did(work, STEP_ACTIVE);
    build->table_id = 0;
    build->swept = false; /* until this is done */
    TRY(drop_markers(work->database, work->scope->arena, work->table->id, work->index->id));
    build->swept = true;
    return ST_OK;
}

static status step_creating(struct work *work) {
    struct kv_page page;
    if (!work->index->backfilling) {
        TRY(show(work, INDEX_CREATING, true));
        did(work, STEP_BEGUN);
        return ST_OK;
    }
    TRY(position_load(work));
    TRY(scan_page(work, &page));
    return page.count > 0 ? file_page(work, &page) : finish(work);
}

static status step_index(struct work *work) {
    switch (work->index->status) {
    case INDEX_ACTIVE:
        break;
    case INDEX_CREATING:
        return step_creating(work);
    case INDEX_DELETING:
        return must_wait(work) ? ST_OK : drop_index(work);
    }
    return ST_OK;
}

/* The first index of a table with something to do. */
static status step_table(struct work *work) {
    struct index_build *build = work->build;
    status st = ST_OK;
    if (work->table->status != TABLE_ACTIVE)
        return ST_OK;
    for (size_t i = 0; i < work->table->index_count && build->did == STEP_NOTHING; i++) {
        work->index = &work->table->indexes[i];
        st = step_index(work);
        if (st != ST_OK)
            break;
    }
    if (st == ST_OK && build->did == STEP_NOTHING)
        return ST_OK;
    CHECK(work->table->name.len <= sizeof build->turn);
    memcpy(build->turn, work->table->name.ptr, work->table->name.len);
    build->turn_len = work->table->name.len;
    return st;
}

/* Tables take turns: a large one keeps no small one waiting, and one that fails no other. */
static status step_any(struct work *work, const struct catalogue_snapshot *tables) {
    const struct index_build *build = work->build;
    str turn = {build->turn_len ? build->turn : NULL, build->turn_len};
    size_t first = catalogue_after(tables, turn);
    for (size_t i = 0; i < tables->count && build->did == STEP_NOTHING; i++) {
        work->table = tables->tables[(first + i) % tables->count];
        TRY(step_table(work));
    }
    return ST_OK;
}

status index_build_step(struct database *database, struct index_build *build, int64_t now_us) {
    struct scope scope = {
        .arena = arena_new(STEP_ARENA_MAX), .scratch = arena_new(STEP_ARENA_MAX), .now_us = now_us};
    struct work work = {.database = database, .build = build, .scope = &scope};
    build->did = STEP_NOTHING;
    status st = build->swept ? ST_OK : sweep(database, build, scope.arena);
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    if (st == ST_OK)
        st = step_any(&work, tables);
    catalogue_release(tables);
    if (st != ST_OK)
        build->table_id = 0; /* what was lost, or who was first, is in the database */
    if (st != ST_OK && st != ST_CONFLICT)
        build->ticket = 0;
    arena_free(scope.scratch);
    arena_free(scope.arena);
    return st;
}
