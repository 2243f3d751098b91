/* The order of the checks: what isn't there, members against each other, the state of the table,
 * its capacity, its indexes. */
#include "api/table_update.h"

#include "api/table_definition.h"
#include "api/table_settings.h"

#define INVALID INVALID_VALUES

/* ---- without the table ---- */

static status check_unsupported(struct scope *scope, const struct in_UpdateTableInput *in) {
    const struct parameter members[] = {
        {"StreamSpecification", in->StreamSpecification != NULL, false},
        {"ReplicaUpdates", in->ReplicaUpdates != NULL, false},
        {"MultiRegionConsistency", in->MultiRegionConsistency.ptr != NULL, false},
        {"GlobalTableWitnessUpdates", in->GlobalTableWitnessUpdates != NULL, false},
        {"GlobalTableSettingsReplicationMode", in->GlobalTableSettingsReplicationMode.ptr != NULL,
         false},
        {"VectorIndexUpdates", in->VectorIndexUpdates != NULL, false},
    };
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++)
        if (members[i].given)
            return fail_validation(scope,
                                   INVALID "%s is not supported by this version of the server",
                                   members[i].name);
    return ST_OK;
}

/* Both need one of their members at least. */
static bool on_demand_given(const struct in_OnDemandThroughput *asked) {
    return asked != NULL && (asked->MaxReadRequestUnits.given || asked->MaxWriteRequestUnits.given);
}

static bool warm_given(const struct in_WarmThroughput *asked) {
    return asked != NULL && (asked->ReadUnitsPerSecond.given || asked->WriteUnitsPerSecond.given);
}

static bool changes_anything(const struct in_UpdateTableInput *in) {
    return in->ProvisionedThroughput != NULL || in->BillingMode.ptr != NULL ||
           (in->GlobalSecondaryIndexUpdates != NULL &&
            in->GlobalSecondaryIndexUpdates->count > 0) ||
           in->SSESpecification != NULL || in->TableClass.ptr != NULL ||
           in->DeletionProtectionEnabled.given || on_demand_given(in->OnDemandThroughput) ||
           warm_given(in->WarmThroughput);
}

static status check_capacity(struct scope *scope, const struct in_UpdateTableInput *in) {
    if (str_eq(in->BillingMode, STR("PROVISIONED")) && in->ProvisionedThroughput == NULL)
        return fail_validation(scope, INVALID "ProvisionedThroughput must be specified when "
                                              "BillingMode is PROVISIONED");
    return in->ProvisionedThroughput == NULL
               ? ST_OK
               : definition_check_units(scope, in->ProvisionedThroughput);
}

status table_update_check(struct request *request, const struct in_UpdateTableInput *in) {
    struct scope *scope = request->scope;
    TRY(check_unsupported(scope, in));
    if (!changes_anything(in))
        return fail_validation(scope, "At least one of ProvisionedThroughput, BillingMode, "
                                      "UpdateStreamEnabled, GlobalSecondaryIndexUpdates or "
                                      "SSESpecification or ReplicaUpdates is required");
    TRY(check_capacity(scope, in));
    return table_update_check_indexes(scope, in);
}

/* ---- billing mode and capacity ---- */

static struct index *changed_index(struct table *changed, size_t i) {
    return (struct index *)&changed->indexes[i]; /* of the copy, which is ours */
}

static void become_on_demand(const struct table_change *change) {
    struct table *changed = change->changed;
    changed->on_demand = true;
    changed->on_demand_since_us = change->request->scope->now_us;
    changed->throughput.read_units = changed->throughput.write_units = 0;
    for (size_t i = 0; i < changed->index_count; i++) {
        struct index *index = changed_index(changed, i);
        index->throughput.read_units = index->throughput.write_units = 0;
        if (index->global)
            index->updating_until_us = change->until_us;
    }
}

/* Every global index needs throughput of its own then. */
static status become_provisioned(const struct table_change *change) {
    const struct in_GlobalSecondaryIndexUpdateList *updates =
        change->in->GlobalSecondaryIndexUpdates;
    struct scope *scope = change->request->scope;
    struct buf missing;
    buf_init(&missing, scope->arena, 64);
    for (size_t i = 0; i < change->table->index_count; i++) {
        const struct index *index = &change->table->indexes[i];
        bool given = !index->global || index->status == INDEX_DELETING;
        for (size_t j = 0; updates != NULL && j < updates->count; j++) {
            const struct in_GlobalSecondaryIndexUpdate *update = updates->at[j];
            given |= update->Update != NULL && update->Update->ProvisionedThroughput != NULL &&
                     str_eq(update->Update->IndexName, index->name);
            given |= update->Delete != NULL && str_eq(update->Delete->IndexName, index->name);
        }
        if (!given)
            buf_printf(&missing, "%s%.*s", buf_str(&missing).len > 0 ? "," : "",
                       STR_ARG(index->name));
    }
    if (buf_str(&missing).len > 0)
        return fail_validation(scope,
                               INVALID "ProvisionedThroughput must be specified for index: %.*s",
                               STR_ARG(buf_str(&missing)));
    change->changed->on_demand = false;
    change->changed->on_demand_max = (struct units){};
    for (size_t i = 0; i < change->changed->index_count; i++)
        changed_index(change->changed, i)->on_demand_max = (struct units){};
    return ST_OK;
}

static status change_capacity(const struct table_change *change) {
    const struct in_UpdateTableInput *in = change->in;
    struct scope *scope = change->request->scope;
    bool on_demand = in->BillingMode.ptr != NULL ? str_eq(in->BillingMode, STR("PAY_PER_REQUEST"))
                                                 : change->table->on_demand;
    if (on_demand && in->ProvisionedThroughput != NULL)
        return fail_validation(scope, INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits "
                                              "can be specified when BillingMode is "
                                              "PAY_PER_REQUEST");
    if (on_demand && !change->table->on_demand)
        become_on_demand(change);
    if (!on_demand && change->table->on_demand)
        TRY(become_provisioned(change));
    if (in->ProvisionedThroughput != NULL)
        TRY(table_update_throughput(scope, (str){}, in->ProvisionedThroughput,
                                    &change->changed->throughput));
    return ST_OK;
}

/* ---- settings ---- */

static str table_class_of(const struct table *table) {
    return table->table_class.ptr != NULL ? table->table_class : STR("STANDARD");
}

static status change_settings(const struct table_change *change) {
    const struct in_UpdateTableInput *in = change->in;
    struct table *changed = change->changed;
    struct setting setting = {.request = change->request, .on_demand = changed->on_demand};
    if (in->DeletionProtectionEnabled.given)
        changed->deletion_protection = in->DeletionProtectionEnabled.value;
    if (in->TableClass.ptr != NULL && !str_eq(in->TableClass, table_class_of(changed))) {
        changed->table_class = arena_copy(changed->arena, in->TableClass);
        changed->table_class_changed_us = change->request->scope->now_us;
    }
    TRY(setting_on_demand_max(&setting, in->OnDemandThroughput, &changed->on_demand_max));
    TRY(setting_warm(&setting, in->WarmThroughput, &changed->throughput, &changed->warm));
    return setting_encryption(&setting, in->SSESpecification, changed);
}

/* ---- the whole ---- */

/* An index under way has rules of its own: what it forbids, and what it allows meanwhile. */
static status check_state(const struct table_change *change) {
    if (change->table->status != TABLE_DELETING && table_index_under_way(change->table) != NULL)
        return table_update_check_building(change);
    return request_check_active(change->request, change->table);
}

status table_update_apply(const struct table_change *change) {
    TRY(check_state(change));
    TRY(change_capacity(change));
    TRY(change_settings(change));
    TRY(table_update_indexes(change));
    change->changed->updating_until_us = change->until_us;
    return ST_OK;
}
