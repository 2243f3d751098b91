#include "kv/rocks/seal.h"

#include "base/check.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sys/random.h>

static struct crypto loaded;
static bool is_loaded;

static bool find(void *library, const char *name, void *out_function) {
    void *symbol = dlsym(library, name);
    memcpy(out_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

/* A library context of our own reads no configuration of the system: what a file in /etc says
 * about providers cannot make data unreadable, and the start is not slowed down by it. */
static void load(void) {
    void *library = dlopen("libcrypto.so.3", RTLD_NOW | RTLD_LOCAL); /* for good */
    struct crypto *c = &loaded;
    OSSL_LIB_CTX *(*context_new)(void) = NULL;
    if (library == NULL || !find(library, "OSSL_LIB_CTX_new", &context_new) ||
        !find(library, "EVP_CIPHER_fetch", &c->CIPHER_fetch) ||
        !find(library, "EVP_CIPHER_CTX_new", &c->CIPHER_CTX_new) ||
        !find(library, "EVP_CIPHER_CTX_free", &c->CIPHER_CTX_free) ||
        !find(library, "EVP_CIPHER_CTX_ctrl", &c->CIPHER_CTX_ctrl) ||
        !find(library, "EVP_CipherInit_ex2", &c->CipherInit_ex2) ||
        !find(library, "EVP_CipherUpdate", &c->CipherUpdate) ||
        !find(library, "EVP_CipherFinal_ex", &c->CipherFinal_ex))
        return;
    OSSL_LIB_CTX *context = context_new();
    if (context == NULL)
        return;
    c->seal = c->CIPHER_fetch(context, "AES-256-GCM", NULL);
    c->stream = c->CIPHER_fetch(context, "AES-256-CTR", NULL);
    is_loaded = c->seal != NULL && c->stream != NULL;
}

status crypto_load(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, load);
    return is_loaded ? ST_OK : ST_IO;
}

const struct crypto *crypto(void) {
    CHECK(is_loaded);
    return &loaded;
}

void secret_random(void *out, size_t len) {
    for (size_t at = 0; at < len;) {
        ssize_t got = getrandom((char *)out + at, len - at, 0);
        CHECK(got > 0 || errno == EINTR);
        at += got > 0 ? (size_t)got : 0;
    }
}

static EVP_CIPHER_CTX *seal_begin(const unsigned char *key, const struct sealed *sealed,
                                  bool closing) {
    int len;
    EVP_CIPHER_CTX *context = crypto()->CIPHER_CTX_new();
    CHECK(context != NULL);
    CHECK(crypto()->CipherInit_ex2(context, crypto()->seal, key, sealed->nonce, closing, NULL) ==
          1);
    CHECK(crypto()->CipherUpdate(context, NULL, &len, sealed->about, (int)sealed->about_len) == 1);
    return context;
}

void seal_close(const unsigned char key[KEY_LEN], const struct sealed *sealed,
                const unsigned char *plain, size_t len, unsigned char *out) {
    int done, end;
    secret_random(sealed->nonce, SEAL_NONCE_LEN);
    EVP_CIPHER_CTX *context = seal_begin(key, sealed, true);
    CHECK(crypto()->CipherUpdate(context, out, &done, plain, (int)len) == 1 && (size_t)done == len);
    CHECK(crypto()->CipherFinal_ex(context, out + len, &end) == 1 && end == 0);
    CHECK(crypto()->CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, SEAL_TAG_LEN, sealed->tag) ==
          1);
    crypto()->CIPHER_CTX_free(context); /* wipes its key schedule */
}

bool seal_open(const unsigned char key[KEY_LEN], const struct sealed *sealed,
               const unsigned char *bytes, size_t len, unsigned char *out_plain) {
    int done, end;
    EVP_CIPHER_CTX *context = seal_begin(key, sealed, false);
    CHECK(crypto()->CipherUpdate(context, out_plain, &done, bytes, (int)len) == 1);
    CHECK(crypto()->CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, SEAL_TAG_LEN, sealed->tag) ==
          1);
    bool intact = crypto()->CipherFinal_ex(context, out_plain + len, &end) == 1;
    crypto()->CIPHER_CTX_free(context);
    if (!intact)
        key_wipe(out_plain, len);
    return intact;
}
