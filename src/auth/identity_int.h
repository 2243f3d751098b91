/* What the files of this folder say to each other about identities.
 *
 *   identity_codec.c      stored bytes of identities and access keys, both ways
 *   identity.c            opening; the current snapshot
 *   identity_snapshot.c   making and walking snapshots
 *   identity_change.c     changes: edits that are stored together, then swapped in
 *   identity_rules.c      names, paths, tags, documents: what may be stored at all
 *   identity_policy.c     changes of documents, and of what policies hang on an identity
 *   identity_member.c     changes of tags, members of groups, access keys
 *   policy_uses.c         how often each managed policy is used
 *   access_key.c          access keys and their last signing key
 *   aws_policy.c          the well-known policies
 *   compiled.c            the policies of identities, compiled once
 *   principal_make.c      who asks, made of what is stored
 *   session_token.c       tokens of temporary credentials
 *   session_cache.c       principals of sessions that asked lately */
#pragma once

#include "auth/access_key.h"
#include "auth/identity_change.h"
#include "auth/session_cache.h"
#include "auth/session_token.h"
#include "iam/rights.h"

#include <pthread.h>

/* ---- stored form ---- */

/* 09 01 id: access keys; 09 02 kind name: identities; 09 03: the key of tokens. */
enum { SPACE_IDENTITY = 0x09, ENTRY_KEYS = 0x01, ENTRY_IDENTITIES = 0x02, ENTRY_TOKEN_KEY = 0x03 };

str identity_entry_key(struct arena *arena, enum identity_kind kind, str name);
str access_key_entry_key(struct arena *arena, str id);
str token_key_entry_key(void);
str identity_encode(const struct identity *identity, struct arena *arena);
/* Counted, 1. ARNs are those of `account`. */
status identity_decode(str stored, enum identity_kind kind, str account, struct identity **out);
str access_key_encode(const struct access_key *key, struct arena *arena);
status access_key_decode(str id, str stored, struct access_key **out);
str token_key_encode(const struct token_key *key, struct arena *arena);
status token_key_decode(str stored, struct token_key *out);

void identity_ref(const struct identity *identity);
void identity_unref(const struct identity *identity); /* accepts NULL */

/* "arn:aws:iam::ACCOUNT:user/path/NAME": writes if out isn't NULL, answers the length. */
size_t identity_arn(enum identity_kind kind, str account, str path, str name, char *out);

/* ---- snapshots ---- */

struct identity_list {
    const struct identity **entries; /* by name, without regard to case */
    size_t count;
};

struct policy_uses;

struct identity_snapshot {
    atomic_uint references;
    uint64_t generation; /* no two snapshots of a process have the same */
    str account;
    struct token_key token_key;
    struct identity_list lists[IDENTITY_KINDS];
    struct access_key **keys; /* by id */
    size_t key_count;
    uint32_t *key_users; /* by position in keys: the user's in its list, or KEY_OF_… */
    uint32_t *key_table; /* by hash of the id: position in keys + 1; 0: free */
    size_t key_table_mask;
    struct access_key *nobody;
    /* Made when first asked for: of users, by position in their list; the last is the root's. */
    _Atomic(struct principal *) *principals;
    _Atomic(struct rights *) *role_rights; /* likewise, of roles */
    struct session_cache sessions;
    _Atomic(struct policy_uses *) uses; /* made when first asked for */
};

#define KEY_OF_ROOT UINT32_MAX
#define KEY_OF_NOBODY (UINT32_MAX - 1) /* a user that isn't there */

/* What a new snapshot differs in. Both lists are taken from or added to by pointer. */
struct identity_edit {
    const struct identity *old_identity, *new_identity; /* NULL: none */
    struct access_key *old_key, *new_key;
};

/* Counted, 1; takes references of its own. */
struct identity_snapshot *snapshot_new(const struct identity_snapshot *old,
                                       const struct identity_edit *edits, size_t count);
/* By name, whatever the case of its letters. */
const struct identity *list_find(const struct identity_list *list, str name);
struct access_key *snapshot_find_key(const struct identity_snapshot *snapshot, str id,
                                     size_t *out_index);
void policy_uses_free(struct policy_uses *uses); /* accepts NULL */

struct identities {
    struct database *database;
    pthread_mutex_t lock; /* of `current`, for a few instructions */
    struct identity_snapshot *current;
    _Atomic uint64_t generation; /* of `current` */
    pthread_mutex_t change;      /* one change at a time */
};

/* A prefix and random letters, `len` characters and a NUL. */
status identity_random_id(const char prefix[4], char *out, size_t len);
status access_key_make(struct new_key *out);

/* The current snapshot, which this thread keeps until it asks again: not counted. */
const struct identity_snapshot *identities_here(struct identities *identities);
/* Takes `next` over. */
void identities_swap(struct identities *identities, struct identity_snapshot *next);

/* ---- changes ---- */

struct change {
    struct identities *identities;
    struct identity_call *call;
    const struct identity_snapshot *now; /* nobody changes it meanwhile */
    struct identity_edit *edits;
    kv_pair *entries; /* what is stored of each; value absent: deleted */
    size_t count, size;
};

/* Between these two, nobody else changes anything; end stores, and swaps in, when `st` is ST_OK. */
status change_begin(struct change *change, struct identities *identities,
                    struct identity_call *call);
status change_end(struct change *change, status st);
/* A copy to be changed and put. */
status change_draft(struct change *change, enum identity_kind kind, str name_or_arn,
                    const struct identity **out_old, struct identity *out);
/* `old` (NULL: none) becomes what `draft` says, or goes (NULL). */
status change_identity(struct change *change, const struct identity *old, struct identity *draft);
/* Takes `new_key` over. */
status change_key(struct change *change, struct access_key *old_key, struct access_key *new_key);

/* ---- rules ---- */

status check_name(struct identity_call *call, enum identity_kind kind, str name);
status check_document_name(struct identity_call *call, str name);
status check_path(struct identity_call *call, str path);
status check_description(struct identity_call *call, str description);
status check_seconds_max(struct identity_call *call, int32_t seconds);
status check_tags(struct identity_call *call, struct context_tags tags);
status check_taggable(struct identity_call *call, enum identity_kind kind);
status check_trust(struct identity_call *call, str document);
/* Whom it names, as they are now; MalformedPolicyDocument when one is not there. */
status check_trusted(struct change *change, str document, struct policy_names *out);
status check_managed(struct identity_call *call, str document);
status check_boundary(struct change *change, str arn);
status check_document(struct identity_call *call, enum policy_kind kind, str text);
size_t document_size(str text); /* without white space */
bool identity_is_member(const struct identity *user, str group);
int name_order(str a, str b); /* without regard to case */

/* ---- compiled policies ---- */

/* Of how many documents an identity has a compiled form; by position among them. */
static inline size_t compiled_count(enum identity_kind kind, size_t document_count) {
    return kind == IDENTITY_POLICY ? 1 : document_count;
}
/* Counted, of the caller. ST_WOULD_WAIT on a loop when it must be compiled first. What is stored
 * and is no policy denies everything. */
status compiled_get(const struct identity *identity, size_t index, const struct policy **out);
/* The same of a text that nobody shares; an absent one denies everything, too. */
status compiled_own(str text, const struct policy **out);
/* What `old` has compiled of the same texts is kept by what it became. */
void compiled_keep(const struct identity *old, struct identity *made);
void compiled_drop(struct identity *identity);

/* ---- who asks ---- */

/* Counted, of the caller; NULL when its user isn't there. ST_WOULD_WAIT on a loop when policies
 * must be compiled first. */
status principal_of_key(const struct identity_snapshot *snapshot, size_t key_index,
                        struct principal **out);
/* NULL when its role or user isn't there any more. */
status principal_of_session(const struct identity_snapshot *snapshot,
                            const struct session_claim *session, struct principal **out);

/* ---- the well-known policies ---- */

/* Made once, and kept as long as the process. */
const struct identity_list *aws_policies(void);
