/* Whom the statements of a resource's policy are about. */
#include "iam/policy_int.h"
#include "unit/iam/iam_test.h"

#define ACCOUNT "'111122223333'"

struct row {
    const char *principal; /* "'Principal':…" */
    bool user, session, root;
};

static enum policy_effect effect_of(struct world *world, const char *principal, const char *effect,
                                    enum principal_kind kind) {
    str rest = arena_printf(world->arena, "'Action':'*','Resource':'*',%s", principal);
    world_ask_as(world, kind);
    return world_effect(world, world_statement(world, POLICY_RESOURCE, effect, rest.ptr));
}

static void check_rows(struct world *world, const char *effect, enum policy_effect expected,
                       const struct row *rows, size_t count) {
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        bool user = effect_of(world, row->principal, effect, PRINCIPAL_USER) == expected;
        bool session = effect_of(world, row->principal, effect, PRINCIPAL_SESSION) == expected;
        bool root = effect_of(world, row->principal, effect, PRINCIPAL_ROOT) == expected;
        if (user == row->user && session == row->session && root == row->root)
            continue;
        print_error("%s %s: user %d, session %d, root %d\n", effect, row->principal, user, session,
                    root);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

#define CHECK_ROWS(world, effect, expected, rows)                                                  \
    check_rows(world, effect, expected, rows, sizeof(rows) / sizeof *(rows))

static const struct row named[] = {
    {"'Principal':'*'", true, true, true},
    {"'Principal':{'AWS':'*'}", true, true, true},
    {"'Principal':{'AWS':" ACCOUNT "}", true, true, true},
    {"'Principal':{'AWS':'" ROOT_ARN "'}", true, true, true},
    {"'Principal':{'AWS':'" USER_ARN "'}", true, false, false},
    {"'Principal':{'AWS':'" ROLE_ARN "'}", false, true, false},
    {"'Principal':{'AWS':'" SESSION_ARN "'}", false, true, false},
    {"'Principal':{'AWS':['" SESSION_ARN "','" USER_ARN "']}", true, true, false},
    {"'Principal':{'AWS':'999999999999'}", false, false, false},
    {"'Principal':{'AWS':'arn:aws:iam::111122223333:user/Ann'}", false, false, false},
    {"'Principal':{'AWS':'arn:aws:iam::999999999999:user/ann'}", false, false, false},
    {"'Principal':{'Service':'dynamodb.amazonaws.com'}", false, false, false},
    {"'Principal':{'Service':'" USER_ARN "','Federated':'*'}", false, false, false},
    {"'Principal':{'Service':'x','AWS':'*'}", true, true, true},
};

static void a_principal_is_its_account_its_role_and_itself(void **state) {
    CHECK_ROWS(*state, "Allow", POLICY_ALLOWS, named);
    CHECK_ROWS(*state, "Deny", POLICY_DENIES, named);
}

/* A deny spares only those all of whose names are listed. */
static const struct row spared_by_denies[] = {
    {"'NotPrincipal':'*'", false, false, false},
    {"'NotPrincipal':{'AWS':'" USER_ARN "'}", true, true, true},
    {"'NotPrincipal':{'AWS':['" USER_ARN "'," ACCOUNT "]}", false, true, false},
    {"'NotPrincipal':{'AWS':" ACCOUNT "}", true, true, false},
    {"'NotPrincipal':{'AWS':['" SESSION_ARN "'," ACCOUNT "]}", true, true, false},
    {"'NotPrincipal':{'AWS':['" ROLE_ARN "'," ACCOUNT "]}", true, true, false},
    {"'NotPrincipal':{'AWS':['" SESSION_ARN "','" ROLE_ARN "'," ACCOUNT "]}", true, false, false},
    {"'NotPrincipal':{'Service':'x'}", true, true, true},
};

static void not_principal_denies_whom_the_list_does_not_name_in_full(void **state) {
    CHECK_ROWS(*state, "Deny", POLICY_DENIES, spared_by_denies);
}

/* An allow leaves out those any of whose names is listed. */
static const struct row left_out_of_allows[] = {
    {"'NotPrincipal':'*'", false, false, false},
    {"'NotPrincipal':{'AWS':'" USER_ARN "'}", false, true, true},
    {"'NotPrincipal':{'AWS':'" ROLE_ARN "'}", true, false, true},
    {"'NotPrincipal':{'AWS':'" SESSION_ARN "'}", true, false, true},
    {"'NotPrincipal':{'AWS':" ACCOUNT "}", false, false, false},
    {"'NotPrincipal':{'AWS':'999999999999'}", true, true, true},
};

static void not_principal_allows_whom_the_list_does_not_name_at_all(void **state) {
    CHECK_ROWS(*state, "Allow", POLICY_ALLOWS, left_out_of_allows);
}

static void a_trust_policy_has_no_resource_to_match(void **state) {
    struct world *world = *state;
    const struct policy *policy = world_statement(
        world, POLICY_TRUST, "Allow",
        "'Principal':{'AWS':'" USER_ARN "'},'Action':'sts:AssumeRole','Condition':{'StringEquals':"
        "{'sts:ExternalId':'secret'}}");
    world->context.action = STR("sts:AssumeRole");
    world->context.resource = STR(ROLE_ARN);
    assert_int_equal(world_effect(world, policy), POLICY_SILENT);
    world->context.external_id = STR("secret");
    assert_int_equal(world_effect(world, policy), POLICY_ALLOWS);
    world_ask_as(world, PRINCIPAL_SESSION);
    assert_int_equal(world_effect(world, policy), POLICY_SILENT);
}

static void who_has_no_name_is_anyone_only(void **state) {
    struct world *world = *state;
    world->context.principal_arn = world->context.principal_account = (str){};
    const char *const rows[] = {"'Principal':'*'", "'Principal':{'AWS':" ACCOUNT "}",
                                "'NotPrincipal':{'AWS':" ACCOUNT "}"};
    for (size_t i = 0; i < 3; i++) {
        str rest = arena_printf(world->arena, "'Action':'*','Resource':'*',%s", rows[i]);
        assert_int_equal(
            world_effect(world, world_statement(world, POLICY_RESOURCE, "Deny", rest.ptr)),
            i == 1 ? POLICY_SILENT : POLICY_DENIES);
    }
}

/* Whom a stored policy names: by id, whatever the name is now. */
static const struct {
    enum principal_kind kind;
    const char *arn, *id; /* of the policy; id NULL: it was not looked up */
    const char *now_arn;  /* NULL: as ever */
    enum grant grant;
} stored[] = {
    {PRINCIPAL_USER, USER_ARN, NULL, NULL, GRANT_DIRECT},
    {PRINCIPAL_USER, USER_ARN, "AIDAANN", NULL, GRANT_DIRECT},
    {PRINCIPAL_USER, USER_ARN, "AIDAOLDANN", NULL, GRANT_NONE},
    {PRINCIPAL_USER, USER_ARN, "AIDAANN", USER_ARN "a", GRANT_DIRECT},
    {PRINCIPAL_USER, USER_ARN, NULL, USER_ARN "a", GRANT_NONE},
    {PRINCIPAL_USER, USER_ARN, "AIDAAN", NULL, GRANT_NONE},
    {PRINCIPAL_SESSION, ROLE_ARN, NULL, NULL, GRANT_ROLE},
    {PRINCIPAL_SESSION, ROLE_ARN, "AROAREADER", NULL, GRANT_ROLE},
    {PRINCIPAL_SESSION, ROLE_ARN, "AROAOLD", NULL, GRANT_NONE},
    {PRINCIPAL_SESSION, SESSION_ARN, "AROAREADER", NULL, GRANT_DIRECT},
    {PRINCIPAL_SESSION, SESSION_ARN, "AROAOLD", NULL, GRANT_NONE},
    {PRINCIPAL_SESSION, SESSION_ARN, "AROAREADER", SESSION_ARN "2", GRANT_NONE},
    {PRINCIPAL_ROOT, USER_ARN, "AIDAANN", NULL, GRANT_NONE},
};

static void a_stored_policy_means_who_has_the_id(void **state) {
    struct world *world = *state;
    for (size_t i = 0; i < sizeof stored / sizeof *stored; i++) {
        const struct policy_name name = {str_from_c(stored[i].arn),
                                         stored[i].id ? str_from_c(stored[i].id) : (str){}};
        const struct policy *policy = NULL;
        str problem;
        str text = arena_printf(world->arena,
                                "{'Statement':{'Effect':'Allow','Action':'*','Resource':'*',"
                                "'Principal':{'AWS':['%s','arn:aws:iam::111122223333:user/x']}}}",
                                stored[i].arn);
        assert_status(policy_compile_stored(world_json(world, text.ptr), POLICY_RESOURCE,
                                            (struct policy_names){&name, stored[i].id != NULL},
                                            world->arena, &policy, &problem),
                      ST_OK);
        world_ask_as(world, stored[i].kind);
        if (stored[i].now_arn != NULL)
            world->context.principal_arn = str_from_c(stored[i].now_arn);
        if (policy_ask(policy, &world->context, world->scratch).grant != stored[i].grant)
            fail_msg("row %zu", i);
    }
}

static void principals_are_listed_once(void **state) {
    struct world *world = *state;
    const struct policy *policy = world_policy(
        world, POLICY_RESOURCE,
        "{'Statement':[{'Effect':'Allow','Action':'*','Resource':'*','Principal':{'AWS':['" USER_ARN
        "','*','" ROOT_ARN "','" ROLE_ARN "'],'Service':'a.b'}},"
        "{'Effect':'Deny','Action':'*','Resource':'*','NotPrincipal':{'AWS':['" SESSION_ARN
        "','" USER_ARN "']}}]}");
    const str *arns;
    assert_int_equal(policy_principals(policy, world->arena, &arns), 3);
    assert_str(arns[0], USER_ARN);
    assert_str(arns[1], ROLE_ARN);
    assert_str(arns[2], SESSION_ARN);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_principal_is_its_account_its_role_and_itself),
        CASE(not_principal_denies_whom_the_list_does_not_name_in_full),
        CASE(not_principal_allows_whom_the_list_does_not_name_at_all),
        CASE(a_trust_policy_has_no_resource_to_match),
        CASE(who_has_no_name_is_anyone_only),
        CASE(a_stored_policy_means_who_has_the_id),
        CASE(principals_are_listed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
