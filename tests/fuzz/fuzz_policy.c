/* Any text as a policy: the first byte says of which kind, and who asks.
 * Laws: a policy is compiled or refused with a sentence; the same text is always the same policy;
 * what it says depends on nothing that it does not ask for; a request that it denies is denied
 * whatever else allows it; one that many hold says the same; and scratch memory is left as it was.
 */
#include "base/check.h"
#include "base/utf8.h"
#include "iam/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ACCOUNT "111122223333"

static const struct context_tag tags[] = {{STR_INIT("a"), STR_INIT("x")},
                                          {STR_INIT("team"), STR_INIT("r\xc3\xa9"
                                                                      "d*")},
                                          {STR_INIT("raw"), STR_INIT("\xff\xfe\xfd\xfc")}};
static const str keys[] = {STR_INIT("k1"), STR_INIT(""), STR_INIT("aaaaaaaaaaaaaaaab")};
static const str names[] = {STR_INIT("id"), STR_INIT("name")};

/* All that a request can have. */
static struct access_context full_context(unsigned who) {
    struct access_context c = {
        .action = STR("dynamodb:GetItem"),
        .resource = STR("arn:aws:dynamodb:us-east-1:" ACCOUNT ":table/orders/index/by-date"),
        .partition_keys = {{true, keys, 3}, {true, keys, 1}, {true, keys, 2}, {true, keys, 3}},
        .attributes = {true, names, 2},
        .select = STR("SPECIFIC_ATTRIBUTES"),
        .return_values = STR("NONE"),
        .return_consumed_capacity = STR("TOTAL"),
        .full_table_scan = STR("true"),
        .enclosing_operation = STR("TransactGetItems"),
        .request_tags = {tags, 3},
        .resource_tags = {tags, 2},
        .principal_tags = {tags, 3},
        .principal_account = STR(ACCOUNT),
        .source_ip = STR("203.0.113.7"),
        .user_agent = STR("client/1.0 \xff"),
        .region = STR("us-east-1"),
        .external_id = STR("secret"),
        .secure_transport = true,
        .now_us = INT64_C(1590062400000000)};
    c.principal_type = who == 0 ? STR("Account") : who == 1 ? STR("User") : STR("AssumedRole");
    c.principal_arn = who == 0   ? STR("arn:aws:iam::" ACCOUNT ":root")
                      : who == 1 ? STR("arn:aws:iam::" ACCOUNT ":user/ann")
                                 : STR("arn:aws:sts::" ACCOUNT ":assumed-role/reader/today");
    c.principal_role = who == 2 ? STR("arn:aws:iam::" ACCOUNT ":role/reader") : (str){};
    c.username = who == 1 ? STR("ann") : (str){};
    c.user_id = STR("AIDAANN");
    return c;
}

/* What the policy does not ask for is taken away. */
static void forget_unasked(struct access_context *c, context_set asks) {
    context_set first = CONTEXT_BIT(CONTEXT_LEADING_KEYS) | CONTEXT_BIT(CONTEXT_PARTITION_KEY_1);
    for (unsigned part = 0; part < CONTEXT_PARTITION_KEYS; part++)
        if (!(asks & (part == 0 ? first : CONTEXT_BIT(CONTEXT_PARTITION_KEY_1 + part))))
            c->partition_keys[part] = (struct context_values){};
    if (!(asks & CONTEXT_BIT(CONTEXT_ATTRIBUTES)))
        c->attributes = (struct context_values){};
    if (!(asks & (CONTEXT_BIT(CONTEXT_REQUEST_TAG) | CONTEXT_BIT(CONTEXT_TAG_KEYS))))
        c->request_tags = (struct context_tags){};
    if (!(asks & (CONTEXT_BIT(CONTEXT_RESOURCE_TAG) | CONTEXT_BIT(CONTEXT_IAM_RESOURCE_TAG))))
        c->resource_tags = (struct context_tags){};
    if (!(asks & CONTEXT_BIT(CONTEXT_PRINCIPAL_TAG)))
        c->principal_tags = (struct context_tags){};
    struct {
        enum context_key key;
        str *value;
    } singles[] = {{CONTEXT_SELECT, &c->select},
                   {CONTEXT_RETURN_VALUES, &c->return_values},
                   {CONTEXT_RETURN_CONSUMED_CAPACITY, &c->return_consumed_capacity},
                   {CONTEXT_FULL_TABLE_SCAN, &c->full_table_scan},
                   {CONTEXT_ENCLOSING_OPERATION, &c->enclosing_operation},
                   {CONTEXT_PRINCIPAL_TYPE, &c->principal_type},
                   {CONTEXT_USER_ID, &c->user_id},
                   {CONTEXT_USERNAME, &c->username},
                   {CONTEXT_SOURCE_IP, &c->source_ip},
                   {CONTEXT_USER_AGENT, &c->user_agent},
                   {CONTEXT_REQUESTED_REGION, &c->region},
                   {CONTEXT_EXTERNAL_ID, &c->external_id}};
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
        if (!(asks & CONTEXT_BIT(singles[i].key)))
            *singles[i].value = (str){};
}

static void check_decisions(const struct policy *policy, enum policy_effect effect,
                            const struct access_context *context, struct arena *scratch) {
    struct principal principal = {.kind = PRINCIPAL_USER,
                                  .arn = context->principal_arn,
                                  .account = context->principal_account,
                                  .policies = &policy,
                                  .policy_count = 1};
    struct access_decision own = access_decide(&principal, NULL, 0, context, scratch);
    CHECK((own.access == ACCESS_DENIED_EXPLICITLY) == (effect == POLICY_DENIES));
    CHECK((own.access == ACCESS_ALLOWED) == (effect == POLICY_ALLOWS));
    CHECK((own.access == ACCESS_ALLOWED) == (own.policy_type.ptr == NULL));
    struct access_decision resource = access_decide(&principal, policy, 0, context, scratch);
    CHECK((resource.access == ACCESS_DENIED_EXPLICITLY) == (effect == POLICY_DENIES));
    principal.boundary = policy;
    struct access_decision bounded = access_decide(&principal, NULL, 0, context, scratch);
    CHECK(bounded.access == own.access);
}

static void check_policy(const struct policy *policy, const struct policy *again, unsigned who,
                         struct arena *scratch) {
    struct access_context full = full_context(who), least = full;
    struct access_context none = {.action = full.action, .resource = STR("*")};
    enum policy_effect effect = policy_evaluate(policy, &full, scratch);
    forget_unasked(&least, policy_asks(policy));
    CHECK(policy_asks(policy) == policy_asks(again));
    CHECK(policy_evaluate(again, &full, scratch) == effect);
    CHECK(policy_evaluate(policy, &least, scratch) == effect);
    (void)policy_evaluate(policy, &none, scratch);
    check_decisions(policy, effect, &full, scratch);
    CHECK(arena_used(scratch) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct arena *arena = arena_new((size_t)64 << 20), *scratch = arena_new((size_t)64 << 20);
    str text = {(const char *)data + 1, size - 1}, problem = {}, problem_again = {};
    enum policy_kind kind = (enum policy_kind)(data[0] % 3);
    const struct policy *policy = NULL, *again = NULL, *held = NULL;
    status st = policy_compile(text, kind, arena, &policy, &problem);
    CHECK(policy_compile(text, kind, arena, &again, &problem_again) == st);
    CHECK(st == ST_OK || st == ST_INVALID);
    CHECK((st == ST_OK) == (policy != NULL) && (st == ST_OK) == (problem.len == 0));
    CHECK(str_eq(problem, problem_again));
    CHECK(policy_new(text, kind, &held) == st);
    if (st == ST_OK) {
        check_policy(policy, again, data[0] / 3 % 3, scratch);
        check_policy(policy, held, data[0] / 3 % 3, scratch);
    } else {
        CHECK(!utf8_valid(text) || utf8_valid(problem));
    }
    policy_unref(held);
    CHECK(policies_held_bytes() == 0);
    arena_free(arena);
    arena_free(scratch);
    return 0;
}
