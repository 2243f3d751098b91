#include "auth/identity_int.h"
#include "base/base64.h"

/* ---- what may be wished ---- */

static bool is_session_name(str name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || strchr("_+=,.@-", c) == NULL))
            return false;
    }
    return name.len >= SESSION_NAME_MIN && name.len <= SESSION_NAME_MAX;
}

/* 0 is what wasn't given. */
static status check_range(struct identity_call *call, int32_t seconds, int32_t max) {
    if (seconds == 0 || (seconds >= SESSION_SECONDS_MIN && seconds <= max))
        return ST_OK;
    bool too_short = seconds < SESSION_SECONDS_MIN;
    return identity_fail(call, IDENTITY_ValidationError,
                         "1 validation error detected: Value '%d' at 'durationSeconds' failed to "
                         "satisfy constraint: Member must have value %s than or equal to %d",
                         (int)seconds, too_short ? "greater" : "less",
                         too_short ? SESSION_SECONDS_MIN : max);
}

static status check_wish(struct identity_call *call, const struct session_wish *wish) {
    if (!is_session_name(wish->session_name))
        return identity_fail(call, IDENTITY_ValidationError,
                             "1 validation error detected: Value '%.*s' at 'roleSessionName' "
                             "failed to satisfy constraint: Member must satisfy regular expression "
                             "pattern: [\\w+=,.@-]{%d,%d}",
                             STR_ARG(wish->session_name), SESSION_NAME_MIN, SESSION_NAME_MAX);
    TRY(check_range(call, wish->seconds, SESSION_SECONDS_MAX));
    if (wish->policy.len > SESSION_POLICY_MAX)
        return identity_fail(call, IDENTITY_ValidationError,
                             "1 validation error detected: Value at 'policy' failed to satisfy "
                             "constraint: Member must have length less than or equal to %d",
                             SESSION_POLICY_MAX);
    if (wish->policy_arn_count > SESSION_POLICY_ARNS_MAX)
        return identity_fail(call, IDENTITY_ValidationError,
                             "1 validation error detected: Value at 'policyArns' failed to satisfy "
                             "constraint: Member must have length less than or equal to %d",
                             SESSION_POLICY_ARNS_MAX);
    if (wish->policy.ptr != NULL)
        TRY(check_document(call, POLICY_IDENTITY, wish->policy));
    return check_tags(call, wish->tags);
}

static status check_policies(const struct identity_snapshot *snapshot, struct identity_call *call,
                             const struct session_wish *wish) {
    for (size_t i = 0; i < wish->policy_arn_count; i++)
        if (identity_find_policy(snapshot, wish->policy_arns[i]) == NULL)
            return identity_fail(call, IDENTITY_NoSuchEntity,
                                 "Policy %.*s does not exist or is not attachable.",
                                 STR_ARG(wish->policy_arns[i]));
    return ST_OK;
}

/* ---- whether it is allowed ---- */

/* NULL when there is no such role. */
static const struct identity *role_of(const struct identity_snapshot *snapshot, str arn) {
    size_t slash = arn.len;
    while (slash > 0 && arn.ptr[slash - 1] != '/')
        slash--;
    const struct identity *role =
        identity_find(snapshot, IDENTITY_ROLE, str_slice(arn, slash, arn.len));
    return role != NULL && str_eq(role->arn, arn) ? role : NULL;
}

/* Of a role that is not there: the same, as far as it goes. */
static void describe(const struct identity_call *call, const struct principal *caller,
                     const struct session_wish *wish, const struct identity *role,
                     struct access_context *out) {
    *out = (struct access_context){.resource = wish->role_arn,
                                   .request_tags = wish->tags,
                                   .resource_tags = role ? role->tags : (struct context_tags){},
                                   .source_ip = wish->source_ip,
                                   .user_agent = wish->user_agent,
                                   .region = wish->region,
                                   .external_id = wish->external_id,
                                   .role_session_name = wish->session_name,
                                   .secure_transport = wish->secure_transport,
                                   .now_us = call->now_us};
    principal_describe(caller, out);
}

/* NULL: there is no role, or its text is not understood; nobody is trusted. */
static const struct policy *trust_of(struct identity_call *call, const struct identity *role) {
    const struct policy *trust = NULL;
    str problem;
    if (role == NULL || policy_compile_stored(role->trust, POLICY_TRUST, role->trusted, call->arena,
                                              &trust, &problem) != ST_OK)
        return NULL;
    return trust;
}

/* The trust policy must say so; and if it says so of an account only, so must the caller's own. Who
 * is allowed nothing by its own policies is told of those, and not of the trust policy: it does not
 * learn whether there is such a role. */
static status check_action(const struct identity_snapshot *snapshot, struct identity_call *call,
                           struct principal *caller, const struct policy *trust,
                           const struct access_context *context) {
    struct access_decision decision =
        access_decide(caller, trust, snapshot->generation, context, call->arena);
    bool trusted = trust != NULL && policy_evaluate(trust, context, call->arena) == POLICY_ALLOWS;
    if (decision.access == ACCESS_ALLOWED && trusted)
        return ST_OK;
    if (decision.access == ACCESS_ALLOWED)
        decision = (struct access_decision){ACCESS_DENIED_IMPLICITLY, STR("role trust policy")};
    else if (str_eq(decision.policy_type, STR("resource-based policy")))
        decision.policy_type = STR("role trust policy");
    return identity_fail(call, IDENTITY_AccessDenied, "%.*s",
                         STR_ARG(access_refusal(context, &decision, call->arena)));
}

static status check_allowed(const struct identity_snapshot *snapshot, struct identity_call *call,
                            struct principal *caller, const struct session_wish *wish,
                            const struct identity **out) {
    static const str actions[] = {STR_INIT("sts:AssumeRole"), STR_INIT("sts:TagSession")};
    size_t action_count = wish->tags.count > 0 ? 2 : 1;
    struct access_context context;
    if (caller->kind == PRINCIPAL_ROOT)
        return identity_fail(call, IDENTITY_AccessDenied,
                             "Roles may not be assumed by root accounts.");
    *out = role_of(snapshot, wish->role_arn);
    const struct policy *trust = trust_of(call, *out);
    describe(call, caller, wish, *out, &context);
    for (size_t i = 0; i < action_count; i++) {
        context.action = actions[i];
        TRY(check_action(snapshot, call, caller, trust, &context));
    }
    return ST_OK;
}

static status check_seconds(struct identity_call *call, const struct principal *caller,
                            const struct identity *role, int32_t seconds) {
    if (seconds > role->session_seconds_max)
        return identity_fail(call, IDENTITY_ValidationError,
                             "The requested DurationSeconds exceeds the MaxSessionDuration set for "
                             "this role.");
    if (caller->kind == PRINCIPAL_SESSION && seconds > SESSION_SECONDS_DEFAULT)
        return identity_fail(call, IDENTITY_ValidationError,
                             "The requested DurationSeconds exceeds the 1 hour session limit for "
                             "roles assumed by role chaining");
    return ST_OK;
}

/* ---- giving out ---- */

/* The part that all credentials have. */
static status give(const struct identity_snapshot *snapshot, struct identity_call *call,
                   const struct session_claim *claim, struct session_credentials *out) {
    struct arena *arena = call->arena;
    status st = session_token_write(&snapshot->token_key, claim, arena, &out->session_token);
    if (st == ST_TOO_BIG)
        return identity_fail(call, IDENTITY_PackedPolicyTooLarge,
                             "The total packed size of the session policies and session tags "
                             "exceeds the limit of %d bytes.",
                             SESSION_TOKEN_BYTES_MAX);
    TRY(st);
    char *id = arena_bytes(arena, ACCESS_KEY_ID_LEN), *secret = arena_bytes(arena, SECRET_KEY_LEN);
    session_token_keys(&snapshot->token_key, out->session_token, id, secret);
    out->access_key_id = (str){id, ACCESS_KEY_ID_LEN};
    out->secret_access_key = (str){secret, SECRET_KEY_LEN};
    out->expires_us = claim->expires_us;
    return ST_OK;
}

static int64_t end_of(const struct identity_call *call, int32_t seconds) {
    return call->now_us + seconds * INT64_C(1000000);
}

static status give_role(const struct identity_snapshot *snapshot, struct identity_call *call,
                        const struct session_wish *wish, const struct identity *role,
                        int32_t seconds, struct session_credentials *out) {
    struct session_claim claim = {.owner = SESSION_OF_ROLE,
                                  .issued_us = call->now_us,
                                  .expires_us = end_of(call, seconds),
                                  .owner_name = role->name,
                                  .owner_id = role->id,
                                  .session_name = wish->session_name,
                                  .policy = wish->policy,
                                  .policy_arns = wish->policy_arns,
                                  .policy_arn_count = wish->policy_arn_count,
                                  .tags = wish->tags};
    struct arena *arena = call->arena;
    TRY(give(snapshot, call, &claim, out));
    out->assumed_role_id =
        arena_printf(arena, "%.*s:%.*s", STR_ARG(role->id), STR_ARG(wish->session_name));
    out->arn =
        arena_printf(arena, "arn:aws:sts::%.*s:assumed-role/%.*s/%.*s", STR_ARG(snapshot->account),
                     STR_ARG(role->name), STR_ARG(wish->session_name));
    out->packed_percent =
        (int32_t)(out->session_token.len * 100 / base64_encoded_len(SESSION_TOKEN_BYTES_MAX));
    return ST_OK;
}

static status assume(const struct identity_snapshot *snapshot, struct identity_call *call,
                     struct principal *caller, const struct session_wish *wish,
                     struct session_credentials *out) {
    const struct identity *role = NULL;
    int32_t seconds = wish->seconds ? wish->seconds : SESSION_SECONDS_DEFAULT;
    TRY(check_allowed(snapshot, call, caller, wish, &role));
    TRY(check_seconds(call, caller, role, seconds));
    TRY(check_policies(snapshot, call, wish));
    return give_role(snapshot, call, wish, role, seconds, out);
}

status session_assume_role(struct identities *identities, struct identity_call *call,
                           struct principal *caller, const struct session_wish *wish,
                           struct session_credentials *out) {
    *out = (struct session_credentials){};
    TRY(check_wish(call, wish));
    const struct identity_snapshot *snapshot = identities_acquire(identities);
    status st = assume(snapshot, call, caller, wish, out);
    identities_release(snapshot);
    return st;
}

/* ---- a caller's own ---- */

status session_of_caller(struct identities *identities, struct identity_call *call,
                         const struct principal *caller, int32_t seconds,
                         struct session_credentials *out) {
    *out = (struct session_credentials){};
    TRY(check_range(call, seconds, OWN_SESSION_SECONDS_MAX));
    if (caller->kind == PRINCIPAL_SESSION || principal_is_own_session(caller))
        return identity_fail(call, IDENTITY_AccessDenied,
                             "Cannot call GetSessionToken with session credentials");
    if (seconds == 0)
        seconds = OWN_SESSION_SECONDS_DEFAULT;
    if (caller->kind == PRINCIPAL_ROOT && seconds > ROOT_SESSION_SECONDS_MAX)
        seconds = ROOT_SESSION_SECONDS_MAX;
    struct session_claim claim = {.owner = SESSION_OF_USER,
                                  .issued_us = call->now_us,
                                  .expires_us = end_of(call, seconds),
                                  .owner_name = caller->name,
                                  .owner_id = caller->user_id};
    const struct identity_snapshot *snapshot = identities_acquire(identities);
    status st = give(snapshot, call, &claim, out);
    identities_release(snapshot);
    return st;
}
