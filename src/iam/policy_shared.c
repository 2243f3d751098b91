/* Policies with an arena of their own, which as many hold as have to do with them. */
#include "base/check.h"
#include "iam/policy_int.h"

/* SPARE: that an arena of several blocks aligned a little less than one block does. */
enum { SPARE = 128, COMPILED_MAX = 8 * 1024 * 1024 };

static _Atomic size_t held_bytes;

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* JSON without the space between its tokens: compiled policies keep their text, and some are
 * mostly indentation. */
static str without_space(str json, struct arena *arena) {
    char *out = arena_bytes(arena, json.len + 1);
    size_t len = 0;
    bool quoted = false;
    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];
        if (!quoted && is_space(c))
            continue;
        out[len++] = c;
        if (quoted && c == '\\')
            out[len++] = json.ptr[++i];
        else if (c == '"')
            quoted = !quoted;
    }
    return (str){out, len};
}

/* Compiled twice: the first time says whether it is a policy, and how large. */
status policy_new(str text, enum policy_kind kind, const struct policy **out) {
    struct arena *room = arena_new(COMPILED_MAX);
    const struct policy *policy;
    str problem;
    status st = policy_compile(text, kind, room, &policy, &problem);
    if (st == ST_OK) {
        size_t used = arena_used(room);
        str bare = without_space(text, room);
        struct arena *own = arena_new_sized(used - (text.len - bare.len) + SPARE, COMPILED_MAX);
        CHECK(policy_compile(bare, kind, own, &policy, &problem) == ST_OK);
        struct policy *counted = (struct policy *)policy;
        counted->arena = own;
        atomic_init(&counted->references, 1);
        atomic_fetch_add_explicit(&held_bytes, arena_held(own), memory_order_relaxed);
        *out = policy;
    }
    arena_free(room);
    return st;
}

void policy_ref(const struct policy *policy) {
    CHECK(policy->arena != NULL);
    atomic_fetch_add_explicit(&((struct policy *)policy)->references, 1, memory_order_relaxed);
}

void policy_unref(const struct policy *borrowed) {
    struct policy *policy = (struct policy *)borrowed;
    if (policy == NULL ||
        atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) > 1)
        return;
    atomic_fetch_sub_explicit(&held_bytes, arena_held(policy->arena), memory_order_relaxed);
    arena_free(policy->arena);
}

size_t policy_bytes(const struct policy *policy) {
    return arena_held(policy->arena);
}

size_t policies_held_bytes(void) {
    return atomic_load_explicit(&held_bytes, memory_order_relaxed);
}
