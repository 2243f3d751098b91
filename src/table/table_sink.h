/* table_sink.h - what follows from a change.
 *
 * Purpose:   secondary indexes, counters and whatever comes later hang on here; each adds to the
 *            update that makes the change, so none of them ever lags.
 * Ownership: a change borrows from the write; sinks keep nothing.
 * Threads:   inside an update's body, which may run again.
 * Errors:    of the engine only: a change has been checked before.
 * Limits:    a sink writes keys that only holders of the item's key write.
 */
#pragma once

#include "item/scope.h"
#include "kv/kv.h"
#include "table/table_write.h"

enum change_cause { CAUSE_USER, CAUSE_EXPIRY };

struct change {
    const struct table *table;
    str key;           /* in storage */
    str before, after; /* stored bytes; ptr NULL: no such item; never both equal */
    int64_t time_us;
    enum change_cause cause;
};

typedef status table_sink(struct kv_txn *txn, struct scope *scope, const struct change *change,
                          struct write_cost *cost);

table_sink index_sink;   /* keeps entries of secondary indexes */
table_sink counter_sink; /* keeps item counts and sizes */
table_sink expiry_sink;  /* keeps the index of expiry times (expiry.h) */

/* Adds to the size of the item collection that the change is in; for both sinks. */
void collection_add(struct kv_txn *txn, struct scope *scope, const struct change *change,
                    int64_t bytes);

/* The entry that an index holds for an item: false when none. For index_sink and verify. */
struct index_entry {
    str key, value;
};
bool index_entry_make(struct scope *scope, const struct table *table, const struct index *index,
                      str stored, struct index_entry *out);

/* The keys that an update names exclusively for index_sink, besides the item's: one for each index
 * of the table that is CREATING. Answers how many; `out` may be NULL to count. */
size_t index_marker_keys(struct scope *scope, const struct table *table, str item_key, str *out);
/* What a marker holds: the version of its format. */
#define INDEX_MARKER STR("\x01")
