/* The documents of identities: attached, inline, boundaries, trust. */
#include "auth/identity_int.h"
#include "base/check.h"

/* ---- whether a document may be stored ---- */

status check_trust(struct identity_call *call, str document) {
    if (document_size(document) > IDENTITY_TRUST_MAX)
        return identity_fail(call, IDENTITY_LimitExceeded,
                             "Cannot exceed quota for ACLSizePerRole: %d", IDENTITY_TRUST_MAX);
    return check_document(call, POLICY_TRUST, document);
}

status check_trusted(struct change *change, str document, struct policy_names *out) {
    struct identity_call *call = change->call;
    const struct policy *policy;
    str problem, unknown;
    TRY(policy_compile(document, POLICY_TRUST, call->arena, &policy, &problem)); /* was checked */
    if (identity_principals(change->now, policy, call->arena, out, &unknown))
        return ST_OK;
    return identity_fail(call, IDENTITY_MalformedPolicyDocument,
                         "Invalid principal in policy: \"AWS\":\"%.*s\"", STR_ARG(unknown));
}

status check_managed(struct identity_call *call, str document) {
    if (document_size(document) > IDENTITY_DOCUMENT_MAX)
        return identity_fail(call, IDENTITY_LimitExceeded, "Cannot exceed quota for PolicySize: %d",
                             IDENTITY_DOCUMENT_MAX);
    return check_document(call, POLICY_IDENTITY, document);
}

status check_boundary(struct change *change, str arn) {
    if (identity_find_policy(change->now, arn) != NULL)
        return ST_OK;
    return identity_fail(change->call, IDENTITY_NoSuchEntity,
                         "Scope ARN: %.*s does not exist or is not attachable.", STR_ARG(arn));
}

/* A policy has no policies. */
static status check_holder(struct identity_call *call, enum identity_kind kind) {
    return kind != IDENTITY_POLICY
               ? ST_OK
               : identity_fail(call, IDENTITY_InvalidInput, "A policy has no policies.");
}

/* ---- documents of their own ---- */

static status set_trust(struct change *change, str role, str document) {
    const struct identity *old;
    struct identity draft;
    TRY(change_draft(change, IDENTITY_ROLE, role, &old, &draft));
    draft.trust = document;
    TRY(check_trusted(change, document, &draft.trusted));
    return change_identity(change, old, &draft);
}

status identity_set_trust(struct identities *identities, struct identity_call *call, str role,
                          str document) {
    struct change change;
    TRY(check_trust(call, document));
    TRY(change_begin(&change, identities, call));
    return change_end(&change, set_trust(&change, role, document));
}

static status set_document(struct change *change, str arn, str document) {
    const struct identity *old;
    struct identity draft;
    TRY(change_draft(change, IDENTITY_POLICY, arn, &old, &draft));
    draft.document = document;
    draft.document_version++;
    return change_identity(change, old, &draft);
}

status identity_set_document(struct identities *identities, struct identity_call *call, str arn,
                             str document) {
    struct change change;
    TRY(check_managed(call, document));
    TRY(change_begin(&change, identities, call));
    return change_end(&change, set_document(&change, arn, document));
}

/* ---- attached ---- */

static size_t attached_at(const struct identity *identity, str arn) {
    size_t at = 0;
    while (at < identity->attached_count && !str_eq(identity->attached[at], arn))
        at++;
    return at;
}

static status attach(struct change *change, enum identity_kind kind, str name, str arn) {
    const struct identity *old;
    struct identity draft;
    struct identity_call *call = change->call;
    TRY(change_draft(change, kind, name, &old, &draft));
    if (identity_find_policy(change->now, arn) == NULL)
        return identity_fail(call, IDENTITY_NoSuchEntity,
                             "Policy %.*s does not exist or is not attachable.", STR_ARG(arn));
    if (attached_at(old, arn) < old->attached_count)
        return ST_OK;
    static const char *const words[] = {"User", "Group", "Role"};
    if (old->attached_count >= IDENTITY_ATTACHED_MAX)
        return identity_fail(call, IDENTITY_LimitExceeded,
                             "Cannot exceed quota for PoliciesPer%s: %d", words[kind],
                             IDENTITY_ATTACHED_MAX);
    str *attached = arena_array(call->arena, str, old->attached_count + 1);
    if (old->attached_count > 0)
        memcpy(attached, old->attached, old->attached_count * sizeof attached[0]);
    attached[draft.attached_count++] = arn;
    draft.attached = attached;
    return change_identity(change, old, &draft);
}

status identity_attach(struct identities *identities, struct identity_call *call,
                       enum identity_kind kind, str name, str policy_arn) {
    struct change change;
    TRY(check_holder(call, kind));
    TRY(change_begin(&change, identities, call));
    return change_end(&change, attach(&change, kind, name, policy_arn));
}

static status detach(struct change *change, enum identity_kind kind, str name, str arn) {
    const struct identity *old;
    struct identity draft;
    TRY(change_draft(change, kind, name, &old, &draft));
    size_t gone = attached_at(old, arn);
    if (gone == old->attached_count)
        return identity_fail(change->call, IDENTITY_NoSuchEntity, "Policy %.*s was not found.",
                             STR_ARG(arn));
    str *left = arena_array(change->call->arena, str, old->attached_count);
    draft.attached = left;
    draft.attached_count = 0;
    for (size_t i = 0; i < old->attached_count; i++)
        if (i != gone)
            left[draft.attached_count++] = old->attached[i];
    return change_identity(change, old, &draft);
}

status identity_detach(struct identities *identities, struct identity_call *call,
                       enum identity_kind kind, str name, str policy_arn) {
    struct change change;
    TRY(check_holder(call, kind));
    TRY(change_begin(&change, identities, call));
    return change_end(&change, detach(&change, kind, name, policy_arn));
}

/* ---- inline ---- */

static size_t document_at(const struct identity *identity, str name) {
    size_t at = 0;
    while (at < identity->document_count && !str_eq(identity->documents[at].name, name))
        at++;
    return at;
}

static status no_such_document(struct identity_call *call, enum identity_kind kind, str name) {
    return identity_fail(call, IDENTITY_NoSuchEntity,
                         "The %.*s policy with name %.*s cannot be found.",
                         STR_ARG(identity_kind_word(kind)), STR_ARG(name));
}

status identity_get_document(const struct identity_snapshot *snapshot, struct identity_call *call,
                             enum identity_kind kind, str name, str document_name, str *out_text) {
    const struct identity *identity;
    TRY(identity_get(snapshot, call, kind, name, &identity));
    size_t at = document_at(identity, document_name);
    if (at == identity->document_count)
        return no_such_document(call, kind, document_name);
    *out_text = identity->documents[at].text;
    return ST_OK;
}

static size_t inline_max(enum identity_kind kind) {
    switch (kind) {
    case IDENTITY_USER:
        return IDENTITY_INLINE_USER_MAX;
    case IDENTITY_GROUP:
        return IDENTITY_INLINE_GROUP_MAX;
    case IDENTITY_ROLE:
        return IDENTITY_INLINE_ROLE_MAX;
    case IDENTITY_POLICY:
        break;
    }
    return 0;
}

static status put_document(struct change *change, enum identity_kind kind, str name,
                           struct identity_document document) {
    const struct identity *old;
    struct identity draft;
    TRY(change_draft(change, kind, name, &old, &draft));
    struct identity_document *all =
        arena_array(change->call->arena, struct identity_document, old->document_count + 1);
    if (old->document_count > 0)
        memcpy(all, old->documents, old->document_count * sizeof all[0]);
    size_t at = document_at(old, document.name), size = 0;
    all[at] = document;
    draft.documents = all;
    draft.document_count = old->document_count + (at == old->document_count);
    for (size_t i = 0; i < draft.document_count; i++)
        size += document_size(all[i].text);
    if (size > inline_max(kind))
        return identity_fail(change->call, IDENTITY_LimitExceeded,
                             "Maximum policy size of %d bytes exceeded for %.*s %.*s",
                             (int)inline_max(kind), STR_ARG(identity_kind_word(kind)),
                             STR_ARG(name));
    return change_identity(change, old, &draft);
}

status identity_put_document(struct identities *identities, struct identity_call *call,
                             enum identity_kind kind, str name, str document_name, str document) {
    struct change change;
    TRY(check_holder(call, kind));
    TRY(check_document_name(call, document_name));
    TRY(check_document(call, POLICY_IDENTITY, document));
    TRY(change_begin(&change, identities, call));
    return change_end(&change, put_document(&change, kind, name,
                                            (struct identity_document){document_name, document}));
}

static status delete_document(struct change *change, enum identity_kind kind, str name,
                              str document_name) {
    const struct identity *old;
    struct identity draft;
    TRY(change_draft(change, kind, name, &old, &draft));
    size_t gone = document_at(old, document_name);
    if (gone == old->document_count)
        return no_such_document(change->call, kind, document_name);
    struct identity_document *left =
        arena_array(change->call->arena, struct identity_document, old->document_count);
    draft.documents = left;
    draft.document_count = 0;
    for (size_t i = 0; i < old->document_count; i++)
        if (i != gone)
            left[draft.document_count++] = old->documents[i];
    return change_identity(change, old, &draft);
}

status identity_delete_document(struct identities *identities, struct identity_call *call,
                                enum identity_kind kind, str name, str document_name) {
    struct change change;
    TRY(check_holder(call, kind));
    TRY(change_begin(&change, identities, call));
    return change_end(&change, delete_document(&change, kind, name, document_name));
}

/* ---- boundaries ---- */

static status set_boundary(struct change *change, enum identity_kind kind, str name, str arn) {
    const struct identity *old;
    struct identity draft;
    TRY(change_draft(change, kind, name, &old, &draft));
    if (arn.ptr != NULL)
        TRY(check_boundary(change, arn));
    draft.boundary = arn;
    return change_identity(change, old, &draft);
}

status identity_set_boundary(struct identities *identities, struct identity_call *call,
                             enum identity_kind kind, str name, str policy_arn) {
    struct change change;
    if (kind != IDENTITY_USER && kind != IDENTITY_ROLE)
        return identity_fail(call, IDENTITY_InvalidInput, "A %.*s has no boundary.",
                             STR_ARG(identity_kind_word(kind)));
    TRY(change_begin(&change, identities, call));
    return change_end(&change, set_boundary(&change, kind, name, policy_arn));
}
