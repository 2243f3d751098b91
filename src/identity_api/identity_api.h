/* identity_api.h - IAM and STS, as their clients speak: forms in, XML out.
 *
 * Purpose:   operations of operations.def by name, whoever asks: the server, or `stator iam` on a
 *            data directory.
 * Ownership: answers live in the request's arena.
 * Threads:   any that may wait: a change waits until it is durable.
 * Errors:    ErrorResponse documents in the services' words; never anything else.
 * Limits:    form.h's.
 */
#pragma once

#include "auth/identity.h"
#include "identity_api/form.h"
#include "item/scope.h"

struct identity_operation;

struct identity_answer {
    int http_status;
    str body;
    str request_id;
    str result; /* "ok", or the code of the error */
};

struct identity_request {
    struct arena *arena;
    int64_t now_us;
    struct principal *principal; /* who asks */
    str account_id, region;
    str source_ip, user_agent;
    bool secure_transport;
    /* ---- what identity_request_read fills ---- */
    str request_id;
    struct form form;
    const struct identity_operation *operation;
    str service; /* that the request must be signed for: "iam", "sts" */
};

/* "iam:CreateUser", and whom it is about, for the record of who did what; absent when the text was
 * no call, or the call names nobody. */
str identity_request_action(const struct identity_request *request);
str identity_request_subject(const struct identity_request *request);

/* False: `out` says why the text is no call. */
bool identity_request_read(struct identity_request *request, str text, struct identity_answer *out);
/* The answer to a request whose signature was refused; the scope says why. */
void identity_request_refuse(const struct identity_request *request, const struct scope *scope,
                             struct identity_answer *out);
/* Whether the caller may, then the operation. */
void identity_request_run(struct identities *identities, struct identity_request *request,
                          struct identity_answer *out);
