#include "table/table.h"

const struct index *table_index(const struct table *table, str name) {
    for (size_t i = 0; i < table->index_count; i++)
        if (str_eq(table->indexes[i].name, name))
            return &table->indexes[i];
    return NULL;
}

bool key_schema_has(const struct key_schema *key, str name) {
    for (size_t i = 0; i < key_schema_count(key); i++)
        if (str_eq(key_schema_part(key, i)->name, name))
            return true;
    return false;
}

bool index_projects(const struct table *table, const struct index *index, str name) {
    if (index->projection == PROJECT_ALL || key_schema_has(&index->key, name) ||
        key_schema_has(&table->key, name))
        return true;
    for (size_t i = 0; i < index->included_count; i++)
        if (str_eq(index->included[i], name))
            return true;
    return false;
}
