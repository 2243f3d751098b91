#include "api/table_definition.h"

/* ---- checks ---- */

status definition_check_units(struct scope *scope,
                              const struct in_ProvisionedThroughput *throughput) {
    if (throughput->ReadCapacityUnits.value > UNITS_MAX)
        return fail_validation(scope, "Given value %lld for ReadCapacityUnits is out of bounds",
                               (long long)throughput->ReadCapacityUnits.value);
    if (throughput->WriteCapacityUnits.value > UNITS_MAX)
        return fail_validation(scope, "Given value %lld for WriteCapacityUnits is out of bounds",
                               (long long)throughput->WriteCapacityUnits.value);
    return ST_OK;
}

status definition_check_index_units(struct scope *scope, bool on_demand, str index_name,
                                    const struct in_ProvisionedThroughput *throughput) {
    if (on_demand && throughput != NULL)
        return fail_validation(scope,
                               INVALID_VALUES
                               "ProvisionedThroughput should not be specified for index: %.*s when "
                               "BillingMode is PAY_PER_REQUEST",
                               STR_ARG(index_name));
    if (!on_demand && throughput == NULL)
        return fail_validation(
            scope, INVALID_VALUES "ProvisionedThroughput must be specified for index: %.*s",
            STR_ARG(index_name));
    return on_demand ? ST_OK : definition_check_units(scope, throughput);
}

const struct in_AttributeDefinition *
definition_find(const struct in_AttributeDefinitions *definitions, str name) {
    for (size_t i = 0; definitions != NULL && i < definitions->count; i++)
        if (str_eq(definitions->at[i]->AttributeName, name))
            return definitions->at[i];
    return NULL;
}

static bool is_hash(const struct in_KeySchemaElement *element) {
    return str_eq(element->KeyType, STR("HASH"));
}

static status undefined_keys(struct scope *scope, const struct in_AttributeDefinitions *definitions,
                             const struct in_KeySchema *schema) {
    struct buf text;
    buf_init(&text, scope->arena, 128);
    buf_add_lit(&text, "Keys: [");
    for (size_t i = 0; i < schema->count; i++)
        buf_printf(&text, "%s%.*s", i ? ", " : "", STR_ARG(schema->at[i]->AttributeName));
    buf_add_lit(&text, "], AttributeDefinitions: [");
    for (size_t i = 0; definitions != NULL && i < definitions->count; i++)
        buf_printf(&text, "%s%.*s", i ? ", " : "", STR_ARG(definitions->at[i]->AttributeName));
    return fail_validation(scope,
                           INVALID_VALUES "Some index key attributes are not defined in "
                                          "AttributeDefinitions. %.*s]",
                           STR_ARG(buf_str(&text)));
}

status definition_check_schema(struct scope *scope,
                               const struct in_AttributeDefinitions *definitions,
                               const struct in_KeySchema *schema, size_t parts_max) {
    size_t hashes = 0, ranges = 0;
    for (size_t i = 0; i < schema->count; i++)
        if (definition_find(definitions, schema->at[i]->AttributeName) == NULL)
            return undefined_keys(scope, definitions, schema);
    for (size_t i = 0; i < schema->count; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq(schema->at[i]->AttributeName, schema->at[j]->AttributeName))
                return fail_validation(scope, "Both the Hash Key and the Range Key element in the "
                                              "KeySchema have the same name");
    if (!is_hash(schema->at[0]))
        return fail_validation(
            scope, "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    for (size_t i = 0; i < schema->count; i++) {
        bool hash = is_hash(schema->at[i]);
        if (hash && (ranges > 0 || hashes == parts_max))
            return fail_validation(
                scope, "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
        hashes += hash;
        ranges += !hash;
    }
    if (ranges > parts_max)
        return fail_validation(scope, "Invalid KeySchema: Number of RANGE keys exceeds the limit");
    return ST_OK;
}

status definition_check_projection(struct scope *scope, const struct in_Projection *projection) {
    if (projection->ProjectionType.ptr == NULL)
        return fail_validation(scope, INVALID_VALUES "Unknown ProjectionType: null");
    bool include = str_eq(projection->ProjectionType, STR("INCLUDE"));
    const struct in_NonKeyAttributeNameList *names = projection->NonKeyAttributes;
    if (names != NULL && !include)
        return fail_validation(
            scope, INVALID_VALUES "ProjectionType is %.*s, but NonKeyAttributes is specified",
            STR_ARG(projection->ProjectionType));
    if (names == NULL && include)
        return fail_validation(scope, INVALID_VALUES
                               "ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
    for (size_t i = 0; names != NULL && i < names->count; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq(names->at[i], names->at[j]))
                return fail_validation(scope,
                                       INVALID_VALUES "Duplicate attribute name in "
                                                      "NonKeyAttributes: %.*s",
                                       STR_ARG(names->at[i]));
    return ST_OK;
}

size_t definition_projected(const struct in_Projection *projection) {
    return projection->NonKeyAttributes ? projection->NonKeyAttributes->count : 0;
}

status definition_check_projected_total(struct scope *scope, size_t projected) {
    if (projected > PROJECTED_NAMES_MAX)
        return fail_validation(scope,
                               INVALID_VALUES "NonKeyAttributes exceeds the limit of %d attributes "
                                              "over all indexes: %zu",
                               PROJECTED_NAMES_MAX, projected);
    return ST_OK;
}

/* ---- copies ---- */

struct key_schema definition_key(const struct in_AttributeDefinitions *definitions,
                                 const struct in_KeySchema *schema, struct arena *arena) {
    struct key_schema key = {};
    for (size_t i = 0; i < schema->count; i++) {
        const struct in_AttributeDefinition *definition =
            definition_find(definitions, schema->at[i]->AttributeName);
        struct key_attribute part = {arena_copy(arena, definition->AttributeName),
                                     value_kind_from_name(definition->AttributeType)};
        if (is_hash(schema->at[i]))
            key.hash[key.hash_count++] = part;
        else
            key.range[key.range_count++] = part;
    }
    return key;
}

void definition_projection(const struct in_Projection *projection, struct index *index,
                           struct arena *arena) {
    index->projection = str_eq(projection->ProjectionType, STR("ALL"))       ? PROJECT_ALL
                        : str_eq(projection->ProjectionType, STR("INCLUDE")) ? PROJECT_INCLUDE
                                                                             : PROJECT_KEYS_ONLY;
    size_t count = definition_projected(projection);
    str *names = arena_array(arena, str, count + 1);
    for (size_t i = 0; i < count; i++)
        names[i] = arena_copy(arena, projection->NonKeyAttributes->at[i]);
    index->included = names;
    index->included_count = count;
}

struct throughput definition_throughput(const struct in_ProvisionedThroughput *throughput) {
    if (throughput == NULL)
        return (struct throughput){};
    return (struct throughput){throughput->ReadCapacityUnits.value,
                               throughput->WriteCapacityUnits.value};
}
