#include "http/openssl.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct openssl loaded;
static bool is_loaded;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool find(void *library, const char *name, void *out_function) {
    void *symbol = dlsym(library, name);
    memcpy(out_function, &symbol, sizeof symbol);
    return symbol != NULL;
}

/* Names are looked up in what libssl depends on, too: in its libcrypto. */
static void load(void) {
    void *library = dlopen("libssl.so.3", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return;
#define FUNCTION(name)                                                                             \
    if (!find(library, #name, &loaded.name))                                                       \
        return;
#include "http/openssl.def"
#undef FUNCTION
    is_loaded = loaded.OPENSSL_init_ssl(OPENSSL_INIT_NO_ATEXIT, NULL) == 1;
}

const struct openssl *openssl_load(const char **out_problem) {
    pthread_once(&once, load);
    if (!is_loaded)
        *out_problem = "libssl.so.3 can't be loaded: install libssl3";
    return is_loaded ? &loaded : NULL;
}

void openssl_error(const struct openssl *o, char *out, size_t size) {
    unsigned long code = o->ERR_get_error();
    const char *reason = code != 0 ? o->ERR_reason_error_string(code) : NULL;
    if (reason != NULL)
        snprintf(out, size, "%s", reason);
    else
        o->ERR_error_string_n(code, out, size);
    o->ERR_clear_error();
}
