/* A key condition is parsed like any condition; here it is taken apart into one comparison a key,
 * and everything that a key cannot be asked is refused in its own words. */
#include "expr/expr_int.h"

struct key_conditions {
    struct scope *scope;
    struct key_condition *list;
    size_t count;
};

static status fail_operator(struct scope *scope, str name) {
    return fail_validation(scope, "Invalid operator used in KeyConditionExpression: %.*s",
                           STR_ARG(name));
}

static status check_operator(struct scope *scope, const struct expr_node *node) {
    bool unordered = node->kind == NODE_COMPARE && node->comparator == COMPARE_NE;
    bool foreign = node->kind == NODE_OR || node->kind == NODE_NOT || node->kind == NODE_IN;
    bool prefix = node->kind == NODE_CALL && node->function == FUNCTION_BEGINS_WITH;
    if (foreign || unordered || (node->kind == NODE_CALL && !prefix))
        return fail_operator(scope, expr_node_name(node));
    if ((node->kind == NODE_BETWEEN || prefix) && node->first->kind != NODE_PATH)
        return fail_validation(scope,
                               "Invalid condition in KeyConditionExpression: %.*s operator must "
                               "have the key attribute as its first operand",
                               STR_ARG(expr_node_name(node)));
    return ST_OK;
}

/* The one operand that is a path. */
static status find_key(struct scope *scope, const struct expr_node *node,
                       const struct expr_node **out) {
    const struct expr_node *key = NULL;
    for (const struct expr_node *operand = node->first; operand; operand = operand->next) {
        if (operand->kind == NODE_CALL)
            return fail_validation(scope,
                                   "KeyConditionExpressions cannot contain nested operations");
        if (operand->kind != NODE_PATH)
            continue;
        if (key)
            return fail_validation(scope, "Invalid condition in KeyConditionExpression: Multiple "
                                          "attribute names used in one condition");
        if (operand->path.count > 1)
            return fail_validation(
                scope, "KeyConditionExpressions cannot have conditions on nested attributes");
        key = operand;
    }
    if (!key)
        return fail_validation(
            scope, "Invalid condition in KeyConditionExpression: No key attribute specified");
    *out = key;
    return ST_OK;
}

/* flipped: the key stands on the right, as in :v < key. */
static enum key_operator key_operator_of(enum comparator comparator, bool flipped) {
    switch (comparator) {
    case COMPARE_EQ:
        return KEY_EQ;
    case COMPARE_LT:
        return flipped ? KEY_GT : KEY_LT;
    case COMPARE_LE:
        return flipped ? KEY_GE : KEY_LE;
    case COMPARE_GT:
        return flipped ? KEY_LT : KEY_GT;
    case COMPARE_GE:
        return flipped ? KEY_LE : KEY_GE;
    case COMPARE_NE:
        break;
    }
    CHECK(false); /* check_operator refuses it */
}

static status add_condition(struct key_conditions *out, const struct expr_node *node) {
    const struct expr_node *key = NULL;
    TRY(check_operator(out->scope, node));
    TRY(find_key(out->scope, node, &key));
    str name = key->path.parts[0].name;
    for (size_t i = 0; i < out->count; i++)
        if (str_eq(out->list[i].name, name))
            return fail_validation(
                out->scope, "KeyConditionExpressions must only contain one condition per key");
    const struct expr_node *value = key == node->first ? node->first->next : node->first;
    struct key_condition condition = {.name = name, .value = value->value};
    if (node->kind == NODE_BETWEEN) {
        condition.op = KEY_BETWEEN;
        condition.value_to = node->last->value;
    } else if (node->kind == NODE_CALL) {
        condition.op = KEY_BEGINS_WITH;
    } else {
        condition.op = key_operator_of(node->comparator, key != node->first);
    }
    out->list[out->count++] = condition;
    return ST_OK;
}

/* AND nests only through parentheses; the depth is bounded by the number of operators. */
static status add_all(struct key_conditions *out, const struct expr_node *node) {
    if (node->kind != NODE_AND)
        return add_condition(out, node);
    for (const struct expr_node *operand = node->first; operand; operand = operand->next)
        TRY(add_all(out, operand));
    return ST_OK;
}

status expr_key_conditions(struct scope *scope, const struct expr_condition *condition,
                           const struct key_condition **out, size_t *out_count) {
    /* One for each attribute that is mentioned: there can be no more. */
    struct key_conditions all = {
        .scope = scope,
        .list = arena_array(scope->arena, struct key_condition, condition->top_name_count)};
    TRY(add_all(&all, condition->root));
    *out = all.list;
    *out_count = all.count;
    return ST_OK;
}
