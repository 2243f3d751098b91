#include "api/change_record.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "item/item_codec.h"

str change_event_name(enum log_event event) {
    static const str names[] = {[LOG_INSERT] = STR_INIT("INSERT"),
                                [LOG_MODIFY] = STR_INIT("MODIFY"),
                                [LOG_REMOVE] = STR_INIT("REMOVE")};
    return names[event];
}

str change_event_id(struct arena *arena, uint32_t log_id, uint32_t shard,
                    struct log_position position) {
    str key = log_record_key(arena, log_id, shard, position);
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

static view any_image(const struct log_record *record) {
    return item_map(record->after.ptr    ? record->after
                    : record->before.ptr ? record->before
                                         : record->keys);
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

size_t change_reply_images(struct reply *reply, const struct key_schema *key,
                           const struct log_record *record) {
    size_t bytes = reply_keys(reply, key, any_image(record));
    if (record->after.ptr != NULL)
        reply_stored(reply, STR("NewImage"), record->after, NULL, NULL);
    if (record->before.ptr != NULL)
        reply_stored(reply, STR("OldImage"), record->before, NULL, NULL);
    return bytes + image_bytes(record->after) + image_bytes(record->before);
}

/* ---- streaming destinations ---- */

/* As the service writes it there, which is not as it does in streams: "null", and small letters. */
static void reply_identity(struct reply *reply, enum log_cause cause) {
    switch (cause) {
    case LOG_BY_USER:
        json_write_key(&reply->json, STR("userIdentity"));
        json_write_null(&reply->json);
        return;
    case LOG_BY_EXPIRY:
        reply_open(reply, STR("userIdentity"));
        reply_str(reply, STR("principalId"), STR("dynamodb.amazonaws.com"));
        reply_str(reply, STR("type"), STR("Service"));
        reply_close(reply);
        return;
    }
}

str change_document(struct arena *arena, const struct change_source *source,
                    const struct log_record *record) {
    struct reply reply;
    reply_init(&reply, arena);
    reply_str(&reply, STR("awsRegion"), source->region);
    reply_str(&reply, STR("eventID"),
              change_event_id(arena, source->log_id, source->shard, record->position));
    reply_str(&reply, STR("eventName"), change_event_name(record->event));
    reply_identity(&reply, record->cause);
    reply_str(&reply, STR("recordFormat"), STR("application/json"));
    reply_str(&reply, STR("tableName"), source->table_name);
    reply_open(&reply, STR("dynamodb"));
    reply_i64(&reply, STR("ApproximateCreationDateTime"),
              source->microseconds ? record->time_us : record->time_us / 1000);
    size_t bytes = change_reply_images(&reply, source->key, record);
    reply_i64(&reply, STR("SizeBytes"), (int64_t)bytes);
    reply_str(&reply, STR("ApproximateCreationDateTimePrecision"),
              source->microseconds ? STR("MICROSECOND") : STR("MILLISECOND"));
    reply_close(&reply);
    reply_str(&reply, STR("eventSource"), STR("aws:dynamodb"));
    return reply_finish(&reply);
}

void change_partition_key(const struct key_schema *key, const struct log_record *record,
                          struct arena *arena, char out[16]) {
    struct buf bytes;
    buf_init(&bytes, arena, 256);
    for (size_t i = 0; i < key_schema_count(key); i++)
        buf_add_str(&bytes,
                    view_encoding(view_member(any_image(record), key_schema_part(key, i)->name)));
    str text = arena_printf(arena, "%016llx", (unsigned long long)hash_bytes(buf_str(&bytes)));
    memcpy(out, text.ptr, 16);
}
