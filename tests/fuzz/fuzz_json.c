/* Any bytes to the JSON reader. Laws: skipping and walking agree on what is JSON; what the writer
 * makes of a walk reads back as the same text. */
#include "base/check.h"
#include "json/json_reader.h"
#include "json/json_writer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void copy_scalar(struct json_reader *reader, enum json_kind kind, struct json_writer *w) {
    str text;
    bool flag;
    switch (kind) {
    case JSON_STRING:
        if (json_string(reader, &text))
            json_write_string(w, text);
        break;
    case JSON_NUMBER:
        if (json_number(reader, &text))
            json_write_raw(w, text);
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        if (json_bool(reader, &flag))
            json_write_bool(w, flag);
        break;
    case JSON_NULL:
        if (json_null(reader))
            json_write_null(w);
        break;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_END:
        break;
    }
}

/* Recursion as deep as the writer can go; deeper values are copied as they are. */
static void copy_value(struct json_reader *reader, struct json_writer *w) {
    enum json_kind kind = json_peek(reader);
    str key;
    if (w->depth == JSON_WRITER_DEPTH_MAX) {
        const char *from = reader->at;
        if (json_skip(reader))
            json_write_raw(w, (str){from, (size_t)(reader->at - from)});
    } else if (kind == JSON_OBJECT) {
        json_write_object_begin(w);
        for (json_object_begin(reader); json_object_next(reader, &key);) {
            json_write_key(w, key);
            copy_value(reader, w);
        }
        json_write_object_end(w);
    } else if (kind == JSON_ARRAY) {
        json_write_array_begin(w);
        for (json_array_begin(reader); json_array_next(reader);)
            copy_value(reader, w);
        json_write_array_end(w);
    } else {
        copy_scalar(reader, kind, w);
    }
}

static bool copy_text(str text, struct arena *arena, struct buf *out) {
    struct json_reader reader;
    struct json_writer writer;
    json_reader_init(&reader, text, arena);
    buf_init(out, arena, text.len + 64);
    json_writer_init(&writer, out);
    copy_value(&reader, &writer);
    json_writer_finish(&writer);
    bool finished = json_finish(&reader);
    CHECK(!finished || !json_reader_failed(&reader));
    return finished;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena *arena = arena_new((size_t)1 << 30);
    str text = {(const char *)data, size};
    struct json_reader reader;
    struct buf once, twice;

    json_reader_init(&reader, text, arena);
    size_t used = arena_used(arena);
    bool skipped = json_skip(&reader) && json_finish(&reader);
    CHECK(arena_used(arena) == used);
    bool walked = copy_text(text, arena, &once);
    CHECK(walked == skipped);
    if (walked) {
        CHECK(copy_text(buf_str(&once), arena, &twice));
        CHECK(str_eq(buf_str(&once), buf_str(&twice)));
    }
    arena_free(arena);
    return 0;
}
