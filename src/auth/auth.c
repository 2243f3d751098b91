#include "auth/auth.h"

#include "auth/asker.h"
#include "base/utf8.h"

static status refuse(struct scope *scope, const struct sigv4_claim *claim,
                     enum asker_standing standing) {
    switch (standing) {
    case ASKER_KNOWN:
        return sigv4_fail(scope);
    case ASKER_UNKNOWN:
        return fail(scope, ERROR_UnrecognizedClientException,
                    "The security token included in the request is invalid%s",
                    claim->session_token.len > 0 ? "" : ".");
    case ASKER_EXPIRED:
        return fail(scope, ERROR_ExpiredTokenException,
                    "The security token included in the request is expired");
    }
    return ST_INVALID;
}

static status verify(const struct auth *auth, struct scope *scope,
                     const struct http_request *request, struct sigv4_claim *claim, str service,
                     struct principal **out) {
    struct asker asker;
    TRY(sigv4_check(scope, claim, auth->region, service));
    TRY(sigv4_check_target(scope, request, claim));
    asker_find(auth->identities, scope, claim, &asker);
    bool is_true = sigv4_is_signed(scope, request, claim, &asker.key);
    if (is_true && asker.standing == ASKER_KNOWN) {
        *out = asker.principal;
        return asker.waits ? ST_WOULD_WAIT : ST_OK; /* nobody else's requests take a worker */
    }
    principal_unref(asker.principal);
    return refuse(scope, claim, asker.standing);
}

static status check(const struct auth *auth, struct scope *scope,
                    const struct http_request *request, str service, struct principal **out) {
    struct sigv4_claim claim;
    switch (auth->mode) {
    case AUTH_OPEN:
        return ST_OK;
    case AUTH_FORM:
        return sigv4_read(scope, request, &claim);
    case AUTH_VERIFY:
        TRY(sigv4_read(scope, request, &claim));
        return verify(auth, scope, request, &claim, service, out);
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
    status st = check(auth, scope, request, service, out);
    if (st != ST_OK)
        scope->error_text = as_text(scope->arena, scope->error_text);
    return st;
}

status auth_check(const struct auth *auth, struct scope *scope, const struct http_request *request,
                  struct principal **out) {
    return auth_check_for(auth, scope, request, STR("dynamodb"), out);
}
