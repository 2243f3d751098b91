/* Making, showing, listing, changing and deleting users, groups, roles and policies. */
#include "identity_api/work_int.h"

/* ---- one ---- */

static void reply_one(struct identity_work *work, const struct identity *identity) {
    xml_begin(&work->xml, kind_element(identity->kind));
    reply_identity(work, identity, true);
    xml_end(&work->xml);
}

/* Policies are named by ARN from their first day on, and that is not known before. */
static const struct identity *find_new(const struct identity_work *work,
                                       const struct identity_new *new) {
    return identity_find(work->snapshot, new->kind, new->name);
}

static str new_name(const struct identity_work *work) {
    return work->operation->kind == IDENTITY_POLICY ? work_value(work, STR("PolicyName"))
                                                    : work_name(work);
}

status op_create_identity(struct identity_work *work) {
    struct identity_new new = {
        .kind = work->operation->kind,
        .name = new_name(work),
        .path = work_value(work, STR("Path")),
        .description = work_value(work, STR("Description")),
        .trust = work_value(work, STR("AssumeRolePolicyDocument")),
        .document = work_value(work, STR("PolicyDocument")),
        .boundary = work_value(work, STR("PermissionsBoundary")),
        .session_seconds_max = work_number(work, STR("MaxSessionDuration")),
        .tags = work_tags(work),
    };
    TRY(identity_create(work->identities, &work->call, &new));
    work_look(work);
    const struct identity *identity = find_new(work, &new);
    if (identity != NULL) /* nobody has deleted it yet */
        reply_one(work, identity);
    return ST_OK;
}

/* GetUser without a name, by the root. */
static void reply_root(struct identity_work *work) {
    const struct principal *root = work->request->principal;
    struct access_key_info key;
    size_t keys = identity_keys(work->snapshot, (str){}, &key, 1);
    xml_begin(&work->xml, "User");
    xml_text(&work->xml, "Path", STR("/"));
    xml_text(&work->xml, "UserName", STR("root"));
    xml_text(&work->xml, "UserId", root->account);
    xml_text(&work->xml, "Arn", root->arn);
    xml_time(&work->xml, "CreateDate", keys > 0 ? key.created_us : 0);
    xml_end(&work->xml);
}

status op_get_identity(struct identity_work *work) {
    const struct identity *identity;
    str name;
    TRY(work_own_name(work, &name));
    if (name.ptr == NULL) {
        reply_root(work);
        return ST_OK;
    }
    TRY(identity_get(work->snapshot, &work->call, work->operation->kind, name, &identity));
    reply_one(work, identity);
    return ST_OK;
}

status op_update_identity(struct identity_work *work) {
    struct identity_update update = {
        .new_name = work_new_name(work),
        .new_path = work_value(work, STR("NewPath")),
        .description = work_value(work, STR("Description")),
        .session_seconds_max = work_number(work, STR("MaxSessionDuration")),
    };
    return identity_update(work->identities, &work->call, work->operation->kind, work_name(work),
                           &update);
}

status op_delete_identity(struct identity_work *work) {
    return identity_delete(work->identities, &work->call, work->operation->kind, work_name(work));
}

status op_set_trust(struct identity_work *work) {
    return identity_set_trust(work->identities, &work->call, work_name(work),
                              work_value(work, STR("PolicyDocument")));
}

/* ---- many ---- */

static void reply_listed(struct identity_work *work, const struct identity *identity) {
    xml_begin(&work->xml, "member");
    reply_identity(work, identity, false);
    xml_end(&work->xml);
}

status op_list_identities(struct identity_work *work) {
    enum identity_kind kind = work->operation->kind;
    struct list_page page;
    TRY(page_open(work, &page));
    xml_begin(&work->xml, kind_list(kind));
    size_t count = identity_count(work->snapshot, kind);
    for (size_t i = page.from; i < count && !page.truncated; i++) {
        const struct identity *identity = identity_at(work->snapshot, kind, i);
        if (page_takes(&page, i, identity->path))
            reply_listed(work, identity);
    }
    xml_end(&work->xml);
    page_close(work, &page);
    return ST_OK;
}

/* Ours, then the well-known ones. */
static const struct identity *policy_at(const struct identity_work *work, size_t index) {
    size_t ours = identity_count(work->snapshot, IDENTITY_POLICY);
    return index < ours ? identity_at(work->snapshot, IDENTITY_POLICY, index)
                        : identity_aws_policy_at(work->snapshot, index - ours);
}

static bool is_asked_for(const struct identity_work *work, const struct identity *policy) {
    str scope = work_value(work, STR("Scope"));
    bool attached = str_eq(work_value(work, STR("OnlyAttached")), STR("true"));
    if (str_eq(scope, policy->is_aws ? STR("Local") : STR("AWS")))
        return false;
    return !attached || identity_attachments(work->snapshot, policy->arn) > 0;
}

status op_list_policies(struct identity_work *work) {
    struct list_page page;
    TRY(page_open(work, &page));
    xml_begin(&work->xml, kind_list(IDENTITY_POLICY));
    size_t count =
        identity_count(work->snapshot, IDENTITY_POLICY) + identity_aws_policy_count(work->snapshot);
    for (size_t i = page.from; i < count && !page.truncated; i++) {
        const struct identity *policy = policy_at(work, i);
        if (is_asked_for(work, policy) && page_takes(&page, i, policy->path))
            reply_listed(work, policy);
    }
    xml_end(&work->xml);
    page_close(work, &page);
    return ST_OK;
}
