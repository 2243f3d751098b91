/* table_read.h - items by key, and ranges of items page by page.
 *
 * Purpose:   GetItem, BatchGetItem; the cursor behind Query and Scan, on tables and indexes.
 * Ownership: stored bytes live in scope->arena (by key) or until the cursor's next step.
 * Threads:   any; ST_WOULD_WAIT on a loop that would have to read from disk.
 * Errors:    of the engine; ST_CORRUPT.
 * Limits:    a cursor holds one page of the engine at a time.
 */
#pragma once

#include "expr/expr.h"
#include "item/scope.h"
#include "table/database.h"
#include "table/table.h"

/* Newest committed state of `count` items by their (checked) keys; ptr NULL where there is none. */
status table_find_many(struct database *database, struct scope *scope, const struct table *table,
                       const struct item *const *keys, size_t count, str *out_stored);

/* The same for items of any tables, as they were at one moment. */
status table_find_together(struct database *database, struct scope *scope,
                           const struct table *const *tables, const struct item *const *keys,
                           size_t count, str *out_stored);

/* A range of a table or an index, in key order. */
struct table_range {
    const struct table *table;
    const struct index *index; /* NULL: the table */
    /* Query: values of the partition key, and at most one condition behind equal sort key parts. */
    const str *hash_parts;  /* NULL: the whole table (Scan) */
    const str *equal_parts; /* of the first sort key attributes */
    size_t equal_count;
    bool has_condition;
    enum key_operator op;
    str value, value_to;
    /* Scan: segment of total_segments by hash. total_segments 0 or 1: everything. */
    uint32_t segment, total_segments;
    bool backward;
    const struct item *start_after; /* ExclusiveStartKey, checked; or NULL */
};

struct table_cursor {
    struct database *database;
    struct scope *scope;
    const struct table_range *range;
    struct kv_read *read; /* only when entries are completed from the table */
    bool whole_items;     /* entries of a local index are completed from the table */
    str from, to;         /* what is left */
    struct kv_page *page;
    size_t next;       /* in the page */
    size_t page_items; /* to ask for next */
    str *fetched;      /* whole items of the page, when whole_items */
};

/* page_items: how many are likely to be taken, to size the engine's pages by. */
status table_cursor_open(struct database *database, struct scope *scope,
                         const struct table_range *range, bool whole_items, size_t page_items,
                         struct table_cursor *out);
void table_cursor_close(struct table_cursor *cursor); /* accepts one that was never opened */
/* out_entry: what the range holds (an item or an index entry); out_item: the item that the reply
 * shows, the same but for whole_items. ST_NOT_FOUND at the end. Both are valid until the next call;
 * scope->scratch is reset by it. */
status table_cursor_next(struct table_cursor *cursor, str *out_entry, str *out_item);

static inline void table_cursor_closep(struct table_cursor *cursor) {
    table_cursor_close(cursor);
}
#define scoped_table_cursor __attribute__((cleanup(table_cursor_closep)))

/* Whether a key lies in the range (for the checks of ExclusiveStartKey). */
bool table_range_holds(struct scope *scope, const struct table_range *range,
                       const struct item *key);

/* Bytes of the item collection that an item (or key) belongs to; 0 for tables without local
 * indexes. */
status table_collection_bytes(struct database *database, struct scope *scope,
                              const struct table *table, const struct item *item,
                              int64_t *out_bytes);

/* Item count and size, of the table (index NULL) or an index. */
status table_counters(struct database *database, struct scope *scope, const struct table *table,
                      const struct index *index, int64_t *out_items, int64_t *out_bytes);
