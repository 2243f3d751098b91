#include "api/destination.h"

static void reply_one(struct request *request, const struct destination *destination) {
    struct reply *reply = &request->reply;
    reply_open(reply, ANON);
    reply_str(reply, STR("StreamArn"), destination->stream_arn);
    reply_str(reply, STR("DestinationStatus"), destination_status_name(request, destination));
    if (destination->problem.len > 0)
        reply_str(reply, STR("DestinationStatusDescription"), destination->problem);
    if (destination->precision_said)
        reply_str(reply, STR("ApproximateCreationDateTimePrecision"),
                  destination_precision_name(destination));
    reply_close(reply);
}

status op_describe_kinesis_streaming_destination(struct request *request) {
    const struct in_DescribeKinesisStreamingDestinationInput *in = request->input;
    const struct table *table;
    TRY(request_table(request, in->TableName, true, &table));
    reply_str(&request->reply, STR("TableName"), table->name);
    reply_open_list(&request->reply, STR("KinesisDataStreamDestinations"));
    for (size_t i = 0; i < table->destination_count; i++)
        reply_one(request, &table->destinations[i]);
    reply_close_list(&request->reply);
    return ST_OK;
}
