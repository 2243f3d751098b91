/* What is a policy, and the sentences that refuse what is none. */
#include "base/sanitizers.h"
#include "unit/iam/iam_test.h"

#define S(rest) "{'Version':'2012-10-17','Statement':[{" rest "}]}"
#define ALLOW "'Effect':'Allow','Action':'dynamodb:*'"
#define EVERYONE "'Principal':'*'"
#define SYNTAX "Syntax errors in policy."
#define VENDOR "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."

struct row {
    const char *text, *problem; /* NULL: accepted */
};

static void check_rows(struct world *world, enum policy_kind kind, const struct row *rows,
                       size_t count) {
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        str want = rows[i].problem ? str_from_c(rows[i].problem) : (str){};
        str got = world_problem(world, kind, rows[i].text);
        if (str_eq(got, want) && (got.ptr == NULL) == (want.ptr == NULL))
            continue;
        print_error("%s\n  got  %.*s\n  want %.*s\n", rows[i].text, STR_ARG(got), STR_ARG(want));
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

#define CHECK_ROWS(state, kind, rows)                                                              \
    check_rows(*(state), kind, rows, sizeof(rows) / sizeof *(rows))

static const struct row documents[] = {
    {S(ALLOW ",'Resource':'*'"), NULL},
    {" { 'Statement' : {" ALLOW ",'Resource':['*']} } ", NULL},
    {"{'Id':'x','Statement':{" ALLOW ",'Resource':'*'},'Version':'2008-10-17'}", NULL},
    {"", SYNTAX},
    {"null", SYNTAX},
    {"[]", SYNTAX},
    {"{}", SYNTAX},
    {"{'Version':'2012-10-17'}", SYNTAX},
    {"{'Statement':[]}", SYNTAX},
    {"{'Statement':[[]]}", SYNTAX},
    {"{'Statement':'x'}", SYNTAX},
    {"{'Statement':null}", SYNTAX},
    {S(ALLOW ",'Resource':'*'") "x", SYNTAX},
    {S(ALLOW ",'Resource':'*'") "{}", SYNTAX},
    {"{'Statement':{" ALLOW ",'Resource':'*'}", SYNTAX},
    {"{'Statement':{" ALLOW ",'Resource':'*'},}", SYNTAX},
    {"{'statement':{" ALLOW ",'Resource':'*'}}", SYNTAX},
    {"{'Statement':{" ALLOW ",'Resource':'*'},'More':1}", SYNTAX},
    {"{'Statement':{" ALLOW ",'Resource':'*'},'Statement':{" ALLOW ",'Resource':'*'}}", SYNTAX},
    {"{'Version':'2012-10-17','Version':'2012-10-17','Statement':{" ALLOW ",'Resource':'*'}}",
     SYNTAX},
    {"{'Version':2012,'Statement':{" ALLOW ",'Resource':'*'}}", SYNTAX},
    {"{'Id':1,'Statement':{" ALLOW ",'Resource':'*'}}", SYNTAX},
    {"{'Version':'2020-01-01','Statement':{" ALLOW ",'Resource':'*'}}",
     "The policy must contain a valid version string"},
    {"{'Version':'2011-01-01','Statement':{" ALLOW ",'Resource':'*'}}",
     "Policy document must be version 2012-10-17 or greater."},
    {"{'Version':'','Statement':{" ALLOW ",'Resource':'*'}}",
     "Policy document must be version 2012-10-17 or greater."},
};

static void a_document_has_a_version_an_id_and_statements_once_each(void **state) {
    CHECK_ROWS(state, POLICY_IDENTITY, documents);
}

static const struct row statements[] = {
    {S("'Sid':'One1',"
       "'Effect':'Deny','NotAction':['dynamodb:Get*','*'],'NotResource':['*','arn:aws:x']"),
     NULL},
    {S("'Sid':'',"
       "'Effect':'Deny','Action':'a:b','Resource':'*','Condition':{}"),
     NULL},
    {S("'Sid':'a b'," ALLOW ",'Resource':'*'"),
     "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
     "expression [0-9A-Za-z]*"},
    {S("'Sid':'a'," ALLOW ",'Resource':'*'},{'Sid':'a'," ALLOW ",'Resource':'*'"),
     "Statement IDs (SID) in a single policy must be unique."},
    {S("'Sid':'a'," ALLOW ",'Resource':'*'},{'Sid':'A'," ALLOW ",'Resource':'*'"), NULL},
    {S("'Sid':1," ALLOW ",'Resource':'*'"), SYNTAX},
    {S("'Action':'a:b','Resource':'*'"), "Missing required field Effect"},
    {S("'Effect':'allow','Action':'a:b','Resource':'*'"), "Invalid effect: allow"},
    {S("'Effect':['Allow'],'Action':'a:b','Resource':'*'"), SYNTAX},
    {S("'Effect':'Allow','Resource':'*'"), "Policy statement must contain actions."},
    {S("'Effect':'Allow','Action':[],'Resource':'*'"), "Policy statement must contain actions."},
    {S(ALLOW), "Policy statement must contain resources."},
    {S(ALLOW ",'Resource':[]"), "Policy statement must contain resources."},
    {S(ALLOW ",'Resource':'*','Resource':'*'"), SYNTAX},
    {S(ALLOW ",'Resource':'*','NotResource':'*'"), SYNTAX},
    {S(ALLOW ",'NotAction':'a:b','Resource':'*'"), SYNTAX},
    {S(ALLOW ",'resource':'*'"), SYNTAX},
    {S(ALLOW ",'Resource':'*','Conditions':{}"), SYNTAX},
    {S(ALLOW ",'Resource':'*'," EVERYONE), "Policy document should not specify a principal."},
    {S(ALLOW ",'Resource':'*','NotPrincipal':'*'"),
     "Policy document should not specify a principal."},
    {S("'Effect':'Allow','Action':'GetItem','Resource':'*'"), VENDOR},
    {S("'Effect':'Allow','Action':'','Resource':'*'"), VENDOR},
    {S("'Effect':'Allow','Action':':x','Resource':'*'"), VENDOR},
    {S("'Effect':'Allow','Action':'**','Resource':'*'"), VENDOR},
    {S("'Effect':'Allow','Action':'*:x','Resource':'*'"), "Vendor * is not valid"},
    {S("'Effect':'Allow','Action':'a b:x','Resource':'*'"), "Vendor a b is not valid"},
    {S("'Effect':'Allow','Action':'a:','Resource':'*'"), "Action a: is not valid"},
    {S("'Effect':'Allow','Action':'a:b:c','Resource':'*'"), "Action a:b:c is not valid"},
    {S("'Effect':'Allow','Action':'a:${aws:username}','Resource':'*'"),
     "Action a:${aws:username} is not valid"},
    {S("'Effect':'Allow','Action':1,'Resource':'*'"), SYNTAX},
    {S("'Effect':'Allow','Action':['a:b',true],'Resource':'*'"), SYNTAX},
    {S("'Effect':'Allow','Action':{'a':'b'},'Resource':'*'"), SYNTAX},
    {S(ALLOW ",'Resource':'orders'"), "Resource orders must be in ARN format or \"*\"."},
    {S(ALLOW ",'Resource':['*','']"), "Resource  must be in ARN format or \"*\"."},
    {S(ALLOW ",'Resource':'arn:aws:x:::${aws:username'"),
     "Resource arn:aws:x:::${aws:username has a variable that is none."},
    {S(ALLOW ",'Resource':'*','Principal':{}"), "Policy document should not specify a principal."},
    {"{'Statement':[1]}", SYNTAX},
    {"{'Statement':[{}]}", "Missing required field Effect"},
};

static void a_statement_has_each_element_once_and_what_it_needs(void **state) {
    CHECK_ROWS(state, POLICY_IDENTITY, statements);
}

#define C(condition) S(ALLOW ",'Resource':'*','Condition':" condition)

static const struct row conditions[] = {
    {C("{'StringEquals':{}}"), NULL},
    {C("{'StringEquals':{'aws:username':'a'}}"), NULL},
    {C("{'StringEquals':{'aws:username':[]}}"), NULL},
    {C("{'StringEquals':{'aws:username':['a',1,true]}}"), NULL},
    {C("{'StringEquals':{'AWS:UserName':'a'}}"), NULL},
    {C("{'StringEquals':{'other:thing':'a'}}"), NULL},
    {C("{'Bool':{'aws:SecureTransport':false}}"), NULL},
    {C("{'NumericLessThan':{'aws:EpochTime':1e9}}"), NULL},
    {C("{'StringEquals':{'aws:username':'a'},'StringEqualsIfExists':{'aws:username':'a'}}"), NULL},
    {C("[]"), SYNTAX},
    {C("'x'"), SYNTAX},
    {C("{'StringEquals':[]}"), SYNTAX},
    {C("{'StringEquals':{'aws:username':null}}"), SYNTAX},
    {C("{'StringEquals':{'aws:username':{}}}"), SYNTAX},
    {C("{'StringEquals':{'aws:username':['a',['b']]}}"), SYNTAX},
    {C("{'StringEquals':{'aws:username':'a','AWS:username':'b'}}"), SYNTAX},
    {C("{'StringEquals':{},'StringEquals':{}}"), SYNTAX},
    {C("{'StringEquals':{'username':'a'}}"), VENDOR},
    {C("{'StringEquals':{':a':'a'}}"), VENDOR},
    {C("{'StringEquals':{'aws:':'a'}}"), VENDOR},
    {C("{'StringIs':{}}"), "Invalid Condition type : StringIs."},
    {C("{'stringequals':{}}"), "Invalid Condition type : stringequals."},
    {C("{'NullIfExists':{}}"), "Invalid Condition type : NullIfExists."},
    {C("{'ForAllValues:Null':{}}"), "Invalid Condition type : ForAllValues:Null."},
    {C("{'ForAllValues:':{}}"), "Invalid Condition type : ForAllValues:."},
    {C("{'ForAllValues:ForAnyValue:StringLike':{}}"),
     "Invalid Condition type : ForAllValues:ForAnyValue:StringLike."},
    {C("{'StringLikeIfExistsIfExists':{}}"),
     "Invalid Condition type : StringLikeIfExistsIfExists."},
    {C("{'Bool':{'aws:SecureTransport':'yes'}}"), "Condition Bool: \"yes\" is no value for it."},
    {C("{'Null':{'aws:username':''}}"), "Condition Null: \"\" is no value for it."},
    {C("{'NumericEquals':{'aws:EpochTime':'x'}}"),
     "Condition NumericEquals: \"x\" is no value for it."},
    {C("{'DateEquals':{'aws:CurrentTime':'now'}}"),
     "Condition DateEquals: \"now\" is no value for it."},
    {C("{'IpAddress':{'aws:SourceIp':['10.0.0.0/8','10.0.0.0/33']}}"),
     "Condition IpAddress: \"10.0.0.0/33\" is no value for it."},
    {C("{'IpAddress':{'aws:SourceIp':'${aws:SourceIp}'}}"),
     "Condition IpAddress: \"${aws:SourceIp}\" is no value for it."},
    {C("{'BinaryEquals':{'a:b':'%'}}"), "Condition BinaryEquals: \"%\" is no value for it."},
    {C("{'StringLike':{'aws:username':'${x}'}}"),
     "Condition StringLike: \"${x}\" is no value for it."},
};

static void a_condition_is_known_and_its_values_have_its_type(void **state) {
    CHECK_ROWS(state, POLICY_IDENTITY, conditions);
}

#define R(principal) S(ALLOW ",'Resource':'*'," principal)
#define AWS(name) R("'Principal':{'AWS':" name "}")
#define NONE_SUCH(name) "Invalid principal in policy: \"AWS\":\"" name "\""

static const struct row principals[] = {
    {R(EVERYONE), NULL},
    {R("'NotPrincipal':'*'"), NULL},
    {R("'Sid':'with blanks', " EVERYONE), NULL},
    {AWS("'*'"), NULL},
    {AWS("'111122223333'"), NULL},
    {AWS("['" ROOT_ARN "','" USER_ARN "','" ROLE_ARN "','" SESSION_ARN "']"), NULL},
    {AWS("'arn:aws:iam::111122223333:user/a/path/ann'"), NULL},
    {R("'Principal':{'AWS':'*','Service':'ec2.amazonaws.com','Federated':['a','b']}"), NULL},
    {S(ALLOW ",'Resource':'*'"), "Missing required field Principal"},
    {R("'Principal':{}"), "Missing required field Principal cannot be empty!"},
    {AWS("[]"), "Missing required field Principal cannot be empty!"},
    {R("'Principal':'" USER_ARN "'"), "Invalid principal in policy."},
    {R("'Principal':['*']"), SYNTAX},
    {R("'Principal':{'AWS':1}"), SYNTAX},
    {R("'Principal':{'AWS':'*','AWS':'*'}"), SYNTAX},
    {R("'Principal':'*','NotPrincipal':'*'"), SYNTAX},
    {R("'Principal':{'User':'ann'}"), "Invalid principal in policy: \"User\""},
    {AWS("''"), NONE_SUCH("")},
    {AWS("'11112222333'"), NONE_SUCH("11112222333")},
    {AWS("'arn:aws:iam::111122223333:user/*'"), NONE_SUCH("arn:aws:iam::111122223333:user/*")},
    {AWS("'arn:aws:iam::111122223333:user/'"), NONE_SUCH("arn:aws:iam::111122223333:user/")},
    {AWS("'arn:aws:iam::111122223333:user'"), NONE_SUCH("arn:aws:iam::111122223333:user")},
    {AWS("'arn:aws:iam::111122223333:group/a'"), NONE_SUCH("arn:aws:iam::111122223333:group/a")},
    {AWS("'arn:aws:iam::*:root'"), NONE_SUCH("arn:aws:iam::*:root")},
    {AWS("'arn:aws:iam:us-east-1:111122223333:root'"),
     NONE_SUCH("arn:aws:iam:us-east-1:111122223333:root")},
    {AWS("'arn:aws:sts::111122223333:root'"), NONE_SUCH("arn:aws:sts::111122223333:root")},
    {AWS("'arn:aws:sts::111122223333:user/a'"), NONE_SUCH("arn:aws:sts::111122223333:user/a")},
    {AWS("'arn:aws:iam::111122223333:user/a:root'"),
     NONE_SUCH("arn:aws:iam::111122223333:user/a:root")},
};

static void a_resource_policy_names_principals(void **state) {
    CHECK_ROWS(state, POLICY_RESOURCE, principals);
}

#define STS_ONLY "AssumeRole policy may only specify STS AssumeRole actions."

static const struct row trusts[] = {
    {S("'Effect':'Allow','Action':'sts:AssumeRole'," EVERYONE), NULL},
    {S("'Effect':'Allow','Action':'sts:AssumeRole'"), "Missing required field Principal"},
    {S("'Effect':'Allow','Action':'sts:AssumeRole','Resource':'*'," EVERYONE),
     "Has prohibited field Resource"},
    {S("'Effect':'Allow','Action':'sts:AssumeRole','NotResource':'*'," EVERYONE),
     "Has prohibited field Resource"},
    {S("'Sid':'a b','Effect':'Allow','Action':'sts:AssumeRole'," EVERYONE),
     "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular "
     "expression [0-9A-Za-z]*"},
    {S("'Effect':'Allow','Action':['STS:Tag*','sts:*']," EVERYONE), NULL},
    {S("'Effect':'Allow','NotAction':'sts:TagSession'," EVERYONE), NULL},
    {S("'Effect':'Allow','Action':'*'," EVERYONE), STS_ONLY},
    {S("'Effect':'Allow','Action':'dynamodb:*'," EVERYONE), STS_ONLY},
    {S("'Effect':'Deny','Action':['sts:AssumeRole','iam:PassRole']," EVERYONE), STS_ONLY},
    {S("'Effect':'Allow','NotAction':'stsx:AssumeRole'," EVERYONE), STS_ONLY},
};

static void a_trust_policy_names_principals_and_no_resource(void **state) {
    CHECK_ROWS(state, POLICY_TRUST, trusts);
}

#define ACTIONS(first) "{'Version':'2012-10-17','Statement':[{'Effect':'Allow','Action':[" first

static str padded(struct world *world, size_t size) {
    str text = world_json(world, S(ALLOW ",'Resource':'*'"));
    char *out = arena_bytes(world->arena, size);
    memset(out, ' ', size);
    memcpy(out, text.ptr, text.len);
    return (str){out, size};
}

static void a_policy_has_20_kilobytes_at_most(void **state) {
    struct world *world = *state;
    const struct policy *policy;
    str problem = {};
    assert_status(policy_compile(padded(world, POLICY_BYTES_MAX), POLICY_IDENTITY, world->arena,
                                 &policy, &problem),
                  ST_OK);
    assert_status(policy_compile(padded(world, POLICY_BYTES_MAX + 1), POLICY_IDENTITY, world->arena,
                                 &policy, &problem),
                  ST_INVALID);
    assert_str(problem, "A policy has 20480 bytes at most.");
}

static void a_policy_has_200_statements_at_most(void **state) {
    struct world *world = *state;
    const char one[] = ",{'Effect':'Deny','Action':'a:b','Resource':'*'}";
    char text[POLICY_BYTES_MAX] = "{'Statement':[";
    size_t len = strlen(text);
    for (int i = 0; i < POLICY_STATEMENTS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof text - len, "%s", one + (i == 0));
    snprintf(text + len, sizeof text - len, "]}");
    assert_null(world_problem(world, POLICY_IDENTITY, text).ptr);
    snprintf(text + len, sizeof text - len, "%s]}", one);
    assert_str(world_problem(world, POLICY_IDENTITY, text), "A policy has 200 statements at most.");
}

/* Texts whose parts are as short as can be, and so as many. */
static void a_policy_takes_memory_in_proportion_to_its_text(void **state) {
    struct world *world = *state;
    static const char *const rows[][3] = {
        {ACTIONS("'*'"), ",'*'", "],'Resource':'*'}]}"},
        {ACTIONS("'*'") "],'Resource':['*'", ",'*'", "]}]}"},
        {ACTIONS("'*'") "],'Resource':'arn:", "${a:b}", "'}]}"},
        {ACTIONS("'*'") "],'Resource':'*','Condition':{'StringLike':{'a:b':[''", ",''", "]}}}]}"},
        {ACTIONS("'*'") "],'Resource':'*','Condition':{'IpAddress':{'a:b':['::'", ",'::'",
         "]}}}]}"},
        {ACTIONS("'*'") "],'Resource':'*','Condition':{'NumericEquals':{'a:b':[1", ",1", "]}}}]}"},
        {ACTIONS("'*'") "],'Resource':'*','Condition':{'StringEquals':{'a:b':[1", ",1", "]}}}]}"},
        {ACTIONS("'*'") "],'Resource':'*','Condition':{'ArnLike':{'a:b':[''", ",'${a:b}'",
         "]}}}]}"},
        {ACTIONS("'*'") "],'Resource':'*','Condition':{'StringLike':{'a:b':[''", ",'${*}'",
         "]}}}]}"},
        {ACTIONS("'*'") "],'Resource':'*','Condition':{'DateEquals':{'a:b':[1", ",1", "]}}}]}"},
        {ACTIONS("'*'") "],'Resource':'*','Condition':{'Bool':{'a:b':[]", ",'a:%zu':[]", "}}}]}"},
        {ACTIONS("'*'") "],'Resource':'*','Condition':{'NumericEquals':{'a:b':1", ",'a:%zu':1",
         "}}}]}"},
    };
    size_t factor = POLICY_MEMORY_FACTOR * (SANITIZES_ADDRESSES ? 2 : 1); /* gaps */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[POLICY_BYTES_MAX];
        size_t len = (size_t)snprintf(text, sizeof text, "%s", rows[i][0]);
        while (len + 64 < sizeof text) {
            char part[32], *number = strstr(rows[i][1], "%zu");
            int before = number ? (int)(number - rows[i][1]) : (int)strlen(rows[i][1]);
            int part_len = number ? snprintf(part, sizeof part, "%.*s%zu%s", before, rows[i][1],
                                             len, number + 3)
                                  : snprintf(part, sizeof part, "%s", rows[i][1]);
            memcpy(text + len, part, (size_t)part_len);
            len += (size_t)part_len;
        }
        snprintf(text + len, sizeof text - len, "%s", rows[i][2]);
        str json = world_json(world, text), problem;
        const struct policy *policy;
        struct arena *arena = arena_new((size_t)64 << 20);
        assert_status(policy_compile(json, POLICY_IDENTITY, arena, &policy, &problem), ST_OK);
        assert_in_range(arena_used(arena) / json.len, 0, factor - 1);
        arena_free(arena);
    }
}

static void text_that_is_no_utf8_is_no_policy(void **state) {
    assert_str(world_problem(*state, POLICY_IDENTITY, S(ALLOW ",'Resource':'arn:\xff'")), SYNTAX);
}

static void deep_nesting_is_refused(void **state) {
    char text[4096] = "{'Id':";
    memset(text + strlen(text), '[', 4000);
    assert_str(world_problem(*state, POLICY_IDENTITY, text), SYNTAX);
}

static void a_policy_keeps_nothing_of_its_text(void **state) {
    struct world *world = *state;
    char text[] = "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"dynamodb:GetItem\","
                  "\"Resource\":\"" TABLE_ARN "\"}}";
    const struct policy *policy;
    str problem;
    assert_status(
        policy_compile(str_from_c(text), POLICY_IDENTITY, world->arena, &policy, &problem), ST_OK);
    memset(text, 'x', sizeof text);
    assert_int_equal(world_effect(world, policy), POLICY_ALLOWS);
}

static void what_a_policy_asks_is_known(void **state) {
    struct world *world = *state;
    assert_int_equal(policy_asks(world_statement(world, POLICY_IDENTITY, "Allow",
                                                 "'Action':'*','Resource':'*'")),
                     0);
    assert_int_equal(
        policy_asks(world_statement(
            world, POLICY_IDENTITY, "Allow",
            "'Action':'*','Resource':'arn:aws:x:::${aws:username}','Condition':{'StringLike':"
            "{'aws:PrincipalTag/a':'${aws:SourceIp}','other:key':'x'},'Null':{'DYNAMODB:select':"
            "true}}")),
        CONTEXT_BIT(CONTEXT_USERNAME) | CONTEXT_BIT(CONTEXT_PRINCIPAL_TAG) |
            CONTEXT_BIT(CONTEXT_SOURCE_IP) | CONTEXT_BIT(CONTEXT_SELECT));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_document_has_a_version_an_id_and_statements_once_each),
        CASE(a_statement_has_each_element_once_and_what_it_needs),
        CASE(a_condition_is_known_and_its_values_have_its_type),
        CASE(a_resource_policy_names_principals),
        CASE(a_trust_policy_names_principals_and_no_resource),
        CASE(a_policy_has_20_kilobytes_at_most),
        CASE(a_policy_has_200_statements_at_most),
        CASE(a_policy_takes_memory_in_proportion_to_its_text),
        CASE(text_that_is_no_utf8_is_no_policy),
        CASE(deep_nesting_is_refused),
        CASE(a_policy_keeps_nothing_of_its_text),
        CASE(what_a_policy_asks_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
