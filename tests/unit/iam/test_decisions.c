/* What a principal remembers, and what it does not. */
#include "iam/decisions_int.h"
#include "unit/iam/iam_test.h"

#include <assert.h>
#include <pthread.h>

static struct principal *user_with(struct world *world, const struct policy *const *policies) {
    struct principal *principal = principal_new();
    principal->kind = PRINCIPAL_USER;
    principal->arn = STR(USER_ARN);
    principal->account = STR("111122223333");
    principal->name = STR("ann");
    principal->policies = policies;
    principal->policy_count = 1;
    principal_ready(principal);
    principal_describe(principal, &world->context);
    return principal;
}

static enum access access_of(struct world *world, struct principal *principal,
                             const struct policy *resource, uint64_t generation) {
    return access_decide(principal, resource, generation, &world->context, world->scratch).access;
}

static void a_decision_is_remembered_until_the_generation_changes(void **state) {
    struct world *world = *state;
    const struct policy *policy =
        world_statement(world, POLICY_IDENTITY, "Allow", "'Action':'*','Resource':'*'");
    const struct policy *denial = world_statement(world, POLICY_RESOURCE, "Deny",
                                                  "'Action':'*','Resource':'*','Principal':'*'");
    struct principal *principal = user_with(world, &policy);
    assert_int_equal(access_of(world, principal, NULL, 1), ACCESS_ALLOWED);
    /* The same number promises the same policy: it is not asked again. */
    assert_int_equal(access_of(world, principal, denial, 1), ACCESS_ALLOWED);
    assert_int_equal(access_of(world, principal, denial, 2), ACCESS_DENIED_EXPLICITLY);
    assert_int_equal(access_of(world, principal, NULL, 2), ACCESS_DENIED_EXPLICITLY);
    world->context.action = STR("dynamodb:PutItem");
    assert_int_equal(access_of(world, principal, NULL, 2), ACCESS_ALLOWED);
    world->context.resource = STR(TABLE_ARN "/index/a");
    assert_int_equal(access_of(world, principal, denial, 2), ACCESS_DENIED_EXPLICITLY);
    principal_unref(principal);
}

static void what_depends_on_the_request_is_asked_each_time(void **state) {
    struct world *world = *state;
    const struct policy *policy = world_statement(
        world, POLICY_IDENTITY, "Allow",
        "'Action':'*','Resource':'*','Condition':{'IpAddress':{'aws:SourceIp':'203.0.113.0/24'}}");
    struct principal *principal = user_with(world, &policy);
    assert_int_equal(access_of(world, principal, NULL, 1), ACCESS_ALLOWED);
    world->context.source_ip = STR("203.0.114.1");
    assert_int_equal(access_of(world, principal, NULL, 1), ACCESS_DENIED_IMPLICITLY);
    principal_unref(principal);
}

static void what_the_resources_policy_asks_counts_too(void **state) {
    struct world *world = *state;
    const struct policy *policy =
        world_statement(world, POLICY_IDENTITY, "Allow", "'Action':'*','Resource':'*'");
    const struct policy *denial = world_statement(
        world, POLICY_RESOURCE, "Deny",
        "'Action':'*','Resource':'*','Principal':'*','Condition':{'Bool':{'aws:SecureTransport':"
        "false}}");
    struct principal *principal = user_with(world, &policy);
    assert_int_equal(access_of(world, principal, denial, 1), ACCESS_DENIED_EXPLICITLY);
    world->context.secure_transport = true;
    assert_int_equal(access_of(world, principal, denial, 1), ACCESS_ALLOWED);
    principal_unref(principal);
}

/* Each key that may be different in the next request, as a condition and as a variable. */
static void only_keys_of_who_asks_are_remembered_by(void **state) {
    struct world *world = *state;
    static const char *const own[] = {"aws:PrincipalTag/a",
                                      "aws:PrincipalArn",
                                      "aws:userid",
                                      "aws:PrincipalAccount",
                                      "aws:username",
                                      "aws:PrincipalType",
                                      "aws:RequestedRegion",
                                      "aws:TokenIssueTime",
                                      "aws:MultiFactorAuthPresent",
                                      "aws:ResourceAccount",
                                      "aws:ViaAWSService",
                                      "aws:PrincipalIsAWSService",
                                      "some:thing"};
    static const char *const varying[] = {"dynamodb:LeadingKeys",
                                          "dynamodb:Attributes",
                                          "dynamodb:Select",
                                          "dynamodb:ReturnValues",
                                          "dynamodb:FullTableScan",
                                          "dynamodb:ReturnConsumedCapacity",
                                          "aws:RequestTag/a",
                                          "dynamodb:EnclosingOperation",
                                          "dynamodb:FirstPartitionKeyValues",
                                          "dynamodb:SecondPartitionKeyValues",
                                          "dynamodb:ThirdPartitionKeyValues",
                                          "dynamodb:FourthPartitionKeyValues",
                                          "aws:TagKeys",
                                          "aws:ResourceTag/a",
                                          "iam:ResourceTag/a",
                                          "aws:SourceIp",
                                          "aws:SecureTransport",
                                          "aws:CurrentTime",
                                          "aws:EpochTime",
                                          "aws:UserAgent",
                                          "sts:ExternalId",
                                          "sts:RoleSessionName",
                                          "iam:PolicyARN",
                                          "iam:PermissionsBoundary"};
    static_assert(sizeof own / sizeof *own - 1 + sizeof varying / sizeof *varying ==
                      CONTEXT_KEY_COUNT,
                  "every key");
    for (size_t i = 0; i < sizeof own / sizeof *own + sizeof varying / sizeof *varying; i++) {
        bool varies = i >= sizeof own / sizeof *own;
        const char *key = varies ? varying[i - sizeof own / sizeof *own] : own[i];
        str condition = arena_printf(world->arena,
                                     "'Action':'*','Resource':'*','Condition':{'StringEquals':"
                                     "{'%s':'x'}}",
                                     key);
        str variable =
            arena_printf(world->arena, "'Action':'*','Resource':'arn:aws:x:::${%s}'", key);
        context_set asks =
            policy_asks(world_statement(world, POLICY_IDENTITY, "Allow", condition.ptr));
        assert_int_equal(
            asks, policy_asks(world_statement(world, POLICY_IDENTITY, "Allow", variable.ptr)));
        assert_int_equal((asks & CONTEXT_VARIES) != 0, varies);
    }
}

static void a_tag_depends_on_every_byte_and_where_texts_end(void **state) {
    struct world *world = *state;
    struct decisions *decisions = decisions_new(world->arena);
    static const struct {
        str action, resource;
        uint64_t generation;
    } all[] = {
        {STR_INIT("a:b"), STR_INIT("arn:1"), 1},
        {STR_INIT("a:b"), STR_INIT("arn:1"), 2},
        {STR_INIT("a:ba"), STR_INIT("rn:1"), 1},
        {STR_INIT("a:b"), STR_INIT("arn:1\0"), 1},
        {STR_INIT("a:b\0"), STR_INIT("arn:1"), 1},
        {STR_INIT("a:barn:1"), STR_INIT(""), 1},
        {STR_INIT(""), STR_INIT("a:barn:1"), 1},
        {STR_INIT("a:b"), STR_INIT("arn:2"), 1},
        {STR_INIT("a:barn:12"), STR_INIT("arn:123"), 1},
        {STR_INIT("a:barn:1"), STR_INIT("2arn:123"), 1},
    };
    enum { COUNT = sizeof all / sizeof *all };
    struct decision_tag tags[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        tags[i] = decision_tag_of(decisions, all[i].action, all[i].resource, all[i].generation);
        for (size_t n = 0; n < i; n++)
            assert_true(tags[n].low != tags[i].low && tags[n].high != tags[i].high);
    }
    struct decision_tag again = decision_tag_of(decisions, STR("a:b"), STR("arn:1"), 1);
    assert_true(again.low == tags[0].low && again.high == tags[0].high);
    struct decision_tag others =
        decision_tag_of(decisions_new(world->arena), STR("a:b"), STR("arn:1"), 1);
    assert_true(others.low != tags[0].low && others.high != tags[0].high);
}

static void places_are_taken_over_and_never_mixed_up(void **state) {
    struct world *world = *state;
    struct decisions *decisions = decisions_new(world->arena);
    unsigned got;
    size_t kept = 0;
    for (uint64_t i = 0; i < 4 * DECISIONS_KEPT; i++) {
        struct decision_tag tag = decision_tag_of(decisions, STR("a:b"), STR("r"), i);
        assert_false(decisions_find(decisions, tag, &got));
        decisions_put(decisions, tag, (unsigned)i % 16);
        assert_true(decisions_find(decisions, tag, &got));
        assert_int_equal(got, i % 16);
    }
    for (uint64_t i = 0; i < 4 * DECISIONS_KEPT; i++) {
        struct decision_tag tag = decision_tag_of(decisions, STR("a:b"), STR("r"), i);
        if (!decisions_find(decisions, tag, &got))
            continue;
        assert_int_equal(got, i % 16);
        kept++;
    }
    assert_in_range(kept, DECISIONS_KEPT / 2, DECISIONS_KEPT);
}

struct asker {
    struct principal *principal;
    unsigned seed;
    size_t wrong;
};

static void *ask_much(void *argument) {
    struct asker *asker = argument;
    struct arena *scratch = arena_new((size_t)1 << 20);
    char name[96];
    for (int i = 0; i < 20000; i++) {
        asker->seed = asker->seed * 1103515245 + 12345;
        unsigned number = (asker->seed >> 8) % 600;
        int len = snprintf(name, sizeof name, "arn:aws:dynamodb:us-east-1:111122223333:table/%s-%u",
                           number % 2 ? "odd" : "even", number);
        struct access_context context = {.action = STR("dynamodb:GetItem"),
                                         .resource = {name, (size_t)len}};
        principal_describe(asker->principal, &context);
        enum access access = access_decide(asker->principal, NULL, 1, &context, scratch).access;
        asker->wrong += (access == ACCESS_ALLOWED) != (number % 2 == 1);
    }
    arena_free(scratch);
    return NULL;
}

static void threads_share_what_is_remembered(void **state) {
    struct world *world = *state;
    enum { THREADS = 4 };
    const struct policy *policy = world_statement(
        world, POLICY_IDENTITY, "Allow",
        "'Action':'*','Resource':'arn:aws:dynamodb:us-east-1:111122223333:table/odd-*'");
    struct principal *principal = user_with(world, &policy);
    struct asker askers[THREADS];
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        askers[i] = (struct asker){principal, i + 1, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, ask_much, &askers[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(askers[i].wrong, 0);
    }
    principal_unref(principal);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_decision_is_remembered_until_the_generation_changes),
        CASE(what_depends_on_the_request_is_asked_each_time),
        CASE(what_the_resources_policy_asks_counts_too),
        CASE(only_keys_of_who_asks_are_remembered_by),
        CASE(a_tag_depends_on_every_byte_and_where_texts_end),
        CASE(places_are_taken_over_and_never_mixed_up),
        CASE(threads_share_what_is_remembered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
