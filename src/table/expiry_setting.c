/* Turning time to live on: the new description first (from then on every write files its item),
 * then the items from before, page by page, then the mark that all are filed. An item's newest
 * value is what is filed, with the item held still, so it does not matter who comes first, nor
 * whether a page is filed twice: after a restart it begins again.
 *
 * Turning off: the new description first, then the entries are dropped, then the mark that there
 * are none. Nobody may turn it on between the last two; `changing` is held for that. */
#include "base/check.h"
#include "base/thread.h"
#include "item/item_key.h"
#include "table/catalogue.h"
#include "table/expiry.h"
#include "table/table_key.h"

#include <pthread.h>

enum { SCAN_BYTES = 256 * 1024, KEEP_BYTES = 1024 * 1024 };

static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

/* ---- changing ---- */

static status set_indexed(struct database *database, struct scope *scope, const struct table *table,
                          bool indexed) {
    struct table *changed;
    TRY(table_copy(table, &changed));
    changed->ttl.indexed = indexed;
    struct catalogue_also also = {.frees_space = !indexed};
    return catalogue_update(database, scope, table, changed, &also);
}

static status drop_entries(struct database *database, struct scope *scope,
                           const struct table *table) {
    str prefix = expiry_prefix(scope->arena, table->id);
    return kv_drop_range(database->kv, prefix, key_prefix_end(prefix, scope->arena));
}

static bool is_left_over(const struct table *table) {
    return table->ttl.attribute.ptr == NULL && table->ttl.indexed &&
           !atomic_load(&((struct table *)table)->superseded);
}

static status change_locked(struct database *database, struct scope *scope,
                            const struct table *table, str attribute) {
    if (is_left_over(table))
        TRY(drop_entries(database, scope, table));
    struct table *changed;
    TRY(table_copy(table, &changed));
    struct time_to_live *ttl = &changed->ttl;
    bool on = attribute.ptr != NULL;
    /* Later than the last change whatever the clock says: filings tell settings apart by it. */
    int64_t later_us = ttl->changed_us + 1;
    *ttl = (struct time_to_live){.attribute = on ? arena_copy(changed->arena, attribute) : (str){},
                                 .former = on ? (str){} : ttl->attribute,
                                 .changed_us = scope->now_us > later_us ? scope->now_us : later_us,
                                 .indexed = !on};
    struct catalogue_also also = {.frees_space = !on};
    return catalogue_update(database, scope, table, changed, &also);
}

status expiry_change(struct database *database, struct scope *scope, const struct table *table,
                     str attribute) {
    if (!thread_may_wait())
        return ST_WOULD_WAIT;
    pthread_mutex_lock(&changing);
    status st = change_locked(database, scope, table, attribute);
    pthread_mutex_unlock(&changing);
    return st;
}

status expiry_clear(struct database *database, struct scope *scope, const struct table *table) {
    pthread_mutex_lock(&changing);
    status st = ST_CONFLICT;
    if (is_left_over(table))
        st = drop_entries(database, scope, table);
    if (st == ST_OK)
        st = set_indexed(database, scope, table, false);
    pthread_mutex_unlock(&changing);
    return st;
}

/* ---- filing ---- */

struct filing_page {
    struct scope *scope;
    const struct table *table;
    const str *keys; /* of items that have a time, as they were committed */
    size_t count;
};

static status file_body(struct kv_txn *txn, void *context) {
    const struct filing_page *page = context;
    if (atomic_load(&((struct table *)page->table)->superseded))
        return ST_CONFLICT;
    for (size_t i = 0; i < page->count; i++) {
        str stored;
        int64_t second;
        status st = kv_txn_find(txn, page->scope->arena, page->keys[i], &stored);
        if (st == ST_NOT_FOUND)
            continue;
        TRY(st);
        if (expiry_second(page->table, stored, &second))
            expiry_entry_put(txn, page->scope->arena, page->table->id, second, page->keys[i]);
    }
    return ST_OK;
}

/* An item that has no time here and gets one meanwhile is filed by that write. */
static status file_page(struct database *database, struct scope *scope, const struct table *table,
                        const struct kv_page *page) {
    str *keys = arena_array(scope->arena, str, page->count);
    size_t count = 0;
    int64_t second;
    for (size_t i = 0; i < page->count; i++)
        if (expiry_second(table, page->pairs[i].value, &second))
            keys[count++] = page->pairs[i].key;
    if (count == 0)
        return ST_OK;
    str shared = catalogue_key(scope->arena, table->name);
    struct kv_keys held = {
        .exclusive = keys, .exclusive_count = count, .shared = &shared, .shared_count = 1};
    struct filing_page filing = {scope, table, keys, count};
    uint64_t ticket;
    TRY(kv_update(database->kv, &held, file_body, &filing, &ticket));
    return kv_ticket_wait(database->kv, ticket); /* no faster than the disk */
}

status expiry_file(struct database *database, struct scope *scope, const struct table *table,
                   struct expiry_filing *filing, bool *out_done) {
    *out_done = false;
    if (filing->table_id != table->id || filing->changed_us != table->ttl.changed_us) {
        filing->table_id = table->id;
        filing->changed_us = table->ttl.changed_us;
        filing->after_len = 0;
    }
    struct buf prefix;
    buf_init(&prefix, scope->arena, 16);
    items_prefix(table->id, TABLE_INDEX_ID, &prefix);
    struct kv_range range = {.from = buf_str(&prefix),
                             .to = key_prefix_end(buf_str(&prefix), scope->arena)};
    if (filing->after_len > 0)
        range.from = expiry_key_behind(scope->arena, (str){filing->after, filing->after_len});
    struct kv_page page;
    TRY(kv_scan(database->kv, NULL, scope->arena, &range, EXPIRY_PAGE, SCAN_BYTES, &page));
    if (page.count > 0) {
        TRY(file_page(database, scope, table, &page));
        str last = page.pairs[page.count - 1].key;
        memcpy(filing->after, last.ptr, last.len);
        filing->after_len = last.len;
    }
    if (page.more)
        return ST_OK;
    TRY(set_indexed(database, scope, table, true));
    *out_done = true;
    return ST_OK;
}

/* ---- one step of what is left to do ---- */

static bool is_untidy(const struct table *table) {
    bool on = table->ttl.attribute.ptr != NULL;
    return on != table->ttl.indexed && table->status == TABLE_ACTIVE;
}

/* One table until it is done; one that fails, when all others have had their turn. */
static const struct table *find_untidy(const struct catalogue_snapshot *tables,
                                       const struct expiry_filing *filing) {
    str failed = {filing->failed_len ? filing->failed : NULL, filing->failed_len};
    size_t first = catalogue_after(tables, failed);
    for (size_t i = 0; i < tables->count; i++) {
        const struct table *table = tables->tables[(first + i) % tables->count];
        if (is_untidy(table))
            return table;
    }
    return NULL;
}

static void next_turn(struct expiry_filing *filing, str failed) {
    CHECK(failed.len <= sizeof filing->failed);
    memcpy(filing->failed, failed.ptr, failed.len);
    filing->failed_len = failed.len;
}

status expiry_tidy(struct database *database, struct scope *scope, struct expiry_filing *filing,
                   bool *out_more) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    const struct table *table = find_untidy(tables, filing);
    bool done;
    status st = ST_OK;
    *out_more = table != NULL;
    if (table != NULL && table->ttl.attribute.ptr != NULL)
        st = expiry_file(database, scope, table, filing, &done);
    else if (table != NULL)
        st = expiry_clear(database, scope, table);
    if (st != ST_OK && st != ST_CONFLICT)
        next_turn(filing, table->name);
    catalogue_release(tables);
    arena_reset(scope->arena, KEEP_BYTES);
    return st;
}
