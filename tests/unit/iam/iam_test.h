/* What the tests of policies share: a request by a user for an item, and policies written with '
 * for the quotes of JSON, and ` for single ones. */
#pragma once

#include "iam/access.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

#define TABLE_ARN "arn:aws:dynamodb:us-east-1:111122223333:table/orders"
#define USER_ARN "arn:aws:iam::111122223333:user/ann"
#define ROLE_ARN "arn:aws:iam::111122223333:role/reader"
#define SESSION_ARN "arn:aws:sts::111122223333:assumed-role/reader/today"
#define ROOT_ARN "arn:aws:iam::111122223333:root"
#define NOON_US INT64_C(1590062400000000) /* 2020-05-21T12:00:00Z */

struct world {
    struct arena *arena, *scratch;
    struct access_context context;
};

static inline void world_ask_as(struct world *world, enum principal_kind kind) {
    struct access_context *c = &world->context;
    c->principal_account = STR("111122223333");
    c->principal_arn = kind == PRINCIPAL_ROOT   ? STR(ROOT_ARN)
                       : kind == PRINCIPAL_USER ? STR(USER_ARN)
                                                : STR(SESSION_ARN);
    c->principal_role = kind == PRINCIPAL_SESSION ? STR(ROLE_ARN) : (str){};
    c->username = kind == PRINCIPAL_USER ? STR("ann") : (str){};
    c->user_id = kind == PRINCIPAL_ROOT   ? STR("111122223333")
                 : kind == PRINCIPAL_USER ? STR("AIDAANN")
                                          : STR("AROAREADER:today");
    c->principal_type = kind == PRINCIPAL_ROOT   ? STR("Account")
                        : kind == PRINCIPAL_USER ? STR("User")
                                                 : STR("AssumedRole");
}

static inline int world_setup(void **state) {
    struct world *world = calloc(1, sizeof *world);
    world->arena = arena_new((size_t)64 << 20);
    world->scratch = arena_new((size_t)64 << 20);
    world->context = (struct access_context){.action = STR("dynamodb:GetItem"),
                                             .resource = STR(TABLE_ARN),
                                             .source_ip = STR("203.0.113.7"),
                                             .user_agent = STR("client/1.0"),
                                             .region = STR("us-east-1"),
                                             .now_us = NOON_US};
    world_ask_as(world, PRINCIPAL_USER);
    *state = world;
    return 0;
}

static inline int world_teardown(void **state) {
    struct world *world = *state;
    arena_free(world->arena);
    arena_free(world->scratch);
    free(world);
    return 0;
}

static inline str world_json(struct world *world, const char *text) {
    str copy = arena_copy(world->arena, str_from_c(text));
    for (char *at = (char *)copy.ptr; at < copy.ptr + copy.len; at++)
        *at = *at == '\'' ? '"' : *at == '`' ? '\'' : *at;
    return copy;
}

/* The sentence that refuses the text; absent when it is accepted. */
static inline str world_problem(struct world *world, enum policy_kind kind, const char *text) {
    const struct policy *policy;
    str problem = {};
    status st = policy_compile(world_json(world, text), kind, world->arena, &policy, &problem);
    assert_true(st == ST_OK || st == ST_INVALID);
    assert_true((st == ST_OK) == (problem.ptr == NULL));
    return problem;
}

static inline const struct policy *world_policy(struct world *world, enum policy_kind kind,
                                                const char *text) {
    const struct policy *policy = NULL;
    str problem = {};
    if (policy_compile(world_json(world, text), kind, world->arena, &policy, &problem) != ST_OK)
        fail_msg("%s: %.*s", text, STR_ARG(problem));
    return policy;
}

/* A policy of one statement: `effect`, and the rest as it is written in the document. */
static inline const struct policy *world_statement(struct world *world, enum policy_kind kind,
                                                   const char *effect, const char *rest) {
    str text = arena_printf(
        world->arena, "{'Version':'2012-10-17','Statement':[{'Effect':'%s',%s}]}", effect, rest);
    return world_policy(world, kind, text.ptr);
}

static inline enum policy_effect world_effect(struct world *world, const struct policy *policy) {
    enum policy_effect effect = policy_evaluate(policy, &world->context, world->scratch);
    assert_int_equal(arena_used(world->scratch), 0);
    return effect;
}

/* Whether a statement with this condition applies; the same for both effects. */
static inline bool world_condition(struct world *world, const char *condition) {
    str rest = arena_printf(world->arena, "'Action':'*','Resource':'*','Condition':%s", condition);
    bool allow = world_effect(world, world_statement(world, POLICY_IDENTITY, "Allow", rest.ptr)) ==
                 POLICY_ALLOWS;
    bool deny = world_effect(world, world_statement(world, POLICY_IDENTITY, "Deny", rest.ptr)) ==
                POLICY_DENIES;
    assert_int_equal(allow, deny);
    return allow;
}
