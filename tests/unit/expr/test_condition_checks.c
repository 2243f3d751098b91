/* What is refused before any item is looked at, and in which words. */
#include "expr_test.h"

static const char values[] = "{':v':{'S':'x'},':w':{'S':'y'},':n':{'N':'1'},':two':{'N':'2'},"
                             "':m':{'M':{}},':l':{'L':[]},':ss':{'SS':['a']},':t':{'BOOL':true},"
                             "':z':{'NULL':true},':b':{'B':'AQ=='},':b2':{'B':'Ag=='},"
                             "':ts':{'S':'SS'}}";

struct row {
    const char *text, *want;
};

static const struct row accepted_rows[] = {
    {"a = :v", "ok"},
    {"#n = :v", "ok"},
    {"#s = :v", "ok"},
    {"a.b.c[0][12].d = :v", "ok"},
    {"a . b [ 0 ] = :v", "ok"},
    {"(a) = (:v)", "ok"},
    {"((a) = :v)", "ok"},
    {"(a = :v)", "ok"},
    {"((a = :v) AND b = :w)", "ok"},
    {"(NOT (a = :v))", "ok"},
    {"NOT NOT a = :v", "ok"},
    {"not(a=:v)or(b=:w)", "ok"},
    {"a=:v and not(b=:w)", "ok"},
    {"a in(:v,:w,b)", "ok"},
    {"a IN ((:v), (b))", "ok"},
    {"a IN (:v, :n, :m, :t)", "ok"},
    {"a BETWEEN :n AND :two", "ok"},
    {"a between (:n) and (b)", "ok"},
    {":n BETWEEN a AND b", "ok"},
    {":n between :n and :n", "ok"},
    {":v = a", "ok"},
    {":v = :w", "ok"},
    {"a = b", "ok"},
    {"a = :m", "ok"},
    {"a <> :ss", "ok"},
    {"a IN (:ss)", "ok"},
    {"size(a) > :n", "ok"},
    {":n < size(a)", "ok"},
    {"(size(a)) = (size(b))", "ok"},
    {"size(:v) = :n", "ok"},
    {"size((b)) = :n", "ok"},
    {"size(a) BETWEEN :n AND :two", "ok"},
    {"attribute_exists(a.b)", "ok"},
    {"(attribute_exists(a))", "ok"},
    {"attribute_not_exists((a))", "ok"},
    {"attribute_type(a, :ts)", "ok"},
    {"begins_with(a, :v)", "ok"},
    {"begins_with(:v, a)", "ok"},
    {"begins_with ( a , b )", "ok"},
    {"contains(a, :n)", "ok"},
    {"contains(:v, a)", "ok"},
    {"contains(a, size(b))", "ok"},
    {"a=:v AND b=:v OR NOT c=:v AND (d=:v OR e=:v)", "ok"},
    {"\t\r\na\n=\r:v\t", "ok"},
    {"betweenx = :v", "ok"},
    {"#h = :v", "ok"},
    {"a[2147483647] = :v", "ok"},
    {"a[0007] = :v", "ok"},
};

static const struct row syntax_rows[] = {
    {"", "The expression can not be empty;"},
    {"  ", "Syntax error; token: \"<EOF>\", near: \"\""},
    {"a", "Syntax error; token: \"<EOF>\", near: \"a\""},
    {":v", "Syntax error; token: \"<EOF>\", near: \":v\""},
    {"(a)", "Syntax error; token: \"<EOF>\", near: \")\""},
    {"((a))", "Syntax error; token: \"<EOF>\", near: \")\""},
    {"a =", "Syntax error; token: \"<EOF>\", near: \"=\""},
    {"whatever bro", "Syntax error; token: \"bro\", near: \"whatever bro\""},
    {"a = :v AND", "Syntax error; token: \"<EOF>\", near: \"AND\""},
    {"a = :v b = :w", "Syntax error; token: \"b\", near: \":v b =\""},
    {"a IN ()", "Syntax error; token: \")\", near: \"()\""},
    {"a IN :v", "Syntax error; token: \":v\", near: \"IN :v\""},
    {"a IN (:v", "Syntax error; token: \"<EOF>\", near: \":v\""},
    {"a IN (:v,)", "Syntax error; token: \")\", near: \",)\""},
    {"a BETWEEN :v", "Syntax error; token: \"<EOF>\", near: \":v\""},
    {"a BETWEEN :v OR :w", "Syntax error; token: \"OR\", near: \":v OR :w\""},
    {"a BETWEEN :v AND", "Syntax error; token: \"<EOF>\", near: \"AND\""},
    {"size() = :n", "Syntax error; token: \")\", near: \"() =\""},
    {"size(a = :n", "Syntax error; token: \"=\", near: \"a = :n\""},
    {"size(a, ) = :n", "Syntax error; token: \")\", near: \", ) =\""},
    {"(a = :v) = :w", "Syntax error; token: \"=\", near: \") = :w\""},
    {"a = (b = :v)", "Syntax error; token: \"=\", near: \"b = :v\""},
    {"(a = :v", "Syntax error; token: \"<EOF>\", near: \":v\""},
    {"a = :v)", "Syntax error; token: \")\", near: \":v)\""},
    {"()", "Syntax error; token: \")\", near: \"()\""},
    {"NOT a", "Syntax error; token: \"<EOF>\", near: \"a\""},
    {"NOT", "Syntax error; token: \"<EOF>\", near: \"NOT\""},
    {"(NOT a) = :v", "Syntax error; token: \")\", near: \"a) =\""},
    {"a AND b = :v", "Syntax error; token: \"AND\", near: \"a AND b\""},
    {"AND a = :v", "Syntax error; token: \"AND\", near: \"AND a\""},
    {"a = and", "Syntax error; token: \"and\", near: \"= and\""},
    {"a.or = :v", "Syntax error; token: \"or\", near: \".or =\""},
    {"in(:v)", "Syntax error; token: \"in\", near: \"in(\""},
    {"_a = :v", "Syntax error; token: \"_\", near: \"_a\""},
    {"1a = :v", "Syntax error; token: \"1\", near: \"1a\""},
    {"a-b = :v", "Syntax error; token: \"-\", near: \"a-b\""},
    {"# = :v", "Syntax error; token: \"#\", near: \"# =\""},
    {"a = :", "Syntax error; token: \":\", near: \"= :\""},
    {"a == :v", "Syntax error; token: \"=\", near: \"== :v\""},
    {"a != :v", "Syntax error; token: \"!\", near: \"a !=\""},
    {"a = 1", "Syntax error; token: \"1\", near: \"= 1\""},
    {"a = 'x'", "Syntax error; token: \"'\", near: \"= 'x\""},
    {"a = \xc3\xa9 b", "Syntax error; token: \"\xc3\xa9\", near: \"= \xc3\xa9 b\""},
    {"\xf0\x9f\x98\x80", "Syntax error; token: \"\xf0\x9f\x98\x80\", near: \"\xf0\x9f\x98\x80\""},
    {"a[-1] = :v", "Syntax error; token: \"-\", near: \"[-1\""},
    {"a[b] = :v", "Syntax error; token: \"b\", near: \"[b]\""},
    {"a[:n] = :v", "Syntax error; token: \":n\", near: \"[:n]\""},
    {"a[] = :v", "Syntax error; token: \"]\", near: \"[] =\""},
    {"a[0 = :v", "Syntax error; token: \"=\", near: \"0 = :v\""},
    {"a. = :v", "Syntax error; token: \"=\", near: \". = :v\""},
    {".a = :v", "Syntax error; token: \".\", near: \".a\""},
    {"a = :v, b = :w", "Syntax error; token: \",\", near: \":v, b\""},
    {":v.a = :v", "Syntax error; token: \".\", near: \":v.a\""},
    {"a = b + c", "Syntax error; token: \"+\", near: \"b + c\""},
};

static const struct row refused_rows[] = {
    {"((a = :v))", "The expression has redundant parentheses;"},
    {"((a)) = :v", "The expression has redundant parentheses;"},
    {"a = ((:v))", "The expression has redundant parentheses;"},
    {"size(((b))) = :n", "The expression has redundant parentheses;"},
    {"a = :v AND ((b = :w OR c = :v))", "The expression has redundant parentheses;"},
    {"((begins_with(a, :v)))", "The expression has redundant parentheses;"},
    {"((status = :none)) AND foo(a)", "The expression has redundant parentheses;"},
    {"foo(a)", "Invalid function name; function: foo"},
    {"SIZE(a) = :n", "Invalid function name; function: SIZE"},
    {"Begins_With(a, :v)", "Invalid function name; function: Begins_With"},
    {"a = :none AND foo(status)", "Invalid function name; function: foo"},
    {"attribute_exists(f(g(a)))", "Invalid function name; function: g"},
    {"a = if_not_exists(b, :v)",
     "The function is not allowed in a condition expression; function: if_not_exists"},
    {"list_append(a, :l)",
     "The function is not allowed in a condition expression; function: list_append"},
    {"LIST_APPEND(a, :l)", "Invalid function name; function: LIST_APPEND"},
    {"size(a)", "The function is not allowed to be used this way in an expression; function: size"},
    {"NOT size(a)",
     "The function is not allowed to be used this way in an expression; function: size"},
    {"a = :v AND size(status)",
     "The function is not allowed to be used this way in an expression; function: size"},
    {"(size(a))",
     "The function is not allowed to be used this way in an expression; function: size"},
    {"attribute_exists(a) = :t", "The function is not allowed to be used this way in an "
                                 "expression; function: attribute_exists"},
    {"(contains(a, :v)) = :t",
     "The function is not allowed to be used this way in an expression; function: contains"},
    {"a IN (:v, begins_with(a, :v))",
     "The function is not allowed to be used this way in an expression; function: begins_with"},
    {"size(begins_with(a, :v)) = :n",
     "The function is not allowed to be used this way in an expression; function: begins_with"},
    {"status = :v", "Attribute name is a reserved keyword; reserved keyword: status"},
    {"a.STATUS = :v", "Attribute name is a reserved keyword; reserved keyword: STATUS"},
    {"a = :none AND b = size", "Attribute name is a reserved keyword; reserved keyword: size"},
    {"set = :v", "Attribute name is a reserved keyword; reserved keyword: set"},
    {"attribute_exists(#none) AND contains(name, :v)",
     "Attribute name is a reserved keyword; reserved keyword: name"},
    {"a = :none", "An expression attribute value used in expression is not defined; attribute "
                  "value: :none"},
    {"#none = :none", "An expression attribute name used in the document path is not defined; "
                      "attribute name: #none"},
    {":none = #none", "An expression attribute value used in expression is not defined; attribute "
                      "value: :none"},
    {"a.#none[1] = :v", "An expression attribute name used in the document path is not defined; "
                        "attribute name: #none"},
    {"a > :m OR b = :none",
     "Incorrect operand type for operator or function; operator: >, operand type: M"},
    {"a = :v OR a = :none OR b > :m", "An expression attribute value used in expression is not "
                                      "defined; attribute value: :none"},
    {"a[2147483648] = :v", "List index is not within the allowable range; index: [2147483648]"},
    {"a[4294967296] = :v", "List index is not within the allowable range; index: [4294967296]"},
    {"a[99999999999999999999999] = :v",
     "List index is not within the allowable range; index: [99999999999999999999999]"},
    {"size(a, b) = :n", "Incorrect number of operands for operator or function; operator or "
                        "function: size, number of operands: 2"},
    {"begins_with(a)", "Incorrect number of operands for operator or function; operator or "
                       "function: begins_with, number of operands: 1"},
    {"attribute_exists(a, b)", "Incorrect number of operands for operator or function; operator or "
                               "function: attribute_exists, number of operands: 2"},
    {"attribute_type(a, :v, :v)", "Incorrect number of operands for operator or function; operator "
                                  "or function: attribute_type, number of operands: 3"},
    {"a = a", "The first operand must be distinct from the remaining operands for this operator or "
              "function; operator: =, first operand: [a]"},
    {"a.b[0] < a.b[0]", "The first operand must be distinct from the remaining operands for this "
                        "operator or function; operator: <, first operand: [a, b, [0]]"},
    {"contains(a, #a)", "The first operand must be distinct from the remaining operands for this "
                        "operator or function; operator: contains, first operand: [a]"},
    {"begins_with(a, a)", "The first operand must be distinct from the remaining operands for this "
                          "operator or function; operator: begins_with, first operand: [a]"},
    {"a < :m", "Incorrect operand type for operator or function; operator: <, operand type: M"},
    {"a <= :l", "Incorrect operand type for operator or function; operator: <=, operand type: L"},
    {"a > :ss", "Incorrect operand type for operator or function; operator: >, operand type: SS"},
    {"a >= :t",
     "Incorrect operand type for operator or function; operator: >=, operand type: BOOL"},
    {":z < a", "Incorrect operand type for operator or function; operator: <, operand type: NULL"},
    {"a BETWEEN :m AND :m",
     "Incorrect operand type for operator or function; operator: BETWEEN, operand type: M"},
    {"a BETWEEN b AND :t",
     "Incorrect operand type for operator or function; operator: BETWEEN, operand type: BOOL"},
    {":l BETWEEN a AND b",
     "Incorrect operand type for operator or function; operator: BETWEEN, operand type: L"},
    {"a BETWEEN :two AND :n",
     "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower "
     "bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"},
    {"a BETWEEN :w AND :v",
     "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower "
     "bound operand: AttributeValue: {S:y}, upper bound operand: AttributeValue: {S:x}"},
    {"a BETWEEN :b2 AND :b",
     "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower "
     "bound operand: AttributeValue: {B:Ag==}, upper bound operand: AttributeValue: {B:AQ==}"},
    {"a BETWEEN :n AND :v",
     "The BETWEEN operator requires same data type for lower and upper bounds; lower bound "
     "operand: AttributeValue: {N:1}, upper bound operand: AttributeValue: {S:x}"},
    {"begins_with(a, :n)", "Incorrect operand type for operator or function; operator or function: "
                           "begins_with, operand type: N"},
    {"begins_with(:ss, a)", "Incorrect operand type for operator or function; operator or "
                            "function: begins_with, operand type: SS"},
    {"begins_with(size(a), :v)", "Incorrect operand type for operator or function; operator or "
                                 "function: begins_with, operand type: N"},
    {"size(:n) = :n", "Incorrect operand type for operator or function; operator or function: "
                      "size, operand type: N"},
    {"size(size(a)) = :n", "Incorrect operand type for operator or function; operator or function: "
                           "size, operand type: N"},
    {"size(:t) = :n", "Incorrect operand type for operator or function; operator or function: "
                      "size, operand type: BOOL"},
    {"attribute_exists(:v)", "Operator or function requires a document path; operator or function: "
                             "attribute_exists"},
    {"attribute_not_exists(size(a))", "Operator or function requires a document path; operator or "
                                      "function: attribute_not_exists"},
    {"attribute_type(a, :n)", "Incorrect operand type for operator or function; operator or "
                              "function: attribute_type, operand type: N"},
    {"attribute_type(a, b)",
     "Incorrect operand type for operator or function; operator or function: attribute_type, "
     "operand type: {NS,SS,L,BS,N,M,B,BOOL,NULL,S}"},
    {"attribute_type(a, :v)", "Invalid attribute type name found; type: x, valid types: "
                              "{B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
    {"attribute_exists(a) OR attribute_type(b, :v)",
     "Invalid attribute type name found; type: x, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
};

static void check_rows(const struct row *rows, size_t count) {
    struct world world;
    int wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < count; i++) {
        world_reset(&world);
        struct expr_placeholders p = world_placeholders(&world, values);
        struct expr_condition condition;
        status st = expr_parse_condition(&world.scope, EXPR_FILTER, str_from_c(rows[i].text), &p,
                                         &condition);
        str got = world_outcome(&world, st);
        str want = str_from_c(rows[i].want);
        if (st != ST_OK)
            want = arena_printf(world.arena, "Invalid FilterExpression: %s", rows[i].want);
        wrong += world_differs(rows[i].text, got, want);
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

#define CHECK_ROWS(rows) check_rows(rows, sizeof(rows) / sizeof(*(rows)))

static void well_formed_conditions_are_accepted(void **state) {
    (void)state;
    CHECK_ROWS(accepted_rows);
}

static void syntax_errors_name_the_token_and_its_neighbours(void **state) {
    (void)state;
    CHECK_ROWS(syntax_rows);
}

static void what_an_item_cannot_make_right_is_refused_at_once(void **state) {
    (void)state;
    CHECK_ROWS(refused_rows);
}

static void check_text(enum expr_use use, str text, const char *want) {
    struct world world;
    struct expr_condition condition;
    world_open(&world);
    struct expr_placeholders p = world_placeholders(&world, values);
    str got = world_outcome(&world, expr_parse_condition(&world.scope, use, text, &p, &condition));
    if (!str_eq(got, str_from_c(want)))
        fail_msg("got:  %.*s\n  want: %s", STR_ARG(got), want);
    world_close(&world);
}

static void texts_say_which_member_was_wrong(void **state) {
    (void)state;
    check_text(EXPR_CONDITION, STR("foo(a)"),
               "Invalid ConditionExpression: Invalid function name; function: foo");
    check_text(EXPR_FILTER, STR("foo(a)"),
               "Invalid FilterExpression: Invalid function name; function: foo");
    check_text(EXPR_KEY_CONDITION, STR(""),
               "Invalid KeyConditionExpression: The expression can not be empty;");
}

/* `begin`, then `unit` over and over up to `len` bytes, then `end`. */
static str repeated(char *room, size_t len, const char *begin, const char *unit, const char *end) {
    size_t at = strlen(begin), unit_len = strlen(unit);
    memcpy(room, begin, at);
    for (; at + unit_len + strlen(end) <= len; at += unit_len)
        memcpy(room + at, unit, unit_len);
    memcpy(room + at, end, strlen(end));
    return (str){room, at + strlen(end)};
}

static void a_text_may_have_4096_bytes(void **state) {
    (void)state;
    char room[5000];
    check_text(EXPR_FILTER, repeated(room, 4096, "a = :v", " ", ""), "ok");
    check_text(EXPR_FILTER, repeated(room, 4097, "a = :v", " ", ""),
               "Invalid FilterExpression: Expression size has exceeded the maximum allowed size; "
               "expression size: 4097");
}

static void hostile_nesting_is_refused_without_stack(void **state) {
    (void)state;
    char room[5000];
    check_text(EXPR_FILTER, repeated(room, 4096, "", "(", ""),
               "Invalid FilterExpression: Syntax error; token: \"<EOF>\", near: \"(\"");
    check_text(EXPR_FILTER, repeated(room, 4096, "", "NOT ", ""),
               "Invalid FilterExpression: Syntax error; token: \"<EOF>\", near: \"NOT\"");
    check_text(EXPR_FILTER, repeated(room, 4096, "", "f(", ""),
               "Invalid FilterExpression: Syntax error; token: \"<EOF>\", near: \"(\"");
    check_text(EXPR_FILTER, repeated(room, 4094, "", "NOT ", "a=:v"),
               "Invalid FilterExpression: The expression contains too many operators; operator "
               "count: 1023");
    check_text(EXPR_FILTER, repeated(room, 4096, "a[", "[", ""),
               "Invalid FilterExpression: Syntax error; token: \"[\", near: \"[[[\"");
    check_text(EXPR_FILTER, repeated(room, 4096, "a = ", "(", ""),
               "Invalid FilterExpression: Syntax error; token: \"<EOF>\", near: \"(\"");
    check_text(EXPR_FILTER, repeated(room, 4096, "a IN (", "(", ""),
               "Invalid FilterExpression: Syntax error; token: \"<EOF>\", near: \"(\"");
    check_text(EXPR_FILTER, repeated(room, 4096, "a", ".a", " = :v"),
               "Invalid FilterExpression: The document path has too many nesting elements; nesting "
               "levels: 2046");
}

static void an_expression_has_at_most_300_operators(void **state) {
    (void)state;
    char room[5000];
    /* 150 comparisons and 149 ORs; one NOT more; two more. */
    check_text(EXPR_FILTER, repeated(room, 6 + 149 * 10, "a = :v", " OR a = :v", ""), "ok");
    check_text(EXPR_FILTER, repeated(room, 10 + 149 * 10, "NOT a = :v", " OR a = :v", ""), "ok");
    check_text(EXPR_FILTER, repeated(room, 6 + 150 * 10, "a = :v", " OR a = :v", ""),
               "Invalid FilterExpression: The expression contains too many operators; operator "
               "count: 301");
}

static void in_takes_100_operands_with_the_one_on_its_left(void **state) {
    (void)state;
    char room[5000];
    check_text(EXPR_FILTER, repeated(room, 8 + 98 * 3 + 1, "a IN (:v", ",:v", ")"), "ok");
    check_text(EXPR_FILTER, repeated(room, 8 + 99 * 3 + 1, "a IN (:v", ",:v", ")"),
               "Invalid FilterExpression: Incorrect number of operands for operator or function; "
               "operator or function: IN, number of operands: 101");
}

static void a_path_has_at_most_32_parts(void **state) {
    (void)state;
    char room[200];
    check_text(EXPR_FILTER, repeated(room, 1 + 31 * 2 + 5, "a", ".b", " = :v"), "ok");
    check_text(EXPR_FILTER, repeated(room, 1 + 32 * 2 + 5, "a", ".b", " = :v"),
               "Invalid FilterExpression: The document path has too many nesting elements; nesting "
               "levels: 33");
}

static void a_condition_knows_the_top_level_names_it_mentions(void **state) {
    (void)state;
    struct world world;
    struct expr_condition condition;
    world_open(&world);
    struct expr_placeholders p = world_placeholders(&world, values);
    assert_status(expr_parse_condition(&world.scope, EXPR_FILTER,
                                       STR("a.b = :v AND (size(#s.x[1]) > :n OR NOT "
                                           "contains(#a[0], zz)) AND #d = :v"),
                                       &p, &condition),
                  ST_OK);
    assert_int_equal(condition.top_name_count, 4);
    assert_str(condition.top_names[0], "a");
    assert_str(condition.top_names[1], "status");
    assert_str(condition.top_names[2], "zz");
    assert_str(condition.top_names[3], "a.b");
    world_close(&world);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_conditions_are_accepted),
        cmocka_unit_test(syntax_errors_name_the_token_and_its_neighbours),
        cmocka_unit_test(what_an_item_cannot_make_right_is_refused_at_once),
        cmocka_unit_test(texts_say_which_member_was_wrong),
        cmocka_unit_test(a_text_may_have_4096_bytes),
        cmocka_unit_test(hostile_nesting_is_refused_without_stack),
        cmocka_unit_test(an_expression_has_at_most_300_operators),
        cmocka_unit_test(in_takes_100_operands_with_the_one_on_its_left),
        cmocka_unit_test(a_path_has_at_most_32_parts),
        cmocka_unit_test(a_condition_knows_the_top_level_names_it_mentions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
