/* rights.h - what identities lend to whoever acts as them.
 *
 * Purpose:   the policies, the boundary and the tags of a user or role, put together once, however
 *            many sessions it has.
 * Ownership: counted, and so are the policies it holds. Principals hold it as long as they live.
 * Threads:   filled by one; then it does not change: any number.
 * Errors:    none.
 * Limits:    those of identities.
 */
#pragma once

#include "iam/access.h"

struct rights {
    atomic_uint references;
    struct arena *arena; /* holds this, and all but the policies */
    const struct policy **policies;
    size_t policy_count, policies_max;
    const struct policy *boundary; /* NULL: none */
    struct context_tags tags;
    size_t own_bytes; /* of policies that nobody else has */
};

/* Counted, 1. Copies the tags. */
struct rights *rights_new(size_t policies_max, struct context_tags tags);
/* These take the reference to the policy over. */
void rights_add(struct rights *rights, const struct policy *policy);
void rights_add_own(struct rights *rights, const struct policy *policy); /* nobody else has it */
void rights_set_boundary(struct rights *rights, const struct policy *policy);
void rights_ref(struct rights *rights);
void rights_unref(struct rights *rights); /* accepts NULL */

/* The principal takes a reference of its own, and has these policies, this boundary, these tags. */
void principal_borrow(struct principal *principal, struct rights *rights);
/* These are its session policies; takes the reference over. */
void principal_limit(struct principal *principal, struct rights *limits);
