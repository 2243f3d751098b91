/* Actions and resources: wildcards, their negations, and how long they take at most. */
#include "base/clock.h"
#include "unit/iam/iam_test.h"

struct row {
    const char *pattern, *text;
    bool want;
};

static const struct row actions[] = {
    {"*", "dynamodb:GetItem", true},
    {"dynamodb:*", "dynamodb:GetItem", true},
    {"dynamodb:getitem", "dynamodb:GetItem", true},
    {"DYNAMODB:GETITEM", "dynamodb:GetItem", true},
    {"dynamodb:GetItem", "dynamodb:getitem", true},
    {"dynamodb:Get*", "dynamodb:GetItem", true},
    {"dynamodb:*Item", "dynamodb:GetItem", true},
    {"dynamodb:*Item", "dynamodb:BatchGetItem", true},
    {"dynamodb:*Item", "dynamodb:GetItems", false},
    {"dynamodb:G?tItem", "dynamodb:GetItem", true},
    {"dynamodb:GetItem?", "dynamodb:GetItem", false},
    {"dynamodb:*t*", "dynamodb:GetItem", true},
    {"dynamodb:Get", "dynamodb:GetItem", false},
    {"dynamodb:GetItemX", "dynamodb:GetItem", false},
    {"sts:*", "dynamodb:GetItem", false},
    {"dynamo:*", "dynamodb:GetItem", false},
};

static const struct row resources[] = {
    {"*", "*", true},
    {"*", TABLE_ARN, true},
    {TABLE_ARN, TABLE_ARN, true},
    {TABLE_ARN, TABLE_ARN "x", false},
    {TABLE_ARN "x", TABLE_ARN, false},
    {TABLE_ARN, "arn:aws:dynamodb:us-east-1:111122223333:table/Orders", false},
    {TABLE_ARN "*", TABLE_ARN, true},
    {TABLE_ARN "*", TABLE_ARN "/index/by-date", true},
    {TABLE_ARN "/*", TABLE_ARN, false},
    {TABLE_ARN "/index/*", TABLE_ARN "/index/by-date", true},
    {TABLE_ARN "/index/*", TABLE_ARN "/stream/2024-01-01T00:00:00.000", false},
    {TABLE_ARN "/stream/*", TABLE_ARN "/stream/2024-01-01T00:00:00.000", true},
    {TABLE_ARN "/*/2024-*:00.???", TABLE_ARN "/stream/2024-01-01T00:00:00.000", true},
    {"arn:aws:dynamodb:*:*:table/orders", TABLE_ARN, true},
    {"arn:aws:dynamodb:*:*:table/order?", TABLE_ARN, true},
    {"arn:aws:dynamodb:*:*:table/orders?", TABLE_ARN, false},
    {"arn:aws:dynamodb:us-?"
     "?"
     "?"
     "?-1:*:table/o*s",
     TABLE_ARN, true},
    {"arn:aws:dynamodb:eu-*:*:table/orders", TABLE_ARN, false},
    {"arn:aws:dynamodb", TABLE_ARN, true}, /* what is missing is anything */
    {"arn:aws:dynamodb:us-east-1", TABLE_ARN, true},
    {"arn:aws:dynamodb:us-east-2", TABLE_ARN, false},
    {"arn:aws:s3", TABLE_ARN, false},
    {"arn:aws:dynamodb:*", TABLE_ARN, true},
    {"arn:*", TABLE_ARN, true},
    {"arn:*", "*", false}, /* an action without a resource is allowed on * only */
    {"arn:aws:dynamodb:us-east-1:111122223333:table/\xc3\xa9?",
     "arn:aws:dynamodb:us-east-1:111122223333:table/\xc3\xa9\xe2\x82\xac", true},
    {"arn:aws:dynamodb:us-east-1:111122223333:table/??",
     "arn:aws:dynamodb:us-east-1:111122223333:table/\xf0\x9f\x8d\xb0", false},
    {"arn:aws:dynamodb:us-east-1:111122223333:table/a*b*c?d",
     "arn:aws:dynamodb:us-east-1:111122223333:table/aXbXbXcXcXd", true},
    {"arn:aws:dynamodb:us-east-1:111122223333:table/a**b",
     "arn:aws:dynamodb:us-east-1:111122223333:table/ab", true},
    {"arn:aws:dynamodb:us-east-1:111122223333:table/*ab",
     "arn:aws:dynamodb:us-east-1:111122223333:table/aab", true},
    {"arn:aws:dynamodb:us-east-1:111122223333:table/ab*ab",
     "arn:aws:dynamodb:us-east-1:111122223333:table/ab", false},
    {"arn:aws:dynamodb:us-east-1:111122223333:table/a*ab?b",
     "arn:aws:dynamodb:us-east-1:111122223333:table/aabab", true},
    {"arn:aws:dynamodb:us-east-1:111122223333:table/a*ab?b",
     "arn:aws:dynamodb:us-east-1:111122223333:table/aababb", false},
};

static bool applies(struct world *world, const char *element, const char *pattern,
                    const char *other) {
    str rest = arena_printf(world->arena, "'%s':'%s',%s", element, pattern, other);
    const struct policy *policy = world_statement(world, POLICY_IDENTITY, "Allow", rest.ptr);
    return world_effect(world, policy) == POLICY_ALLOWS;
}

static int check_row(struct world *world, const struct row *row, const char *element,
                     const char *negation, const char *other) {
    bool got = applies(world, element, row->pattern, other);
    bool negated = applies(world, negation, row->pattern, other);
    if (got == row->want && negated != row->want)
        return 0;
    print_error("%s '%s' against '%s': %d, negated %d\n", element, row->pattern, row->text, got,
                negated);
    return 1;
}

static void actions_match_without_case(void **state) {
    struct world *world = *state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
        world->context.action = str_from_c(actions[i].text);
        wrong += check_row(world, &actions[i], "Action", "NotAction", "'Resource':'*'");
    }
    assert_int_equal(wrong, 0);
}

static void resources_match_with_case(void **state) {
    struct world *world = *state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
        world->context.resource = str_from_c(resources[i].text);
        wrong += check_row(world, &resources[i], "Resource", "NotResource", "'Action':'*'");
    }
    assert_int_equal(wrong, 0);
}

static void one_of_several_is_enough_and_negations_spare_each(void **state) {
    struct world *world = *state;
    assert_true(applies(world, "Resource", "*", "'Action':['a:b','dynamodb:getitem']"));
    assert_false(applies(world, "Resource", "*", "'NotAction':['a:b','dynamodb:getitem']"));
    assert_true(applies(world, "Resource", "*", "'NotAction':['a:b','dynamodb:putitem']"));
    assert_false(applies(world, "Action", "*", "'NotResource':['arn:aws:s3','" TABLE_ARN "']"));
    assert_true(applies(world, "NotAction", "a:b", "'NotResource':'arn:aws:s3'"));
    assert_false(applies(world, "NotAction", "a:b", "'NotResource':'" TABLE_ARN "'"));
    assert_false(applies(world, "NotAction", "dynamodb:*", "'NotResource':'arn:aws:s3'"));
}

static void a_deny_wins_wherever_it_stands(void **state) {
    struct world *world = *state;
    const char allow[] = "{'Effect':'Allow','Action':'*','Resource':'*'}";
    const char deny[] = "{'Effect':'Deny','Action':'dynamodb:GetItem','Resource':'*'}";
    str first = arena_printf(world->arena, "{'Statement':[%s,%s]}", deny, allow);
    str last = arena_printf(world->arena, "{'Statement':[%s,%s]}", allow, deny);
    assert_int_equal(world_effect(world, world_policy(world, POLICY_IDENTITY, first.ptr)),
                     POLICY_DENIES);
    assert_int_equal(world_effect(world, world_policy(world, POLICY_IDENTITY, last.ptr)),
                     POLICY_DENIES);
    world->context.action = STR("dynamodb:PutItem");
    assert_int_equal(world_effect(world, world_policy(world, POLICY_IDENTITY, last.ptr)),
                     POLICY_ALLOWS);
}

/* The longest key as text, against patterns that make a backtracking matcher hang. */
static void hostile_patterns_take_bounded_time(void **state) {
    struct world *world = *state;
    static const char *const units[] = {
        "*a", "a*", "a?*", "*?", "?a*", "**a", "*aaaaaaaaaaaaaaa?b"};
    char text[2049], pattern[8192];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 0;
    str key = str_from_c(text);
    world->context.partition_keys[0] = (struct context_values){true, &key, 1};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = 0;
        while (len + 32 < sizeof pattern && len < 2000)
            len += (size_t)snprintf(pattern + len, sizeof pattern - len, "%s", units[i]);
        snprintf(pattern + len, sizeof pattern - len, "*b*");
        str condition =
            arena_printf(world->arena, "{'StringLike':{'dynamodb:LeadingKeys':'%s'}}", pattern);
        int64_t before = clock_thread_us();
        assert_false(world_condition(world, condition.ptr));
        assert_in_range(clock_thread_us() - before, 0, 250000);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(actions_match_without_case),
        CASE(resources_match_with_case),
        CASE(one_of_several_is_enough_and_negations_spare_each),
        CASE(a_deny_wins_wherever_it_stands),
        CASE(hostile_patterns_take_bounded_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
