#include "iam/rights.h"

/* A table of decisions and a few texts; those who make principals by hand compile into it, too. */
enum { FIRST_BLOCK = 6 * 1024, PRINCIPAL_ARENA_MAX = 16 * 1024 * 1024 };

struct principal *principal_new(void) {
    struct arena *arena = arena_new_sized(FIRST_BLOCK, PRINCIPAL_ARENA_MAX);
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
    rights_unref(principal->rights);
    rights_unref(principal->limits);
    arena_free(principal->arena);
}

size_t principal_bytes(const struct principal *principal) {
    const struct rights *limits = principal->limits;
    return arena_held(principal->arena) +
           (limits != NULL ? arena_held(limits->arena) + limits->own_bytes : 0);
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
