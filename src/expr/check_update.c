/* What an update may not say, whatever the item holds: one kind of mistake after the other over
 * the whole text, as the service looks for them. */
#include "expr/update_int.h"

typedef status path_check(struct parser *parser, struct expr_path *path);

/* Paths and operands of all actions, in the order of the text; either check may be NULL. */
static status check_all(struct parser *parser, struct expr_update *update, path_check *check_path,
                        node_check *check_node) {
    for (size_t i = 0; i < update->count; i++) {
        struct update_action *action = &update->actions[i];
        if (check_path)
            TRY(check_path(parser, &action->path));
        if (check_node && action->operand)
            TRY(expr_check_each(parser, action->operand, check_node));
    }
    return ST_OK;
}

static status check_words(struct parser *parser, struct expr_path *path) {
    return expr_check_path_words(parser, path);
}

static status check_known(struct parser *parser, struct expr_node *node) {
    if (node->kind != NODE_CALL || node->function == FUNCTION_IF_NOT_EXISTS ||
        node->function == FUNCTION_LIST_APPEND)
        return ST_OK;
    if (node->function == FUNCTION_UNKNOWN)
        return expr_fail(parser, "Invalid function name; function: %.*s", STR_ARG(node->text));
    return expr_fail(parser, "The function is not allowed in an update expression; function: %.*s",
                     STR_ARG(node->text));
}

static status resolve_node_path(struct parser *parser, struct expr_node *node) {
    return node->kind == NODE_PATH ? expr_resolve_path(parser, &node->path) : ST_OK;
}

static status resolve_node_value(struct parser *parser, struct expr_node *node) {
    return node->kind == NODE_VALUE ? expr_resolve_value(parser, node) : ST_OK;
}

static status check_paths(struct parser *parser, struct expr_update *update) {
    struct arena *arena = parser->scope->arena;
    struct expr_path *paths = arena_array(arena, struct expr_path, update->count);
    for (size_t i = 0; i < update->count; i++)
        paths[i] = update->actions[i].path;
    update->sorted_paths = expr_paths_sorted(arena, paths, update->count);
    return expr_check_paths_distinct(parser, paths, update->sorted_paths, update->count);
}

/* ADD and DELETE name types by words of their own. */
static str long_type_name(enum value_kind kind) {
    switch (kind) {
    case VALUE_STRING:
        return STR("STRING");
    case VALUE_NUMBER:
        return STR("NUMBER");
    case VALUE_BINARY:
        return STR("BINARY");
    case VALUE_BOOL:
        return STR("BOOLEAN");
    case VALUE_NULL:
        return STR("NULL");
    case VALUE_LIST:
        return STR("LIST");
    case VALUE_MAP:
        return STR("MAP");
    case VALUE_STRING_SET:
    case VALUE_NUMBER_SET:
    case VALUE_BINARY_SET:
    case VALUE_NONE:
        break;
    }
    CHECK(false);
}

static status check_added(struct parser *parser, const struct update_action *action) {
    if (action->kind != UPDATE_ADD && action->kind != UPDATE_DELETE)
        return ST_OK;
    enum value_kind kind = view_kind(action->operand->value);
    if (value_kind_is_set(kind) || (action->kind == UPDATE_ADD && kind == VALUE_NUMBER))
        return ST_OK;
    return expr_fail(parser,
                     "Incorrect operand type for operator or function; operator: %.*s, operand "
                     "type: %.*s, typeSet: ALLOWED_FOR_%.*s_OPERAND",
                     STR_ARG(expr_update_kind_name(action->kind)), STR_ARG(long_type_name(kind)),
                     STR_ARG(expr_update_kind_name(action->kind)));
}

static status check_operands(struct parser *parser, struct expr_node *node) {
    if (node->kind != NODE_CALL && node->kind != NODE_PLUS && node->kind != NODE_MINUS)
        return ST_OK;
    if (node->count != 2)
        return expr_fail_operand_count(parser, node, node->count);
    if (node->kind == NODE_CALL && node->function == FUNCTION_IF_NOT_EXISTS) {
        if (node->first->kind != NODE_PATH)
            return expr_fail(parser,
                             "Operator or function requires a document path; operator or function: "
                             "%.*s",
                             STR_ARG(node->text));
        return ST_OK;
    }
    enum value_kind wanted = node->kind == NODE_CALL ? VALUE_LIST : VALUE_NUMBER;
    for (const struct expr_node *operand = node->first; operand; operand = operand->next) {
        enum value_kind kind = expr_constant_kind(operand);
        if (kind != VALUE_NONE && kind != wanted)
            return expr_fail_operand_type(parser, node, value_kind_name(kind));
    }
    return ST_OK;
}

status expr_check_update(struct parser *parser, struct expr_update *update,
                         const enum update_kind *repeated_section) {
    TRY(expr_check_operator_count(parser));
    if (expr_is_text(parser))
        TRY(check_all(parser, update, check_words, expr_check_words));
    TRY(check_all(parser, update, NULL, check_known));
    if (repeated_section)
        return expr_fail(parser,
                         "The \"%.*s\" section can only be used once in an update expression;",
                         STR_ARG(expr_update_kind_name(*repeated_section)));
    if (expr_is_text(parser)) {
        TRY(check_all(parser, update, expr_resolve_path, resolve_node_path));
        TRY(check_all(parser, update, NULL, resolve_node_value));
    }
    TRY(check_paths(parser, update));
    for (size_t i = 0; i < update->count; i++)
        TRY(check_added(parser, &update->actions[i]));
    return check_all(parser, update, NULL, check_operands);
}
