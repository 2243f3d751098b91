/* SET and REMOVE: text → actions of an update.
 *
 *     SET path = data [, path = data]…     data: operand [(+ | -) operand]…
 *     REMOVE path [, path]…                      list_append(data, data)
 *                                                set_add(path, set), set_delete(path, set)
 *
 * Clauses follow each other in any order and as often as wanted. set_add and set_delete are the ADD
 * and DELETE of update expressions, so the path they take is the one that is set. */
#include "partiql/partiql_int.h"

struct actions {
    struct expr_action *list;
    size_t count, room;
};

static status parse_data(struct parser *parser, struct expr_node **out);

static void add_action(struct parser *parser, struct actions *actions, struct expr_action action) {
    if (actions->count == actions->room) {
        size_t more = actions->room ? actions->room * 2 : 8, size = sizeof action;
        actions->list =
            arena_grow(parser->scope->arena, actions->list, actions->room * size, more * size);
        actions->room = more;
    }
    actions->list[actions->count++] = action;
}

static bool is_call_of(const struct parser *parser, str name) {
    return parser->next.kind == TOKEN_OPEN && partiql_is_word(&parser->token, name);
}

/* ---- what is assigned ---- */

static status parse_list_append(struct parser *parser, struct expr_node **out) {
    struct expr_node *first, *second;
    TRY(partiql_enter(parser));
    parser->operator_count++;
    TRY(partiql_advance(parser));
    TRY(partiql_expect(parser, TOKEN_OPEN, "'('"));
    TRY(parse_data(parser, &first));
    TRY(partiql_expect(parser, TOKEN_COMMA, "','"));
    TRY(parse_data(parser, &second));
    TRY(partiql_expect(parser, TOKEN_CLOSE, "')'"));
    parser->depth--;
    *out = expr_build_function(parser->scope->arena, STR("list_append"));
    expr_build_add(*out, first);
    expr_build_add(*out, second);
    return ST_OK;
}

static status parse_datum(struct parser *parser, struct expr_node **out) {
    if (is_call_of(parser, STR("list_append")))
        return parse_list_append(parser, out);
    if (parser->token.kind == TOKEN_OPEN) {
        TRY(partiql_enter(parser));
        TRY(partiql_advance(parser));
        TRY(parse_data(parser, out));
        parser->depth--;
        return partiql_expect(parser, TOKEN_CLOSE, "')'");
    }
    struct operand operand;
    if (is_call_of(parser, STR("size")))
        return partiql_fail_at(parser, STR("Unsupported function"), &parser->token);
    TRY(partiql_operand(parser, &operand));
    *out = operand.node;
    return ST_OK;
}

static status parse_data(struct parser *parser, struct expr_node **out) {
    TRY(parse_datum(parser, out));
    while (parser->token.kind == TOKEN_PLUS || parser->token.kind == TOKEN_MINUS) {
        bool plus = parser->token.kind == TOKEN_PLUS;
        struct expr_node *right,
            *both = expr_build_operator(parser->scope->arena, plus ? EXPR_PLUS : EXPR_MINUS);
        parser->operator_count++;
        TRY(partiql_advance(parser));
        TRY(parse_datum(parser, &right));
        expr_build_add(both, *out);
        expr_build_add(both, right);
        *out = both;
    }
    return ST_OK;
}

/* ---- actions ---- */

static bool paths_equal(const struct expr_path *a, const struct expr_path *b) {
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->parts[i].is_index != b->parts[i].is_index ||
            a->parts[i].index != b->parts[i].index || !str_eq(a->parts[i].name, b->parts[i].name))
            return false;
    return true;
}

/* set_add(path, set) or set_delete(path, set) */
static status parse_set_function(struct parser *parser, struct expr_action *action) {
    struct expr_path path;
    struct operand set;
    str name = parser->token.text;
    parser->operator_count++;
    TRY(partiql_advance(parser));
    TRY(partiql_expect(parser, TOKEN_OPEN, "'('"));
    TRY(partiql_path(parser, &path));
    TRY(partiql_expect(parser, TOKEN_COMMA, "','"));
    TRY(partiql_operand(parser, &set));
    TRY(partiql_expect(parser, TOKEN_CLOSE, "')'"));
    if (!paths_equal(&path, &action->path))
        return fail_validation(parser->scope,
                               "The first operand of %.*s must be the attribute that is set",
                               STR_ARG(name));
    if (!value_kind_is_set(view_kind(set.value)))
        return fail_validation(
            parser->scope,
            "Incorrect operand type for operator or function; operator or "
            "function: %.*s, operand type: %.*s",
            STR_ARG(name),
            STR_ARG(view_exists(set.value) ? value_kind_name(view_kind(set.value)) : STR("PATH")));
    action->operand = set.node;
    return ST_OK;
}

static status parse_set(struct parser *parser, struct actions *actions) {
    struct expr_action action = {.kind = EXPR_SET};
    TRY(partiql_path(parser, &action.path));
    TRY(partiql_expect(parser, TOKEN_EQ, "'='"));
    if (is_call_of(parser, STR("set_add"))) {
        action.kind = EXPR_ADD;
        TRY(parse_set_function(parser, &action));
    } else if (is_call_of(parser, STR("set_delete"))) {
        action.kind = EXPR_DELETE;
        TRY(parse_set_function(parser, &action));
    } else {
        TRY(parse_data(parser, &action.operand));
    }
    add_action(parser, actions, action);
    return ST_OK;
}

static status parse_remove(struct parser *parser, struct actions *actions) {
    struct expr_action action = {.kind = EXPR_REMOVE};
    TRY(partiql_path(parser, &action.path));
    add_action(parser, actions, action);
    return ST_OK;
}

static status parse_clause(struct parser *parser, bool set, struct actions *actions) {
    do {
        TRY(partiql_advance(parser)); /* past the word or the comma */
        TRY(set ? parse_set(parser, actions) : parse_remove(parser, actions));
    } while (parser->token.kind == TOKEN_COMMA);
    return ST_OK;
}

status partiql_update(struct parser *parser, struct expr_update **out) {
    struct actions actions = {};
    for (;;) {
        bool set = partiql_is_word(&parser->token, STR("SET"));
        if (!set && !partiql_is_word(&parser->token, STR("REMOVE")))
            break;
        TRY(parse_clause(parser, set, &actions));
    }
    if (actions.count == 0)
        return partiql_expect_word(parser, STR("SET"));
    if (parser->operator_count > EXPR_BUILD_OPERATORS_MAX)
        return fail_validation(parser->scope,
                               "The expression contains too many operators; operator count: %zu",
                               parser->operator_count);
    return expr_build_update(parser->scope, actions.list, actions.count, out);
}
