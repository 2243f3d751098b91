/* Updates that are refused before any item is looked at. */
#include "expr_test.h"

static const char values[] = "{':v':{'S':'x'},':n':{'N':'1'},':l':{'L':[]},':ss':{'SS':['a']},"
                             "':m':{'M':{}},':t':{'BOOL':true},':z':{'NULL':true},':b':{'B':''}}";

struct row {
    const char *text, *want;
};

static const struct row rows[] = {
    {"SET a = :v", "ok"},
    {"set a=:v remove b, c add d :n delete e :ss", "ok"},
    {"DELETE e :ss ADD d :n REMOVE b SET a = :v", "ok"},
    {"SET a = (b + c)", "ok"},
    {"SET a = (b) + (c)", "ok"},
    {"SET a = b + (c)", "ok"},
    {"SET a.b[1].c = d.e[2]", "ok"},
    {"SET a = if_not_exists((b), :v)", "ok"},
    {"SET a = list_append(if_not_exists(a, :l), list_append(:l, b))", "ok"},
    {"SET a = if_not_exists(a, :n) + if_not_exists(b, :n)", "ok"},
    {"SET a = a - :n, b = b+:n", "ok"},
    {"SET #s = :v, #d.#n = :v", "ok"},
    {"SET a[0] = :v, a[1] = :v", "ok"},
    {"ADD a.b :n, c[1] :ss", "ok"},
    {"REMOVE a.b, a.c[1], a.c[0]", "ok"},
    {"SET a = a", "ok"},
    {"", "The expression can not be empty;"},
    {"a = :v", "Syntax error; token: 'a', near: 'a ='"},
    {"SET", "Syntax error; token: '<EOF>', near: 'SET'"},
    {"SETa=:v", "Syntax error; token: 'SETa', near: 'SETa='"},
    {"SET a", "Syntax error; token: '<EOF>', near: 'a'"},
    {"SET a=:v,", "Syntax error; token: '<EOF>', near: ','"},
    {"SET a=:v, REMOVE b", "Syntax error; token: 'b', near: 'REMOVE b'"},
    {"SET a=:v b=:v", "Syntax error; token: 'b', near: ':v b='"},
    {"SET a = b + c + d", "Syntax error; token: '+', near: 'c + d'"},
    {"SET a = b + (c - d)", "Syntax error; token: '-', near: 'c - d'"},
    {"SET a = (b + c) + d", "Syntax error; token: '+', near: ') + d'"},
    {"SET a = (b + c", "Syntax error; token: '<EOF>', near: 'c'"},
    {"SET a = b)", "Syntax error; token: ')', near: 'b)'"},
    {"SET a = list_append(:l, b + c)", "Syntax error; token: '+', near: 'b + c'"},
    {"SET a = f()", "Syntax error; token: ')', near: '()'"},
    {"SET (a) = b", "Syntax error; token: '(', near: 'SET (a'"},
    {"SET a = :v = b", "Syntax error; token: '=', near: ':v = b'"},
    {"SET a <> :v", "Syntax error; token: '<>', near: 'a <> :v'"},
    {"SET :v = a", "Syntax error; token: ':v', near: 'SET :v ='"},
    {"SET a = 5", "Syntax error; token: '5', near: '= 5'"},
    {"SET a = b * c", "Syntax error; token: '*', near: 'b * c'"},
    {"ADD a b", "Syntax error; token: 'b', near: 'a b'"},
    {"ADD a (:n)", "Syntax error; token: '(', near: 'a (:n'"},
    {"ADD a = :n", "Syntax error; token: '=', near: 'a = :n'"},
    {"DELETE a", "Syntax error; token: '<EOF>', near: 'a'"},
    {"REMOVE a = :v", "Syntax error; token: '=', near: 'a = :v'"},
    {"REMOVE", "Syntax error; token: '<EOF>', near: 'REMOVE'"},
    {"SET status = :v", "Attribute name is a reserved keyword; reserved keyword: status"},
    {"SET a = f(status)", "Attribute name is a reserved keyword; reserved keyword: status"},
    {"SET a = :none REMOVE b.name", "Attribute name is a reserved keyword; reserved keyword: name"},
    {"SET a = f(b, c)", "Invalid function name; function: f"},
    {"SET a = LIST_APPEND(a, :l)", "Invalid function name; function: LIST_APPEND"},
    {"SET a = size(b)", "The function is not allowed in an update expression; function: size"},
    {"SET a = :none SET b = f(c)", "Invalid function name; function: f"},
    {"SET a = :none SET b = :v",
     "The 'SET' section can only be used once in an update expression;"},
    {"REMOVE a REMOVE b SET c = :v SET d = :v",
     "The 'REMOVE' section can only be used once in an update expression;"},
    {"SET a = :none, #none = :v", "An expression attribute name used in the document path is not "
                                  "defined; attribute name: #none"},
    {"SET a = #none", "An expression attribute name used in the document path is not defined; "
                      "attribute name: #none"},
    {"SET a = :none, a = :v", "An expression attribute value used in expression is not defined; "
                              "attribute value: :none"},
    {"ADD a :none", "An expression attribute value used in expression is not defined; attribute "
                    "value: :none"},
    {"SET a = :v REMOVE a", "Two document paths overlap with each other; must remove or rewrite "
                            "one of these paths; path one: [a], path two: [a]"},
    {"SET a.b = :v ADD a :n", "Two document paths overlap with each other; must remove or rewrite "
                              "one of these paths; path one: [a, b], path two: [a]"},
    {"SET a = :v, #a.b = :v", "Two document paths overlap with each other; must remove or rewrite "
                              "one of these paths; path one: [a], path two: [a, b]"},
    {"SET a.b = :v, a[1] = :v", "Two document paths conflict with each other; must remove or "
                                "rewrite one of these paths; path one: [a, b], path two: [a, [1]]"},
    {"ADD a :v", "Incorrect operand type for operator or function; operator: ADD, operand type: "
                 "STRING, typeSet: ALLOWED_FOR_ADD_OPERAND"},
    {"ADD a :l", "Incorrect operand type for operator or function; operator: ADD, operand type: "
                 "LIST, typeSet: ALLOWED_FOR_ADD_OPERAND"},
    {"ADD a :m", "Incorrect operand type for operator or function; operator: ADD, operand type: "
                 "MAP, typeSet: ALLOWED_FOR_ADD_OPERAND"},
    {"ADD a :t", "Incorrect operand type for operator or function; operator: ADD, operand type: "
                 "BOOLEAN, typeSet: ALLOWED_FOR_ADD_OPERAND"},
    {"ADD a :z", "Incorrect operand type for operator or function; operator: ADD, operand type: "
                 "NULL, typeSet: ALLOWED_FOR_ADD_OPERAND"},
    {"ADD a :b", "Incorrect operand type for operator or function; operator: ADD, operand type: "
                 "BINARY, typeSet: ALLOWED_FOR_ADD_OPERAND"},
    {"DELETE a :n", "Incorrect operand type for operator or function; operator: DELETE, operand "
                    "type: NUMBER, typeSet: ALLOWED_FOR_DELETE_OPERAND"},
    {"SET a = if_not_exists(a)", "Incorrect number of operands for operator or function; operator "
                                 "or function: if_not_exists, number of operands: 1"},
    {"SET a = list_append(a, :l, b)", "Incorrect number of operands for operator or function; "
                                      "operator or function: list_append, number of operands: 3"},
    {"SET a = if_not_exists(:v, :v)", "Operator or function requires a document path; operator or "
                                      "function: if_not_exists"},
    {"SET a = list_append(a, :v)", "Incorrect operand type for operator or function; operator or "
                                   "function: list_append, operand type: S"},
    {"SET a = list_append(:ss, a)", "Incorrect operand type for operator or function; operator or "
                                    "function: list_append, operand type: SS"},
    {"SET a = a + :v", "Incorrect operand type for operator or function; operator or function: +, "
                       "operand type: S"},
    {"SET a = :l - a", "Incorrect operand type for operator or function; operator or function: -, "
                       "operand type: L"},
    {"SET a[99999999999] = :v", "List index is not within the allowable range; index: "
                                "[99999999999]"},
};

static void check(const char *label, str text, const char *want_text) {
    struct world world;
    struct expr_update *update;
    world_open(&world);
    struct expr_placeholders p = world_placeholders(&world, values);
    status st = expr_parse_update(&world.scope, text, &p, &update);
    str want = world_json(&world, want_text);
    if (st != ST_OK)
        want = arena_printf(world.arena, "Invalid UpdateExpression: %.*s", STR_ARG(want));
    bool wrong = world_differs(label, world_outcome(&world, st), want);
    world_close(&world);
    assert_false(wrong);
}

static void updates_are_refused_in_the_words_of_the_service(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        check(rows[i].text, str_from_c(rows[i].text), rows[i].want);
}

static str repeated(char *room, const char *begin, const char *unit) {
    size_t at = strlen(begin), unit_len = strlen(unit);
    memcpy(room, begin, at);
    for (; at + unit_len <= 4096; at += unit_len)
        memcpy(room + at, unit, unit_len);
    return (str){room, at};
}

static void hostile_nesting_is_refused_without_stack(void **state) {
    (void)state;
    char room[4096];
    check("f(", repeated(room, "SET a = ", "f("), "Syntax error; token: '<EOF>', near: '('");
    check("(", repeated(room, "SET a = ", "("), "Syntax error; token: '<EOF>', near: '('");
    check("SET", repeated(room, "", "SET "), "Syntax error; token: 'SET', near: 'SET SET SET'");
}

static void many_paths_are_checked_against_each_other(void **state) {
    (void)state;
    struct world world;
    struct expr_update *update;
    char room[4096];
    size_t len = (size_t)snprintf(room, sizeof(room), "REMOVE x");
    for (unsigned i = 0; len < sizeof(room) - 16; i++)
        len += (size_t)snprintf(room + len, sizeof(room) - len, ",a%u", i);
    world_open(&world);
    struct expr_placeholders p = world_placeholders(&world, values);
    assert_status(expr_parse_update(&world.scope, (str){room, len}, &p, &update), ST_OK);
    memcpy(room + len, ",a7", 3);
    assert_status(expr_parse_update(&world.scope, (str){room, len + 3}, &p, &update), ST_FAILED);
    assert_true(str_contains(world.scope.error_text, STR("path one: [a7], path two: [a7]")));
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(updates_are_refused_in_the_words_of_the_service),
        cmocka_unit_test(hostile_nesting_is_refused_without_stack),
        cmocka_unit_test(many_paths_are_checked_against_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
