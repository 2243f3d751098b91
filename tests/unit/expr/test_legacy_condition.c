/* What legacy conditions mean, and what they may not say. */
#include "expr/legacy.h"
#include "expr_test.h"

#define INVALID "One or more parameter values were invalid: "
#define ITEM                                                                                       \
    "{'n':{'N':'5'},'s':{'S':'hello'},'b':{'B':'AQID'},'l':{'L':[{'N':'1'},{'S':'x'}]},"           \
    "'m':{'M':{'k':{'N':'1'}}},'t':{'BOOL':true},'z':{'NULL':true},"                               \
    "'ss':{'SS':['x','y']},'ns':{'NS':['1','2']},'bs':{'BS':['AQID']}}"

struct row {
    const char *name, *operator_name;
    const char *values; /* the elements of a list; NULL: none */
    const char *want;   /* "true", "false" or the error */
};

static const struct row rows[] = {
    /* EQ and NE take whatever there is */
    {"n", "EQ", "{'N':'5.0'}", "true"},
    {"n", "EQ", "{'S':'5'}", "false"},
    {"gone", "EQ", "{'N':'5'}", "false"},
    {"ss", "EQ", "{'SS':['y','x']}", "true"},
    {"ss", "EQ", "{'SS':['x']}", "false"},
    {"l", "EQ", "{'L':[{'N':'1'},{'S':'x'}]}", "true"},
    {"m", "EQ", "{'M':{'k':{'N':'1'}}}", "true"},
    {"t", "EQ", "{'BOOL':true}", "true"},
    {"t", "NE", "{'BOOL':true}", "false"},
    {"z", "EQ", "{'NULL':true}", "true"},
    {"n", "NE", "{'N':'5'}", "false"},
    {"n", "NE", "{'N':'6'}", "true"},
    {"n", "NE", "{'S':'5'}", "true"},
    {"gone", "NE", "{'N':'5'}", "true"},
    {"ns", "NE", "{'NS':['2','1.0']}", "false"},
    /* order */
    {"n", "LT", "{'N':'10'}", "true"},
    {"n", "LT", "{'N':'5'}", "false"},
    {"n", "LE", "{'N':'5'}", "true"},
    {"n", "GT", "{'N':'4'}", "true"},
    {"n", "GT", "{'N':'5'}", "false"},
    {"n", "GE", "{'N':'5'}", "true"},
    {"n", "GT", "{'S':''}", "false"},
    {"s", "GT", "{'S':'hell'}", "true"},
    {"b", "LT", "{'B':'AQIE'}", "true"},
    {"gone", "LT", "{'N':'5'}", "false"},
    {"gone", "GE", "{'N':'5'}", "false"},
    /* existence */
    {"n", "NOT_NULL", NULL, "true"},
    {"z", "NOT_NULL", NULL, "true"},
    {"gone", "NOT_NULL", NULL, "false"},
    {"n", "NULL", NULL, "false"},
    {"z", "NULL", NULL, "false"},
    {"gone", "NULL", NULL, "true"},
    /* parts */
    {"s", "CONTAINS", "{'S':'ell'}", "true"},
    {"s", "CONTAINS", "{'S':'ELL'}", "false"},
    {"b", "CONTAINS", "{'B':'Ag=='}", "true"},
    {"ss", "CONTAINS", "{'S':'x'}", "true"},
    {"ns", "CONTAINS", "{'N':'1.0'}", "true"},
    {"ns", "CONTAINS", "{'S':'1'}", "false"},
    {"bs", "CONTAINS", "{'B':'AQID'}", "true"},
    {"l", "CONTAINS", "{'S':'x'}", "true"},
    {"n", "CONTAINS", "{'N':'5'}", "false"},
    {"gone", "CONTAINS", "{'S':'x'}", "false"},
    {"s", "NOT_CONTAINS", "{'S':'ell'}", "false"},
    {"s", "NOT_CONTAINS", "{'S':'z'}", "true"},
    {"ss", "NOT_CONTAINS", "{'S':'x'}", "false"},
    {"ss", "NOT_CONTAINS", "{'N':'1'}", "true"},
    {"l", "NOT_CONTAINS", "{'N':'1'}", "false"},
    {"gone", "NOT_CONTAINS", "{'S':'x'}", "true"},
    {"s", "BEGINS_WITH", "{'S':'he'}", "true"},
    {"s", "BEGINS_WITH", "{'S':'lo'}", "false"},
    {"b", "BEGINS_WITH", "{'B':'AQI='}", "true"},
    {"n", "BEGINS_WITH", "{'S':'5'}", "false"},
    {"gone", "BEGINS_WITH", "{'S':''}", "false"},
    /* several values */
    {"n", "IN", "{'N':'4'},{'N':'5'}", "true"},
    {"n", "IN", "{'N':'4'}", "false"},
    {"n", "IN", "{'S':'5'}", "false"},
    {"gone", "IN", "{'N':'5'}", "false"},
    {"n", "BETWEEN", "{'N':'5'},{'N':'5'}", "true"},
    {"n", "BETWEEN", "{'N':'6'},{'N':'10'}", "false"},
    {"s", "BETWEEN", "{'S':'h'},{'S':'i'}", "true"},
    {"n", "BETWEEN", "{'S':'0'},{'S':'9'}", "false"},
    {"gone", "BETWEEN", "{'N':'0'},{'N':'9'}", "false"},
    /* how many values */
    {"n", "EQ", NULL, INVALID "Invalid number of argument(s) for the EQ ComparisonOperator"},
    {"n", "NE", "{'N':'1'},{'N':'2'}",
     INVALID "Invalid number of argument(s) for the NE ComparisonOperator"},
    {"n", "NULL", "{'N':'1'}",
     INVALID "Invalid number of argument(s) for the NULL ComparisonOperator"},
    {"n", "NOT_NULL", "{'N':'1'}",
     INVALID "Invalid number of argument(s) for the NOT_NULL ComparisonOperator"},
    {"n", "IN", NULL, INVALID "Invalid number of argument(s) for the IN ComparisonOperator"},
    {"n", "BETWEEN", "{'N':'1'}",
     INVALID "Invalid number of argument(s) for the BETWEEN ComparisonOperator"},
    {"n", "BETWEEN", "{'N':'1'},{'N':'2'},{'N':'3'}",
     INVALID "Invalid number of argument(s) for the BETWEEN ComparisonOperator"},
    /* which values */
    {"n", "IN", "{'N':'1'},{'S':'2'}",
     INVALID "AttributeValues inside AttributeValueList must be of same type"},
    {"n", "LT", "{'SS':['a']}",
     INVALID "ComparisonOperator LT is not valid for SS AttributeValue type"},
    {"n", "GE", "{'BOOL':true}",
     INVALID "ComparisonOperator GE is not valid for BOOL AttributeValue type"},
    {"n", "CONTAINS", "{'NS':['1']}",
     INVALID "ComparisonOperator CONTAINS is not valid for NS AttributeValue type"},
    {"n", "NOT_CONTAINS", "{'L':[]}",
     INVALID "ComparisonOperator NOT_CONTAINS is not valid for L AttributeValue type"},
    {"n", "BEGINS_WITH", "{'N':'1'}",
     INVALID "ComparisonOperator BEGINS_WITH is not valid for N AttributeValue type"},
    {"n", "IN", "{'M':{}}", INVALID "ComparisonOperator IN is not valid for M AttributeValue type"},
    {"n", "BETWEEN", "{'NULL':true},{'NULL':true}",
     INVALID "ComparisonOperator BETWEEN is not valid for NULL AttributeValue type"},
    {"n", "BETWEEN", "{'N':'10'},{'N':'9'}",
     "The BETWEEN condition was provided a range where the lower bound is greater than the upper "
     "bound"},
    {"", "NULL", NULL, INVALID "Attribute name must not be empty"},
};

static struct legacy_condition condition(struct world *world, const char *name,
                                         const char *operator_name, const char *values) {
    struct legacy_condition out = {.name = str_from_c(name),
                                   .operator_name = str_from_c(operator_name)};
    if (!values)
        return out;
    str json = arena_printf(world->arena, "{'v':{'L':[%s]}}%c", values, 0);
    struct item item = world_item(world, json.ptr);
    const struct value *list = &item.attributes[0].value;
    out.value_count = list->count;
    out.values = arena_array(world->arena, struct legacy_value, list->count);
    for (size_t i = 0; i < list->count; i++)
        out.values[i].value = list->list[i];
    return out;
}

static str outcome(struct world *world, const struct legacy_condition *conditions, size_t count,
                   bool any) {
    struct expr_condition parsed;
    status st = expr_condition_from_legacy(&world->scope, conditions, count, any, &parsed);
    if (st != ST_OK)
        return world_outcome(world, st);
    return expr_condition_true(&parsed, world_view(world, ITEM)) ? STR("true") : STR("false");
}

static void operators_mean_what_the_service_means(void **state) {
    (void)state;
    struct world world;
    bool wrong = false;
    world_open(&world);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct row *row = &rows[i];
        world_reset(&world);
        struct legacy_condition one = condition(&world, row->name, row->operator_name, row->values);
        str label = arena_printf(world.arena, "%s %s %s%c", row->name, row->operator_name,
                                 row->values ? row->values : "", 0);
        wrong |= world_differs(label.ptr, outcome(&world, &one, 1, false), str_from_c(row->want));
    }
    world_close(&world);
    assert_false(wrong);
}

static void all_or_any_condition_must_be_true(void **state) {
    (void)state;
    struct world world;
    world_open(&world);
    struct legacy_condition both[] = {condition(&world, "n", "EQ", "{'N':'5'}"),
                                      condition(&world, "s", "EQ", "{'S':'no'}"),
                                      condition(&world, "gone", "NULL", NULL)};
    assert_str(outcome(&world, both, 3, false), "false");
    assert_str(outcome(&world, both, 3, true), "true");
    assert_str(outcome(&world, both, 1, true), "true");
    assert_str(outcome(&world, both + 1, 1, true), "false");
    assert_str(outcome(&world, both + 1, 2, true), "true");
    world_close(&world);
}

static void an_item_that_does_not_exist_lacks_every_attribute(void **state) {
    (void)state;
    struct world world;
    struct expr_condition parsed;
    world_open(&world);
    struct legacy_condition one = condition(&world, "n", "NULL", NULL);
    assert_status(expr_condition_from_legacy(&world.scope, &one, 1, false, &parsed), ST_OK);
    assert_true(expr_condition_true(&parsed, VIEW_NONE));
    assert_int_equal(parsed.top_name_count, 1);
    assert_str(parsed.top_names[0], "n");
    world_close(&world);
}

static void a_fault_in_a_value_comes_before_the_number_of_values(void **state) {
    (void)state;
    struct world world;
    world_open(&world);
    struct legacy_condition one = condition(&world, "n", "EQ", "{'N':'1'},{'N':'2'}");
    one.values[1].fault = STR("broken");
    assert_str(outcome(&world, &one, 1, false), "broken");
    world_close(&world);
}

static void more_operands_than_the_limit_are_refused(void **state) {
    (void)state;
    struct world world;
    world_open(&world);
    struct legacy_condition many[LEGACY_OPERANDS_MAX + 1];
    for (size_t i = 0; i <= LEGACY_OPERANDS_MAX; i++) {
        str name = arena_printf(world.arena, "a%zu", i);
        many[i] = (struct legacy_condition){.name = name, .operator_name = STR("NULL")};
    }
    assert_str(outcome(&world, many, LEGACY_OPERANDS_MAX, false), "true");
    assert_str(outcome(&world, many, LEGACY_OPERANDS_MAX + 1, false),
               INVALID "More than 1024 conditions and values in one parameter");
    world_close(&world);
}

static void conditions_on_keys_say_what_no_key_can_answer(void **state) {
    (void)state;
    static const struct {
        const char *operator_name, *values;
        bool indexable;
        enum key_operator op;
    } keys[] = {
        {"EQ", "{'N':'1'}", true, KEY_EQ},
        {"LT", "{'N':'1'}", true, KEY_LT},
        {"LE", "{'N':'1'}", true, KEY_LE},
        {"GT", "{'N':'1'}", true, KEY_GT},
        {"GE", "{'N':'1'}", true, KEY_GE},
        {"BETWEEN", "{'N':'1'},{'N':'2'}", true, KEY_BETWEEN},
        {"BEGINS_WITH", "{'S':'1'}", true, KEY_BEGINS_WITH},
        {"NE", "{'N':'1'}", false, KEY_EQ},
        {"IN", "{'N':'1'}", false, KEY_EQ},
        {"NULL", NULL, false, KEY_EQ},
        {"NOT_NULL", NULL, false, KEY_EQ},
        {"CONTAINS", "{'N':'1'}", false, KEY_EQ},
        {"NOT_CONTAINS", "{'N':'1'}", false, KEY_EQ},
    };
    struct world world;
    world_open(&world);
    for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
        const struct key_condition *out = NULL;
        struct legacy_condition one = condition(&world, "k", keys[i].operator_name, keys[i].values);
        assert_status(expr_key_conditions_from_legacy(&world.scope, &one, 1, &out), ST_OK);
        assert_str(out->name, "k");
        assert_int_equal(out->not_indexable, !keys[i].indexable);
        assert_int_equal(out->op, keys[i].op);
        assert_int_equal(view_exists(out->value), keys[i].values != NULL);
        assert_int_equal(view_exists(out->value_to), out->op == KEY_BETWEEN);
    }
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operators_mean_what_the_service_means),
        cmocka_unit_test(all_or_any_condition_must_be_true),
        cmocka_unit_test(an_item_that_does_not_exist_lacks_every_attribute),
        cmocka_unit_test(a_fault_in_a_value_comes_before_the_number_of_values),
        cmocka_unit_test(more_operands_than_the_limit_are_refused),
        cmocka_unit_test(conditions_on_keys_say_what_no_key_can_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
