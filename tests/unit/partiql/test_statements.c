/* What statements are made of once they are parsed. */
#include "partiql_test.h"

static const char *const test_names[] = {"other", "key", "in", "or"};
static const char *const operator_names[] = {"=", "<", "<=", ">", ">=", "between", "begins_with"};

/* "key a =, in b 2, other" */
static str terms_text(struct world *world, const struct partiql_statement *statement) {
    struct buf text;
    buf_init(&text, world->arena, 128);
    for (const struct partiql_term *term = statement->terms; term; term = term->next) {
        buf_printf(&text, "%s", test_names[term->test]);
        if (term->test != TEST_OTHER)
            buf_printf(&text, " %.*s", STR_ARG(term->key.name));
        if (term->test == TEST_KEY)
            buf_printf(&text, " %s", operator_names[term->key.op]);
        if (term->test == TEST_IN || term->test == TEST_OR)
            buf_printf(&text, " %zu", term->value_count);
        if (term->next)
            buf_add_lit(&text, ", ");
    }
    return buf_str(&text);
}

struct row {
    const char *where, *want;
};

static const struct row rows[] = {
    {"a = 1", "key a ="},
    {"1 = a", "key a ="},
    {"1 < a", "key a >"},
    {"1 >= a", "key a <="},
    {"a <> 1", "other"},
    {"a.b = 1", "other"},
    {"a = b", "other"},
    {"size(a) = 1", "other"},
    {"a BETWEEN 1 AND 2 AND b = 3", "key a between, key b ="},
    {"a BETWEEN b AND 2", "other"},
    {"begins_with(a, 'x')", "key a begins_with"},
    {"begins_with(a, b)", "other"},
    {"a IN [1, 2]", "in a 2"},
    {"a IN [1, b]", "other"},
    {"a NOT IN [1]", "other"},
    {"NOT a = 1", "other"},
    {"a = 1 OR b = 1", "other"},
    {"a = 1 OR a = 2", "or a 2"},
    {"a = 1 OR (2 = a OR a IN [3, 4]) OR (a = 5)", "or a 5"},
    {"(a = 1 OR a = 2) AND b = 3", "or a 2, key b ="},
    {"a = 1 OR a < 2", "other"},
    {"a = 1 OR a = 2 AND b = 3", "other"},
    {"a = 1 OR a = 2 OR b = 3", "other"},
    {"b = 3 OR a = 1 OR a = 2", "other"},
    {"a = 1 OR a = b", "other"},
    {"a = 1 OR NOT a = 2", "other"},
    {"NOT (a = 1 OR a = 2)", "other"},
    {"a = 1 AND (b = 2 AND (c = 3))", "key a =, key b =, key c ="},
    {"(a = 1 AND b < 2) AND (c = 3 OR d = 4)", "key a =, key b <, other"},
    {"((a)) = (((1)))", "key a ="},
};

static void terms_tell_which_keys_they_fix(void **state) {
    (void)state;
    struct world world;
    unsigned wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct partiql_statement statement = {};
        world_reset(&world);
        str text = arena_printf(world.arena, "SELECT * FROM t WHERE %s%c", rows[i].where, 0);
        status st = parse(&world, text.ptr, NULL, &statement);
        str got = st == ST_OK ? terms_text(&world, &statement) : world.scope.error_text;
        wrong += world_differs(rows[i].where, got, str_from_c(rows[i].want));
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

static struct partiql_statement parsed(struct world *world, const char *text) {
    struct partiql_statement statement;
    world_open(world);
    status st = parse(world, text, NULL, &statement);
    if (st != ST_OK)
        fail_msg("%s: %.*s", text, STR_ARG(world->scope.error_text));
    return statement;
}

static void a_source_is_a_table_or_an_index(void **state) {
    (void)state;
    struct world world;
    struct partiql_statement s = parsed(&world, "select * from \"a-b\".\"i.j\";");
    assert_str(s.table_name, "a-b");
    assert_str(s.index_name, "i.j");
    assert_false(s.has_where);
    world_close(&world);
    s = parsed(&world, "SELECT * FROM \"arn:aws:dynamodb:us-east-1:000000000000:table/abc\"");
    assert_str(s.table_name, "arn:aws:dynamodb:us-east-1:000000000000:table/abc");
    assert_null(s.index_name.ptr);
    world_close(&world);
}

static void columns_are_named_by_their_last_name(void **state) {
    (void)state;
    struct world world;
    struct partiql_statement s =
        parsed(&world, "SELECT a, b.c, d[0], e.f[1][2], \"g \"\"h\", \"value\".value, x.a FROM t");
    assert_int_equal(s.column_count, 7);
    assert_str(s.columns[1].name, "c");
    assert_str(s.columns[2].name, "d[0]");
    assert_str(s.columns[3].name, "f[1][2]");
    assert_str(s.columns[4].name, "g \"h");
    assert_str(s.columns[5].name, "value");
    assert_int_equal(s.columns[5].place, 5);
    assert_str(s.columns[6].name, "a");
    assert_int_equal(s.columns[6].place, 0);
    assert_int_equal(s.columns[6].path.count, 2);
    world_close(&world);
    s = parsed(&world, "SELECT b, a, x.b, a, y.b, c, a FROM t");
    static const size_t places[] = {0, 1, 0, 1, 0, 5, 1};
    assert_int_equal(s.column_count, 7);
    for (size_t i = 0; i < 7; i++)
        assert_int_equal(s.columns[i].place, places[i]);
    world_close(&world);
}

static void order_keeps_names_and_directions(void **state) {
    (void)state;
    struct world world;
    struct partiql_statement s =
        parsed(&world, "SELECT * FROM t WHERE a = 1 ORDER BY a, \"b\" DESC, c ASC");
    assert_int_equal(s.order_count, 3);
    assert_str(s.order[1].name, "b");
    assert_false(s.order[0].descending);
    assert_true(s.order[1].descending);
    assert_false(s.order[2].descending);
    world_close(&world);
}

static void inserted_values_have_their_types(void **state) {
    (void)state;
    struct world world;
    struct partiql_statement s =
        parsed(&world, "INSERT INTO t VALUE {'b': 'it''s', 'a': 1.50, 'c': [true, NULL, {}],"
                       " 'd': <<2, 1>>, 'e': <<'x'>>, 'f': '', 'g': []}");
    assert_int_equal(s.kind, PARTIQL_INSERT);
    assert_str(world_item_text(&world, &s.item),
               "{\"a\":{\"N\":\"1.5\"},\"b\":{\"S\":\"it's\"},\"c\":{\"L\":[{\"BOOL\":true},"
               "{\"NULL\":true},{\"M\":{}}]},\"d\":{\"NS\":[\"1\",\"2\"]},\"e\":{\"SS\":[\"x\"]},"
               "\"f\":{\"S\":\"\"},\"g\":{\"L\":[]}}");
    world_close(&world);
}

static void returning_says_which_image(void **state) {
    (void)state;
    static const struct {
        const char *text;
        enum partiql_returning want;
    } variants[] = {
        {"UPDATE t SET a = 1", RETURN_NONE},
        {"UPDATE t SET a = 1 RETURNING ALL OLD *", RETURN_ALL_OLD},
        {"UPDATE t SET a = 1 RETURNING ALL NEW *", RETURN_ALL_NEW},
        {"UPDATE t SET a = 1 WHERE b = 1 returning modified old *", RETURN_OLD},
        {"UPDATE t REMOVE a RETURNING MODIFIED NEW *", RETURN_NEW},
        {"DELETE FROM t RETURNING ALL OLD *", RETURN_ALL_OLD},
    };
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        struct world world;
        struct partiql_statement s = parsed(&world, variants[i].text);
        assert_int_equal(s.returning, variants[i].want);
        world_close(&world);
    }
}

static void exists_is_a_select_in_parentheses(void **state) {
    (void)state;
    struct world world;
    struct partiql_statement s = parsed(&world, "EXISTS (SELECT * FROM t WHERE a = 1)");
    assert_int_equal(s.kind, PARTIQL_EXISTS);
    assert_false(partiql_is_read(&s));
    assert_str(terms_text(&world, &s), "key a =");
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_tell_which_keys_they_fix),
        cmocka_unit_test(a_source_is_a_table_or_an_index),
        cmocka_unit_test(columns_are_named_by_their_last_name),
        cmocka_unit_test(order_keeps_names_and_directions),
        cmocka_unit_test(inserted_values_have_their_types),
        cmocka_unit_test(returning_says_which_image),
        cmocka_unit_test(exists_is_a_select_in_parentheses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
