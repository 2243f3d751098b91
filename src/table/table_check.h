/* table_check.h - what only the schema can say about an item or a key, in the service's words.
 *
 * Purpose:   key presence, types and sizes; index keys; used on every write path before anything
 *            is stored.
 * Ownership: nothing kept.
 * Threads:   any.
 * Errors:    ValidationException in the scope.
 * Limits:    partition keys 1..2048 bytes, sort keys 1..1024, items 400 KB.
 */
#pragma once

#include "expr/expr.h"
#include "item/item_view.h"
#include "item/scope.h"
#include "table/table.h"
#include "table/table_key.h"

/* A Key parameter: exactly the key attributes, of the right types, not empty, not too long. */
status table_check_key(struct scope *scope, const struct table *table, const struct item *key);
/* Whether an item has the key attributes, with their types. */
bool table_has_key(const struct table *table, const struct item *item);
/* One key attribute of a Key parameter or a start key; `value` may be NULL: not there. */
status table_check_key_part(struct scope *scope, const struct key_attribute *part,
                            const struct value *value, bool hash);
/* An item to be put: has its key, and index keys have their types. */
status table_check_item(struct scope *scope, const struct table *table, const struct item *item);
/* The attributes of an item that are keys of indexes: right type, not empty, not too long.
 * before: NULL for an item that is put; else what the update found. What it leaves as it was may be
 * wrong: it can only stem from before the index was there, and keeps the item out of the index. */
status table_check_index_keys(struct scope *scope, const struct table *table,
                              const struct key_source *source, const view *before);
/* Only whether a key value is empty (an index key's, too, when `indexes`): in a transaction that
 * is a fault of the request, all others are faults of one action. */
status table_check_empty_keys(struct scope *scope, const struct table *table,
                              const struct item *item, bool indexes);
/* An update may not write key attributes. */
status table_check_update_targets(struct scope *scope, const struct table *table, const str *names,
                                  size_t count);
/* Keys of the table and of its indexes are scalars: an expression may not look into them. `names`:
 * what it looks into. */
status table_check_nested(struct scope *scope, const struct table *table, const str *names,
                          size_t count);
/* What an update surely makes of the keys of indexes has their types. */
status table_check_update_kinds(struct scope *scope, const struct table *table,
                                const struct expr_update *update);
/* Size of one key value, as partition key (hash) or sort key. */
status table_check_key_size(struct scope *scope, str bytes, bool hash);
/* "string" or "binary", as texts about empty keys say it. */
const char *table_empty_word(enum value_kind kind);
