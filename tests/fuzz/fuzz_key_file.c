/* Files of keys and headers of files, as bytes from a disk, and keys as people write them. The
 * first byte says which. Those that would fail by their sum alone get a right one; what opens is
 * written and opens again. */
#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "kv/rocks/file_cipher.h"
#include "kv/rocks/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static const unsigned char user_key[KEY_LEN] = "the key of the user";

static void keys_fuzz(const uint8_t *bytes, size_t size, bool mend) {
    unsigned char copy[KEY_FILE_MAX + 1], written[KEY_FILE_MAX];
    struct key_ring ring, again;
    if (size > sizeof copy)
        return;
    if (size > 0)
        memcpy(copy, bytes, size);
    if (mend && size >= KEY_FILE_HEAD_LEN) {
        put_be64(copy + 16, 0);
        put_be64(copy + 16, hash_bytes((str){(char *)copy, size}));
    }
    if (key_file_read(copy, size, user_key, &ring) != ST_OK)
        return;
    CHECK(ring.count >= 1 && ring.count <= KEY_RING_MAX);
    CHECK(key_file_write(&ring, user_key, written) == size);
    CHECK(key_file_read(written, size, user_key, &again) == ST_OK);
    CHECK(memcmp(&ring, &again, sizeof ring) == 0);
}

/* What is sealed is the fuzzer's: entries in any order, of any kind. */
static void entries_fuzz(const uint8_t *bytes, size_t size) {
    unsigned char file[KEY_FILE_MAX] = "StatorKY";
    size_t count = size / KEY_FILE_ENTRY_LEN;
    if (count < 1 || count > KEY_RING_MAX)
        return;
    size_t len = KEY_FILE_HEAD_LEN + count * KEY_FILE_ENTRY_LEN + SEAL_TAG_LEN;
    put_be32(file + 8, 1);
    put_be32(file + 12, (uint32_t)count);
    struct sealed sealed = {file, 16, file + 24, file + len - SEAL_TAG_LEN};
    seal_close(user_key, &sealed, bytes, count * KEY_FILE_ENTRY_LEN, file + KEY_FILE_HEAD_LEN);
    keys_fuzz(file, len, true);
}

static void header_fuzz(const uint8_t *bytes, size_t size) {
    unsigned char header[FILE_HEADER_LEN] = {};
    struct file_cipher *cipher = NULL;
    struct key_ring ring = {.count = 1, .keys = {{.id = 1, .key = "the key of the data"}}};
    memcpy(header, bytes, size < sizeof header ? size : sizeof header);
    (void)file_header_key_id(header);
    if (file_cipher_open(&ring, header, &cipher) == ST_OK)
        file_cipher_apply(cipher, 5, header, header, sizeof header);
    file_cipher_free(cipher);
}

static void text_fuzz(const uint8_t *bytes, size_t size) {
    unsigned char key[KEY_LEN] = {}, again[KEY_LEN];
    char hex[2 * KEY_LEN + 1];
    if (!key_parse((const char *)bytes, size, key))
        return;
    for (size_t i = 0; i < KEY_LEN; i++)
        snprintf(hex + 2 * i, 3, "%02x", key[i]);
    CHECK(key_parse(hex, 2 * (size_t)KEY_LEN, again) && memcmp(key, again, KEY_LEN) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    CHECK(crypto_load() == ST_OK);
    if (size == 0)
        return 0;
    switch (bytes[0] % 5) {
    case 0:
        text_fuzz(bytes + 1, size - 1);
        break;
    case 1:
        header_fuzz(bytes + 1, size - 1);
        break;
    case 2:
        entries_fuzz(bytes + 1, size - 1);
        break;
    case 3:
        keys_fuzz(bytes + 1, size - 1, false);
        break;
    case 4:
        keys_fuzz(bytes + 1, size - 1, true);
        break;
    }
    return 0;
}
