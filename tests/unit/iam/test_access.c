/* The decision over all documents that have a say. */
#include "unit/iam/iam_test.h"

/* A letter a policy: - none, s silent, a allows, d denies; of resources' policies A allows the
 * account, R the role, S the session, U the user, E everyone, D denies everyone, x is silent. */
struct row {
    enum principal_kind kind;
    char identity, boundary, session, resource;
    enum access access;
    const char *type; /* NULL: none */
};

#define IDENTITY "identity-based policy"
#define BOUNDARY "permissions boundary"
#define SESSION "session policy"
#define RESOURCE "resource-based policy"
#define ALLOWED ACCESS_ALLOWED, NULL
#define DENIED(type) ACCESS_DENIED_EXPLICITLY, type
#define SILENT(type) ACCESS_DENIED_IMPLICITLY, type

static const struct policy *plain_policy(struct world *world, char letter) {
    switch (letter) {
    case 'a':
        return world_statement(world, POLICY_IDENTITY, "Allow",
                               "'Action':'dynamodb:Get*','Resource':'*'");
    case 'd':
        return world_policy(world, POLICY_IDENTITY,
                            "{'Statement':[{'Effect':'Allow','Action':'*','Resource':'*'},"
                            "{'Effect':'Deny','Action':'dynamodb:GetItem','Resource':'*'}]}");
    case 's':
        return world_statement(world, POLICY_IDENTITY, "Allow",
                               "'Action':'dynamodb:PutItem','Resource':'*'");
    default:
        return NULL;
    }
}

static const char *principal_of(char letter) {
    switch (letter) {
    case 'A':
        return "'111122223333'";
    case 'R':
        return "'" ROLE_ARN "'";
    case 'S':
        return "'" SESSION_ARN "'";
    case 'U':
        return "'" USER_ARN "'";
    case 'x':
        return "'999999999999'";
    default:
        return "'*'";
    }
}

static const struct policy *resource_policy(struct world *world, char letter) {
    if (letter == '-')
        return NULL;
    str rest = arena_printf(world->arena, "'Action':'*','Resource':'*','Principal':{'AWS':%s}",
                            principal_of(letter));
    return world_statement(world, POLICY_RESOURCE, letter == 'D' ? "Deny" : "Allow", rest.ptr);
}

/* Its policies are kept by the caller's arena. */
static struct principal *new_principal(struct world *world, const struct row *row) {
    struct principal *principal = principal_new();
    world_ask_as(world, row->kind);
    const struct access_context *c = &world->context;
    principal->kind = row->kind;
    principal->arn = c->principal_arn;
    principal->role_arn = c->principal_role;
    principal->account = c->principal_account;
    principal->user_id = c->user_id;
    principal->name = row->kind == PRINCIPAL_USER ? STR("ann") : STR("today");
    const struct policy **lists = arena_array(world->arena, const struct policy *, 2);
    lists[0] = plain_policy(world, row->identity);
    lists[1] = plain_policy(world, row->session);
    principal->policies = &lists[0];
    principal->policy_count = lists[0] != NULL;
    principal->boundary = plain_policy(world, row->boundary);
    principal->session_policies = &lists[1];
    principal->session_policy_count = lists[1] != NULL;
    principal_ready(principal);
    principal_describe(principal, &world->context);
    return principal;
}

static int check_row(struct world *world, const struct row *row) {
    struct principal *principal = new_principal(world, row);
    const struct policy *resource = resource_policy(world, row->resource);
    int wrong = 0;
    for (int time = 0; time < 2; time++) { /* as decided, and as remembered */
        struct access_decision got =
            access_decide(principal, resource, 7, &world->context, world->scratch);
        str type = row->type ? str_from_c(row->type) : (str){};
        if (got.access == row->access && str_eq(got.policy_type, type))
            continue;
        print_error("kind %d, identity %c, boundary %c, session %c, resource %c: %d by %.*s\n",
                    (int)row->kind, row->identity, row->boundary, row->session, row->resource,
                    (int)got.access, STR_ARG(got.policy_type));
        wrong++;
    }
    principal_unref(principal);
    return wrong;
}

static void check_rows(struct world *world, const struct row *rows, size_t count) {
    int wrong = 0;
    for (size_t i = 0; i < count; i++)
        wrong += check_row(world, &rows[i]);
    assert_int_equal(wrong, 0);
}

#define CHECK_ROWS(state, rows) check_rows(*(state), rows, sizeof(rows) / sizeof *(rows))

static void the_root_may_all_but_what_the_resource_denies(void **state) {
    static const struct row rows[] = {
        {PRINCIPAL_ROOT, '-', '-', '-', '-', ALLOWED},
        {PRINCIPAL_ROOT, '-', '-', '-', 'x', ALLOWED},
        {PRINCIPAL_ROOT, '-', '-', '-', 'A', ALLOWED},
        {PRINCIPAL_ROOT, '-', '-', '-', 'D', DENIED(RESOURCE)},
        {PRINCIPAL_ROOT, 'd', 'd', 'd', '-', ALLOWED},
    };
    CHECK_ROWS(state, rows);
}

static void a_user_needs_an_allow_within_the_boundary(void **state) {
    static const struct row rows[] = {
        {PRINCIPAL_USER, '-', '-', '-', '-', SILENT(IDENTITY)},
        {PRINCIPAL_USER, 's', '-', '-', '-', SILENT(IDENTITY)},
        {PRINCIPAL_USER, 'a', '-', '-', '-', ALLOWED},
        {PRINCIPAL_USER, 'd', '-', '-', '-', DENIED(IDENTITY)},
        {PRINCIPAL_USER, 'a', 'a', '-', '-', ALLOWED},
        {PRINCIPAL_USER, 'a', 's', '-', '-', SILENT(BOUNDARY)},
        {PRINCIPAL_USER, 'a', 'd', '-', '-', DENIED(BOUNDARY)},
        {PRINCIPAL_USER, '-', 'a', '-', '-', SILENT(IDENTITY)},
        {PRINCIPAL_USER, 's', 's', '-', '-', SILENT(IDENTITY)},
    };
    CHECK_ROWS(state, rows);
}

static void a_session_needs_an_allow_within_boundary_and_session_policy(void **state) {
    static const struct row rows[] = {
        {PRINCIPAL_SESSION, 'a', '-', '-', '-', ALLOWED},
        {PRINCIPAL_SESSION, '-', '-', 'a', '-', SILENT(IDENTITY)},
        {PRINCIPAL_SESSION, 'a', '-', 'a', '-', ALLOWED},
        {PRINCIPAL_SESSION, 'a', 'a', 'a', '-', ALLOWED},
        {PRINCIPAL_SESSION, 'a', '-', 's', '-', SILENT(SESSION)},
        {PRINCIPAL_SESSION, 'a', 's', 'a', '-', SILENT(BOUNDARY)},
        {PRINCIPAL_SESSION, 'a', 's', 's', '-', SILENT(BOUNDARY)},
        {PRINCIPAL_SESSION, 'a', '-', 'd', '-', DENIED(SESSION)},
        {PRINCIPAL_SESSION, 'a', 'd', 'd', '-', DENIED(BOUNDARY)},
        {PRINCIPAL_SESSION, 'd', '-', 'a', '-', DENIED(IDENTITY)},
    };
    CHECK_ROWS(state, rows);
}

static void a_resource_grants_by_itself_to_users_sessions_and_anyone(void **state) {
    static const struct row rows[] = {
        {PRINCIPAL_USER, '-', '-', '-', 'U', ALLOWED},
        {PRINCIPAL_USER, '-', 's', '-', 'U', ALLOWED},
        {PRINCIPAL_USER, '-', 's', '-', 'E', ALLOWED},
        {PRINCIPAL_SESSION, '-', '-', '-', 'S', ALLOWED},
        {PRINCIPAL_SESSION, '-', 's', 's', 'S', ALLOWED},
        {PRINCIPAL_SESSION, '-', 's', 's', 'E', ALLOWED},
        {PRINCIPAL_USER, '-', '-', '-', 'R', SILENT(IDENTITY)},
        {PRINCIPAL_USER, '-', '-', '-', 'S', SILENT(IDENTITY)},
        {PRINCIPAL_USER, '-', '-', '-', 'x', SILENT(IDENTITY)},
        {PRINCIPAL_USER, 'a', '-', '-', 'x', ALLOWED},
        {PRINCIPAL_SESSION, '-', '-', '-', 'U', SILENT(IDENTITY)},
    };
    CHECK_ROWS(state, rows);
}

static void a_role_is_granted_to_within_boundary_and_session_policy(void **state) {
    static const struct row rows[] = {
        {PRINCIPAL_SESSION, '-', '-', '-', 'R', ALLOWED},
        {PRINCIPAL_SESSION, '-', 'a', 'a', 'R', ALLOWED},
        {PRINCIPAL_SESSION, '-', 's', '-', 'R', SILENT(BOUNDARY)},
        {PRINCIPAL_SESSION, '-', '-', 's', 'R', SILENT(SESSION)},
        {PRINCIPAL_SESSION, 'a', 's', '-', 'R', SILENT(BOUNDARY)},
    };
    CHECK_ROWS(state, rows);
}

static void an_account_is_granted_nothing_that_its_own_policies_do_not_allow(void **state) {
    static const struct row rows[] = {
        {PRINCIPAL_USER, '-', '-', '-', 'A', SILENT(IDENTITY)},
        {PRINCIPAL_USER, 'a', '-', '-', 'A', ALLOWED},
        {PRINCIPAL_USER, 'a', 's', '-', 'A', SILENT(BOUNDARY)},
        {PRINCIPAL_SESSION, 's', '-', '-', 'A', SILENT(IDENTITY)},
    };
    CHECK_ROWS(state, rows);
}

static void an_explicit_deny_wins_over_every_allow(void **state) {
    static const struct row rows[] = {
        {PRINCIPAL_USER, 'a', 'a', '-', 'D', DENIED(RESOURCE)},
        {PRINCIPAL_USER, '-', '-', '-', 'D', DENIED(RESOURCE)},
        {PRINCIPAL_USER, 'd', '-', '-', 'U', DENIED(IDENTITY)},
        {PRINCIPAL_USER, 'a', 'd', '-', 'U', DENIED(BOUNDARY)},
        {PRINCIPAL_SESSION, 'd', '-', '-', 'S', DENIED(IDENTITY)},
        {PRINCIPAL_SESSION, '-', '-', 'd', 'S', DENIED(SESSION)},
        {PRINCIPAL_SESSION, '-', 'd', '-', 'R', DENIED(BOUNDARY)},
    };
    CHECK_ROWS(state, rows);
}

static void both_sides_must_allow_what_is_another_accounts(void **state) {
    struct world *world = *state;
    static const struct row rows[] = {
        {PRINCIPAL_USER, 'a', '-', '-', '-', SILENT(RESOURCE)},
        {PRINCIPAL_USER, 'a', '-', '-', 'x', SILENT(RESOURCE)},
        {PRINCIPAL_USER, '-', '-', '-', 'U', SILENT(IDENTITY)},
        {PRINCIPAL_USER, '-', '-', '-', 'E', SILENT(IDENTITY)},
        {PRINCIPAL_USER, 'a', '-', '-', 'U', ALLOWED},
        {PRINCIPAL_USER, 'a', '-', '-', 'A', ALLOWED},
        {PRINCIPAL_USER, 'a', 's', '-', 'U', SILENT(BOUNDARY)},
        {PRINCIPAL_SESSION, 'a', '-', '-', 'R', ALLOWED},
        {PRINCIPAL_SESSION, '-', '-', '-', 'R', SILENT(IDENTITY)},
        {PRINCIPAL_SESSION, 'a', '-', 's', 'S', SILENT(SESSION)},
        {PRINCIPAL_USER, 'a', '-', '-', 'D', DENIED(RESOURCE)},
        {PRINCIPAL_ROOT, '-', '-', '-', '-', SILENT(RESOURCE)},
        {PRINCIPAL_ROOT, '-', '-', '-', 'A', ALLOWED},
    };
    world->context.resource = STR("arn:aws:dynamodb:us-east-1:444455556666:table/orders");
    CHECK_ROWS(state, rows);
}

static void what_has_no_account_is_the_askers_own(void **state) {
    struct world *world = *state;
    static const struct row rows[] = {
        {PRINCIPAL_USER, 'a', '-', '-', '-', ALLOWED},
        {PRINCIPAL_ROOT, '-', '-', '-', '-', ALLOWED},
    };
    world->context.resource = STR("*");
    CHECK_ROWS(state, rows);
    world->context.resource = STR("arn:aws:s3:::bucket");
    CHECK_ROWS(state, rows);
}

/* Policies of one kind add up; a deny in any of them counts. */
static void several_policies_of_a_kind_are_one(void **state) {
    struct world *world = *state;
    const struct row row = {PRINCIPAL_SESSION, '-', '-', '-', '-', ALLOWED};
    static const char *const lists[] = {"sa", "as", "ss", "sad", "das"};
    static const enum access want[] = {ACCESS_ALLOWED, ACCESS_ALLOWED, ACCESS_DENIED_IMPLICITLY,
                                       ACCESS_DENIED_EXPLICITLY, ACCESS_DENIED_EXPLICITLY};
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        for (int in_session = 0; in_session < 2; in_session++) {
            struct principal *principal = new_principal(world, &row);
            const struct policy *list[3], *allow[1] = {plain_policy(world, 'a')};
            size_t count = strlen(lists[i]);
            for (size_t n = 0; n < count; n++)
                list[n] = plain_policy(world, lists[i][n]);
            principal->policies = in_session ? allow : list;
            principal->policy_count = in_session ? 1 : count;
            principal->session_policies = list;
            principal->session_policy_count = in_session ? count : 0;
            assert_int_equal(
                access_decide(principal, NULL, 0, &world->context, world->scratch).access, want[i]);
            principal_unref(principal);
        }
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_root_may_all_but_what_the_resource_denies),
        CASE(a_user_needs_an_allow_within_the_boundary),
        CASE(a_session_needs_an_allow_within_boundary_and_session_policy),
        CASE(a_resource_grants_by_itself_to_users_sessions_and_anyone),
        CASE(a_role_is_granted_to_within_boundary_and_session_policy),
        CASE(an_account_is_granted_nothing_that_its_own_policies_do_not_allow),
        CASE(an_explicit_deny_wins_over_every_allow),
        CASE(both_sides_must_allow_what_is_another_accounts),
        CASE(what_has_no_account_is_the_askers_own),
        CASE(several_policies_of_a_kind_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
