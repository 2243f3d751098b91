#include "table/table_check.h"

#define INVALID "One or more parameter values were invalid: "

status table_check_key_size(struct scope *scope, str bytes, bool hash) {
    if (hash && bytes.len > HASH_KEY_BYTES_MAX)
        return fail_validation(scope, INVALID
                               "Size of hashkey has exceeded the maximum size limit of2048 bytes");
    if (!hash && bytes.len > RANGE_KEY_BYTES_MAX)
        return fail_validation(scope, INVALID "Aggregated size of all range keys has exceeded the "
                                              "size limit of 1024 bytes");
    return ST_OK;
}

const char *table_empty_word(enum value_kind kind) {
    return str_eq(value_kind_name(kind), STR("B")) ? "binary" : "string";
}

static status empty_key(struct scope *scope, const struct key_attribute *attribute) {
    return fail_validation(scope,
                           "One or more parameter values are not valid. The AttributeValue for "
                           "a key attribute cannot contain an empty %s value. Key: %.*s",
                           table_empty_word(attribute->kind), STR_ARG(attribute->name));
}

static status check_key_value(struct scope *scope, const struct key_attribute *attribute, str bytes,
                              bool hash) {
    if (bytes.len == 0)
        return empty_key(scope, attribute);
    return table_check_key_size(scope, bytes, hash);
}

#define KEY_MISMATCH "The provided key element does not match the schema"

bool table_has_key(const struct table *table, const struct item *item) {
    for (size_t i = 0; i < key_schema_count(&table->key); i++) {
        const struct key_attribute *part = key_schema_part(&table->key, i);
        const struct value *value = item_find(item, part->name);
        if (value == NULL || value->kind != part->kind)
            return false;
    }
    return true;
}

status table_check_key_part(struct scope *scope, const struct key_attribute *part,
                            const struct value *value, bool hash) {
    if (value == NULL || value->kind != part->kind)
        return fail_validation(scope, KEY_MISMATCH);
    return check_key_value(scope, part, value->bytes, hash);
}

status table_check_key(struct scope *scope, const struct table *table, const struct item *key) {
    const struct key_schema *schema = &table->key;
    if (key->count != key_schema_count(schema))
        return fail_validation(scope, KEY_MISMATCH);
    for (size_t i = 0; i < key_schema_count(schema); i++) {
        const struct key_attribute *part = key_schema_part(schema, i);
        TRY(table_check_key_part(scope, part, item_find(key, part->name), i < schema->hash_count));
    }
    return ST_OK;
}

static enum value_kind source_find(const struct key_source *source, str name, str *out_bytes) {
    if (source->tree != NULL) {
        const struct value *value = item_find(source->tree, name);
        if (value == NULL)
            return VALUE_NONE;
        *out_bytes = value->bytes;
        return value->kind;
    }
    view value = view_member(source->map, name);
    *out_bytes = view_bytes(value);
    return view_kind(value);
}

static status empty_index_key(struct scope *scope, const struct index *index,
                              const struct key_attribute *attribute, bool by_update) {
    if (by_update)
        return fail_validation(
            scope,
            "One or more parameter values are not valid. The update expression attempted to update "
            "a secondary index key to a value that is not supported. The AttributeValue for a key "
            "attribute cannot contain an empty %s value.",
            table_empty_word(attribute->kind));
    return fail_validation(
        scope,
        "One or more parameter values are not valid. A value specified for a secondary index key "
        "is not supported. The AttributeValue for a key attribute cannot contain an empty %s "
        "value. IndexName: %.*s, IndexKey: %.*s",
        table_empty_word(attribute->kind), STR_ARG(index->name), STR_ARG(attribute->name));
}

static status check_index_kind(struct scope *scope, const struct index *index,
                               const struct key_attribute *attribute, enum value_kind kind) {
    if (kind == VALUE_NONE || kind == attribute->kind)
        return ST_OK;
    return fail_validation(
        scope,
        INVALID "Type mismatch for Index Key %.*s Expected: %.*s Actual: %.*s IndexName: %.*s",
        STR_ARG(attribute->name), STR_ARG(value_kind_name(attribute->kind)),
        STR_ARG(value_kind_name(kind)), STR_ARG(index->name));
}

/* Whether an update leaves the attribute as it was. */
static bool is_left(const struct key_attribute *attribute, const view *before, enum value_kind kind,
                    str bytes) {
    if (before == NULL)
        return false;
    view old = view_member(*before, attribute->name);
    return view_kind(old) == kind && str_eq(view_bytes(old), bytes);
}

static status check_index_key(struct scope *scope, const struct index *index,
                              const struct key_attribute *attribute, bool hash,
                              const struct key_source *source, const view *before) {
    str bytes = {};
    enum value_kind kind = source_find(source, attribute->name, &bytes);
    if (kind == VALUE_NONE || is_left(attribute, before, kind, bytes))
        return ST_OK;
    if (before != NULL && kind != attribute->kind) /* known only now: it came out of the item */
        return fail_validation(scope, "The update expression attempted to update the secondary "
                                      "index key to unsupported type");
    TRY(check_index_kind(scope, index, attribute, kind));
    if (bytes.len == 0)
        return empty_index_key(scope, index, attribute, before != NULL);
    return table_check_key_size(scope, bytes, hash);
}

status table_check_index_keys(struct scope *scope, const struct table *table,
                              const struct key_source *source, const view *before) {
    /* Global ones first, as the service reports them. */
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < table->index_count; i++) {
            const struct index *index = &table->indexes[i];
            if (index->global != (pass == 0) || index->status == INDEX_DELETING)
                continue;
            for (size_t k = 0; k < key_schema_count(&index->key); k++)
                TRY(check_index_key(scope, index, key_schema_part(&index->key, k),
                                    k < index->key.hash_count, source, before));
        }
    return ST_OK;
}

static bool is_empty(const struct item *item, const struct key_attribute *attribute) {
    const struct value *value = item_find(item, attribute->name);
    return value != NULL && value->kind == attribute->kind && value->bytes.len == 0;
}

status table_check_empty_keys(struct scope *scope, const struct table *table,
                              const struct item *item, bool indexes) {
    for (size_t i = 0; i < key_schema_count(&table->key); i++)
        if (is_empty(item, key_schema_part(&table->key, i)))
            return empty_key(scope, key_schema_part(&table->key, i));
    for (size_t i = 0; indexes && i < table->index_count; i++) {
        const struct index *index = &table->indexes[i];
        for (size_t k = 0; index->status != INDEX_DELETING && k < key_schema_count(&index->key);
             k++)
            if (is_empty(item, key_schema_part(&index->key, k)))
                return empty_index_key(scope, index, key_schema_part(&index->key, k), false);
    }
    return ST_OK;
}

status table_check_item(struct scope *scope, const struct table *table, const struct item *item) {
    for (size_t i = 0; i < key_schema_count(&table->key); i++) {
        const struct key_attribute *attribute = key_schema_part(&table->key, i);
        const struct value *value = item_find(item, attribute->name);
        if (value == NULL)
            return fail_validation(scope, INVALID "Missing the key %.*s in the item",
                                   STR_ARG(attribute->name));
        if (value->kind != attribute->kind)
            return fail_validation(
                scope, INVALID "Type mismatch for key %.*s expected: %.*s actual: %.*s",
                STR_ARG(attribute->name), STR_ARG(value_kind_name(attribute->kind)),
                STR_ARG(value_kind_name(value->kind)));
        TRY(check_key_value(scope, attribute, value->bytes, i < table->key.hash_count));
    }
    return table_check_index_keys(scope, table, &(struct key_source){.tree = item}, NULL);
}

status table_check_update_targets(struct scope *scope, const struct table *table, const str *names,
                                  size_t count) {
    for (size_t k = 0; k < key_schema_count(&table->key); k++)
        for (size_t i = 0; i < count; i++)
            if (str_eq(names[i], key_schema_part(&table->key, k)->name))
                return fail_validation(
                    scope,
                    INVALID "Cannot update attribute %.*s. This attribute is part of the key",
                    STR_ARG(names[i]));
    return ST_OK;
}

static status check_nested(struct scope *scope, const struct key_schema *schema, const char *what,
                           const str *names, size_t count) {
    for (size_t k = 0; k < key_schema_count(schema); k++)
        for (size_t i = 0; i < count; i++)
            if (str_eq(names[i], key_schema_part(schema, k)->name))
                return fail_validation(
                    scope,
                    "Key attributes must be scalars; list random access '[]' and "
                    "map lookup '.' are not allowed: %s: %.*s",
                    what, STR_ARG(names[i]));
    return ST_OK;
}

status table_check_nested(struct scope *scope, const struct table *table, const str *names,
                          size_t count) {
    TRY(check_nested(scope, &table->key, "Key", names, count));
    for (size_t i = 0; i < table->index_count; i++)
        if (table->indexes[i].status != INDEX_DELETING)
            TRY(check_nested(scope, &table->indexes[i].key, "IndexKey", names, count));
    return ST_OK;
}

status table_check_update_kinds(struct scope *scope, const struct table *table,
                                const struct expr_update *update) {
    for (int pass = 0; pass < 2; pass++) /* global ones first */
        for (size_t i = 0; i < table->index_count; i++) {
            const struct index *index = &table->indexes[i];
            if (index->global != (pass == 0) || index->status == INDEX_DELETING)
                continue;
            for (size_t k = 0; k < key_schema_count(&index->key); k++) {
                const struct key_attribute *part = key_schema_part(&index->key, k);
                TRY(check_index_kind(scope, index, part, expr_update_kind_of(update, part->name)));
            }
        }
    return ST_OK;
}
