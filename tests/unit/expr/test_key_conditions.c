/* Key conditions: one grammar with all conditions, and their own refusals. */
#include "expr_test.h"

static const char values[] = "{':p':{'S':'P'},':s':{'N':'1'},':t':{'N':'2'}}";

struct row {
    const char *text, *want; /* name operator value …; or the error */
};

static const struct row rows[] = {
    {"p = :p", "p = P"},
    {"(p = :p)", "p = P"},
    {":p = p", "p = P"},
    {"p = :p AND s = :s", "p = P, s = 1"},
    {"s < :s AND p = :p", "s < 1, p = P"},
    {"p = :p AND :s < s", "p = P, s > 1"},
    {"p = :p AND :s <= s", "p = P, s >= 1"},
    {"p = :p AND :s > s", "p = P, s < 1"},
    {"p = :p AND :s >= s", "p = P, s <= 1"},
    {"p = :p AND s <= :s", "p = P, s <= 1"},
    {"p = :p AND s > :s", "p = P, s > 1"},
    {"p = :p AND s >= :s", "p = P, s >= 1"},
    {"p = :p AND s BETWEEN :s AND :t", "p = P, s between 1 2"},
    {"(p = :p) AND (begins_with(s, :p))", "p = P, s begins_with P"},
    {"(p = :p AND q = :p) AND s = :s", "p = P, q = P, s = 1"},
    {"#n = :p", "name = P"},
    {"p = :p OR s = :s", "Invalid operator used in KeyConditionExpression: OR"},
    {"NOT p = :p", "Invalid operator used in KeyConditionExpression: NOT"},
    {"p = :p AND NOT s = :s", "Invalid operator used in KeyConditionExpression: NOT"},
    {"p IN (:p)", "Invalid operator used in KeyConditionExpression: IN"},
    {"p <> :p", "Invalid operator used in KeyConditionExpression: <>"},
    {"attribute_exists(p)", "Invalid operator used in KeyConditionExpression: attribute_exists"},
    {"p = :p AND contains(s, :p)", "Invalid operator used in KeyConditionExpression: contains"},
    {"size(p) = :s", "KeyConditionExpressions cannot contain nested operations"},
    {"p = :p AND p = :p", "KeyConditionExpressions must only contain one condition per key"},
    {"p = :p AND s > :s AND s < :t", "KeyConditionExpressions must only contain one condition per "
                                     "key"},
    {"a.b = :p", "KeyConditionExpressions cannot have conditions on nested attributes"},
    {"a[0] = :p", "KeyConditionExpressions cannot have conditions on nested attributes"},
    {"p = s", "Invalid condition in KeyConditionExpression: Multiple attribute names used in one "
              "condition"},
    {"p BETWEEN :s AND q", "Invalid condition in KeyConditionExpression: Multiple attribute names "
                           "used in one condition"},
    {":p = :p", "Invalid condition in KeyConditionExpression: No key attribute specified"},
    {":s BETWEEN :s AND p", "Invalid condition in KeyConditionExpression: BETWEEN operator must "
                            "have the key attribute as its first operand"},
    {"begins_with(:p, s)", "Invalid condition in KeyConditionExpression: begins_with operator must "
                           "have the key attribute as its first operand"},
    {"p = :p AND begins_with(s, :s)",
     "Invalid KeyConditionExpression: Incorrect operand type for operator or function; operator or "
     "function: begins_with, operand type: N"},
};

static const char *operator_text(enum key_operator op) {
    switch (op) {
    case KEY_EQ:
        return "=";
    case KEY_LT:
        return "<";
    case KEY_LE:
        return "<=";
    case KEY_GT:
        return ">";
    case KEY_GE:
        return ">=";
    case KEY_BETWEEN:
        return "between";
    case KEY_BEGINS_WITH:
        return "begins_with";
    }
    return "?";
}

static void add_value(struct buf *out, view v) {
    buf_add_lit(out, " ");
    if (view_kind(v) == VALUE_NUMBER)
        number_to_text(view_bytes(v), out);
    else
        buf_add_str(out, view_bytes(v));
}

static str describe(struct world *world, const struct key_condition *list, size_t count) {
    struct buf out;
    buf_init(&out, world->arena, 64);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&out, "%s%.*s %s", i ? ", " : "", STR_ARG(list[i].name),
                   operator_text(list[i].op));
        add_value(&out, list[i].value);
        if (list[i].op == KEY_BETWEEN)
            add_value(&out, list[i].value_to);
    }
    return buf_str(&out);
}

static void key_conditions_are_one_comparison_a_key(void **state) {
    (void)state;
    struct world world;
    int wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        world_reset(&world);
        struct expr_placeholders p = world_placeholders(&world, values);
        struct expr_condition condition;
        const struct key_condition *list = NULL;
        size_t count = 0;
        status st = expr_parse_condition(&world.scope, EXPR_KEY_CONDITION, str_from_c(rows[i].text),
                                         &p, &condition);
        if (st == ST_OK)
            st = expr_key_conditions(&world.scope, &condition, &list, &count);
        str got = st == ST_OK ? describe(&world, list, count) : world.scope.error_text;
        wrong += world_differs(rows[i].text, got, str_from_c(rows[i].want));
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_conditions_are_one_comparison_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
