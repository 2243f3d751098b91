/* EVP's contexts hold a key's schedule, and making one costs more than encrypting a page does. They
 * can't be shared by threads at work, so a file keeps a few that are idle; a thread takes one for
 * a call, and only sets where it begins. */
#include "kv/rocks/file_cipher.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/str.h"
#include "kv/rocks/seal.h"

#include <stdatomic.h>

enum {
    VERSION = 1,
    CIPHER_AES_256_CTR = 1,
    VERSION_AT = 8,
    CIPHER_AT = 10,
    KEY_ID_AT = 12,
    ABOUT_LEN = 16,
    NONCE_AT = 16,
    SECRETS_AT = 28,
    TAG_AT = 76,
    PADDING_AT = 92,
    IDLE_MAX = 4,
    STEP_MAX = 1 << 30, /* EVP counts in int */
};

#define MAGIC STR("StatorEF")

struct secrets {
    unsigned char key[KEY_LEN], counter[COUNTER_BLOCK_LEN];
};

_Static_assert(SECRETS_AT + sizeof(struct secrets) == TAG_AT, "the header is as documented");
_Static_assert((int)FILE_HEADER_ID_LEN == (int)ABOUT_LEN, "what names the key is authenticated");

struct file_cipher {
    struct secrets secrets;
    _Atomic(EVP_CIPHER_CTX *) idle[IDLE_MAX];
};

struct file_cipher *file_cipher_make(const unsigned char key[KEY_LEN],
                                     const unsigned char counter[COUNTER_BLOCK_LEN]) {
    struct file_cipher *cipher = calloc(1, sizeof *cipher);
    CHECK(cipher != NULL);
    memcpy(cipher->secrets.key, key, KEY_LEN);
    memcpy(cipher->secrets.counter, counter, COUNTER_BLOCK_LEN);
    return cipher;
}

void file_cipher_free(struct file_cipher *cipher) {
    if (cipher == NULL)
        return;
    for (size_t i = 0; i < IDLE_MAX; i++)
        crypto()->CIPHER_CTX_free(atomic_load(&cipher->idle[i]));
    key_wipe(cipher, sizeof *cipher);
    free(cipher);
}

/* ---- the header ---- */

static struct sealed sealed_of(unsigned char *header) {
    return (struct sealed){.about = header,
                           .about_len = ABOUT_LEN,
                           .nonce = header + NONCE_AT,
                           .tag = header + TAG_AT};
}

struct file_cipher *file_cipher_new(const struct key_ring *ring,
                                    unsigned char out_header[FILE_HEADER_LEN]) {
    struct secrets secrets;
    CHECK(ring->count > 0);
    const struct data_key *newest = &ring->keys[ring->count - 1];
    secret_random(&secrets, sizeof secrets);
    memset(out_header, 0, FILE_HEADER_LEN);
    memcpy(out_header, MAGIC.ptr, MAGIC.len);
    put_be16(out_header + VERSION_AT, VERSION);
    put_be16(out_header + CIPHER_AT, CIPHER_AES_256_CTR);
    put_be32(out_header + KEY_ID_AT, newest->id);
    struct sealed sealed = sealed_of(out_header);
    seal_close(newest->key, &sealed, (const unsigned char *)&secrets, sizeof secrets,
               out_header + SECRETS_AT);
    struct file_cipher *cipher = file_cipher_make(secrets.key, secrets.counter);
    key_wipe(&secrets, sizeof secrets);
    return cipher;
}

uint32_t file_header_key_id(const unsigned char head[FILE_HEADER_ID_LEN]) {
    return memcmp(head, MAGIC.ptr, MAGIC.len) == 0 ? get_be32(head + KEY_ID_AT) : 0;
}

status file_cipher_open(const struct key_ring *ring, const unsigned char header[FILE_HEADER_LEN],
                        struct file_cipher **out) {
    unsigned char copy[PADDING_AT];
    struct secrets secrets;
    if (memcmp(header, MAGIC.ptr, MAGIC.len) != 0)
        return ST_CORRUPT;
    if (get_be16(header + VERSION_AT) > VERSION ||
        get_be16(header + CIPHER_AT) > CIPHER_AES_256_CTR)
        return ST_NEWER;
    for (size_t i = PADDING_AT; i < FILE_HEADER_LEN; i++)
        if (header[i] != 0)
            return ST_CORRUPT;
    const struct data_key *key = key_ring_find(ring, get_be32(header + KEY_ID_AT));
    if (key == NULL)
        return ST_CORRUPT;
    memcpy(copy, header, sizeof copy);
    struct sealed sealed = sealed_of(copy);
    if (!seal_open(key->key, &sealed, copy + SECRETS_AT, sizeof secrets, (unsigned char *)&secrets))
        return ST_CORRUPT;
    *out = file_cipher_make(secrets.key, secrets.counter);
    key_wipe(&secrets, sizeof secrets);
    return ST_OK;
}

/* ---- contents ---- */

static EVP_CIPHER_CTX *context_take(struct file_cipher *cipher) {
    for (size_t i = 0; i < IDLE_MAX; i++) {
        EVP_CIPHER_CTX *context = atomic_exchange(&cipher->idle[i], NULL);
        if (context != NULL)
            return context;
    }
    EVP_CIPHER_CTX *context = crypto()->CIPHER_CTX_new();
    CHECK(context != NULL);
    CHECK(crypto()->CipherInit_ex2(context, crypto()->stream, cipher->secrets.key, NULL, true,
                                   NULL) == 1);
    return context;
}

static void context_give(struct file_cipher *cipher, EVP_CIPHER_CTX *context) {
    for (size_t i = 0; i < IDLE_MAX; i++) {
        EVP_CIPHER_CTX *none = NULL;
        if (atomic_compare_exchange_strong(&cipher->idle[i], &none, context))
            return;
    }
    crypto()->CIPHER_CTX_free(context);
}

/* The first counter block + block, modulo 2^128. */
static void counter_at(const struct file_cipher *cipher, uint64_t block,
                       unsigned char out[COUNTER_BLOCK_LEN]) {
    const unsigned char *first = cipher->secrets.counter;
    uint64_t low = get_be64(first + 8);
    put_be64(out + 8, low + block);
    put_be64(out, get_be64(first) + (low + block < low));
}

void file_cipher_apply(struct file_cipher *cipher, uint64_t offset, const void *in, void *out,
                       size_t len) {
    unsigned char counter[COUNTER_BLOCK_LEN], skipped[COUNTER_BLOCK_LEN] = {};
    int done;
    if (len == 0)
        return;
    const struct crypto *c = crypto();
    EVP_CIPHER_CTX *context = context_take(cipher);
    counter_at(cipher, offset / COUNTER_BLOCK_LEN, counter);
    CHECK(c->CipherInit_ex2(context, NULL, NULL, counter, true, NULL) == 1);
    int skip = (int)(offset % COUNTER_BLOCK_LEN);
    if (skip > 0)
        CHECK(c->CipherUpdate(context, skipped, &done, skipped, skip) == 1);
    for (size_t at = 0; at < len;) {
        int step = len - at < STEP_MAX ? (int)(len - at) : STEP_MAX;
        CHECK(c->CipherUpdate(context, (unsigned char *)out + at, &done,
                              (const unsigned char *)in + at, step) == 1 &&
              done == step);
        at += (size_t)step;
    }
    key_wipe(skipped, sizeof skipped); /* key stream */
    context_give(cipher, context);
}
