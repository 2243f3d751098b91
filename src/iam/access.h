/* access.h - who asks, and whether that is allowed.
 *
 * Purpose:   the decision over all documents that have a say: identity policies, a boundary, a
 *            session policy, the policy of the resource.
 * Ownership: a principal is counted: sessions and requests hold it while the identities change.
 * Threads:   any; the memory of decisions inside of a principal has its own lock-free or short-lock
 *            discipline.
 * Errors:    none: a decision is a value.
 * Limits:    DECISIONS_KEPT decisions are remembered by principal.
 *
 * An explicit deny anywhere refuses. Else an allow is needed: by the identity policies (within the
 * boundary and the session policy, where there are), or by the resource's own policy naming the
 * principal. The root of the account may do everything but what a resource's policy denies it. What
 * belongs to another account needs both. (A role is assumed if its trust policy, asked alone,
 * allows it, and so does access_decide with that policy as the resource's.)
 */
#pragma once

#include "iam/policy.h"

#include <stdatomic.h>

enum { DECISIONS_KEPT = 256 };

enum principal_kind { PRINCIPAL_ROOT, PRINCIPAL_USER, PRINCIPAL_SESSION };

/* A decision that may be remembered: keyed by action, resource and the generation of what was
 * asked. */
struct decisions;
struct rights;

struct principal {
    atomic_uint references;
    struct arena *arena; /* holds this, and all it names but what is borrowed from `rights` */
    enum principal_kind kind;
    str arn;      /* as access_context.principal_arn */
    str role_arn; /* PRINCIPAL_SESSION: of the role; else absent */
    str account;  /* never absent: what is another's is decided by it */
    str name;     /* user name, or the session's; absent for the root */
    str user_id;  /* "AIDA…", "AROA…:session", or the account's id for the root */
    struct context_tags tags;
    const struct policy *const
        *policies; /* identity policies: own and those of groups, or role's */
    size_t policy_count;
    const struct policy *boundary; /* NULL: none */
    /* Session policies given to AssumeRole; count 0: none, which limits nothing. */
    const struct policy *const *session_policies;
    size_t session_policy_count;
    int64_t issued_us;  /* of temporary credentials; 0: not known */
    int64_t expires_us; /* of temporary credentials; else INT64_MAX */
    context_set asks;   /* of all policies together */
    /* What the policies are borrowed from, of identities and of the session; else NULL. */
    struct rights *rights, *limits;
    struct decisions *decisions;
};

/* Whether who asks is a user or the root with credentials of GetSessionToken. */
static inline bool principal_is_own_session(const struct principal *principal) {
    return principal->kind != PRINCIPAL_SESSION && principal->expires_us != INT64_MAX;
}

/* In its own arena, references 1, nothing else filled. */
struct principal *principal_new(void);
/* Once its fields are filled: computes `asks`. */
void principal_ready(struct principal *principal);
void principal_ref(struct principal *principal);
void principal_unref(struct principal *principal); /* accepts NULL */
/* What it takes of the heap, without what it shares with others. */
size_t principal_bytes(const struct principal *principal);

/* The parts of a context that follow from who asks. */
void principal_describe(const struct principal *principal, struct access_context *context);

enum access {
    ACCESS_ALLOWED,
    ACCESS_DENIED_EXPLICITLY, /* by which kind of policy is in access_reason */
    ACCESS_DENIED_IMPLICITLY,
};

struct access_decision {
    enum access access;
    /* For the error's text: "identity-based policy", "resource-based policy", "permissions
     * boundary", "session policy", "role trust policy". */
    str policy_type;
};

/* `resource_policy` may be NULL. `generation` changes with the resource's policy and tags: the same
 * number promises the same two. */
struct access_decision access_decide(struct principal *principal,
                                     const struct policy *resource_policy, uint64_t generation,
                                     const struct access_context *context, struct arena *scratch);
/* What a refusal is told with: who, which action, on what, and which kind of policy was missing or
 * denies. */
str access_refusal(const struct access_context *context, const struct access_decision *decision,
                   struct arena *arena);
