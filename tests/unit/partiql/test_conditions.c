/* What WHERE says of items. */
#include "partiql_test.h"

struct row {
    const char *where, *parameters, *item; /* item NULL: there is none */
    bool want;
};

#define ITEM                                                                                       \
    "{'n':{'N':'5'},'s':{'S':'it\\u0027s'},'t':{'BOOL':true},'z':{'NULL':true},"                   \
    "'l':{'L':[{'N':'1'},{'M':{'x':{'S':'in'}}}]},'m':{'M':{'a b':{'N':'2'}}},"                    \
    "'ss':{'SS':['p','q']},'ns':{'NS':['1','2']},'b':{'B':'AQI='},'a.b':{'N':'7'}}"

static const struct row rows[] = {
    /* comparisons, by value */
    {"n = 5", NULL, ITEM, true},
    {"n = 5.0", NULL, ITEM, true},
    {"n = 50e-1", NULL, ITEM, true},
    {"n = -5", NULL, ITEM, false},
    {"n = +5", NULL, ITEM, true},
    {"n <> 5", NULL, ITEM, false},
    {"n != 6", NULL, ITEM, true},
    {"n < 6", NULL, ITEM, true},
    {"n <= 5", NULL, ITEM, true},
    {"n > 5", NULL, ITEM, false},
    {"n >= 5", NULL, ITEM, true},
    {"5 = n", NULL, ITEM, true},
    {"4 < n", NULL, ITEM, true},
    {"6 < n", NULL, ITEM, false},
    {"n = '5'", NULL, ITEM, false},
    {"s = 'it''s'", NULL, ITEM, true},
    {"t = true", NULL, ITEM, true},
    {"t = FALSE", NULL, ITEM, false},
    {"z = null", NULL, ITEM, true},
    {"n = null", NULL, ITEM, false},
    {"l = [1, {'x': 'in'}]", NULL, ITEM, true},
    {"l = [1]", NULL, ITEM, false},
    {"m = {'a b': 2}", NULL, ITEM, true},
    {"ss = <<'q', 'p'>>", NULL, ITEM, true},
    {"ns = <<2, 1.0>>", NULL, ITEM, true},
    {"ss = <<'p'>>", NULL, ITEM, false},
    {"b = ?", "{'a':{'B':'AQI='}}", ITEM, true},
    {"n = ? AND s = ?", "{'a':{'N':'5'},'b':{'S':'x'}}", ITEM, false},
    {"l = [?, {'x': ?}]", "{'a':{'N':'1'},'b':{'S':'in'}}", ITEM, true},
    /* paths */
    {"l[0] = 1", NULL, ITEM, true},
    {"l[1].x = 'in'", NULL, ITEM, true},
    {"l[1]['x'] = 'in'", NULL, ITEM, true},
    {"l[2] = 1", NULL, ITEM, false},
    {"m.\"a b\" = 2", NULL, ITEM, true},
    {"\"m\".\"a b\" = 2", NULL, ITEM, true},
    {"\"a.b\" = 7", NULL, ITEM, true},
    {"a.b = 7", NULL, ITEM, false},
    {"m.value IS MISSING", NULL, ITEM, true},
    /* what is missing */
    {"gone = 1", NULL, ITEM, false},
    {"gone <> 1", NULL, ITEM, true},
    {"NOT gone = 1", NULL, ITEM, true},
    {"gone < 1", NULL, ITEM, false},
    {"gone IS MISSING", NULL, ITEM, true},
    {"gone IS NOT MISSING", NULL, ITEM, false},
    {"n IS NOT MISSING", NULL, ITEM, true},
    {"gone IS NULL", NULL, ITEM, false},
    {"z IS NULL", NULL, ITEM, true},
    {"z IS NOT NULL", NULL, ITEM, false},
    {"n IS NOT NULL", NULL, ITEM, true},
    {"n IS MISSING", NULL, NULL, true},
    /* IN and BETWEEN */
    {"n IN [1, 5]", NULL, ITEM, true},
    {"n IN (1, 6)", NULL, ITEM, false},
    {"n NOT IN [1, 6]", NULL, ITEM, true},
    {"l IN [[1, {'x': 'in'}]]", NULL, ITEM, true},
    {"n IN [?, ?]", "{'a':{'S':'5'},'b':{'N':'5'}}", ITEM, true},
    {"n BETWEEN 5 AND 6", NULL, ITEM, true},
    {"n NOT BETWEEN 5 AND 6", NULL, ITEM, false},
    {"n BETWEEN 6 AND 7 OR n BETWEEN 1 AND 5 AND t = true", NULL, ITEM, true},
    /* functions, in any case of letters */
    {"begins_with(s, 'it')", NULL, ITEM, true},
    {"BEGINS_WITH(\"s\", 'xx')", NULL, ITEM, false},
    {"contains(s, '''')", NULL, ITEM, true},
    {"contains(ss, 'p')", NULL, ITEM, true},
    {"Contains(ns, 3)", NULL, ITEM, false},
    {"contains(l, 1)", NULL, ITEM, true},
    {"attribute_type(m, 'M')", NULL, ITEM, true},
    {"attribute_type(m, ?)", "{'a':{'S':'L'}}", ITEM, false},
    {"size(ss) = 2", NULL, ITEM, true},
    {"size(s) > size(ss)", NULL, ITEM, true},
    {"size(n) > 0", NULL, ITEM, false},
    /* how they are joined */
    {"n = 5 AND s = 'x' OR t = true", NULL, ITEM, true},
    {"n = 5 AND (s = 'x' OR t = false)", NULL, ITEM, false},
    {"n = 6 OR n = 7 OR n = 5", NULL, ITEM, true},
    {"NOT n = 5 OR t = true", NULL, ITEM, true},
    {"NOT (n = 5 OR t = true)", NULL, ITEM, false},
    {"NOT NOT n = 5", NULL, ITEM, true},
    {"((((n)) = 5))", NULL, ITEM, true},
    {"(n = 5) AND ((t = true) AND (z IS NULL))", NULL, ITEM, true},
    {"NOT (n = 5 AND t = true AND s = 'x')", NULL, ITEM, true},
    {"n = 5 and not t = false Or z is missing", NULL, ITEM, true},
    {"n /* five */ = 5 -- to the end\n AND t = true", NULL, ITEM, true},
};

static void conditions_say_what_they_mean(void **state) {
    (void)state;
    struct world world;
    unsigned wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct partiql_statement statement;
        bool got = true;
        world_reset(&world);
        view map = world_view(&world, rows[i].item);
        str text = arena_printf(world.arena, "SELECT * FROM t WHERE %s%c", rows[i].where, 0);
        status st = parse(&world, text.ptr, rows[i].parameters, &statement);
        if (st == ST_OK)
            for (const struct partiql_term *term = statement.terms; term; term = term->next) {
                struct expr_condition condition;
                assert_status(expr_build_condition(&world.scope, term->node, &condition), ST_OK);
                got &= expr_condition_true(&condition, map);
            }
        str outcome = st != ST_OK ? world.scope.error_text : got ? STR("true") : STR("false");
        wrong += world_differs(rows[i].where, outcome, rows[i].want ? STR("true") : STR("false"));
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(conditions_say_what_they_mean)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
