/* auth.h - whether a request may be answered at all.
 *
 * Purpose:   the one question the server asks of a request before it runs it.
 * Ownership: none.
 * Threads:   any; ST_WOULD_WAIT on a loop that would have to compile policies.
 * Errors:    through the scope: MissingAuthenticationToken, IncompleteSignature, InvalidSignature,
 *            UnrecognizedClient, ExpiredToken, in the service's words.
 * Limits:    none of its own.
 */
#pragma once

#include "auth/identity.h"
#include "auth/sigv4.h"
#include "http/http.h"
#include "item/scope.h"

enum auth_mode {
    AUTH_OPEN,   /* anybody, signed or not */
    AUTH_FORM,   /* there must be a signature; whose and whether it is true is not asked */
    AUTH_VERIFY, /* signed with a key that we know */
};

struct auth {
    enum auth_mode mode;
    str region;
    struct identities *identities; /* AUTH_VERIFY */
};

/* *out is who asks: counted, the caller's to unref; NULL in the modes that don't know. */
status auth_check(const struct auth *auth, struct scope *scope, const struct http_request *request,
                  struct principal **out);
/* The same for a request that must be signed for another service than "dynamodb": "iam", "sts". */
status auth_check_for(const struct auth *auth, struct scope *scope,
                      const struct http_request *request, str service, struct principal **out);
