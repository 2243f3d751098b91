/* What the text of a fault may say, and what is said of any other. */
#include "api/api.h"
#include "api/fault.h"

/* After them: cmocka has a macro named as a function of ours. */
#include "lib/test.h"

static struct arena *arena;

static int setup(void **state) {
    (void)state;
    arena = arena_new((size_t)64 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static struct fault fine(str spec) {
    struct fault fault;
    str problem;
    if (!fault_parse(spec, arena, &fault, &problem))
        fail_msg("%.*s", STR_ARG(problem));
    assert_true(str_eq((str){fault.text, fault.text_len}, spec));
    return fault;
}

static void every_part_is_read(void **state) {
    (void)state;
    struct fault fault = fine(STR("operation=PutItem,table=Orders-1.x_y,error=ThrottlingException,"
                                  "probability=0.125,count=3,seed=18446744073709551615"));
    assert_str(api_operation_name(fault.operation), "PutItem");
    assert_str(((str){fault.table, fault.table_len}), "Orders-1.x_y");
    assert_int_equal(fault.error, ERROR_ThrottlingException);
    assert_true(fault.probability == 0.125);
    assert_int_equal(fault.count_max, 3);
    assert_true(fault.seed == UINT64_MAX);
    assert_false(fault.after);
    fault = fine(STR("latency-ms=600000 , unprocessed = 1"));
    assert_int_equal(fault.latency_ms, FAULT_LATENCY_MS_MAX);
    assert_true(fault.unprocessed == 1);
    assert_true(fault.operation == FAULT_ALL_OPERATIONS);
    assert_int_equal(fault.table_len, 0);
    assert_int_equal(fault.error, ERROR_NONE);
    assert_true(fault.count_max == UINT64_MAX);
}

static void words_stand_for_errors(void **state) {
    (void)state;
    assert_int_equal(fine(STR("conflict")).error, ERROR_TransactionConflictException);
    struct fault fault = fine(STR("after"));
    assert_int_equal(fault.error, ERROR_InternalServerError);
    assert_true(fault.after);
    fault = fine(STR("after,error=ServiceUnavailable"));
    assert_int_equal(fault.error, ERROR_ServiceUnavailable);
    assert_true(fault.after);
}

static void without_a_seed_faults_differ_and_with_one_they_do_not(void **state) {
    (void)state;
    assert_true(fine(STR("after")).seed != fine(STR("after")).seed);
    assert_true(fine(STR("after,seed=7")).seed == 7);
}

#define EXAMPLE_PARTS                                                                              \
    "operation=, table=, error=, conflict, after, latency-ms=, unprocessed=, probability=, "       \
    "count=, seed="
static const struct {
    str spec;
    const char *says;
} refused[] = {
    {STR_INIT(""), "it is empty"},
    {STR_INIT("  \t"), "it is empty"},
    {STR_INIT("eror=ThrottlingException"), "\"eror\" is none of " EXAMPLE_PARTS},
    {STR_INIT("after,"), "\"\" is none of " EXAMPLE_PARTS},
    {STR_INIT(",after"), "\"\" is none of"},
    {STR_INIT("=1"), "\"\" is none of"},
    {STR_INIT("After"), "\"After\" is none of"},
    {STR_INIT("after,after"), "after is said twice"},
    {STR_INIT("after,seed=1,seed=1"), "seed is said twice"},
    {STR_INIT("after=true"), "after takes no value"},
    {STR_INIT("conflict="), "conflict takes no value"},
    {STR_INIT("error"), "error takes a value"},
    {STR_INIT("error="), "error is one of ConditionalCheckFailedException, "},
    {STR_INIT("error=Nonsense"), "UnrecognizedClientException, not \"Nonsense\""},
    {STR_INIT("error=TransactionCanceledException"), "error is one of"},
    {STR_INIT("after,operation=MakeItem"), "operation is one that this server has"},
    {STR_INIT("after,operation=putitem"), "not \"putitem\""},
    {STR_INIT("after,table=ab"), "table is a table's name (3 to 255 of a-zA-Z0-9_.-)"},
    {STR_INIT("after,table=a b c"), "not \"a b c\""},
    {STR_INIT("latency-ms=0"), "latency-ms is a whole number from 1 to 600000, not \"0\""},
    {STR_INIT("latency-ms=600001"), "not \"600001\""},
    {STR_INIT("latency-ms=-5"), "not \"-5\""},
    {STR_INIT("latency-ms=1.5"), "not \"1.5\""},
    {STR_INIT("latency-ms=99999999999999999999"), "latency-ms is a whole number"},
    {STR_INIT("unprocessed=0"), "unprocessed is above 0 and at most 1, as in 0.25"},
    {STR_INIT("unprocessed=1.1"), "not \"1.1\""},
    {STR_INIT("unprocessed=2"), "not \"2\""},
    {STR_INIT("unprocessed=.5"), "not \".5\""},
    {STR_INIT("unprocessed=0."), "not \"0.\""},
    {STR_INIT("unprocessed=1e-1"), "not \"1e-1\""},
    {STR_INIT("unprocessed=0.0000000001"), "unprocessed is above 0"},
    {STR_INIT("after,probability=0.0"), "probability is above 0 and at most 1"},
    {STR_INIT("after,probability=-1"), "probability is above 0"},
    {STR_INIT("after,probability=nan"), "probability is above 0"},
    {STR_INIT("after,probability=1.000000001"), "probability is above 0"},
    {STR_INIT("after,count=0"), "count is a whole number from 1 to"},
    {STR_INIT("after,count=x"), "not \"x\""},
    {STR_INIT("after,seed=18446744073709551616"), "seed is a whole number from 0 to"},
    {STR_INIT("operation=PutItem,probability=0.5"), "it says what shall happen with at least "},
    {STR_INIT("conflict,error=ThrottlingException"), "conflict is an error by itself"},
    {STR_INIT("conflict,after"), "conflict is an error by itself"},
    {STR_INIT("conflict,operation=GetItem"), "conflict is for PutItem, UpdateItem, "},
    {STR_INIT("error=TransactionConflictException,operation=Scan"), "conflict is for PutItem"},
    {STR_INIT("unprocessed=1,after"), "unprocessed= is no error"},
    {STR_INIT("unprocessed=1,conflict"), "unprocessed= is no error"},
    {STR_INIT("unprocessed=1,error=ServiceUnavailable"), "unprocessed= is no error"},
    {STR_INIT("unprocessed=1,operation=PutItem"), "unprocessed= is for BatchGetItem, "},
    {STR_INIT("after,error=ThrottlingException"), "after goes with error=InternalServerError"},
    {STR_INIT("after,seed=\x01"), "printable ASCII"},
    {STR_INIT("after\0"), "printable ASCII"},
    {STR_INIT("after,table=\xc3\xa4\xc3\xb6\xc3\xbc"), "printable ASCII"},
};

static void a_text_that_says_something_else_is_refused_with_what_is_allowed(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct fault fault;
        str problem;
        if (fault_parse(refused[i].spec, arena, &fault, &problem))
            fail_msg("\"%.*s\" is accepted", STR_ARG(refused[i].spec));
        if (!str_contains(problem, str_from_c(refused[i].says)))
            fail_msg("\"%.*s\": %.*s", STR_ARG(refused[i].spec), STR_ARG(problem));
        assert_true(problem.len < 800);
    }
}

static void lengths_are_bounded(void **state) {
    (void)state;
    struct fault fault;
    str problem;
    char text[1 << 16];
    memset(text, 'a', sizeof text);
    memcpy(text, "after,table=", 12);
    fine((str){text, 12 + FAULT_TABLE_MAX});
    assert_false(fault_parse((str){text, 13 + FAULT_TABLE_MAX}, arena, &fault, &problem));
    assert_false(fault_parse((str){text, sizeof text}, arena, &fault, &problem));
    assert_true(str_contains(problem, STR("it has 65536 bytes; 512 are allowed")));
    assert_true(problem.len < 200);
    memcpy(text, "after,seed=", 11);
    memset(text + 11, '0', FAULT_SPEC_MAX - 11);
    fine((str){text, FAULT_SPEC_MAX});
    text[FAULT_SPEC_MAX] = '0';
    assert_false(fault_parse((str){text, FAULT_SPEC_MAX + 1}, arena, &fault, &problem));
}

/* ---- the set ---- */

static struct faults faults;

static str printed(void) {
    struct buf text;
    buf_init(&text, arena, 64);
    faults_print(&faults, &text);
    return buf_str(&text);
}

static void a_set_is_replaced_as_a_whole_or_not_at_all(void **state) {
    (void)state;
    str problem;
    faults_init(&faults);
    assert_str(printed(), "");
    assert_true(faults_set(&faults, STR("after;conflict # one, and ; another\r\n\n;latency-ms=5"),
                           arena, &problem));
    assert_str(printed(), "after # 0 of 0 calls\nconflict # 0 of 0 calls\n"
                          "latency-ms=5 # 0 of 0 calls\n");
    assert_true(faults_set(&faults, printed(), arena, &problem)); /* takes what it says */
    assert_int_equal(atomic_load(&faults.count), 3);
    assert_false(faults_set(&faults, STR("conflict\nnonsense"), arena, &problem));
    assert_int_equal(atomic_load(&faults.count), 3);
    assert_true(faults_set(&faults, STR(" ; # nothing"), arena, &problem));
    assert_int_equal(atomic_load(&faults.count), 0);
}

static void a_set_is_bounded(void **state) {
    (void)state;
    struct buf text;
    str problem;
    faults_init(&faults);
    buf_init(&text, arena, 64);
    for (int i = 0; i < FAULTS_MAX; i++)
        buf_add_lit(&text, "after\n");
    assert_true(faults_set(&faults, buf_str(&text), arena, &problem));
    buf_add_lit(&text, "after");
    assert_false(faults_set(&faults, buf_str(&text), arena, &problem));
    assert_str(problem, "there may be 32 faults at one time");
    assert_int_equal(atomic_load(&faults.count), FAULTS_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_read),
        cmocka_unit_test(words_stand_for_errors),
        cmocka_unit_test(without_a_seed_faults_differ_and_with_one_they_do_not),
        cmocka_unit_test(a_text_that_says_something_else_is_refused_with_what_is_allowed),
        cmocka_unit_test(lengths_are_bounded),
        cmocka_unit_test(a_set_is_replaced_as_a_whole_or_not_at_all),
        cmocka_unit_test(a_set_is_bounded),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
