/* identity.h - who there is: users, groups, roles, policies, access keys.
 *
 * Purpose:   the identities of the account, in memory as an immutable snapshot; finding and walking
 *            them. identity_change.h changes them, session.h makes and reads temporary credentials.
 * Ownership: a snapshot is counted and so are the identities it holds: what was found in it lives
 *            until identities_release. identities_close frees the rest.
 * Threads:   any; a snapshot does not change. Opening may wait.
 * Errors:    those of the engine on opening; ST_NEWER for entries of a later version; ST_CORRUPT.
 * Limits:    IDENTITY_*, the service's quotas.
 *
 * The root of the account is no entity: it has access keys, and may do everything.
 */
#pragma once

#include "iam/access.h"
#include "table/database.h"

enum {
    ACCESS_KEY_ID_LEN = 20,
    SECRET_KEY_LEN = 40,
    IDENTITY_ID_LEN = 21, /* "AIDA…" */
    IDENTITY_USERS_MAX = 5000,
    IDENTITY_GROUPS_MAX = 300,
    IDENTITY_ROLES_MAX = 1000,
    IDENTITY_POLICIES_MAX = 1500,
    IDENTITY_KEYS_MAX = 2, /* of a user; of the root, beside the one that the configuration gives */
    IDENTITY_ATTACHED_MAX = 20, /* policies, of a user, group or role */
    IDENTITY_MEMBERSHIPS_MAX = 10,
    IDENTITY_TAGS_MAX = 50,
    IDENTITY_TAG_KEY_MAX = 128, /* characters */
    IDENTITY_TAG_VALUE_MAX = 256,
    IDENTITY_USER_NAME_MAX = 64,
    IDENTITY_NAME_MAX = 128, /* of groups and policies; roles have 64 */
    IDENTITY_PATH_MAX = 512,
    IDENTITY_DESCRIPTION_MAX = 1000,
    IDENTITY_DOCUMENT_MAX = 6144,    /* of a managed policy, without white space */
    IDENTITY_TRUST_MAX = 2048,       /* of a trust policy, likewise */
    IDENTITY_INLINE_USER_MAX = 2048, /* all inline policies of one together, likewise */
    IDENTITY_INLINE_GROUP_MAX = 5120,
    IDENTITY_INLINE_ROLE_MAX = 10240,
    SESSION_SECONDS_MIN = 900,
    SESSION_SECONDS_MAX = 12 * 3600, /* a role's limit is from 3600 to this */
    SESSION_SECONDS_DEFAULT = 3600,
    OWN_SESSION_SECONDS_MAX = 36 * 3600, /* of users; the root has an hour at most */
    OWN_SESSION_SECONDS_DEFAULT = 12 * 3600,
    ROOT_SESSION_SECONDS_MAX = 3600,
};

enum identity_kind { IDENTITY_USER, IDENTITY_GROUP, IDENTITY_ROLE, IDENTITY_POLICY };
enum { IDENTITY_KINDS = 4 };

struct identity_document {
    str name, text;
};

/* One of them. Which members mean something depends on the kind; the others are absent or 0. */
struct identity {
    atomic_uint references;
    /* Its document, or each of its inline ones, compiled when first asked for. */
    _Atomic(const struct policy *) *compiled;
    enum identity_kind kind;
    str name;        /* unique in its kind, whatever the case of its letters */
    str path;        /* "/", "/division/" */
    str id;          /* "AIDA…", "AGPA…", "AROA…", "ANPA…" */
    str arn;         /* "arn:aws:iam::ACCOUNT:user/division/NAME" */
    str description; /* of roles and policies; absent: none */
    int64_t created_us, changed_us;
    struct context_tags tags; /* of users, roles and policies, by key */
    /* Users, groups, roles: */
    const struct identity_document *documents; /* inline policies, by name */
    size_t document_count;
    const str *attached; /* ARNs of managed policies, in the order of attaching */
    size_t attached_count;
    str boundary;      /* ARN of a managed policy, of users and roles; absent: none */
    const str *groups; /* of a user: names */
    size_t group_count;
    /* Roles: */
    str trust;                   /* the document that says who may assume it */
    struct policy_names trusted; /* whom its ARNs meant when it was stored */
    int32_t session_seconds_max;
    /* Policies: */
    str document;
    uint32_t document_version; /* 1 at first, one more with each change: "v1" */
    bool is_aws;               /* one of the well-known, "arn:aws:iam::aws:policy/NAME" */
};

struct access_key_info {
    str id;
    str user; /* absent: the root's */
    bool active;
    bool given; /* by the configuration: cannot be changed */
    int64_t created_us;
};

struct identities;
struct identity_snapshot;

/* A key as text; for showing it once, to whom it was made for. */
struct new_key {
    char id[ACCESS_KEY_ID_LEN + 1]; /* empty: none was made */
    char secret[SECRET_KEY_LEN + 1];
};

/* Loads them all. Without any access key, and with none given, makes the root's, durably. May wait.
 */
status identities_open(struct database *database, str given_id, str given_secret,
                       struct identities **out, struct new_key *out_made);
void identities_close(struct identities *identities); /* accepts NULL */

const struct identity_snapshot *identities_acquire(struct identities *identities);
void identities_release(const struct identity_snapshot *snapshot); /* accepts NULL */
/* Grows with each change. */
uint64_t identities_generation(const struct identity_snapshot *snapshot);

/* By name, exactly as it is written; NULL when there is none. */
const struct identity *identity_find(const struct identity_snapshot *snapshot,
                                     enum identity_kind kind, str name);
/* A managed policy, ours or a well-known one. */
const struct identity *identity_find_policy(const struct identity_snapshot *snapshot, str arn);
/* Those of a kind, by name (without regard to case); well-known policies are not among them. */
size_t identity_count(const struct identity_snapshot *snapshot, enum identity_kind kind);
const struct identity *identity_at(const struct identity_snapshot *snapshot,
                                   enum identity_kind kind, size_t index);
/* Whom the ARNs mean that a policy names as principals: users and roles of the account by id, into
 * the arena; what is another account's is left out. False: *out_unknown is nobody's here. */
bool identity_principals(const struct identity_snapshot *snapshot, const struct policy *policy,
                         struct arena *arena, struct policy_names *out, str *out_unknown);
/* The same of `identities` as they are now; for api_directory, whose context it is. */
bool identities_find_principals(void *identities, const struct policy *policy, struct arena *arena,
                                struct policy_names *out, str *out_unknown);
/* The index of the first whose name sorts behind `name`: where a page goes on. */
size_t identity_after(const struct identity_snapshot *snapshot, enum identity_kind kind, str name);
/* The well-known policies. */
size_t identity_aws_policy_count(const struct identity_snapshot *snapshot);
const struct identity *identity_aws_policy_at(const struct identity_snapshot *snapshot,
                                              size_t index);
/* To how many users, groups and roles the policy is attached; as how many's boundary it serves. 0
 * where there is no such policy. The first call of a snapshot counts all of them. */
size_t identity_attachments(const struct identity_snapshot *snapshot, str policy_arn);
size_t identity_boundary_uses(const struct identity_snapshot *snapshot, str policy_arn);

/* Access keys of a user (absent: of the root), at most max; answers how many there are. */
size_t identity_keys(const struct identity_snapshot *snapshot, str user,
                     struct access_key_info *out, size_t max);
/* False when there is none of that id. */
bool identity_find_key(const struct identity_snapshot *snapshot, str id,
                       struct access_key_info *out);
