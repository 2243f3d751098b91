/* An access key is stored as an item under 09 01 id: {version, secret, created_us}. The root's is
 * the only one so far.
 *
 * A signing key lasts a day in one region: each access key remembers the last one it made. */
#include "auth/identity_int.h"
#include "base/check.h"
#include "base/clock.h"
#include "item/item_codec.h"
#include "item/item_view.h"
#include "item/number.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <sys/random.h>

enum { ENTRY_VERSION = 1, SCOPE_MAX = 64, ARENA_MAX = 16 * 1024 * 1024, PAGE = 1000 };

static const char key_space[] = {0x09, 0x01};

struct access_key {
    str id, secret;
    pthread_mutex_t lock;  /* of what follows */
    char scope[SCOPE_MAX]; /* date/region/service that `signing` is for */
    size_t scope_len;      /* 0: none yet */
    struct hmac_key signing;
};

struct identities {
    struct arena *arena; /* holds all of this */
    struct access_key *keys;
    size_t count;
    struct access_key nobody;
};

/* ---- storing ---- */

static str entry_key(struct arena *arena, str id) {
    char *key = arena_bytes(arena, sizeof key_space + id.len);
    memcpy(key, key_space, sizeof key_space);
    memcpy(key + sizeof key_space, id.ptr, id.len);
    return (str){key, sizeof key_space + id.len};
}

static struct value number_value(struct arena *arena, int64_t number) {
    unsigned char *bytes = arena_alloc(arena, NUMBER_BYTES_MAX);
    size_t len;
    number_from_i64(number, bytes, &len);
    return (struct value){.kind = VALUE_NUMBER, .bytes = {(char *)bytes, len}};
}

static status put_body(struct kv_txn *txn, void *context) {
    const kv_pair *entry = context;
    kv_txn_put(txn, entry->key, entry->value);
    return ST_OK;
}

static status store(struct database *database, struct arena *arena, str id, str secret) {
    int64_t now_us = clock_wall_us();
    struct attribute members[] = {
        {STR("version"), number_value(arena, ENTRY_VERSION)},
        {STR("secret"), {.kind = VALUE_STRING, .bytes = secret}},
        {STR("created_us"), number_value(arena, now_us)},
    };
    struct item item = {.attributes = members, .count = sizeof members / sizeof members[0]};
    kv_pair entry = {entry_key(arena, id),
                     item_encode(&item, &(struct item_stamp){.time_us = now_us}, arena)};
    uint64_t ticket;
    TRY(kv_update(database->kv, &(struct kv_keys){.exclusive = &entry.key, .exclusive_count = 1},
                  put_body, &entry, &ticket));
    return kv_ticket_wait(database->kv, ticket);
}

/* ---- making ---- */

static status random_text(char *out, size_t len, const char *alphabet, size_t letters) {
    for (size_t i = 0; i < len;) {
        unsigned char byte;
        if (getrandom(&byte, 1, 0) != 1)
            return ST_IO;
        if (byte >= 256 - 256 % letters)
            continue; /* all letters are equally likely */
        out[i++] = alphabet[byte % letters];
    }
    out[len] = '\0';
    return ST_OK;
}

static status make_root(struct database *database, struct arena *arena, struct new_key *out) {
    static const char id_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    static const char secret_letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    memcpy(out->id, "AKIA", 4);
    TRY(random_text(out->id + 4, ACCESS_KEY_ID_LEN - 4, id_letters, sizeof id_letters - 1));
    TRY(random_text(out->secret, SECRET_KEY_LEN, secret_letters, sizeof secret_letters - 1));
    status st = store(database, arena, str_from_c(out->id), str_from_c(out->secret));
    if (st != ST_OK)
        *out = (struct new_key){};
    return st;
}

/* ---- loading ---- */

static void key_init(struct access_key *key, str id, str secret) {
    key->id = id;
    key->secret = secret;
    pthread_mutex_init(&key->lock, NULL);
}

static status load_entry(struct identities *identities, const kv_pair *pair) {
    view map;
    int64_t version = 0;
    TRY(item_check_stored(pair->value));
    TRY(item_open(pair->value, &map));
    view stored_version = view_member(map, STR("version"));
    if (view_kind(stored_version) != VALUE_NUMBER ||
        !number_to_i64(view_bytes(stored_version), &version))
        return ST_CORRUPT;
    if (version > ENTRY_VERSION)
        return ST_NEWER;
    view secret = view_member(map, STR("secret"));
    if (view_kind(secret) != VALUE_STRING)
        return ST_CORRUPT;
    str id = str_slice(pair->key, sizeof key_space, pair->key.len);
    key_init(&identities->keys[identities->count++], arena_copy(identities->arena, id),
             arena_copy(identities->arena, view_bytes(secret)));
    return ST_OK;
}

static status load(struct identities *identities, struct database *database) {
    static const char end[] = {0x09, 0x02};
    struct kv_range range = {{key_space, sizeof key_space}, {end, sizeof end}, false};
    struct kv_page page;
    TRY(kv_scan(database->kv, NULL, identities->arena, &range, PAGE, SIZE_MAX, &page));
    identities->keys = arena_array(identities->arena, struct access_key, page.count + 2);
    for (size_t i = 0; i < page.count; i++)
        TRY(load_entry(identities, &page.pairs[i]));
    return ST_OK;
}

static status fill(struct identities *identities, struct database *database, str given_id,
                   str given_secret, struct new_key *out_made) {
    struct arena *arena = identities->arena;
    TRY(load(identities, database));
    if (identities->count == 0 && given_id.len == 0) {
        TRY(make_root(database, arena, out_made));
        key_init(&identities->keys[identities->count++],
                 arena_copy(arena, str_from_c(out_made->id)),
                 arena_copy(arena, str_from_c(out_made->secret)));
    }
    if (given_id.len > 0)
        key_init(&identities->keys[identities->count++], arena_copy(arena, given_id),
                 arena_copy(arena, given_secret));
    char *secret = arena_bytes(arena, SECRET_KEY_LEN);
    if (getrandom(secret, SECRET_KEY_LEN, 0) != SECRET_KEY_LEN)
        return ST_IO;
    key_init(&identities->nobody, (str){}, (str){secret, SECRET_KEY_LEN});
    return ST_OK;
}

status identities_open(struct database *database, str given_id, str given_secret,
                       struct identities **out, struct new_key *out_made) {
    struct arena *arena = arena_new(ARENA_MAX);
    struct identities *identities = arena_struct(arena, struct identities);
    identities->arena = arena;
    *out_made = (struct new_key){};
    status st = fill(identities, database, given_id, given_secret, out_made);
    if (st != ST_OK) {
        identities_close(identities);
        return st;
    }
    *out = identities;
    return ST_OK;
}

static void key_done(struct access_key *key) {
    OPENSSL_cleanse((char *)key->secret.ptr, key->secret.len);
    OPENSSL_cleanse(&key->signing, sizeof key->signing);
    pthread_mutex_destroy(&key->lock);
}

void identities_close(struct identities *identities) {
    if (identities == NULL)
        return;
    for (size_t i = 0; i < identities->count; i++)
        key_done(&identities->keys[i]);
    if (identities->nobody.secret.ptr != NULL)
        key_done(&identities->nobody);
    arena_free(identities->arena);
}

/* ---- signing keys ---- */

/* The last is the given one, whose secret counts whatever was stored. */
static struct access_key *find(struct identities *identities, str id) {
    for (size_t i = identities->count; i-- > 0;)
        if (str_eq(identities->keys[i].id, id))
            return &identities->keys[i];
    return NULL;
}

static void signing_key(struct access_key *key, const struct sigv4_claim *claim,
                        struct hmac_key *out) {
    char scope[SCOPE_MAX];
    int len = snprintf(scope, sizeof scope, "%.*s/%.*s/%.*s", STR_ARG(claim->date),
                       STR_ARG(claim->region), STR_ARG(claim->service));
    bool fits = len > 0 && (size_t)len < sizeof scope;
    pthread_mutex_lock(&key->lock);
    bool known =
        fits && key->scope_len == (size_t)len && memcmp(key->scope, scope, (size_t)len) == 0;
    if (known)
        *out = key->signing;
    pthread_mutex_unlock(&key->lock);
    if (known)
        return;
    sigv4_signing_key(key->secret, claim->date, claim->region, claim->service, out);
    if (!fits)
        return;
    pthread_mutex_lock(&key->lock);
    memcpy(key->scope, scope, (size_t)len);
    key->scope_len = (size_t)len;
    key->signing = *out;
    pthread_mutex_unlock(&key->lock);
}

bool identities_signing_key(struct identities *identities, const struct sigv4_claim *claim,
                            struct hmac_key *out) {
    struct access_key *key = find(identities, claim->access_key_id);
    signing_key(key != NULL ? key : &identities->nobody, claim, out);
    return key != NULL;
}
