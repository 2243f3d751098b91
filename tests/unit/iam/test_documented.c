/* What the public documentation of IAM says, example by example: conditions that its pages print,
 * sentences that they state, and what is between them. */
#include "unit/iam/iam_test.h"

struct row {
    enum principal_kind kind;
    bool holds;
    const char *condition;
};

#define USER PRINCIPAL_USER
#define SESSION PRINCIPAL_SESSION

/* "Denies access to AWS based on the source IP", "Revoking IAM role temporary security
 * credentials", "Bool condition operators", and what they name: keys that every request has. */
static const struct row keys[] = {
    {USER, true,
     "{'NotIpAddress':{'aws:SourceIp':['192.0.2.0/24']},'Bool':{'aws:ViaAWSService':'false'}}"},
    {USER, false,
     "{'NotIpAddress':{'aws:SourceIp':['203.0.113.0/24']},'Bool':{'aws:ViaAWSService':'false'}}"},
    {USER, false, "{'Bool':{'aws:ViaAWSService':'true'}}"},
    {USER, true, "{'Bool':{'aws:PrincipalIsAWSService':'false'}}"},
    {USER, true, "{'StringEquals':{'aws:ResourceAccount':'111122223333'}}"},
    {USER, false, "{'StringNotEquals':{'aws:ResourceAccount':'${aws:PrincipalAccount}'}}"},
    /* "Using MFA": a key that lasts does not have it, credentials that end say false. */
    {USER, false, "{'Bool':{'aws:MultiFactorAuthPresent':'false'}}"},
    {USER, true, "{'BoolIfExists':{'aws:MultiFactorAuthPresent':'false'}}"},
    {USER, true, "{'Null':{'aws:MultiFactorAuthPresent':'true'}}"},
    {SESSION, true, "{'Bool':{'aws:MultiFactorAuthPresent':'false'}}"},
    {SESSION, false, "{'Bool':{'aws:MultiFactorAuthPresent':'true'}}"},
    {SESSION, true, "{'DateLessThan':{'aws:TokenIssueTime':'2020-05-21T11:00:01Z'}}"},
    {SESSION, false, "{'DateLessThan':{'aws:TokenIssueTime':'2020-05-21T11:00:00Z'}}"},
    {USER, false, "{'DateLessThan':{'aws:TokenIssueTime':'2020-05-21T11:00:01Z'}}"},
    {USER, true, "{'Null':{'aws:TokenIssueTime':'true'}}"},
    {SESSION, true, "{'Null':{'aws:username':'true','aws:TokenIssueTime':'false'}}"},
    {USER, true, "{'StringEquals':{'aws:PrincipalType':'User'}}"},
};

/* "IAM policy elements: Variables and tags", "Condition operators", "Multivalued context keys". */
static const struct row operators[] = {
    {USER, true, "{'StringEquals':{'aws:username':'${aws:username, `anonymous`}'}}"},
    {SESSION, true, "{'StringNotEquals':{'aws:UserAgent':'${aws:username, `anonymous`}'}}"},
    {USER, true, "{'StringLike':{'aws:UserAgent':'client/?.?'}}"},
    {USER, false, "{'StringLike':{'aws:UserAgent':'client/${?}.${?}'}}"},
    {USER, false, "{'StringLike':{'aws:UserAgent':'${*}'}}"},
    {USER, false, "{'StringEquals':{'aws:UserAgent':'client/*'}}"},
    {USER, true, "{'StringEqualsIgnoreCase':{'AWS:USERAGENT':'CLIENT/1.0'}}"},
    {USER, false, "{'StringLike':{'aws:UserAgent':'Client/*'}}"},
    {USER, true, "{'Null':{'aws:SourceVpc':'true'}}"},
    {USER, false, "{'Null':{'aws:SourceVpc':'false'}}"},
    {USER, false, "{'Null':{'aws:username':['true']}}"},
    {USER, true, "{'Null':{'aws:username':['true','false']}}"},
    {USER, false, "{'StringEquals':{'aws:SourceVpc':'x'}}"},
    {USER, true, "{'StringNotEquals':{'aws:SourceVpc':'x'}}"},
    {USER, true, "{'StringEqualsIfExists':{'aws:SourceVpc':'x'}}"},
    {USER, true, "{'ForAllValues:StringEquals':{'aws:TagKeys':['x']}}"},
    {USER, false,
     "{'ForAllValues:StringEquals':{'aws:TagKeys':['x']},'Null':{'aws:TagKeys':"
     "'false'}}"},
    {USER, false, "{'ForAnyValue:StringEquals':{'aws:TagKeys':['x']}}"},
    {USER, false, "{'ForAnyValue:StringNotEquals':{'aws:TagKeys':['x']}}"},
    /* Several values of an operator are joined by OR, of a negated one by NOR. */
    {USER, true, "{'StringEquals':{'aws:username':['bob','ann']}}"},
    {USER, false, "{'StringNotEquals':{'aws:username':['bob','ann']}}"},
    {USER, false, "{'StringEquals':{'aws:username':'ann','aws:UserAgent':'x'}}"},
    {USER, true, "{'ArnLike':{'aws:PrincipalArn':'arn:aws:iam::*:user/a*'}}"},
    {USER, true, "{'ArnEquals':{'aws:PrincipalArn':'arn:*:iam::111122223333:user/*'}}"},
    {USER, false, "{'ArnLike':{'aws:PrincipalArn':'arn:aws:*::111122223333:role/*'}}"},
    {USER, true, "{'ArnNotLike':{'aws:PrincipalArn':'arn:aws:iam::111122223333:role/*'}}"},
    {USER, true, "{'DateGreaterThan':{'aws:CurrentTime':'2020-05-21'}}"},
    {USER, true, "{'DateLessThan':{'aws:EpochTime':'1590062401'}}"},
    {USER, true, "{'NumericLessThanEquals':{'aws:EpochTime':'1590062400.0'}}"},
    {USER, false, "{'NumericEquals':{'aws:username':'1'}}"},
    {USER, true, "{'NumericNotEquals':{'aws:username':'1'}}"},
    {USER, false, "{'DateEquals':{'aws:username':'2020-05-21'}}"},
    {USER, false, "{'IpAddress':{'aws:SourceIp':'2001:DB8:1234:5678::/64'}}"},
    {USER, true, "{'IpAddress':{'aws:SourceIp':['2001:DB8::/32','203.0.113.7']}}"},
    {USER, true, "{'IpAddress':{'aws:SourceIp':'203.0.113.7/0'}}"},
    {USER, false, "{'Bool':{'aws:SecureTransport':'true'}}"},
};

static void holds(struct world *world, const struct row *rows, size_t count) {
    world->context.token_issued_us = 0;
    for (size_t i = 0; i < count; i++) {
        world_ask_as(world, rows[i].kind);
        world->context.token_issued_us =
            rows[i].kind == SESSION ? NOON_US - INT64_C(3600) * 1000000 : 0;
        if (world_condition(world, rows[i].condition) != rows[i].holds)
            fail_msg("row %zu: %s", i, rows[i].condition);
    }
}

static void keys_that_every_request_has_are_there(void **state) {
    holds(*state, keys, sizeof keys / sizeof *keys);
}

static void a_user_with_temporary_credentials_has_keys_of_theirs(void **state) {
    struct world *world = *state;
    world_ask_as(world, USER);
    world->context.token_issued_us = NOON_US;
    assert_true(world_condition(world, "{'Bool':{'aws:MultiFactorAuthPresent':'false'}}"));
    assert_true(world_condition(world, "{'Null':{'aws:TokenIssueTime':'false'}}"));
}

static void operators_do_what_their_pages_say(void **state) {
    holds(*state, operators, sizeof operators / sizeof *operators);
}

/* Delegation: "may create users with this boundary only", "may not attach that policy". */
static void calls_of_iam_have_its_own_keys(void **state) {
    struct world *world = *state;
    struct access_context *context = &world->context;
    const char *boundary = "{'StringEquals':{'iam:PermissionsBoundary':'" ROLE_ARN "'}}";
    const char *attached = "{'ArnEquals':{'iam:PolicyARN':'arn:aws:iam::aws:policy/Admin*'}}";
    assert_false(world_condition(world, boundary));
    assert_false(world_condition(world, attached));
    context->permissions_boundary = STR(ROLE_ARN);
    context->policy_arn = STR("arn:aws:iam::aws:policy/AdministratorAccess");
    assert_true(world_condition(world, boundary));
    assert_true(world_condition(world, attached));
    const struct context_tag tag = {STR("Owner"), STR("ann")};
    context->resource_tags = (struct context_tags){&tag, 1};
    const char *owned = "{'StringEquals':{'iam:ResourceTag/owner':'${aws:username}'}}";
    assert_false(world_condition(world, owned)); /* a table's are asked for by aws:ResourceTag */
    context->action = STR("iam:DeleteUser");
    assert_true(world_condition(world, owned));
    context->action = STR("sts:AssumeRole");
    assert_true(world_condition(world, owned));
    context->role_session_name = STR("ann");
    assert_true(world_condition(world, "{'StringLike':{'sts:RoleSessionName':'${aws:username}'}}"));
}

struct statement_row {
    bool applies;
    const char *rest;
};

/* Elements with Not, the case of actions and resources, and what the older version knows. */
static const struct statement_row statements[] = {
    {true, "'Action':'DYNAMODB:getitem','Resource':'*'"},
    {false, "'Action':'*','Resource':'" TABLE_ARN "x'"},
    {false, "'Action':'*','Resource':'arn:aws:dynamodb:*:*:table/Orders'"},
    {true, "'Action':'dynamodb:?et*','Resource':'arn:aws:dynamodb:*:*:table/order?'"},
    {false, "'NotAction':'dynamodb:Get*','Resource':'*'"},
    {true, "'NotAction':'iam:*','Resource':'*'"},
    {false, "'Action':'*','NotResource':['arn:aws:s3:::x','arn:aws:dynamodb:*:*:table/*']"},
    {true, "'Action':'*','NotResource':'arn:aws:dynamodb:*:*:table/${aws:username}'"},
    {true, "'Action':'*','NotResource':'arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/none}'"},
    {false, "'Action':'*','Resource':'arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/none}'"},
    {true,
     "'Action':'*','Resource':'arn:aws:dynamodb:*:*:table/${aws:PrincipalTag/none, `orders`}'"},
};

static void statements_apply_as_documented(void **state) {
    struct world *world = *state;
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        bool allows = world_effect(world, world_statement(world, POLICY_IDENTITY, "Allow",
                                                          statements[i].rest)) == POLICY_ALLOWS;
        if (allows != statements[i].applies)
            fail_msg("row %zu: %s", i, statements[i].rest);
    }
    world->context.resource = STR("arn:aws:dynamodb:us-east-1:111122223333:table/${aws:username}");
    assert_int_equal(
        world_effect(world, world_policy(world, POLICY_IDENTITY,
                                         "{'Version':'2008-10-17','Statement':{'Effect':'Allow',"
                                         "'Action':'*','Resource':'arn:aws:dynamodb:*:*:table/"
                                         "${aws:username}'}}")),
        POLICY_ALLOWS);
}

/* "Permissions granted to a role's ARN, in Principal or by aws:PrincipalArn, stay within the
 * boundary; those of a session's own ARN do not." */
static void anyone_with_the_arn_of_a_role_stays_within_its_limits(void **state) {
    struct world *world = *state;
    struct principal *principal = principal_new();
    world_ask_as(world, PRINCIPAL_SESSION);
    principal->kind = PRINCIPAL_SESSION;
    principal->arn = STR(SESSION_ARN);
    principal->role_arn = STR(ROLE_ARN);
    principal->account = STR("111122223333");
    principal->boundary = world_statement(world, POLICY_IDENTITY, "Allow",
                                          "'Action':'dynamodb:PutItem','Resource':'*'");
    principal_ready(principal);
    const struct policy *by_condition = world_statement(
        world, POLICY_RESOURCE, "Allow",
        "'Action':'*','Resource':'*','Principal':'*','Condition':{'ArnEquals':{'aws:PrincipalArn':"
        "'" ROLE_ARN "'}}");
    struct access_decision decision =
        access_decide(principal, by_condition, 1, &world->context, world->scratch);
    assert_int_equal(decision.access, ACCESS_DENIED_IMPLICITLY);
    assert_str(decision.policy_type, "permissions boundary");
    const struct policy *of_session =
        world_statement(world, POLICY_RESOURCE, "Allow",
                        "'Action':'*','Resource':'*','Principal':{'AWS':'" SESSION_ARN "'}");
    assert_int_equal(
        access_decide(principal, of_session, 2, &world->context, world->scratch).access,
        ACCESS_ALLOWED);
    principal_unref(principal);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(keys_that_every_request_has_are_there),
        CASE(a_user_with_temporary_credentials_has_keys_of_theirs),
        CASE(operators_do_what_their_pages_say),
        CASE(calls_of_iam_have_its_own_keys),
        CASE(statements_apply_as_documented),
        CASE(anyone_with_the_arn_of_a_role_stays_within_its_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
