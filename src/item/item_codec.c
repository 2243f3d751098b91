/* Writing the stored form, walking it, and turning it back into a tree.
 *
 * A container's length stands before its bytes and in its shortest form, so it is not known when it
 * must be written: one byte is left for it, and the bytes move up when it needs more. */
#include "item/item_codec.h"

#include "base/bytes.h"
#include "base/check.h"
#include "item/item_int.h"
#include "item/number.h"

enum { AT_VERSION = 0, AT_FLAGS = 1, AT_ORIGIN = 2, AT_TIME = 4, AT_SIZE = 12 };

/* ---- sizes ---- */

size_t value_size(const struct value *value) {
    size_t size = 0;
    switch (value->kind) {
    case VALUE_NONE:
        return 0;
    case VALUE_STRING:
    case VALUE_BINARY:
        return value->bytes.len;
    case VALUE_NUMBER:
        return number_size(value->bytes);
    case VALUE_BOOL:
    case VALUE_NULL:
        return 1;
    case VALUE_LIST:
        for (uint32_t i = 0; i < value->count; i++)
            size += 1 + value_size(&value->list[i]);
        return 3 + size;
    case VALUE_MAP:
        for (uint32_t i = 0; i < value->count; i++)
            size += 1 + value->map[i].name.len + value_size(&value->map[i].value);
        return 3 + size;
    case VALUE_STRING_SET:
    case VALUE_BINARY_SET:
        for (uint32_t i = 0; i < value->count; i++)
            size += value->set[i].len;
        return size;
    case VALUE_NUMBER_SET:
        for (uint32_t i = 0; i < value->count; i++)
            size += number_size(value->set[i]);
        return size;
    }
    return 0;
}

size_t item_tree_size(const struct item *item) {
    size_t size = 0;
    for (size_t i = 0; i < item->count; i++)
        size += item->attributes[i].name.len + value_size(&item->attributes[i].value);
    return size;
}

size_t item_map_size(view map) {
    size_t size = 0;
    for (view_cursor c = view_first(map); view_next(&c);)
        size += c.name.len + view_size(c.value);
    return size;
}

static unsigned value_depth(const struct value *value) {
    unsigned deepest = 0;
    if (value->kind != VALUE_LIST && value->kind != VALUE_MAP)
        return 0;
    for (uint32_t i = 0; i < value->count; i++) {
        unsigned depth =
            value_depth(value->kind == VALUE_LIST ? &value->list[i] : &value->map[i].value);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

unsigned item_tree_depth(const struct item *item) {
    unsigned deepest = 0;
    for (size_t i = 0; i < item->count; i++) {
        unsigned depth = value_depth(&item->attributes[i].value);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

/* ---- tree → bytes ---- */

static void add_varint(struct buf *out, size_t value) {
    CHECK(value <= UINT32_MAX);
    unsigned char *at = (unsigned char *)buf_reserve(out, VARINT_MAX);
    out->len += put_varint(at, (uint32_t)value);
}

static void add_counted(struct buf *out, str bytes) {
    add_varint(out, bytes.len);
    buf_add_str(out, bytes);
}

static size_t body_begin(struct buf *out, size_t count) {
    buf_add_byte(out, 0);
    size_t body = out->len;
    add_varint(out, count);
    return body;
}

static void body_end(struct buf *out, size_t body) {
    size_t len = out->len - body;
    unsigned char text[VARINT_MAX];
    CHECK(len <= UINT32_MAX);
    size_t n = put_varint(text, (uint32_t)len);
    if (n > 1) {
        buf_reserve(out, n - 1);
        memmove(out->ptr + body + n - 1, out->ptr + body, len);
        out->len += n - 1;
    }
    memcpy(out->ptr + body - 1, text, n);
}

static void encode_map(struct attribute *attributes, size_t count, struct buf *out) {
    attributes_sort(attributes, count, out->arena);
    size_t body = body_begin(out, count);
    for (size_t i = 0; i < count; i++) {
        add_counted(out, attributes[i].name);
        value_encode(&attributes[i].value, out);
    }
    body_end(out, body);
}

static void encode_set(struct value *value, struct buf *out) {
    set_sort(value->set, value->count, out->arena);
    size_t body = body_begin(out, value->count);
    for (uint32_t i = 0; i < value->count; i++) {
        if (value->kind == VALUE_NUMBER_SET)
            buf_add_str(out, value->set[i]);
        else
            add_counted(out, value->set[i]);
    }
    body_end(out, body);
}

/* Recursion is as deep as the tree, whose makers stop at VALUE_DEPTH_MAX (item_json, item_thaw) or
 * at twice that (a value set at the end of a path). */
void value_encode(struct value *value, struct buf *out) {
    CHECK(value->kind != VALUE_NONE);
    buf_add_byte(out, (unsigned char)value->kind);
    switch (value->kind) {
    case VALUE_STRING:
    case VALUE_BINARY:
        add_counted(out, value->bytes);
        break;
    case VALUE_NUMBER:
        buf_add_str(out, value->bytes);
        break;
    case VALUE_BOOL:
        buf_add_byte(out, value->boolean);
        break;
    case VALUE_LIST: {
        size_t body = body_begin(out, value->count);
        for (uint32_t i = 0; i < value->count; i++)
            value_encode(&value->list[i], out);
        body_end(out, body);
        break;
    }
    case VALUE_MAP:
        encode_map(value->map, value->count, out);
        break;
    case VALUE_STRING_SET:
    case VALUE_NUMBER_SET:
    case VALUE_BINARY_SET:
        encode_set(value, out);
        break;
    case VALUE_NULL:
    case VALUE_NONE:
        break;
    }
}

static void add_header(struct buf *out, const struct item_stamp *stamp, size_t size) {
    CHECK(size <= UINT32_MAX);
    char *at = buf_reserve(out, ITEM_HEADER_BYTES);
    at[AT_VERSION] = ITEM_FORMAT_VERSION;
    at[AT_FLAGS] = 0;
    put_be16(at + AT_ORIGIN, stamp->origin);
    put_be64(at + AT_TIME, (uint64_t)stamp->time_us);
    put_be32(at + AT_SIZE, (uint32_t)size);
    out->len += ITEM_HEADER_BYTES;
}

str item_encode(struct item *item, const struct item_stamp *stamp, struct arena *arena) {
    size_t size = item_tree_size(item);
    struct buf out;
    /* Tags and lengths take a few bytes beside what the service counts. */
    buf_init(&out, arena, ITEM_HEADER_BYTES + size + 4 * item->count + 64);
    add_header(&out, stamp, size);
    buf_add_byte(&out, VALUE_MAP);
    encode_map(item->attributes, item->count, &out);
    return buf_str(&out);
}

str item_encode_map(view map, const struct item_stamp *stamp, struct arena *arena) {
    CHECK(view_kind(map) == VALUE_MAP);
    str encoding = view_encoding(map);
    struct buf out;
    buf_init(&out, arena, ITEM_HEADER_BYTES + encoding.len);
    add_header(&out, stamp, item_map_size(map));
    buf_add_str(&out, encoding);
    return buf_str(&out);
}

str item_encode_members(const struct item_member *members, size_t count,
                        const struct item_stamp *stamp, struct arena *arena) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += members[i].name.len + view_size(members[i].value);
    struct buf out;
    buf_init(&out, arena, ITEM_HEADER_BYTES + size + 4 * count + 64);
    add_header(&out, stamp, size);
    buf_add_byte(&out, VALUE_MAP);
    size_t body = body_begin(&out, count);
    for (size_t i = 0; i < count; i++) {
        add_counted(&out, members[i].name);
        buf_add_str(&out, view_encoding(members[i].value));
    }
    body_end(&out, body);
    return buf_str(&out);
}

/* ---- the header ---- */

status item_open(str stored, view *out_map) {
    if (stored.len < ITEM_HEADER_BYTES + 3)
        return ST_CORRUPT;
    if ((unsigned char)stored.ptr[AT_VERSION] > ITEM_FORMAT_VERSION)
        return ST_NEWER;
    if (stored.ptr[AT_VERSION] != ITEM_FORMAT_VERSION || stored.ptr[AT_FLAGS] != 0)
        return ST_CORRUPT;
    view all = item_map(stored);
    view map = view_of(all.at, all.end);
    if (view_kind(map) != VALUE_MAP || map.end != all.end)
        return ST_CORRUPT;
    *out_map = map;
    return ST_OK;
}

struct item_stamp item_stamp_of(str stored) {
    return (struct item_stamp){.time_us = (int64_t)get_be64(stored.ptr + AT_TIME),
                               .origin = get_be16(stored.ptr + AT_ORIGIN)};
}

size_t item_size(str stored) {
    return get_be32(stored.ptr + AT_SIZE);
}

/* ---- bytes → tree ---- */

static struct value thaw(view v, struct arena *arena, unsigned level);

/* The elements of a container that announces `count`: each takes a byte or more of its encoding,
 * so a count that lies cannot ask for more than a small multiple of the bytes there are. */
static uint32_t count_of(view container) {
    uint32_t count = view_count(container);
    size_t bytes = (size_t)(container.end - container.at);
    return count < bytes ? count : (uint32_t)bytes;
}

static struct attribute *thaw_map(view map, struct arena *arena, unsigned level, uint32_t *count) {
    struct attribute *attributes = arena_array(arena, struct attribute, count_of(map));
    *count = 0;
    for (view_cursor c = view_first(map); view_next(&c); ++*count) {
        attributes[*count].name = c.name;
        attributes[*count].value = thaw(c.value, arena, level + 1);
    }
    return attributes;
}

static struct value *thaw_list(view list, struct arena *arena, unsigned level, uint32_t *count) {
    struct value *values = arena_array(arena, struct value, count_of(list));
    *count = 0;
    for (view_cursor c = view_first(list); view_next(&c); ++*count)
        values[*count] = thaw(c.value, arena, level + 1);
    return values;
}

static str *thaw_set(view set, struct arena *arena, uint32_t *count) {
    str *members = arena_array(arena, str, count_of(set));
    *count = 0;
    for (view_cursor c = view_first(set); view_next(&c); ++*count)
        members[*count] = c.member;
    return members;
}

static struct value thaw(view v, struct arena *arena, unsigned level) {
    struct value value = {.kind = view_kind(v)};
    switch (value.kind) {
    case VALUE_STRING:
    case VALUE_NUMBER:
    case VALUE_BINARY:
        value.bytes = view_bytes(v);
        break;
    case VALUE_BOOL:
        value.boolean = view_bool(v);
        break;
    case VALUE_LIST:
    case VALUE_MAP:
        if (level == VALUE_DEPTH_MAX) /* not our encoding: the bound of this recursion */
            value.kind = VALUE_NULL;
        else if (value.kind == VALUE_LIST)
            value.list = thaw_list(v, arena, level, &value.count);
        else
            value.map = thaw_map(v, arena, level, &value.count);
        break;
    case VALUE_STRING_SET:
    case VALUE_NUMBER_SET:
    case VALUE_BINARY_SET:
        value.set = thaw_set(v, arena, &value.count);
        break;
    case VALUE_NULL:
    case VALUE_NONE:
        break;
    }
    return value;
}

struct value value_thaw(view v, struct arena *arena) {
    return thaw(v, arena, 0);
}

struct item item_thaw(view map, struct arena *arena) {
    struct item item = {};
    uint32_t count;
    if (view_kind(map) == VALUE_MAP) {
        item.attributes = thaw_map(map, arena, 0, &count);
        item.count = count;
    }
    return item;
}
