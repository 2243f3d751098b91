/* What a decision costs: a user with three policies, and the policy of a table.
 *
 *     ninja -C build bench/access && build/bench/access
 */
#include "iam/access.h"

#include "base/check.h"
#include "base/clock.h"

#include <stdio.h>

#define TABLE "arn:aws:dynamodb:us-east-1:111122223333:table/orders"

static const char own_items[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":[\"dynamodb:"
    "GetItem\","
    "\"dynamodb:BatchGetItem\",\"dynamodb:Query\",\"dynamodb:PutItem\",\"dynamodb:UpdateItem\"],"
    "\"Resource\":[\"" TABLE "\",\"" TABLE
    "/index/*\"],\"Condition\":{\"ForAllValues:StringLike\":{"
    "\"dynamodb:LeadingKeys\":[\"${aws:username}#*\"],\"dynamodb:Attributes\":[\"id\",\"name\","
    "\"state\",\"total\"]},\"IpAddress\":{\"aws:SourceIp\":[\"10.0.0.0/8\",\"203.0.113.0/"
    "24\"]}}}]}";
static const char tables[] = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                             "\"Action\":\"dynamodb:*Item\","
                             "\"Resource\":\"arn:aws:dynamodb:*:*:table/"
                             "orders*\"},{\"Effect\":\"Deny\",\"Action\":\"dynamodb:"
                             "Delete*\",\"Resource\":\"*\"}]}";
static const char guard[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Deny\",\"NotAction\":[\"dynamodb:*\","
    "\"sts:*\"],\"Resource\":\"*\"},{\"Effect\":\"Allow\",\"Action\":\"dynamodb:*\",\"Resource\":"
    "\"arn:aws:dynamodb:*:111122223333:table/*\"}]}";

static const struct policy *compiled(struct arena *arena, const char *text) {
    const struct policy *policy;
    str problem;
    CHECK(policy_compile(str_from_c(text), POLICY_IDENTITY, arena, &policy, &problem) == ST_OK);
    return policy;
}

static struct principal *user_with(const char *first) {
    struct principal *principal = principal_new();
    const struct policy **list = arena_array(principal->arena, const struct policy *, 2);
    list[0] = compiled(principal->arena, first);
    list[1] = compiled(principal->arena, guard);
    principal->kind = PRINCIPAL_USER;
    principal->arn = STR("arn:aws:iam::111122223333:user/ann");
    principal->account = STR("111122223333");
    principal->name = STR("ann");
    principal->policies = list;
    principal->policy_count = 2;
    principal->boundary = list[1];
    principal_ready(principal);
    return principal;
}

static void measure(const char *what, const char *first, bool remember) {
    enum { COUNT = 1000000 };
    static const str key = STR_INIT("ann#2024-05-21");
    static const str names[] = {STR_INIT("id"), STR_INIT("name"), STR_INIT("total")};
    struct arena *scratch = arena_new((size_t)1 << 20);
    struct principal *principal = user_with(first);
    struct access_context context = {.action = STR("dynamodb:GetItem"),
                                     .resource = STR(TABLE),
                                     .partition_keys[0] = {true, &key, 1},
                                     .attributes = {true, names, 3},
                                     .source_ip = STR("203.0.113.7"),
                                     .now_us = clock_wall_us()};
    int64_t before = clock_thread_us();
    for (uint64_t i = 0; i < COUNT; i++) {
        principal_describe(principal, &context);
        struct access_decision decision =
            access_decide(principal, NULL, remember ? 1 : i, &context, scratch);
        CHECK(decision.access == ACCESS_ALLOWED);
    }
    printf("%-44s %.3f us\n", what, (double)(clock_thread_us() - before) / COUNT);
    principal_unref(principal);
    arena_free(scratch);
}

int main(void) {
    measure("remembered", tables, true);
    measure("not yet, two policies and a boundary", tables, false);
    measure("not to be: keys, attributes and address", own_items, true);
    return 0;
}
