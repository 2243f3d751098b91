#include "auth/auth.h"

static status verify(const struct auth *auth, struct scope *scope,
                     const struct http_request *request, struct sigv4_claim *claim) {
    struct hmac_key key;
    TRY(sigv4_check(scope, claim, auth->region, STR("dynamodb")));
    bool known = identities_signing_key(auth->identities, claim, &key);
    bool is_true = sigv4_is_signed(scope, request, claim, &key);
    if (!known)
        return fail(scope, ERROR_UnrecognizedClientException,
                    "The security token included in the request is invalid.");
    if (!is_true)
        return sigv4_fail(scope);
    if (claim->session_token.len > 0) /* our keys have none */
        return fail(scope, ERROR_UnrecognizedClientException,
                    "The security token included in the request is invalid");
    return ST_OK;
}

status auth_check(const struct auth *auth, struct scope *scope,
                  const struct http_request *request) {
    struct sigv4_claim claim;
    switch (auth->mode) {
    case AUTH_OPEN:
        return ST_OK;
    case AUTH_FORM:
        return sigv4_read(scope, request, &claim);
    case AUTH_VERIFY:
        TRY(sigv4_read(scope, request, &claim));
        return verify(auth, scope, request, &claim);
    }
    return ST_INVALID;
}
