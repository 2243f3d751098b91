#include "api/destination.h"
#include "cloud/kinesis.h"
#include "table/change_log.h"

/* Nothing is promised that nobody would deliver. */
static status check(struct request *request, const struct table *table, str stream_arn) {
    struct kinesis_arn parts;
    if (!kinesis_arn_read(stream_arn, &parts))
        return fail_validation(request->scope, "Invalid StreamArn: %.*s", STR_ARG(stream_arn));
    if (request->database->kinesis.endpoint.len == 0)
        return fail_validation(request->scope,
                               "This server delivers to no Kinesis data stream: it was started "
                               "without --kinesis-endpoint");
    if (destination_open(table) != NULL)
        return fail_validation(
            request->scope,
            "Table is not in a valid state to enable Kinesis Streaming Destination: "
            "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform "
            "ENABLE operation.");
    return ST_OK;
}

status op_enable_kinesis_streaming_destination(struct request *request) {
    const struct in_EnableKinesisStreamingDestinationInput *in = request->input;
    const struct in_EnableKinesisStreamingConfiguration *asked =
        in->EnableKinesisStreamingConfiguration;
    const struct table *table;
    struct table *changed;
    TRY(destination_table(request, in->TableName, &table));
    TRY(check(request, table, in->StreamArn));
    str precision = asked != NULL ? asked->ApproximateCreationDateTimePrecision : (str){};
    struct destination destination = {
        .stream_arn = in->StreamArn,
        .status = DESTINATION_ENABLING,
        .precision_said = precision.ptr != NULL,
        .microseconds = str_eq(precision, STR("MICROSECOND")),
        .changed_us = request->scope->now_us,
    };
    TRY(table_copy(table, &changed));
    destination_set(changed, &destination);
    changed->destination =
        (struct change_log){.id = CHANGE_LOG_NEW, .view = VIEW_NEW_AND_OLD_IMAGES};
    TRY(catalogue_update(request->database, request->scope, table, changed, NULL));
    destination_reply(request, table, in->StreamArn, STR("ENABLING"));
    destination_reply_precision(request, STR("EnableKinesisStreamingConfiguration"), &destination);
    return ST_OK;
}
