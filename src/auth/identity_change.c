/* A change takes a draft of what is there, edits it, and puts it back. What was put is stored in
 * one update, durably; then a snapshot with it is swapped in. All changes hold one key of the
 * engine, and one lock: they see each other whole. */
#include "auth/identity_int.h"
#include "base/check.h"
#include "base/thread.h"

enum { EDITS_AT_FIRST = 4 };

/* ---- a change ---- */

status change_begin(struct change *change, struct identities *identities,
                    struct identity_call *call) {
    *change = (struct change){.identities = identities, .call = call};
    if (!thread_may_wait())
        return ST_WOULD_WAIT;
    pthread_mutex_lock(&identities->change);
    change->now = identities->current; /* `change` guards it */
    return ST_OK;
}

static void drop_edits(const struct change *change) {
    for (size_t i = 0; i < change->count; i++) {
        identity_unref(change->edits[i].new_identity);
        access_key_unref(change->edits[i].new_key);
    }
}

static status store_body(struct kv_txn *txn, void *context) {
    const struct change *change = context;
    for (size_t i = 0; i < change->count; i++) {
        const kv_pair *entry = &change->entries[i];
        if (entry->value.ptr != NULL)
            kv_txn_put(txn, entry->key, entry->value);
        else if (entry->key.ptr != NULL)
            kv_txn_delete(txn, entry->key);
    }
    return ST_OK;
}

static status commit(struct change *change) {
    struct kv *kv = change->identities->database->kv;
    str lock = token_key_entry_key(); /* in the place of all that is changed */
    uint64_t ticket;
    if (change->count == 0)
        return ST_OK;
    TRY(kv_update(kv, &(struct kv_keys){.exclusive = &lock, .exclusive_count = 1}, store_body,
                  change, &ticket));
    TRY(kv_ticket_wait(kv, ticket));
    identities_swap(change->identities, snapshot_new(change->now, change->edits, change->count));
    return ST_OK;
}

status change_end(struct change *change, status st) {
    if (st == ST_OK)
        st = commit(change);
    drop_edits(change);
    pthread_mutex_unlock(&change->identities->change);
    return st;
}

/* A deletion of what is put by the same change comes first, so that a new name that differs in
 * nothing but case is fine. */
static void add_edit(struct change *change, struct identity_edit edit, kv_pair entry) {
    struct arena *arena = change->call->arena;
    if (change->count == change->size) {
        size_t size = change->size > 0 ? 2 * change->size : EDITS_AT_FIRST;
        change->edits = arena_grow(arena, change->edits, change->size * sizeof change->edits[0],
                                   size * sizeof change->edits[0]);
        change->entries =
            arena_grow(arena, change->entries, change->size * sizeof change->entries[0],
                       size * sizeof change->entries[0]);
        change->size = size;
    }
    change->edits[change->count] = edit;
    change->entries[change->count++] = entry;
}

status change_identity(struct change *change, const struct identity *old, struct identity *draft) {
    struct arena *arena = change->call->arena;
    bool stays = old != NULL && draft != NULL && str_eq(old->name, draft->name);
    if (old != NULL && !stays)
        add_edit(change, (struct identity_edit){.old_identity = old},
                 (kv_pair){.key = identity_entry_key(arena, old->kind, old->name)});
    if (draft == NULL)
        return ST_OK;
    draft->changed_us = change->call->now_us;
    kv_pair entry = {identity_entry_key(arena, draft->kind, draft->name),
                     identity_encode(draft, arena)};
    struct identity *made = NULL;
    TRY(identity_decode(entry.value, draft->kind, change->now->account, &made));
    if (old != NULL)
        compiled_keep(old, made);
    add_edit(change,
             (struct identity_edit){.old_identity = stays ? old : NULL, .new_identity = made},
             entry);
    return ST_OK;
}

status change_key(struct change *change, struct access_key *old_key, struct access_key *new_key) {
    struct arena *arena = change->call->arena;
    const struct access_key *key = new_key != NULL ? new_key : old_key;
    kv_pair entry = {.key = access_key_entry_key(arena, key->id)};
    if (new_key != NULL)
        entry.value = access_key_encode(new_key, arena);
    add_edit(change, (struct identity_edit){.old_key = old_key, .new_key = new_key}, entry);
    return ST_OK;
}

/* ---- finding ---- */

status identity_get(const struct identity_snapshot *snapshot, struct identity_call *call,
                    enum identity_kind kind, str name_or_arn, const struct identity **out) {
    *out = kind == IDENTITY_POLICY ? identity_find_policy(snapshot, name_or_arn)
                                   : identity_find(snapshot, kind, name_or_arn);
    if (*out != NULL)
        return ST_OK;
    if (kind == IDENTITY_POLICY)
        return identity_fail(call, IDENTITY_NoSuchEntity, "Policy %.*s was not found.",
                             STR_ARG(name_or_arn));
    return identity_fail(call, IDENTITY_NoSuchEntity, "The %.*s with name %.*s cannot be found.",
                         STR_ARG(identity_kind_word(kind)), STR_ARG(name_or_arn));
}

/* Without the references, which others count meanwhile, nor what was compiled. */
static void identity_copy(const struct identity *from, struct identity *out) {
    enum { FROM = offsetof(struct identity, kind) };
    atomic_init(&out->references, 0);
    memcpy((char *)out + FROM, (const char *)from + FROM, sizeof *out - FROM);
}

status change_draft(struct change *change, enum identity_kind kind, str name_or_arn,
                    const struct identity **out_old, struct identity *out) {
    TRY(identity_get(change->now, change->call, kind, name_or_arn, out_old));
    if ((*out_old)->is_aws)
        return identity_fail(change->call, IDENTITY_AccessDenied,
                             "Policy %.*s is managed by the service and cannot be changed.",
                             STR_ARG(name_or_arn));
    identity_copy(*out_old, out);
    return ST_OK;
}

/* ---- making ---- */

static const struct {
    char id_prefix[5];
    const char *quota;
    size_t count_max;
} kinds[] = {
    [IDENTITY_USER] = {"AIDA", "UsersPerAccount", IDENTITY_USERS_MAX},
    [IDENTITY_GROUP] = {"AGPA", "GroupsPerAccount", IDENTITY_GROUPS_MAX},
    [IDENTITY_ROLE] = {"AROA", "RolesPerAccount", IDENTITY_ROLES_MAX},
    [IDENTITY_POLICY] = {"ANPA", "PoliciesPerAccount", IDENTITY_POLICIES_MAX},
};

static status check_absent(struct change *change, enum identity_kind kind, str name) {
    if (list_find(&change->now->lists[kind], name) == NULL)
        return ST_OK;
    if (kind == IDENTITY_POLICY)
        return identity_fail(change->call, IDENTITY_EntityAlreadyExists,
                             "A policy called %.*s already exists. Duplicate names are not "
                             "allowed.",
                             STR_ARG(name));
    static const char *const words[] = {"User", "Group", "Role"};
    return identity_fail(change->call, IDENTITY_EntityAlreadyExists,
                         "%s with name %.*s already exists.", words[kind], STR_ARG(name));
}

static status check_new(struct identity_call *call, const struct identity_new *new) {
    TRY(check_name(call, new->kind, new->name));
    if (new->path.ptr != NULL)
        TRY(check_path(call, new->path));
    TRY(check_description(call, new->description));
    TRY(check_tags(call, new->tags));
    if (new->kind == IDENTITY_ROLE) {
        if (new->session_seconds_max != 0)
            TRY(check_seconds_max(call, new->session_seconds_max));
        TRY(check_trust(call, new->trust));
    }
    return new->kind == IDENTITY_POLICY ? check_managed(call, new->document) : ST_OK;
}

static status create(struct change *change, const struct identity_new *new) {
    struct identity_call *call = change->call;
    TRY(check_absent(change, new->kind, new->name));
    if (change->now->lists[new->kind].count >= kinds[new->kind].count_max)
        return identity_fail(call, IDENTITY_LimitExceeded, "Cannot exceed quota for %s: %d",
                             kinds[new->kind].quota, (int)kinds[new->kind].count_max);
    if (new->boundary.ptr != NULL)
        TRY(check_boundary(change, new->boundary));
    char *id = arena_bytes(call->arena, IDENTITY_ID_LEN + 1);
    TRY(identity_random_id(kinds[new->kind].id_prefix, id, IDENTITY_ID_LEN));
    struct identity draft = {.kind = new->kind,
                             .name = new->name,
                             .path = new->path.ptr != NULL ? new->path : STR("/"),
                             .id = {id, IDENTITY_ID_LEN},
                             .description = new->description,
                             .created_us = call->now_us,
                             .tags = new->tags,
                             .boundary = new->boundary};
    if (new->kind == IDENTITY_ROLE) {
        draft.trust = new->trust;
        TRY(check_trusted(change, new->trust, &draft.trusted));
        draft.session_seconds_max =
            new->session_seconds_max ? new->session_seconds_max : SESSION_SECONDS_DEFAULT;
    } else if (new->kind == IDENTITY_POLICY) {
        draft.document = new->document;
        draft.document_version = 1;
    }
    return change_identity(change, NULL, &draft);
}

status identity_create(struct identities *identities, struct identity_call *call,
                       const struct identity_new *new) {
    struct change change;
    TRY(check_new(call, new));
    TRY(change_begin(&change, identities, call));
    return change_end(&change, create(&change, new));
}

/* ---- changing ---- */

/* The texts of a list with `from` instead of `to`. */
static const str *renamed(struct arena *arena, const str *texts, size_t count, str from, str to) {
    str *out = arena_array(arena, str, count);
    for (size_t i = 0; i < count; i++)
        out[i] = str_eq(texts[i], from) ? to : texts[i];
    return out;
}

bool identity_is_member(const struct identity *user, str group) {
    for (size_t i = 0; i < user->group_count; i++)
        if (str_eq(user->groups[i], group))
            return true;
    return false;
}

/* Who names the old name names the new one. */
static status rename_users(struct change *change, const struct identity *old, str name) {
    if (old->kind == IDENTITY_USER) {
        for (size_t i = 0; i < change->now->key_count; i++) {
            struct access_key *key = change->now->keys[i];
            if (key->user.ptr == NULL || !str_eq(key->user, old->name))
                continue;
            struct access_key *moved = access_key_new(key->id, key->secret, name);
            moved->active = key->active;
            moved->created_us = key->created_us;
            TRY(change_key(change, key, moved));
        }
        return ST_OK;
    }
    const struct identity_list *users = &change->now->lists[IDENTITY_USER];
    for (size_t i = 0; i < users->count; i++) {
        if (!identity_is_member(users->entries[i], old->name))
            continue;
        struct identity draft;
        identity_copy(users->entries[i], &draft);
        draft.groups =
            renamed(change->call->arena, draft.groups, draft.group_count, old->name, name);
        TRY(change_identity(change, users->entries[i], &draft));
    }
    return ST_OK;
}

static status update(struct change *change, enum identity_kind kind, str name,
                     const struct identity_update *update) {
    const struct identity *old;
    struct identity draft;
    TRY(change_draft(change, kind, name, &old, &draft));
    if (update->new_path.ptr != NULL)
        draft.path = update->new_path;
    if (update->description.ptr != NULL)
        draft.description = update->description;
    if (update->session_seconds_max != 0)
        draft.session_seconds_max = update->session_seconds_max;
    if (update->new_name.ptr != NULL && !str_eq(update->new_name, name)) {
        if (name_order(update->new_name, name) != 0)
            TRY(check_absent(change, kind, update->new_name));
        draft.name = update->new_name;
        TRY(rename_users(change, old, draft.name));
    }
    return change_identity(change, old, &draft);
}

status identity_update(struct identities *identities, struct identity_call *call,
                       enum identity_kind kind, str name, const struct identity_update *what) {
    struct change change;
    bool is_named = kind == IDENTITY_USER || kind == IDENTITY_GROUP;
    if (kind == IDENTITY_POLICY ||
        (!is_named && (what->new_name.ptr != NULL || what->new_path.ptr != NULL)))
        return identity_fail(call, IDENTITY_InvalidInput, "A %.*s has no such attribute to update.",
                             STR_ARG(identity_kind_word(kind)));
    if (what->new_name.ptr != NULL)
        TRY(check_name(call, kind, what->new_name));
    if (what->new_path.ptr != NULL)
        TRY(check_path(call, what->new_path));
    TRY(check_description(call, what->description));
    if (what->session_seconds_max != 0)
        TRY(check_seconds_max(call, what->session_seconds_max));
    TRY(change_begin(&change, identities, call));
    return change_end(&change, update(&change, kind, name, what));
}

/* ---- deleting ---- */

static bool has_members(const struct identity_snapshot *snapshot, str group) {
    for (size_t i = 0; i < snapshot->lists[IDENTITY_USER].count; i++)
        if (identity_is_member(snapshot->lists[IDENTITY_USER].entries[i], group))
            return true;
    return false;
}

static const char *what_hangs_on(const struct identity_snapshot *snapshot,
                                 const struct identity *identity) {
    if (identity->kind == IDENTITY_POLICY)
        return identity_attachments(snapshot, identity->arn) +
                           identity_boundary_uses(snapshot, identity->arn) >
                       0
                   ? "Cannot delete a policy attached to entities."
                   : NULL;
    if (identity->attached_count > 0)
        return "Cannot delete entity, must detach all policies first.";
    if (identity->document_count > 0)
        return "Cannot delete entity, must delete policies first.";
    struct access_key_info key;
    if (identity->kind == IDENTITY_USER && identity_keys(snapshot, identity->name, &key, 1) > 0)
        return "Cannot delete entity, must delete access keys first.";
    if (identity->group_count > 0 ||
        (identity->kind == IDENTITY_GROUP && has_members(snapshot, identity->name)))
        return "Cannot delete entity, must remove users from group first.";
    return NULL;
}

static status remove_identity(struct change *change, enum identity_kind kind, str name_or_arn) {
    const struct identity *old;
    struct identity draft;
    TRY(change_draft(change, kind, name_or_arn, &old, &draft));
    const char *conflict = what_hangs_on(change->now, old);
    if (conflict != NULL)
        return identity_fail(change->call, IDENTITY_DeleteConflict, "%s", conflict);
    return change_identity(change, old, NULL);
}

status identity_delete(struct identities *identities, struct identity_call *call,
                       enum identity_kind kind, str name_or_arn) {
    struct change change;
    TRY(change_begin(&change, identities, call));
    return change_end(&change, remove_identity(&change, kind, name_or_arn));
}
