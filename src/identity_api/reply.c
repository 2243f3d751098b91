/* Identities as replies show them. */
#include "identity_api/work_int.h"

struct kind_names {
    const char *element, *list, *name, *id;
};

static const struct kind_names names_of_kinds[IDENTITY_KINDS] = {
    [IDENTITY_USER] = {"User", "Users", "UserName", "UserId"},
    [IDENTITY_GROUP] = {"Group", "Groups", "GroupName", "GroupId"},
    [IDENTITY_ROLE] = {"Role", "Roles", "RoleName", "RoleId"},
    [IDENTITY_POLICY] = {"Policy", "Policies", "PolicyName", "PolicyId"},
};

const char *kind_element(enum identity_kind kind) {
    return names_of_kinds[kind].element;
}

const char *kind_list(enum identity_kind kind) {
    return names_of_kinds[kind].list;
}

void reply_document(struct identity_work *work, const char *name, str document) {
    struct buf escaped;
    buf_init(&escaped, work->call.arena, document.len * 2 + 16);
    form_escape(&escaped, document);
    xml_text(&work->xml, name, buf_str(&escaped));
}

void reply_tags(struct identity_work *work, struct context_tags tags) {
    struct xml_writer *xml = &work->xml;
    xml_begin(xml, "Tags");
    for (size_t i = 0; i < tags.count; i++) {
        xml_begin(xml, "member");
        xml_text(xml, "Key", tags.entries[i].key);
        xml_text(xml, "Value", tags.entries[i].value);
        xml_end(xml);
    }
    xml_end(xml);
}

str version_name(const struct identity_work *work, const struct identity *policy) {
    return arena_printf(work->call.arena, "v%u", policy->document_version);
}

static void reply_role(struct identity_work *work, const struct identity *role) {
    reply_document(work, "AssumeRolePolicyDocument", role->trust);
    xml_optional(&work->xml, "Description", role->description);
    xml_number(&work->xml, "MaxSessionDuration", role->session_seconds_max);
}

static void reply_policy(struct identity_work *work, const struct identity *policy, bool details) {
    struct xml_writer *xml = &work->xml;
    xml_text(xml, "DefaultVersionId", version_name(work, policy));
    xml_number(xml, "AttachmentCount", (int64_t)identity_attachments(work->snapshot, policy->arn));
    xml_number(xml, "PermissionsBoundaryUsageCount",
               (int64_t)identity_boundary_uses(work->snapshot, policy->arn));
    xml_bool(xml, "IsAttachable", true);
    xml_time(xml, "UpdateDate", policy->changed_us);
    if (details)
        xml_optional(xml, "Description", policy->description);
}

static void reply_boundary(struct identity_work *work, str arn) {
    xml_begin(&work->xml, "PermissionsBoundary");
    xml_text(&work->xml, "PermissionsBoundaryType", STR("Policy"));
    xml_text(&work->xml, "PermissionsBoundaryArn", arn);
    xml_end(&work->xml);
}

void reply_identity(struct identity_work *work, const struct identity *identity, bool details) {
    struct xml_writer *xml = &work->xml;
    const struct kind_names *names = &names_of_kinds[identity->kind];
    xml_text(xml, "Path", identity->path);
    xml_text(xml, names->name, identity->name);
    xml_text(xml, names->id, identity->id);
    xml_text(xml, "Arn", identity->arn);
    xml_time(xml, "CreateDate", identity->created_us);
    switch (identity->kind) {
    case IDENTITY_USER:
    case IDENTITY_GROUP:
        break;
    case IDENTITY_ROLE:
        reply_role(work, identity);
        break;
    case IDENTITY_POLICY:
        reply_policy(work, identity, details);
        break;
    }
    if (details && identity->boundary.len > 0)
        reply_boundary(work, identity->boundary);
    if (details && identity->tags.count > 0)
        reply_tags(work, identity->tags);
}
