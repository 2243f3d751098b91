#include "iam/rights.h"

#include "base/check.h"

enum { FIRST_BLOCK = 512, RIGHTS_ARENA_MAX = 1024 * 1024 };

struct rights *rights_new(size_t policies_max, struct context_tags tags) {
    size_t lists = policies_max * sizeof(struct policy *) + tags.count * sizeof(struct context_tag);
    struct arena *arena = arena_new_sized(FIRST_BLOCK + lists, RIGHTS_ARENA_MAX);
    struct rights *rights = arena_struct(arena, struct rights);
    struct context_tag *copies = arena_array(arena, struct context_tag, tags.count);
    rights->arena = arena;
    atomic_init(&rights->references, 1);
    rights->policies = arena_array(arena, const struct policy *, policies_max);
    rights->policies_max = policies_max;
    for (size_t i = 0; i < tags.count; i++)
        copies[i] = (struct context_tag){arena_copy(arena, tags.entries[i].key),
                                         arena_copy(arena, tags.entries[i].value)};
    rights->tags = (struct context_tags){copies, tags.count};
    return rights;
}

void rights_add(struct rights *rights, const struct policy *policy) {
    CHECK(rights->policy_count < rights->policies_max);
    rights->policies[rights->policy_count++] = policy;
}

void rights_add_own(struct rights *rights, const struct policy *policy) {
    rights_add(rights, policy);
    rights->own_bytes += policy_bytes(policy);
}

void rights_set_boundary(struct rights *rights, const struct policy *policy) {
    CHECK(rights->boundary == NULL);
    rights->boundary = policy;
}

void rights_ref(struct rights *rights) {
    atomic_fetch_add_explicit(&rights->references, 1, memory_order_relaxed);
}

void rights_unref(struct rights *rights) {
    if (rights == NULL ||
        atomic_fetch_sub_explicit(&rights->references, 1, memory_order_acq_rel) > 1)
        return;
    for (size_t i = 0; i < rights->policy_count; i++)
        policy_unref(rights->policies[i]);
    policy_unref(rights->boundary);
    arena_free(rights->arena);
}

void principal_borrow(struct principal *principal, struct rights *rights) {
    CHECK(principal->rights == NULL);
    rights_ref(rights);
    principal->rights = rights;
    principal->policies = rights->policies;
    principal->policy_count = rights->policy_count;
    principal->boundary = rights->boundary;
    principal->tags = rights->tags;
}

void principal_limit(struct principal *principal, struct rights *limits) {
    CHECK(principal->limits == NULL);
    principal->limits = limits;
    principal->session_policies = limits->policies;
    principal->session_policy_count = limits->policy_count;
}
