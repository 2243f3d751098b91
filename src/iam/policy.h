/* policy.h - policy documents.
 *
 * Purpose:   reading a policy's JSON once, so that asking it is a walk over a few strings.
 * Ownership: a policy lives in the arena it was compiled into and borrows nothing from its text;
 *            one of policy_new is counted, and has an arena of its own.
 * Threads:   a compiled policy does not change: any number. References are counted by any.
 * Errors:    ST_INVALID with a sentence in *out_problem when the text is no policy.
 * Limits:    POLICY_*. Wildcards are matched without recursion, in time of pattern × text at most.
 *
 * Sources: the public reference of the policy grammar (Version, Id, Statement, Sid, Effect,
 * Principal, NotPrincipal, Action, NotAction, Resource, NotResource, Condition) and of condition
 * operators.
 */
#pragma once

#include "iam/context.h"

enum {
    POLICY_BYTES_MAX = 20 * 1024, /* of the text, white space included */
    POLICY_STATEMENTS_MAX = 200,
    POLICY_MEMORY_FACTOR = 12, /* bytes of a long policy, compiled, for each of its text, at most */
};

/* What a document must say and may not say differs. */
enum policy_kind {
    POLICY_IDENTITY, /* of users, groups, roles; boundaries and session policies, too: no Principal
                      */
    POLICY_RESOURCE, /* of a table or stream: a Principal in each statement */
    POLICY_TRUST,    /* who may assume a role: a Principal, and no Resource */
};

struct policy;

/* Who the users, roles and sessions were that Principal names, when the policy was stored: a name
 * may be given to another later, an id is not. Of a session it is its role's. */
struct policy_name {
    str arn, id;
};

struct policy_names {
    const struct policy_name *entries;
    size_t count;
};

status policy_compile(str text, enum policy_kind kind, struct arena *arena,
                      const struct policy **out, str *out_problem);
/* The same for a stored text: ARNs that are among the names mean whoever has the id, whatever the
 * name is now; others mean whoever has the name. */
status policy_compile_stored(str text, enum policy_kind kind, struct policy_names names,
                             struct arena *arena, const struct policy **out, str *out_problem);
/* ARNs of users, roles and sessions in its Principal and NotPrincipal, each once; answers how many.
 */
size_t policy_principals(const struct policy *policy, struct arena *arena, const str **out);

/* Counted, 1, in no more memory than it takes: for what stays, and many share. */
status policy_new(str text, enum policy_kind kind, const struct policy **out);
void policy_ref(const struct policy *policy);
void policy_unref(const struct policy *policy); /* accepts NULL */
/* What it takes of the heap; and what all of policy_new take that live now. */
size_t policy_bytes(const struct policy *policy);
size_t policies_held_bytes(void);

/* The context keys that some condition or variable of it asks for. What is not in the set need not
 * be computed. */
context_set policy_asks(const struct policy *policy);

enum policy_effect { POLICY_SILENT, POLICY_ALLOWS, POLICY_DENIES };

/* What one document says of one request; a deny in any statement wins. Policies of resources and of
 * roles match Principal against context's principal_arn, principal_role and principal_account.
 * Scratch is for variables, and is left as it was. */
enum policy_effect policy_evaluate(const struct policy *policy,
                                   const struct access_context *context, struct arena *scratch);
