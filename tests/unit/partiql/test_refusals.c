/* What is no statement, and what is said of it. */
#include "partiql_test.h"

struct row {
    const char *text, *parameters, *want;
};

#define MALFORMED "Statement wasn't well formed, can't be processed: "
#define COUNT_MISMATCH "Number of parameters in request and statement don't match."
#define ONE "{'a':{'S':'x'}}"

static const struct row rows[] = {
    /* statements */
    {"", NULL, MALFORMED "Expected data manipulation"},
    {"  -- nothing", NULL, MALFORMED "Expected data manipulation"},
    {"DROP TABLE t", NULL, MALFORMED "Expected data manipulation"},
    {"SELECT * FROM t; SELECT * FROM t", NULL,
     MALFORMED "Unexpected token after semicolon. (Only one query is allowed.)"},
    {"SELECT * FROM t WHERE a = 1 b", NULL, MALFORMED "Unexpected token after expression"},
    {"INSERT INTO t VALUE {'a': 1} RETURNING ALL OLD *", NULL,
     MALFORMED "Unexpected token after expression"},
    /* characters and quotes */
    {"SELECT * FROM t WHERE a = 'x", NULL, MALFORMED "Unterminated string literal"},
    {"SELECT * FROM \"t", NULL, MALFORMED "Unterminated quoted identifier"},
    {"SELECT * FROM t WHERE a = '''", NULL, MALFORMED "Unterminated string literal"},
    {"SELECT * /* FROM t", NULL, MALFORMED "Unterminated comment"},
    {"SELECT * /*/ FROM t", NULL, MALFORMED "Unterminated comment"},
    {"SELECT * FROM t WHERE a = #", NULL, MALFORMED "Unexpected character: '#'"},
    {"SELECT * FROM t WHERE a = \xc3\xa9", NULL, MALFORMED "Unexpected character: '\xc3\xa9'"},
    {"SELECT * FROM t WHERE a = `x`", NULL, MALFORMED "Unexpected character: '`'"},
    /* columns */
    {"SELECT", NULL, MALFORMED "Expected identifier for simple path"},
    {"SELECT FROM t", NULL, MALFORMED "Unexpected keyword 'FROM'"},
    {"SELECT a, FROM t", NULL, MALFORMED "Unexpected keyword 'FROM'"},
    {"SELECT a.'b' FROM t", NULL, MALFORMED "Invalid path dot component"},
    {"SELECT a.* FROM t", NULL, MALFORMED "Invalid path dot component"},
    {"SELECT a.", NULL, MALFORMED "Invalid path dot component"},
    {"SELECT a.\"\" FROM t", NULL, MALFORMED "Path component cannot be an empty string"},
    {"SELECT a. FROM t", NULL, MALFORMED "Expected FROM but got 't'"},
    {"SELECT *, a FROM t", NULL, MALFORMED "Expected FROM but got ','"},
    {"SELECT a b FROM t", NULL, MALFORMED "Expected FROM but got 'b'"},
    {"SELECT 'a' FROM t", NULL, MALFORMED "Expected identifier for simple path but got ''a''"},
    {"SELECT a[x] FROM t", NULL, MALFORMED "Expected index in '[]'"},
    {"SELECT a[1 FROM t", NULL, MALFORMED "Expected ']' but got 'FROM'"},
    {"SELECT a[1.5] FROM t", NULL, MALFORMED "Expected index in '[]'"},
    {"SELECT a[2147483648] FROM t", NULL,
     "List index is not within the allowable range; index: [2147483648]"},
    {"SELECT \"\" FROM t", NULL, MALFORMED "Path component cannot be an empty string"},
    {"SELECT COUNT(*) FROM t", NULL, "Unexpected path component at 1:8:5"},
    {"SELECT a,\n  size(b) FROM t", NULL, "Unexpected path component at 2:3:4"},
    {"SELECT a AS b FROM t", NULL, "Aliasing is not supported."},
    {"SELECT DISTINCT a FROM t", NULL, MALFORMED "Unexpected keyword 'DISTINCT'"},
    /* sources */
    {"SELECT *", NULL, MALFORMED "Expected FROM"},
    {"SELECT * FROM", NULL, MALFORMED "Expected table name"},
    {"SELECT * FROM 't'", NULL, MALFORMED "Unexpected from source"},
    {"SELECT * FROM my-table", NULL, MALFORMED "Unexpected from source"},
    {"SELECT * FROM \"a\".\"b\".\"c\"", NULL,
     "A path may contain at most 2 components in the FROM clause at 1:15:3"},
    {"SELECT * FROM a, b", NULL, "Only select from a single table or index is supported."},
    {"SELECT * FROM a JOIN b", NULL, "Only select from a single table or index is supported."},
    {"SELECT * FROM a x", NULL, "Aliasing is not supported."},
    {"SELECT * FROM a AS x", NULL, "Aliasing is not supported."},
    {"SELECT * FROM t GROUP BY a", NULL, "Unsupported clause: GROUP at 1:17:5"},
    {"SELECT * FROM t LIMIT 1", NULL, "Unsupported clause: LIMIT at 1:17:5"},
    {"SELECT * FROM t WHERE a = 1 ORDER BY b\n LIMIT 1", NULL,
     "Unsupported clause: LIMIT at 2:2:5"},
    {"UPDATE t.i SET a = 1", NULL,
     "FROM clause may only contain a single table name in data manipulation statements at 1:8:1"},
    {"DELETE FROM t.i", NULL,
     "FROM clause may only contain a single table name in data manipulation statements at 1:13:1"},
    /* WHERE */
    {"SELECT * FROM t WHERE", NULL, MALFORMED "Expected expression"},
    {"SELECT * FROM t WHERE a", NULL, MALFORMED "Expected operator after operand"},
    {"SELECT * FROM t WHERE a =", NULL, MALFORMED "Expected expression"},
    {"SELECT * FROM t WHERE a = = 1", NULL, MALFORMED "Expected expression but got '='"},
    {"SELECT * FROM t WHERE a = 1 AND", NULL, MALFORMED "Expected expression"},
    {"SELECT * FROM t WHERE (a = 1", NULL, MALFORMED "Expected ')'"},
    {"SELECT * FROM t WHERE (a) AND b = 1", NULL,
     MALFORMED "Expected operator after operand but got 'AND'"},
    {"SELECT * FROM t WHERE a LIKE 'x'", NULL,
     MALFORMED "Expected operator after operand but got 'LIKE'"},
    {"SELECT * FROM t WHERE a + 1 = 2", NULL,
     MALFORMED "Expected operator after operand but got '+'"},
    {"SELECT * FROM t WHERE a BETWEEN 1", NULL, MALFORMED "Expected AND after BETWEEN"},
    {"SELECT * FROM t WHERE a IN 1", NULL, MALFORMED "Expected '(' or '[' after IN"},
    {"SELECT * FROM t WHERE a IN []", NULL, MALFORMED "Expected expression but got ']'"},
    {"SELECT * FROM t WHERE a IN [1)", NULL, MALFORMED "Expected ']' but got ')'"},
    {"SELECT * FROM t WHERE a NOT 1", NULL, MALFORMED "Expected IN or BETWEEN after NOT"},
    {"SELECT * FROM t WHERE a IS 1", NULL, MALFORMED "Expected MISSING or NULL after IS"},
    {"SELECT * FROM t WHERE 1 IS NULL", NULL, MALFORMED "Expected attribute path before IS"},
    {"SELECT * FROM t WHERE foo(a, 1)", NULL, "Unsupported function at 1:23:3"},
    {"SELECT * FROM t WHERE begins_with(a)", NULL, MALFORMED "Expected ',' but got ')'"},
    {"SELECT * FROM t WHERE size(a)", NULL, MALFORMED "Expected operator after operand"},
    {"SELECT * FROM t WHERE begins_with(a, 1)", NULL,
     "Incorrect operand type for operator or function; operator or function: begins_with, operand "
     "type: N"},
    {"SELECT * FROM t WHERE attribute_type(a, 'X')", NULL,
     "Invalid attribute type name found; type: X, valid types: {B,NULL,SS,BOOL,L,BS,N,NS,S,M}"},
    {"SELECT * FROM t WHERE a BETWEEN 2 AND 1", NULL,
     "The BETWEEN operator requires upper bound to be greater than or equal to lower bound; lower "
     "bound operand: AttributeValue: {N:2}, upper bound operand: AttributeValue: {N:1}"},
    {"SELECT * FROM t WHERE a < [1]", NULL,
     "Incorrect operand type for operator or function; operator: <, operand type: L"},
    /* ORDER BY */
    {"SELECT * FROM t WHERE a = 1 ORDER a", NULL, MALFORMED "Expected BY but got 'a'"},
    {"SELECT * FROM t WHERE a = 1 ORDER BY", NULL, MALFORMED "Expected identifier for simple path"},
    {"SELECT * FROM t WHERE a = 1 ORDER BY a.b", NULL,
     MALFORMED "ORDER BY takes names of key attributes"},
    /* values */
    {"INSERT INTO t", NULL, MALFORMED "Expected VALUE"},
    {"INSERT t VALUE {}", NULL, MALFORMED "Expected INTO but got 't'"},
    {"INSERT INTO t VALUE 1", NULL, MALFORMED "Expected '{' but got '1'"},
    {"INSERT INTO t VALUE ?", ONE, MALFORMED "The item to insert must be a map"},
    {"INSERT INTO t VALUE {a: 1}", NULL,
     MALFORMED "Expected attribute name in single quotes but got 'a'"},
    {"INSERT INTO t VALUE {'a' 1}", NULL, MALFORMED "Expected ':' but got '1'"},
    {"INSERT INTO t VALUE {'a': b}", NULL, MALFORMED "Expected value but got 'b'"},
    {"INSERT INTO t VALUE {'a': 1", NULL, MALFORMED "Expected '}'"},
    {"INSERT INTO t VALUE {'a': 1, 'b': 2, 'a': 3}", NULL, MALFORMED "Duplicate attribute 'a'"},
    {"INSERT INTO t VALUE {'': 1}", NULL,
     "One or more parameter values were invalid: Attribute name must not be empty"},
    {"INSERT INTO t VALUE {'a': <<>>}", NULL,
     "One or more parameter values were invalid: An set  may not be empty"},
    {"INSERT INTO t VALUE {'a': <<1, 'x'>>}", NULL,
     "One or more parameter values were invalid: A set holds strings, numbers or binaries, all of "
     "one type"},
    {"INSERT INTO t VALUE {'a': <<1, 1.0>>}", NULL, "Input collection contains duplicates"},
    {"INSERT INTO t VALUE {'a': - }", NULL, MALFORMED "Expected number but got '}'"},
    {"INSERT INTO t VALUE {'a': 1e126}", NULL,
     "Number overflow. Attempting to store a number with magnitude larger than supported range"},
    {"INSERT INTO t VALUE {'a': 123456789012345678901234567890123456789}", NULL,
     "Attempting to store more than 38 significant digits in a Number"},
    /* UPDATE and DELETE */
    {"UPDATE t", NULL, MALFORMED "Expected SET"},
    {"UPDATE t WHERE a = 1", NULL, MALFORMED "Expected SET but got 'WHERE'"},
    {"UPDATE t SET a", NULL, MALFORMED "Expected '='"},
    {"UPDATE t SET a = 1 +", NULL, MALFORMED "Expected expression"},
    {"UPDATE t SET a = size(b)", NULL, "Unsupported function at 1:18:4"},
    {"UPDATE t SET a = if_not_exists(b, 1)", NULL, "Unsupported function at 1:18:13"},
    {"UPDATE t SET a = 1, a = 2", NULL,
     "Two document paths overlap with each other; must remove or rewrite one of these paths; path "
     "one: [a], path two: [a]"},
    {"UPDATE t SET a.b = 1 REMOVE a[0]", NULL,
     "Two document paths conflict with each other; must remove or rewrite one of these paths; path "
     "one: [a, b], path two: [a, [0]]"},
    {"UPDATE t SET a = set_add(b, <<1>>)", NULL,
     "The first operand of set_add must be the attribute that is set"},
    {"UPDATE t SET a = set_add(a, 1)", NULL,
     "Incorrect operand type for operator or function; operator or function: set_add, operand "
     "type: N"},
    {"UPDATE t SET a = list_append(a, 1)", NULL,
     "Incorrect operand type for operator or function; operator or function: list_append, operand "
     "type: N"},
    {"UPDATE t SET a = b + 'x'", NULL,
     "Incorrect operand type for operator or function; operator or function: +, operand type: S"},
    {"UPDATE t SET a = 1 RETURNING", NULL, MALFORMED "Expected returning variant after RETURNING"},
    {"UPDATE t SET a = 1 RETURNING ALL", NULL,
     MALFORMED "Expected returning variant after RETURNING"},
    {"UPDATE t SET a = 1 RETURNING ALL OLD", NULL, MALFORMED "Expected '*' in RETURNING clause"},
    {"UPDATE t SET a = 1 RETURNING ALL OLD a", NULL,
     MALFORMED "Expected '*' in RETURNING clause but got 'a'"},
    {"DELETE t", NULL, MALFORMED "Expected FROM but got 't'"},
    {"DELETE FROM t WHERE a = 1 RETURNING MODIFIED OLD *", NULL,
     "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in "
     "DELETE statements."},
    {"EXISTS(SELECT * FROM t", NULL, MALFORMED "Expected ')'"},
    {"EXISTS(DELETE FROM t)", NULL, MALFORMED "Expected SELECT but got 'DELETE'"},
    /* parameters */
    {"SELECT * FROM t WHERE a = ?", NULL, COUNT_MISMATCH},
    {"SELECT * FROM t WHERE a = 1", ONE, COUNT_MISMATCH},
    {"SELECT * FROM t WHERE a IN [?, ?]", ONE, COUNT_MISMATCH},
    {"SELECT * FROM t WHERE begins_with(a, ?)", NULL, COUNT_MISMATCH},
    {"INSERT INTO t VALUE ?", NULL, COUNT_MISMATCH},
    {"SELECT * FROM t WHERE a = '?' AND \"?\" = 1 -- ?", ONE, COUNT_MISMATCH},
    {"SELECT * FROM t WHERE a = ? b", NULL, MALFORMED "Unexpected token after expression"},
};

static void mistakes_are_told(void **state) {
    (void)state;
    struct world world;
    unsigned wrong = 0;
    world_open(&world);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct partiql_statement statement;
        world_reset(&world);
        status st = parse(&world, rows[i].text, rows[i].parameters, &statement);
        wrong += world_differs(rows[i].text, world_outcome(&world, st), str_from_c(rows[i].want));
    }
    world_close(&world);
    assert_int_equal(wrong, 0);
}

static str repeated(struct world *world, const char *head, const char *unit, size_t count,
                    const char *tail) {
    struct buf text;
    buf_init(&text, world->arena, 1024);
    buf_add_str(&text, str_from_c(head));
    for (size_t i = 0; i < count; i++)
        buf_add_str(&text, str_from_c(unit));
    buf_add(&text, tail, strlen(tail) + 1);
    return buf_str(&text);
}

static void expect_repeated(const char *head, const char *unit, size_t count, const char *tail,
                            const char *want) {
    struct world world;
    struct partiql_statement statement;
    world_open(&world);
    str text = repeated(&world, head, unit, count, tail);
    status st = parse(&world, text.ptr, NULL, &statement);
    bool wrong = world_differs(head, world_outcome(&world, st), str_from_c(want));
    world_close(&world);
    assert_false(wrong);
}

#define TOO_DEEP MALFORMED "Expression is nested too deeply"
#define WHERE "SELECT * FROM t WHERE "

static void nesting_is_bounded(void **state) {
    (void)state;
    expect_repeated(WHERE, "(", 100, "a = 1", MALFORMED "Expected ')'");
    expect_repeated(WHERE, "(", 250, "a = 1", TOO_DEEP);
    expect_repeated(WHERE, "NOT ", 100, "a = 1", "ok");
    expect_repeated(WHERE, "NOT ", 2000, "a = 1", TOO_DEEP);
    expect_repeated("UPDATE t SET a = ", "(", 101, "1", TOO_DEEP);
    expect_repeated("UPDATE t SET a = ", "list_append(", 101, "a", TOO_DEEP);
    expect_repeated("SELECT a", ".a", 31, " FROM t", "ok");
    expect_repeated("SELECT a", ".a", 32, " FROM t",
                    "The document path has too many nesting elements; nesting levels: 33");
    expect_repeated("INSERT INTO t VALUE {'a':", "[", 4000, "",
                    "Nesting Levels have exceeded supported limits: Attributes in the item have "
                    "nested levels beyond supported limit");
}

static void operators_are_counted(void **state) {
    (void)state;
    expect_repeated(WHERE "a = 1", " OR a = 1", 149, "", "ok");
    expect_repeated(WHERE "a = 1", " OR a = 1", 150, "",
                    "The expression contains too many operators; operator count: 301");
    expect_repeated("UPDATE t SET a = 1", " + 1", 301, "",
                    "The expression contains too many operators; operator count: 301");
    expect_repeated(WHERE "a IN [1", ", 1", 99, "]", "ok");
    expect_repeated(WHERE "a IN [1", ", 1", 100, "]", "The IN operator takes at most 100 values");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mistakes_are_told),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(operators_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
