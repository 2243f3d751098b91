/* signed_request.h - a request as a client signs it. */
#pragma once

#include "auth/auth.h"
#include "base/buf.h"

struct signed_request {
    http_header headers[4];
    struct http_request request;
};

#define SIGNED_TIME "20150830T123600Z"
static const int64_t signed_time_us = 1440938160000000; /* the same */

/* POST / with a short body, for dynamodb in us-east-1; `token` may be absent. */
static inline struct signed_request *sign_request(struct arena *arena, str id, str secret,
                                                  str token) {
    struct signed_request *out = arena_struct(arena, struct signed_request);
    str names =
        token.len > 0 ? STR("host;x-amz-date;x-amz-security-token") : STR("host;x-amz-date");
    struct sha256_digest digest;
    struct hmac_key key;
    char hex[SHA256_HEX_LEN];
    struct buf text;
    out->request = (struct http_request){.arena = arena,
                                         .method = STR("POST"),
                                         .path = STR("/"),
                                         .headers = out->headers,
                                         .body = STR("{}")};
    digest = sha256(out->request.body);
    sha256_hex(&digest, hex);
    buf_init(&text, arena, 512);
    buf_add_lit(&text, "POST\n/\n\nhost:example\nx-amz-date:" SIGNED_TIME "\n");
    if (token.len > 0)
        buf_printf(&text, "x-amz-security-token:%.*s\n", STR_ARG(token));
    buf_printf(&text, "\n%.*s\n%.*s", STR_ARG(names), SHA256_HEX_LEN, hex);
    digest = sha256(buf_str(&text));
    sha256_hex(&digest, hex);
    str to_sign = arena_printf(
        arena, "AWS4-HMAC-SHA256\n" SIGNED_TIME "\n20150830/us-east-1/dynamodb/aws4_request\n%.*s",
        SHA256_HEX_LEN, hex);
    sigv4_signing_key(secret, STR("20150830"), STR("us-east-1"), STR("dynamodb"), &key);
    digest = hmac_sha256(&key, to_sign);
    sha256_hex(&digest, hex);
    out->headers[0] = (http_header){STR("Host"), STR("example")};
    out->headers[1] = (http_header){STR("X-Amz-Date"), STR(SIGNED_TIME)};
    out->headers[2] = (http_header){
        STR("Authorization"),
        arena_printf(arena,
                     "AWS4-HMAC-SHA256 Credential=%.*s/20150830/us-east-1/dynamodb/aws4_request, "
                     "SignedHeaders=%.*s, Signature=%.*s",
                     STR_ARG(id), STR_ARG(names), SHA256_HEX_LEN, hex)};
    out->headers[3] = (http_header){STR("X-Amz-Security-Token"), token};
    out->request.header_count = token.len > 0 ? 4 : 3;
    return out;
}

/* What auth_check says to it. */
static inline enum error_code check_signed(struct identities *identities, struct arena *arena,
                                           int64_t now_us, str id, str secret, str token,
                                           struct principal **out) {
    struct auth auth = {.mode = AUTH_VERIFY, .region = STR("us-east-1"), .identities = identities};
    struct scope scope = {.arena = arena, .scratch = arena, .now_us = now_us};
    *out = NULL;
    if (auth_check(&auth, &scope, &sign_request(arena, id, secret, token)->request, out) == ST_OK)
        return ERROR_NONE;
    return scope.error;
}
