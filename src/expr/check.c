/* What can be refused without the item, as far as conditions, updates and projections share it:
 * reserved words, placeholders, indexes, the texts for wrong operands. */
#include "expr/expr_int.h"

status expr_check_each(struct parser *parser, struct expr_node *node, node_check *check) {
    for (struct expr_node *operand = node->first; operand; operand = operand->next)
        TRY(expr_check_each(parser, operand, check));
    return check(parser, node);
}

status expr_check_path_words(struct parser *parser, const struct expr_path *path) {
    for (size_t i = 0; i < path->count; i++)
        if (!path->parts[i].is_index && expr_is_reserved(path->parts[i].name))
            return expr_fail(parser, "Attribute name is a reserved keyword; reserved keyword: %.*s",
                             STR_ARG(path->parts[i].name));
    return ST_OK;
}

status expr_check_words(struct parser *parser, struct expr_node *node) {
    return node->kind == NODE_PATH ? expr_check_path_words(parser, &node->path) : ST_OK;
}

static status resolve_index(struct parser *parser, struct expr_path_part *part) {
    uint64_t index = 0;
    if (!str_to_u64(part->name, &index) || index > INT32_MAX)
        return expr_fail(parser, "List index is not within the allowable range; index: [%.*s]",
                         STR_ARG(part->name));
    part->index = (uint32_t)index;
    part->name = (str){};
    return ST_OK;
}

static status resolve_name(struct parser *parser, struct expr_path_part *part) {
    if (part->name.ptr[0] != '#')
        return ST_OK;
    struct expr_name *name = expr_find_name(parser->placeholders, part->name);
    if (!name)
        return expr_fail(parser,
                         "An expression attribute name used in the document path is not defined; "
                         "attribute name: %.*s",
                         STR_ARG(part->name));
    name->used = true;
    part->name = name->name;
    return ST_OK;
}

status expr_resolve_path(struct parser *parser, struct expr_path *path) {
    if (path->count > EXPR_PATH_PARTS_MAX)
        return expr_fail(parser,
                         "The document path has too many nesting elements; nesting levels: %zu",
                         path->count);
    for (size_t i = 0; i < path->count; i++) {
        struct expr_path_part *part = &path->parts[i];
        TRY(part->is_index ? resolve_index(parser, part) : resolve_name(parser, part));
    }
    return ST_OK;
}

status expr_resolve_value(struct parser *parser, struct expr_node *node) {
    struct expr_value *value = expr_find_value(parser->placeholders, node->text);
    if (!value)
        return expr_fail(parser,
                         "An expression attribute value used in expression is not defined; "
                         "attribute value: %.*s",
                         STR_ARG(node->text));
    value->used = true;
    node->value = value->value;
    return ST_OK;
}

status expr_resolve(struct parser *parser, struct expr_node *node) {
    if (node->kind == NODE_PATH)
        return expr_resolve_path(parser, &node->path);
    return node->kind == NODE_VALUE ? expr_resolve_value(parser, node) : ST_OK;
}

status expr_fail_operand_count(struct parser *parser, const struct expr_node *node, size_t count) {
    return expr_fail(parser,
                     "Incorrect number of operands for operator or function; operator or function: "
                     "%.*s, number of operands: %zu",
                     STR_ARG(expr_node_name(node)), count);
}

status expr_fail_operand_type(struct parser *parser, const struct expr_node *node, str type) {
    const char *what = node->kind == NODE_COMPARE || node->kind == NODE_BETWEEN
                           ? "operator"
                           : "operator or function";
    return expr_fail(parser,
                     "Incorrect operand type for operator or function; %s: %.*s, operand type: "
                     "%.*s",
                     what, STR_ARG(expr_node_name(node)), STR_ARG(type));
}

enum value_kind expr_constant_kind(const struct expr_node *node) {
    if (node->kind == NODE_VALUE)
        return view_kind(node->value);
    if (node->kind == NODE_CALL && node->function == FUNCTION_SIZE)
        return VALUE_NUMBER;
    return VALUE_NONE;
}
