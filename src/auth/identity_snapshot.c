/* A snapshot is lists of pointers to what does not change: a new one is made of the old one and
 * the few that differ. Principals and sessions are remembered in it, so a change of anything
 * forgets them all; they are made again when they ask, of policies that stay compiled. */
#include "auth/identity_int.h"
#include "base/check.h"
#include "base/hash.h"

#include <openssl/crypto.h>

static atomic_uint_fast64_t last_generation;

/* Names are unique whatever the case of their letters (ASCII: names have no others). */
int name_order(str a, str b) {
    size_t shorter = a.len < b.len ? a.len : b.len;
    for (size_t i = 0; i < shorter; i++) {
        unsigned char one = (unsigned char)a.ptr[i], other = (unsigned char)b.ptr[i];
        one += one >= 'A' && one <= 'Z' ? 'a' - 'A' : 0;
        other += other >= 'A' && other <= 'Z' ? 'a' - 'A' : 0;
        if (one != other)
            return one < other ? -1 : 1;
    }
    return (a.len > b.len) - (a.len < b.len);
}

/* ---- lists ---- */

/* The first position whose name isn't before `name`. */
static size_t lower_bound(const struct identity_list *list, str name) {
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (name_order(list->entries[middle]->name, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct identity *list_find(const struct identity_list *list, str name) {
    size_t at = lower_bound(list, name);
    if (at == list->count || name_order(list->entries[at]->name, name) != 0)
        return NULL;
    return list->entries[at];
}

static void *new_array(size_t count, size_t size) {
    void *array = calloc(count > 0 ? count : 1, size);
    CHECK(array != NULL);
    return array;
}

static bool is_edited(const struct identity_edit *edits, size_t count, const void *old) {
    for (size_t i = 0; i < count; i++)
        if (edits[i].old_identity == old || edits[i].old_key == old)
            return true;
    return false;
}

static int identity_order(const void *a, const void *b) {
    return name_order((*(const struct identity *const *)a)->name,
                      (*(const struct identity *const *)b)->name);
}

static int key_order(const void *a, const void *b) {
    return str_cmp((*(struct access_key *const *)a)->id, (*(struct access_key *const *)b)->id);
}

static void list_make(struct identity_list *list, const struct identity_list *old,
                      enum identity_kind kind, const struct identity_edit *edits, size_t count) {
    list->entries = new_array(old->count + count, sizeof list->entries[0]);
    for (size_t i = 0; i < old->count; i++)
        if (!is_edited(edits, count, old->entries[i]))
            list->entries[list->count++] = old->entries[i];
    for (size_t i = 0; i < count; i++)
        if (edits[i].new_identity != NULL && edits[i].new_identity->kind == kind)
            list->entries[list->count++] = edits[i].new_identity;
    for (size_t i = 0; i < list->count; i++)
        identity_ref(list->entries[i]);
    qsort(list->entries, list->count, sizeof list->entries[0], identity_order);
}

/* ---- access keys ---- */

static void keys_make(struct identity_snapshot *snapshot, const struct identity_snapshot *old,
                      const struct identity_edit *edits, size_t count) {
    snapshot->keys = new_array(old->key_count + count, sizeof snapshot->keys[0]);
    for (size_t i = 0; i < old->key_count; i++)
        if (!is_edited(edits, count, old->keys[i]))
            snapshot->keys[snapshot->key_count++] = old->keys[i];
    for (size_t i = 0; i < count; i++)
        if (edits[i].new_key != NULL)
            snapshot->keys[snapshot->key_count++] = edits[i].new_key;
    for (size_t i = 0; i < snapshot->key_count; i++)
        access_key_ref(snapshot->keys[i]);
    qsort(snapshot->keys, snapshot->key_count, sizeof snapshot->keys[0], key_order);
}

static uint32_t user_of(const struct identity_snapshot *snapshot, const struct access_key *key) {
    if (key->user.ptr == NULL)
        return KEY_OF_ROOT;
    const struct identity_list *users = &snapshot->lists[IDENTITY_USER];
    size_t at = lower_bound(users, key->user);
    bool there = at < users->count && str_eq(users->entries[at]->name, key->user);
    return there ? (uint32_t)at : KEY_OF_NOBODY;
}

/* Twice as many places as keys, and one that stays free: looking for what isn't there ends. */
static void keys_index(struct identity_snapshot *snapshot) {
    size_t places = 8;
    while (places < 2 * snapshot->key_count)
        places *= 2;
    snapshot->key_table = new_array(places, sizeof snapshot->key_table[0]);
    snapshot->key_table_mask = places - 1;
    snapshot->key_users = new_array(snapshot->key_count, sizeof snapshot->key_users[0]);
    for (size_t i = 0; i < snapshot->key_count; i++) {
        snapshot->key_users[i] = user_of(snapshot, snapshot->keys[i]);
        size_t place = hash_bytes(snapshot->keys[i]->id);
        while (snapshot->key_table[place & snapshot->key_table_mask] != 0)
            place++;
        snapshot->key_table[place & snapshot->key_table_mask] = (uint32_t)i + 1;
    }
}

struct access_key *snapshot_find_key(const struct identity_snapshot *snapshot, str id,
                                     size_t *out_index) {
    for (size_t place = hash_bytes(id);; place++) {
        uint32_t found = snapshot->key_table[place & snapshot->key_table_mask];
        if (found == 0)
            return NULL;
        if (str_eq(snapshot->keys[found - 1]->id, id)) {
            *out_index = found - 1;
            return snapshot->keys[found - 1];
        }
    }
}

/* ---- making ---- */

struct identity_snapshot *snapshot_new(const struct identity_snapshot *old,
                                       const struct identity_edit *edits, size_t count) {
    struct identity_snapshot *snapshot = new_array(1, sizeof *snapshot);
    atomic_init(&snapshot->references, 1);
    snapshot->generation = atomic_fetch_add(&last_generation, 1) + 1;
    snapshot->token_key = old->token_key;
    snapshot->account = old->account;
    snapshot->nobody = old->nobody;
    if (snapshot->nobody != NULL)
        access_key_ref(snapshot->nobody);
    for (int kind = 0; kind < IDENTITY_KINDS; kind++)
        list_make(&snapshot->lists[kind], &old->lists[kind], (enum identity_kind)kind, edits,
                  count);
    keys_make(snapshot, old, edits, count);
    keys_index(snapshot);
    snapshot->principals =
        new_array(snapshot->lists[IDENTITY_USER].count + 1, sizeof snapshot->principals[0]);
    snapshot->role_rights =
        new_array(snapshot->lists[IDENTITY_ROLE].count, sizeof snapshot->role_rights[0]);
    session_cache_init(&snapshot->sessions);
    return snapshot;
}

static void snapshot_free(struct identity_snapshot *snapshot) {
    for (size_t i = 0; i <= snapshot->lists[IDENTITY_USER].count; i++)
        principal_unref(atomic_load(&snapshot->principals[i]));
    free((void *)snapshot->principals);
    for (size_t i = 0; i < snapshot->lists[IDENTITY_ROLE].count; i++)
        rights_unref(atomic_load(&snapshot->role_rights[i]));
    free((void *)snapshot->role_rights);
    policy_uses_free(atomic_load(&snapshot->uses));
    session_cache_done(&snapshot->sessions);
    for (int kind = 0; kind < IDENTITY_KINDS; kind++) {
        for (size_t i = 0; i < snapshot->lists[kind].count; i++)
            identity_unref(snapshot->lists[kind].entries[i]);
        free((void *)snapshot->lists[kind].entries);
    }
    for (size_t i = 0; i < snapshot->key_count; i++)
        access_key_unref(snapshot->keys[i]);
    free((void *)snapshot->keys);
    free(snapshot->key_users);
    free(snapshot->key_table);
    access_key_unref(snapshot->nobody);
    OPENSSL_cleanse(&snapshot->token_key, sizeof snapshot->token_key);
    free(snapshot);
}

void identities_release(const struct identity_snapshot *borrowed) {
    struct identity_snapshot *snapshot = (struct identity_snapshot *)borrowed;
    if (snapshot != NULL &&
        atomic_fetch_sub_explicit(&snapshot->references, 1, memory_order_acq_rel) == 1)
        snapshot_free(snapshot);
}

/* ---- walking ---- */

uint64_t identities_generation(const struct identity_snapshot *snapshot) {
    return snapshot->generation;
}

const struct identity *identity_find(const struct identity_snapshot *snapshot,
                                     enum identity_kind kind, str name) {
    const struct identity *found = list_find(&snapshot->lists[kind], name);
    return found != NULL && str_eq(found->name, name) ? found : NULL;
}

const struct identity *identity_find_policy(const struct identity_snapshot *snapshot, str arn) {
    size_t slash = arn.len;
    while (slash > 0 && arn.ptr[slash - 1] != '/')
        slash--;
    str name = str_slice(arn, slash, arn.len);
    const struct identity *ours = identity_find(snapshot, IDENTITY_POLICY, name);
    if (ours != NULL && str_eq(ours->arn, arn))
        return ours;
    const struct identity *known = list_find(aws_policies(), name);
    return known != NULL && str_eq(known->arn, arn) ? known : NULL;
}

size_t identity_count(const struct identity_snapshot *snapshot, enum identity_kind kind) {
    return snapshot->lists[kind].count;
}

const struct identity *identity_at(const struct identity_snapshot *snapshot,
                                   enum identity_kind kind, size_t index) {
    return snapshot->lists[kind].entries[index];
}

size_t identity_after(const struct identity_snapshot *snapshot, enum identity_kind kind, str name) {
    const struct identity_list *list = &snapshot->lists[kind];
    size_t at = lower_bound(list, name);
    return at < list->count && name_order(list->entries[at]->name, name) == 0 ? at + 1 : at;
}

size_t identity_aws_policy_count(const struct identity_snapshot *snapshot) {
    (void)snapshot;
    return aws_policies()->count;
}

const struct identity *identity_aws_policy_at(const struct identity_snapshot *snapshot,
                                              size_t index) {
    (void)snapshot;
    return aws_policies()->entries[index];
}

static struct access_key_info info_of(const struct access_key *key) {
    return (struct access_key_info){key->id, key->user, key->active, key->given, key->created_us};
}

size_t identity_keys(const struct identity_snapshot *snapshot, str user,
                     struct access_key_info *out, size_t max) {
    size_t count = 0;
    for (size_t i = 0; i < snapshot->key_count; i++) {
        const struct access_key *key = snapshot->keys[i];
        if ((key->user.ptr == NULL) != (user.ptr == NULL) || !str_eq(key->user, user))
            continue;
        if (count < max)
            out[count] = info_of(key);
        count++;
    }
    return count;
}

bool identity_find_key(const struct identity_snapshot *snapshot, str id,
                       struct access_key_info *out) {
    size_t index;
    const struct access_key *key = snapshot_find_key(snapshot, id, &index);
    if (key != NULL)
        *out = info_of(key);
    return key != NULL;
}
