#include "api/table_reply.h"

#include "api/table_settings.h"
#include "api/table_update.h"
#include "table/table_read.h"

struct counts {
    int64_t items, bytes;
};

/* What is being shown, and when. */
struct showing {
    struct request *request;
    const struct table *table;
    struct state_clock clock;
};

static void reply_key_schema(struct reply *reply, const struct key_schema *key) {
    reply_open_list(reply, STR("KeySchema"));
    for (size_t i = 0; i < key_schema_count(key); i++) {
        reply_open(reply, ANON);
        reply_str(reply, STR("AttributeName"), key_schema_part(key, i)->name);
        reply_str(reply, STR("KeyType"), i < key->hash_count ? STR("HASH") : STR("RANGE"));
        reply_close(reply);
    }
    reply_close_list(reply);
}

/* ---- capacity ---- */

static void reply_throughput(struct request *request, const struct throughput *throughput) {
    struct reply *reply = &request->reply;
    reply_open(reply, STR("ProvisionedThroughput"));
    if (throughput->increased_us != 0)
        reply_time(reply, STR("LastIncreaseDateTime"), throughput->increased_us);
    if (throughput->decreased_us != 0)
        reply_time(reply, STR("LastDecreaseDateTime"), throughput->decreased_us);
    reply_i64(reply, STR("NumberOfDecreasesToday"),
              throughput_decreases_today(throughput, request->scope->now_us));
    reply_i64(reply, STR("ReadCapacityUnits"), throughput->read_units);
    reply_i64(reply, STR("WriteCapacityUnits"), throughput->write_units);
    reply_close(reply);
}

static void reply_on_demand_max(struct reply *reply, struct units max) {
    if (max.read == 0 && max.write == 0)
        return;
    reply_open(reply, STR("OnDemandThroughput"));
    reply_i64(reply, STR("MaxReadRequestUnits"), max.read == 0 ? -1 : max.read);
    reply_i64(reply, STR("MaxWriteRequestUnits"), max.write == 0 ? -1 : max.write);
    reply_close(reply);
}

static void reply_warm(struct reply *reply, struct units warm, bool pending) {
    reply_open(reply, STR("WarmThroughput"));
    reply_i64(reply, STR("ReadUnitsPerSecond"), warm.read);
    reply_i64(reply, STR("WriteUnitsPerSecond"), warm.write);
    reply_str(reply, STR("Status"), pending ? STR("UPDATING") : STR("ACTIVE"));
    reply_close(reply);
}

/* ---- indexes ---- */

static void reply_projection(struct reply *reply, const struct index *index) {
    static const str kinds[] = {[PROJECT_ALL] = STR_INIT("ALL"),
                                [PROJECT_KEYS_ONLY] = STR_INIT("KEYS_ONLY"),
                                [PROJECT_INCLUDE] = STR_INIT("INCLUDE")};
    reply_open(reply, STR("Projection"));
    reply_str(reply, STR("ProjectionType"), kinds[index->projection]);
    if (index->included_count > 0) {
        reply_open_list(reply, STR("NonKeyAttributes"));
        for (size_t i = 0; i < index->included_count; i++)
            reply_str(reply, ANON, index->included[i]);
        reply_close_list(reply);
    }
    reply_close(reply);
}

/* What only global indexes have. */
static void reply_global(const struct showing *showing, const struct index *index) {
    struct reply *reply = &showing->request->reply;
    bool on_demand = showing->table->on_demand;
    enum shown_state state = index_shown(showing->table, index, showing->clock);
    reply_str(reply, STR("IndexStatus"), shown_state_name(state));
    if (index->status == INDEX_CREATING)
        reply_bool(reply, STR("Backfilling"), index->backfilling);
    reply_throughput(showing->request, &index->throughput);
    reply_on_demand_max(reply, index->on_demand_max);
    reply_warm(reply, warm_units(on_demand, &index->throughput, index->warm),
               state != SHOWN_ACTIVE);
}

static void reply_index(const struct showing *showing, const struct index *index,
                        struct counts counts) {
    struct request *request = showing->request;
    struct reply *reply = &request->reply;
    reply_open(reply, ANON);
    reply_str(reply, STR("IndexName"), index->name);
    reply_key_schema(reply, &index->key);
    reply_projection(reply, index);
    if (index->global)
        reply_global(showing, index);
    reply_i64(reply, STR("IndexSizeBytes"), counts.bytes);
    reply_i64(reply, STR("ItemCount"), counts.items);
    reply_str(reply, STR("IndexArn"),
              arena_printf(request->scope->arena, "%.*s/index/%.*s",
                           STR_ARG(table_arn(request, showing->table)), STR_ARG(index->name)));
    reply_close(reply);
}

static status reply_indexes(const struct showing *showing, str name, bool global) {
    struct request *request = showing->request;
    const struct table *table = showing->table;
    bool open = false;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct index *index = &table->indexes[i];
        struct counts counts;
        if (index->global != global)
            continue;
        TRY(table_counters(request->database, request->scope, table, index, &counts.items,
                           &counts.bytes));
        if (!open)
            reply_open_list(&request->reply, name);
        open = true;
        reply_index(showing, index, counts);
    }
    if (open)
        reply_close_list(&request->reply);
    return ST_OK;
}

/* ---- settings ---- */

static void reply_billing(const struct showing *showing) {
    struct reply *reply = &showing->request->reply;
    const struct table *table = showing->table;
    if (table->on_demand_since_us == 0)
        return; /* has always been provisioned */
    reply_open(reply, STR("BillingModeSummary"));
    reply_str(reply, STR("BillingMode"),
              table->on_demand ? STR("PAY_PER_REQUEST") : STR("PROVISIONED"));
    if (table_shown(table, showing->clock) != SHOWN_CREATING)
        reply_time(reply, STR("LastUpdateToPayPerRequestDateTime"), table->on_demand_since_us);
    reply_close(reply);
}

static void reply_settings(const struct showing *showing) {
    struct reply *reply = &showing->request->reply;
    const struct table *table = showing->table;
    const struct encryption *encryption = &table->encryption;
    bool pending = state_pending(showing->clock, table->creating_until_us) ||
                   state_pending(showing->clock, table->updating_until_us);
    reply_billing(showing);
    reply_on_demand_max(reply, table->on_demand_max);
    reply_warm(reply, warm_units(table->on_demand, &table->throughput, table->warm), pending);
    if (table->table_class.ptr != NULL) {
        reply_open(reply, STR("TableClassSummary"));
        reply_str(reply, STR("TableClass"), table->table_class);
        if (table->table_class_changed_us != 0)
            reply_time(reply, STR("LastUpdateDateTime"), table->table_class_changed_us);
        reply_close(reply);
    }
    if (encryption->customer_key) {
        int64_t until_us = encryption->changed_us + showing->request->database->status_delay_us;
        bool updating = encryption->changed_us > table->created_us;
        reply_open(reply, STR("SSEDescription"));
        reply_str(reply, STR("Status"),
                  updating && state_pending(showing->clock, until_us) ? STR("UPDATING")
                                                                      : STR("ENABLED"));
        reply_str(reply, STR("SSEType"), STR("KMS"));
        reply_str(reply, STR("KMSMasterKeyArn"), encryption->key_arn);
        reply_close(reply);
    }
    reply_bool(reply, STR("DeletionProtectionEnabled"), table->deletion_protection);
}

/* ---- tables ---- */

static status reply_whole(const struct showing *showing) {
    struct request *request = showing->request;
    const struct table *table = showing->table;
    struct reply *reply = &request->reply;
    struct counts counts;
    TRY(table_counters(request->database, request->scope, table, NULL, &counts.items,
                       &counts.bytes));
    reply_open_list(reply, STR("AttributeDefinitions"));
    for (size_t i = 0; i < table->attribute_count; i++) {
        reply_open(reply, ANON);
        reply_str(reply, STR("AttributeName"), table->attributes[i].name);
        reply_str(reply, STR("AttributeType"), value_kind_name(table->attributes[i].kind));
        reply_close(reply);
    }
    reply_close_list(reply);
    reply_str(reply, STR("TableName"), table->name);
    reply_key_schema(reply, &table->key);
    reply_str(reply, STR("TableStatus"), shown_state_name(table_shown(table, showing->clock)));
    reply_time(reply, STR("CreationDateTime"), table->created_us);
    reply_throughput(request, &table->throughput);
    reply_i64(reply, STR("TableSizeBytes"), counts.bytes);
    reply_i64(reply, STR("ItemCount"), counts.items);
    reply_str(reply, STR("TableArn"), table_arn(request, table));
    reply_str(reply, STR("TableId"), table->uuid);
    reply_settings(showing);
    TRY(reply_indexes(showing, STR("LocalSecondaryIndexes"), false));
    return reply_indexes(showing, STR("GlobalSecondaryIndexes"), true);
}

status table_reply(struct request *request, const struct table *table) {
    if (table->status == TABLE_DELETING) {
        table_reply_deleted(request, table);
        return ST_OK;
    }
    return reply_whole(&(struct showing){request, table, request_clock(request)});
}

status table_reply_changing(struct request *request, const struct table *table) {
    struct state_clock clock = request_clock(request);
    clock.now_us--;
    clock.delay_us++;
    return reply_whole(&(struct showing){request, table, clock});
}

void table_reply_deleted(struct request *request, const struct table *table) {
    struct reply *reply = &request->reply;
    reply_str(reply, STR("TableName"), table->name);
    reply_str(reply, STR("TableStatus"), STR("DELETING"));
    reply_throughput(request, &table->throughput);
    reply_i64(reply, STR("TableSizeBytes"), 0);
    reply_i64(reply, STR("ItemCount"), 0);
    reply_str(reply, STR("TableArn"), table_arn(request, table));
    reply_str(reply, STR("TableId"), table->uuid);
    reply_settings(&(struct showing){request, table, request_clock(request)});
}
