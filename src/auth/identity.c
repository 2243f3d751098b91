/* Opening, and which snapshot is the newest.
 *
 * Each thread keeps the snapshot that it saw last, with the number of its generation: as long as
 * that is the newest, a request takes no lock and counts nothing. */
#include "auth/identity_int.h"
#include "base/check.h"
#include "base/clock.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

enum { LOAD_ARENA_MAX = 1024 * 1024 * 1024, LOAD_PAGE = 1000 };

/* ---- making keys ---- */

static status random_text(char *out, size_t len, const char *alphabet, size_t letters) {
    for (size_t i = 0; i < len;) {
        unsigned char byte;
        if (RAND_bytes(&byte, 1) != 1)
            return ST_IO;
        if (byte >= 256 - 256 % letters)
            continue; /* all letters are equally likely */
        out[i++] = alphabet[byte % letters];
    }
    out[len] = '\0';
    return ST_OK;
}

status identity_random_id(const char prefix[4], char *out, size_t len) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    memcpy(out, prefix, 4);
    return random_text(out + 4, len - 4, letters, sizeof letters - 1);
}

status access_key_make(struct new_key *out) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    status st = identity_random_id("AKIA", out->id, ACCESS_KEY_ID_LEN);
    if (st == ST_OK)
        st = random_text(out->secret, SECRET_KEY_LEN, letters, sizeof letters - 1);
    if (st != ST_OK)
        *out = (struct new_key){};
    return st;
}

/* ---- loading ---- */

struct load {
    struct identities *identities;
    struct arena *arena;
    struct identity_edit *edits;
    size_t count, size;
    struct token_key token_key;
    bool has_token_key;
};

static struct identity_edit *next_edit(struct load *load) {
    if (load->count == load->size) {
        size_t more = load->size * 2 + 64;
        load->edits = arena_grow(load->arena, load->edits, load->size * sizeof load->edits[0],
                                 more * sizeof load->edits[0]);
        load->size = more;
    }
    load->edits[load->count] = (struct identity_edit){};
    return &load->edits[load->count++];
}

static status load_entry(struct load *load, const kv_pair *pair) {
    unsigned char what = pair->key.len > 1 ? (unsigned char)pair->key.ptr[1] : 0;
    if (what == ENTRY_KEYS) {
        struct access_key *key = NULL;
        TRY(access_key_decode(str_slice(pair->key, 2, pair->key.len), pair->value, &key));
        next_edit(load)->new_key = key;
    } else if (what == ENTRY_IDENTITIES && pair->key.len > 2) {
        unsigned char kind = (unsigned char)pair->key.ptr[2];
        struct identity *identity = NULL;
        if (kind >= IDENTITY_KINDS)
            return ST_NEWER;
        TRY(identity_decode(pair->value, (enum identity_kind)kind,
                            load->identities->database->account_id, &identity));
        next_edit(load)->new_identity = identity;
    } else if (str_eq(pair->key, token_key_entry_key())) {
        TRY(token_key_decode(pair->value, &load->token_key));
        load->has_token_key = true;
    } else {
        return ST_NEWER;
    }
    return ST_OK;
}

static status load_entries(struct load *load) {
    struct kv_range range = {.from = STR("\x09"), .to = STR("\x0a")};
    struct kv_page page;
    do {
        TRY(kv_scan(load->identities->database->kv, NULL, load->arena, &range, LOAD_PAGE, SIZE_MAX,
                    &page));
        for (size_t i = 0; i < page.count; i++)
            TRY(load_entry(load, &page.pairs[i]));
        if (page.more)
            range.from =
                arena_printf(load->arena, "%.*s%c", STR_ARG(page.pairs[page.count - 1].key), 0);
    } while (page.more);
    return ST_OK;
}

static status put_body(struct kv_txn *txn, void *context) {
    const kv_pair *entry = context;
    kv_txn_put(txn, entry->key, entry->value);
    return ST_OK;
}

static status store(struct database *database, kv_pair entry) {
    uint64_t ticket;
    TRY(kv_update(database->kv, &(struct kv_keys){.exclusive = &entry.key, .exclusive_count = 1},
                  put_body, &entry, &ticket));
    return kv_ticket_wait(database->kv, ticket);
}

/* The key of tokens is made at the first start; so is the root's, unless one is given. */
static status make_missing(struct load *load, bool needs_root_key, struct new_key *out_made) {
    struct database *database = load->identities->database;
    if (!load->has_token_key) {
        if (RAND_bytes((unsigned char *)load->token_key.bytes, sizeof load->token_key.bytes) != 1)
            return ST_IO;
        TRY(store(database, (kv_pair){token_key_entry_key(),
                                      token_key_encode(&load->token_key, load->arena)}));
    }
    if (!needs_root_key)
        return ST_OK;
    TRY(access_key_make(out_made));
    struct access_key *key =
        access_key_new(str_from_c(out_made->id), str_from_c(out_made->secret), (str){NULL, 0});
    key->created_us = clock_wall_us();
    next_edit(load)->new_key = key;
    status st = store(database, (kv_pair){access_key_entry_key(load->arena, key->id),
                                          access_key_encode(key, load->arena)});
    if (st != ST_OK)
        *out_made = (struct new_key){};
    return st;
}

/* The given one counts, whatever was stored under its id. */
static void add_given(struct load *load, str id, str secret) {
    for (size_t i = 0; i < load->count; i++) {
        struct access_key *key = load->edits[i].new_key;
        if (key != NULL && str_eq(key->id, id)) {
            access_key_unref(key);
            load->edits[i].new_key = NULL;
        }
    }
    struct access_key *given = access_key_new(id, secret, (str){NULL, 0});
    given->given = true;
    next_edit(load)->new_key = given;
}

/* Whoever took the root's keys away on purpose doesn't get a new one. */
static bool has_keys(const struct load *load) {
    for (size_t i = 0; i < load->count; i++)
        if (load->edits[i].new_key != NULL)
            return true;
    return false;
}

static status fill(struct load *load, str given_id, str given_secret, struct new_key *out_made) {
    TRY(load_entries(load));
    TRY(make_missing(load, !has_keys(load) && given_id.len == 0, out_made));
    if (given_id.len > 0)
        add_given(load, given_id, given_secret);
    char secret[SECRET_KEY_LEN];
    if (RAND_bytes((unsigned char *)secret, sizeof secret) != 1)
        return ST_IO;
    struct access_key *nobody =
        access_key_new((str){NULL, 0}, (str){secret, sizeof secret}, (str){NULL, 0});
    struct identity_snapshot empty = {.account = load->identities->database->account_id,
                                      .token_key = load->token_key,
                                      .nobody = nobody};
    identities_swap(load->identities, snapshot_new(&empty, load->edits, load->count));
    access_key_unref(nobody);
    OPENSSL_cleanse(&empty.token_key, sizeof empty.token_key);
    return ST_OK;
}

status identities_open(struct database *database, str given_id, str given_secret,
                       struct identities **out, struct new_key *out_made) {
    struct identities *identities = calloc(1, sizeof *identities);
    CHECK(identities != NULL);
    identities->database = database;
    pthread_mutex_init(&identities->lock, NULL);
    pthread_mutex_init(&identities->change, NULL);
    struct load load = {.identities = identities, .arena = arena_new(LOAD_ARENA_MAX)};
    *out_made = (struct new_key){};
    status st = fill(&load, given_id, given_secret, out_made);
    for (size_t i = 0; i < load.count; i++) { /* the snapshot has references of its own */
        identity_unref(load.edits[i].new_identity);
        access_key_unref(load.edits[i].new_key);
    }
    OPENSSL_cleanse(&load.token_key, sizeof load.token_key);
    arena_free(load.arena);
    if (st != ST_OK) {
        identities_close(identities);
        return st;
    }
    *out = identities;
    return ST_OK;
}

/* ---- the newest snapshot ---- */

/* What this thread saw last. */
static _Thread_local const struct identity_snapshot *seen;
static pthread_key_t seen_key;
static pthread_once_t seen_once = PTHREAD_ONCE_INIT;

static void seen_release(void *snapshot) {
    seen = NULL;
    identities_release(snapshot);
}

static void seen_key_init(void) {
    CHECK(pthread_key_create(&seen_key, seen_release) == 0);
}

static void seen_set(const struct identity_snapshot *snapshot) {
    pthread_once(&seen_once, seen_key_init);
    identities_release(seen);
    seen = snapshot;
    CHECK(pthread_setspecific(seen_key, snapshot) == 0); /* released when the thread ends */
}

const struct identity_snapshot *identities_here(struct identities *identities) {
    uint64_t newest = atomic_load_explicit(&identities->generation, memory_order_acquire);
    if (seen == NULL || seen->generation != newest)
        seen_set(identities_acquire(identities));
    return seen;
}

const struct identity_snapshot *identities_acquire(struct identities *identities) {
    pthread_mutex_lock(&identities->lock);
    struct identity_snapshot *snapshot = identities->current;
    atomic_fetch_add_explicit(&snapshot->references, 1, memory_order_relaxed);
    pthread_mutex_unlock(&identities->lock);
    return snapshot;
}

void identities_swap(struct identities *identities, struct identity_snapshot *next) {
    pthread_mutex_lock(&identities->lock);
    struct identity_snapshot *old = identities->current;
    identities->current = next;
    atomic_store_explicit(&identities->generation, next->generation, memory_order_release);
    pthread_mutex_unlock(&identities->lock);
    if (old != NULL)
        session_cache_clear(&old->sessions); /* threads that are asked nothing keep `old` long */
    identities_release(old);
}

void identities_close(struct identities *identities) {
    if (identities == NULL)
        return;
    if (seen != NULL && identities->current != NULL)
        seen_set(NULL);
    identities_release(identities->current);
    pthread_mutex_destroy(&identities->lock);
    pthread_mutex_destroy(&identities->change);
    free(identities);
}
