/* Any text as an expression: the first byte says of which kind, what stands behind a zero byte is
 * the JSON of its values (or else a set of one of each type is used).
 * Laws: an expression is parsed or refused with a text; what is parsed can be evaluated against
 * any item; an update leaves an item that can be stored, and removes nothing it does not name. */
#include "base/check.h"
#include "expr/expr.h"
#include "item/item_codec.h"
#include "item/item_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char default_values[] =
    "{\":s\":{\"S\":\"x\"},\":n\":{\"N\":\"1\"},\":b\":{\"B\":\"AQ==\"},\":t\":{\"BOOL\":true},"
    "\":z\":{\"NULL\":true},\":l\":{\"L\":[{\"N\":\"1\"},{\"S\":\"x\"}]},"
    "\":m\":{\"M\":{\"a\":{\"L\":[]}}},\":ss\":{\"SS\":[\"x\",\"y\"]},\":ns\":{\"NS\":[\"1\",\"2\"]"
    "},"
    "\":bs\":{\"BS\":[\"AQ==\"]},\":ts\":{\"S\":\"SS\"}}";

static const char *const items[] = {
    "{}",
    "{\"a\":{\"N\":\"3\"},\"b\":{\"S\":\"xyz\"},\"c\":{\"L\":[{\"N\":\"1\"},{\"M\":{\"d\":{\"L\":"
    "[{\"S\":\"x\"}]}}}]},\"d\":{\"SS\":[\"x\",\"z\"]},\"e\":{\"NS\":[\"1\",\"9\"]}}",
    "{\"a\":{\"M\":{\"a\":{\"M\":{\"a\":{\"L\":[{\"L\":[{\"N\":\"-1E-130\"}]}]}}}}},"
    "\"b\":{\"B\":\"AQID\"},\"c\":{\"BS\":[\"AQ==\"]},\"d\":{\"NULL\":true},\"e\":{\"N\":"
    "\"99999999999999999999999999999999999999E87\"}}",
};

enum kind { CONDITION, KEY_CONDITION, PROJECTION, UPDATE, KIND_COUNT };

struct run {
    struct scope scope;
    enum kind kind;
    str text;
    struct expr_placeholders placeholders;
};

static bool read_item(struct run *run, str json, struct item *out) {
    struct json_reader reader;
    json_reader_init(&reader, json, run->scope.arena);
    return item_from_json(&run->scope, &reader, out) == ST_OK && json_finish(&reader);
}

static bool prepare(struct run *run, str values_json) {
    static const str keys[] = {STR_INIT("#a"), STR_INIT("#n")};
    static const str names[] = {STR_INIT("a"), STR_INIT("b.c")};
    struct item values;
    return read_item(run, values_json, &values) &&
           expr_placeholders_init(&run->scope, &values, keys, names, 2, true, true,
                                  &run->placeholders) == ST_OK;
}

static void forget_error(struct run *run) {
    run->scope.error = ERROR_NONE;
    run->scope.error_text = (str){};
}

static void check_status(struct run *run, status st) {
    CHECK(st == ST_OK || st == ST_FAILED);
    CHECK((st == ST_OK) == (run->scope.error == ERROR_NONE));
    CHECK((st == ST_OK) == (run->scope.error_text.len == 0));
    forget_error(run);
}

static void apply(struct run *run, const struct expr_update *update, view before) {
    struct arena *arena = run->scope.arena;
    struct item tree = item_thaw(before, arena);
    const str *targets;
    size_t target_count;
    status st = expr_update_apply(&run->scope, update, before, &tree);
    check_status(run, st);
    if (st != ST_OK)
        return;
    str stored = item_encode(&tree, &(struct item_stamp){}, arena);
    CHECK(item_check_stored(stored) == ST_OK);
    CHECK(item_tree_depth(&tree) <= VALUE_DEPTH_MAX);
    expr_update_targets(update, &targets, &target_count);
    for (view_cursor c = view_first(before); view_next(&c);) {
        bool touched = false;
        for (size_t i = 0; i < target_count; i++)
            touched |= str_eq(targets[i], c.name);
        CHECK(touched || view_equal(view_member(item_map(stored), c.name), c.value));
    }
    (void)expr_update_project(update, before, arena);
    (void)expr_update_project(update, item_map(stored), arena);
}

static void run_update(struct run *run, const view *maps, size_t count) {
    struct expr_update *update;
    status st = expr_parse_update(&run->scope, run->text, &run->placeholders, &update);
    check_status(run, st);
    for (size_t i = 0; st == ST_OK && i < count; i++)
        apply(run, update, maps[i]);
}

static void run_projection(struct run *run, const view *maps, size_t count) {
    struct expr_projection projection;
    status st = expr_parse_projection(&run->scope, run->text, &run->placeholders, &projection);
    check_status(run, st);
    for (size_t i = 0; st == ST_OK && i < count; i++) {
        struct item part = expr_project(&projection, maps[i], run->scope.arena);
        str stored = item_encode(&part, &(struct item_stamp){}, run->scope.arena);
        CHECK(item_check_stored(stored) == ST_OK);
    }
}

static void run_condition(struct run *run, const view *maps, size_t count) {
    struct expr_condition condition;
    bool keys = run->kind == KEY_CONDITION;
    status st = expr_parse_condition(&run->scope, keys ? EXPR_KEY_CONDITION : EXPR_FILTER,
                                     run->text, &run->placeholders, &condition);
    check_status(run, st);
    if (st != ST_OK)
        return;
    for (size_t i = 0; i < count; i++)
        (void)expr_condition_true(&condition, maps[i]);
    (void)expr_condition_true(&condition, VIEW_NONE);
    if (keys) {
        const struct key_condition *list;
        size_t list_count;
        check_status(run, expr_key_conditions(&run->scope, &condition, &list, &list_count));
    }
}

static void run_all(struct run *run) {
    enum { ITEM_COUNT = sizeof(items) / sizeof(*items) };
    view maps[ITEM_COUNT];
    for (size_t i = 0; i < ITEM_COUNT; i++) {
        struct item item;
        CHECK(read_item(run, str_from_c(items[i]), &item));
        maps[i] = item_map(item_encode(&item, &(struct item_stamp){}, run->scope.arena));
    }
    if (run->kind == UPDATE)
        run_update(run, maps, ITEM_COUNT);
    else if (run->kind == PROJECTION)
        run_projection(run, maps, ITEM_COUNT);
    else
        run_condition(run, maps, ITEM_COUNT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct arena *arena = arena_new((size_t)1 << 30);
    struct run run = {.scope = {.arena = arena, .scratch = arena},
                      .kind = (enum kind)(data[0] % KIND_COUNT)};
    str rest = {(const char *)data + 1, size - 1};
    size_t cut = str_find(rest, '\0');
    run.text = str_slice(rest, 0, cut);
    bool ready = cut < rest.len && prepare(&run, str_slice(rest, cut + 1, rest.len));
    if (!ready) {
        forget_error(&run);
        CHECK(prepare(&run, str_from_c(default_values)));
    }
    run_all(&run);
    arena_free(arena);
    return 0;
}
