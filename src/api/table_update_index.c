#include "api/insights_reply.h"
#include "api/table_definition.h"
#include "api/table_settings.h"
#include "api/table_update.h"

#define INVALID INVALID_VALUES
#define IN_USE "Attempt to change a resource which is still in use: "
#define ONE_AT_A_TIME                                                                              \
    "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per " \
    "table"

/* What no update could use. */
enum { UPDATES_MAX = 10 * GLOBAL_INDEXES_MAX, DEFINITIONS_MAX = 100 * KEY_PARTS_MAX };

/* ---- without the table ---- */

static str name_of(const struct in_GlobalSecondaryIndexUpdate *update) {
    return update->Update   ? update->Update->IndexName
           : update->Create ? update->Create->IndexName
                            : update->Delete->IndexName;
}

static status check_names(struct scope *scope, const struct in_GlobalSecondaryIndexUpdateList *all,
                          size_t at) {
    for (size_t i = 0; i < at; i++)
        if (str_eq(name_of(all->at[i]), name_of(all->at[at])))
            return fail_validation(scope,
                                   INVALID "Only one global secondary index update per index is "
                                           "allowed simultaneously. Index: %.*s",
                                   STR_ARG(name_of(all->at[at])));
    return ST_OK;
}

static status check_update(struct scope *scope,
                           const struct in_GlobalSecondaryIndexUpdate *update) {
    int actions = (update->Update != NULL) + (update->Create != NULL) + (update->Delete != NULL);
    if (actions == 0)
        return fail_validation(scope, INVALID "One of GlobalSecondaryIndexUpdate.Update, "
                                              "GlobalSecondaryIndexUpdate.Create, "
                                              "GlobalSecondaryIndexUpdate.Delete must not be null");
    if (actions > 1)
        return fail_validation(scope, INVALID "Only one of GlobalSecondaryIndexUpdate.Update, "
                                              "GlobalSecondaryIndexUpdate.Create, "
                                              "GlobalSecondaryIndexUpdate.Delete may be specified");
    return ST_OK;
}

/* The request itself must define the key, even when the table does. */
static status check_new(struct scope *scope, const struct in_AttributeDefinitions *definitions,
                        const struct in_CreateGlobalSecondaryIndexAction *create) {
    if (create->KeySchema->count > DEFINITIONS_MAX) /* before all are compared with all */
        return fail_validation(scope, "Invalid KeySchema: Number of RANGE keys exceeds the limit");
    TRY(definition_check_schema(scope, definitions, create->KeySchema, KEY_PARTS_MAX));
    TRY(definition_check_projection(scope, create->Projection));
    for (size_t i = 0; definitions != NULL && i < definitions->count; i++)
        if (definition_find(definitions, definitions->at[i]->AttributeName) != definitions->at[i])
            return fail_validation(scope,
                                   INVALID "Duplicate AttributeName in AttributeDefinitions: %.*s",
                                   STR_ARG(definitions->at[i]->AttributeName));
    return ST_OK;
}

status table_update_check_indexes(struct scope *scope, const struct in_UpdateTableInput *in) {
    const struct in_GlobalSecondaryIndexUpdateList *updates = in->GlobalSecondaryIndexUpdates;
    size_t online = 0;
    if (updates == NULL)
        return ST_OK;
    if (updates->count > UPDATES_MAX)
        return fail(scope, ERROR_LimitExceededException, ONE_AT_A_TIME);
    if (in->AttributeDefinitions != NULL && in->AttributeDefinitions->count > DEFINITIONS_MAX)
        return fail_validation(scope, INVALID "Too many AttributeDefinitions: %zu",
                               in->AttributeDefinitions->count);
    for (size_t i = 0; i < updates->count; i++) {
        TRY(check_update(scope, updates->at[i]));
        TRY(check_names(scope, updates, i));
        online += updates->at[i]->Update == NULL;
    }
    if (online > 1)
        return fail(scope, ERROR_LimitExceededException, ONE_AT_A_TIME);
    for (size_t i = 0; i < updates->count; i++)
        if (updates->at[i]->Create != NULL)
            TRY(check_new(scope, in->AttributeDefinitions, updates->at[i]->Create));
    return ST_OK;
}

/* ---- while an index is being made or deleted ---- */

status table_update_check_building(const struct table_change *change) {
    const struct index *busy = table_index_under_way(change->table);
    const struct in_GlobalSecondaryIndexUpdateList *updates =
        change->in->GlobalSecondaryIndexUpdates;
    struct scope *scope = change->request->scope;
    str table_name = change->table->name;
    bool backfilling = busy->status == INDEX_CREATING && busy->backfilling;
    for (size_t i = 0; updates != NULL && i < updates->count; i++) {
        const struct in_GlobalSecondaryIndexUpdate *update = updates->at[i];
        bool this = str_eq(name_of(update), busy->name);
        if (update->Delete != NULL && this && busy->status == INDEX_CREATING && !backfilling)
            return fail(scope, ERROR_ResourceInUseException,
                        IN_USE "Index creation is in resource allocation phase. Retry deletion "
                               "during backfilling phase or when the index is active. "
                               "Table: %.*s Index: %.*s",
                        STR_ARG(table_name), STR_ARG(busy->name));
        if (update->Update == NULL && !(update->Delete != NULL && this && backfilling))
            return fail(scope, ERROR_LimitExceededException, ONE_AT_A_TIME);
    }
    if (!backfilling)
        return fail(scope, ERROR_ResourceInUseException, TABLE_IN_USE "updated: %.*s",
                    STR_ARG(table_name));
    return ST_OK;
}

/* ---- a new one ---- */

static enum value_kind defined_kind(const struct table *table, str name) {
    for (size_t i = 0; i < table->attribute_count; i++)
        if (str_eq(table->attributes[i].name, name))
            return table->attributes[i].kind;
    return VALUE_NONE;
}

static void add_schema(struct buf *out, const struct key_schema *key) {
    buf_add_lit(out, "Schema:[");
    for (size_t i = 0; i < key_schema_count(key); i++) {
        const struct key_attribute *part = key_schema_part(key, i);
        buf_printf(out, "%sSchemaElement: key{%.*s:%.*s:%s}", i ? ", " : "", STR_ARG(part->name),
                   STR_ARG(value_kind_name(part->kind)), i < key->hash_count ? "HASH" : "RANGE");
    }
    buf_add_lit(out, "]");
}

/* One attribute has one type in all keys of a table. */
static status check_kinds(struct scope *scope, const struct table *table,
                          const struct key_schema *key) {
    for (size_t i = 0; i < key_schema_count(key); i++) {
        enum value_kind kind = defined_kind(table, key_schema_part(key, i)->name);
        if (kind == VALUE_NONE || kind == key_schema_part(key, i)->kind)
            continue;
        struct buf text;
        buf_init(&text, scope->arena, 256);
        buf_add_lit(&text, "Existing schema: ");
        add_schema(&text, &table->key);
        buf_add_lit(&text, " New schema: ");
        add_schema(&text, key);
        return fail_validation(scope,
                               INVALID "Attributes cannot be redefined. Please check that your "
                                       "attribute has the same type as previously defined. %.*s",
                               STR_ARG(buf_str(&text)));
    }
    return ST_OK;
}

static status check_limits(struct scope *scope, const struct table *table,
                           const struct in_CreateGlobalSecondaryIndexAction *create) {
    size_t global = 1, projected = definition_projected(create->Projection);
    for (size_t i = 0; i < table->index_count; i++) {
        global += table->indexes[i].global;
        projected += table->indexes[i].included_count;
    }
    if (table->next_index_id == UINT16_MAX)
        return fail(scope, ERROR_LimitExceededException,
                    "Subscriber limit exceeded: Too many indexes have been made on this table");
    if (global > GLOBAL_INDEXES_MAX)
        return fail_validation(scope,
                               INVALID "GlobalSecondaryIndex count exceeds the per-table limit "
                                       "of %d",
                               GLOBAL_INDEXES_MAX);
    return definition_check_projected_total(scope, projected);
}

static status check_create(const struct table_change *change,
                           const struct in_CreateGlobalSecondaryIndexAction *create) {
    struct scope *scope = change->request->scope;
    TRY(definition_check_index_units(scope, change->changed->on_demand, create->IndexName,
                                     create->ProvisionedThroughput));
    if (table_index(change->table, create->IndexName) != NULL)
        return fail_validation(scope, "Attempting to create an index which already exists");
    return check_limits(scope, change->table, create);
}

static void add_definitions(struct table *changed, const struct key_schema *key) {
    size_t count = changed->attribute_count, more = key_schema_count(key);
    struct key_attribute *all = arena_array(changed->arena, struct key_attribute, count + more);
    memcpy(all, changed->attributes, count * sizeof *all);
    for (size_t i = 0; i < more; i++)
        if (defined_kind(changed, key_schema_part(key, i)->name) == VALUE_NONE)
            all[count++] = *key_schema_part(key, i);
    changed->attributes = all;
    changed->attribute_count = count;
}

static status change_index_settings(const struct table_change *change,
                                    const struct in_OnDemandThroughput *max,
                                    const struct in_WarmThroughput *warm, struct index *index) {
    struct setting setting = {change->request, index->name, false, change->changed->on_demand};
    TRY(setting_on_demand_max(&setting, max, &index->on_demand_max));
    return setting_warm(&setting, warm, &index->throughput, &index->warm);
}

static status create_index(const struct table_change *change,
                           const struct in_CreateGlobalSecondaryIndexAction *create,
                           struct index *new) {
    struct table *changed = change->changed;
    struct arena *arena = changed->arena;
    TRY(check_create(change, create));
    *new = (struct index){.name = arena_copy(arena, create->IndexName),
                          .id = changed->next_index_id++,
                          .global = true,
                          .throughput = definition_throughput(create->ProvisionedThroughput),
                          .status = INDEX_CREATING,
                          .updating_until_us = change->until_us};
    new->key = definition_key(change->in->AttributeDefinitions, create->KeySchema, arena);
    definition_projection(create->Projection, new, arena);
    TRY(check_kinds(change->request->scope, change->table, &new->key));
    TRY(change_index_settings(change, create->OnDemandThroughput, create->WarmThroughput, new));
    add_definitions(changed, &new->key);
    changed->index_count++;
    return ST_OK;
}

/* ---- one that goes, one that changes ---- */

static bool definition_used(const struct table *table, str name) {
    bool used = key_schema_has(&table->key, name);
    for (size_t i = 0; i < table->index_count; i++)
        used |= table->indexes[i].status != INDEX_DELETING &&
                key_schema_has(&table->indexes[i].key, name);
    return used;
}

static void drop_definitions(struct table *changed) {
    struct key_attribute *kept =
        arena_array(changed->arena, struct key_attribute, changed->attribute_count);
    size_t count = 0;
    for (size_t i = 0; i < changed->attribute_count; i++)
        if (definition_used(changed, changed->attributes[i].name))
            kept[count++] = changed->attributes[i];
    changed->attributes = kept;
    changed->attribute_count = count;
}

static struct index *find_global(struct index *indexes, size_t count, str name) {
    for (size_t i = 0; i < count; i++)
        if (indexes[i].global && str_eq(indexes[i].name, name))
            return &indexes[i];
    return NULL;
}

static status delete_index(const struct table_change *change, struct index *index) {
    if (index == NULL)
        return fail(change->request->scope, ERROR_ResourceNotFoundException,
                    "Requested resource not found");
    index->status = INDEX_DELETING;
    index->updating_until_us = change->until_us;
    drop_definitions(change->changed);
    insights_drop(change->changed, index->name); /* another of that name begins anew */
    return ST_OK;
}

static status update_index(const struct table_change *change,
                           const struct in_UpdateGlobalSecondaryIndexAction *update,
                           struct index *index) {
    struct scope *scope = change->request->scope;
    const struct in_ProvisionedThroughput *units = update->ProvisionedThroughput;
    if (index == NULL || index->status == INDEX_DELETING ||
        (units != NULL && (units->ReadCapacityUnits.value > UNITS_MAX ||
                           units->WriteCapacityUnits.value > UNITS_MAX)))
        return fail_validation(scope,
                               "This operation cannot be performed with given input values. Please "
                               "contact DynamoDB service team for more info: Action Blocked: "
                               "IndexUpdate");
    if (units == NULL && update->OnDemandThroughput == NULL && update->WarmThroughput == NULL)
        return fail_validation(scope,
                               INVALID "One of ProvisionedThroughput, OnDemandThroughput, "
                                       "WarmThroughput must be specified for index: %.*s",
                               STR_ARG(update->IndexName));
    if (units != NULL) {
        TRY(definition_check_index_units(scope, change->changed->on_demand, update->IndexName,
                                         units));
        TRY(table_update_throughput(scope, index->name, units, &index->throughput));
    }
    TRY(change_index_settings(change, update->OnDemandThroughput, update->WarmThroughput, index));
    index->updating_until_us = change->until_us;
    return ST_OK;
}

status table_update_indexes(const struct table_change *change) {
    const struct in_GlobalSecondaryIndexUpdateList *updates =
        change->in->GlobalSecondaryIndexUpdates;
    struct table *changed = change->changed;
    size_t count = changed->index_count;
    if (updates == NULL)
        return ST_OK;
    struct index *indexes = arena_array(changed->arena, struct index, count + 1);
    memcpy(indexes, changed->indexes, count * sizeof *indexes);
    changed->indexes = indexes;
    for (size_t i = 0; i < updates->count; i++) {
        const struct in_GlobalSecondaryIndexUpdate *update = updates->at[i];
        struct index *index = find_global(indexes, count, name_of(update));
        if (update->Create != NULL)
            TRY(create_index(change, update->Create, &indexes[count]));
        else if (update->Delete != NULL)
            TRY(delete_index(change, index));
        else
            TRY(update_index(change, update->Update, index));
    }
    return ST_OK;
}
