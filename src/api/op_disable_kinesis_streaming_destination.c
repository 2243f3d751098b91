#include "api/destination.h"

/* What was written until now is still delivered: the job makes it DISABLED behind that. */
status op_disable_kinesis_streaming_destination(struct request *request) {
    const struct in_DisableKinesisStreamingDestinationInput *in = request->input;
    const struct table *table;
    struct table *changed;
    TRY(destination_table(request, in->TableName, &table));
    const struct destination *destination = destination_of(table, in->StreamArn);
    if (destination == NULL)
        return fail(request->scope, ERROR_ResourceNotFoundException,
                    "Requested resource not found: Table: %.*s has no Kinesis streaming "
                    "destination: %.*s",
                    STR_ARG(table->name), STR_ARG(in->StreamArn));
    if (destination->status != DESTINATION_ACTIVE && destination->status != DESTINATION_ENABLING)
        return fail_validation(
            request->scope,
            "Table is not in a valid state to disable Kinesis Streaming Destination: "
            "DisableKinesisStreamingDestination must be ACTIVE to perform DISABLE operation.");
    struct destination ending = *destination;
    ending.status = DESTINATION_DISABLING;
    ending.changed_us = request->scope->now_us;
    ending.last_log_id = table->destination.id;
    ending.last_shard_count = table->destination.shard_count;
    TRY(table_copy(table, &changed));
    destination_set(changed, &ending);
    changed->destination = (struct change_log){};
    TRY(catalogue_update(request->database, request->scope, table, changed, NULL));
    destination_reply(request, table, in->StreamArn, STR("DISABLING"));
    destination_reply_precision(request, STR("EnableKinesisStreamingConfiguration"), &ending);
    return ST_OK;
}
