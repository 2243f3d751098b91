/* Any text as a statement: the low bits of the first byte say how many parameters there are.
 * Laws: a statement is parsed or refused with a text; the conditions of one that is parsed can be
 * evaluated against any item, one by one, and say of an item that is not there what they say of an
 * empty one; its update leaves an item that can be stored; its item can be stored. */
#include "base/check.h"
#include "base/utf8.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "partiql/partiql.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char parameters_json[] =
    "{\"a\":{\"S\":\"x\"},\"b\":{\"N\":\"1\"},\"c\":{\"B\":\"AQ==\"},\"d\":{\"L\":[{\"N\":\"1\"}]},"
    "\"e\":{\"M\":{\"a\":{\"L\":[]}}},\"f\":{\"SS\":[\"x\",\"y\"]},\"g\":{\"NULL\":true}}";

static const char *const items[] = {
    "{}",
    "{\"a\":{\"N\":\"3\"},\"b\":{\"S\":\"xyz\"},\"c\":{\"L\":[{\"N\":\"1\"},{\"M\":{\"d\":{\"L\":"
    "[{\"S\":\"x\"}]}}}]},\"d\":{\"SS\":[\"x\",\"z\"]},\"e\":{\"NS\":[\"1\",\"9\"]}}",
    "{\"a\":{\"M\":{\"a\":{\"M\":{\"a\":{\"L\":[{\"L\":[{\"N\":\"-1E-130\"}]}]}}}}},"
    "\"b\":{\"B\":\"AQID\"},\"c\":{\"BS\":[\"AQ==\"]},\"d\":{\"NULL\":true},\"e\":{\"N\":"
    "\"99999999999999999999999999999999999999E87\"}}",
};

static struct item read_item(struct scope *scope, const char *json) {
    struct json_reader reader;
    struct item item;
    json_reader_init(&reader, str_from_c(json), scope->arena);
    CHECK(item_from_json(scope, &reader, &item) == ST_OK && json_finish(&reader));
    return item;
}

static void check_terms(struct scope *scope, const struct partiql_statement *statement, view map) {
    for (const struct partiql_term *term = statement->terms; term; term = term->next) {
        struct expr_condition condition;
        CHECK(expr_build_condition(scope, term->node, &condition) == ST_OK);
        (void)expr_condition_true(&condition, map);
        CHECK((term->test == TEST_OTHER) == (term->key.name.ptr == NULL));
        CHECK(term->test != TEST_KEY || view_exists(term->key.value));
        for (size_t i = 0; i < term->value_count && term->test == TEST_IN; i++)
            CHECK(view_exists(term->values[i]));
    }
}

static void check_absent(struct scope *scope, const struct partiql_statement *statement,
                         view empty) {
    for (const struct partiql_term *term = statement->terms; term; term = term->next) {
        struct expr_condition condition;
        CHECK(expr_build_condition(scope, term->node, &condition) == ST_OK);
        CHECK(expr_condition_true(&condition, VIEW_NONE) == expr_condition_true(&condition, empty));
    }
}

static void check_stored(struct scope *scope, struct item *item) {
    CHECK(item_tree_depth(item) <= VALUE_DEPTH_MAX);
    CHECK(item_check_stored(item_encode(item, &(struct item_stamp){}, scope->arena)) == ST_OK);
}

static void check_update(struct scope *scope, const struct partiql_statement *statement,
                         view before) {
    struct item after = item_thaw(before, scope->arena);
    status st = expr_update_apply(scope, statement->update, before, &after);
    CHECK(st == ST_OK || (st == ST_FAILED && scope->error_text.len > 0));
    scope->error = ERROR_NONE;
    if (st == ST_OK)
        check_stored(scope, &after);
}

static void check_statement(struct scope *scope, struct partiql_statement *statement) {
    CHECK(statement->table_name.len > 0);
    for (size_t i = 0; i < statement->column_count; i++)
        CHECK(statement->columns[i].path.count > 0 && statement->columns[i].name.len > 0);
    for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
        struct item item = read_item(scope, items[i]);
        view map = item_map(item_encode(&item, &(struct item_stamp){}, scope->arena));
        check_terms(scope, statement, map);
        if (i == 0)
            check_absent(scope, statement, map);
        if (statement->kind == PARTIQL_UPDATE)
            check_update(scope, statement, map);
    }
    if (statement->kind == PARTIQL_INSERT)
        check_stored(scope, &statement->item);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0 || size > PARTIQL_TEXT_MAX)
        return 0;
    str text = {(const char *)data + 1, size - 1};
    if (!utf8_valid(text)) /* requests are */
        return 0;
    struct arena *arena = arena_new((size_t)1 << 30);
    struct scope scope = {.arena = arena, .scratch = arena};
    struct item given = read_item(&scope, parameters_json);
    struct value parameters[8] = {};
    size_t count = data[0] % 8u;
    for (size_t i = 0; i < given.count; i++)
        parameters[i] = given.attributes[i].value;
    if (count > given.count)
        count = given.count;
    struct partiql_statement statement;
    status st = partiql_parse(&scope, text, parameters, count, &statement);
    CHECK(st == ST_OK || st == ST_FAILED);
    CHECK((st == ST_OK) == (scope.error == ERROR_NONE));
    CHECK(st == ST_OK || scope.error_text.len > 0);
    if (st == ST_OK)
        check_statement(&scope, &statement);
    arena_free(arena);
    return 0;
}
