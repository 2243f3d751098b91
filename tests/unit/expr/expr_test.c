#include "expr_test.h"

const str world_name_keys[] = {STR_INIT("#n"), STR_INIT("#s"), STR_INIT("#d"), STR_INIT("#a"),
                               STR_INIT("#h")};
const str world_names[] = {STR_INIT("name"), STR_INIT("status"), STR_INIT("a.b"), STR_INIT("a"),
                           STR_INIT("#h")};
const size_t world_name_count = sizeof(world_names) / sizeof(*world_names);

enum { WORLD_BYTES_MAX = 256 * 1024 * 1024 };

void world_open(struct world *world) {
    *world =
        (struct world){.arena = arena_new(WORLD_BYTES_MAX), .scratch = arena_new(WORLD_BYTES_MAX)};
    world_reset(world);
}

void world_close(struct world *world) {
    arena_free(world->arena);
    arena_free(world->scratch);
}

void world_reset(struct world *world) {
    arena_reset(world->arena, 1024 * 1024);
    world->scope = (struct scope){.arena = world->arena, .scratch = world->scratch};
}

str world_json(struct world *world, const char *text) {
    str json = arena_copy(world->arena, str_from_c(text));
    char *at = arena_bytes(world->arena, json.len + 1);
    for (size_t i = 0; i < json.len; i++)
        at[i] = json.ptr[i] == '\'' ? '"' : json.ptr[i];
    return (str){at, json.len};
}

struct item world_item(struct world *world, const char *json) {
    struct json_reader reader;
    struct item item = {};
    json_reader_init(&reader, world_json(world, json), world->arena);
    if (item_from_json(&world->scope, &reader, &item) != ST_OK || !json_finish(&reader))
        fail_msg("bad JSON in a table: %s", json);
    return item;
}

view world_view(struct world *world, const char *json) {
    if (!json)
        return VIEW_NONE;
    struct item item = world_item(world, json);
    if (item.fault.ptr)
        fail_msg("bad item in a table: %s", json);
    return item_map(item_encode(&item, &(struct item_stamp){}, world->arena));
}

struct expr_placeholders world_placeholders(struct world *world, const char *values_json) {
    struct expr_placeholders p;
    struct item values = {};
    if (values_json)
        values = world_item(world, values_json);
    assert_status(expr_placeholders_init(&world->scope, values_json ? &values : NULL,
                                         world_name_keys, world_names, world_name_count, true, true,
                                         &p),
                  ST_OK);
    return p;
}

str world_item_text(struct world *world, struct item *item) {
    struct buf out;
    struct json_writer writer;
    view map = item_map(item_encode(item, &(struct item_stamp){}, world->arena));
    buf_init(&out, world->arena, 256);
    json_writer_init(&writer, &out);
    item_view_to_json(map, &writer);
    json_writer_finish(&writer);
    return buf_str(&out);
}

str world_outcome(struct world *world, status st) {
    return st == ST_OK ? STR("ok") : world->scope.error_text;
}

bool world_differs(const char *row, str got, str want) {
    if (str_eq(got, want))
        return false;
    print_error("%s\n  got:  %.*s\n  want: %.*s\n", row, STR_ARG(got), STR_ARG(want));
    return true;
}
