/* Deleting what is due, table by table, a batch an update: a batch costs requests a few
 * milliseconds of one core at most, and the caller decides how long the others rest between two.
 * Each table's entries are walked once a walk, oldest first, from where the last batch ended: to
 * begin at the front each time would mean to step over all that was deleted before. */
#include "base/check.h"
#include "table/catalogue.h"
#include "table/expiry.h"
#include "table/table_write.h"

enum {
    BATCH_FIRST = 10,
    BATCH_BYTES_MANY = 2 * 1024 * 1024, /* then the next batch is smaller */
    SCAN_BYTES = 1024 * 1024,
    KEEP_BYTES = 1024 * 1024
};

static bool expires(const struct table *table) {
    return table->ttl.attribute.ptr != NULL && table->status == TABLE_ACTIVE;
}

static const struct table *next_table(const struct expiry_sweep *sweep,
                                      const struct catalogue_snapshot *tables) {
    str name = {sweep->name_len ? sweep->name : NULL, sweep->name_len};
    if (sweep->after_len > 0) {
        const struct table *table = catalogue_find(tables, name);
        if (table != NULL && expires(table))
            return table;
    }
    for (size_t i = catalogue_after(tables, name); i < tables->count; i++)
        if (expires(tables->tables[i]))
            return tables->tables[i];
    return NULL;
}

/* Entries of the table that are due and were not looked at in this walk. */
static struct kv_range due_range(const struct database *database, struct scope *scope,
                                 const struct table *table, const struct expiry_sweep *sweep) {
    int64_t due_us = scope->now_us - database->ttl_delay_us;
    int64_t from_s = scope->now_us / 1000000 - expiry_age_max_s;
    int64_t to_s = due_us > 0 ? (due_us - 1) / 1000000 + 1 : 0;
    struct kv_range range = {
        .from = expiry_entry_key(scope->arena, table->id, from_s > 0 ? from_s : 0, (str){}),
        .to = expiry_entry_key(scope->arena, table->id, to_s, (str){})};
    str after = {sweep->after, sweep->after_len};
    if (after.len > 0 && str_cmp(after, range.from) >= 0)
        range.from = expiry_key_behind(scope->arena, after);
    return range;
}

static status delete_page(struct database *database, struct scope *scope, const struct table *table,
                          const struct kv_page *page, size_t *out_deleted, size_t *out_bytes) {
    struct write *writes = arena_array(scope->arena, struct write, page->count);
    for (size_t i = 0; i < page->count; i++) {
        int64_t second;
        str key = expiry_entry_item(page->pairs[i].key, &second);
        if (key.ptr == NULL)
            return ST_CORRUPT;
        writes[i] = (struct write){.kind = WRITE_EXPIRE, .table = table, .key = key};
    }
    uint64_t ticket;
    TRY(table_write(database, scope, writes, page->count, &ticket));
    for (size_t i = 0; i < page->count; i++) {
        *out_deleted += writes[i].before.ptr != NULL && writes[i].after.ptr == NULL;
        *out_bytes += writes[i].before.len;
    }
    return kv_ticket_wait(database->kv, ticket); /* no faster than the disk */
}

/* Batches of large items are small: they are held in memory whole. */
static void size_next_batch(struct expiry_sweep *sweep, size_t bytes) {
    if (bytes > BATCH_BYTES_MANY)
        sweep->batch = sweep->batch > 1 ? sweep->batch / 2 : 1;
    else if (bytes < BATCH_BYTES_MANY / 2)
        sweep->batch = sweep->batch * 2 < EXPIRY_PAGE ? sweep->batch * 2 : EXPIRY_PAGE;
}

static status sweep_table(struct database *database, struct scope *scope, const struct table *table,
                          struct expiry_sweep *sweep, size_t *out_deleted) {
    struct kv_range range = due_range(database, scope, table, sweep);
    struct kv_page page = {};
    size_t bytes = 0;
    /* What fails here is tried again with the next walk; this one goes on behind the table. */
    CHECK(table->name.len <= sizeof sweep->name);
    memcpy(sweep->name, table->name.ptr, table->name.len);
    sweep->name_len = table->name.len;
    sweep->after_len = 0;
    if (str_cmp(range.from, range.to) < 0)
        TRY(kv_scan(database->kv, NULL, scope->arena, &range, sweep->batch, SCAN_BYTES, &page));
    if (page.count > 0) {
        status st = delete_page(database, scope, table, &page, out_deleted, &bytes);
        if (st == ST_TOO_BIG) /* as one write, that is: the next walk tries fewer of them */
            size_next_batch(sweep, SIZE_MAX);
        TRY(st);
    }
    if (page.more) {
        str last = page.pairs[page.count - 1].key;
        memcpy(sweep->after, last.ptr, last.len);
        sweep->after_len = last.len;
    }
    size_next_batch(sweep, bytes);
    return ST_OK;
}

status expiry_sweep(struct database *database, struct scope *scope, struct expiry_sweep *sweep,
                    size_t *out_deleted, bool *out_more) {
    *out_deleted = 0;
    if (sweep->batch == 0)
        sweep->batch = BATCH_FIRST;
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    const struct table *table = NULL;
    status st = ST_OK;
    while (st == ST_OK && *out_deleted == 0 && (table = next_table(sweep, tables)) != NULL) {
        st = sweep_table(database, scope, table, sweep, out_deleted);
        arena_reset(scope->arena, KEEP_BYTES);
    }
    catalogue_release(tables);
    *out_more = st == ST_OK && table != NULL;
    if (table == NULL)
        sweep->name_len = sweep->after_len = 0;
    return st;
}
