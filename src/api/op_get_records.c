#include "api/change_record.h"
#include "api/stream_settings.h"
#include "stream/stream_read.h"

static void reply_change(struct request *request, const struct record_page *page,
                         const struct log_record *record) {
    struct reply *reply = &request->reply;
    reply_open(reply, STR("dynamodb"));
    reply_i64(reply, STR("ApproximateCreationDateTime"), record->time_us / 1000000);
    size_t bytes = change_reply_images(reply, &page->stream.log.key, record);
    reply_str(reply, STR("SequenceNumber"),
              sequence_number_write(request->scope->arena, record->position));
    reply_i64(reply, STR("SizeBytes"), (int64_t)bytes);
    reply_str(reply, STR("StreamViewType"), stream_view_name(page->stream.log.view));
    reply_close(reply);
}

static void reply_record(struct request *request, const struct record_page *page,
                         const struct log_record *record) {
    struct reply *reply = &request->reply;
    reply_open(reply, ANON);
    reply_str(
        reply, STR("eventID"),
        change_event_id(request->scope->arena, page->stream.log.id, page->shard, record->position));
    reply_str(reply, STR("eventName"), change_event_name(record->event));
    reply_str(reply, STR("eventVersion"), STR("1.1"));
    reply_str(reply, STR("eventSource"), STR("aws:dynamodb"));
    reply_str(reply, STR("awsRegion"), request->database->region);
    reply_change(request, page, record);
    if (record->cause == LOG_BY_EXPIRY) {
        reply_open(reply, STR("userIdentity"));
        reply_str(reply, STR("PrincipalId"), STR("dynamodb.amazonaws.com"));
        reply_str(reply, STR("Type"), STR("Service"));
        reply_close(reply);
    }
    reply_close(reply);
}

status op_get_records(struct request *request) {
    const struct in_GetRecordsInput *in = request->input;
    struct reply *reply = &request->reply;
    struct record_page page;
    size_t limit;
    TRY(stream_limit(request->scope, &in->Limit, STREAM_RECORDS_MAX, &limit));
    TRY(stream_read(request->database, request->scope, in->ShardIterator, limit, &page));
    reply_open_list(reply, STR("Records"));
    for (size_t i = 0; i < page.count; i++)
        reply_record(request, &page, &page.records[i]);
    reply_close_list(reply);
    if (page.next.ptr != NULL)
        reply_str(reply, STR("NextShardIterator"), page.next);
    return ST_OK;
}
