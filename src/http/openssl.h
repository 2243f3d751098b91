/* openssl.h - the library behind TLS, loaded when it is first wanted.
 *
 * Purpose:   the functions used of libssl and libcrypto, by their own names. A process that serves
 *            no TLS neither starts later nor grows for it (linked statically they cost 1.2 MB and
 *            a millisecond of every start, relocations mostly).
 * Ownership: loaded once, for good.
 * Threads:   any.
 * Errors:    a sentence in *out_problem.
 * Limits:    OpenSSL 3 (libssl.so.3).
 */
#pragma once

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>

struct openssl {
#define FUNCTION(name) __typeof__(&name) name;
#include "http/openssl.def"
#undef FUNCTION
};

/* NULL: it is not there. */
const struct openssl *openssl_load(const char **out_problem);
/* What OpenSSL says of its last failure, and forgets. */
void openssl_error(const struct openssl *o, char *out, size_t size);
