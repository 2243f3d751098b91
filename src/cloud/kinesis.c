#include "cloud/kinesis.h"

#include "json/json_reader.h"
#include "json/json_writer.h"

bool kinesis_arn_read(str arn, struct kinesis_arn *out) {
    static const str stream = STR_INIT("stream/");
    str rest = arn, parts[5]; /* arn, partition, service, region, account */
    for (size_t i = 0; i < 5; i++) {
        size_t colon = str_find(rest, ':');
        if (colon == rest.len || (colon == 0))
            return false;
        parts[i] = str_slice(rest, 0, colon);
        rest = str_slice(rest, colon + 1, rest.len);
    }
    uint64_t account;
    if (!str_eq(parts[0], STR("arn")) || !str_starts_with(parts[1], STR("aws")) ||
        !str_eq(parts[2], STR("kinesis")) || parts[4].len != 12 ||
        !str_to_u64(parts[4], &account) || !str_starts_with(rest, stream))
        return false;
    *out = (struct kinesis_arn){parts[3], str_slice(rest, stream.len, rest.len)};
    for (size_t i = 0; i < out->name.len; i++) {
        char c = out->name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-' || c == '.'))
            return false;
    }
    return out->name.len > 0 && out->name.len <= 128;
}

/* ---- calls ---- */

static str member(str text, struct arena *arena, str name) {
    struct json_reader reader;
    str key, found = {};
    json_reader_init(&reader, text, arena);
    if (json_peek(&reader) != JSON_OBJECT || !json_object_begin(&reader))
        return found;
    while (json_object_next(&reader, &key))
        if (str_eq(key, name) && json_peek(&reader) == JSON_STRING)
            (void)json_string(&reader, &found);
        else
            (void)json_skip(&reader);
    return json_reader_failed(&reader) ? (str){} : found;
}

static enum kinesis_outcome call(const struct kinesis_target *target, struct arena *arena,
                                 const char *operation, str body, str *out_text, str *out_problem) {
    const char *headers[] = {
        "Content-Type: application/x-amz-json-1.1",
        arena_printf(arena, "X-Amz-Target: Kinesis_20131202.%s", operation).ptr};
    str signing = arena_printf(arena, "aws:amz:%.*s:kinesis", STR_ARG(target->stream.region));
    struct web_post post = {.url = target->url,
                            .signing = signing.ptr,
                            .credentials = target->credentials,
                            .headers = headers,
                            .header_count = 2,
                            .body = body};
    long answered = web_client_post(target->client, arena, &post, out_text, out_problem);
    if (answered == 200)
        return KINESIS_DONE;
    if (answered == 0)
        return KINESIS_LATER;
    str type = member(*out_text, arena, STR("__type"));
    if (type.ptr == NULL)
        type = STR("without a reason");
    size_t hash = str_find(type, '#');
    if (hash < type.len)
        type = str_slice(type, hash + 1, type.len);
    *out_problem =
        arena_printf(arena, "%s answered %lld %.*s", operation, (long long)answered, STR_ARG(type));
    return str_eq(type, STR("ResourceNotFoundException")) ? KINESIS_NO_STREAM : KINESIS_LATER;
}

enum kinesis_outcome kinesis_look(const struct kinesis_target *target, struct arena *arena,
                                  str *out_problem) {
    str body = arena_printf(arena, "{\"StreamName\":\"%.*s\"}", STR_ARG(target->stream.name));
    str text;
    return call(target, arena, "DescribeStreamSummary", body, &text, out_problem);
}

/* ---- PutRecords ---- */

static str put_body(const struct kinesis_target *target, struct arena *arena,
                    const struct kinesis_record *records, const uint16_t *left, size_t count) {
    struct buf body;
    struct json_writer json;
    size_t bytes = 256;
    for (size_t i = 0; i < count; i++)
        bytes += records[left[i]].data.len / 3 * 4 + 64;
    buf_init(&body, arena, bytes);
    json_writer_init(&json, &body);
    json_write_object_begin(&json);
    json_write_key(&json, STR("StreamName"));
    json_write_string(&json, target->stream.name);
    json_write_key(&json, STR("Records"));
    json_write_array_begin(&json);
    for (size_t i = 0; i < count; i++) {
        const struct kinesis_record *record = &records[left[i]];
        json_write_object_begin(&json);
        json_write_key(&json, STR("Data"));
        json_write_base64(&json, record->data);
        json_write_key(&json, STR("PartitionKey"));
        json_write_string(&json, (str){record->partition_key, sizeof record->partition_key});
        json_write_object_end(&json);
    }
    json_write_array_end(&json);
    json_write_object_end(&json);
    json_writer_finish(&json);
    return buf_str(&body);
}

/* The ErrorCode of one answer; absent: it was taken. */
static str read_result(struct json_reader *reader) {
    str key, code = {};
    if (!json_object_begin(reader))
        return code;
    while (json_object_next(reader, &key))
        if (str_eq(key, STR("ErrorCode")) && json_peek(reader) == JSON_STRING)
            (void)json_string(reader, &code);
        else
            (void)json_skip(reader);
    return code;
}

/* Keeps in `left` what was not taken. False: the answer is none to this call. */
static bool read_results(str text, struct arena *arena, uint16_t *left, size_t *left_count,
                         str *out_code) {
    struct json_reader reader;
    str key;
    size_t count = *left_count, at = 0, kept = 0;
    uint16_t failed[KINESIS_RECORDS_MAX];
    json_reader_init(&reader, text, arena);
    if (!json_object_begin(&reader))
        return false;
    while (json_object_next(&reader, &key)) {
        if (!str_eq(key, STR("Records"))) {
            (void)json_skip(&reader);
            continue;
        }
        if (!json_array_begin(&reader))
            return false;
        for (; json_array_next(&reader); at++) {
            str code = read_result(&reader);
            if (code.ptr == NULL || at >= count)
                continue;
            failed[kept++] = left[at];
            *out_code = code;
        }
    }
    if (json_reader_failed(&reader) || at != count)
        return false;
    memcpy(left, failed, kept * sizeof *left);
    *left_count = kept;
    return true;
}

enum kinesis_outcome kinesis_put(const struct kinesis_target *target, struct arena *arena,
                                 const struct kinesis_record *records, uint16_t *left,
                                 size_t *left_count, str *out_problem) {
    str text, code = {};
    str body = put_body(target, arena, records, left, *left_count);
    enum kinesis_outcome outcome = call(target, arena, "PutRecords", body, &text, out_problem);
    if (outcome != KINESIS_DONE)
        return outcome;
    if (!read_results(text, arena, left, left_count, &code)) {
        *out_problem = STR("PutRecords answered what is no answer to it");
        return KINESIS_LATER;
    }
    if (*left_count == 0)
        return KINESIS_DONE;
    *out_problem =
        arena_printf(arena, "PutRecords left %zu records: %.*s", *left_count, STR_ARG(code));
    return KINESIS_LATER;
}
