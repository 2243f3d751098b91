/* What a compiled policy says of a request: a walk over its statements. */
#include "iam/policy_int.h"

context_set policy_asks(const struct policy *policy) {
    return policy->asks;
}

/* ---- principals ---- */

/* An id is an id, or the part of a session's in front of its colon. */
static bool has_id(const struct access_context *context, str id) {
    str own = context->user_id;
    return str_eq(str_slice(own, 0, str_find(own, ':')), id);
}

/* By its id, and where there is none by its name. A session has its role's id, and its own name. */
static enum grant arn_matches(const struct principal_name *name,
                              const struct access_context *context) {
    if (name->id != NULL && !has_id(context, *name->id))
        return GRANT_NONE;
    if (context->principal_arn.ptr && str_eq(name->text, context->principal_arn))
        return GRANT_DIRECT;
    if (name->id != NULL && !name->session)
        return context->principal_role.ptr ? GRANT_ROLE : GRANT_DIRECT;
    return context->principal_role.ptr && str_eq(name->text, context->principal_role) ? GRANT_ROLE
                                                                                      : GRANT_NONE;
}

static bool asks_for_arn(const struct statement *statement) {
    for (size_t i = 0; i < statement->condition_count; i++)
        if (statement->conditions[i].key.key == CONTEXT_PRINCIPAL_ARN)
            return true;
    return false;
}

/* aws:PrincipalArn of a session is its role's: who is named by it is named as the role. */
static enum grant name_matches(const struct statement *statement, const struct principal_name *name,
                               const struct access_context *context) {
    switch (name->kind) {
    case NAMES_ANYONE:
        return context->principal_role.ptr && asks_for_arn(statement) ? GRANT_ROLE : GRANT_DIRECT;
    case NAMES_ACCOUNT:
        return context->principal_account.ptr && str_eq(name->text, context->principal_account)
                   ? GRANT_ACCOUNT
                   : GRANT_NONE;
    case NAMES_ARN:
        return arn_matches(name, context);
    case NAMES_NOBODY:
        break;
    }
    return GRANT_NONE;
}

static bool is_account_root(str arn) {
    str end = STR(":root");
    return arn.len >= end.len && str_eq(str_slice(arn, arn.len - end.len, arn.len), end);
}

/* Who asks has up to three names: its account, its role, and its own. A statement with
 * NotPrincipal that denies spares only those of whom it lists all names (an account in the list
 * does not stand for its users there, nor a user for the account); one that allows leaves out who
 * has any name listed. */
static enum grant not_principals_match(const struct statement *statement,
                                       const struct access_context *context) {
    bool account = false, role = context->principal_role.ptr == NULL;
    bool self = context->principal_arn.ptr && is_account_root(context->principal_arn);
    bool any = false;
    for (size_t i = 0; i < statement->principal_count; i++) {
        const struct principal_name *name = &statement->principals[i];
        enum grant grant = name_matches(statement, name, context);
        if (name->kind == NAMES_ANYONE)
            return GRANT_NONE;
        any |= grant != GRANT_NONE;
        account |= grant == GRANT_ACCOUNT;
        role |= grant == GRANT_ROLE;
        self |= grant == GRANT_DIRECT;
    }
    bool spared = statement->effect == POLICY_DENIES ? account && role && self : any;
    return spared ? GRANT_NONE : GRANT_DIRECT;
}

static enum grant principals_match(const struct statement *statement,
                                   const struct access_context *context) {
    enum grant best = GRANT_NONE;
    if (!statement->has_principals)
        return GRANT_DIRECT;
    if (statement->not_principals)
        return not_principals_match(statement, context);
    for (size_t i = 0; i < statement->principal_count; i++) {
        enum grant grant = name_matches(statement, &statement->principals[i], context);
        if (grant > best)
            best = grant;
    }
    return best;
}

/* True when it was not there yet. */
static bool add_once(str *texts, size_t count, str text) {
    for (size_t i = 0; i < count; i++)
        if (str_eq(texts[i], text))
            return false;
    texts[count] = text;
    return true;
}

size_t policy_principals(const struct policy *policy, struct arena *arena, const str **out) {
    size_t count = 0, room = 0;
    for (size_t i = 0; i < policy->statement_count; i++)
        room += policy->statements[i].principal_count;
    str *arns = arena_array(arena, str, room + 1);
    for (size_t i = 0; i < policy->statement_count; i++)
        for (size_t j = 0; j < policy->statements[i].principal_count; j++) {
            const struct principal_name *name = &policy->statements[i].principals[j];
            if (name->kind == NAMES_ARN)
                count += add_once(arns, count, name->text);
        }
    *out = arns;
    return count;
}

/* ---- actions, resources, conditions ---- */

static bool actions_match(const struct statement *statement, str action_lower) {
    bool found = false;
    for (size_t i = 0; i < statement->action_count && !found; i++)
        found = pattern_match(statement->actions[i], action_lower);
    return found != statement->not_actions;
}

static bool resources_match(const struct statement *statement, const struct access_context *context,
                            struct arena *scratch) {
    bool found = false;
    if (!statement->has_resources)
        return true;
    for (size_t i = 0; i < statement->resource_count && !found; i++) {
        arena_mark mark = arena_get_mark(scratch);
        str resolved;
        found = pattern_resolve(&statement->resources[i], context, scratch, &resolved) &&
                pattern_match(resolved, context->resource);
        arena_rewind(scratch, mark);
    }
    return found != statement->not_resources;
}

static bool conditions_hold(const struct statement *statement, const struct access_context *context,
                            struct arena *scratch) {
    for (size_t i = 0; i < statement->condition_count; i++)
        if (!condition_holds(&statement->conditions[i], statement->effect, context, scratch))
            return false;
    return true;
}

static str lower_case(str text, struct arena *scratch) {
    char *out = arena_bytes(scratch, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        out[i] = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] + 32) : text.ptr[i];
    return (str){out, text.len};
}

struct verdict policy_ask(const struct policy *policy, const struct access_context *context,
                          struct arena *scratch) {
    arena_mark mark = arena_get_mark(scratch);
    str action = lower_case(context->action, scratch);
    struct verdict verdict = {POLICY_SILENT, GRANT_NONE};
    for (size_t i = 0; i < policy->statement_count; i++) {
        const struct statement *statement = &policy->statements[i];
        if (!actions_match(statement, action) || !resources_match(statement, context, scratch))
            continue;
        enum grant grant = principals_match(statement, context);
        if (grant == GRANT_NONE || !conditions_hold(statement, context, scratch))
            continue;
        if (statement->effect == POLICY_DENIES) {
            verdict = (struct verdict){POLICY_DENIES, GRANT_NONE};
            break;
        }
        verdict.effect = POLICY_ALLOWS;
        if (grant > verdict.grant)
            verdict.grant = grant;
    }
    arena_rewind(scratch, mark);
    return verdict;
}

enum policy_effect policy_evaluate(const struct policy *policy,
                                   const struct access_context *context, struct arena *scratch) {
    return policy_ask(policy, context, scratch).effect;
}
