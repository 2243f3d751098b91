/* Projections: which are refused, and what they leave of an item. */
#include "expr_test.h"

static const char item[] =
    "{'a':{'N':'1'},'b':{'M':{'x':{'S':'X'},'y':{'L':[{'N':'0'},{'N':'1'},{'M':{'z':{'N':'2'}}}]}}}"
    ","
    "'l':{'L':[{'S':'0'},{'S':'1'},{'L':[{'S':'20'},{'S':'21'}]},{'S':'3'}]},'a.b':{'S':'dot'},"
    "'name':{'S':'n'}}";

struct row {
    const char *text, *want;
};

static const struct row rows[] = {
    {"a", "{'a':{'N':'1'}}"},
    {"#n, a", "{'a':{'N':'1'},'name':{'S':'n'}}"},
    {"#d", "{'a.b':{'S':'dot'}}"},
    {"gone", "{}"},
    {"a.x", "{}"},
    {"a[0]", "{}"},
    {"b[0]", "{}"},
    {"l.x", "{}"},
    {"b.gone", "{}"},
    {"b.x", "{'b':{'M':{'x':{'S':'X'}}}}"},
    {"b.y[1]", "{'b':{'M':{'y':{'L':[{'N':'1'}]}}}}"},
    {"b.y[2].z,b.x", "{'b':{'M':{'x':{'S':'X'},'y':{'L':[{'M':{'z':{'N':'2'}}}]}}}}"},
    {"l[3], l[0]", "{'l':{'L':[{'S':'0'},{'S':'3'}]}}"},
    {"l[9], l[1]", "{'l':{'L':[{'S':'1'}]}}"},
    {"l[2][1], l[0], a", "{'a':{'N':'1'},'l':{'L':[{'S':'0'},{'L':[{'S':'21'}]}]}}"},
    {"l[2]", "{'l':{'L':[{'L':[{'S':'20'},{'S':'21'}]}]}}"},
    {" a , b . x ", "{'a':{'N':'1'},'b':{'M':{'x':{'S':'X'}}}}"},
    {"l[4294967296]", "Invalid ProjectionExpression: List index is not within the allowable range; "
                      "index: [4294967296]"},
    {"", "Invalid ProjectionExpression: The expression can not be empty;"},
    {"a,", "Invalid ProjectionExpression: Syntax error; token: '<EOF>', near: ','"},
    {"a b", "Invalid ProjectionExpression: Syntax error; token: 'b', near: 'a b'"},
    {"(a)", "Invalid ProjectionExpression: Syntax error; token: '(', near: '(a'"},
    {":v", "Invalid ProjectionExpression: Syntax error; token: ':v', near: ':v'"},
    {"a, and", "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved "
               "keyword: and"},
    {"#none, status",
     "Invalid ProjectionExpression: Attribute name is a reserved keyword; reserved "
     "keyword: status"},
    {"a, #none", "Invalid ProjectionExpression: An expression attribute name used in the document "
                 "path is not defined; attribute name: #none"},
    {"a, a", "Invalid ProjectionExpression: Two document paths overlap with each other; must "
             "remove or rewrite one of these paths; path one: [a], path two: [a]"},
    {"a, b.x, #a.c", "Invalid ProjectionExpression: Two document paths overlap with each other; "
                     "must remove or rewrite one of these paths; path one: [a], path two: [a, c]"},
    {"c.d[1].e, c.d", "Invalid ProjectionExpression: Two document paths overlap with each other; "
                      "must remove or rewrite one of these paths; path one: [c, d, [1], e], path "
                      "two: [c, d]"},
    {"c.d, x, c[1]", "Invalid ProjectionExpression: Two document paths conflict with each other; "
                     "must remove or rewrite one of these paths; path one: [c, d], path two: [c, "
                     "[1]]"},
    {"c.d, c[1], x, x", "Invalid ProjectionExpression: Two document paths overlap with each other; "
                        "must remove or rewrite one of these paths; path one: [x], path two: [x]"},
    {"c[0], c[1], c[00]", "Invalid ProjectionExpression: Two document paths overlap with each "
                          "other; must remove or rewrite one of these paths; path one: [c, [0]], "
                          "path two: [c, [0]]"},
};

static void projections_leave_the_named_parts_nested_in_their_parents(void **state) {
    (void)state;
    struct world world;
    int wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        world_reset(&world);
        struct expr_placeholders p = world_placeholders(&world, NULL);
        struct expr_projection projection;
        str got = world.scope.error_text;
        if (expr_parse_projection(&world.scope, str_from_c(rows[i].text), &p, &projection) ==
            ST_OK) {
            struct item part = expr_project(&projection, world_view(&world, item), world.arena);
            got = world_item_text(&world, &part);
        } else {
            got = world.scope.error_text;
        }
        wrong += world_differs(rows[i].text, got, world_json(&world, rows[i].want));
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

static void legacy_names_are_taken_as_they_are(void **state) {
    (void)state;
    struct world world;
    struct expr_projection projection;
    const str names[] = {STR("name"), STR("a.b"), STR("gone")};
    world_open(&world);
    assert_status(expr_projection_from_names(&world.scope, names, 3, &projection), ST_OK);
    struct item part = expr_project(&projection, world_view(&world, item), world.arena);
    assert_str(world_item_text(&world, &part), "{\"a.b\":{\"S\":\"dot\"},\"name\":{\"S\":\"n\"}}");
    const str twice[] = {STR("a"), STR("b"), STR("a")};
    assert_status(expr_projection_from_names(&world.scope, twice, 3, &projection), ST_FAILED);
    assert_str(world.scope.error_text, "One or more parameter values were invalid: Duplicate value "
                                       "in attribute name: a");
    world_close(&world);
}

static void an_item_that_does_not_exist_has_no_parts(void **state) {
    (void)state;
    struct world world;
    struct expr_projection projection;
    world_open(&world);
    struct expr_placeholders p = world_placeholders(&world, NULL);
    assert_status(expr_parse_projection(&world.scope, STR("a, b.c"), &p, &projection), ST_OK);
    assert_int_equal(expr_project(&projection, VIEW_NONE, world.arena).count, 0);
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(projections_leave_the_named_parts_nested_in_their_parents),
        cmocka_unit_test(legacy_names_are_taken_as_they_are),
        cmocka_unit_test(an_item_that_does_not_exist_has_no_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
