#include "item/item_codec.h"
#include "table/expiry.h"

bool expiry_item_filed(struct database *database, struct scope *scope, const struct table *table,
                       str item_key, str stored) {
    int64_t second;
    str value;
    if (!table->ttl.indexed || !expiry_second(table, stored, &second))
        return true;
    str key = expiry_entry_key(scope->scratch, table->id, second, item_key);
    return kv_find(database->kv, NULL, scope->scratch, key, &value) == ST_OK &&
           str_eq(value, expiry_entry_value);
}

bool expiry_entry_right(struct database *database, struct scope *scope, const struct table *table,
                        str entry_key) {
    if (table->ttl.attribute.ptr == NULL)
        return table->ttl.indexed; /* left over from a setting that was turned off */
    int64_t second, second_of_item;
    str item_key = expiry_entry_item(entry_key, &second), stored;
    return item_key.ptr != NULL &&
           kv_find(database->kv, NULL, scope->scratch, item_key, &stored) == ST_OK &&
           item_check_stored(stored) == ST_OK && expiry_second(table, stored, &second_of_item) &&
           second_of_item == second;
}
