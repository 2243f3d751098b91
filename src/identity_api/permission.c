/* Whether the caller's credentials serve for an operation, and whether its policies allow it, and
 * on what. */
#include "identity_api/work_int.h"

/* ---- the credentials ---- */

/* With those of GetSessionToken nobody manages identities (that would take a second factor, of
 * which there is none); of STS, two operations are left. */
status work_admit(struct identity_work *work) {
    str action = work->operation->action;
    if (!principal_is_own_session(work->request->principal))
        return ST_OK;
    switch (work->operation->service) {
    case SERVICE_IAM:
        return identity_fail(&work->call, IDENTITY_InvalidClientTokenId,
                             "The security token included in the request is invalid");
    case SERVICE_STS:
        if (str_eq(action, STR("AssumeRole")) || str_eq(action, STR("GetCallerIdentity")))
            return ST_OK;
        return identity_fail(&work->call, IDENTITY_AccessDenied,
                             "Cannot call %.*s with session credentials", STR_ARG(action));
    }
    return ST_INVALID;
}

/* ---- the resource ---- */

/* "arn:aws:iam::ACCOUNT:user/path/name" */
static str arn_of(const struct identity_work *work, str path, str name) {
    return arena_printf(
        work->call.arena, "arn:aws:iam::%.*s:%.*s%.*s%.*s", STR_ARG(work->request->account_id),
        STR_ARG(identity_kind_word(work->operation->kind)), STR_ARG(path), STR_ARG(name));
}

static str path_or_root(str path) {
    return path.ptr != NULL ? path : STR("/");
}

/* As it is stored, with its path; what isn't there would be below "/". */
static str existing(const struct identity_work *work, str name,
                    const struct identity **out_identity) {
    enum identity_kind kind = work->operation->kind;
    const struct identity *identity = kind == IDENTITY_POLICY
                                          ? identity_find_policy(work->snapshot, name)
                                          : identity_find(work->snapshot, kind, name);
    *out_identity = identity;
    if (identity != NULL)
        return identity->arn;
    return kind == IDENTITY_POLICY ? name : arn_of(work, STR("/"), name);
}

static status own_resource(struct identity_work *work, const struct identity **out_identity,
                           str *out) {
    str name;
    TRY(work_own_name(work, &name));
    *out = name.ptr != NULL ? existing(work, name, out_identity) : work->request->principal->arn;
    return ST_OK;
}

static status find_resource(struct identity_work *work, const struct identity **out_identity,
                            str *out) {
    *out_identity = NULL;
    switch (work->operation->resource) {
    case ASKED_ENTITY:
        *out = existing(work, work_name(work), out_identity);
        return ST_OK;
    case ASKED_SELF:
        return own_resource(work, out_identity, out);
    case ASKED_NEW:
        *out = arn_of(work, path_or_root(work_value(work, STR("Path"))),
                      work->operation->kind == IDENTITY_POLICY ? work_value(work, STR("PolicyName"))
                                                               : work_name(work));
        return ST_OK;
    case ASKED_ALL:
        *out = arn_of(work, path_or_root(work_value(work, STR("PathPrefix"))), (str){});
        return ST_OK;
    case ASKED_BY_TRUST:
    case ASKED_NOBODY_ASKS:
        *out = (str){};
        return ST_OK;
    }
    return ST_INVALID;
}

/* ---- the decision ---- */

/* iam:PermissionsBoundary: what is asked for, or what whom it is about has. Calls that do not bear
 * on what somebody may do within it have no such key. */
static str boundary_of(const struct identity_work *work, const struct identity *identity) {
    if (work->operation->keys != KEYS_BOUNDARY)
        return (str){};
    str asked = work_value(work, STR("PermissionsBoundary"));
    return asked.ptr != NULL || identity == NULL ? asked : identity->boundary;
}

/* aws:RequestTag and aws:TagKeys: tags that are given, or the keys of those that are taken away. */
static struct context_tags asked_tags(const struct identity_work *work) {
    const str *keys;
    struct context_tags given = work_tags(work);
    size_t count = work_list(work, STR("TagKeys"), (str){}, &keys);
    if (given.count > 0 || count == 0)
        return given;
    struct context_tag *taken = arena_array(work->call.arena, struct context_tag, count);
    for (size_t i = 0; i < count; i++)
        taken[i] = (struct context_tag){.key = keys[i]};
    return (struct context_tags){taken, count};
}

static status permit(struct identity_work *work, str action, str resource,
                     const struct identity *identity) {
    const struct identity_request *request = work->request;
    struct access_context context = {
        .action = arena_printf(work->call.arena, "iam:%.*s", STR_ARG(action)),
        .resource = resource,
        .policy_arn =
            work->operation->kind == IDENTITY_POLICY ? (str){} : work_value(work, STR("PolicyArn")),
        .permissions_boundary = boundary_of(work, identity),
        .request_tags = asked_tags(work),
        .resource_tags = identity != NULL ? identity->tags : (struct context_tags){},
        .source_ip = request->source_ip,
        .user_agent = request->user_agent,
        .region = request->region,
        .secure_transport = request->secure_transport,
        .now_us = request->now_us,
    };
    principal_describe(request->principal, &context);
    struct access_decision decision =
        access_decide(request->principal, NULL, identities_generation(work->snapshot), &context,
                      work->call.arena);
    if (decision.access == ACCESS_ALLOWED)
        return ST_OK;
    return identity_fail(&work->call, IDENTITY_AccessDenied, "%.*s",
                         STR_ARG(access_refusal(&context, &decision, work->call.arena)));
}

/* What is made with tags takes the right to tag it. */
static status permit_tags(struct identity_work *work, str resource) {
    static const str actions[] = {[IDENTITY_USER] = STR_INIT("TagUser"),
                                  [IDENTITY_ROLE] = STR_INIT("TagRole"),
                                  [IDENTITY_POLICY] = STR_INIT("TagPolicy")};
    if (work->operation->resource != ASKED_NEW || work_tags(work).count == 0)
        return ST_OK;
    return permit(work, actions[work->operation->kind], resource, NULL);
}

/* Who moves or renames must be allowed to do so to what comes of it: else what one may change
 * could be put where others' rights begin. */
static status permit_new_name(struct identity_work *work, const struct identity *identity) {
    str path = work_value(work, STR("NewPath")), name = work_new_name(work);
    if (identity == NULL || (path.ptr == NULL && name.ptr == NULL))
        return ST_OK;
    str resource = arn_of(work, path.ptr != NULL ? path : identity->path,
                          name.ptr != NULL ? name : identity->name);
    return permit(work, work->operation->action, resource, identity);
}

status work_permit(struct identity_work *work) {
    const struct identity *identity = NULL;
    str resource;
    TRY(find_resource(work, &identity, &resource));
    if (resource.len == 0)
        return ST_OK;
    TRY(permit(work, work->operation->action, resource, identity));
    TRY(permit_tags(work, resource));
    return permit_new_name(work, identity);
}
