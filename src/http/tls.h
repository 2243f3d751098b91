/* tls.h - certificates, and TLS for the connections of a server (http.h).
 *
 * Purpose:   TLS 1.2 and 1.3 from a certificate (with its chain) and a key as PEM text, which can
 *            be replaced while connections go on; making such a pair.
 * Ownership: texts are borrowed for the call; a connection keeps what it began with.
 * Threads:   tls_replace beside anything. tls_close when no server uses it any more.
 * Errors:    ST_INVALID (ST_IO without the library), with a sentence in `problem`.
 * Limits:    keys are not encrypted (nobody is asked for a passphrase). Tickets for resuming
 *            sessions are sealed by a key that is new with each tls_replace.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"

enum { TLS_PROBLEM_MAX = 4608 };

struct tls;

struct tls_pem {
    str certificate; /* the server's own first, then its chain */
    str key;
};

struct tls_problem {
    char text[TLS_PROBLEM_MAX];
};

status tls_open(const struct tls_pem *pem, struct tls **out, struct tls_problem *problem);
/* Used for connections from now on. What was used stays in use when it fails. */
status tls_replace(struct tls *tls, const struct tls_pem *pem, struct tls_problem *problem);
void tls_close(struct tls *tls); /* accepts NULL */

/* ---- tls_self_signed.c ---- */

enum { TLS_SELF_SIGNED_DAYS = 825 };

/* A key (P-256) and a certificate of its own, for these names and addresses. */
status tls_self_sign(const str *names, size_t count, struct arena *arena, struct tls_pem *out,
                     struct tls_problem *problem);
/* Whether the certificate is for that name or address, and for so many days to come. */
bool tls_certificate_serves(str certificate, const char *name, int days);
