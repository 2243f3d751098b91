#include "table/expiry.h"

#include "base/bytes.h"
#include "item/item_codec.h"
#include "table/table_key.h"
#include "table/table_sink.h"

enum { PREFIX_LEN = 5, SECOND_AT = PREFIX_LEN, ITEM_AT = SECOND_AT + 8 };

/* ---- times ---- */

bool expiry_second(const struct table *table, str stored, int64_t *out_second) {
    if (table->ttl.attribute.ptr == NULL || stored.ptr == NULL)
        return false;
    int64_t second;
    if (!view_ceiling(view_member(item_map(stored), table->ttl.attribute), &second) || second < 1 ||
        second > expiry_seconds_max)
        return false;
    *out_second = second;
    return true;
}

bool expiry_due(const struct table *table, str stored, int64_t now_us) {
    int64_t second;
    /* The clock is divided: the greatest times do not fit in microseconds. */
    return expiry_second(table, stored, &second) && second <= (now_us - 1) / 1000000 &&
           second >= now_us / 1000000 - expiry_age_max_s;
}

/* ---- entries ---- */

str expiry_prefix(struct arena *arena, uint32_t table_id) {
    char *key = arena_bytes(arena, PREFIX_LEN);
    key[0] = SPACE_EXPIRY;
    put_be32(key + 1, table_id);
    return (str){key, PREFIX_LEN};
}

str expiry_entry_key(struct arena *arena, uint32_t table_id, int64_t second, str item_key) {
    char *key = arena_bytes(arena, ITEM_AT + item_key.len);
    key[0] = SPACE_EXPIRY;
    put_be32(key + 1, table_id);
    put_be64(key + SECOND_AT, (uint64_t)second);
    if (item_key.len > 0)
        memcpy(key + ITEM_AT, item_key.ptr, item_key.len);
    return (str){key, ITEM_AT + item_key.len};
}

str expiry_entry_item(str entry_key, int64_t *out_second) {
    if (entry_key.len <= ITEM_AT)
        return (str){};
    *out_second = (int64_t)get_be64(entry_key.ptr + SECOND_AT);
    return str_slice(entry_key, ITEM_AT, entry_key.len);
}

str expiry_key_behind(struct arena *arena, str key) {
    char *behind = arena_bytes(arena, key.len + 1);
    memcpy(behind, key.ptr, key.len);
    behind[key.len] = 0;
    return (str){behind, key.len + 1};
}

void expiry_entry_put(struct kv_txn *txn, struct arena *arena, uint32_t table_id, int64_t second,
                      str item_key) {
    kv_txn_put(txn, expiry_entry_key(arena, table_id, second, item_key), expiry_entry_value);
}

status expiry_sink(struct kv_txn *txn, struct scope *scope, const struct change *change,
                   struct write_cost *cost) {
    (void)cost; /* free of charge */
    uint32_t id = change->table->id;
    int64_t before = 0, after = 0;
    bool had = expiry_second(change->table, change->before, &before);
    bool has = expiry_second(change->table, change->after, &after);
    if (had && has && before == after && change->table->ttl.indexed)
        return ST_OK;
    if (had && (!has || before != after))
        kv_txn_delete(txn, expiry_entry_key(scope->arena, id, before, change->key));
    if (has)
        expiry_entry_put(txn, scope->arena, id, after, change->key);
    return ST_OK;
}
