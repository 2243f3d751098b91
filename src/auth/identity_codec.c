/* Identities and access keys are stored as items, so they can grow members; `version` says that
 * they did. A decoded identity is one piece of memory: itself, its lists, its ARN, and the stored
 * bytes that its texts are slices of. (Policies that it compiles have memory of their own.)
 *
 * A role whose trust policy names somebody by id is of version 2: a program that takes its ARNs for
 * names must not read it.
 *
 * An access key of the root is written as version 1, without `user`: so it was before there were
 * users, and such a server must not take a user's key for the root's. */
#include "auth/identity_int.h"
#include "base/check.h"
#include "item/item_codec.h"
#include "item/item_view.h"
#include "item/number.h"

#include <openssl/crypto.h>

enum {
    IDENTITY_VERSION_PLAIN = 1,
    IDENTITY_VERSION = 2,
    KEY_VERSION_ROOT = 1,
    KEY_VERSION = 2,
    TOKEN_KEY_VERSION = 1
};
enum { MEMBERS_MAX = 19 };

/* ---- keys in the engine ---- */

static str entry_key(struct arena *arena, unsigned char what, int kind, str name) {
    struct buf key;
    buf_init(&key, arena, name.len + 3);
    buf_add_byte(&key, SPACE_IDENTITY);
    buf_add_byte(&key, what);
    if (kind >= 0)
        buf_add_byte(&key, (unsigned char)kind);
    buf_add_str(&key, name);
    return buf_str(&key);
}

str identity_entry_key(struct arena *arena, enum identity_kind kind, str name) {
    return entry_key(arena, ENTRY_IDENTITIES, (int)kind, name);
}

str access_key_entry_key(struct arena *arena, str id) {
    return entry_key(arena, ENTRY_KEYS, -1, id);
}

str token_key_entry_key(void) {
    return STR("\x09\x03");
}

/* ---- writing ---- */

struct members {
    struct arena *arena;
    struct attribute list[MEMBERS_MAX];
    size_t count;
};

static void add(struct members *members, str name, struct value value) {
    CHECK(members->count < MEMBERS_MAX);
    members->list[members->count++] = (struct attribute){name, value};
}

static struct value text_value(str text) {
    return (struct value){.kind = VALUE_STRING, .bytes = text};
}

static void add_text(struct members *members, str name, str text) {
    if (text.ptr != NULL)
        add(members, name, text_value(text));
}

static void add_number(struct members *members, str name, int64_t number) {
    unsigned char *bytes = arena_alloc(members->arena, NUMBER_BYTES_MAX);
    size_t len;
    number_from_i64(number, bytes, &len);
    add(members, name, (struct value){.kind = VALUE_NUMBER, .bytes = {(char *)bytes, len}});
}

static void add_list(struct members *members, str name, const str *texts, size_t count) {
    if (count == 0)
        return;
    struct value *values = arena_array(members->arena, struct value, count);
    for (size_t i = 0; i < count; i++)
        values[i] = text_value(texts[i]);
    add(members, name,
        (struct value){.kind = VALUE_LIST, .count = (uint32_t)count, .list = values});
}

static struct attribute *add_map(struct members *members, str name, size_t count) {
    struct attribute *map = arena_array(members->arena, struct attribute, count);
    if (count > 0)
        add(members, name, (struct value){.kind = VALUE_MAP, .count = (uint32_t)count, .map = map});
    return map;
}

static str encode(struct members *members, int64_t time_us) {
    struct item item = {.attributes = members->list, .count = members->count};
    return item_encode(&item, &(struct item_stamp){.time_us = time_us}, members->arena);
}

str identity_encode(const struct identity *identity, struct arena *arena) {
    struct members members = {.arena = arena};
    add_number(&members, STR("version"),
               identity->trusted.count > 0 ? IDENTITY_VERSION : IDENTITY_VERSION_PLAIN);
    add_text(&members, STR("name"), identity->name);
    add_text(&members, STR("path"), identity->path);
    add_text(&members, STR("id"), identity->id);
    add_text(&members, STR("description"), identity->description);
    add_number(&members, STR("created_us"), identity->created_us);
    add_number(&members, STR("changed_us"), identity->changed_us);
    struct attribute *tags = add_map(&members, STR("tags"), identity->tags.count);
    for (size_t i = 0; i < identity->tags.count; i++)
        tags[i] = (struct attribute){identity->tags.entries[i].key,
                                     text_value(identity->tags.entries[i].value)};
    struct attribute *documents = add_map(&members, STR("documents"), identity->document_count);
    for (size_t i = 0; i < identity->document_count; i++)
        documents[i] = (struct attribute){identity->documents[i].name,
                                          text_value(identity->documents[i].text)};
    add_list(&members, STR("attached"), identity->attached, identity->attached_count);
    add_text(&members, STR("boundary"), identity->boundary);
    add_list(&members, STR("groups"), identity->groups, identity->group_count);
    add_text(&members, STR("trust"), identity->trust);
    struct attribute *trusted = add_map(&members, STR("trusted"), identity->trusted.count);
    for (size_t i = 0; i < identity->trusted.count; i++)
        trusted[i] = (struct attribute){identity->trusted.entries[i].arn,
                                        text_value(identity->trusted.entries[i].id)};
    add_number(&members, STR("session_seconds_max"), identity->session_seconds_max);
    add_text(&members, STR("document"), identity->document);
    add_number(&members, STR("document_version"), identity->document_version);
    return encode(&members, identity->changed_us);
}

str access_key_encode(const struct access_key *key, struct arena *arena) {
    struct members members = {.arena = arena};
    bool plain = key->user.ptr == NULL && key->active;
    add_number(&members, STR("version"), plain ? KEY_VERSION_ROOT : KEY_VERSION);
    add_text(&members, STR("secret"), key->secret);
    add_number(&members, STR("created_us"), key->created_us);
    add_text(&members, STR("user"), key->user);
    if (!plain)
        add(&members, STR("active"), (struct value){.kind = VALUE_BOOL, .boolean = key->active});
    return encode(&members, key->created_us);
}

str token_key_encode(const struct token_key *key, struct arena *arena) {
    struct members members = {.arena = arena};
    add_number(&members, STR("version"), TOKEN_KEY_VERSION);
    add(&members, STR("key"),
        (struct value){.kind = VALUE_BINARY, .bytes = {key->bytes, sizeof key->bytes}});
    return encode(&members, 0);
}

/* ---- reading ---- */

static int64_t number_of(view map, str name) {
    int64_t number = 0;
    view member = view_member(map, name);
    if (view_kind(member) == VALUE_NUMBER)
        (void)number_to_i64(view_bytes(member), &number); /* else it stays 0, as an absent one */
    return number;
}

static str text_of(view map, str name) {
    view member = view_member(map, name);
    return view_kind(member) == VALUE_STRING ? view_bytes(member) : (str){NULL, 0};
}

/* All bytes of the entry are checked here, so what follows may believe them. */
static status open_entry(str stored, int64_t version_max, view *out) {
    TRY(item_check_stored(stored));
    TRY(item_open(stored, out));
    int64_t version = number_of(*out, STR("version"));
    if (version < 1)
        return ST_CORRUPT;
    return version > version_max ? ST_NEWER : ST_OK;
}

static const char *const resource_words[] = {
    [IDENTITY_USER] = "user",
    [IDENTITY_GROUP] = "group",
    [IDENTITY_ROLE] = "role",
    [IDENTITY_POLICY] = "policy",
};

size_t identity_arn(enum identity_kind kind, str account, str path, str name, char *out) {
    const str parts[] = {
        STR("arn:aws:iam::"), account, STR(":"), str_from_c(resource_words[kind]), path, name};
    size_t len = 0;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (out != NULL && parts[i].len > 0)
            memcpy(out + len, parts[i].ptr, parts[i].len);
        len += parts[i].len;
    }
    return len;
}

/* Memory that was sized beforehand. */
static void *take(char **at, size_t size) {
    void *taken = *at;
    *at += size;
    return taken;
}

static size_t read_list(view list, str *out) {
    size_t count = 0;
    for (view_cursor c = view_first(list); view_next(&c);)
        out[count++] = view_bytes(c.value);
    return count;
}

static void read_members(struct identity *identity, view map, char **at) {
    view tags = view_member(map, STR("tags")), documents = view_member(map, STR("documents"));
    view attached = view_member(map, STR("attached")), groups = view_member(map, STR("groups"));
    struct context_tag *tag = take(at, view_count(tags) * sizeof *tag);
    identity->tags.entries = tag;
    for (view_cursor c = view_first(tags); view_next(&c); identity->tags.count++)
        *tag++ = (struct context_tag){c.name, view_bytes(c.value)};
    struct identity_document *document = take(at, view_count(documents) * sizeof *document);
    identity->documents = document;
    for (view_cursor c = view_first(documents); view_next(&c); identity->document_count++)
        *document++ = (struct identity_document){c.name, view_bytes(c.value)};
    view trusted = view_member(map, STR("trusted"));
    struct policy_name *name = take(at, view_count(trusted) * sizeof *name);
    identity->trusted.entries = name;
    for (view_cursor c = view_first(trusted); view_next(&c); identity->trusted.count++)
        *name++ = (struct policy_name){c.name, view_bytes(c.value)};
    str *texts = take(at, view_count(attached) * sizeof *texts);
    identity->attached = texts;
    identity->attached_count = read_list(attached, texts);
    texts = take(at, view_count(groups) * sizeof *texts);
    identity->groups = texts;
    identity->group_count = read_list(groups, texts);
    identity->name = text_of(map, STR("name"));
    identity->path = text_of(map, STR("path"));
    identity->id = text_of(map, STR("id"));
    identity->description = text_of(map, STR("description"));
    identity->boundary = text_of(map, STR("boundary"));
    identity->trust = text_of(map, STR("trust"));
    identity->document = text_of(map, STR("document"));
    identity->created_us = number_of(map, STR("created_us"));
    identity->changed_us = number_of(map, STR("changed_us"));
    identity->session_seconds_max = (int32_t)number_of(map, STR("session_seconds_max"));
    identity->document_version = (uint32_t)number_of(map, STR("document_version"));
}

static size_t lists_size(enum identity_kind kind, view map) {
    return compiled_count(kind, view_count(view_member(map, STR("documents")))) *
               sizeof(struct policy *) +
           view_count(view_member(map, STR("tags"))) * sizeof(struct context_tag) +
           view_count(view_member(map, STR("documents"))) * sizeof(struct identity_document) +
           view_count(view_member(map, STR("trusted"))) * sizeof(struct policy_name) +
           view_count(view_member(map, STR("attached"))) * sizeof(str) +
           view_count(view_member(map, STR("groups"))) * sizeof(str);
}

status identity_decode(str stored, enum identity_kind kind, str account, struct identity **out) {
    view map;
    TRY(open_entry(stored, IDENTITY_VERSION, &map));
    str name = text_of(map, STR("name")), path = text_of(map, STR("path"));
    if (name.len == 0 || path.len == 0 || text_of(map, STR("id")).len == 0)
        return ST_CORRUPT;
    size_t arn_len = identity_arn(kind, account, path, name, NULL);
    size_t size = sizeof(struct identity) + lists_size(kind, map) + stored.len + arn_len;
    char *at = calloc(1, size);
    CHECK(at != NULL);
    char *end = at + size;
    struct identity *identity = take(&at, sizeof *identity);
    char *copy = end - arn_len - stored.len;
    memcpy(copy, stored.ptr, stored.len);
    identity->compiled =
        take(&at, compiled_count(kind, view_count(view_member(map, STR("documents")))) *
                      sizeof identity->compiled[0]);
    read_members(identity, item_map((str){copy, stored.len}), &at);
    CHECK(at == copy);
    identity->kind = kind;
    identity->arn = (str){end - arn_len, arn_len};
    (void)identity_arn(kind, account, path, name, end - arn_len); /* as long as was asked */
    atomic_init(&identity->references, 1);
    *out = identity;
    return ST_OK;
}

void identity_ref(const struct identity *identity) {
    atomic_fetch_add_explicit(&((struct identity *)identity)->references, 1, memory_order_relaxed);
}

void identity_unref(const struct identity *borrowed) {
    struct identity *identity = (struct identity *)borrowed;
    if (identity != NULL &&
        atomic_fetch_sub_explicit(&identity->references, 1, memory_order_acq_rel) == 1) {
        compiled_drop(identity);
        free(identity);
    }
}

status access_key_decode(str id, str stored, struct access_key **out) {
    view map;
    TRY(open_entry(stored, KEY_VERSION, &map));
    str secret = text_of(map, STR("secret"));
    if (secret.len == 0 || secret.len > SIGV4_SECRET_MAX)
        return ST_CORRUPT;
    struct access_key *key = access_key_new(id, secret, text_of(map, STR("user")));
    view active = view_member(map, STR("active"));
    key->active = !view_exists(active) || view_bool(active);
    key->created_us = number_of(map, STR("created_us"));
    *out = key;
    return ST_OK;
}

status token_key_decode(str stored, struct token_key *out) {
    view map;
    TRY(open_entry(stored, TOKEN_KEY_VERSION, &map));
    str key = view_bytes(view_member(map, STR("key")));
    if (key.len != sizeof out->bytes)
        return ST_CORRUPT;
    memcpy(out->bytes, key.ptr, key.len);
    return ST_OK;
}
