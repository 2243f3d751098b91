/* What AttributeUpdates make of items. */
#include "expr/legacy.h"
#include "expr_test.h"

#define INVALID "One or more parameter values were invalid: "
#define MISMATCH "Type mismatch for attribute to update"

struct row {
    const char *item;          /* NULL: it does not exist */
    const char *name, *action; /* action NULL: absent */
    const char *value;         /* NULL: none */
    const char *want;
};

static const struct row rows[] = {
    {"{'a':{'N':'1'}}", "a", NULL, "{'S':'x'}", "{'a':{'S':'x'}}"},
    {"{'a':{'N':'1'}}", "b", "PUT", "{'M':{}}", "{'a':{'N':'1'},'b':{'M':{}}}"},
    {NULL, "a", "PUT", "{'S':'x'}", "{'a':{'S':'x'}}"},
    {"{'a':{'N':'1'}}", "a.b", "PUT", "{'S':'x'}", "{'a':{'N':'1'},'a.b':{'S':'x'}}"},
    {"{'a':{'N':'1'}}", "a", "ADD", "{'N':'-2.5'}", "{'a':{'N':'-1.5'}}"},
    {"{}", "a", "ADD", "{'N':'3'}", "{'a':{'N':'3'}}"},
    {"{'a':{'SS':['x']}}", "a", "ADD", "{'SS':['x','y']}", "{'a':{'SS':['x','y']}}"},
    {"{'a':{'NS':['1']}}", "a", "ADD", "{'NS':['1.0','2']}", "{'a':{'NS':['1','2']}}"},
    {NULL, "a", "ADD", "{'BS':['AQID']}", "{'a':{'BS':['AQID']}}"},
    {"{'a':{'L':[{'N':'1'}]}}", "a", "ADD", "{'L':[{'N':'1'},{'S':'x'}]}",
     "{'a':{'L':[{'N':'1'},{'N':'1'},{'S':'x'}]}}"},
    {"{}", "a", "ADD", "{'L':[{'N':'1'}]}", "{'a':{'L':[{'N':'1'}]}}"},
    {NULL, "a", "ADD", "{'L':[]}", "{'a':{'L':[]}}"},
    {"{'a':{'N':'1'},'b':{'N':'2'}}", "a", "DELETE", NULL, "{'b':{'N':'2'}}"},
    {"{'a':{'N':'1'}}", "gone", "DELETE", NULL, "{'a':{'N':'1'}}"},
    {"{'a':{'SS':['x','y']}}", "a", "DELETE", "{'SS':['x','z']}", "{'a':{'SS':['y']}}"},
    {"{'a':{'SS':['x']},'b':{'N':'2'}}", "a", "DELETE", "{'SS':['x']}", "{'b':{'N':'2'}}"},
    {"{'b':{'N':'2'}}", "a", "DELETE", "{'SS':['x']}", "{'b':{'N':'2'}}"},
    /* what the item holds does not fit */
    {"{'a':{'S':'1'}}", "a", "ADD", "{'N':'1'}", MISMATCH},
    {"{'a':{'N':'1'}}", "a", "ADD", "{'SS':['x']}", MISMATCH},
    {"{'a':{'NS':['1']}}", "a", "ADD", "{'SS':['x']}", MISMATCH},
    {"{'a':{'N':'1'}}", "a", "ADD", "{'L':[]}", MISMATCH},
    {"{'a':{'L':[]}}", "a", "ADD", "{'N':'1'}", MISMATCH},
    {"{'a':{'NS':['1']}}", "a", "DELETE", "{'SS':['1']}", MISMATCH},
    {"{'a':{'N':'9.9e125'}}", "a", "ADD", "{'N':'9e125'}",
     "Number overflow. Attempting to store a number with magnitude larger than supported range"},
    /* what the request says does not fit */
    {"{}", "a", NULL, NULL,
     INVALID "Only DELETE action is allowed when no attribute value is specified"},
    {"{}", "a", "ADD", NULL,
     INVALID "Only DELETE action is allowed when no attribute value is specified"},
    {"{}", "a", "ADD", "{'S':'x'}", INVALID "ADD action is not supported for the type S"},
    {"{}", "a", "ADD", "{'M':{}}", INVALID "ADD action is not supported for the type M"},
    {"{}", "a", "DELETE", "{'N':'1'}",
     INVALID "DELETE action with value is not supported for the type N"},
    {"{}", "a", "DELETE", "{'L':[]}",
     INVALID "DELETE action with value is not supported for the type L"},
    {"{}", "", NULL, "{'N':'1'}", INVALID "Attribute name must not be empty"},
};

static struct legacy_update update_of(struct world *world, const char *name, const char *action,
                                      const char *value) {
    struct legacy_update out = {.name = str_from_c(name)};
    if (action)
        out.action = str_from_c(action);
    if (!value)
        return out;
    str json = arena_printf(world->arena, "{'v':%s}%c", value, 0);
    out.value = arena_struct(world->arena, struct legacy_value);
    out.value->value = world_item(world, json.ptr).attributes[0].value;
    return out;
}

static str outcome(struct world *world, const char *json, const struct legacy_update *updates,
                   size_t count) {
    struct expr_update *update = NULL;
    view before = world_view(world, json);
    struct item item = {};
    status st = expr_update_from_legacy(&world->scope, updates, count, &update);
    if (json)
        item = item_thaw(before, world->arena);
    if (st == ST_OK)
        st = expr_update_apply(&world->scope, update, before, &item);
    return st == ST_OK ? world_item_text(world, &item) : world_outcome(world, st);
}

static void actions_change_items_as_the_service_does(void **state) {
    (void)state;
    struct world world;
    bool wrong = false;
    world_open(&world);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct row *row = &rows[i];
        world_reset(&world);
        struct legacy_update one = update_of(&world, row->name, row->action, row->value);
        str label = arena_printf(world.arena, "%s %s %s%c", row->action ? row->action : "",
                                 row->name, row->value ? row->value : "", 0);
        wrong |= world_differs(label.ptr, outcome(&world, row->item, &one, 1),
                               world_json(&world, row->want));
    }
    world_close(&world);
    assert_false(wrong);
}

static void touched_attributes_are_known_and_sorted(void **state) {
    (void)state;
    struct world world;
    struct expr_update *update = NULL;
    const str *names;
    size_t count;
    world_open(&world);
    struct legacy_update updates[] = {update_of(&world, "b", "DELETE", NULL),
                                      update_of(&world, "a", "ADD", "{'N':'1'}")};
    assert_status(expr_update_from_legacy(&world.scope, updates, 2, &update), ST_OK);
    expr_update_targets(update, &names, &count);
    assert_int_equal(count, 2);
    assert_str(names[0], "a");
    assert_str(names[1], "b");
    struct item touched = expr_update_project(
        update, world_view(&world, "{'a':{'N':'1'},'b':{'N':'2'},'c':{'N':'3'}}"), world.arena);
    str want = world_json(&world, "{'a':{'N':'1'},'b':{'N':'2'}}");
    assert_true(str_eq(world_item_text(&world, &touched), want));
    world_close(&world);
}

static void deletes_alone_make_no_item(void **state) {
    (void)state;
    struct world world;
    struct expr_update *update = NULL;
    world_open(&world);
    struct legacy_update updates[] = {update_of(&world, "a", "DELETE", NULL),
                                      update_of(&world, "b", "DELETE", "{'SS':['x']}"),
                                      update_of(&world, "c", "ADD", "{'N':'1'}")};
    assert_status(expr_update_from_legacy(&world.scope, updates, 2, &update), ST_OK);
    assert_true(expr_update_only_removes(update));
    assert_status(expr_update_from_legacy(&world.scope, updates, 3, &update), ST_OK);
    assert_false(expr_update_only_removes(update));
    assert_status(expr_update_from_legacy(&world.scope, updates, 0, &update), ST_OK);
    assert_null(update); /* no action at all does make one */
    world_close(&world);
}

/* Every third attribute grows, every third goes, and as many that are new stand between them. */
static void many_attributes_are_met_in_one_walk(void **state) {
    (void)state;
    enum { MANY = 9000 };
    struct world world;
    struct expr_update *update = NULL;
    world_open(&world);
    struct value one = update_of(&world, "", NULL, "{'N':'1'}").value->value;
    struct attribute *attributes = arena_array(world.arena, struct attribute, MANY);
    struct legacy_update *updates = arena_array(world.arena, struct legacy_update, MANY);
    for (size_t i = 0; i < MANY; i++) {
        attributes[i] = (struct attribute){arena_printf(world.arena, "a%05zu", i), one};
        updates[i].name = i % 3 == 2 ? arena_printf(world.arena, "a%05zub", i) : attributes[i].name;
        updates[i].action = i % 3 == 1 ? STR("DELETE") : STR("ADD");
        if (i % 3 == 1)
            continue;
        updates[i].value = arena_struct(world.arena, struct legacy_value);
        updates[i].value->value = one;
    }
    struct item item = {.attributes = attributes, .count = MANY};
    view before = item_map(item_encode(&item, &(struct item_stamp){}, world.arena));
    item = item_thaw(before, world.arena);
    assert_status(expr_update_from_legacy(&world.scope, updates, MANY, &update), ST_OK);
    assert_status(expr_update_apply(&world.scope, update, before, &item), ST_OK);
    view after = item_map(item_encode(&item, &(struct item_stamp){}, world.arena));
    assert_int_equal(view_count(after), MANY);
    struct value two = update_of(&world, "", NULL, "{'N':'2'}").value->value;
    assert_true(str_eq(view_bytes(view_member(after, STR("a00300"))), two.bytes));
    assert_false(view_exists(view_member(after, STR("a00301"))));
    assert_true(str_eq(view_bytes(view_member(after, STR("a00302"))), one.bytes));
    assert_true(str_eq(view_bytes(view_member(after, STR("a00302b"))), one.bytes));
    assert_int_equal(expr_update_project(update, before, world.arena).count, MANY * 2 / 3);
    assert_int_equal(expr_update_project(update, after, world.arena).count, MANY * 2 / 3);
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(actions_change_items_as_the_service_does),
        cmocka_unit_test(touched_attributes_are_known_and_sorted),
        cmocka_unit_test(deletes_alone_make_no_item),
        cmocka_unit_test(many_attributes_are_met_in_one_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
