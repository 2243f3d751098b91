/* audit_line.h - a request as a line of the audit log.
 *
 * Purpose:   who asked what of which tables, and what came of it; never what items hold.
 * Ownership: in the request's arena.
 * Threads:   any.
 * Errors:    none.
 * Limits:    AUDIT_TEXT_MAX bytes of what a client says of itself.
 */
#pragma once

#include "api/api.h"
#include "api/audit_note.h"
#include "http/http.h"

enum { AUDIT_TEXT_MAX = 256 };

/* What `leaving` is told of a call; without an audit log only the counts are there. */
struct call_note {
    struct api_counts counts; /* first: who only counts looks no further */
    str target;
    str principal; /* absent: nobody was asked, or the signature was not accepted */
    struct audit_note audit;
    /* Of a call of IAM or STS, whose operations are not among those counted; else absent. */
    str identity_action, identity_subject, identity_result;
    size_t room; /* reserved for the line */
};

/* What the line of this request may take at most, known before it is read. */
size_t audit_line_room(const struct http_request *request);

str audit_line(const struct http_request *request, const struct http_reply *reply,
               const struct call_note *note);
