/* What a call asks of policies: actions, resources, conditions, and the words of a refusal. */
#include "api/api.h"
#include "iam/access.h"
#include "kv/mem/mem.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

#define ARN "arn:aws:dynamodb:us-east-1:000000000000:table/"
#define USER "arn:aws:iam::000000000000:user/ann"
#define TABLE "\"TableName\":\"Users\""

static struct arena *arena, *scratch;
static struct database *database;

/* ---- who asks ---- */

#define STATEMENT(effect, action, resource, more)                                                  \
    "{\"Effect\":\"" effect "\",\"Action\":" action ",\"Resource\":" resource more "}"
#define POLICY(statements) "{\"Version\":\"2012-10-17\",\"Statement\":[" statements "]}"
#define ALLOW(action, resource)                                                                    \
    POLICY(STATEMENT("Allow", "\"dynamodb:" action "\"", "\"" resource "\"", ""))
/* All is allowed, but `action` under a condition. */
#define WITH_CONDITION(condition)                                                                  \
    POLICY(STATEMENT("Allow", "\"dynamodb:*\"", "\"*\"", ",\"Condition\":{" condition "}"))

static struct principal *user(const char *policy) {
    struct principal *made = principal_new();
    const struct policy **policies = arena_array(made->arena, const struct policy *, 1);
    str problem = {};
    if (policy_compile(str_from_c(policy), POLICY_IDENTITY, made->arena, &policies[0], &problem) !=
        ST_OK)
        fail_msg("%s: %.*s", policy, STR_ARG(problem));
    made->kind = PRINCIPAL_USER;
    made->arn = STR(USER);
    made->account = STR("000000000000");
    made->name = STR("ann");
    made->policies = policies;
    made->policy_count = 1;
    principal_ready(made);
    return made;
}

/* ---- calls ---- */

static struct api_answer send_as(struct principal *principal, const char *target,
                                 const char *body) {
    struct api_call made = {.target = str_from_c(target),
                            .body = str_from_c(body),
                            .arena = arena,
                            .scratch = scratch,
                            .now_us = 1700000000000000,
                            .caller = {.principal = principal,
                                       .source_ip = STR("10.1.2.3"),
                                       .user_agent = STR("tests/1"),
                                       .secure_transport = true}};
    struct api_answer answer;
    arena_reset(scratch, 1 << 20);
    assert_status(api_call(database, &made, &answer), ST_OK);
    return answer;
}

static struct api_answer call_as(struct principal *principal, const char *operation,
                                 const char *body) {
    bool streams = strcmp(operation, "GetRecords") == 0 || strcmp(operation, "ListStreams") == 0;
    str target = arena_printf(arena, "DynamoDB%s_20120810.%s", streams ? "Streams" : "", operation);
    return send_as(principal, target.ptr, body);
}

#define DENIED "com.amazon.coral.service#AccessDeniedException"

static bool denied(const struct api_answer *answer) {
    return str_contains(answer->body, STR(DENIED));
}

/* One call by whoever has that policy alone. */
static bool allowed(const char *policy, const char *operation, const char *body) {
    struct principal *principal = user(policy);
    struct api_answer answer = call_as(principal, operation, body);
    if (!denied(&answer) && answer.http_status != 200 &&
        !str_contains(answer.body, STR("NotFoundException")))
        fail_msg("%s: %.*s", operation, STR_ARG(answer.body));
    principal_unref(principal);
    return !denied(&answer);
}

static void expect_refusal(const char *policy, const char *operation, const char *body,
                           const char *text) {
    struct principal *principal = user(policy);
    struct api_answer answer = call_as(principal, operation, body);
    str want = arena_printf(arena, "{\"__type\":\"" DENIED "\",\"Message\":\"%s\"}", text);
    if (answer.http_status != 400 || !str_eq(answer.body, want))
        fail_msg("got %.*s, want %.*s", STR_ARG(answer.body), STR_ARG(want));
    principal_unref(principal);
}

#define KEY_OF(id) "{\"id\":{\"S\":\"" id "\"}}"
#define GET "{" TABLE ",\"Key\":" KEY_OF("a") "}"

static int setup(void **state) {
    (void)state;
    struct kv *kv;
    arena = arena_new(256 << 20);
    scratch = arena_new(64 << 20);
    if (kv_mem_open(&kv) != ST_OK ||
        database_open(kv,
                      &(struct database_options){.region = STR("us-east-1"),
                                                 .account_id = STR("000000000000")},
                      &database) != ST_OK)
        return 1;
    struct api_answer made = call_as(
        NULL, "CreateTable",
        "{" TABLE ",\"BillingMode\":\"PAY_PER_REQUEST\","
        "\"KeySchema\":[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],"
        "\"AttributeDefinitions\":[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"},"
        "{\"AttributeName\":\"n\",\"AttributeType\":\"N\"}],"
        "\"Tags\":[{\"Key\":\"team\",\"Value\":\"red\"}],"
        "\"GlobalSecondaryIndexes\":[{\"IndexName\":\"byN\",\"Projection\":{\"ProjectionType\":"
        "\"ALL\"},\"KeySchema\":[{\"AttributeName\":\"n\",\"KeyType\":\"HASH\"}]}]}");
    return made.http_status == 200 ? 0 : 1;
}

static int teardown(void **state) {
    (void)state;
    database_close(database);
    arena_free(arena);
    arena_free(scratch);
    return 0;
}

/* ---- refusals ---- */

static void a_refusal_says_who_what_on_which_and_why(void **state) {
    (void)state;
    expect_refusal(ALLOW("PutItem", "*"), "GetItem", GET,
                   "User: " USER " is not authorized to perform: dynamodb:GetItem on resource: " ARN
                   "Users because no identity-based policy allows the dynamodb:GetItem action");
    expect_refusal(POLICY(STATEMENT("Allow", "\"*\"", "\"*\"", "") "," STATEMENT(
                       "Deny", "\"dynamodb:GetItem\"", "\"" ARN "Users\"", "")),
                   "GetItem", GET,
                   "User: " USER " is not authorized to perform: dynamodb:GetItem on resource: " ARN
                   "Users with an explicit deny in an identity-based policy");
    expect_refusal(ALLOW("PutItem", "*"), "ListTables", "{}",
                   "User: " USER
                   " is not authorized to perform: dynamodb:ListTables on resource: " ARN
                   "* because no identity-based policy allows the dynamodb:ListTables action");
}

static void a_table_that_is_not_there_is_refused_in_the_same_words(void **state) {
    (void)state;
    expect_refusal(ALLOW("GetItem", ARN "Users"), "GetItem",
                   "{\"TableName\":\"Others\",\"Key\":" KEY_OF("a") "}",
                   "User: " USER " is not authorized to perform: dynamodb:GetItem on resource: " ARN
                   "Others because no identity-based policy allows the dynamodb:GetItem action");
    assert_true(allowed(ALLOW("GetItem", ARN "Others"), "GetItem",
                        "{\"TableName\":\"Others\",\"Key\":" KEY_OF("a") "}"));
}

static void an_arn_is_as_good_as_a_name(void **state) {
    (void)state;
    const char *body = "{\"TableName\":\"" ARN "Users\",\"Key\":" KEY_OF("a") "}";
    assert_true(allowed(ALLOW("GetItem", ARN "Users"), "GetItem", body));
    assert_false(allowed(ALLOW("GetItem", ARN "Other"), "GetItem", body));
}

static void nobody_asked_is_allowed_everything(void **state) {
    (void)state;
    struct api_answer answer = call_as(NULL, "GetItem", GET);
    assert_int_equal(answer.http_status, 200);
}

/* ---- resources ---- */

static void an_index_is_a_resource_of_its_own(void **state) {
    (void)state;
    const char *query = "{" TABLE ",\"IndexName\":\"byN\",\"KeyConditionExpression\":\"n = :n\","
                        "\"ExpressionAttributeValues\":{\":n\":{\"N\":\"1\"}}}";
    assert_true(allowed(ALLOW("Query", ARN "Users/index/byN"), "Query", query));
    assert_false(allowed(ALLOW("Query", ARN "Users"), "Query", query));
    assert_true(allowed(ALLOW("Query", ARN "Users/index/*"), "Query", query));
    const char *select = "{\"Statement\":\"SELECT * FROM \\\"Users\\\".\\\"byN\\\" WHERE n = 1\"}";
    assert_true(allowed(ALLOW("PartiQLSelect", ARN "Users/index/byN"), "ExecuteStatement", select));
    assert_false(allowed(ALLOW("PartiQLSelect", ARN "Users"), "ExecuteStatement", select));
}

static void each_table_of_a_batch_is_decided_and_one_denied_refuses_all(void **state) {
    (void)state;
    const char *body = "{\"RequestItems\":{\"Users\":{\"Keys\":[" KEY_OF(
        "a") "]},\"Others\":{\"Keys\":[" KEY_OF("a") "]}}}";
    assert_true(allowed(ALLOW("BatchGetItem", ARN "*"), "BatchGetItem", body));
    assert_false(allowed(ALLOW("BatchGetItem", ARN "Users"), "BatchGetItem", body));
    assert_false(allowed(ALLOW("GetItem", "*"), "BatchGetItem", body));
    const char *write =
        "{\"RequestItems\":{\"Users\":[{\"PutRequest\":{\"Item\":" KEY_OF("a") "}}]}}";
    assert_true(allowed(ALLOW("BatchWriteItem", ARN "Users"), "BatchWriteItem", write));
    assert_false(allowed(ALLOW("PutItem", ARN "Users"), "BatchWriteItem", write));
}

#define TRANSACT                                                                                   \
    "{\"TransactItems\":[{\"Put\":{" TABLE                                                         \
    ",\"Item\":" KEY_OF("a") "}},{\"ConditionCheck\":{" TABLE                                      \
                             ",\"Key\":" KEY_OF("b") ",\"ConditionExpression\":"                   \
                                                     "\"attribute_not_exists("                     \
                                                     "id)\"}}]}"

static void elements_of_a_transaction_have_actions_of_their_own(void **state) {
    (void)state;
    assert_true(
        allowed(POLICY(STATEMENT("Allow", "[\"dynamodb:PutItem\",\"dynamodb:ConditionCheckItem\"]",
                                 "\"*\"", "")),
                "TransactWriteItems", TRANSACT));
    expect_refusal(ALLOW("PutItem", "*"), "TransactWriteItems", TRANSACT,
                   "User: " USER
                   " is not authorized to perform: dynamodb:ConditionCheckItem on resource: " ARN
                   "Users because no identity-based policy allows the dynamodb:ConditionCheckItem "
                   "action");
    const char *get = "{\"TransactItems\":[{\"Get\":" GET "}]}";
    assert_true(allowed(ALLOW("GetItem", ARN "Users"), "TransactGetItems", get));
    assert_false(allowed(ALLOW("TransactGetItems", "*"), "TransactGetItems", get));
}

static void a_transaction_says_that_it_is_one(void **state) {
    (void)state;
    const char *policy = WITH_CONDITION("\"ForAnyValue:StringEquals\":{\"dynamodb:"
                                        "EnclosingOperation\":[\"TransactWriteItems\"]}");
    assert_true(allowed(policy, "TransactWriteItems", TRANSACT));
    assert_false(allowed(policy, "PutItem", "{" TABLE ",\"Item\":" KEY_OF("a") "}"));
}

static void statements_have_actions_of_their_own(void **state) {
    (void)state;
    static const struct {
        const char *action, *statement;
    } cases[] = {
        {"PartiQLSelect", "SELECT * FROM Users WHERE id = 'a'"},
        {"PartiQLInsert", "INSERT INTO Users VALUE {'id':'fresh'}"},
        {"PartiQLUpdate", "UPDATE Users SET v = 1 WHERE id = 'fresh'"},
        {"PartiQLDelete", "DELETE FROM Users WHERE id = 'fresh'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        str body = arena_printf(arena, "{\"Statement\":\"%s\"}", cases[i].statement);
        str right = arena_printf(arena, ALLOW("%s", ARN "Users"), cases[i].action);
        assert_false(allowed(ALLOW("*Item", "*"), "ExecuteStatement", body.ptr));
        assert_true(allowed(right.ptr, "ExecuteStatement", body.ptr));
    }
}

static void a_batch_of_statements_tells_each_that_is_denied(void **state) {
    (void)state;
    struct principal *principal = user(ALLOW("PartiQL*", ARN "Users"));
    struct api_answer answer =
        call_as(principal, "BatchExecuteStatement",
                "{\"Statements\":[{\"Statement\":\"SELECT * FROM Users WHERE id = 'a'\"},"
                "{\"Statement\":\"SELECT * FROM Others WHERE id = 'a'\"}]}");
    assert_int_equal(answer.http_status, 200);
    assert_true(str_contains(answer.body, STR("\"Code\":\"AccessDenied\"")));
    assert_false(str_contains(answer.body, STR("ResourceNotFound")));
    answer = call_as(principal, "ExecuteTransaction",
                     "{\"TransactStatements\":[{\"Statement\":\"SELECT * FROM Users WHERE id = "
                     "'a'\"},{\"Statement\":\"SELECT * FROM Others WHERE id = 'a'\"}]}");
    assert_true(denied(&answer));
    principal_unref(principal);
}

static void a_table_with_tags_or_a_policy_takes_the_rights_to_give_them(void **state) {
    (void)state;
    const char *tags = "{\"TableName\":\"Users\",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":"
                       "[{\"AttributeName\":\"id\",\"KeyType\":\"HASH\"}],\"AttributeDefinitions\":"
                       "[{\"AttributeName\":\"id\",\"AttributeType\":\"S\"}],"
                       "\"Tags\":[{\"Key\":\"team\",\"Value\":\"red\"}]}";
    expect_refusal(ALLOW("CreateTable", "*"), "CreateTable", tags,
                   "User: " USER
                   " is not authorized to perform: dynamodb:TagResource on resource: " ARN
                   "Users because no identity-based policy allows the dynamodb:TagResource action");
    struct principal *principal =
        user(WITH_CONDITION("\"StringEquals\":{\"aws:RequestTag/team\":\"blue\"}"));
    struct api_answer answer = call_as(principal, "CreateTable", tags);
    assert_true(denied(&answer));
    principal_unref(principal);
    principal = user(WITH_CONDITION("\"StringEquals\":{\"aws:RequestTag/team\":\"red\"}"));
    answer = call_as(principal, "CreateTable", tags);
    assert_true(str_contains(answer.body, STR("ResourceInUseException")));
    principal_unref(principal);
}

static void tags_are_asked_about_by_arn(void **state) {
    (void)state;
    const char *body = "{\"ResourceArn\":\"" ARN "Users\"}";
    assert_true(allowed(ALLOW("ListTagsOfResource", ARN "Users"), "ListTagsOfResource", body));
    assert_false(allowed(ALLOW("ListTagsOfResource", ARN "Use"), "ListTagsOfResource", body));
}

/* ---- conditions ---- */

#define LEADING(values)                                                                            \
    WITH_CONDITION("\"ForAllValues:StringEquals\":{\"dynamodb:LeadingKeys\":[" values "]}")

static void leading_keys_are_those_of_all_that_is_read_or_written(void **state) {
    (void)state;
    static const struct {
        const char *operation, *body;
    } of_a[] = {
        {"GetItem", GET},
        {"PutItem", "{" TABLE ",\"Item\":{\"id\":{\"S\":\"a\"},\"v\":{\"S\":\"b\"}}}"},
        {"BatchGetItem", "{\"RequestItems\":{\"Users\":{\"Keys\":[" KEY_OF("a") "]}}}"},
        {"BatchWriteItem",
         "{\"RequestItems\":{\"Users\":[{\"DeleteRequest\":{\"Key\":" KEY_OF("a") "}}]}}"},
        {"Query", "{" TABLE ",\"KeyConditionExpression\":\"#i = :i\",\"ExpressionAttributeNames\":"
                  "{\"#i\":\"id\"},\"ExpressionAttributeValues\":{\":i\":{\"S\":\"a\"}}}"},
        {"Query", "{" TABLE ",\"KeyConditions\":{\"id\":{\"ComparisonOperator\":\"EQ\","
                  "\"AttributeValueList\":[{\"S\":\"a\"}]}}}"},
        {"TransactGetItems", "{\"TransactItems\":[{\"Get\":" GET "}]}"},
        {"ExecuteStatement", "{\"Statement\":\"SELECT * FROM Users WHERE id = 'a' AND v = 'b'\"}"},
        {"ExecuteStatement", "{\"Statement\":\"SELECT * FROM Users WHERE id IN ['a', 'a']\"}"},
        {"ExecuteStatement",
         "{\"Statement\":\"SELECT * FROM Users WHERE id = ?\",\"Parameters\":[{\"S\":\"a\"}]}"},
    };
    for (size_t i = 0; i < sizeof of_a / sizeof of_a[0]; i++) {
        if (!allowed(LEADING("\"a\""), of_a[i].operation, of_a[i].body))
            fail_msg("%s", of_a[i].body);
        if (allowed(LEADING("\"b\""), of_a[i].operation, of_a[i].body))
            fail_msg("%s", of_a[i].body);
    }
    assert_false(
        allowed(LEADING("\"a\""), "BatchGetItem",
                "{\"RequestItems\":{\"Users\":{\"Keys\":[" KEY_OF("a") "," KEY_OF("b") "]}}}"));
    assert_false(allowed(LEADING("\"a\""), "ExecuteStatement",
                         "{\"Statement\":\"SELECT * FROM Users WHERE id IN ['a', 'b']\"}"));
}

static void a_leading_key_of_an_index_is_its_own_and_numbers_are_text(void **state) {
    (void)state;
    const char *query = "{" TABLE ",\"IndexName\":\"byN\",\"KeyConditionExpression\":\"n = :n\","
                        "\"ExpressionAttributeValues\":{\":n\":{\"N\":\"15e-1\"}}}";
    assert_true(allowed(LEADING("\"1.5\""), "Query", query));
    assert_false(allowed(LEADING("\"15\""), "Query", query));
}

#define ATTRIBUTES(names)                                                                          \
    WITH_CONDITION("\"ForAllValues:StringEquals\":{\"dynamodb:Attributes\":[" names                \
                   "]},\"StringEqualsIfExists\":{\"dynamodb:Select\":\"SPECIFIC_ATTRIBUTES\","     \
                   "\"dynamodb:ReturnValues\":[\"NONE\",\"UPDATED_OLD\",\"UPDATED_NEW\"]}")

static void attributes_are_those_that_are_named_anywhere(void **state) {
    (void)state;
    const char *read = "{" TABLE ",\"Key\":" KEY_OF(
        "a") ",\"ProjectionExpression\":\"#v.w\",\"ExpressionAttributeNames\":{\"#v\":\"v\"}}";
    assert_true(allowed(ATTRIBUTES("\"id\",\"v\""), "GetItem", read));
    assert_false(allowed(ATTRIBUTES("\"id\",\"w\""), "GetItem", read));
    const char *update = "{" TABLE ",\"Key\":" KEY_OF(
        "a") ",\"UpdateExpression\":\"SET v = :v\",\"ConditionExpression\":"
             "\"attribute_not_exists(w)\",\"ExpressionAttributeValues\":{\":v\":{\"S\":\"x\"}}}";
    assert_true(allowed(ATTRIBUTES("\"id\",\"v\",\"w\""), "UpdateItem", update));
    assert_false(allowed(ATTRIBUTES("\"id\",\"v\""), "UpdateItem", update));
    assert_false(allowed(ATTRIBUTES("\"id\",\"w\""), "UpdateItem", update));
    const char *select = "{\"Statement\":\"SELECT v FROM Users WHERE id = 'a' AND w = 1\"}";
    assert_true(allowed(ATTRIBUTES("\"id\",\"v\",\"w\""), "ExecuteStatement", select));
    assert_false(allowed(ATTRIBUTES("\"id\",\"v\""), "ExecuteStatement", select));
}

static void whoever_reads_whole_items_asked_for_all_attributes(void **state) {
    (void)state;
    assert_false(allowed(ATTRIBUTES("\"id\",\"v\""), "GetItem", GET));
    assert_false(allowed(ATTRIBUTES("\"id\",\"v\""), "Scan", "{" TABLE "}"));
    assert_true(allowed(ATTRIBUTES("\"id\",\"v\""), "Scan",
                        "{" TABLE ",\"AttributesToGet\":[\"id\",\"v\"]}"));
    assert_false(allowed(ATTRIBUTES("\"id\",\"v\""), "ExecuteStatement",
                         "{\"Statement\":\"SELECT * FROM Users WHERE id = 'a'\"}"));
    assert_false(allowed(ATTRIBUTES("\"id\",\"v\""), "PutItem",
                         "{" TABLE ",\"ReturnValues\":\"ALL_OLD\",\"Item\":" KEY_OF("a") "}"));
    assert_true(
        allowed(ATTRIBUTES("\"id\",\"v\""), "PutItem", "{" TABLE ",\"Item\":" KEY_OF("a") "}"));
}

static void a_statement_without_its_partition_is_a_full_table_scan(void **state) {
    (void)state;
    const char *policy = POLICY(
        STATEMENT("Deny", "\"dynamodb:PartiQLSelect\"", "\"*\"",
                  ",\"Condition\":{\"Bool\":{\"dynamodb:FullTableScan\":["
                  "\"true\"]}}") "," STATEMENT("Allow", "\"dynamodb:PartiQLSelect\"", "\"*\"", ""));
    assert_true(allowed(policy, "ExecuteStatement",
                        "{\"Statement\":\"SELECT * FROM Users WHERE id = 'a'\"}"));
    assert_false(allowed(policy, "ExecuteStatement", "{\"Statement\":\"SELECT * FROM Users\"}"));
    assert_false(allowed(policy, "ExecuteStatement",
                         "{\"Statement\":\"SELECT * FROM Users WHERE id > 'a'\"}"));
    assert_false(allowed(policy, "ExecuteStatement",
                         "{\"Statement\":\"SELECT * FROM Users WHERE id = 'a' OR v = 1\"}"));
}

static void the_caller_is_described(void **state) {
    (void)state;
    static const char *const conditions[] = {
        WITH_CONDITION("\"IpAddress\":{\"aws:SourceIp\":\"10.1.0.0/16\"}"),
        WITH_CONDITION("\"Bool\":{\"aws:SecureTransport\":\"true\"}"),
        WITH_CONDITION("\"StringLike\":{\"aws:UserAgent\":\"tests/*\"}"),
        WITH_CONDITION("\"StringEquals\":{\"aws:username\":\"ann\"}"),
        WITH_CONDITION("\"DateLessThan\":{\"aws:CurrentTime\":\"2024-01-01T00:00:00Z\"}"),
        WITH_CONDITION("\"StringEquals\":{\"aws:ResourceTag/team\":\"red\"}"),
        WITH_CONDITION("\"StringEquals\":{\"dynamodb:ReturnConsumedCapacity\":\"NONE\"}"),
    };
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++)
        if (!allowed(conditions[i], "GetItem", GET))
            fail_msg("%s", conditions[i]);
    assert_false(allowed(WITH_CONDITION("\"StringEquals\":{\"aws:ResourceTag/team\":\"blue\"}"),
                         "GetItem", GET));
}

/* ---- policies of resources ---- */

#define PRINCIPAL_STATEMENT(effect, principal, action)                                             \
    "{\\\"Effect\\\":\\\"" effect "\\\",\\\"Principal\\\":{\\\"AWS\\\":\\\"" principal             \
    "\\\"},\\\"Action\\\":\\\"dynamodb:" action "\\\",\\\"Resource\\\":\\\"*\\\"}"
#define PUT_POLICY(statements)                                                                     \
    "{\"ResourceArn\":\"" ARN "Users\",\"Policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\","          \
    "\\\"Statement\\\":[" statements "]}\"}"

static void put_policy(const char *body) {
    struct api_answer answer = call_as(NULL, "PutResourcePolicy", body);
    if (answer.http_status != 200)
        fail_msg("%.*s", STR_ARG(answer.body));
}

static void a_tables_own_policy_lets_in_and_keeps_out(void **state) {
    (void)state;
    const char *nothing = ALLOW("ListTables", "*");
    struct principal *ann = user(nothing);
    assert_false(allowed(nothing, "GetItem", GET));
    put_policy(PUT_POLICY(PRINCIPAL_STATEMENT("Allow", USER, "GetItem")));
    assert_true(allowed(nothing, "GetItem", GET));
    struct api_answer answer = call_as(ann, "GetItem", GET);
    assert_int_equal(answer.http_status, 200);
    put_policy(PUT_POLICY(PRINCIPAL_STATEMENT("Deny", USER, "GetItem")));
    expect_refusal(ALLOW("*", "*"), "GetItem", GET,
                   "User: " USER " is not authorized to perform: dynamodb:GetItem on resource: " ARN
                   "Users with an explicit deny in a resource-based policy");
    answer = call_as(ann, "GetItem", GET); /* whose decision was remembered */
    assert_true(denied(&answer));
    answer = call_as(NULL, "DeleteResourcePolicy", "{\"ResourceArn\":\"" ARN "Users\"}");
    assert_int_equal(answer.http_status, 200);
    assert_false(allowed(nothing, "GetItem", GET));
    principal_unref(ann);
}

static void who_would_lock_themselves_out_has_to_confirm(void **state) {
    (void)state;
    const char *all = ALLOW("*", "*");
    struct principal *ann = user(all);
    struct api_answer answer =
        call_as(ann, "PutResourcePolicy",
                PUT_POLICY(PRINCIPAL_STATEMENT("Deny", USER, "PutResourcePolicy")));
    assert_true(str_contains(answer.body, STR("ValidationException")));
    assert_true(str_contains(answer.body, STR("will not allow you to update")));
    answer = call_as(ann, "PutResourcePolicy",
                     "{\"ConfirmRemoveSelfResourceAccess\":true,\"ResourceArn\":\"" ARN
                     "Users\",\"Policy\":\"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":"
                     "[" PRINCIPAL_STATEMENT("Deny", USER, "PutResourcePolicy") "]}\"}");
    assert_int_equal(answer.http_status, 200);
    answer = call_as(ann, "PutResourcePolicy",
                     PUT_POLICY(PRINCIPAL_STATEMENT("Allow", USER, "PutResourcePolicy")));
    assert_true(denied(&answer));
    principal_unref(ann);
}

static void the_root_can_always_delete_a_policy(void **state) {
    (void)state;
    struct principal *root = principal_new();
    root->kind = PRINCIPAL_ROOT;
    root->arn = STR("arn:aws:iam::000000000000:root");
    root->account = root->user_id = STR("000000000000");
    principal_ready(root);
    struct api_answer answer = call_as(root, "GetItem", GET);
    assert_int_equal(answer.http_status, 200);
    put_policy(PUT_POLICY(PRINCIPAL_STATEMENT("Deny", "*", "*")));
    answer = call_as(root, "GetItem", GET);
    assert_true(denied(&answer));
    answer = call_as(root, "DeleteResourcePolicy", "{\"ResourceArn\":\"" ARN "Users\"}");
    assert_int_equal(answer.http_status, 200);
    answer = call_as(root, "GetItem", GET);
    assert_int_equal(answer.http_status, 200);
    principal_unref(root);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_refusal_says_who_what_on_which_and_why),
        CASE(a_table_that_is_not_there_is_refused_in_the_same_words),
        CASE(an_arn_is_as_good_as_a_name),
        CASE(nobody_asked_is_allowed_everything),
        CASE(an_index_is_a_resource_of_its_own),
        CASE(each_table_of_a_batch_is_decided_and_one_denied_refuses_all),
        CASE(elements_of_a_transaction_have_actions_of_their_own),
        CASE(a_transaction_says_that_it_is_one),
        CASE(statements_have_actions_of_their_own),
        CASE(a_batch_of_statements_tells_each_that_is_denied),
        CASE(a_table_with_tags_or_a_policy_takes_the_rights_to_give_them),
        CASE(tags_are_asked_about_by_arn),
        CASE(leading_keys_are_those_of_all_that_is_read_or_written),
        CASE(a_leading_key_of_an_index_is_its_own_and_numbers_are_text),
        CASE(attributes_are_those_that_are_named_anywhere),
        CASE(whoever_reads_whole_items_asked_for_all_attributes),
        CASE(a_statement_without_its_partition_is_a_full_table_scan),
        CASE(the_caller_is_described),
        CASE(a_tables_own_policy_lets_in_and_keeps_out),
        CASE(who_would_lock_themselves_out_has_to_confirm),
        CASE(the_root_can_always_delete_a_policy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
