/* http_head.h - the head of a request: request line, header fields, and how long its body is.
 *
 * Purpose:   bytes to fields, strictly as RFC 9112 has it, and every framing decision that rests
 *            on them. Pure: knows no sockets, so that it can be tested and fuzzed alone.
 * Ownership: what it answers points into the bytes given.
 * Threads:   any.
 * Errors:    HTTP_HEAD_REFUSED with the status to answer and a sentence that says why.
 * Limits:    HTTP_HEADERS_MAX fields; the caller bounds the bytes.
 */
#pragma once

#include "http/http.h"

struct http_head {
    str method, path, query;
    http_header *headers; /* room for HTTP_HEADERS_MAX, the caller's */
    size_t header_count;
    size_t len; /* of the head, blank line included */
    uint64_t content_length;
    bool chunked;    /* then content_length is 0 */
    bool keep_alive; /* what the client asked for, or the default of its version */
    bool old;        /* HTTP/1.0 */
    bool expect_continue;
    int status;      /* when refused: 400, 417, 501 or 505 */
    const char *why; /* when refused: for the body of the reply */
};

enum http_head_result { HTTP_HEAD_OK, HTTP_HEAD_INCOMPLETE, HTTP_HEAD_REFUSED };

/* head->headers is set by the caller; all else is written. INCOMPLETE: nothing wrong so far. */
enum http_head_result http_head_parse(str bytes, struct http_head *head);

/* Length of the head that stands complete at the front of bytes, right or wrong, or 0. Cheap to
 * ask again after more bytes came: *scanned (0 at first) remembers how far it looked. When this is
 * not 0, http_head_parse does not answer INCOMPLETE. */
size_t http_head_end(str bytes, size_t *scanned);
