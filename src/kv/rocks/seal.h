/* seal.h - small secrets under a key, and random bytes for keys.
 *
 * Purpose:   AES-256-GCM for what is sealed as a whole: data keys, and keys in headers of files.
 *            OpenSSL's EVP layer is loaded when first needed, never linked: without encryption
 *            a process neither starts later nor grows for it (0.4 ms, 0.6 MB from the archive).
 * Ownership: the caller's memory.
 * Threads:   any.
 * Errors:    crypto_load answers IO when there is no such library. seal_open answers false when a
 *            byte of what was sealed or authenticated, the tag, or the key is another one. That
 *            OpenSSL fails otherwise is CHECKed.
 * Limits:    a nonce is used once a key (they are random: 2^32 seals a key are safe).
 */
#pragma once

#include "kv/rocks/key_file.h"

#include <openssl/evp.h>

/* What is used of the library; names are those behind "EVP_". */
struct crypto {
    EVP_CIPHER *(*CIPHER_fetch)(OSSL_LIB_CTX *, const char *, const char *);
    EVP_CIPHER_CTX *(*CIPHER_CTX_new)(void);
    void (*CIPHER_CTX_free)(EVP_CIPHER_CTX *);
    int (*CIPHER_CTX_ctrl)(EVP_CIPHER_CTX *, int, int, void *);
    int (*CipherInit_ex2)(EVP_CIPHER_CTX *, const EVP_CIPHER *, const unsigned char *,
                          const unsigned char *, int, const OSSL_PARAM *);
    int (*CipherUpdate)(EVP_CIPHER_CTX *, unsigned char *, int *, const unsigned char *, int);
    int (*CipherFinal_ex)(EVP_CIPHER_CTX *, unsigned char *, int *);
    EVP_CIPHER *seal, *stream; /* AES-256-GCM, AES-256-CTR */
};

/* Before anything else of encryption; once is enough, more does no harm. */
status crypto_load(void);
const struct crypto *crypto(void); /* once it is loaded */

struct sealed {
    const unsigned char *about; /* authenticated, not hidden */
    size_t about_len;
    unsigned char *nonce; /* SEAL_NONCE_LEN */
    unsigned char *tag;   /* SEAL_TAG_LEN */
};

/* Fills nonce and tag. */
void seal_close(const unsigned char key[KEY_LEN], const struct sealed *sealed,
                const unsigned char *plain, size_t len, unsigned char *out);
bool seal_open(const unsigned char key[KEY_LEN], const struct sealed *sealed,
               const unsigned char *bytes, size_t len, unsigned char *out_plain);

void secret_random(void *out, size_t len);
