/* file_cipher.h - how one file of an encrypted directory is encrypted.
 *
 * Purpose:   a random key for each file, in a header that a data key (kv/rocks/key_file.h) seals,
 *            and AES-256-CTR of all that follows: any part of a file can be read by itself.
 * Ownership: a cipher is its file's; the ring it was made from need not outlive it.
 * Threads:   file_cipher_apply may run on many threads at a time.
 * Errors:    CORRUPT (a header that is no header, was changed, or names a key that is not in the
 *            ring), NEWER.
 * Limits:    a place of a file must be written once at most: what is written over with the same
 *            key stream gives away the difference. CTR keeps contents secret and does not
 *            authenticate them: checksums find accidents, not attackers who may write the disk.
 *
 *   offset  length
 *   0       8       "StatorEF"
 *   8       2       version, 1
 *   10      2       cipher, 1: AES-256-CTR
 *   12      4       id of the data key
 *   16      12      nonce of AES-256-GCM under the data key
 *   28      48      sealed: the file's key (32), the first counter block (16)
 *   76      16      tag; what lies at 0 to 15 is authenticated, too
 *   92      4004    zeroes, so that contents are aligned as they are without a header
 *   4096            contents: block n of 16 bytes uses the first counter block + n
 *
 * Integers are big-endian, the counter block, too.
 */
#pragma once

#include "kv/rocks/key_file.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { FILE_HEADER_LEN = 4096, FILE_HEADER_ID_LEN = 16, COUNTER_BLOCK_LEN = 16 };

struct file_cipher;

/* With the given secrets; what the two below do, for known answers. */
struct file_cipher *file_cipher_make(const unsigned char key[KEY_LEN],
                                     const unsigned char counter[COUNTER_BLOCK_LEN]);
/* For a new file: random secrets, sealed by the newest key. */
struct file_cipher *file_cipher_new(const struct key_ring *ring,
                                    unsigned char out_header[FILE_HEADER_LEN]);
status file_cipher_open(const struct key_ring *ring, const unsigned char header[FILE_HEADER_LEN],
                        struct file_cipher **out);
/* Wipes its secrets. Accepts NULL. */
void file_cipher_free(struct file_cipher *cipher);

/* Encrypts, or decrypts, which is the same; `offset` counts contents. in may be out. */
void file_cipher_apply(struct file_cipher *cipher, uint64_t offset, const void *in, void *out,
                       size_t len);

/* Which data key the first FILE_HEADER_ID_LEN bytes of a file name; 0 when it has no header. */
uint32_t file_header_key_id(const unsigned char head[FILE_HEADER_ID_LEN]);

#ifdef __cplusplus
}
#endif
