/* What a condition may not say, whatever the item holds. The service looks at the whole tree for
 * one kind of mistake after the other (parentheses, functions, reserved words), then at one
 * comparison or function after the other for the rest; the first mistake in that order is told. */
#include "base/base64.h"
#include "expr/expr_int.h"
#include "item/number.h"

static bool is_connective(const struct expr_node *node) {
    return node->kind == NODE_NOT || node->kind == NODE_AND || node->kind == NODE_OR;
}

/* ---- functions: known, and where they may stand ---- */

static status check_known(struct parser *parser, struct expr_node *node) {
    if (node->kind != NODE_CALL)
        return ST_OK;
    if (node->function == FUNCTION_UNKNOWN)
        return expr_fail(parser, "Invalid function name; function: %.*s", STR_ARG(node->text));
    if (node->function == FUNCTION_IF_NOT_EXISTS || node->function == FUNCTION_LIST_APPEND)
        return expr_fail(parser,
                         "The function is not allowed in a condition expression; function: %.*s",
                         STR_ARG(node->text));
    return ST_OK;
}

/* size() is an operand, the others are conditions. */
static status check_place(struct parser *parser, const struct expr_node *node, bool as_operand) {
    if (node->kind != NODE_CALL || (node->function == FUNCTION_SIZE) == as_operand)
        return ST_OK;
    return expr_fail(
        parser, "The function is not allowed to be used this way in an expression; function: %.*s",
        STR_ARG(node->text));
}

static status check_places(struct parser *parser, struct expr_node *node) {
    for (struct expr_node *operand = node->first; operand; operand = operand->next)
        TRY(check_place(parser, operand, !is_connective(node)));
    return ST_OK;
}

/* ---- operands: how many, and distinct ---- */

static size_t operand_count(enum function function) {
    switch (function) {
    case FUNCTION_ATTRIBUTE_EXISTS:
    case FUNCTION_ATTRIBUTE_NOT_EXISTS:
    case FUNCTION_SIZE:
        return 1;
    case FUNCTION_ATTRIBUTE_TYPE:
    case FUNCTION_BEGINS_WITH:
    case FUNCTION_CONTAINS:
    case FUNCTION_IF_NOT_EXISTS:
    case FUNCTION_LIST_APPEND:
        return 2;
    case FUNCTION_UNKNOWN:
        break;
    }
    CHECK(false);
}

static status check_count(struct parser *parser, struct expr_node *node) {
    /* PartiQL counts the values alone, and has parsed them. */
    if (node->kind == NODE_IN && expr_is_text(parser) && node->count > EXPR_IN_OPERANDS_MAX)
        return expr_fail_operand_count(parser, node, node->count);
    if (node->kind == NODE_CALL && node->count != operand_count(node->function))
        return expr_fail_operand_count(parser, node, node->count);
    return ST_OK;
}

static status check_distinct(struct parser *parser, struct expr_node *node) {
    if ((node->kind != NODE_COMPARE && node->kind != NODE_CALL) || node->count != 2)
        return ST_OK;
    const struct expr_node *left = node->first, *right = node->last;
    if (left->kind != NODE_PATH || right->kind != NODE_PATH ||
        !expr_path_equal(&left->path, &right->path))
        return ST_OK;
    return expr_fail(parser,
                     "The first operand must be distinct from the remaining operands for this "
                     "operator or function; operator: %.*s, first operand: %.*s",
                     STR_ARG(expr_node_name(node)),
                     STR_ARG(expr_path_text(parser->scope->arena, &left->path)));
}

/* ---- operands: types ---- */

static bool is_ordered(enum value_kind kind) {
    return kind == VALUE_STRING || kind == VALUE_NUMBER || kind == VALUE_BINARY;
}

static status check_ordered(struct parser *parser, const struct expr_node *node) {
    for (const struct expr_node *operand = node->first; operand; operand = operand->next) {
        enum value_kind kind = expr_constant_kind(operand);
        if (kind != VALUE_NONE && !is_ordered(kind))
            return expr_fail_operand_type(parser, node, value_kind_name(kind));
    }
    return ST_OK;
}

static void add_scalar(struct buf *out, enum value_kind kind, str bytes) {
    if (kind == VALUE_NUMBER || kind == VALUE_NUMBER_SET)
        number_to_text(bytes, out);
    else if (kind == VALUE_STRING || kind == VALUE_STRING_SET)
        buf_add_str(out, bytes);
    else {
        size_t len = base64_encoded_len(bytes.len);
        base64_encode(bytes, buf_reserve(out, len));
        out->len += len;
    }
}

static void add_set(struct buf *out, view set) {
    view_cursor cursor = view_first(set);
    buf_add_lit(out, "[");
    for (const char *comma = ""; view_next(&cursor); comma = ", ") {
        buf_printf(out, "%s\"", comma);
        add_scalar(out, view_kind(set), cursor.member);
        buf_add_lit(out, "\"");
    }
    buf_add_lit(out, "]");
}

/* AttributeValue: {N:1} */
static void add_constant(struct buf *out, view constant) {
    enum value_kind kind = view_kind(constant);
    buf_printf(out, "AttributeValue: {%.*s:", STR_ARG(value_kind_name(kind)));
    if (kind == VALUE_LIST)
        buf_add_lit(out, "[...]");
    else if (kind == VALUE_MAP)
        buf_add_lit(out, "{...}");
    else if (kind == VALUE_NULL || kind == VALUE_BOOL)
        buf_printf(out, "%s", kind == VALUE_NULL || view_bool(constant) ? "true" : "false");
    else if (value_kind_is_set(kind))
        add_set(out, constant);
    else
        add_scalar(out, kind, view_bytes(constant));
    buf_add_lit(out, "}");
}

static status fail_between(struct parser *parser, const char *what, view low, view high) {
    status st = expr_fail(parser, "The BETWEEN operator requires %s; lower bound operand: ", what);
    struct buf text;
    buf_init(&text, parser->scope->arena, 256);
    buf_add_str(&text, parser->scope->error_text);
    add_constant(&text, low);
    buf_add_lit(&text, ", upper bound operand: ");
    add_constant(&text, high);
    parser->scope->error_text = buf_str(&text);
    return st;
}

/* The bounds against each other come before whether they have an order at all. */
static status check_between(struct parser *parser, const struct expr_node *node) {
    const struct expr_node *low = node->first->next, *high = node->last;
    int order = 0;
    if (low->kind == NODE_VALUE && high->kind == NODE_VALUE) {
        if (view_kind(low->value) != view_kind(high->value))
            return fail_between(parser, "same data type for lower and upper bounds", low->value,
                                high->value);
        if (view_compare(low->value, high->value, &order) && order > 0)
            return fail_between(parser, "upper bound to be greater than or equal to lower bound",
                                low->value, high->value);
    }
    return check_ordered(parser, node);
}

static status check_attribute_type(struct parser *parser, struct expr_node *node) {
    const struct expr_node *type = node->last;
    enum value_kind kind = expr_constant_kind(type);
    if (kind == VALUE_NONE)
        return expr_fail_operand_type(parser, node, STR("{NS,SS,L,BS,N,M,B,BOOL,NULL,S}"));
    if (kind != VALUE_STRING)
        return expr_fail_operand_type(parser, node, value_kind_name(kind));
    str name = view_bytes(type->value);
    node->wanted = value_kind_from_name(name);
    if (node->wanted == VALUE_NONE)
        return expr_fail(parser,
                         "Invalid attribute type name found; type: %.*s, valid types: "
                         "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}",
                         STR_ARG(name));
    return ST_OK;
}

static status check_prefix(struct parser *parser, const struct expr_node *node) {
    for (const struct expr_node *operand = node->first; operand; operand = operand->next) {
        enum value_kind kind = expr_constant_kind(operand);
        if (kind != VALUE_NONE && kind != VALUE_STRING && kind != VALUE_BINARY)
            return expr_fail_operand_type(parser, node, value_kind_name(kind));
    }
    return ST_OK;
}

static status check_size(struct parser *parser, const struct expr_node *node) {
    enum value_kind kind = expr_constant_kind(node->first);
    if (kind == VALUE_NUMBER || kind == VALUE_BOOL || kind == VALUE_NULL)
        return expr_fail_operand_type(parser, node, value_kind_name(kind));
    return ST_OK;
}

static status check_call(struct parser *parser, struct expr_node *node) {
    switch (node->function) {
    case FUNCTION_ATTRIBUTE_EXISTS:
    case FUNCTION_ATTRIBUTE_NOT_EXISTS:
        if (node->first->kind != NODE_PATH)
            return expr_fail(parser,
                             "Operator or function requires a document path; operator or function: "
                             "%.*s",
                             STR_ARG(node->text));
        return ST_OK;
    case FUNCTION_ATTRIBUTE_TYPE:
        return check_attribute_type(parser, node);
    case FUNCTION_BEGINS_WITH:
        return check_prefix(parser, node);
    case FUNCTION_SIZE:
        return check_size(parser, node);
    case FUNCTION_CONTAINS:
        return ST_OK;
    case FUNCTION_UNKNOWN:
    case FUNCTION_IF_NOT_EXISTS:
    case FUNCTION_LIST_APPEND:
        break;
    }
    CHECK(false); /* check_known let it pass */
}

static status check_types(struct parser *parser, struct expr_node *node) {
    if (node->kind == NODE_CALL)
        return check_call(parser, node);
    if (node->kind == NODE_BETWEEN)
        return check_between(parser, node);
    if (node->kind == NODE_COMPARE && node->comparator >= COMPARE_LT)
        return check_ordered(parser, node);
    return ST_OK;
}

/* ---- all of it, in order ---- */

static status check_leaves(struct parser *parser, struct expr_node *node) {
    if (is_connective(node)) {
        for (struct expr_node *operand = node->first; operand; operand = operand->next)
            TRY(check_leaves(parser, operand));
        return ST_OK;
    }
    if (expr_is_text(parser))
        TRY(expr_check_each(parser, node, expr_resolve));
    TRY(expr_check_each(parser, node, check_count));
    TRY(expr_check_each(parser, node, check_distinct));
    return expr_check_each(parser, node, check_types);
}

status expr_check_condition(struct parser *parser, struct expr_node *root) {
    TRY(expr_check_operator_count(parser));
    if (parser->redundant_parentheses)
        return expr_fail(parser, "The expression has redundant parentheses;");
    TRY(expr_check_each(parser, root, check_known));
    TRY(expr_check_each(parser, root, check_places));
    TRY(check_place(parser, root, false));
    if (expr_is_text(parser))
        TRY(expr_check_each(parser, root, expr_check_words));
    return check_leaves(parser, root);
}
