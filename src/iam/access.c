/* The decision over all policies that have a say.
 *
 * Within one account, what the resource's policy grants depends on how it names who asks: a user,
 * a session or anyone is granted by that alone; a role's sessions stay within the boundary and the
 * session policies; an account is granted nothing by itself, its own policies say who of it may.
 * From another account both sides must allow. */
#include "iam/decisions_int.h"
#include "iam/policy_int.h"

#include <assert.h>

enum policy_type { TYPE_NONE, TYPE_IDENTITY, TYPE_BOUNDARY, TYPE_SESSION, TYPE_RESOURCE };

struct outcome {
    enum access access;
    enum policy_type type;
};

static str type_text(enum policy_type type) {
    switch (type) {
    case TYPE_NONE:
        break;
    case TYPE_IDENTITY:
        return STR("identity-based policy");
    case TYPE_BOUNDARY:
        return STR("permissions boundary");
    case TYPE_SESSION:
        return STR("session policy");
    case TYPE_RESOURCE:
        return STR("resource-based policy");
    }
    return (str){};
}

static context_set asks_of(const struct policy *const *policies, size_t count) {
    context_set asks = 0;
    for (size_t i = 0; i < count; i++)
        asks |= policy_asks(policies[i]);
    return asks;
}

void principal_ready(struct principal *principal) {
    principal->asks = asks_of(principal->policies, principal->policy_count) |
                      asks_of(principal->session_policies, principal->session_policy_count);
    if (principal->boundary)
        principal->asks |= policy_asks(principal->boundary);
    principal->decisions = decisions_new(principal->arena);
}

/* Of several policies of one type together. */
static enum policy_effect ask_all(const struct policy *const *policies, size_t count,
                                  const struct access_context *context, struct arena *scratch) {
    enum policy_effect all = POLICY_SILENT;
    for (size_t i = 0; i < count; i++) {
        enum policy_effect effect = policy_evaluate(policies[i], context, scratch);
        if (effect > all)
            all = effect;
        if (all == POLICY_DENIES)
            break;
    }
    return all;
}
static_assert(POLICY_SILENT < POLICY_ALLOWS && POLICY_ALLOWS < POLICY_DENIES, "by precedence");

/* Whether the resource belongs to another account than who asks. What has no account in its ARN
 * belongs to who asks; policies that come with the program (account "aws") are everybody's. */
static bool is_foreign(const struct principal *principal, str resource) {
    for (int i = 0; i < 4; i++) {
        size_t colon = str_find(resource, ':');
        if (colon == resource.len)
            return false;
        resource = str_slice(resource, colon + 1, resource.len);
    }
    str account = str_slice(resource, 0, str_find(resource, ':'));
    return account.len > 0 && !str_eq(account, STR("aws")) && !str_eq(account, principal->account);
}

static struct outcome implied(const struct principal *principal,
                              const struct access_context *context, enum policy_effect identity,
                              enum policy_effect boundary, enum policy_effect session,
                              struct verdict resource) {
    const struct outcome allowed = {ACCESS_ALLOWED, TYPE_NONE};
    bool granted = resource.effect == POLICY_ALLOWS;
    bool foreign = is_foreign(principal, context->resource);
    if (foreign && !granted)
        return (struct outcome){ACCESS_DENIED_IMPLICITLY, TYPE_RESOURCE};
    if (!foreign && granted && resource.grant == GRANT_DIRECT)
        return allowed;
    bool by_role = !foreign && granted && resource.grant == GRANT_ROLE;
    if (identity != POLICY_ALLOWS && !by_role)
        return (struct outcome){ACCESS_DENIED_IMPLICITLY, TYPE_IDENTITY};
    if (boundary != POLICY_ALLOWS)
        return (struct outcome){ACCESS_DENIED_IMPLICITLY, TYPE_BOUNDARY};
    if (session != POLICY_ALLOWS)
        return (struct outcome){ACCESS_DENIED_IMPLICITLY, TYPE_SESSION};
    return allowed;
}

static struct outcome decide(const struct principal *principal,
                             const struct policy *resource_policy,
                             const struct access_context *context, struct arena *scratch) {
    /* What is not there limits nothing; nothing limits the root. */
    enum policy_effect identity = POLICY_ALLOWS, boundary = POLICY_ALLOWS, session = POLICY_ALLOWS;
    struct verdict resource = {POLICY_SILENT, GRANT_NONE};
    if (principal->kind != PRINCIPAL_ROOT) {
        identity = ask_all(principal->policies, principal->policy_count, context, scratch);
        if (principal->boundary)
            boundary = policy_evaluate(principal->boundary, context, scratch);
        if (principal->session_policy_count)
            session = ask_all(principal->session_policies, principal->session_policy_count, context,
                              scratch);
    }
    if (resource_policy)
        resource = policy_ask(resource_policy, context, scratch);
    enum policy_type denied = identity == POLICY_DENIES          ? TYPE_IDENTITY
                              : resource.effect == POLICY_DENIES ? TYPE_RESOURCE
                              : boundary == POLICY_DENIES        ? TYPE_BOUNDARY
                              : session == POLICY_DENIES         ? TYPE_SESSION
                                                                 : TYPE_NONE;
    if (denied != TYPE_NONE)
        return (struct outcome){ACCESS_DENIED_EXPLICITLY, denied};
    return implied(principal, context, identity, boundary, session, resource);
}

/* An outcome as a number below 16: there are two explicit and implicit denials by four types. */
static unsigned outcome_pack(struct outcome outcome) {
    if (outcome.access == ACCESS_ALLOWED)
        return 0;
    return (outcome.access == ACCESS_DENIED_IMPLICITLY ? 8u : 0u) | (unsigned)outcome.type;
}

static struct outcome outcome_unpack(unsigned packed) {
    if (packed == 0)
        return (struct outcome){ACCESS_ALLOWED, TYPE_NONE};
    return (struct outcome){packed & 8 ? ACCESS_DENIED_IMPLICITLY : ACCESS_DENIED_EXPLICITLY,
                            (enum policy_type)(packed & 7)};
}

struct access_decision access_decide(struct principal *principal,
                                     const struct policy *resource_policy, uint64_t generation,
                                     const struct access_context *context, struct arena *scratch) {
    context_set asks = principal->asks | (resource_policy ? policy_asks(resource_policy) : 0);
    bool remembered = principal->decisions && (asks & CONTEXT_VARIES) == 0;
    struct decision_tag tag = {};
    unsigned packed;
    struct outcome outcome;
    if (remembered) {
        tag = decision_tag_of(principal->decisions, context->action, context->resource, generation);
        if (decisions_find(principal->decisions, tag, &packed)) {
            outcome = outcome_unpack(packed);
            return (struct access_decision){outcome.access, type_text(outcome.type)};
        }
    }
    outcome = decide(principal, resource_policy, context, scratch);
    if (remembered)
        decisions_put(principal->decisions, tag, outcome_pack(outcome));
    return (struct access_decision){outcome.access, type_text(outcome.type)};
}

/* ---- the sentence ---- */

/* "an identity-based policy", "a permissions boundary", and a role has one trust policy only */
static const char *article(str noun) {
    if (str_eq(noun, STR("role trust policy")))
        return "the";
    return noun.len > 0 && strchr("aeiou", noun.ptr[0]) != NULL ? "an" : "a";
}

str access_refusal(const struct access_context *context, const struct access_decision *decision,
                   struct arena *arena) {
    str type = decision->policy_type;
    str why =
        decision->access == ACCESS_DENIED_EXPLICITLY
            ? arena_printf(arena, "with an explicit deny in %s %.*s", article(type), STR_ARG(type))
            : arena_printf(arena, "because no %.*s allows the %.*s action", STR_ARG(type),
                           STR_ARG(context->action));
    return arena_printf(arena,
                        "User: %.*s is not authorized to perform: %.*s on resource: %.*s %.*s",
                        STR_ARG(context->principal_arn), STR_ARG(context->action),
                        STR_ARG(context->resource), STR_ARG(why));
}
