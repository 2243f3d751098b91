#include "api/table_settings.h"

#include "api/table_definition.h"

#define INVALID INVALID_VALUES

/* What an on-demand table serves from its first second on. */
static const struct units on_demand_warm = {12000, 4000};

static str owner(const struct setting *setting) {
    return setting->index.ptr == NULL ? STR("table")
                                      : arena_printf(setting->request->scope->arena, "index %.*s",
                                                     STR_ARG(setting->index));
}

/* ---- the most that is served on demand ---- */

static status on_demand_member(const struct setting *setting, const char *name,
                               struct given_integer asked, int64_t *max) {
    struct scope *scope = setting->request->scope;
    if (!asked.given)
        return ST_OK;
    if (!setting->on_demand)
        return fail_validation(scope,
                               setting->creating
                                   ? INVALID "%s for OnDemandThroughput cannot be specified when "
                                             "table BillingMode is PROVISIONED."
                                   : INVALID "%s for OnDemandThroughput cannot be specified when "
                                             "the table BillingMode is PROVISIONED",
                               name);
    if (asked.value != -1 && (asked.value < 1 || asked.value > UNITS_MAX))
        return fail_validation(scope,
                               INVALID "Requested %s for OnDemandThroughput for %.*s is outside of "
                                       "valid range",
                               name, STR_ARG(owner(setting)));
    *max = asked.value == -1 ? 0 : asked.value;
    return ST_OK;
}

status setting_on_demand_max(const struct setting *setting,
                             const struct in_OnDemandThroughput *asked, struct units *max) {
    if (asked == NULL)
        return ST_OK;
    TRY(on_demand_member(setting, "MaxReadRequestUnits", asked->MaxReadRequestUnits, &max->read));
    return on_demand_member(setting, "MaxWriteRequestUnits", asked->MaxWriteRequestUnits,
                            &max->write);
}

/* ---- warm throughput ---- */

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

struct units warm_units(bool on_demand, const struct throughput *throughput, struct units said) {
    struct units least = on_demand
                             ? on_demand_warm
                             : (struct units){throughput->read_units, throughput->write_units};
    return (struct units){larger(least.read, said.read), larger(least.write, said.write)};
}

static status warm_member(const struct setting *setting, const char *name,
                          struct given_integer asked, int64_t now, int64_t *warm) {
    struct scope *scope = setting->request->scope;
    if (!asked.given)
        return ST_OK;
    if (asked.value < now)
        return fail_validation(scope,
                               INVALID "Requested %s for WarmThroughput for %.*s is lower than "
                                       "current WarmThroughput, decreasing WarmThroughput is not "
                                       "supported",
                               name, STR_ARG(owner(setting)));
    if (asked.value > UNITS_MAX)
        return fail_validation(scope,
                               INVALID "Requested %s for WarmThroughput for %.*s is outside of "
                                       "valid range",
                               name, STR_ARG(owner(setting)));
    *warm = asked.value;
    return ST_OK;
}

status setting_warm(const struct setting *setting, const struct in_WarmThroughput *asked,
                    const struct throughput *throughput, struct units *warm) {
    struct units now = warm_units(setting->on_demand, throughput, *warm);
    if (asked == NULL)
        return ST_OK;
    TRY(warm_member(setting, "ReadUnitsPerSecond", asked->ReadUnitsPerSecond, now.read,
                    &warm->read));
    return warm_member(setting, "WriteUnitsPerSecond", asked->WriteUnitsPerSecond, now.write,
                       &warm->write);
}

/* ---- encryption ---- */

enum { KEY_ID_BYTES_MAX = 2048 }; /* KMS's; a description has to fit into its arena */

/* A key is named by its ARN, its alias, or its id; absent: by the alias of the service's own. */
static str key_arn(const struct setting *setting, str key) {
    const struct database *database = setting->request->database;
    if (key.ptr == NULL)
        key = STR("alias/aws/dynamodb");
    if (str_starts_with(key, STR("arn:")))
        return key;
    return arena_printf(setting->request->scope->arena, "arn:aws:kms:%.*s:%.*s:%s%.*s",
                        STR_ARG(database->region), STR_ARG(database->account_id),
                        str_starts_with(key, STR("alias/")) ? "" : "key/", STR_ARG(key));
}

status setting_encryption(const struct setting *setting, const struct in_SSESpecification *asked,
                          struct table *table) {
    struct scope *scope = setting->request->scope;
    if (asked == NULL)
        return ST_OK;
    bool enabled = asked->Enabled.value;
    if (!enabled && asked->KMSMasterKeyId.ptr != NULL)
        return fail_validation(
            scope, INVALID "KMSMasterKeyId can only be specified when SSESpecification.Enabled is "
                           "true");
    if (enabled && str_eq(asked->SSEType, STR("AES256")))
        return fail_validation(scope, INVALID "SSEType AES256 is not supported, use KMS");
    if (asked->KMSMasterKeyId.len > KEY_ID_BYTES_MAX)
        return fail_validation(scope, INVALID "KMSMasterKeyId may have %d bytes at most",
                               KEY_ID_BYTES_MAX);
    str arn = enabled ? key_arn(setting, asked->KMSMasterKeyId) : (str){};
    bool was = table->encryption.customer_key;
    if (!setting->creating && !enabled && !was)
        return fail_validation(scope, INVALID "Table is already encrypted by default");
    if (!setting->creating && enabled && was && str_eq(arn, table->encryption.key_arn))
        return fail_validation(scope, INVALID "Table is already encrypted by given KMSMasterKeyId");
    table->encryption.customer_key = enabled;
    table->encryption.key_arn = enabled ? arena_copy(table->arena, arn) : (str){};
    table->encryption.changed_us = scope->now_us;
    return ST_OK;
}
