/* web_client.h - HTTP requests to others, signed.
 *
 * Purpose:   one POST at a time over a kept connection. libcurl does the work; it is loaded when
 *            the first client is made and not linked, because it and its thirty libraries would
 *            take longer to load than the server takes to start.
 * Ownership: web_client_free; an answer lives in the arena given.
 * Threads:   a client is one thread's at a time; `stop` may be set by any.
 * Errors:    a sentence in *out_problem; absent: there was an answer, of whatever status.
 * Limits:    WEB_ANSWER_BYTES_MAX; a request ends WEB_TIMEOUT_MS after it began, and within a
 *            second after `stop` was set.
 */
#pragma once

#include "base/arena.h"

#include <stdatomic.h>

enum { WEB_ANSWER_BYTES_MAX = 4 * 1024 * 1024, WEB_CONNECT_MS = 2000, WEB_TIMEOUT_MS = 10000 };

struct web_client;

/* NULL: libcurl can't be loaded; *out_problem is static text. */
struct web_client *web_client_new(const atomic_bool *stop, const char **out_problem);
void web_client_free(struct web_client *client); /* accepts NULL */

struct web_post {
    const char *url;
    const char *signing;     /* "aws:amz:us-east-1:kinesis" */
    const char *credentials; /* "id:secret" */
    const char *const *headers;
    size_t header_count;
    str body;
    const char *ca_file; /* whom to trust over TLS; NULL: whom the machine trusts */
};

/* The answer's status, or 0 and *out_problem. */
long web_client_post(struct web_client *client, struct arena *arena, const struct web_post *post,
                     str *out_answer, str *out_problem);
