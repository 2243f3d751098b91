#include "iam/access.h"

/* A compiled policy takes POLICY_MEMORY_FACTOR bytes for each of its text at most. A principal has
 * some 200 policies of 6 KB at most, its own and those of its groups: 45 MB. */
enum { PRINCIPAL_ARENA_MAX = 64 * 1024 * 1024 };

struct principal *principal_new(void) {
    struct arena *arena = arena_new(PRINCIPAL_ARENA_MAX);
    struct principal *principal = arena_struct(arena, struct principal);
    principal->arena = arena;
    principal->expires_us = INT64_MAX;
    atomic_init(&principal->references, 1);
    return principal;
}

void principal_ref(struct principal *principal) {
    atomic_fetch_add_explicit(&principal->references, 1, memory_order_relaxed);
}

void principal_unref(struct principal *principal) {
    if (principal == NULL ||
        atomic_fetch_sub_explicit(&principal->references, 1, memory_order_acq_rel) > 1)
        return;
    arena_free(principal->arena);
}

static str type_name(enum principal_kind kind) {
    switch (kind) {
    case PRINCIPAL_ROOT:
        return STR("Account");
    case PRINCIPAL_USER:
        return STR("User");
    case PRINCIPAL_SESSION:
        return STR("AssumedRole");
    }
    return (str){};
}

void principal_describe(const struct principal *principal, struct access_context *context) {
    context->principal_arn = principal->arn;
    context->principal_role = principal->role_arn;
    context->principal_account = principal->account;
    context->principal_type = type_name(principal->kind);
    context->user_id = principal->user_id;
    context->username = principal->kind == PRINCIPAL_USER ? principal->name : (str){};
    context->principal_tags = principal->tags;
    context->token_issued_us = principal->issued_us;
}
