/* Who asks, made of what is stored: all documents that have a say are compiled into the
 * principal's own arena, so it doesn't need the snapshot that it was made from.
 *
 * What limits (a boundary, session policies) and is not there any more, or doesn't compile, denies
 * everything; what would grant and isn't there grants nothing. */
#include "auth/identity_int.h"
#include "base/check.h"

static const struct policy *compile(struct principal *principal, str text) {
    static const str deny =
        STR_INIT("{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Deny\",\"Action\":\"*\","
                 "\"Resource\":\"*\"}}");
    const struct policy *policy = NULL;
    str problem;
    if (text.ptr == NULL ||
        policy_compile(text, POLICY_IDENTITY, principal->arena, &policy, &problem) != ST_OK)
        CHECK(policy_compile(deny, POLICY_IDENTITY, principal->arena, &policy, &problem) == ST_OK);
    return policy;
}

static str document_of(const struct identity_snapshot *snapshot, str arn) {
    const struct identity *policy = identity_find_policy(snapshot, arn);
    return policy != NULL ? policy->document : (str){NULL, 0};
}

/* ---- identity policies ---- */

struct policy_list {
    const struct policy **policies;
    size_t count;
};

static size_t policies_of(const struct identity *identity) {
    return identity->attached_count + identity->document_count;
}

static void add_policies(struct principal *principal, const struct identity_snapshot *snapshot,
                         const struct identity *identity, struct policy_list *list) {
    for (size_t i = 0; i < identity->attached_count; i++) {
        str text = document_of(snapshot, identity->attached[i]);
        if (text.ptr != NULL)
            list->policies[list->count++] = compile(principal, text);
    }
    for (size_t i = 0; i < identity->document_count; i++)
        list->policies[list->count++] = compile(principal, identity->documents[i].text);
}

static void set_policies(struct principal *principal, const struct identity_snapshot *snapshot,
                         const struct identity *identity) {
    const struct identity *groups[IDENTITY_MEMBERSHIPS_MAX];
    size_t group_count = 0, size = policies_of(identity);
    for (size_t i = 0; i < identity->group_count && group_count < IDENTITY_MEMBERSHIPS_MAX; i++) {
        const struct identity *group = identity_find(snapshot, IDENTITY_GROUP, identity->groups[i]);
        if (group == NULL)
            continue;
        groups[group_count++] = group;
        size += policies_of(group);
    }
    struct policy_list list = {arena_array(principal->arena, const struct policy *, size), 0};
    add_policies(principal, snapshot, identity, &list);
    for (size_t i = 0; i < group_count; i++)
        add_policies(principal, snapshot, groups[i], &list);
    principal->policies = list.policies;
    principal->policy_count = list.count;
    if (identity->boundary.ptr != NULL)
        principal->boundary = compile(principal, document_of(snapshot, identity->boundary));
}

/* ---- tags ---- */

/* A later one takes the place of an earlier one of the same key. */
static void add_tags(struct principal *principal, struct context_tag *all, size_t *count,
                     struct context_tags more) {
    for (size_t i = 0; i < more.count; i++) {
        size_t at = 0;
        while (at < *count && !str_eq_nocase(all[at].key, more.entries[i].key))
            at++;
        all[at] = (struct context_tag){arena_copy(principal->arena, more.entries[i].key),
                                       arena_copy(principal->arena, more.entries[i].value)};
        *count += at == *count;
    }
}

static void set_tags(struct principal *principal, struct context_tags own,
                     struct context_tags sessions) {
    struct context_tag *all =
        arena_array(principal->arena, struct context_tag, own.count + sessions.count);
    size_t count = 0;
    add_tags(principal, all, &count, own);
    add_tags(principal, all, &count, sessions);
    principal->tags = (struct context_tags){all, count};
}

/* ---- users and the root ---- */

static struct principal *make_root(const struct identity_snapshot *snapshot) {
    struct principal *principal = principal_new();
    principal->kind = PRINCIPAL_ROOT;
    principal->account = arena_copy(principal->arena, snapshot->account);
    principal->user_id = principal->account;
    principal->arn =
        arena_printf(principal->arena, "arn:aws:iam::%.*s:root", STR_ARG(snapshot->account));
    principal_ready(principal);
    return principal;
}

static struct principal *make_user(const struct identity_snapshot *snapshot,
                                   const struct identity *user) {
    struct principal *principal = principal_new();
    principal->kind = PRINCIPAL_USER;
    principal->account = arena_copy(principal->arena, snapshot->account);
    principal->name = arena_copy(principal->arena, user->name);
    principal->user_id = arena_copy(principal->arena, user->id);
    principal->arn = arena_copy(principal->arena, user->arn);
    set_tags(principal, user->tags, (struct context_tags){});
    set_policies(principal, snapshot, user);
    principal_ready(principal);
    return principal;
}

struct principal *principal_of_key(const struct identity_snapshot *snapshot, size_t key_index) {
    const struct identity_list *users = &snapshot->lists[IDENTITY_USER];
    uint32_t user = snapshot->key_users[key_index];
    if (user == KEY_OF_NOBODY)
        return NULL;
    _Atomic(struct principal *) *place =
        &snapshot->principals[user == KEY_OF_ROOT ? users->count : user];
    struct principal *principal = atomic_load_explicit(place, memory_order_acquire);
    if (principal == NULL) {
        struct principal *made =
            user == KEY_OF_ROOT ? make_root(snapshot) : make_user(snapshot, users->entries[user]);
        if (atomic_compare_exchange_strong(place, &principal, made))
            principal = made;
        else
            principal_unref(made); /* another thread was quicker */
    }
    principal_ref(principal);
    return principal;
}

/* ---- sessions ---- */

static void set_session_policies(struct principal *principal,
                                 const struct identity_snapshot *snapshot,
                                 const struct session_claim *session) {
    size_t count = session->policy_arn_count + (session->policy.ptr != NULL);
    const struct policy **policies = arena_array(principal->arena, const struct policy *, count);
    for (size_t i = 0; i < session->policy_arn_count; i++)
        policies[i] = compile(principal, document_of(snapshot, session->policy_arns[i]));
    if (session->policy.ptr != NULL)
        policies[count - 1] = compile(principal, session->policy);
    principal->session_policies = policies;
    principal->session_policy_count = count;
}

/* Of a user, or of the root, who has no name: who they are, and no less, but for a while. */
static struct principal *own_session(const struct identity_snapshot *snapshot,
                                     const struct session_claim *session) {
    bool is_root = session->owner_name.len == 0;
    const struct identity *user =
        is_root ? NULL : identity_find(snapshot, IDENTITY_USER, session->owner_name);
    str id = user != NULL ? user->id : is_root ? snapshot->account : (str){};
    if (!str_eq(id, session->owner_id))
        return NULL;
    struct principal *principal = user != NULL ? make_user(snapshot, user) : make_root(snapshot);
    principal->issued_us = session->issued_us;
    principal->expires_us = session->expires_us;
    return principal;
}

static struct principal *role_session(const struct identity_snapshot *snapshot,
                                      const struct session_claim *session) {
    const struct identity *role = identity_find(snapshot, IDENTITY_ROLE, session->owner_name);
    if (role == NULL || !str_eq(role->id, session->owner_id))
        return NULL;
    struct principal *principal = principal_new();
    struct arena *arena = principal->arena;
    principal->kind = PRINCIPAL_SESSION;
    principal->account = arena_copy(arena, snapshot->account);
    principal->name = arena_copy(arena, session->session_name);
    principal->user_id =
        arena_printf(arena, "%.*s:%.*s", STR_ARG(role->id), STR_ARG(session->session_name));
    principal->role_arn = arena_copy(arena, role->arn);
    principal->arn =
        arena_printf(arena, "arn:aws:sts::%.*s:assumed-role/%.*s/%.*s", STR_ARG(snapshot->account),
                     STR_ARG(role->name), STR_ARG(session->session_name));
    principal->issued_us = session->issued_us;
    principal->expires_us = session->expires_us;
    set_tags(principal, role->tags, session->tags);
    set_policies(principal, snapshot, role);
    set_session_policies(principal, snapshot, session);
    principal_ready(principal);
    return principal;
}

struct principal *principal_of_session(const struct identity_snapshot *snapshot,
                                       const struct session_claim *session) {
    switch (session->owner) {
    case SESSION_OF_ROLE:
        return role_session(snapshot, session);
    case SESSION_OF_USER:
        return own_session(snapshot, session);
    }
    return NULL;
}
