#include "api/destination.h"

static status check(struct request *request, const struct table *table, str stream_arn,
                    str precision, const struct destination **out) {
    struct scope *scope = request->scope;
    const struct destination *destination = destination_of(table, stream_arn);
    *out = destination;
    if (precision.ptr == NULL)
        return fail_validation(scope,
                               "Streaming destination cannot be updated with given parameters: "
                               "UpdateKinesisStreamingConfiguration cannot be null or contain "
                               "only null values");
    if (destination == NULL)
        return fail(scope, ERROR_ResourceNotFoundException,
                    "Requested resource not found: Table: %.*s has no Kinesis streaming "
                    "destination: %.*s",
                    STR_ARG(table->name), STR_ARG(stream_arn));
    if (destination->status != DESTINATION_ACTIVE)
        return fail(scope, ERROR_ResourceInUseException,
                    "Table is not in a valid state to update Kinesis Streaming Destination: "
                    "DestinationStatus must be ACTIVE to perform UPDATE operation.");
    if (str_eq(destination_precision_name(destination), precision))
        return fail_validation(scope,
                               "Invalid Request: Precision is already set to the desired value of "
                               "%.*s for tableId: %.*s, kdsArn: %.*s",
                               STR_ARG(precision), STR_ARG(table->uuid), STR_ARG(stream_arn));
    return ST_OK;
}

status op_update_kinesis_streaming_destination(struct request *request) {
    const struct in_UpdateKinesisStreamingDestinationInput *in = request->input;
    const struct in_UpdateKinesisStreamingConfiguration *asked =
        in->UpdateKinesisStreamingConfiguration;
    const struct table *table;
    const struct destination *destination;
    struct table *changed;
    str precision = asked != NULL ? asked->ApproximateCreationDateTimePrecision : (str){};
    TRY(destination_table(request, in->TableName, &table));
    TRY(check(request, table, in->StreamArn, precision, &destination));
    struct destination updated = *destination;
    updated.precision_said = true;
    updated.microseconds = str_eq(precision, STR("MICROSECOND"));
    updated.changed_us = request->scope->now_us;
    TRY(table_copy(table, &changed));
    destination_set(changed, &updated);
    TRY(catalogue_update(request->database, request->scope, table, changed, NULL));
    destination_reply(request, table, in->StreamArn, STR("UPDATING"));
    destination_reply_precision(request, STR("UpdateKinesisStreamingConfiguration"), &updated);
    return ST_OK;
}
