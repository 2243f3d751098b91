#include "auth/access_key.h"

#include "base/check.h"

#include <openssl/crypto.h>

/* ---- the last signing key ---- */

static uint64_t day_of(const struct sigv4_claim *claim) {
    uint64_t day = 0;
    if (claim->date.len == sizeof day)
        memcpy(&day, claim->date.ptr, sizeof day);
    return day;
}

static bool slot_read(struct signing_slot *slot, uint64_t day, struct hmac_key *out) {
    uint64_t words[SIGNING_WORDS];
    unsigned sequence = atomic_load_explicit(&slot->sequence, memory_order_acquire);
    if (sequence & 1 || atomic_load_explicit(&slot->day, memory_order_relaxed) != day)
        return false;
    for (size_t i = 0; i < SIGNING_WORDS; i++)
        words[i] = atomic_load_explicit(&slot->words[i], memory_order_acquire);
    /* None of the loads above may move behind this one: they acquire. */
    if (atomic_load_explicit(&slot->sequence, memory_order_relaxed) != sequence)
        return false;
    memcpy(out, words, sizeof *out);
    return true;
}

static void slot_write(struct signing_slot *slot, uint64_t day, const struct hmac_key *key) {
    uint64_t words[SIGNING_WORDS];
    memcpy(words, key, sizeof words);
    unsigned sequence = atomic_load_explicit(&slot->sequence, memory_order_relaxed);
    if (sequence & 1 || !atomic_compare_exchange_strong(&slot->sequence, &sequence, sequence + 1))
        return;
    /* Releasing, so that who sees one of these sees the odd number, too. */
    atomic_store_explicit(&slot->day, day, memory_order_release);
    for (size_t i = 0; i < SIGNING_WORDS; i++)
        atomic_store_explicit(&slot->words[i], words[i], memory_order_release);
    atomic_store_explicit(&slot->sequence, sequence + 2, memory_order_release);
    OPENSSL_cleanse(words, sizeof words);
}

void signing_slot_key(struct signing_slot *slot, str secret, const struct sigv4_claim *claim,
                      struct hmac_key *out) {
    uint64_t day = day_of(claim);
    if (day != 0 && slot_read(slot, day, out))
        return;
    sigv4_signing_key(secret, claim->date, claim->region, claim->service, out);
    if (day != 0)
        slot_write(slot, day, out);
}

/* ---- the key ---- */

struct access_key *access_key_new(str id, str secret, str user) {
    struct access_key *key = calloc(1, sizeof *key + id.len + secret.len + user.len);
    CHECK(key != NULL);
    char *at = (char *)(key + 1);
    atomic_init(&key->references, 1);
    key->active = true;
    const struct {
        str from;
        str *to;
    } texts[] = {{id, &key->id}, {secret, &key->secret}, {user, &key->user}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i].to = (str){texts[i].from.ptr == NULL ? NULL : at, texts[i].from.len};
        if (texts[i].from.len > 0)
            memcpy(at, texts[i].from.ptr, texts[i].from.len);
        at += texts[i].from.len;
    }
    return key;
}

size_t access_key_bytes(const struct access_key *key) {
    return sizeof *key + key->id.len + key->secret.len + key->user.len;
}

void access_key_ref(struct access_key *key) {
    atomic_fetch_add_explicit(&key->references, 1, memory_order_relaxed);
}

void access_key_unref(struct access_key *key) {
    if (key == NULL || atomic_fetch_sub_explicit(&key->references, 1, memory_order_acq_rel) > 1)
        return;
    OPENSSL_cleanse((char *)key->secret.ptr, key->secret.len);
    OPENSSL_cleanse(&key->signing, sizeof key->signing);
    free(key);
}
