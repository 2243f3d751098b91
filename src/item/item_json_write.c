/* Values → JSON text. Reads take the view path: stored bytes become reply text in one pass. */
#include "base/check.h"
#include "item/item_int.h"
#include "item/item_json.h"

static void write_number(struct json_writer *out, str number) {
    char text[NUMBER_TEXT_MAX];
    json_write_string(out, (str){text, number_put_text(number, text)});
}

/* A member of a set, or a scalar of that kind: as a set's kind or its own. */
static void write_bytes(struct json_writer *out, enum value_kind kind, str bytes) {
    if (kind == VALUE_NUMBER || kind == VALUE_NUMBER_SET)
        write_number(out, bytes);
    else if (kind == VALUE_BINARY || kind == VALUE_BINARY_SET)
        json_write_base64(out, bytes);
    else
        json_write_string(out, bytes);
}

/* ---- from a tree ---- */

static void write_attributes(struct json_writer *out, const struct attribute *attributes,
                             size_t count) {
    json_write_object_begin(out);
    for (size_t i = 0; i < count && !json_writer_is_full(out); i++) {
        json_write_key(out, attributes[i].name);
        value_to_json(&attributes[i].value, out);
    }
    json_write_object_end(out);
}

void value_to_json(const struct value *value, struct json_writer *out) {
    CHECK(value->kind != VALUE_NONE);
    json_write_object_begin_key(out, value_kind_name(value->kind));
    switch (value->kind) {
    case VALUE_STRING:
    case VALUE_NUMBER:
    case VALUE_BINARY:
        write_bytes(out, value->kind, value->bytes);
        break;
    case VALUE_BOOL:
        json_write_bool(out, value->boolean);
        break;
    case VALUE_NULL:
        json_write_bool(out, true);
        break;
    case VALUE_LIST:
        json_write_array_begin(out);
        for (uint32_t i = 0; i < value->count && !json_writer_is_full(out); i++)
            value_to_json(&value->list[i], out);
        json_write_array_end(out);
        break;
    case VALUE_MAP:
        write_attributes(out, value->map, value->count);
        break;
    case VALUE_STRING_SET:
    case VALUE_NUMBER_SET:
    case VALUE_BINARY_SET:
        json_write_array_begin(out);
        for (uint32_t i = 0; i < value->count && !json_writer_is_full(out); i++)
            write_bytes(out, value->kind, value->set[i]);
        json_write_array_end(out);
        break;
    case VALUE_NONE:
        break;
    }
    json_write_object_end(out);
}

void item_to_json(const struct item *item, struct json_writer *out) {
    write_attributes(out, item->attributes, item->count);
}

/* ---- from stored bytes ---- */

static void write_view(view v, struct json_writer *out, unsigned level);

static void write_members(view map, struct json_writer *out, unsigned level) {
    json_write_object_begin(out);
    for (view_cursor c = view_first(map); view_next(&c);) {
        json_write_key(out, c.name);
        write_view(c.value, out, level + 1);
    }
    json_write_object_end(out);
}

static void write_elements(view container, struct json_writer *out, unsigned level) {
    json_write_array_begin(out);
    for (view_cursor c = view_first(container); view_next(&c);) {
        if (c.container == VALUE_LIST)
            write_view(c.value, out, level + 1);
        else
            write_bytes(out, c.container, c.member);
    }
    json_write_array_end(out);
}

static void write_view(view v, struct json_writer *out, unsigned level) {
    enum value_kind kind = view_kind(v);
    if (level == VALUE_DEPTH_MAX && (kind == VALUE_LIST || kind == VALUE_MAP))
        kind = VALUE_NULL; /* not our encoding: the bound of this recursion */
    json_write_object_begin_key(out, value_kind_name(kind));
    switch (kind) {
    case VALUE_STRING:
    case VALUE_NUMBER:
    case VALUE_BINARY:
        write_bytes(out, kind, view_bytes(v));
        break;
    case VALUE_BOOL:
        json_write_bool(out, view_bool(v));
        break;
    case VALUE_NULL:
        json_write_bool(out, true);
        break;
    case VALUE_MAP:
        write_members(v, out, level);
        break;
    case VALUE_LIST:
    case VALUE_STRING_SET:
    case VALUE_NUMBER_SET:
    case VALUE_BINARY_SET:
        write_elements(v, out, level);
        break;
    case VALUE_NONE:
        json_write_null(out);
        break;
    }
    json_write_object_end(out);
}

void view_to_json(view v, struct json_writer *out) {
    write_view(v, out, 0);
}

void item_view_to_json(view map, struct json_writer *out) {
    write_members(map, out, 0);
}
