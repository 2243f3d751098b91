/* key_file.h - keys of an encrypted directory, as they are kept in its file KEYS.
 *
 * Purpose:   the data keys (which seal the header of each file, kv/rocks/file_cipher.h), sealed
 *            themselves by the user's key, which is stored nowhere.
 * Ownership: the caller's memory; whoever holds a ring or a key wipes it (key_wipe) when done.
 * Threads:   any.
 * Errors:    CORRUPT (damaged), NEWER (format), INVALID (intact, and sealed by another key).
 * Limits:    KEY_RING_MAX data keys.
 *
 *   offset  length
 *   0       8       "StatorKY"
 *   8       4       version, 1
 *   12      4       count of data keys, n
 *   16      8       hash_bytes of all, with zeroes here: damage looks unlike a wrong key
 *   24      12      nonce of AES-256-GCM under the user's key
 *   36      44 n    sealed: id (4), time of making in µs (8), key (32); ids ascend from 1 or more
 *   36+44n  16      tag; what lies at 0 to 15 is authenticated, too
 *
 * Integers are big-endian. New files use the key with the highest id.
 */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    KEY_LEN = 32,
    SEAL_NONCE_LEN = 12,
    SEAL_TAG_LEN = 16,
    KEY_RING_MAX = 64,
    KEY_FILE_HEAD_LEN = 36,
    KEY_FILE_ENTRY_LEN = 44,
    KEY_FILE_MAX = KEY_FILE_HEAD_LEN + KEY_RING_MAX * KEY_FILE_ENTRY_LEN + SEAL_TAG_LEN,
};

struct data_key {
    uint32_t id;
    int64_t created_us;
    unsigned char key[KEY_LEN];
};

struct key_ring {
    size_t count;
    struct data_key keys[KEY_RING_MAX]; /* by id, the newest last */
};

/* A key as people keep it: 32 bytes, or 64 hexadecimal digits, or base64, the latter two with white
 * space around. */
bool key_parse(const char *text, size_t len, unsigned char out_key[KEY_LEN]);
void key_wipe(void *secret, size_t len);

/* Adds a new random key; TOO_BIG when there is no room. */
status key_ring_add(struct key_ring *ring, int64_t now_us);
/* NULL when there is none. */
const struct data_key *key_ring_find(const struct key_ring *ring, uint32_t id);

status key_file_read(const void *bytes, size_t len, const unsigned char user_key[KEY_LEN],
                     struct key_ring *out);
/* The bytes written. */
size_t key_file_write(const struct key_ring *ring, const unsigned char user_key[KEY_LEN],
                      unsigned char out[KEY_FILE_MAX]);

#ifdef __cplusplus
}
#endif
