/* sigv4.h - signatures, version 4, of requests.
 *
 * Purpose:   reading what a request claims about who signed it, and checking that it is so.
 * Ownership: a claim borrows from the request and its arena.
 * Threads:   any.
 * Errors:    through the scope, in the service's words and its order: is there a signature at all;
 *            are its parts there; the time; the signed headers; the algorithm; the credential and
 *            its scope. The key and the signature itself come last, and are the caller's to ask
 *            for.
 * Limits:    100 headers (http.h), each named once by a signature, and 200 parts of a query: beyond
 *            them no signature is a true one. A request's time may be 15 minutes off.
 *
 * Sources: the public description of the signing process; texts as other implementations recorded
 * them from the service.
 */
#pragma once

#include "auth/sha256.h"
#include "http/http.h"
#include "item/scope.h"

enum { SIGV4_SKEW_S = 15 * 60, SIGV4_EXPIRES_MAX_S = 7 * 24 * 3600, SIGV4_SECRET_MAX = 256 };

struct sigv4_claim {
    bool in_query; /* a presigned request */
    str algorithm;
    str credential; /* id/date/region/service/terminator */
    str access_key_id, date, region, service, terminator;
    str time; /* "20150830T123600Z" */
    int64_t time_us;
    int64_t expires_s;  /* in_query: how long from then on; else 0 */
    str signed_headers; /* "host;x-amz-date" */
    str signature;      /* hex, unchecked */
    str session_token;  /* absent: none */
};

/* Whether the request's parts are there and have their form; needs no secret. */
status sigv4_read(struct scope *scope, const struct http_request *request, struct sigv4_claim *out);
/* Whose key it says it was signed with, as sigv4_read takes it, also where that refuses; empty
 * when it says nothing. Borrows from the request. */
str sigv4_claimed_id(const struct http_request *request);
/* Whether it was signed for us and now. */
status sigv4_check(struct scope *scope, struct sigv4_claim *claim, str region, str service);
/* What the request does must be signed with it: who catches a request would else make another
 * operation of it, with the same input. */
status sigv4_check_target(struct scope *scope, const struct http_request *request,
                          const struct sigv4_claim *claim);

/* The key for a day, a region and a service, of a secret of SIGV4_SECRET_MAX bytes at most. Cheap
 * enough to make, cheaper to keep. */
void sigv4_signing_key(str secret, str date, str region, str service, struct hmac_key *out);
/* Whether the signature is the one that this key makes of the request. */
bool sigv4_is_signed(struct scope *scope, const struct http_request *request,
                     const struct sigv4_claim *claim, const struct hmac_key *signing_key);
/* InvalidSignatureException; the answer to a false one. */
status sigv4_fail(struct scope *scope);
