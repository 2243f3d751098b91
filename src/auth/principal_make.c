/* Who asks, made of what is stored. Policies and tags are borrowed from the rights of the user or
 * role, which all its sessions share; so a principal needs the snapshot it was made from no more.
 *
 * What limits (a boundary, session policies) and is not there any more, or doesn't compile, denies
 * everything; what would grant and isn't there grants nothing. */
#include "auth/identity_int.h"

/* ---- rights ---- */

static size_t policies_of(const struct identity *identity) {
    return identity->attached_count + identity->document_count;
}

static status add_policies(struct rights *rights, const struct identity_snapshot *snapshot,
                           const struct identity *identity) {
    const struct policy *policy;
    for (size_t i = 0; i < identity->attached_count; i++) {
        const struct identity *managed = identity_find_policy(snapshot, identity->attached[i]);
        if (managed == NULL)
            continue;
        TRY(compiled_get(managed, 0, &policy));
        rights_add(rights, policy);
    }
    for (size_t i = 0; i < identity->document_count; i++) {
        TRY(compiled_get(identity, i, &policy));
        rights_add(rights, policy);
    }
    return ST_OK;
}

/* Of a managed policy that limits. */
static status get_limit(const struct identity_snapshot *snapshot, str arn,
                        const struct policy **out) {
    const struct identity *managed = identity_find_policy(snapshot, arn);
    return managed != NULL ? compiled_get(managed, 0, out) : compiled_own((str){NULL, 0}, out);
}

static status fill_rights(struct rights *rights, const struct identity_snapshot *snapshot,
                          const struct identity *identity, const struct identity *const *groups,
                          size_t group_count) {
    const struct policy *boundary;
    TRY(add_policies(rights, snapshot, identity));
    for (size_t i = 0; i < group_count; i++)
        TRY(add_policies(rights, snapshot, groups[i]));
    if (identity->boundary.ptr != NULL) {
        TRY(get_limit(snapshot, identity->boundary, &boundary));
        rights_set_boundary(rights, boundary);
    }
    return ST_OK;
}

/* Counted. */
static status make_rights(const struct identity_snapshot *snapshot, const struct identity *identity,
                          struct rights **out) {
    const struct identity *groups[IDENTITY_MEMBERSHIPS_MAX];
    size_t group_count = 0, size = policies_of(identity);
    for (size_t i = 0; i < identity->group_count && group_count < IDENTITY_MEMBERSHIPS_MAX; i++) {
        const struct identity *group = identity_find(snapshot, IDENTITY_GROUP, identity->groups[i]);
        if (group == NULL)
            continue;
        groups[group_count++] = group;
        size += policies_of(group);
    }
    struct rights *rights = rights_new(size, identity->tags);
    status st = fill_rights(rights, snapshot, identity, groups, group_count);
    if (st == ST_OK)
        *out = rights;
    else
        rights_unref(rights);
    return st;
}

/* Remembered by the snapshot: not counted. */
static status rights_of_role(const struct identity_snapshot *snapshot, const struct identity *role,
                             struct rights **out) {
    size_t index = identity_after(snapshot, IDENTITY_ROLE, role->name) - 1;
    _Atomic(struct rights *) *place = &snapshot->role_rights[index];
    struct rights *rights = atomic_load_explicit(place, memory_order_acquire), *made;
    if (rights == NULL) {
        TRY(make_rights(snapshot, role, &made));
        if (atomic_compare_exchange_strong(place, &rights, made))
            rights = made;
        else
            rights_unref(made); /* another thread was quicker */
    }
    *out = rights;
    return ST_OK;
}

/* ---- users and the root ---- */

static void name_root(struct principal *principal, const struct identity_snapshot *snapshot) {
    principal->kind = PRINCIPAL_ROOT;
    principal->account = arena_copy(principal->arena, snapshot->account);
    principal->user_id = principal->account;
    principal->arn =
        arena_printf(principal->arena, "arn:aws:iam::%.*s:root", STR_ARG(snapshot->account));
}

static void name_user(struct principal *principal, const struct identity_snapshot *snapshot,
                      const struct identity *user) {
    principal->kind = PRINCIPAL_USER;
    principal->account = arena_copy(principal->arena, snapshot->account);
    principal->name = arena_copy(principal->arena, user->name);
    principal->user_id = arena_copy(principal->arena, user->id);
    principal->arn = arena_copy(principal->arena, user->arn);
}

/* Without rights: of the root, who needs none. */
static struct principal *make_user(const struct identity_snapshot *snapshot,
                                   const struct identity *user, struct rights *rights) {
    struct principal *principal = principal_new();
    if (user != NULL)
        name_user(principal, snapshot, user);
    else
        name_root(principal, snapshot);
    if (rights != NULL)
        principal_borrow(principal, rights);
    return principal;
}

/* Remembered by the snapshot: not counted. */
static status principal_of_user(const struct identity_snapshot *snapshot, size_t index,
                                struct principal **out) {
    const struct identity_list *users = &snapshot->lists[IDENTITY_USER];
    const struct identity *user = index < users->count ? users->entries[index] : NULL;
    _Atomic(struct principal *) *place = &snapshot->principals[index];
    struct principal *principal = atomic_load_explicit(place, memory_order_acquire);
    if (principal == NULL) {
        struct rights *rights = NULL;
        if (user != NULL)
            TRY(make_rights(snapshot, user, &rights));
        struct principal *made = make_user(snapshot, user, rights);
        rights_unref(rights); /* the principal has its own */
        principal_ready(made);
        if (atomic_compare_exchange_strong(place, &principal, made))
            principal = made;
        else
            principal_unref(made); /* another thread was quicker */
    }
    *out = principal;
    return ST_OK;
}

status principal_of_key(const struct identity_snapshot *snapshot, size_t key_index,
                        struct principal **out) {
    uint32_t user = snapshot->key_users[key_index];
    *out = NULL;
    if (user == KEY_OF_NOBODY)
        return ST_OK;
    TRY(principal_of_user(snapshot,
                          user == KEY_OF_ROOT ? snapshot->lists[IDENTITY_USER].count : user, out));
    principal_ref(*out);
    return ST_OK;
}

/* ---- sessions ---- */

/* Of a user, or of the root, who has no name: who they are, and no less, but for a while. */
static status own_session(const struct identity_snapshot *snapshot,
                          const struct session_claim *session, struct principal **out) {
    bool is_root = session->owner_name.len == 0;
    const struct identity *user =
        is_root ? NULL : identity_find(snapshot, IDENTITY_USER, session->owner_name);
    str id = user != NULL ? user->id : is_root ? snapshot->account : (str){};
    if (!str_eq(id, session->owner_id))
        return ST_OK;
    struct principal *owner;
    TRY(principal_of_user(snapshot,
                          is_root ? snapshot->lists[IDENTITY_USER].count
                                  : identity_after(snapshot, IDENTITY_USER, user->name) - 1,
                          &owner));
    struct principal *principal = make_user(snapshot, user, owner->rights);
    principal->issued_us = session->issued_us;
    principal->expires_us = session->expires_us;
    principal_ready(principal);
    *out = principal;
    return ST_OK;
}

/* A session's own tag takes the place of one of its role with the same key. */
static void add_tags(struct principal *principal, struct context_tags more) {
    if (more.count == 0)
        return;
    struct context_tags own = principal->tags;
    struct context_tag *all =
        arena_array(principal->arena, struct context_tag, own.count + more.count);
    size_t count = own.count;
    if (count > 0)
        memcpy(all, own.entries, count * sizeof all[0]);
    for (size_t i = 0; i < more.count; i++) {
        size_t at = 0;
        while (at < count && !str_eq_nocase(all[at].key, more.entries[i].key))
            at++;
        all[at] = (struct context_tag){arena_copy(principal->arena, more.entries[i].key),
                                       arena_copy(principal->arena, more.entries[i].value)};
        count += at == count;
    }
    principal->tags = (struct context_tags){all, count};
}

static status fill_limits(struct rights *limits, const struct identity_snapshot *snapshot,
                          const struct session_claim *session) {
    const struct policy *policy;
    for (size_t i = 0; i < session->policy_arn_count; i++) {
        TRY(get_limit(snapshot, session->policy_arns[i], &policy));
        rights_add(limits, policy);
    }
    if (session->policy.ptr != NULL) {
        TRY(compiled_own(session->policy, &policy));
        rights_add_own(limits, policy);
    }
    return ST_OK;
}

static void name_session(struct principal *principal, const struct identity_snapshot *snapshot,
                         const struct identity *role, const struct session_claim *session) {
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
}

static status role_session(const struct identity_snapshot *snapshot,
                           const struct session_claim *session, struct principal **out) {
    const struct identity *role = identity_find(snapshot, IDENTITY_ROLE, session->owner_name);
    if (role == NULL || !str_eq(role->id, session->owner_id))
        return ST_OK;
    struct rights *rights;
    TRY(rights_of_role(snapshot, role, &rights));
    struct rights *limits = rights_new(session->policy_arn_count + 1, (struct context_tags){});
    status st = fill_limits(limits, snapshot, session);
    if (st != ST_OK) {
        rights_unref(limits);
        return st;
    }
    struct principal *principal = principal_new();
    name_session(principal, snapshot, role, session);
    principal_borrow(principal, rights);
    principal_limit(principal, limits);
    add_tags(principal, session->tags);
    principal_ready(principal);
    *out = principal;
    return ST_OK;
}

status principal_of_session(const struct identity_snapshot *snapshot,
                            const struct session_claim *session, struct principal **out) {
    *out = NULL;
    switch (session->owner) {
    case SESSION_OF_ROLE:
        return role_session(snapshot, session, out);
    case SESSION_OF_USER:
        return own_session(snapshot, session, out);
    }
    return ST_OK;
}
