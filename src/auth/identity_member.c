/* Tags, members of groups, access keys. */
#include "auth/identity_int.h"
#include "base/check.h"

/* ---- tags ---- */

static size_t tag_at(const struct context_tag *tags, size_t count, str key) {
    size_t at = 0;
    while (at < count && !str_eq_nocase(tags[at].key, key))
        at++;
    return at;
}

static status tag(struct change *change, enum identity_kind kind, str name_or_arn,
                  struct context_tags tags) {
    const struct identity *old;
    struct identity draft;
    TRY(change_draft(change, kind, name_or_arn, &old, &draft));
    struct context_tag *all =
        arena_array(change->call->arena, struct context_tag, old->tags.count + tags.count);
    size_t count = old->tags.count;
    if (count > 0)
        memcpy(all, old->tags.entries, count * sizeof all[0]);
    for (size_t i = 0; i < tags.count; i++) {
        size_t at = tag_at(all, count, tags.entries[i].key);
        all[at] = tags.entries[i];
        count += at == count;
    }
    draft.tags = (struct context_tags){all, count};
    TRY(check_tags(change->call, draft.tags));
    return change_identity(change, old, &draft);
}

status check_taggable(struct identity_call *call, enum identity_kind kind) {
    return kind != IDENTITY_GROUP
               ? ST_OK
               : identity_fail(call, IDENTITY_InvalidInput, "A group has no tags.");
}

status identity_tag(struct identities *identities, struct identity_call *call,
                    enum identity_kind kind, str name_or_arn, struct context_tags tags) {
    struct change change;
    TRY(check_taggable(call, kind));
    TRY(check_tags(call, tags));
    TRY(change_begin(&change, identities, call));
    return change_end(&change, tag(&change, kind, name_or_arn, tags));
}

static status untag(struct change *change, enum identity_kind kind, str name_or_arn,
                    const str *keys, size_t count) {
    const struct identity *old;
    struct identity draft;
    TRY(change_draft(change, kind, name_or_arn, &old, &draft));
    struct context_tag *left =
        arena_array(change->call->arena, struct context_tag, old->tags.count);
    draft.tags = (struct context_tags){left, 0};
    for (size_t i = 0; i < old->tags.count; i++) {
        bool goes = false;
        for (size_t j = 0; j < count && !goes; j++)
            goes = str_eq_nocase(old->tags.entries[i].key, keys[j]);
        if (!goes)
            left[draft.tags.count++] = old->tags.entries[i];
    }
    return change_identity(change, old, &draft);
}

status identity_untag(struct identities *identities, struct identity_call *call,
                      enum identity_kind kind, str name_or_arn, const str *keys, size_t count) {
    struct change change;
    TRY(check_taggable(call, kind));
    TRY(change_begin(&change, identities, call));
    return change_end(&change, untag(&change, kind, name_or_arn, keys, count));
}

/* ---- members ---- */

static status find_both(struct change *change, str group, str user, const struct identity **out,
                        struct identity *out_draft) {
    const struct identity *found;
    TRY(identity_get(change->now, change->call, IDENTITY_GROUP, group, &found));
    return change_draft(change, IDENTITY_USER, user, out, out_draft);
}

static status join(struct change *change, str group, str user) {
    const struct identity *old;
    struct identity draft;
    TRY(find_both(change, group, user, &old, &draft));
    if (identity_is_member(old, group))
        return ST_OK;
    if (old->group_count >= IDENTITY_MEMBERSHIPS_MAX)
        return identity_fail(change->call, IDENTITY_LimitExceeded,
                             "Cannot exceed quota for GroupsPerUser: %d", IDENTITY_MEMBERSHIPS_MAX);
    str *groups = arena_array(change->call->arena, str, old->group_count + 1);
    if (old->group_count > 0)
        memcpy(groups, old->groups, old->group_count * sizeof groups[0]);
    groups[draft.group_count++] = group;
    draft.groups = groups;
    return change_identity(change, old, &draft);
}

status identity_join(struct identities *identities, struct identity_call *call, str group,
                     str user) {
    struct change change;
    TRY(change_begin(&change, identities, call));
    return change_end(&change, join(&change, group, user));
}

static status leave(struct change *change, str group, str user) {
    const struct identity *old;
    struct identity draft;
    TRY(find_both(change, group, user, &old, &draft));
    if (!identity_is_member(old, group))
        return identity_fail(change->call, IDENTITY_NoSuchEntity,
                             "User %.*s not a member of group %.*s.", STR_ARG(user),
                             STR_ARG(group));
    str *groups = arena_array(change->call->arena, str, old->group_count);
    draft.groups = groups;
    draft.group_count = 0;
    for (size_t i = 0; i < old->group_count; i++)
        if (!str_eq(old->groups[i], group))
            groups[draft.group_count++] = old->groups[i];
    return change_identity(change, old, &draft);
}

status identity_leave(struct identities *identities, struct identity_call *call, str group,
                      str user) {
    struct change change;
    TRY(change_begin(&change, identities, call));
    return change_end(&change, leave(&change, group, user));
}

/* ---- access keys ---- */

static status check_owner(struct change *change, str user) {
    const struct identity *found;
    return user.ptr == NULL ? ST_OK
                            : identity_get(change->now, change->call, IDENTITY_USER, user, &found);
}

static size_t stored_keys(const struct identity_snapshot *snapshot, str user) {
    size_t count = identity_keys(snapshot, user, NULL, 0);
    for (size_t i = 0; i < snapshot->key_count && user.ptr == NULL; i++)
        count -= snapshot->keys[i]->given;
    return count;
}

static status create_key(struct change *change, str user, struct new_key *out) {
    TRY(check_owner(change, user));
    if (stored_keys(change->now, user) >= IDENTITY_KEYS_MAX)
        return identity_fail(change->call, IDENTITY_LimitExceeded,
                             "Cannot exceed quota for AccessKeysPerUser: %d", IDENTITY_KEYS_MAX);
    TRY(access_key_make(out));
    struct access_key *key = access_key_new(str_from_c(out->id), str_from_c(out->secret), user);
    key->created_us = change->call->now_us;
    return change_key(change, NULL, key);
}

status identity_create_key(struct identities *identities, struct identity_call *call, str user,
                           struct new_key *out) {
    struct change change;
    *out = (struct new_key){};
    TRY(change_begin(&change, identities, call));
    status st = change_end(&change, create_key(&change, user, out));
    if (st != ST_OK)
        *out = (struct new_key){};
    return st;
}

static status find_key(struct change *change, str user, str id, struct access_key **out) {
    size_t index;
    TRY(check_owner(change, user));
    *out = snapshot_find_key(change->now, id, &index);
    if (*out == NULL || ((*out)->user.ptr == NULL) != (user.ptr == NULL) ||
        !str_eq((*out)->user, user))
        return identity_fail(change->call, IDENTITY_NoSuchEntity,
                             "The Access Key with id %.*s cannot be found.", STR_ARG(id));
    if ((*out)->given)
        return identity_fail(change->call, IDENTITY_UnmodifiableEntity,
                             "The Access Key with id %.*s is given by the configuration.",
                             STR_ARG(id));
    return ST_OK;
}

static status set_active(struct change *change, str user, str id, bool active) {
    struct access_key *old;
    TRY(find_key(change, user, id, &old));
    if (old->active == active)
        return ST_OK;
    struct access_key *key = access_key_new(old->id, old->secret, old->user);
    key->created_us = old->created_us;
    key->active = active;
    return change_key(change, old, key);
}

status identity_set_key_active(struct identities *identities, struct identity_call *call, str user,
                               str id, bool active) {
    struct change change;
    TRY(change_begin(&change, identities, call));
    return change_end(&change, set_active(&change, user, id, active));
}

static status delete_key(struct change *change, str user, str id) {
    struct access_key *old;
    TRY(find_key(change, user, id, &old));
    return change_key(change, old, NULL);
}

status identity_delete_key(struct identities *identities, struct identity_call *call, str user,
                           str id) {
    struct change change;
    TRY(change_begin(&change, identities, call));
    return change_end(&change, delete_key(&change, user, id));
}
