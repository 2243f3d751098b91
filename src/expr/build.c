#include "expr/build.h"

#include "expr/update_int.h"

static_assert((int)EXPR_BUILD_OPERATORS_MAX == (int)EXPR_OPERATORS_MAX, "one limit for all trees");
static_assert((int)EXPR_GE == (int)COMPARE_GE && (int)EXPR_EQ == (int)COMPARE_EQ, "same order");
static_assert((int)EXPR_DELETE == (int)UPDATE_DELETE && (int)EXPR_SET == (int)UPDATE_SET,
              "same order");

struct expr_node *expr_build_path(struct arena *arena, struct expr_path path) {
    return expr_node_path(arena, path);
}

struct expr_node *expr_build_value(struct arena *arena, view value) {
    return expr_node_value(arena, STR("?"), value);
}

static struct expr_node *comparison(struct arena *arena, enum expr_operator op) {
    struct expr_node *node = expr_node_new(arena, NODE_COMPARE);
    node->comparator = (enum comparator)op;
    return node;
}

struct expr_node *expr_build_operator(struct arena *arena, enum expr_operator op) {
    switch (op) {
    case EXPR_EQ:
    case EXPR_NE:
    case EXPR_LT:
    case EXPR_LE:
    case EXPR_GT:
    case EXPR_GE:
        return comparison(arena, op);
    case EXPR_BETWEEN:
        return expr_node_new(arena, NODE_BETWEEN);
    case EXPR_IN:
        return expr_node_new(arena, NODE_IN);
    case EXPR_NOT:
        return expr_node_new(arena, NODE_NOT);
    case EXPR_AND:
        return expr_node_new(arena, NODE_AND);
    case EXPR_OR:
        return expr_node_new(arena, NODE_OR);
    case EXPR_PLUS:
        return expr_node_new(arena, NODE_PLUS);
    case EXPR_MINUS:
        return expr_node_new(arena, NODE_MINUS);
    }
    CHECK(false);
}

struct expr_node *expr_build_function(struct arena *arena, str name) {
    return expr_node_call(arena, name);
}

void expr_build_add(struct expr_node *node, struct expr_node *operand) {
    expr_node_add(node, operand);
}

status expr_build_condition(struct scope *scope, struct expr_node *root,
                            struct expr_condition *out) {
    struct parser parser = {.scope = scope};
    TRY(expr_check_condition(&parser, root));
    expr_condition_init(scope->arena, root, out);
    return ST_OK;
}

status expr_build_update(struct scope *scope, const struct expr_action *actions, size_t count,
                         struct expr_update **out) {
    CHECK(count > 0);
    struct parser parser = {.scope = scope};
    struct expr_update *update = arena_struct(scope->arena, struct expr_update);
    update->actions = arena_array(scope->arena, struct update_action, count);
    update->count = count;
    for (size_t i = 0; i < count; i++)
        update->actions[i] = (struct update_action){.kind = (enum update_kind)actions[i].kind,
                                                    .path = actions[i].path,
                                                    .operand = actions[i].operand};
    TRY(expr_check_update(&parser, update, NULL));
    expr_update_prepare(scope->arena, update);
    *out = update;
    return ST_OK;
}
