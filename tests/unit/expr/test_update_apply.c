/* What updates make of items. */
#include "expr_test.h"

struct row {
    const char *item, *text, *values, *want; /* item NULL: it does not exist */
};

#define MISSING "The provided expression refers to an attribute that does not exist in the item"
#define WRONG_TYPE "An operand in the update expression has an incorrect data type"
#define BAD_PATH "The document path provided in the update expression is invalid for update"

static const struct row rows[] = {
    /* SET */
    {"{'a':{'N':'1'}}", "SET b = :v", "{':v':{'S':'x'}}", "{'a':{'N':'1'},'b':{'S':'x'}}"},
    {"{'a':{'N':'1'}}", "SET a = :v", "{':v':{'S':'x'}}", "{'a':{'S':'x'}}"},
    {"{'a':{'N':'1'},'b':{'N':'2'}}", "SET a = b, b = a", NULL, "{'a':{'N':'2'},'b':{'N':'1'}}"},
    {"{'a':{'N':'1'},'b':{'N':'2'}}", "REMOVE a SET b = a", NULL, "{'b':{'N':'1'}}"},
    {"{'a':{'N':'1'}}", "SET b = gone", NULL, MISSING},
    {"{'a':{'N':'1'}}", "SET b = (a)", NULL, "{'a':{'N':'1'},'b':{'N':'1'}}"},
    {"{'a':{'M':{}}}", "SET a.b = :v", "{':v':{'S':'x'}}", "{'a':{'M':{'b':{'S':'x'}}}}"},
    {"{'a':{'M':{'b':{'M':{'c':{'N':'1'}}},'z':{'N':'0'}}}}",
     "SET a.b.c = :v, a.b.d = a.z, a.e = :v", "{':v':{'S':'x'}}",
     "{'a':{'M':{'b':{'M':{'c':{'S':'x'},'d':{'N':'0'}}},'e':{'S':'x'},'z':{'N':'0'}}}}"},
    {"{'a':{'N':'1'}}", "SET a.b = :v", "{':v':{'S':'x'}}", BAD_PATH},
    {"{'a':{'N':'1'}}", "SET b.c = :v", "{':v':{'S':'x'}}", BAD_PATH},
    {"{'a':{'N':'1'}}", "SET a[0] = :v", "{':v':{'S':'x'}}", BAD_PATH},
    {"{'a':{'M':{}}}", "SET a[0] = :v", "{':v':{'S':'x'}}", BAD_PATH},
    {"{'a':{'L':[]}}", "SET a.b = :v", "{':v':{'S':'x'}}", BAD_PATH},
    {"{'a':{'L':[]}}", "SET a[0].b = :v", "{':v':{'S':'x'}}", BAD_PATH},
    {NULL, "SET a.b = :v", "{':v':{'S':'x'}}", BAD_PATH},
    {NULL, "SET a = :v", "{':v':{'S':'x'}}", "{'a':{'S':'x'}}"},
    {NULL, "SET a = b", NULL, MISSING},
    {"{'a.b':{'N':'1'}}", "SET #d = :v", "{':v':{'S':'x'}}", "{'a.b':{'S':'x'}}"},
    /* lists: sets */
    {"{'a':{'L':[{'N':'0'},{'N':'1'}]}}", "SET a[1] = :v", "{':v':{'S':'x'}}",
     "{'a':{'L':[{'N':'0'},{'S':'x'}]}}"},
    {"{'a':{'L':[{'N':'0'}]}}", "SET a[7] = :p, a[3] = :q, a[5] = :r",
     "{':p':{'S':'7'},':q':{'S':'3'},':r':{'S':'5'}}",
     "{'a':{'L':[{'N':'0'},{'S':'3'},{'S':'5'},{'S':'7'}]}}"},
    {"{'a':{'L':[{'M':{}}]}}", "SET a[0].b = :v", "{':v':{'S':'x'}}",
     "{'a':{'L':[{'M':{'b':{'S':'x'}}}]}}"},
    {"{'a':{'L':[{'L':[{'N':'1'}]}]}}", "SET a[0][1] = :v", "{':v':{'S':'x'}}",
     "{'a':{'L':[{'L':[{'N':'1'},{'S':'x'}]}]}}"},
    {"{'a':{'L':[{'N':'0'},{'N':'1'},{'N':'2'}]}}", "SET a[0] = a[2], a[2] = a[0]", NULL,
     "{'a':{'L':[{'N':'2'},{'N':'1'},{'N':'0'}]}}"},
    /* lists: removals count by original indexes */
    {"{'a':{'L':[{'N':'0'},{'N':'1'},{'N':'2'},{'N':'3'}]}}", "REMOVE a[0], a[2]", NULL,
     "{'a':{'L':[{'N':'1'},{'N':'3'}]}}"},
    {"{'a':{'L':[{'N':'0'},{'N':'1'},{'N':'2'}]}}", "REMOVE a[0] SET a[1] = :v, a[9] = :w",
     "{':v':{'S':'x'},':w':{'S':'y'}}", "{'a':{'L':[{'S':'x'},{'N':'2'},{'S':'y'}]}}"},
    {"{'a':{'L':[{'N':'0'}]}}", "REMOVE a[1]", NULL, "{'a':{'L':[{'N':'0'}]}}"},
    {"{'a':{'L':[{'N':'0'}]}}", "REMOVE a[0]", NULL, "{'a':{'L':[]}}"},
    {"{'a':{'L':[{'N':'0'},{'M':{'x':{'N':'1'}}}]}}", "REMOVE a[0], a[1].x", NULL,
     "{'a':{'L':[{'M':{}}]}}"},
    /* REMOVE */
    {"{'a':{'N':'1'},'b':{'N':'2'}}", "REMOVE a", NULL, "{'b':{'N':'2'}}"},
    {"{'a':{'N':'1'}}", "REMOVE gone", NULL, "{'a':{'N':'1'}}"},
    {"{'a':{'M':{'b':{'N':'1'}}}}", "REMOVE a.b", NULL, "{'a':{'M':{}}}"},
    {"{'a':{'M':{}}}", "REMOVE a.b", NULL, "{'a':{'M':{}}}"},
    {"{'a':{'N':'1'}}", "REMOVE b.c", NULL, BAD_PATH},
    {"{'a':{'N':'1'}}", "REMOVE a.c", NULL, BAD_PATH},
    {"{'a':{'M':{}}}", "REMOVE a[0]", NULL, BAD_PATH},
    {NULL, "REMOVE a", NULL, "{}"},
    {NULL, "REMOVE a.b[3].c", NULL, "{}"},
    {NULL, "REMOVE a.b SET c = :v", "{':v':{'S':'x'}}", "{'c':{'S':'x'}}"},
    /* arithmetic */
    {"{'a':{'N':'1'}}", "SET a = a + :v", "{':v':{'N':'2.5'}}", "{'a':{'N':'3.5'}}"},
    {"{'a':{'N':'1'}}", "SET a = :v - a", "{':v':{'N':'2.5'}}", "{'a':{'N':'1.5'}}"},
    {"{'a':{'N':'1'}}", "SET a = (a - :v)", "{':v':{'N':'2'}}", "{'a':{'N':'-1'}}"},
    {"{'a':{'N':'1'}}", "SET b = if_not_exists(b, :v) + if_not_exists(a, :v)", "{':v':{'N':'5'}}",
     "{'a':{'N':'1'},'b':{'N':'6'}}"},
    {"{'a':{'S':'1'}}", "SET a = a + :v", "{':v':{'N':'2'}}", WRONG_TYPE},
    {"{'a':{'N':'1'}}", "SET a = a + gone", NULL, MISSING},
    {"{'a':{'N':'9.9E125'}}", "SET a = a + a", NULL,
     "Number overflow. Attempting to store a number with magnitude larger than supported range"},
    {"{'a':{'N':'1E125'}}", "SET a = a + :v", "{':v':{'N':'1E-130'}}",
     "Attempting to store more than 38 significant digits in a Number"},
    {"{'a':{'N':'1.1E-130'}}", "SET a = a - :v", "{':v':{'N':'1E-130'}}",
     "Number underflow. Attempting to store a number with magnitude smaller than supported range"},
    {"{'a':{'N':'12345678901234567890123456789012345678'}}", "SET a = a + :v", "{':v':{'N':'0.1'}}",
     "Attempting to store more than 38 significant digits in a Number"},
    {"{'a':{'N':'99999999999999999999999999999999999999'}}", "ADD a :v", "{':v':{'N':'1'}}",
     "{'a':{'N':'100000000000000000000000000000000000000'}}"},
    {"{'a':{'N':'5'}}", "SET a = a - a", NULL, "{'a':{'N':'0'}}"},
    /* functions */
    {"{'a':{'N':'1'}}", "SET a = if_not_exists(a, :v)", "{':v':{'N':'2'}}", "{'a':{'N':'1'}}"},
    {"{'a':{'N':'1'}}", "SET b = if_not_exists(b, a)", NULL, "{'a':{'N':'1'},'b':{'N':'1'}}"},
    {"{'a':{'N':'1'}}", "SET b = if_not_exists(b, gone)", NULL, MISSING},
    {"{'a':{'N':'1'}}", "SET b = if_not_exists(a, gone)", NULL, "{'a':{'N':'1'},'b':{'N':'1'}}"},
    {"{'a':{'N':'1'}}", "SET b = if_not_exists(b, if_not_exists(c, :v))", "{':v':{'L':[]}}",
     "{'a':{'N':'1'},'b':{'L':[]}}"},
    {"{'a':{'L':[{'N':'1'}]}}", "SET a = list_append(a, :v)", "{':v':{'L':[{'N':'2'}]}}",
     "{'a':{'L':[{'N':'1'},{'N':'2'}]}}"},
    {"{'a':{'L':[{'N':'1'}]}}", "SET a = list_append(:v, a)", "{':v':{'L':[{'N':'2'}]}}",
     "{'a':{'L':[{'N':'2'},{'N':'1'}]}}"},
    {"{'a':{'N':'1'}}", "SET b = list_append(if_not_exists(b, :e), :v)",
     "{':e':{'L':[]},':v':{'L':[{'N':'2'}]}}", "{'a':{'N':'1'},'b':{'L':[{'N':'2'}]}}"},
    {"{'a':{'L':[{'N':'1'}]}}", "SET a = list_append(list_append(a, :v), list_append(:v, a))",
     "{':v':{'L':[{'N':'2'}]}}", "{'a':{'L':[{'N':'1'},{'N':'2'},{'N':'2'},{'N':'1'}]}}"},
    {"{'a':{'N':'1'}}", "SET a = list_append(a, :v)", "{':v':{'L':[]}}", WRONG_TYPE},
    {"{'a':{'SS':['x']}}", "SET a = list_append(:v, a)", "{':v':{'L':[]}}", WRONG_TYPE},
    {"{'a':{'N':'1'}}", "SET b = list_append(gone, :v)", "{':v':{'L':[]}}", MISSING},
    {"{'a':{'L':[]},'b':{'N':'1'}}", "SET a = list_append(a, :v), b = b + :n REMOVE c",
     "{':v':{'L':[{'S':'x'}]},':n':{'N':'1'}}", "{'a':{'L':[{'S':'x'}]},'b':{'N':'2'}}"},
    /* ADD */
    {"{'a':{'N':'1'}}", "ADD a :v", "{':v':{'N':'2'}}", "{'a':{'N':'3'}}"},
    {"{'a':{'N':'1'}}", "ADD b :v", "{':v':{'N':'-2'}}", "{'a':{'N':'1'},'b':{'N':'-2'}}"},
    {NULL, "ADD a :v", "{':v':{'N':'2'}}", "{'a':{'N':'2'}}"},
    {"{'a':{'S':'1'}}", "ADD a :v", "{':v':{'N':'2'}}", WRONG_TYPE},
    {"{'a':{'SS':['b','d']}}", "ADD a :v", "{':v':{'SS':['e','a','b']}}",
     "{'a':{'SS':['a','b','d','e']}}"},
    {"{'a':{'NS':['1','3']}}", "ADD a :v", "{':v':{'NS':['1.0','2','30e-1']}}",
     "{'a':{'NS':['1','2','3']}}"},
    {"{'a':{'BS':['AQ==']}}", "ADD a :v", "{':v':{'BS':['AA==']}}", "{'a':{'BS':['AA==','AQ==']}}"},
    {"{'a':{'SS':['b']}}", "ADD a :v", "{':v':{'NS':['1']}}", WRONG_TYPE},
    {"{'a':{'N':'1'}}", "ADD a :v", "{':v':{'NS':['1']}}", WRONG_TYPE},
    {"{'a':{'N':'1'}}", "ADD s :v", "{':v':{'SS':['x']}}", "{'a':{'N':'1'},'s':{'SS':['x']}}"},
    {"{'a':{'M':{'n':{'N':'1'}}}}", "ADD a.n :v, a.m :v", "{':v':{'N':'2'}}",
     "{'a':{'M':{'m':{'N':'2'},'n':{'N':'3'}}}}"},
    {"{'a':{'L':[{'N':'1'}]}}", "ADD a[0] :v, a[4] :v", "{':v':{'N':'2'}}",
     "{'a':{'L':[{'N':'3'},{'N':'2'}]}}"},
    {"{'a':{'N':'1'}}", "ADD b.c :v", "{':v':{'N':'2'}}", BAD_PATH},
    /* DELETE */
    {"{'a':{'SS':['a','b','c']}}", "DELETE a :v", "{':v':{'SS':['c','a','x']}}",
     "{'a':{'SS':['b']}}"},
    {"{'a':{'NS':['1','2']}}", "DELETE a :v", "{':v':{'NS':['1.00']}}", "{'a':{'NS':['2']}}"},
    {"{'a':{'SS':['a']}}", "DELETE a :v", "{':v':{'SS':['a']}}", "{}"},
    {"{'a':{'M':{'s':{'SS':['a']}}}}", "DELETE a.s :v", "{':v':{'SS':['a']}}", "{'a':{'M':{}}}"},
    {"{'a':{'SS':['a']}}", "DELETE gone :v", "{':v':{'SS':['a']}}", "{'a':{'SS':['a']}}"},
    {"{'a':{'SS':['a']}}", "DELETE a :v", "{':v':{'NS':['1']}}", WRONG_TYPE},
    {"{'a':{'N':'1'}}", "DELETE a :v", "{':v':{'NS':['1']}}", WRONG_TYPE},
    {"{'a':{'N':'1'}}", "DELETE b.c :v", "{':v':{'NS':['1']}}", BAD_PATH},
    {NULL, "DELETE a :v", "{':v':{'SS':['a']}}", "{}"},
    /* everything at once */
    {"{'a':{'N':'1'},'s':{'SS':['a','b']},'l':{'L':[{'N':'1'}]},'x':{'S':'x'}}",
     "set l[9] = a, #n = x remove x add a :n delete s :s", "{':n':{'N':'1'},':s':{'SS':['a']}}",
     "{'a':{'N':'2'},'l':{'L':[{'N':'1'},{'N':'1'}]},'name':{'S':'x'},'s':{'SS':['b']}}"},
};

static str apply(struct world *world, const struct row *row, str text) {
    struct expr_placeholders p = world_placeholders(world, row->values);
    struct expr_update *update = NULL;
    if (expr_parse_update(&world->scope, text, &p, &update) != ST_OK)
        return world->scope.error_text;
    view before = world_view(world, row->item);
    struct item item = {};
    if (view_exists(before))
        item = item_thaw(before, world->arena);
    if (expr_update_apply(&world->scope, update, before, &item) != ST_OK)
        return world->scope.error_text;
    return world_item_text(world, &item);
}

static void updates_change_items_as_the_service_does(void **state) {
    (void)state;
    struct world world;
    int wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        world_reset(&world);
        str got = apply(&world, &rows[i], str_from_c(rows[i].text));
        wrong += world_differs(rows[i].text, got, world_json(&world, rows[i].want));
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

struct touched_row {
    const char *item, *text, *want;
};

static const struct touched_row touched_rows[] = {
    {"{'a':{'N':'1'},'b':{'N':'2'}}", "SET a = :v", "{'a':{'N':'1'}}"},
    {"{'a':{'N':'1'}}", "SET gone = :v", "{}"},
    {"{'a':{'M':{'b':{'N':'1'},'c':{'N':'2'}}},'d':{'N':'3'}}", "SET a.b = :v REMOVE d",
     "{'a':{'M':{'b':{'N':'1'}}},'d':{'N':'3'}}"},
    {"{'a':{'L':[{'N':'0'},{'N':'1'},{'N':'2'},{'N':'3'}]}}", "SET a[3] = :v, a[1] = :v",
     "{'a':{'L':[{'N':'1'},{'N':'3'}]}}"},
    {"{'a':{'L':[{'N':'0'}]}}", "SET a[3] = :v", "{}"},
    {"{'a':{'L':[{'M':{'x':{'N':'1'},'y':{'N':'2'}}}]}}", "SET a[0].x = :v",
     "{'a':{'L':[{'M':{'x':{'N':'1'}}}]}}"},
    {"{'a':{'M':{}}}", "SET a.b = :v", "{}"},
};

static void touched_paths_come_nested_in_their_parents(void **state) {
    (void)state;
    struct world world;
    int wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < sizeof(touched_rows) / sizeof(*touched_rows); i++) {
        const struct touched_row *row = &touched_rows[i];
        world_reset(&world);
        struct expr_placeholders p = world_placeholders(&world, "{':v':{'S':'x'}}");
        struct expr_update *update = NULL;
        assert_status(expr_parse_update(&world.scope, str_from_c(row->text), &p, &update), ST_OK);
        struct item touched =
            expr_update_project(update, world_view(&world, row->item), world.arena);
        wrong += world_differs(row->text, world_item_text(&world, &touched),
                               world_json(&world, row->want));
        assert_int_equal(expr_update_project(update, VIEW_NONE, world.arena).count, 0);
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

/* {"a": {"M": {"m": … }}} with `levels` maps below the item. */
static char *nested(char *room, size_t size, const char *begin, unsigned levels, const char *end) {
    size_t len = (size_t)snprintf(room, size, "%s", begin);
    for (unsigned i = 0; i < levels; i++)
        len += (size_t)snprintf(room + len, size - len, "{'M':{%s", i + 1 < levels ? "'m':" : "");
    for (unsigned i = 0; i < levels; i++)
        len += (size_t)snprintf(room + len, size - len, "}}");
    snprintf(room + len, size - len, "%s", end);
    return room;
}

static void an_update_may_not_nest_deeper_than_32_levels(void **state) {
    (void)state;
    struct world world;
    char room[2000];
    world_open(&world);
    struct row row = {.item = "{'a':{'M':{'b':{'M':{}}}}}",
                      .values = nested(room, sizeof(room), "{':v':", 29, "}")};
    str got = apply(&world, &row, STR("SET a.b.c = :v"));
    assert_true(str_starts_with(got, STR("{\"a\":{\"M\":{\"b\"")));
    world_reset(&world);
    row.values = nested(room, sizeof(room), "{':v':", 30, "}");
    got = apply(&world, &row, STR("SET a.b.c = :v"));
    assert_str(got, "Nesting Levels have exceeded supported limits: Attributes in the item have "
                    "nested levels beyond supported limit");
    world_close(&world);
}

/* One large value, named by an expression of 4096 bytes as often as it can. */
static void memory_is_bounded_by_what_an_item_may_hold(void **state) {
    (void)state;
    struct world world;
    struct buf values;
    char text[4096];
    world_open(&world);
    buf_init(&values, world.arena, 1024 * 1024);
    buf_add_lit(&values, "{':v':{'L':[{'N':'1'}");
    for (int i = 0; i < 20000; i++)
        buf_add_lit(&values, ",{'N':'1'}");
    buf_add(&values, "]}}", sizeof("]}}"));
    size_t len = (size_t)snprintf(text, sizeof(text), "SET a0 = :v");
    for (int i = 1; len < sizeof(text) - 16; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, ",a%d=:v", i);
    struct row row = {.values = values.ptr};
    assert_str(apply(&world, &row, (str){text, len}),
               "Item size to update has exceeded the maximum allowed size");
    assert_true(arena_used(world.arena) < 64 * 1024 * 1024);
    world_close(&world);
}

static void an_update_knows_what_it_writes(void **state) {
    (void)state;
    struct world world;
    struct expr_update *update = NULL;
    const str *names;
    size_t count;
    world_open(&world);
    struct expr_placeholders p = world_placeholders(&world, "{':v':{'N':'1'}}");
    assert_status(expr_parse_update(&world.scope,
                                    STR("SET b.x = c, b.y = :v REMOVE #s[1] ADD a :v"), &p,
                                    &update),
                  ST_OK);
    expr_update_targets(update, &names, &count);
    assert_int_equal(count, 3);
    assert_str(names[0], "a");
    assert_str(names[1], "b");
    assert_str(names[2], "status");
    assert_false(expr_update_only_removes(update));
    assert_status(expr_parse_update(&world.scope, STR("REMOVE a, b.c"), &p, &update), ST_OK);
    assert_true(expr_update_only_removes(update));
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_change_items_as_the_service_does),
        cmocka_unit_test(touched_paths_come_nested_in_their_parents),
        cmocka_unit_test(an_update_may_not_nest_deeper_than_32_levels),
        cmocka_unit_test(memory_is_bounded_by_what_an_item_may_hold),
        cmocka_unit_test(an_update_knows_what_it_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
