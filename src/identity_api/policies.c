/* Policies of users, groups and roles: attached ones, inline ones, boundaries; and the versions of
 * managed policies, of which the newest is kept. */
#include "identity_api/work_int.h"

static str policy_arn(const struct identity_work *work) {
    return work_value(work, STR("PolicyArn"));
}

/* ---- attached ---- */

status op_attach_policy(struct identity_work *work) {
    return identity_attach(work->identities, &work->call, work->operation->kind, work_name(work),
                           policy_arn(work));
}

status op_detach_policy(struct identity_work *work) {
    return identity_detach(work->identities, &work->call, work->operation->kind, work_name(work),
                           policy_arn(work));
}

status op_list_attached(struct identity_work *work) {
    const struct identity *identity;
    struct xml_writer *xml = &work->xml;
    struct list_page page;
    TRY(work_identity(work, &identity));
    TRY(page_open(work, &page));
    xml_begin(xml, "AttachedPolicies");
    for (size_t i = page.from; i < identity->attached_count && !page.truncated; i++) {
        const struct identity *policy = identity_find_policy(work->snapshot, identity->attached[i]);
        if (policy == NULL || !page_takes(&page, i, policy->path))
            continue;
        xml_begin(xml, "member");
        xml_text(xml, "PolicyName", policy->name);
        xml_text(xml, "PolicyArn", policy->arn);
        xml_end(xml);
    }
    xml_end(xml);
    page_close(work, &page);
    return ST_OK;
}

/* ---- inline ---- */

static str document_name(const struct identity_work *work) {
    return work_value(work, STR("PolicyName"));
}

status op_put_document(struct identity_work *work) {
    return identity_put_document(work->identities, &work->call, work->operation->kind,
                                 work_name(work), document_name(work),
                                 work_value(work, STR("PolicyDocument")));
}

status op_delete_document(struct identity_work *work) {
    return identity_delete_document(work->identities, &work->call, work->operation->kind,
                                    work_name(work), document_name(work));
}

status op_get_document(struct identity_work *work) {
    str text, name = work_name(work);
    enum identity_kind kind = work->operation->kind;
    TRY(identity_get_document(work->snapshot, &work->call, kind, name, document_name(work), &text));
    str member = kind_member(kind);
    buf_printf(work->xml.out, "<%.*s>", STR_ARG(member));
    xml_escape(work->xml.out, name);
    buf_printf(work->xml.out, "</%.*s>", STR_ARG(member));
    xml_text(&work->xml, "PolicyName", document_name(work));
    reply_document(work, "PolicyDocument", text);
    return ST_OK;
}

status op_list_documents(struct identity_work *work) {
    const struct identity *identity;
    struct list_page page;
    TRY(work_identity(work, &identity));
    TRY(page_open(work, &page));
    xml_begin(&work->xml, "PolicyNames");
    for (size_t i = page.from; i < identity->document_count && !page.truncated; i++)
        if (page_takes(&page, i, (str){}))
            xml_text(&work->xml, "member", identity->documents[i].name);
    xml_end(&work->xml);
    page_close(work, &page);
    return ST_OK;
}

/* ---- boundaries ---- */

/* Both of putting and of deleting, which has no such member. */
status op_set_boundary(struct identity_work *work) {
    return identity_set_boundary(work->identities, &work->call, work->operation->kind,
                                 work_name(work), work_value(work, STR("PermissionsBoundary")));
}

/* ---- versions ---- */

static void reply_version(struct identity_work *work, const struct identity *policy,
                          bool document) {
    if (document)
        reply_document(work, "Document", policy->document);
    xml_text(&work->xml, "VersionId", version_name(work, policy));
    xml_bool(&work->xml, "IsDefaultVersion", true);
    xml_time(&work->xml, "CreateDate", policy->changed_us);
}

status op_create_version(struct identity_work *work) {
    const struct identity *policy;
    if (!str_eq(work_value(work, STR("SetAsDefault")), STR("true")))
        return identity_fail(&work->call, IDENTITY_InvalidInput,
                             "Only the newest version of a policy is kept: SetAsDefault must be "
                             "true.");
    TRY(identity_set_document(work->identities, &work->call, policy_arn(work),
                              work_value(work, STR("PolicyDocument"))));
    work_look(work);
    TRY(work_identity(work, &policy));
    xml_begin(&work->xml, "PolicyVersion");
    reply_version(work, policy, false);
    xml_end(&work->xml);
    return ST_OK;
}

status op_get_version(struct identity_work *work) {
    const struct identity *policy;
    str version = work_value(work, STR("VersionId"));
    TRY(work_identity(work, &policy));
    if (!str_eq(version, version_name(work, policy)))
        return identity_fail(&work->call, IDENTITY_NoSuchEntity,
                             "Policy %.*s version %.*s does not exist or is not attachable.",
                             STR_ARG(policy->arn), STR_ARG(version));
    xml_begin(&work->xml, "PolicyVersion");
    reply_version(work, policy, true);
    xml_end(&work->xml);
    return ST_OK;
}

status op_list_versions(struct identity_work *work) {
    const struct identity *policy;
    TRY(work_identity(work, &policy));
    xml_begin(&work->xml, "Versions");
    xml_begin(&work->xml, "member");
    reply_version(work, policy, false);
    xml_end(&work->xml);
    xml_end(&work->xml);
    xml_bool(&work->xml, "IsTruncated", false);
    return ST_OK;
}
