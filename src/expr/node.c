/* Nodes of expression trees. Whoever has a condition in another form than text builds it here. */
#include "expr/expr_int.h"

static const struct {
    str name;
    enum function function;
} functions[] = {
    {STR_INIT("attribute_exists"), FUNCTION_ATTRIBUTE_EXISTS},
    {STR_INIT("attribute_not_exists"), FUNCTION_ATTRIBUTE_NOT_EXISTS},
    {STR_INIT("attribute_type"), FUNCTION_ATTRIBUTE_TYPE},
    {STR_INIT("begins_with"), FUNCTION_BEGINS_WITH},
    {STR_INIT("contains"), FUNCTION_CONTAINS},
    {STR_INIT("size"), FUNCTION_SIZE},
    {STR_INIT("if_not_exists"), FUNCTION_IF_NOT_EXISTS},
    {STR_INIT("list_append"), FUNCTION_LIST_APPEND},
};

struct expr_node *expr_node_new(struct arena *arena, enum node_kind kind) {
    struct expr_node *node = arena_struct(arena, struct expr_node);
    node->kind = kind;
    return node;
}

struct expr_node *expr_node_path(struct arena *arena, struct expr_path path) {
    struct expr_node *node = expr_node_new(arena, NODE_PATH);
    node->path = path;
    return node;
}

struct expr_node *expr_node_value(struct arena *arena, str placeholder, view value) {
    struct expr_node *node = expr_node_new(arena, NODE_VALUE);
    node->text = placeholder;
    node->value = value;
    return node;
}

/* Names of functions, unlike keywords, are case-sensitive. */
struct expr_node *expr_node_call(struct arena *arena, str name) {
    struct expr_node *node = expr_node_new(arena, NODE_CALL);
    node->text = name;
    for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++)
        if (str_eq(name, functions[i].name))
            node->function = functions[i].function;
    return node;
}

struct expr_node *expr_node_compare(struct arena *arena, enum comparator comparator,
                                    struct expr_node *left, struct expr_node *right) {
    struct expr_node *node = expr_node_new(arena, NODE_COMPARE);
    node->comparator = comparator;
    expr_node_add(node, left);
    expr_node_add(node, right);
    return node;
}

void expr_node_add(struct expr_node *node, struct expr_node *operand) {
    CHECK(operand->next == NULL);
    if (node->last)
        node->last->next = operand;
    else
        node->first = operand;
    node->last = operand;
    node->count++;
}

size_t expr_node_path_count(const struct expr_node *node) {
    size_t count = node->kind == NODE_PATH;
    for (const struct expr_node *operand = node->first; operand; operand = operand->next)
        count += expr_node_path_count(operand);
    return count;
}

void expr_node_names(const struct expr_node *node, bool nested, str *names, size_t *count) {
    if (node->kind == NODE_PATH && (!nested || node->path.count > 1))
        expr_names_add(names, count, node->path.parts[0].name);
    for (const struct expr_node *operand = node->first; operand; operand = operand->next)
        expr_node_names(operand, nested, names, count);
}

static str comparator_name(enum comparator comparator) {
    switch (comparator) {
    case COMPARE_EQ:
        return STR("=");
    case COMPARE_NE:
        return STR("<>");
    case COMPARE_LT:
        return STR("<");
    case COMPARE_LE:
        return STR("<=");
    case COMPARE_GT:
        return STR(">");
    case COMPARE_GE:
        return STR(">=");
    }
    CHECK(false);
}

str expr_node_name(const struct expr_node *node) {
    switch (node->kind) {
    case NODE_PATH:
        return node->path.parts[0].name;
    case NODE_VALUE:
    case NODE_CALL:
        return node->text;
    case NODE_COMPARE:
        return comparator_name(node->comparator);
    case NODE_BETWEEN:
        return STR("BETWEEN");
    case NODE_IN:
        return STR("IN");
    case NODE_NOT:
        return STR("NOT");
    case NODE_AND:
        return STR("AND");
    case NODE_OR:
        return STR("OR");
    case NODE_PLUS:
        return STR("+");
    case NODE_MINUS:
        return STR("-");
    }
    CHECK(false);
}
