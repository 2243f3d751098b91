#include "api/reply.h"

#include "item/item_codec.h"
#include "item/item_json.h"

enum { REPLY_BYTES = 512 };

void reply_init(struct reply *reply, struct arena *arena) {
    reply->nothing = false;
    buf_init(&reply->body, arena, REPLY_BYTES);
    json_writer_init(&reply->json, &reply->body);
    json_write_object_begin(&reply->json);
}

str reply_finish(struct reply *reply) {
    json_write_object_end(&reply->json);
    json_writer_finish(&reply->json);
    return reply->nothing ? STR("") : buf_str(&reply->body);
}

void reply_nothing(struct reply *reply) {
    reply->nothing = true;
}

static void key(struct reply *reply, str name) {
    if (name.ptr != NULL)
        json_write_key(&reply->json, name);
}

void reply_open(struct reply *reply, str name) {
    key(reply, name);
    json_write_object_begin(&reply->json);
}

void reply_close(struct reply *reply) {
    json_write_object_end(&reply->json);
}

void reply_open_list(struct reply *reply, str name) {
    key(reply, name);
    json_write_array_begin(&reply->json);
}

void reply_close_list(struct reply *reply) {
    json_write_array_end(&reply->json);
}

void reply_str(struct reply *reply, str name, str text) {
    key(reply, name);
    json_write_string(&reply->json, text);
}

void reply_i64(struct reply *reply, str name, int64_t value) {
    key(reply, name);
    json_write_i64(&reply->json, value);
}

void reply_double(struct reply *reply, str name, double value) {
    key(reply, name);
    json_write_double(&reply->json, value);
}

void reply_bool(struct reply *reply, str name, bool value) {
    key(reply, name);
    json_write_bool(&reply->json, value);
}

void reply_time(struct reply *reply, str name, int64_t time_us) {
    key(reply, name);
    json_write_seconds(&reply->json, time_us);
}

void reply_stored(struct reply *reply, str name, str stored,
                  const struct expr_projection *projection, struct arena *scratch) {
    key(reply, name);
    if (projection == NULL) {
        item_view_to_json(item_map(stored), &reply->json);
        return;
    }
    arena_mark mark = arena_get_mark(scratch);
    struct item part = expr_project(projection, item_map(stored), scratch);
    item_to_json(&part, &reply->json);
    arena_rewind(scratch, mark);
}

void reply_tree(struct reply *reply, str name, const struct item *item) {
    key(reply, name);
    item_to_json(item, &reply->json);
}

void reply_attribute(struct reply *reply, str name, view value) {
    key(reply, name);
    view_to_json(value, &reply->json);
}
