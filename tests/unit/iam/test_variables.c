/* Policy variables in resources and conditions. */
#include "unit/iam/iam_test.h"

#define PREFIX "arn:aws:dynamodb:us-east-1:111122223333:table/"

struct row {
    const char *pattern, *table;
    bool want;
};

static const struct row rows[] = {
    {"${aws:username}", "ann", true},
    {"${AWS:UserName}", "ann", true},
    {"${aws:username}", "bob", false},
    {"${aws:username}-*", "ann-orders", true},
    {"x-${aws:username}-${aws:userid}-y", "x-ann-AIDAANN-y", true},
    {"${aws:PrincipalTag/team}", "red", true},
    {"${aws:PrincipalTag/TEAM}", "red", true},
    {"${aws:PrincipalTag/star}", "x", false}, /* a value's star is a star */
    {"${aws:PrincipalTag/star}", "*", true},
    {"${aws:PrincipalTag/none}", "", false},
    {"${aws:PrincipalTag/none}*", "anything", false},
    {"${aws:PrincipalTag/none, `all`}", "all", true},
    {"${aws:PrincipalTag/none,`all`}", "all", true},
    {"${aws:PrincipalTag/none, ``}*", "anything", true},
    {"${aws:PrincipalTag/none, `a}b`}", "a}b", true},
    {"${aws:PrincipalTag/none, `*`}", "x", false},
    {"${aws:PrincipalTag/team, `all`}", "all", false},
    {"${aws:PrincipalTag/team, `all`}", "red", true},
    {"${aws:PrincipalTag/with blank}", "blank", true},
    {"${graph.facebook.com:id}", "x", false},
    {"${graph.facebook.com:id, `x`}", "x", true},
    {"${*}", "*", true},
    {"${*}", "x", false},
    {"${?}", "?", true},
    {"${?}", "x", false},
    {"${$}{aws:username}", "${aws:username}", true},
    {"$", "$", true},
    {"$x{", "$x{", true},
    {"a}", "a}", true},
    {"${aws:SourceIp}", "203.0.113.7", true},
    {"${aws:CurrentTime}", "2020-05-21T12:00:00Z", true},
    {"${dynamodb:LeadingKeys}", "k", false}, /* sets have no text */
    {"${dynamodb:LeadingKeys, `d`}", "d", true},
};

static void set_tags(struct world *world) {
    static const struct context_tag tags[] = {{STR_INIT("team"), STR_INIT("red")},
                                              {STR_INIT("star"), STR_INIT("*")},
                                              {STR_INIT("codes"), STR_INIT("\xff")},
                                              {STR_INIT("with blank"), STR_INIT("blank")}};
    static const str key = STR_INIT("k");
    world->context.principal_tags = (struct context_tags){tags, 4};
    world->context.partition_keys[0] = (struct context_values){true, &key, 1};
}

static bool resource_is_like(struct world *world, const char *version, const char *element,
                             const char *pattern, const char *table) {
    str text = arena_printf(world->arena,
                            "{%s'Statement':{'Effect':'Allow','Action':'*','%s':'" PREFIX "%s'}}",
                            version, element, pattern);
    str resource = arena_printf(world->arena, PREFIX "%s", table);
    world->context.resource = resource;
    return world_effect(world, world_policy(world, POLICY_IDENTITY, text.ptr)) == POLICY_ALLOWS;
}

static void variables_stand_for_the_values_of_keys(void **state) {
    struct world *world = *state;
    int wrong = 0;
    set_tags(world);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        bool got = resource_is_like(world, "'Version':'2012-10-17',", "Resource", row->pattern,
                                    row->table);
        bool not_got = resource_is_like(world, "'Version':'2012-10-17',", "NotResource",
                                        row->pattern, row->table);
        if (got == row->want && not_got != got)
            continue;
        print_error("%s against %s: %d %d\n", row->pattern, row->table, got, not_got);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void variables_stand_in_arns_that_lack_parts(void **state) {
    struct world *world = *state;
    const struct policy *policy = world_statement(
        world, POLICY_IDENTITY, "Allow",
        "'Action':'*','Resource':'arn:aws:dynamodb:${aws:PrincipalTag/none, `us-east-1`}'");
    assert_int_equal(world_effect(world, policy), POLICY_ALLOWS);
    world->context.resource = STR("arn:aws:dynamodb:us-east-2:111122223333:table/orders");
    assert_int_equal(world_effect(world, policy), POLICY_SILENT);
}

static void variables_are_plain_text_in_old_policies(void **state) {
    struct world *world = *state;
    static const char *const versions[] = {"", "'Version':'2008-10-17',"};
    for (size_t i = 0; i < 2; i++) {
        assert_false(resource_is_like(world, versions[i], "Resource", "${aws:username}", "ann"));
        assert_true(
            resource_is_like(world, versions[i], "Resource", "${aws:username}", "${aws:username}"));
        assert_true(resource_is_like(world, versions[i], "Resource", "${*}", "${xyz}"));
    }
}

static void what_is_no_variable_is_refused(void **state) {
    static const char *const bad[] = {"${",
                                      "${}",
                                      "${aws}",
                                      "${aws:username",
                                      "${aws:a,}",
                                      "${aws:a, b}",
                                      "${aws:a, `}",
                                      "${aws:a, `b`c}",
                                      "${aws:a,`b`,`c`}",
                                      "${aws:${aws:username}}",
                                      "${**}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[256];
        snprintf(text, sizeof text,
                 "{'Version':'2012-10-17','Statement':{'Effect':'Allow','Action':'*','Resource':"
                 "'" PREFIX "%s'}}",
                 bad[i]);
        if (world_problem(*state, POLICY_IDENTITY, text).ptr == NULL)
            fail_msg("%s is accepted", bad[i]);
    }
}

/* What has no value is equal to nothing, so that negated operators hold. */
static void conditions_compare_with_variables(void **state) {
    struct world *world = *state;
    set_tags(world);
    assert_true(world_condition(world, "{'StringEquals':{'aws:username':'${aws:username}'}}"));
    assert_true(
        world_condition(world, "{'StringEquals':{'aws:username':['x','${aws:username}']}}"));
    assert_true(
        world_condition(world, "{'StringLike':{'aws:username':'a${aws:PrincipalTag/n,`n`}*'}}"));
    assert_true(world_condition(
        world,
        "{'StringEqualsIgnoreCase':{'aws:PrincipalTag/team':'R${aws:PrincipalTag/n,`E`}D'}}"));
    assert_true(world_condition(
        world, "{'ArnLike':{'aws:PrincipalArn':'arn:aws:iam::*:user/${aws:username}'}}"));
    assert_true(world_condition(world, "{'ArnEquals':{'aws:PrincipalArn':'${aws:PrincipalArn}'}}"));
    assert_false(
        world_condition(world, "{'StringEquals':{'aws:username':'${aws:PrincipalTag/none}'}}"));
    assert_true(
        world_condition(world, "{'StringNotEquals':{'aws:username':'${aws:PrincipalTag/none}'}}"));
    assert_false(
        world_condition(world, "{'StringLike':{'aws:username':'*${aws:PrincipalTag/none}*'}}"));
    assert_true(
        world_condition(world, "{'StringNotLike':{'aws:username':'*${aws:PrincipalTag/none}*'}}"));
    assert_true(world_condition(world, "{'StringEquals':{'aws:PrincipalTag/star':'${*}'}}"));
    assert_false(world_condition(world, "{'StringLike':{'aws:username':'${*}'}}"));
}

static void a_value_that_is_no_text_brings_no_wildcard(void **state) {
    struct world *world = *state;
    set_tags(world);
    assert_false(
        world_condition(world, "{'StringLike':{'aws:username':'${aws:PrincipalTag/codes}'}}"));
    assert_false(world_condition(
        world, "{'StringLike':{'aws:username':'${aws:PrincipalTag/codes, `ann`}'}}"));
    assert_true(world_condition(world, "{'StringLike':{'aws:PrincipalTag/codes':'?'}}"));
}

/* 1,000 times a long value would be a pattern of megabytes. */
static void long_values_make_no_endless_pattern(void **state) {
    struct world *world = *state;
    char agent[4096], condition[POLICY_BYTES_MAX - 256] = "{'StringLike':{'aws:username':'";
    memset(agent, 'a', sizeof agent);
    world->context.user_agent = (str){agent, sizeof agent};
    size_t len = strlen(condition);
    while (len + 64 < sizeof condition)
        len += (size_t)snprintf(condition + len, sizeof condition - len, "${aws:UserAgent}");
    snprintf(condition + len, sizeof condition - len, "'}}");
    assert_false(world_condition(world, condition));
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(variables_stand_for_the_values_of_keys),
        CASE(variables_stand_in_arns_that_lack_parts),
        CASE(variables_are_plain_text_in_old_policies),
        CASE(what_is_no_variable_is_refused),
        CASE(conditions_compare_with_variables),
        CASE(a_value_that_is_no_text_brings_no_wildcard),
        CASE(long_values_make_no_endless_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
