/* The order of the checks is the service's: capacity, keys of the table, local indexes, global
 * indexes, then what spans them (names used twice, definitions nobody uses, totals). */
#include "api/table_input.h"

#include "api/policy_setting.h"
#include "api/stream_settings.h"
#include "api/table_definition.h"
#include "api/table_settings.h"
#include "api/tags.h"

#define INVALID INVALID_VALUES
#define TOO_MANY_LOCAL INVALID "Number of LocalSecondaryIndexes exceeds per-table limit of 5"
#define TOO_MANY_GLOBAL INVALID "GlobalSecondaryIndex count exceeds the per-table limit of 20"
#define TOO_MANY_RANGES "Invalid KeySchema: Number of RANGE keys exceeds the limit"

/* ---- what isn't there yet is refused, not ignored ---- */

static status check_unsupported(struct request *request, const struct in_CreateTableInput *in) {
    const struct parameter members[] = {
        {"GlobalTableSourceArn", in->GlobalTableSourceArn.ptr != NULL, false},
        {"GlobalTableSettingsReplicationMode", in->GlobalTableSettingsReplicationMode.ptr != NULL,
         false},
        {"VectorIndexes", in->VectorIndexes != NULL, false},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (members[i].given)
            return fail_validation(request->scope,
                                   INVALID "%s is not supported by this version of the server",
                                   members[i].name);
    return ST_OK;
}

/* ---- what no table could use ---- */

/* Refused before the checks below compare all with all. */
static status check_sanity(struct scope *scope, const struct in_CreateTableInput *in) {
    enum { FACTOR = 10, DEFINITIONS_MAX = FACTOR * 2 * KEY_PARTS_MAX * GLOBAL_INDEXES_MAX };
    size_t parts = in->KeySchema->count;
    if (in->AttributeDefinitions->count > DEFINITIONS_MAX)
        return fail_validation(scope, INVALID "Too many AttributeDefinitions: %zu",
                               in->AttributeDefinitions->count);
    const struct in_LocalSecondaryIndexList *local = in->LocalSecondaryIndexes;
    if (local != NULL && local->count > FACTOR * LOCAL_INDEXES_MAX)
        return fail_validation(scope, TOO_MANY_LOCAL);
    const struct in_GlobalSecondaryIndexList *global = in->GlobalSecondaryIndexes;
    if (global != NULL && global->count > FACTOR * GLOBAL_INDEXES_MAX)
        return fail_validation(scope, TOO_MANY_GLOBAL);
    for (size_t i = 0; global != NULL && i < global->count; i++)
        parts += global->at[i]->KeySchema->count;
    if (parts > DEFINITIONS_MAX)
        return fail_validation(scope, TOO_MANY_RANGES);
    return ST_OK;
}

/* ---- capacity ---- */

static bool is_on_demand(const struct in_CreateTableInput *in) {
    return str_eq(in->BillingMode, STR("PAY_PER_REQUEST"));
}

static status check_capacity(struct scope *scope, const struct in_CreateTableInput *in) {
    if (is_on_demand(in) && in->ProvisionedThroughput != NULL)
        return fail_validation(scope, INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits "
                                              "can be specified when BillingMode is "
                                              "PAY_PER_REQUEST");
    if (is_on_demand(in))
        return ST_OK;
    if (in->ProvisionedThroughput == NULL)
        return fail_validation(scope, INVALID "ReadCapacityUnits and WriteCapacityUnits must both "
                                              "be specified when BillingMode is PROVISIONED");
    return definition_check_units(scope, in->ProvisionedThroughput);
}

/* ---- keys ---- */

static status check_table_keys(struct scope *scope, const struct in_CreateTableInput *in) {
    if (in->KeySchema->count > in->AttributeDefinitions->count)
        return fail_validation(scope,
                               "Invalid KeySchema: Some index key attribute have no definition");
    TRY(definition_check_schema(scope, in->AttributeDefinitions, in->KeySchema, 1));
    if (in->LocalSecondaryIndexes == NULL && in->GlobalSecondaryIndexes == NULL &&
        in->KeySchema->count != in->AttributeDefinitions->count)
        return fail_validation(scope, INVALID "Number of attributes in KeySchema does not exactly "
                                              "match number of attributes defined in "
                                              "AttributeDefinitions");
    return ST_OK;
}

/* ---- indexes ---- */

/* Names of both kinds share one space. `count` names stand before this one. */
static status check_index_name(struct scope *scope, const str *names, size_t count, str name) {
    for (size_t i = 0; i < count; i++)
        if (str_eq(names[i], name))
            return fail_validation(scope, INVALID "Duplicate index name: %.*s", STR_ARG(name));
    return ST_OK;
}

static status check_local_index(struct scope *scope, const struct in_CreateTableInput *in,
                                const struct in_LocalSecondaryIndex *index) {
    TRY(definition_check_schema(scope, in->AttributeDefinitions, index->KeySchema, 1));
    if (index->KeySchema->count != 2)
        return fail_validation(scope,
                               INVALID "Index KeySchema does not have a range key for index: %.*s",
                               STR_ARG(index->IndexName));
    str hash = index->KeySchema->at[0]->AttributeName;
    str table_hash = in->KeySchema->at[0]->AttributeName;
    if (!str_eq(hash, table_hash))
        return fail_validation(scope,
                               INVALID "Index KeySchema does not have the same leading hash key "
                                       "as table KeySchema for index: %.*s. index hash key: %.*s, "
                                       "table hash key: %.*s",
                               STR_ARG(index->IndexName), STR_ARG(hash), STR_ARG(table_hash));
    return definition_check_projection(scope, index->Projection);
}

static status check_local_indexes(struct scope *scope, const struct in_CreateTableInput *in,
                                  str *names, size_t *name_count) {
    const struct in_LocalSecondaryIndexList *list = in->LocalSecondaryIndexes;
    if (list == NULL)
        return ST_OK;
    if (list->count == 0)
        return fail_validation(scope, INVALID "List of LocalSecondaryIndexes is empty");
    if (in->KeySchema->count != 2)
        return fail_validation(scope, INVALID "Table KeySchema does not have a range key, which "
                                              "is required when specifying a "
                                              "LocalSecondaryIndex");
    for (size_t i = 0; i < list->count; i++) {
        TRY(check_local_index(scope, in, list->at[i]));
        TRY(check_index_name(scope, names, *name_count, list->at[i]->IndexName));
        names[(*name_count)++] = list->at[i]->IndexName;
    }
    if (list->count > LOCAL_INDEXES_MAX)
        return fail_validation(scope, TOO_MANY_LOCAL);
    return ST_OK;
}

static status check_global_indexes(struct scope *scope, const struct in_CreateTableInput *in,
                                   str *names, size_t *name_count) {
    const struct in_GlobalSecondaryIndexList *list = in->GlobalSecondaryIndexes;
    if (list == NULL)
        return ST_OK;
    if (list->count == 0)
        return fail_validation(scope, INVALID "List of GlobalSecondaryIndexes is empty");
    for (size_t i = 0; i < list->count; i++) {
        const struct in_GlobalSecondaryIndex *index = list->at[i];
        TRY(definition_check_schema(scope, in->AttributeDefinitions, index->KeySchema,
                                    KEY_PARTS_MAX));
        TRY(definition_check_projection(scope, index->Projection));
        TRY(definition_check_index_units(scope, is_on_demand(in), index->IndexName,
                                         index->ProvisionedThroughput));
        TRY(check_index_name(scope, names, *name_count, index->IndexName));
        names[(*name_count)++] = index->IndexName;
    }
    if (list->count > GLOBAL_INDEXES_MAX)
        return fail_validation(scope, TOO_MANY_GLOBAL);
    return ST_OK;
}

/* ---- what spans them ---- */

static bool schema_uses(const struct in_KeySchema *schema, str name) {
    for (size_t i = 0; i < schema->count; i++)
        if (str_eq(schema->at[i]->AttributeName, name))
            return true;
    return false;
}

static bool definition_used(const struct in_CreateTableInput *in, str name) {
    bool used = schema_uses(in->KeySchema, name);
    for (size_t i = 0; in->LocalSecondaryIndexes && i < in->LocalSecondaryIndexes->count; i++)
        used |= schema_uses(in->LocalSecondaryIndexes->at[i]->KeySchema, name);
    for (size_t i = 0; in->GlobalSecondaryIndexes && i < in->GlobalSecondaryIndexes->count; i++)
        used |= schema_uses(in->GlobalSecondaryIndexes->at[i]->KeySchema, name);
    return used;
}

static status check_totals(struct scope *scope, const struct in_CreateTableInput *in) {
    for (size_t i = 0; i < in->AttributeDefinitions->count; i++)
        if (!definition_used(in, in->AttributeDefinitions->at[i]->AttributeName))
            return fail_validation(scope,
                                   INVALID "Some AttributeDefinitions are not used. "
                                           "AttributeDefinitions: [%.*s]",
                                   STR_ARG(in->AttributeDefinitions->at[i]->AttributeName));
    for (size_t i = 0; i < in->AttributeDefinitions->count; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq(in->AttributeDefinitions->at[i]->AttributeName,
                       in->AttributeDefinitions->at[j]->AttributeName))
                return fail_validation(
                    scope, INVALID "Duplicate AttributeName in AttributeDefinitions: %.*s",
                    STR_ARG(in->AttributeDefinitions->at[i]->AttributeName));
    size_t projected = 0;
    for (size_t i = 0; in->LocalSecondaryIndexes && i < in->LocalSecondaryIndexes->count; i++)
        projected += definition_projected(in->LocalSecondaryIndexes->at[i]->Projection);
    for (size_t i = 0; in->GlobalSecondaryIndexes && i < in->GlobalSecondaryIndexes->count; i++)
        projected += definition_projected(in->GlobalSecondaryIndexes->at[i]->Projection);
    return definition_check_projected_total(scope, projected);
}

status table_input_check(struct request *request, const struct in_CreateTableInput *in) {
    struct scope *scope = request->scope;
    size_t index_count = (in->LocalSecondaryIndexes ? in->LocalSecondaryIndexes->count : 0) +
                         (in->GlobalSecondaryIndexes ? in->GlobalSecondaryIndexes->count : 0);
    str *names = arena_array(scope->arena, str, index_count + 1);
    size_t name_count = 0;
    struct policy_names principals;
    TRY(check_unsupported(request, in));
    TRY(check_sanity(scope, in));
    TRY(check_capacity(scope, in));
    TRY(check_table_keys(scope, in));
    TRY(check_local_indexes(scope, in, names, &name_count));
    TRY(check_global_indexes(scope, in, names, &name_count));
    TRY(check_totals(scope, in));
    TRY(tags_check(scope, in->Tags));
    if (in->ResourcePolicy.ptr != NULL)
        TRY(policy_check(request, in->ResourcePolicy, &principals));
    return stream_settings_check(scope, in->StreamSpecification);
}

/* ---- filling ---- */

static status fill_global_settings(struct request *request,
                                   const struct in_GlobalSecondaryIndex *from,
                                   const struct table *table, struct index *index) {
    struct setting setting = {request, index->name, true, table->on_demand};
    TRY(setting_on_demand_max(&setting, from->OnDemandThroughput, &index->on_demand_max));
    return setting_warm(&setting, from->WarmThroughput, &index->throughput, &index->warm);
}

static status fill_indexes(struct request *request, const struct in_CreateTableInput *in,
                           struct table *table) {
    struct arena *arena = table->arena;
    size_t local = in->LocalSecondaryIndexes ? in->LocalSecondaryIndexes->count : 0;
    size_t global = in->GlobalSecondaryIndexes ? in->GlobalSecondaryIndexes->count : 0;
    struct index *indexes = arena_array(arena, struct index, local + global + 1);
    for (size_t i = 0; i < local + global; i++)
        indexes[i].id = (uint16_t)(i + 1);
    for (size_t i = 0; i < local; i++) {
        const struct in_LocalSecondaryIndex *from = in->LocalSecondaryIndexes->at[i];
        indexes[i].name = arena_copy(arena, from->IndexName);
        indexes[i].key = definition_key(in->AttributeDefinitions, from->KeySchema, arena);
        definition_projection(from->Projection, &indexes[i], arena);
    }
    for (size_t i = 0; i < global; i++) {
        const struct in_GlobalSecondaryIndex *from = in->GlobalSecondaryIndexes->at[i];
        struct index *index = &indexes[local + i];
        index->name = arena_copy(arena, from->IndexName);
        index->global = true;
        index->key = definition_key(in->AttributeDefinitions, from->KeySchema, arena);
        index->throughput = definition_throughput(from->ProvisionedThroughput);
        definition_projection(from->Projection, index, arena);
        TRY(fill_global_settings(request, from, table, index));
    }
    table->indexes = indexes;
    table->index_count = local + global;
    table->next_index_id = (uint16_t)(local + global + 1);
    return ST_OK;
}

static void fill_tags(const struct in_TagList *from, struct table *table) {
    size_t count = from ? from->count : 0;
    struct tag *tags = arena_array(table->arena, struct tag, count + 1);
    for (size_t i = 0; i < count; i++)
        tags[i] = (struct tag){arena_copy(table->arena, from->at[i]->Key),
                               arena_copy(table->arena, from->at[i]->Value)};
    table->tags = tags;
    table->tag_count = count;
}

static status fill_settings(struct request *request, const struct in_CreateTableInput *in,
                            struct table *table) {
    struct setting setting = {request, (str){}, true, table->on_demand};
    table->deletion_protection = in->DeletionProtectionEnabled.value;
    if (in->TableClass.ptr != NULL)
        table->table_class = arena_copy(table->arena, in->TableClass);
    TRY(setting_on_demand_max(&setting, in->OnDemandThroughput, &table->on_demand_max));
    TRY(setting_warm(&setting, in->WarmThroughput, &table->throughput, &table->warm));
    return setting_encryption(&setting, in->SSESpecification, table);
}

static status fill_policy(struct request *request, str text, struct table *table) {
    struct policy_names names;
    TRY(policy_check(request, text, &names));
    policy_set(&table->policy, table->arena, text, &names, table->created_us);
    return ST_OK;
}

status table_input_fill(struct request *request, const struct in_CreateTableInput *in,
                        struct table *table) {
    struct arena *arena = table->arena;
    TRY(request_new_table_name(request, in->TableName, &table->name));
    table->name = arena_copy(arena, table->name);
    table->created_us = request->scope->now_us;
    table->key = definition_key(in->AttributeDefinitions, in->KeySchema, arena);
    size_t count = in->AttributeDefinitions->count;
    struct key_attribute *attributes = arena_array(arena, struct key_attribute, count);
    for (size_t i = 0; i < count; i++)
        attributes[i] = (struct key_attribute){
            arena_copy(arena, in->AttributeDefinitions->at[i]->AttributeName),
            value_kind_from_name(in->AttributeDefinitions->at[i]->AttributeType)};
    table->attributes = attributes;
    table->attribute_count = count;
    table->on_demand = is_on_demand(in);
    table->on_demand_since_us = table->on_demand ? table->created_us : 0;
    table->throughput = definition_throughput(in->ProvisionedThroughput);
    table->creating_until_us = table->created_us + request->database->status_delay_us;
    TRY(fill_settings(request, in, table));
    TRY(fill_indexes(request, in, table));
    fill_tags(in->Tags, table);
    if (in->ResourcePolicy.ptr != NULL)
        TRY(fill_policy(request, in->ResourcePolicy, table));
    return stream_settings_apply(request->scope, in->StreamSpecification, table);
}
