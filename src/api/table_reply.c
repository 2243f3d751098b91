#include "api/table_reply.h"

#include "api/stream_settings.h"
#include "table/table_read.h"

struct counts {
    int64_t items, bytes;
};

void reply_key_schema(struct reply *reply, const struct key_schema *key) {
    reply_open_list(reply, STR("KeySchema"));
    for (size_t i = 0; i < key_schema_count(key); i++) {
        reply_open(reply, ANON);
        reply_str(reply, STR("AttributeName"), key_schema_part(key, i)->name);
        reply_str(reply, STR("KeyType"), i < key->hash_count ? STR("HASH") : STR("RANGE"));
        reply_close(reply);
    }
    reply_close_list(reply);
}

static void reply_throughput(struct reply *reply, const struct throughput *throughput) {
    reply_open(reply, STR("ProvisionedThroughput"));
    reply_i64(reply, STR("NumberOfDecreasesToday"), 0);
    reply_i64(reply, STR("ReadCapacityUnits"), throughput->read_units);
    reply_i64(reply, STR("WriteCapacityUnits"), throughput->write_units);
    reply_close(reply);
}

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

static void reply_index(struct request *request, const struct table *table,
                        const struct index *index, str status_name, struct counts counts) {
    struct reply *reply = &request->reply;
    reply_open(reply, ANON);
    reply_str(reply, STR("IndexName"), index->name);
    reply_key_schema(reply, &index->key);
    reply_projection(reply, index);
    if (index->global) {
        bool active = index->status == INDEX_ACTIVE;
        str building = index->status == INDEX_CREATING ? STR("CREATING") : STR("DELETING");
        reply_str(reply, STR("IndexStatus"), active ? status_name : building);
        if (index->status == INDEX_CREATING)
            reply_bool(reply, STR("Backfilling"), index->backfilling);
        reply_throughput(reply, &index->throughput);
    }
    reply_i64(reply, STR("IndexSizeBytes"), counts.bytes);
    reply_i64(reply, STR("ItemCount"), counts.items);
    reply_str(reply, STR("IndexArn"),
              arena_printf(request->scope->arena, "%.*s/index/%.*s",
                           STR_ARG(table_arn(request, table)), STR_ARG(index->name)));
    reply_close(reply);
}

static status reply_indexes(struct request *request, const struct table *table, str status_name,
                            str name, bool global) {
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
        reply_index(request, table, index, status_name, counts);
    }
    if (open)
        reply_close_list(&request->reply);
    return ST_OK;
}

static void reply_settings(struct request *request, const struct table *table) {
    struct reply *reply = &request->reply;
    if (table->on_demand) {
        reply_open(reply, STR("BillingModeSummary"));
        reply_str(reply, STR("BillingMode"), STR("PAY_PER_REQUEST"));
        reply_time(reply, STR("LastUpdateToPayPerRequestDateTime"), table->on_demand_since_us);
        reply_close(reply);
    }
    if (table->table_class.ptr != NULL) {
        reply_open(reply, STR("TableClassSummary"));
        reply_str(reply, STR("TableClass"), table->table_class);
        reply_close(reply);
    }
    reply_bool(reply, STR("DeletionProtectionEnabled"), table->deletion_protection);
    stream_settings_reply(request, table);
}

status table_reply(struct request *request, const struct table *table, str status_name) {
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
    reply_str(reply, STR("TableStatus"), status_name);
    reply_time(reply, STR("CreationDateTime"), table->created_us);
    reply_throughput(reply, &table->throughput);
    reply_i64(reply, STR("TableSizeBytes"), counts.bytes);
    reply_i64(reply, STR("ItemCount"), counts.items);
    reply_str(reply, STR("TableArn"), table_arn(request, table));
    reply_str(reply, STR("TableId"), table->uuid);
    reply_settings(request, table);
    TRY(reply_indexes(request, table, status_name, STR("LocalSecondaryIndexes"), false));
    return reply_indexes(request, table, status_name, STR("GlobalSecondaryIndexes"), true);
}

void table_reply_deleted(struct request *request, const struct table *table) {
    struct reply *reply = &request->reply;
    reply_str(reply, STR("TableName"), table->name);
    reply_str(reply, STR("TableStatus"), STR("DELETING"));
    reply_throughput(reply, &table->throughput);
    reply_i64(reply, STR("TableSizeBytes"), 0);
    reply_i64(reply, STR("ItemCount"), 0);
    reply_str(reply, STR("TableArn"), table_arn(request, table));
    reply_str(reply, STR("TableId"), table->uuid);
    reply_settings(request, table);
}
