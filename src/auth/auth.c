#include "auth/auth.h"

#include "auth/identity_int.h"
#include "base/utf8.h"

static status verify(const struct auth *auth, struct scope *scope,
                     const struct http_request *request, struct sigv4_claim *claim, str service) {
    struct hmac_key key;
    TRY(sigv4_check(scope, claim, auth->region, service));
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

static status check(const struct auth *auth, struct scope *scope,
                    const struct http_request *request, str service) {
    struct sigv4_claim claim;
    switch (auth->mode) {
    case AUTH_OPEN:
        return ST_OK;
    case AUTH_FORM:
        return sigv4_read(scope, request, &claim);
    case AUTH_VERIFY:
        TRY(sigv4_read(scope, request, &claim));
        return verify(auth, scope, request, &claim, service);
    }
    return ST_INVALID;
}

/* Headers may hold any bytes, and errors quote them: an answer is text. */
static str as_text(struct arena *arena, str quoted) {
    if (utf8_valid(quoted))
        return quoted;
    str text = arena_copy(arena, quoted);
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] >= 0x80)
            ((char *)text.ptr)[i] = '?';
    return text;
}

status auth_check_for(const struct auth *auth, struct scope *scope,
                      const struct http_request *request, str service, struct principal **out) {
    *out = NULL;
    status st = check(auth, scope, request, service);
    if (st != ST_OK)
        scope->error_text = as_text(scope->arena, scope->error_text);
    return st;
}

status auth_check(const struct auth *auth, struct scope *scope, const struct http_request *request,
                  struct principal **out) {
    return auth_check_for(auth, scope, request, STR("dynamodb"), out);
}
