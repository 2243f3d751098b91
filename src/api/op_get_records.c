#include "api/stream_settings.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "item/item_codec.h"
#include "stream/stream_read.h"

/* Two hashes of where it lies: the same whenever and by whomever it is read. */
static str event_id(struct arena *arena, const struct record_page *page,
                    const struct log_record *record) {
    str key = log_record_key(arena, page->stream.log.id, page->shard, record->position);
    uint64_t first = hash_bytes(key);
    char salted[RECORD_KEY_BYTES + 8];
    memcpy(salted, key.ptr, key.len);
    put_be64(salted + key.len, first);
    uint64_t second = hash_bytes((str){salted, sizeof salted});
    return arena_printf(arena, "%016llx%016llx", (unsigned long long)first,
                        (unsigned long long)second);
}

static size_t image_bytes(str stored) {
    return stored.ptr != NULL ? item_size(stored) : 0;
}

/* The attributes of the key from any image; answers their size. */
static size_t reply_keys(struct reply *reply, const struct key_schema *key, view image) {
    size_t bytes = 0;
    reply_open(reply, STR("Keys"));
    for (size_t i = 0; i < key_schema_count(key); i++) {
        str name = key_schema_part(key, i)->name;
        view value = view_member(image, name);
        reply_attribute(reply, name, value);
        bytes += name.len + view_size(value);
    }
    reply_close(reply);
    return bytes;
}

static void reply_change(struct request *request, const struct record_page *page,
                         const struct log_record *record) {
    struct reply *reply = &request->reply;
    str image = record->after.ptr    ? record->after
                : record->before.ptr ? record->before
                                     : record->keys;
    reply_open(reply, STR("dynamodb"));
    reply_i64(reply, STR("ApproximateCreationDateTime"), record->time_us / 1000000);
    size_t bytes = reply_keys(reply, &page->stream.log.key, item_map(image));
    if (record->after.ptr != NULL)
        reply_stored(reply, STR("NewImage"), record->after, NULL, NULL);
    if (record->before.ptr != NULL)
        reply_stored(reply, STR("OldImage"), record->before, NULL, NULL);
    reply_str(reply, STR("SequenceNumber"),
              sequence_number_write(request->scope->arena, record->position));
    bytes += image_bytes(record->after) + image_bytes(record->before);
    reply_i64(reply, STR("SizeBytes"), (int64_t)bytes);
    reply_str(reply, STR("StreamViewType"), stream_view_name(page->stream.log.view));
    reply_close(reply);
}

static void reply_record(struct request *request, const struct record_page *page,
                         const struct log_record *record) {
    static const str events[] = {[LOG_INSERT] = STR_INIT("INSERT"),
                                 [LOG_MODIFY] = STR_INIT("MODIFY"),
                                 [LOG_REMOVE] = STR_INIT("REMOVE")};
    struct reply *reply = &request->reply;
    reply_open(reply, ANON);
    reply_str(reply, STR("eventID"), event_id(request->scope->arena, page, record));
    reply_str(reply, STR("eventName"), events[record->event]);
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
