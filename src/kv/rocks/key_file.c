#include "kv/rocks/key_file.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "kv/rocks/seal.h"

#include <ctype.h>

enum { VERSION = 1, VERSION_AT = 8, COUNT_AT = 12, SUM_AT = 16, SUM_LEN = 8, NONCE_AT = 24 };

#define MAGIC STR("StatorKY")

void key_wipe(void *secret, size_t len) {
    explicit_bzero(secret, len);
}

/* ---- a key as people keep it ---- */

static int hex_value(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool from_hex(str text, unsigned char out[KEY_LEN]) {
    for (size_t i = 0; i < KEY_LEN; i++) {
        int high = hex_value(text.ptr[2 * i]), low = hex_value(text.ptr[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

bool key_parse(const char *text, size_t len, unsigned char out_key[KEY_LEN]) {
    enum { BASE64_LEN = 44 };
    char decoded[BASE64_LEN / 4 * 3];
    unsigned char key[KEY_LEN];
    size_t decoded_len = 0;
    str trimmed = {text, len};
    bool fine = false;
    while (trimmed.len > 0 && isspace((unsigned char)trimmed.ptr[0]))
        trimmed = str_slice(trimmed, 1, trimmed.len);
    while (trimmed.len > 0 && isspace((unsigned char)trimmed.ptr[trimmed.len - 1]))
        trimmed.len--;
    if (len == KEY_LEN) { /* whatever the bytes are: no other form is as short */
        memcpy(key, text, KEY_LEN);
        fine = true;
    } else if (trimmed.len == (size_t)2 * KEY_LEN) {
        fine = from_hex(trimmed, key);
    } else if (trimmed.len == BASE64_LEN && base64_decode(trimmed, decoded, &decoded_len) &&
               decoded_len == KEY_LEN) {
        memcpy(key, decoded, KEY_LEN);
        fine = true;
    }
    if (fine)
        memcpy(out_key, key, KEY_LEN);
    key_wipe(key, sizeof key);
    key_wipe(decoded, sizeof decoded);
    return fine;
}

/* ---- the ring ---- */

status key_ring_add(struct key_ring *ring, int64_t now_us) {
    uint32_t last = ring->count > 0 ? ring->keys[ring->count - 1].id : 0;
    if (ring->count == KEY_RING_MAX || last == UINT32_MAX)
        return ST_TOO_BIG;
    struct data_key *key = &ring->keys[ring->count++];
    *key = (struct data_key){.id = last + 1, .created_us = now_us};
    secret_random(key->key, KEY_LEN);
    return ST_OK;
}

const struct data_key *key_ring_find(const struct key_ring *ring, uint32_t id) {
    for (size_t i = ring->count; i-- > 0;) /* mostly the newest */
        if (ring->keys[i].id == id)
            return &ring->keys[i];
    return NULL;
}

/* ---- the file ---- */

/* Over all of the file, with zeroes where it stands itself. */
static uint64_t sum(unsigned char *bytes, size_t len) {
    memset(bytes + SUM_AT, 0, SUM_LEN);
    return hash_bytes((str){(char *)bytes, len});
}

static struct sealed sealed_of(unsigned char *bytes, size_t len) {
    return (struct sealed){.about = bytes,
                           .about_len = SUM_AT,
                           .nonce = bytes + NONCE_AT,
                           .tag = bytes + len - SEAL_TAG_LEN};
}

static size_t len_of(size_t count) {
    return KEY_FILE_HEAD_LEN + count * KEY_FILE_ENTRY_LEN + SEAL_TAG_LEN;
}

static status entries_read(const unsigned char *plain, size_t count, struct key_ring *ring) {
    uint32_t last = 0;
    ring->count = count;
    for (size_t i = 0; i < count; i++, plain += KEY_FILE_ENTRY_LEN) {
        struct data_key *key = &ring->keys[i];
        key->id = get_be32(plain);
        key->created_us = (int64_t)get_be64(plain + 4);
        memcpy(key->key, plain + 12, KEY_LEN);
        if (key->id <= last)
            return ST_CORRUPT;
        last = key->id;
    }
    return ST_OK;
}

status key_file_read(const void *bytes, size_t len, const unsigned char user_key[KEY_LEN],
                     struct key_ring *out) {
    unsigned char copy[KEY_FILE_MAX], plain[KEY_RING_MAX * KEY_FILE_ENTRY_LEN];
    if (len < len_of(1) || !str_starts_with((str){bytes, len}, MAGIC))
        return ST_CORRUPT;
    if (get_be32((const char *)bytes + VERSION_AT) > VERSION)
        return ST_NEWER;
    uint32_t count = get_be32((const char *)bytes + COUNT_AT);
    if (get_be32((const char *)bytes + VERSION_AT) != VERSION || count < 1 ||
        count > KEY_RING_MAX || len != len_of(count))
        return ST_CORRUPT;
    memcpy(copy, bytes, len);
    uint64_t expected = get_be64(copy + SUM_AT);
    if (sum(copy, len) != expected)
        return ST_CORRUPT;
    struct sealed sealed = sealed_of(copy, len);
    if (!seal_open(user_key, &sealed, copy + KEY_FILE_HEAD_LEN, count * KEY_FILE_ENTRY_LEN, plain))
        return ST_INVALID;
    struct key_ring ring = {};
    status st = entries_read(plain, count, &ring);
    if (st == ST_OK)
        *out = ring;
    key_wipe(plain, sizeof plain);
    key_wipe(&ring, sizeof ring);
    return st;
}

size_t key_file_write(const struct key_ring *ring, const unsigned char user_key[KEY_LEN],
                      unsigned char out[KEY_FILE_MAX]) {
    unsigned char plain[KEY_RING_MAX * KEY_FILE_ENTRY_LEN], *at = plain;
    CHECK(ring->count >= 1 && ring->count <= KEY_RING_MAX);
    size_t len = len_of(ring->count);
    for (size_t i = 0; i < ring->count; i++, at += KEY_FILE_ENTRY_LEN) {
        put_be32(at, ring->keys[i].id);
        put_be64(at + 4, (uint64_t)ring->keys[i].created_us);
        memcpy(at + 12, ring->keys[i].key, KEY_LEN);
    }
    memcpy(out, MAGIC.ptr, MAGIC.len);
    put_be32(out + VERSION_AT, VERSION);
    put_be32(out + COUNT_AT, (uint32_t)ring->count);
    struct sealed sealed = sealed_of(out, len);
    seal_close(user_key, &sealed, plain, ring->count * KEY_FILE_ENTRY_LEN, out + KEY_FILE_HEAD_LEN);
    put_be64(out + SUM_AT, sum(out, len));
    key_wipe(plain, sizeof plain);
    return len;
}
