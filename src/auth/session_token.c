#include "auth/session_token.h"

#include "base/base64.h"
#include "base/buf.h"
#include "base/bytes.h"

#include <openssl/crypto.h>

enum { TOKEN_VERSION = 2, TOKEN_VERSION_UNDATED = 1, HEAD_LEN = 18, HEAD_LEN_UNDATED = 9 };

/* ---- writing ---- */

static struct sha256_digest mac_of(const struct token_key *key, const char *purpose, str bytes) {
    struct hmac_key first, second;
    hmac_key_init(&first, (str){key->bytes, sizeof key->bytes});
    struct sha256_digest own = hmac_sha256(&first, str_from_c(purpose));
    hmac_key_init(&second, (str){(const char *)own.bytes, sizeof own.bytes});
    struct sha256_digest mac = hmac_sha256(&second, bytes);
    OPENSSL_cleanse(&first, sizeof first);
    OPENSSL_cleanse(&second, sizeof second);
    OPENSSL_cleanse(&own, sizeof own);
    return mac;
}

static void add_count(struct buf *out, size_t count) {
    unsigned char bytes[VARINT_MAX];
    buf_add(out, bytes, put_varint(bytes, (uint32_t)count));
}

static void add_field(struct buf *out, str field) {
    add_count(out, field.len);
    buf_add_str(out, field);
}

static void add_fields(struct buf *out, const struct session_claim *claim) {
    add_field(out, claim->owner_name);
    add_field(out, claim->owner_id);
    add_field(out, claim->session_name);
    add_field(out, claim->policy);
    add_count(out, claim->policy_arn_count);
    for (size_t i = 0; i < claim->policy_arn_count; i++)
        add_field(out, claim->policy_arns[i]);
    add_count(out, claim->tags.count);
    for (size_t i = 0; i < claim->tags.count; i++) {
        add_field(out, claim->tags.entries[i].key);
        add_field(out, claim->tags.entries[i].value);
    }
}

status session_token_write(const struct token_key *key, const struct session_claim *claim,
                           struct arena *arena, str *out) {
    struct buf bytes;
    buf_init(&bytes, arena, 512);
    buf_add_byte(&bytes, TOKEN_VERSION);
    put_be64(buf_reserve(&bytes, 8), (uint64_t)claim->expires_us);
    bytes.len += 8;
    put_be64(buf_reserve(&bytes, 8), (uint64_t)claim->issued_us);
    bytes.len += 8;
    buf_add_byte(&bytes, (unsigned char)claim->owner);
    add_fields(&bytes, claim);
    struct sha256_digest mac = mac_of(key, "stator session token", buf_str(&bytes));
    buf_add(&bytes, mac.bytes, sizeof mac.bytes);
    if (bytes.len > SESSION_TOKEN_BYTES_MAX)
        return ST_TOO_BIG;
    size_t len = base64_encoded_len(bytes.len);
    char *text = arena_bytes(arena, len);
    base64_encode(buf_str(&bytes), text);
    *out = (str){text, len};
    return ST_OK;
}

/* ---- reading ---- */

struct token_reader {
    const unsigned char *at, *end;
    bool failed;
};

/* At most as many as bytes are left: whatever is counted has at least one each. */
static size_t read_count(struct token_reader *reader) {
    uint32_t count = 0;
    size_t used = reader->failed ? 0 : get_varint(reader->at, reader->end, &count);
    reader->failed = used == 0 || count > (size_t)(reader->end - reader->at) - used;
    if (reader->failed)
        return 0;
    reader->at += used;
    return count;
}

static str read_field(struct token_reader *reader) {
    size_t len = read_count(reader);
    str field = {(const char *)reader->at, len};
    reader->at += len;
    return field;
}

static void read_fields(struct token_reader *reader, struct arena *arena,
                        struct session_claim *out) {
    out->owner_name = read_field(reader);
    out->owner_id = read_field(reader);
    out->session_name = read_field(reader);
    out->policy = read_field(reader);
    if (out->policy.len == 0)
        out->policy.ptr = NULL;
    out->policy_arn_count = read_count(reader);
    str *arns = arena_array(arena, str, out->policy_arn_count);
    for (size_t i = 0; i < out->policy_arn_count; i++)
        arns[i] = read_field(reader);
    out->policy_arns = arns;
    out->tags.count = read_count(reader);
    struct context_tag *tags = arena_array(arena, struct context_tag, out->tags.count);
    for (size_t i = 0; i < out->tags.count; i++) {
        tags[i].key = read_field(reader);
        tags[i].value = read_field(reader);
    }
    out->tags.entries = tags;
}

status session_token_read(const struct token_key *key, str text, struct arena *arena,
                          struct session_claim *out) {
    *out = (struct session_claim){};
    if (text.len > base64_encoded_len(SESSION_TOKEN_BYTES_MAX))
        return ST_INVALID;
    char *bytes = arena_bytes(arena, text.len / 4 * 3 + 1);
    size_t len = 0;
    if (!base64_decode(text, bytes, &len) || len < HEAD_LEN_UNDATED + SHA256_LEN)
        return ST_INVALID;
    struct sha256_digest said;
    len -= SHA256_LEN;
    memcpy(said.bytes, bytes + len, sizeof said.bytes);
    struct sha256_digest mac = mac_of(key, "stator session token", (str){bytes, len});
    if (!sha256_equal(&mac, &said))
        return ST_INVALID;
    return session_token_fields((str){bytes, len}, arena, out);
}

status session_token_fields(str bytes, struct arena *arena, struct session_claim *out) {
    *out = (struct session_claim){};
    bool undated = bytes.len > 0 && bytes.ptr[0] == TOKEN_VERSION_UNDATED;
    size_t head_len = undated ? HEAD_LEN_UNDATED : HEAD_LEN;
    if (bytes.len < head_len || (!undated && bytes.ptr[0] != TOKEN_VERSION))
        return ST_INVALID;
    struct token_reader reader = {(const unsigned char *)bytes.ptr + head_len,
                                  (const unsigned char *)bytes.ptr + bytes.len, false};
    out->expires_us = (int64_t)get_be64(bytes.ptr + 1);
    out->owner = undated ? SESSION_OF_ROLE : (enum session_owner)bytes.ptr[HEAD_LEN - 1];
    if (!undated)
        out->issued_us = (int64_t)get_be64(bytes.ptr + HEAD_LEN_UNDATED);
    if (out->owner != SESSION_OF_ROLE && out->owner != SESSION_OF_USER)
        return ST_INVALID;
    read_fields(&reader, arena, out);
    return reader.failed || reader.at != reader.end ? ST_INVALID : ST_OK;
}

/* ---- credentials ---- */

void session_token_keys(const struct token_key *key, str text, char id[ACCESS_KEY_ID_LEN],
                        char secret[SECRET_KEY_LEN]) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    struct sha256_digest of_id = mac_of(key, "stator session id", text);
    struct sha256_digest of_secret = mac_of(key, "stator session secret", text);
    char whole[(SHA256_LEN + 2) / 3 * 4];
    memcpy(id, "ASIA", 4);
    for (size_t i = 4; i < ACCESS_KEY_ID_LEN; i++)
        id[i] = letters[of_id.bytes[i] % 32];
    base64_encode((str){(const char *)of_secret.bytes, sizeof of_secret.bytes}, whole);
    memcpy(secret, whole, SECRET_KEY_LEN); /* 240 bits */
    OPENSSL_cleanse(whole, sizeof whole);
    OPENSSL_cleanse(&of_secret, sizeof of_secret);
}
