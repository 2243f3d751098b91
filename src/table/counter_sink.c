#include "base/check.h"
#include "item/item_codec.h"
#include "table/table_key.h"
#include "table/table_sink.h"

void collection_add(struct kv_txn *txn, struct scope *scope, const struct change *change,
                    int64_t bytes) {
    if (bytes == 0 || !table_has_local_index(change->table))
        return;
    struct buf key;
    buf_init(&key, scope->arena, 64);
    str stored = change->after.ptr != NULL ? change->after : change->before;
    bool whole = collection_key(change->table, &(struct key_source){.map = item_map(stored)}, &key);
    CHECK(whole); /* stored items have their key */
    kv_txn_add(txn, buf_str(&key), bytes);
}

status counter_sink(struct kv_txn *txn, struct scope *scope, const struct change *change,
                    struct write_cost *cost) {
    (void)cost; /* counting is free */
    uint32_t id = change->table->id;
    int64_t items = (change->after.ptr != NULL) - (change->before.ptr != NULL);
    int64_t bytes = (change->after.ptr ? (int64_t)item_size(change->after) : 0) -
                    (change->before.ptr ? (int64_t)item_size(change->before) : 0);
    if (items != 0)
        kv_txn_add(txn, counter_key(scope->arena, id, TABLE_INDEX_ID, COUNTER_ITEMS), items);
    if (bytes != 0)
        kv_txn_add(txn, counter_key(scope->arena, id, TABLE_INDEX_ID, COUNTER_BYTES), bytes);
    collection_add(txn, scope, change, bytes);
    return ST_OK;
}
