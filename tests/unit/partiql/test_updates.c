/* What SET and REMOVE make of items. */
#include "partiql_test.h"

struct row {
    const char *item, *clauses, *parameters, *want;
};

#define WRONG_TYPE "An operand in the update expression has an incorrect data type"

static const struct row rows[] = {
    {"{'a':{'N':'1'}}", "SET b = 'x'", NULL, "{'a':{'N':'1'},'b':{'S':'x'}}"},
    {"{'a':{'N':'1'}}", "SET b = a", NULL, "{'a':{'N':'1'},'b':{'N':'1'}}"},
    {"{'a':{'N':'1'}}", "SET a = ?", "{'p':{'L':[]}}", "{'a':{'L':[]}}"},
    {"{'a':{'N':'1'}}", "SET b = 1, c = 2", NULL, "{'a':{'N':'1'},'b':{'N':'1'},'c':{'N':'2'}}"},
    {"{'a':{'N':'1'}}", "SET b = 1 SET c = 2 REMOVE a", NULL, "{'b':{'N':'1'},'c':{'N':'2'}}"},
    {"{'a':{'N':'1'},'b':{'N':'2'}}", "REMOVE a SET c = b", NULL, "{'b':{'N':'2'},'c':{'N':'2'}}"},
    {"{'a':{'N':'1'},'b':{'N':'2'},'c':{'N':'3'}}", "REMOVE a, b", NULL, "{'c':{'N':'3'}}"},
    {"{'a':{'N':'1'},'b':{'N':'2'}}", "SET a = b SET b = a", NULL, "{'a':{'N':'2'},'b':{'N':'1'}}"},
    {"{'a':{'N':'1'}}", "SET a = a + 1", NULL, "{'a':{'N':'2'}}"},
    {"{'a':{'N':'1'}}", "SET a = 10 - a - 2 + 0.5", NULL, "{'a':{'N':'7.5'}}"},
    {"{'a':{'N':'1'}}", "SET a = 10 - (a - 2)", NULL, "{'a':{'N':'11'}}"},
    {"{'a':{'N':'1'}}", "SET a = -1 + a", NULL, "{'a':{'N':'0'}}"},
    {"{'a':{'S':'1'}}", "SET a = a + 1", NULL, WRONG_TYPE},
    {"{'a':{'N':'1'}}", "SET a = gone", NULL,
     "The provided expression refers to an attribute that does not exist in the item"},
    {"{'m':{'M':{'x':{'N':'1'}}}}", "SET m.\"y z\" = m.x", NULL,
     "{'m':{'M':{'x':{'N':'1'},'y z':{'N':'1'}}}}"},
    {"{'m':{'M':{}}}", "SET m.x.y = 1", NULL,
     "The document path provided in the update expression is invalid for update"},
    {"{'l':{'L':[{'N':'0'},{'N':'1'}]}}", "SET l[1] = 'x' REMOVE l[0]", NULL,
     "{'l':{'L':[{'S':'x'}]}}"},
    {"{'l':{'L':[{'N':'0'}]}}", "SET l = list_append(l, [1, 2])", NULL,
     "{'l':{'L':[{'N':'0'},{'N':'1'},{'N':'2'}]}}"},
    {"{'l':{'L':[{'N':'0'}]}}", "SET l = LIST_APPEND(list_append([1], l), ?)",
     "{'p':{'L':[{'S':'x'}]}}", "{'l':{'L':[{'N':'1'},{'N':'0'},{'S':'x'}]}}"},
    {"{'l':{'S':'x'}}", "SET l = list_append(l, [1])", NULL, WRONG_TYPE},
    {"{'s':{'SS':['a']}}", "SET s = set_add(s, <<'b'>>)", NULL, "{'s':{'SS':['a','b']}}"},
    {"{}", "SET s = set_add(s, <<1>>)", NULL, "{'s':{'NS':['1']}}"},
    {"{'s':{'SS':['a','b']}}", "SET s = set_delete(s, <<'b','c'>>)", NULL, "{'s':{'SS':['a']}}"},
    {"{'s':{'SS':['a']}}", "SET s = set_delete(s, ?)", "{'p':{'SS':['a']}}", "{}"},
    {"{'s':{'SS':['a']}}", "SET s = set_add(s, <<1>>)", NULL, WRONG_TYPE},
    {"{'a':{'N':'1'}}", "SET b = {'x': [1, <<'p'>>, null, true]}", NULL,
     "{'a':{'N':'1'},'b':{'M':{'x':{'L':[{'N':'1'},{'SS':['p']},{'NULL':true},{'BOOL':true}]}}}}"},
};

static str outcome(struct world *world, const struct row *row) {
    struct partiql_statement statement;
    view before = world_view(world, row->item);
    str text = arena_printf(world->arena, "UPDATE t %s WHERE p = 'x'%c", row->clauses, 0);
    if (parse(world, text.ptr, row->parameters, &statement) != ST_OK)
        return world->scope.error_text;
    struct item item = item_thaw(before, world->arena);
    if (expr_update_apply(&world->scope, statement.update, before, &item) != ST_OK)
        return world->scope.error_text;
    return world_item_text(world, &item);
}

static void updates_make_what_they_say(void **state) {
    (void)state;
    struct world world;
    unsigned wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world_reset(&world);
        str got = outcome(&world, &rows[i]);
        wrong += world_differs(rows[i].clauses, got, world_json(&world, rows[i].want));
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(updates_make_what_they_say)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
