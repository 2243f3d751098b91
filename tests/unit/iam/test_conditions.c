/* Each operator, with each modifier, against a value, and against none. The key is the principal's
 * tag k; its value is what a row says, NULL: there is no such tag. */
#include "unit/iam/iam_test.h"

struct row {
    const char *op, *operands, *value;
    bool want;
};

static const struct row rows[] = {
    {"StringEquals", "'a'", "a", true},
    {"StringEquals", "'a'", "A", false},
    {"StringEquals", "'a'", "ab", false},
    {"StringEquals", "''", "", true},
    {"StringEquals", "['x','a']", "a", true},
    {"StringEquals", "['x','y']", "a", false},
    {"StringEquals", "[]", "a", false},
    {"StringEquals", "'*'", "a", false},
    {"StringEquals", "'*'", "*", true},
    {"StringEquals", "1", "1", true},
    {"StringEquals", "true", "true", true},
    {"StringNotEquals", "'a'", "a", false},
    {"StringNotEquals", "'a'", "A", true},
    {"StringNotEquals", "['x','a']", "a", false},
    {"StringNotEquals", "['x','y']", "a", true},
    {"StringNotEquals", "[]", "a", true},
    {"StringEqualsIgnoreCase", "'Abc'", "aBC", true},
    {"StringEqualsIgnoreCase", "'Abc'", "aBCd", false},
    {"StringNotEqualsIgnoreCase", "'Abc'", "aBC", false},
    {"StringNotEqualsIgnoreCase", "['x','y']", "a", true},
    {"StringLike", "'a*c'", "abbc", true},
    {"StringLike", "'a*c'", "Abbc", false},
    {"StringLike", "'a?c'", "abc", true},
    {"StringLike", "'a?c'", "abbc", false},
    {"StringLike", "['x','*']", "", true},
    {"StringLike", "'?'", "", false},
    {"StringNotLike", "'a*c'", "abbc", false},
    {"StringNotLike", "'a*c'", "abb", true},
    {"StringNotLike", "['x','a*']", "abb", false},
    {"NumericEquals", "'10'", "10.0", true},
    {"NumericEquals", "10", "1e1", true},
    {"NumericEquals", "10", "x", false},
    {"NumericEquals", "[1,10]", "10", true},
    {"NumericNotEquals", "10", "10", false},
    {"NumericNotEquals", "10", "9", true},
    {"NumericNotEquals", "10", "x", true},
    {"NumericLessThan", "10", "9", true},
    {"NumericLessThan", "10", "10", false},
    {"NumericLessThan", "10", "x", false},
    {"NumericLessThan", "-10", "-11", true},
    {"NumericLessThanEquals", "10", "10", true},
    {"NumericLessThanEquals", "10", "10.01", false},
    {"NumericGreaterThan", "10", "10", false},
    {"NumericGreaterThan", "9.99", "10", true},
    {"NumericGreaterThan", "9", "10", true}, /* as numbers, not as text */
    {"NumericGreaterThanEquals", "10", "10", true},
    {"NumericGreaterThanEquals", "10", "9", false},
    {"DateEquals", "'2020-05-21T12:00:00Z'", "1590062400", true},
    {"DateEquals", "'2020-05-21T12:00:00Z'", "2020-05-21T14:00:00+02:00", true},
    {"DateEquals", "'2020-05-21T12:00:00Z'", "2020-05-21", false},
    {"DateEquals", "'2020-05-21T12:00:00Z'", "x", false},
    {"DateNotEquals", "'2020-05-21T12:00:00Z'", "1590062400", false},
    {"DateNotEquals", "'2020-05-21T12:00:00Z'", "x", true},
    {"DateLessThan", "1590062400", "2020-05-21T11:59:59Z", true},
    {"DateLessThan", "1590062400", "2020-05-21T12:00:00Z", false},
    {"DateLessThanEquals", "1590062400", "2020-05-21T12:00:00Z", true},
    {"DateLessThanEquals", "1590062400", "2020-05-21T12:00:01Z", false},
    {"DateGreaterThan", "'2020-05-21'", "2020-05-21T00:00:01Z", true},
    {"DateGreaterThan", "'2020-05-21'", "2020-05-21", false},
    {"DateGreaterThanEquals", "'2020-05'", "2020-05-01", true},
    {"DateGreaterThanEquals", "'2020-05'", "2020-04-30", false},
    {"Bool", "true", "true", true},
    {"Bool", "'True'", "true", true},
    {"Bool", "'false'", "true", false},
    {"Bool", "false", "false", true},
    {"Bool", "['true','false']", "false", true},
    {"Bool", "true", "yes", false},
    {"BinaryEquals", "'YWJj'", "abc", true},
    {"BinaryEquals", "'YWJj'", "abd", false},
    {"BinaryEquals", "'YWJj'", "YWJj", false},
    {"IpAddress", "'10.0.0.0/8'", "10.255.0.1", true},
    {"IpAddress", "'10.0.0.0/8'", "11.0.0.1", false},
    {"IpAddress", "['1.2.3.4','10.0.0.0/8']", "1.2.3.4", true},
    {"IpAddress", "'0.0.0.0/0'", "x", false},
    {"IpAddress", "'2001:db8::/32'", "2001:db8:1::1", true},
    {"NotIpAddress", "'10.0.0.0/8'", "10.255.0.1", false},
    {"NotIpAddress", "['1.2.3.4','10.0.0.0/8']", "11.0.0.1", true},
    {"NotIpAddress", "'0.0.0.0/0'", "x", true},
    {"ArnEquals", "'" USER_ARN "'", USER_ARN, true},
    {"ArnEquals", "'arn:aws:iam::*:user/*'", USER_ARN, true},
    {"ArnLike", "'arn:aws:iam::*:user/*'", USER_ARN, true},
    {"ArnLike", "'arn:aws:iam::*:role/*'", USER_ARN, false},
    {"ArnLike",
     "'arn:aws:iam::1111*:user/a?"
     "?'",
     USER_ARN, true},
    {"ArnLike", "'arn:aws:*:user/ann'", USER_ARN, true}, /* no ARN's parts: as a whole */
    {"ArnLike", "'arn:aws:*:*:1:user/ann'", "arn:aws:iam::x:1:user/ann", false}, /* part by part */
    {"ArnLike", "'*:*:*:*:*:*'", USER_ARN, true},
    {"ArnLike", "'*:*:*:*:*:*'", "no:arn", false},
    {"ArnLike", "'*'", "no:arn", true},
    {"ArnLike", "'arn:aws:a:b:c:d:*'", "arn:aws:a:b:c:d:e:f", true},
    {"ArnNotEquals", "'" USER_ARN "'", USER_ARN, false},
    {"ArnNotLike", "'arn:aws:iam::*:role/*'", USER_ARN, true},
    {"ArnNotLike", "['x','arn:aws:iam::*:user/*']", USER_ARN, false},
    {"Null", "true", "a", false},
    {"Null", "false", "a", true},
    {"Null", "'false'", "", true},
    {"Null", "true", NULL, true},
    {"Null", "'false'", NULL, false},
    {"Null", "['true','false']", NULL, true},
};

static void set_value(struct world *world, struct context_tag *room, const char *value) {
    *room = (struct context_tag){STR("k"), value ? str_from_c(value) : STR("")};
    world->context.principal_tags =
        value ? (struct context_tags){room, 1} : (struct context_tags){};
}

static bool holds(struct world *world, const char *prefix, const struct row *row,
                  const char *suffix) {
    str text = arena_printf(world->arena, "{'%s%s%s':{'aws:PrincipalTag/k':%s}}", prefix, row->op,
                            suffix, row->operands);
    return world_condition(world, text.ptr);
}

static int check(struct world *world, const char *prefix, const struct row *row, const char *suffix,
                 bool want) {
    if (holds(world, prefix, row, suffix) == want)
        return 0;
    print_error("%s%s%s %s against %s: not %d\n", prefix, row->op, suffix, row->operands,
                row->value ? row->value : "none", want);
    return 1;
}

/* Of one value, it makes no difference how many of the values are asked for. */
static void operators_compare_as_their_type_does(void **state) {
    struct world *world = *state;
    struct context_tag room;
    int wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *row = &rows[i];
        set_value(world, &room, row->value);
        wrong += check(world, "", row, "", row->want);
        if (strcmp(row->op, "Null") == 0)
            continue;
        wrong += check(world, "", row, "IfExists", row->want);
        wrong += check(world, "ForAllValues:", row, "", row->want);
        wrong += check(world, "ForAllValues:", row, "IfExists", row->want);
        wrong += check(world, "ForAnyValue:", row, "", row->want);
        wrong += check(world, "ForAnyValue:", row, "IfExists", row->want);
    }
    assert_int_equal(wrong, 0);
}

static void absent_keys_hold_where_negated_or_asked_only_if_they_exist(void **state) {
    struct world *world = *state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct row row = rows[i];
        bool negated = strstr(row.op, "Not") != NULL;
        if (strcmp(row.op, "Null") == 0)
            continue;
        row.value = NULL;
        wrong += check(world, "", &row, "", negated);
        wrong += check(world, "", &row, "IfExists", true);
        wrong += check(world, "ForAllValues:", &row, "", true);
        wrong += check(world, "ForAllValues:", &row, "IfExists", true);
        wrong += check(world, "ForAnyValue:", &row, "", false);
        wrong += check(world, "ForAnyValue:", &row, "IfExists", true);
    }
    assert_int_equal(wrong, 0);
}

static void all_conditions_must_hold(void **state) {
    struct world *world = *state;
    assert_true(world_condition(world, "{}"));
    assert_true(world_condition(world, "{'StringEquals':{'aws:username':'ann'},"
                                       "'IpAddress':{'aws:SourceIp':'203.0.113.0/24'}}"));
    assert_false(world_condition(world, "{'StringEquals':{'aws:username':'ann'},"
                                        "'IpAddress':{'aws:SourceIp':'203.0.114.0/24'}}"));
    assert_false(world_condition(world, "{'StringEquals':{'aws:username':'ann',"
                                        "'aws:RequestedRegion':'eu-west-1'}}"));
    assert_true(world_condition(world, "{'StringEquals':{'aws:username':'ann',"
                                       "'aws:RequestedRegion':['eu-west-1','us-east-1']}}"));
}

struct key_row {
    const char *key, *value; /* NULL: absent */
};

static void check_keys(struct world *world, const struct key_row *keys, size_t count) {
    int wrong = 0;
    for (size_t i = 0; i < count; i++) {
        str text = keys[i].value ? arena_printf(world->arena, "{'StringEquals':{'%s':'%s'}}",
                                                keys[i].key, keys[i].value)
                                 : arena_printf(world->arena, "{'Null':{'%s':true}}", keys[i].key);
        if (world_condition(world, text.ptr))
            continue;
        print_error("%s is not %s\n", keys[i].key, keys[i].value ? keys[i].value : "absent");
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

#define CHECK_KEYS(world, keys) check_keys(world, keys, sizeof(keys) / sizeof *(keys))

static void keys_have_the_values_of_the_request(void **state) {
    struct world *world = *state;
    static const struct context_tag tags[] = {{STR_INIT("Team"), STR_INIT("red")},
                                              {STR_INIT("team"), STR_INIT("blue")},
                                              {STR_INIT("stage"), STR_INIT("")}};
    static const struct key_row given[] = {
        {"dynamodb:Select", "COUNT"},
        {"dynamodb:ReturnValues", "NONE"},
        {"dynamodb:ReturnConsumedCapacity", "TOTAL"},
        {"dynamodb:FullTableScan", "true"},
        {"dynamodb:EnclosingOperation", "TransactWriteItems"},
        {"aws:RequestTag/Team", "red"},
        {"aws:RequestTag/team", "blue"},
        {"aws:RequestTag/TEAM", "red"},
        {"aws:ResourceTag/stage", ""},
        {"AWS:PRINCIPALTAG/STAGE", ""},
        {"aws:PrincipalArn", USER_ARN},
        {"aws:PrincipalAccount", "111122223333"},
        {"aws:PrincipalType", "User"},
        {"aws:userid", "AIDAANN"},
        {"aws:UserName", "ann"},
        {"aws:sourceip", "203.0.113.7"},
        {"aws:SecureTransport", "false"},
        {"aws:CurrentTime", "2020-05-21T12:00:00Z"},
        {"aws:EpochTime", "1590062400"},
        {"aws:UserAgent", "client/1.0"},
        {"aws:RequestedRegion", "us-east-1"},
        {"sts:ExternalId", "secret"},
    };
    struct access_context *c = &world->context;
    c->select = STR("COUNT");
    c->return_values = STR("NONE");
    c->return_consumed_capacity = STR("TOTAL");
    c->full_table_scan = STR("true");
    c->enclosing_operation = STR("TransactWriteItems");
    c->request_tags = c->resource_tags = c->principal_tags = (struct context_tags){tags, 3};
    c->external_id = STR("secret");
    CHECK_KEYS(world, given);
    c->secure_transport = true;
    assert_true(world_condition(world, "{'Bool':{'aws:SecureTransport':true}}"));
    world_ask_as(world, PRINCIPAL_SESSION);
    static const struct key_row session[] = {{"aws:PrincipalArn", ROLE_ARN}, /* not the session's */
                                             {"aws:PrincipalType", "AssumedRole"},
                                             {"aws:userid", "AROAREADER:today"},
                                             {"aws:username", NULL}};
    CHECK_KEYS(world, session);
}

static void what_a_request_lacks_is_absent(void **state) {
    static const struct key_row absent[] = {
        {"dynamodb:LeadingKeys", NULL}, {"dynamodb:Attributes", NULL},
        {"dynamodb:Select", NULL},      {"dynamodb:FullTableScan", NULL},
        {"aws:RequestTag/a", NULL},     {"aws:TagKeys", NULL},
        {"aws:ResourceTag/a", NULL},    {"aws:PrincipalTag/", NULL},
        {"sts:ExternalId", NULL},       {"aws:SourceVpce", NULL},
        {"aws:PrincipalOrgID", NULL},   {"aws:PrincipalTagX", NULL}};
    CHECK_KEYS((struct world *)*state, absent);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(operators_compare_as_their_type_does),
        CASE(absent_keys_hold_where_negated_or_asked_only_if_they_exist),
        CASE(all_conditions_must_hold),
        CASE(keys_have_the_values_of_the_request),
        CASE(what_a_request_lacks_is_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
