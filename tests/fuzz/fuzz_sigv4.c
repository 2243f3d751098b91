/* Signatures of arbitrary requests: a head, and a body behind it. Whatever is claimed is read and
 * checked in memory that is bounded; and what is truly signed is so in any order of its headers,
 * and not with another body. */
#include "auth/sigv4.h"
#include "base/check.h"
#include "http/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { HEAD_BYTES_MAX = 16 * 1024, ARENA_MAX = 2 * 1024 * 1024 };
static const int64_t now_us = 1440938160000000; /* 2015-08-30 12:36:00 UTC, as in the corpus */

static void reverse_headers(struct http_request *request, http_header out[HTTP_HEADERS_MAX]) {
    for (size_t i = 0; i < request->header_count; i++)
        out[i] = request->headers[request->header_count - 1 - i];
    request->headers = out;
}

static bool names_are_distinct(const struct http_request *request) {
    for (size_t i = 0; i < request->header_count; i++)
        for (size_t j = 0; j < i; j++)
            if (str_eq_nocase(request->headers[i].name, request->headers[j].name))
                return false;
    return true;
}

static void check_claim(struct scope *scope, struct http_request *request) {
    http_header reversed[HTTP_HEADERS_MAX];
    struct sigv4_claim claim;
    struct hmac_key key;
    if (sigv4_read(scope, request, &claim) != ST_OK) {
        CHECK(scope->error != ERROR_NONE);
        return;
    }
    CHECK(claim.credential.len > 0 && claim.signature.len > 0 && claim.time.len > 0);
    if (sigv4_check(scope, &claim, STR("us-east-1"), STR("dynamodb")) != ST_OK)
        CHECK(scope->error != ERROR_NONE);
    sigv4_signing_key(STR("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), claim.date, claim.region,
                      claim.service, &key);
    if (!sigv4_is_signed(scope, request, &claim, &key))
        return;
    if (names_are_distinct(request)) {
        reverse_headers(request, reversed);
        CHECK(sigv4_is_signed(scope, request, &claim, &key));
    }
    request->body = request->body.len > 0 ? STR("") : STR("x");
    CHECK(!sigv4_is_signed(scope, request, &claim, &key));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    http_header headers[HTTP_HEADERS_MAX];
    struct http_head head = {.headers = headers};
    str input = {(const char *)bytes, size};
    if (http_head_parse(input, &head) != HTTP_HEAD_OK || head.len > HEAD_BYTES_MAX)
        return 0;
    struct arena *arena = arena_new(ARENA_MAX);
    struct scope scope = {.arena = arena, .scratch = arena, .now_us = now_us};
    struct http_request request = {.arena = arena,
                                   .method = head.method,
                                   .path = head.path,
                                   .query = head.query,
                                   .headers = headers,
                                   .header_count = head.header_count,
                                   .body = str_slice(input, head.len, input.len)};
    check_claim(&scope, &request);
    arena_free(arena);
    return 0;
}
