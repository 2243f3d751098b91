/* auth.h - whether a request may be answered at all.
 *
 * Purpose:   the one question the server asks of a request before it runs it.
 * Ownership: none.
 * Threads:   any.
 * Errors:    through the scope: MissingAuthenticationToken, IncompleteSignature, InvalidSignature,
 *            UnrecognizedClient, in the service's words.
 * Limits:    none of its own.
 */
#pragma once

#include "auth/identity.h"

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

status auth_check(const struct auth *auth, struct scope *scope, const struct http_request *request);
