/* #names and :values by themselves: their syntax, the faults inside, and whether they were used. */
#include "expr_test.h"

struct row {
    const char *name_key, *name; /* NULL: no names given */
    const char *values;          /* NULL: none given */
    bool any_expression;
    const char *want;
};

static const struct row rows[] = {
    {NULL, NULL, NULL, true, "ok"},
    {"#n", "x", "{':v':{'S':''}}", true, "ok"},
    {"#0_a", "x", "{':0_a':{'N':'1'}}", true, "ok"},
    {"#_", "x", "{':_':{'N':'1'}}", true, "ok"},
    {"#n", "x", NULL, false,
     "ExpressionAttributeNames can only be specified when using "
     "expressions"},
    {NULL, NULL, "{':v':{'S':'x'}}", false,
     "ExpressionAttributeValues can only be specified when using expressions"},
    {"", NULL, NULL, true, "ExpressionAttributeNames must not be empty"},
    {NULL, NULL, "{}", true, "ExpressionAttributeValues must not be empty"},
    {"n", "x", NULL, true, "ExpressionAttributeNames contains invalid key: Syntax error; key: 'n'"},
    {"#", "x", NULL, true, "ExpressionAttributeNames contains invalid key: Syntax error; key: '#'"},
    {"#a-b", "x", NULL, true,
     "ExpressionAttributeNames contains invalid key: Syntax error; key: '#a-b'"},
    {" #a", "x", NULL, true,
     "ExpressionAttributeNames contains invalid key: Syntax error; key: ' #a'"},
    {"#a ", "x", NULL, true,
     "ExpressionAttributeNames contains invalid key: Syntax error; key: '#a '"},
    {"#a#", "x", NULL, true,
     "ExpressionAttributeNames contains invalid key: Syntax error; key: '#a#'"},
    {":a", "x", NULL, true,
     "ExpressionAttributeNames contains invalid key: Syntax error; key: ':a'"},
    {"#n", "", NULL, true,
     "ExpressionAttributeNames contains invalid value: Empty attribute name for key #n"},
    {NULL, NULL, "{'x':{'S':'x'}}", true,
     "ExpressionAttributeValues contains invalid key: Syntax error; key: 'x'"},
    {NULL, NULL, "{':':{'S':'x'}}", true,
     "ExpressionAttributeValues contains invalid key: Syntax error; key: ':'"},
    {NULL, NULL, "{':a.b':{'S':'x'}}", true,
     "ExpressionAttributeValues contains invalid key: Syntax error; key: ':a.b'"},
    {NULL, NULL, "{'':{'S':'x'}}", true,
     "ExpressionAttributeValues contains invalid key: Syntax error; key: ''"},
    {NULL, NULL, "{'x':{'SS':[]}}", true,
     "ExpressionAttributeValues contains invalid key: Syntax error; key: 'x'"},
    {NULL, NULL, "{':v':{'SS':[]}}", true,
     "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: "
     "An string set  may not be empty for key :v"},
    {NULL, NULL, "{':a':{'S':'x'},':v':{'N':'x'}}", true,
     "ExpressionAttributeValues contains invalid value: The parameter cannot be converted to a "
     "numeric value: x for key :v"},
    {NULL, NULL, "{':v':{'M':{'a':{'L':[{'N':'1E200'}]}}}}", true,
     "ExpressionAttributeValues contains invalid value: Number overflow. Attempting to store a "
     "number with magnitude larger than supported range for key :v"},
    {NULL, NULL, "{':v':{}}", true,
     "ExpressionAttributeValues contains invalid value: Supplied AttributeValue is empty, must "
     "contain exactly one of the supported datatypes for key :v"},
    {NULL, NULL, "{':v':{'S':'a','N':'1'}}", true,
     "ExpressionAttributeValues contains invalid value: Supplied AttributeValue has more than one "
     "datatypes set, must contain exactly one of the supported datatypes for key :v"},
    {NULL, NULL, "{':v':{'NULL':false}}", true,
     "ExpressionAttributeValues contains invalid value: One or more parameter values were invalid: "
     "Null attribute value types must have the value of true for key :v"},
};

static void placeholders_are_checked_by_themselves(void **state) {
    (void)state;
    struct world world;
    int wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct row *row = &rows[i];
        world_reset(&world);
        struct expr_placeholders p;
        struct item values = {};
        if (row->values)
            values = world_item(&world, row->values);
        str key = row->name_key ? str_from_c(row->name_key) : (str){};
        str name = row->name ? str_from_c(row->name) : (str){};
        status st =
            expr_placeholders_init(&world.scope, row->values ? &values : NULL, &key, &name,
                                   row->name ? 1 : 0, row->name_key, row->any_expression, &p);
        char label[32];
        snprintf(label, sizeof(label), "row %zu", i);
        wrong += world_differs(label, world_outcome(&world, st), world_json(&world, row->want));
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

static void a_null_name_and_a_long_placeholder_are_refused(void **state) {
    (void)state;
    struct world world;
    struct expr_placeholders p;
    char room[256];
    world_open(&world);
    str key = STR("#n"), name = {};
    assert_status(expr_placeholders_init(&world.scope, NULL, &key, &name, 1, true, true, &p),
                  ST_FAILED);
    assert_str(world.scope.error_text,
               "ExpressionAttributeNames contains invalid value: null for key #n");
    memset(room, 'a', sizeof(room));
    room[0] = '#';
    name = STR("x");
    world_reset(&world);
    key = (str){room, 255};
    assert_status(expr_placeholders_init(&world.scope, NULL, &key, &name, 1, true, true, &p),
                  ST_OK);
    key.len = 256;
    assert_status(expr_placeholders_init(&world.scope, NULL, &key, &name, 1, true, true, &p),
                  ST_FAILED);
    assert_true(str_contains(world.scope.error_text, STR("a key that is too long")));
    world_close(&world);
}

static void every_placeholder_must_be_of_use_to_some_expression(void **state) {
    (void)state;
    struct world world;
    struct expr_condition condition;
    struct expr_projection projection;
    struct item values;
    struct expr_placeholders p;
    const str keys[] = {STR("#b"), STR("#a")}, names[] = {STR("y"), STR("x")};
    world_open(&world);
    values = world_item(&world, "{':v':{'N':'1'},':u':{'N':'2'}}");
    assert_status(expr_placeholders_init(&world.scope, &values, keys, names, 2, true, true, &p),
                  ST_OK);
    assert_status(expr_placeholders_all_used(&world.scope, &p), ST_FAILED);
    assert_str(world.scope.error_text,
               "Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}");

    world.scope.error_text = (str){};
    world.scope.error = ERROR_NONE;
    assert_status(expr_parse_projection(&world.scope, STR("#a, #b"), &p, &projection), ST_OK);
    assert_status(expr_parse_condition(&world.scope, EXPR_FILTER, STR("#a = :v"), &p, &condition),
                  ST_OK);
    assert_status(expr_placeholders_all_used(&world.scope, &p), ST_FAILED);
    assert_str(world.scope.error_text,
               "Value provided in ExpressionAttributeValues unused in expressions: keys: {:u}");

    world.scope.error_text = (str){};
    world.scope.error = ERROR_NONE;
    assert_status(expr_parse_condition(&world.scope, EXPR_CONDITION, STR("a = :u"), &p, &condition),
                  ST_OK);
    assert_status(expr_placeholders_all_used(&world.scope, &p), ST_OK);
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_are_checked_by_themselves),
        cmocka_unit_test(a_null_name_and_a_long_placeholder_are_refused),
        cmocka_unit_test(every_placeholder_must_be_of_use_to_some_expression),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
