/* Any bytes as a stored item, and as the JSON of one.
 * Laws: what item_check_stored accepts is what encoding its tree gives again, also on the way
 * through JSON; what it does not accept can still be walked without harm. A JSON item without
 * fault is stored in a form that item_check_stored accepts, with the size that was told. */
#include "base/check.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "item/item_key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static str json_of_view(view map, struct arena *arena) {
    struct buf buf;
    struct json_writer writer;
    buf_init(&buf, arena, 1024);
    json_writer_init(&writer, &buf);
    item_view_to_json(map, &writer);
    json_writer_finish(&writer);
    return buf_str(&buf);
}

static bool item_of_json(str json, struct arena *arena, struct item *out) {
    struct scope scope = {.arena = arena, .scratch = arena};
    struct json_reader reader;
    json_reader_init(&reader, json, arena);
    status st = item_from_json(&scope, &reader, out);
    CHECK((st == ST_OK) == (scope.error == ERROR_NONE));
    return st == ST_OK && json_finish(&reader) && item_check(&scope, out) == ST_OK;
}

static void check_keys(view map, struct arena *arena) {
    view last = VIEW_NONE;
    for (view_cursor c = view_first(map); view_next(&c); last = c.value) {
        enum value_kind kind = view_kind(c.value);
        CHECK(view_equal(view_member(map, c.name), c.value));
        int order;
        if (!view_compare(c.value, c.value, &order))
            continue;
        struct buf key, last_key;
        str back;
        buf_init(&key, arena, 0);
        key_part_encode(kind, view_bytes(c.value), &key);
        str rest = buf_str(&key);
        CHECK(key_part_decode(kind, &rest, arena, &back));
        CHECK(rest.len == 0 && str_eq(back, view_bytes(c.value)));
        if (!view_compare(last, c.value, &order))
            continue;
        buf_init(&last_key, arena, 0);
        key_part_encode(kind, view_bytes(last), &last_key);
        int key_order = str_cmp(buf_str(&last_key), buf_str(&key));
        CHECK((order > 0) == (key_order > 0) && (order < 0) == (key_order < 0));
    }
}

static void check_stored(str stored, struct arena *arena) {
    view map;
    if (item_open(stored, &map) != ST_OK)
        return;
    struct item_stamp stamp = item_stamp_of(stored);
    struct item tree = item_thaw(map, arena), again;
    str json = json_of_view(map, arena);
    size_t size = view_size(map);
    if (item_check_stored(stored) != ST_OK)
        return;
    CHECK(size == item_size(stored) + 3 + view_count(map));
    CHECK(item_tree_size(&tree) == item_size(stored));
    CHECK(item_tree_depth(&tree) <= VALUE_DEPTH_MAX);
    CHECK(str_eq(item_encode(&tree, &stamp, arena), stored));
    CHECK(str_eq(item_encode_map(map, &stamp, arena), stored));
    CHECK(item_of_json(json, arena, &again));
    CHECK(str_eq(item_encode(&again, &stamp, arena), stored));
    check_keys(map, arena);
}

static void check_json(str json, struct arena *arena) {
    struct item item, again;
    struct item_stamp stamp = {.time_us = 1};
    if (!item_of_json(json, arena, &item))
        return;
    str stored = item_encode(&item, &stamp, arena);
    CHECK(item_check_stored(stored) == ST_OK);
    str written = json_of_view(item_map(stored), arena);
    CHECK(item_of_json(written, arena, &again));
    CHECK(str_eq(json_of_view(item_map(item_encode(&again, &stamp, arena)), arena), written));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct arena *arena = arena_new((size_t)1 << 30);
    str all = {(const char *)data, size};
    check_stored(all, arena);
    check_json(all, arena);
    arena_free(arena);
    return 0;
}
