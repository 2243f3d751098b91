/* identity_change.h - changing who there is.
 *
 * Purpose:   every change of users, groups, roles, policies and access keys, with the answers that
 *            the service's own management gives.
 * Ownership: inputs are borrowed for the call; error texts live in the call's arena. A new identity
 *            is looked up in a new snapshot by whoever wants to see it.
 * Threads:   any that may wait (else ST_WOULD_WAIT); one change at a time.
 * Errors:    ST_FAILED with call->error and call->text; else what the engine says (ST_FULL, ST_IO).
 * Limits:    identity.h's; LimitExceeded beyond them.
 *
 * A change is durable before it is acknowledged, and in force when the function returns: the next
 * request that is checked, on any thread, is checked by it.
 */
#pragma once

#include "auth/identity.h"

/* The service's codes, as they stand in an ErrorResponse. */
#define IDENTITY_ERRORS(X)                                                                         \
    X(NoSuchEntity, 404)                                                                           \
    X(EntityAlreadyExists, 409)                                                                    \
    X(DeleteConflict, 409)                                                                         \
    X(LimitExceeded, 409)                                                                          \
    X(UnmodifiableEntity, 400)                                                                     \
    X(InvalidInput, 400)                                                                           \
    X(ValidationError, 400)                                                                        \
    X(MalformedPolicyDocument, 400)                                                                \
    X(PackedPolicyTooLarge, 400)                                                                   \
    X(InvalidClientTokenId, 403)                                                                   \
    X(AccessDenied, 403)

enum identity_error {
    IDENTITY_NO_ERROR,
#define X(name, http_status) IDENTITY_##name,
    IDENTITY_ERRORS(X)
#undef X
};

str identity_kind_word(enum identity_kind kind); /* "user" */
/* "NoSuchEntity" */
str identity_error_name(enum identity_error error);
int identity_error_http_status(enum identity_error error);

struct identity_call {
    struct arena *arena;
    int64_t now_us;
    enum identity_error error; /* after ST_FAILED */
    str text;
};

[[gnu::format(printf, 3, 4)]] status
identity_fail(struct identity_call *call, enum identity_error error, const char *format, ...);

/* identity_find, with NoSuchEntity; policies are named by ARN here and below, others by name. */
status identity_get(const struct identity_snapshot *snapshot, struct identity_call *call,
                    enum identity_kind kind, str name_or_arn, const struct identity **out);
/* An inline policy's text. */
status identity_get_document(const struct identity_snapshot *snapshot, struct identity_call *call,
                             enum identity_kind kind, str name, str document_name, str *out_text);

/* ---- making, changing, deleting ---- */

struct identity_new {
    enum identity_kind kind;
    str name;
    str path;                    /* absent: "/" */
    str description;             /* roles, policies */
    str trust;                   /* roles */
    str document;                /* policies */
    str boundary;                /* users, roles: ARN; absent: none */
    int32_t session_seconds_max; /* roles; 0: an hour */
    struct context_tags tags;
};

status identity_create(struct identities *identities, struct identity_call *call,
                       const struct identity_new *new);

/* What is absent (or 0) stays. Users and groups: name and path; roles: description and seconds. */
struct identity_update {
    str new_name, new_path, description;
    int32_t session_seconds_max;
};

status identity_update(struct identities *identities, struct identity_call *call,
                       enum identity_kind kind, str name, const struct identity_update *update);
/* Refused with DeleteConflict while something hangs on it (attached or inline policies, keys,
 * members), as the service does. */
status identity_delete(struct identities *identities, struct identity_call *call,
                       enum identity_kind kind, str name_or_arn);

/* A role's trust policy. */
status identity_set_trust(struct identities *identities, struct identity_call *call, str role,
                          str document);
/* A managed policy's document; only the newest is kept, its number grows. */
status identity_set_document(struct identities *identities, struct identity_call *call, str arn,
                             str document);

/* ---- policies of users, groups, roles ---- */

/* Attaching twice is fine; detaching what isn't attached is NoSuchEntity. */
status identity_attach(struct identities *identities, struct identity_call *call,
                       enum identity_kind kind, str name, str policy_arn);
status identity_detach(struct identities *identities, struct identity_call *call,
                       enum identity_kind kind, str name, str policy_arn);
status identity_put_document(struct identities *identities, struct identity_call *call,
                             enum identity_kind kind, str name, str document_name, str document);
status identity_delete_document(struct identities *identities, struct identity_call *call,
                                enum identity_kind kind, str name, str document_name);
/* An absent ARN takes the boundary away. */
status identity_set_boundary(struct identities *identities, struct identity_call *call,
                             enum identity_kind kind, str name, str policy_arn);

/* ---- tags, members ---- */

status identity_tag(struct identities *identities, struct identity_call *call,
                    enum identity_kind kind, str name_or_arn, struct context_tags tags);
status identity_untag(struct identities *identities, struct identity_call *call,
                      enum identity_kind kind, str name_or_arn, const str *keys, size_t count);
status identity_join(struct identities *identities, struct identity_call *call, str group,
                     str user);
status identity_leave(struct identities *identities, struct identity_call *call, str group,
                      str user);

/* ---- access keys ---- */

/* Of the root when `user` is absent. The secret is never shown again. */
status identity_create_key(struct identities *identities, struct identity_call *call, str user,
                           struct new_key *out);
status identity_set_key_active(struct identities *identities, struct identity_call *call, str user,
                               str id, bool active);
status identity_delete_key(struct identities *identities, struct identity_call *call, str user,
                           str id);
