#include "item/item_codec.h"
#include "table/table_key.h"
#include "table/table_sink.h"

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
    return ST_OK;
}
