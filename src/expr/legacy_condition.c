/* ComparisonOperator and its values → nodes of an expression.
 *
 * What the operators mean is what expressions mean, missing attributes included: NE is <>, which
 * is true of a missing attribute, and NOT_CONTAINS is NOT contains(), which is, too. What they take
 * is stricter: values of one type, and for each operator only some. */
#include "expr/legacy_int.h"
#include "item/item_codec.h"

#include <limits.h>

#define INVALID "One or more parameter values were invalid: "

enum legacy_operator {
    LEGACY_EQ,
    LEGACY_NE,
    LEGACY_LE,
    LEGACY_LT,
    LEGACY_GE,
    LEGACY_GT,
    LEGACY_NULL,
    LEGACY_NOT_NULL,
    LEGACY_CONTAINS,
    LEGACY_NOT_CONTAINS,
    LEGACY_BEGINS_WITH,
    LEGACY_IN,
    LEGACY_BETWEEN,
    LEGACY_OPERATORS,
};

#define KIND(kind) (1u << VALUE_##kind)
#define SCALARS (KIND(STRING) | KIND(NUMBER) | KIND(BINARY))
#define ANY_KIND UINT_MAX

static const struct rule {
    str name;
    unsigned kinds; /* that its values may have */
    size_t least, most;
} rules[LEGACY_OPERATORS] = {
    [LEGACY_EQ] = {STR_INIT("EQ"), ANY_KIND, 1, 1},
    [LEGACY_NE] = {STR_INIT("NE"), ANY_KIND, 1, 1},
    [LEGACY_LE] = {STR_INIT("LE"), SCALARS, 1, 1},
    [LEGACY_LT] = {STR_INIT("LT"), SCALARS, 1, 1},
    [LEGACY_GE] = {STR_INIT("GE"), SCALARS, 1, 1},
    [LEGACY_GT] = {STR_INIT("GT"), SCALARS, 1, 1},
    [LEGACY_NULL] = {STR_INIT("NULL"), ANY_KIND, 0, 0},
    [LEGACY_NOT_NULL] = {STR_INIT("NOT_NULL"), ANY_KIND, 0, 0},
    [LEGACY_CONTAINS] = {STR_INIT("CONTAINS"), SCALARS, 1, 1},
    [LEGACY_NOT_CONTAINS] = {STR_INIT("NOT_CONTAINS"), SCALARS, 1, 1},
    [LEGACY_BEGINS_WITH] = {STR_INIT("BEGINS_WITH"), KIND(STRING) | KIND(BINARY), 1, 1},
    [LEGACY_IN] = {STR_INIT("IN"), SCALARS, 1, SIZE_MAX},
    [LEGACY_BETWEEN] = {STR_INIT("BETWEEN"), SCALARS, 2, 2},
};

static enum legacy_operator operator_of(str name) {
    for (size_t i = 0; i < LEGACY_OPERATORS; i++)
        if (str_eq(rules[i].name, name))
            return (enum legacy_operator)i;
    CHECK(false); /* the shapes let no other name pass */
}

/* ---- what every parameter is checked for ---- */

status expr_legacy_check_name(struct scope *scope, str name) {
    if (name.len == 0)
        return fail_validation(scope, INVALID "Attribute name must not be empty");
    if (name.len > VALUE_NAME_BYTES_MAX)
        return fail_validation(scope,
                               INVALID "Attribute name is too large, must be less than %d bytes",
                               VALUE_NAME_BYTES_MAX + 1);
    return ST_OK;
}

status expr_legacy_check_value(struct scope *scope, const struct legacy_value *value) {
    return value->fault.ptr ? fail_validation(scope, "%.*s", STR_ARG(value->fault)) : ST_OK;
}

view expr_legacy_encode(struct arena *arena, struct value *value) {
    struct buf bytes;
    buf_init(&bytes, arena, 64);
    value_encode(value, &bytes);
    return view_from_encoding(buf_str(&bytes));
}

/* ---- one condition ---- */

static status check_kinds(struct scope *scope, const struct legacy_condition *condition,
                          const struct rule *rule) {
    for (size_t i = 1; i < condition->value_count; i++)
        if (condition->values[i].value.kind != condition->values[0].value.kind)
            return fail_validation(scope, INVALID "AttributeValues inside AttributeValueList must "
                                                  "be of same type");
    enum value_kind kind = condition->value_count ? condition->values[0].value.kind : VALUE_NONE;
    if (condition->value_count && !(rule->kinds & (1u << kind)))
        return fail_validation(
            scope, INVALID "ComparisonOperator %.*s is not valid for %.*s AttributeValue type",
            STR_ARG(rule->name), STR_ARG(value_kind_name(kind)));
    return ST_OK;
}

/* Everything that can be refused without the item; *out: the values' encodings. */
static status check(struct scope *scope, const struct legacy_condition *condition,
                    enum legacy_operator op, view **out) {
    const struct rule *rule = &rules[op];
    TRY(expr_legacy_check_name(scope, condition->name));
    for (size_t i = 0; i < condition->value_count; i++)
        TRY(expr_legacy_check_value(scope, &condition->values[i]));
    if (condition->value_count < rule->least || condition->value_count > rule->most)
        return fail_validation(
            scope, INVALID "Invalid number of argument(s) for the %.*s ComparisonOperator",
            STR_ARG(rule->name));
    TRY(check_kinds(scope, condition, rule));
    view *values = arena_array(scope->arena, view, condition->value_count);
    for (size_t i = 0; i < condition->value_count; i++)
        values[i] = expr_legacy_encode(scope->arena, &condition->values[i].value);
    int order = 0;
    if (op == LEGACY_BETWEEN && view_compare(values[0], values[1], &order) && order > 0)
        return fail_validation(scope, "The BETWEEN condition was provided a range where the lower "
                                      "bound is greater than the upper bound");
    *out = values;
    return ST_OK;
}

status expr_legacy_check(struct scope *scope, const struct legacy_condition *condition) {
    view *values = NULL;
    return check(scope, condition, operator_of(condition->operator_name), &values);
}

static status check_total(struct scope *scope, const struct legacy_condition *conditions,
                          size_t count) {
    size_t total = count;
    for (size_t i = 0; i < count; i++)
        total += conditions[i].value_count;
    if (total > LEGACY_OPERANDS_MAX)
        return fail_validation(scope, INVALID "More than %d conditions and values in one parameter",
                               LEGACY_OPERANDS_MAX);
    return ST_OK;
}

/* ---- nodes ---- */

struct expr_path expr_legacy_path(struct arena *arena, str name) {
    struct expr_path_part *part = arena_struct(arena, struct expr_path_part);
    part->name = name;
    return (struct expr_path){.parts = part, .count = 1};
}

/* A node over the attribute and all values, in this order. */
static struct expr_node *over(struct arena *arena, struct expr_node *node,
                              const struct legacy_condition *condition, const view *values) {
    expr_node_add(node, expr_node_path(arena, expr_legacy_path(arena, condition->name)));
    for (size_t i = 0; i < condition->value_count; i++)
        expr_node_add(node, expr_node_value(arena, (str){}, values[i]));
    return node;
}

static struct expr_node *compare(struct arena *arena, enum comparator comparator) {
    struct expr_node *node = expr_node_new(arena, NODE_COMPARE);
    node->comparator = comparator;
    return node;
}

/* Without operands yet. */
static struct expr_node *node_of(struct arena *arena, enum legacy_operator op) {
    switch (op) {
    case LEGACY_EQ:
        return compare(arena, COMPARE_EQ);
    case LEGACY_NE:
        return compare(arena, COMPARE_NE);
    case LEGACY_LE:
        return compare(arena, COMPARE_LE);
    case LEGACY_LT:
        return compare(arena, COMPARE_LT);
    case LEGACY_GE:
        return compare(arena, COMPARE_GE);
    case LEGACY_GT:
        return compare(arena, COMPARE_GT);
    case LEGACY_NULL:
        return expr_node_call(arena, STR("attribute_not_exists"));
    case LEGACY_NOT_NULL:
        return expr_node_call(arena, STR("attribute_exists"));
    case LEGACY_CONTAINS:
    case LEGACY_NOT_CONTAINS:
        return expr_node_call(arena, STR("contains"));
    case LEGACY_BEGINS_WITH:
        return expr_node_call(arena, STR("begins_with"));
    case LEGACY_IN:
        return expr_node_new(arena, NODE_IN);
    case LEGACY_BETWEEN:
        return expr_node_new(arena, NODE_BETWEEN);
    case LEGACY_OPERATORS:
        break;
    }
    CHECK(false);
}

static status lower(struct scope *scope, const struct legacy_condition *condition,
                    struct expr_node **out) {
    enum legacy_operator op = operator_of(condition->operator_name);
    view *values = NULL;
    TRY(check(scope, condition, op, &values));
    *out = over(scope->arena, node_of(scope->arena, op), condition, values);
    if (op == LEGACY_NOT_CONTAINS) {
        struct expr_node *contains = *out;
        *out = expr_node_new(scope->arena, NODE_NOT);
        expr_node_add(*out, contains);
    }
    return ST_OK;
}

status expr_condition_from_legacy(struct scope *scope, const struct legacy_condition *conditions,
                                  size_t count, bool any, struct expr_condition *out) {
    struct expr_node *root = expr_node_new(scope->arena, any ? NODE_OR : NODE_AND);
    str *names = arena_array(scope->arena, str, count);
    TRY(check_total(scope, conditions, count));
    for (size_t i = 0; i < count; i++) {
        struct expr_node *node = NULL;
        TRY(lower(scope, &conditions[i], &node));
        expr_node_add(root, node);
        names[i] = conditions[i].name;
    }
    *out = (struct expr_condition){
        .root = root, .top_names = names, .top_name_count = count, .path_count = count};
    return ST_OK;
}

/* ---- conditions on keys ---- */

/* False for what no order of keys can answer. */
static bool key_operator_of(enum legacy_operator op, enum key_operator *out) {
    switch (op) {
    case LEGACY_EQ:
        *out = KEY_EQ;
        return true;
    case LEGACY_LE:
        *out = KEY_LE;
        return true;
    case LEGACY_LT:
        *out = KEY_LT;
        return true;
    case LEGACY_GE:
        *out = KEY_GE;
        return true;
    case LEGACY_GT:
        *out = KEY_GT;
        return true;
    case LEGACY_BEGINS_WITH:
        *out = KEY_BEGINS_WITH;
        return true;
    case LEGACY_BETWEEN:
        *out = KEY_BETWEEN;
        return true;
    case LEGACY_NE:
    case LEGACY_NULL:
    case LEGACY_NOT_NULL:
    case LEGACY_CONTAINS:
    case LEGACY_NOT_CONTAINS:
    case LEGACY_IN:
        return false;
    case LEGACY_OPERATORS:
        break;
    }
    CHECK(false);
}

status expr_key_conditions_from_legacy(struct scope *scope,
                                       const struct legacy_condition *conditions, size_t count,
                                       const struct key_condition **out) {
    struct key_condition *all = arena_array(scope->arena, struct key_condition, count);
    TRY(check_total(scope, conditions, count));
    for (size_t i = 0; i < count; i++) {
        enum legacy_operator op = operator_of(conditions[i].operator_name);
        view *values = NULL;
        TRY(check(scope, &conditions[i], op, &values));
        all[i].name = conditions[i].name;
        all[i].not_indexable = !key_operator_of(op, &all[i].op);
        if (conditions[i].value_count > 0)
            all[i].value = values[0];
        if (op == LEGACY_BETWEEN)
            all[i].value_to = values[1];
    }
    *out = all;
    return ST_OK;
}
