/* http.h - a strict HTTP/1.1 server on epoll.
 *
 * Purpose:   listening, event loops, parsing; hands out complete requests, takes whole replies.
 * Ownership: a request and its arena live from the call of `handle` until its reply has been
 *            written; what a reply points to must live in that arena (or for ever).
 * Threads:   one loop a core; `handle` is called on a loop (which must not wait) and, after
 *            ST_WOULD_WAIT, once more from its start on a worker of the pool, where waiting is
 *            allowed. http_release may be called by any thread.
 * Errors:    what breaks RFC 9112 is refused with 400 and the connection closed: a second or
 *            malformed Content-Length, Content-Length with Transfer-Encoding, bare LF, blanks
 * before a colon, obsolete folding, a head above head_bytes_max; 413 for a body above
 *            body_bytes_max; 408 for a head or body that takes longer than request_timeout_ms; 503
 *            when the worker queue or the connections are full. Where TLS is spoken, a handshake
 *            that takes longer than HANDSHAKE_MS_MAX is cut, and plain HTTP is told so, once.
 * Limits:    struct http_limits. An idle connection holds no buffer and no arena.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "http/tls.h"

enum { HTTP_HEADERS_MAX = 100 };

typedef struct http_header {
    str name, value; /* value is trimmed */
} http_header;

struct http_request {
    struct arena *arena;
    str method, path, query;    /* path without query, as sent */
    const http_header *headers; /* in the order as sent */
    size_t header_count;
    str body;            /* whole, chunks joined */
    char peer[46];       /* address as text */
    bool secure;         /* came over TLS */
    int64_t received_us; /* clock_monotonic_us when its first byte was read */
    /* http_request_reserve's own */
    struct http_server *server; /* NULL: nothing is counted */
    size_t reserved;
};

/* Whether an address as text, such as a request's peer, is one of this machine's own. */
bool http_is_loopback(const char *address);
/* The first header of that name (case folded); {NULL, 0} when absent. */
str http_request_header(const struct http_request *request, str name);

/* Handling the request may take so many bytes in all, besides its body as it came: they are
 * counted, in place of what was said before, until it has been handled. For large requests, which
 * say so before they take it. False: they don't fit into bodies_bytes_max, beside those of others;
 * `handle` then answers ST_FULL. No request counts as more than three quarters of that, so the
 * largest are served, too: one at a time, and smaller ones beside it. */
bool http_request_reserve(struct http_request *request, size_t bytes);

struct http_reply {
    int status;       /* 200, 400 … */
    str content_type; /* may be absent */
    str headers;      /* further header lines, each ended by CRLF; may be empty */
    str body;
    bool close; /* end the connection after this reply */
    /* Non-zero: the reply is held until service.settled(ticket) is no longer HTTP_HELD. */
    uint64_t ticket;
    /* Non-zero: held, too, until clock_monotonic_us has reached it. */
    int64_t not_before_us;
    const void *note; /* the service's own, for `leaving` */
};

enum http_settled { HTTP_HELD, HTTP_SETTLED, HTTP_LOST };

struct http_service {
    void *context;
    struct tls *tls; /* what it is served over, borrowed; NULL: plain TCP */
    /* Fills the reply. ST_WOULD_WAIT: call again on a worker, from the start, with the arena as
     * it was before the call. ST_FULL: http_request_reserve refused; so is the request, with 503.
     * Any other status but ST_OK is a bug. */
    status (*handle)(void *context, struct http_request *request, struct http_reply *reply);
    enum http_settled (*settled)(void *context, uint64_t ticket);
    /* The ticket was lost: write the reply that says so instead. */
    void (*lost)(void *context, struct http_request *request, struct http_reply *reply);
    /* A reply of handle or lost has nothing more to wait for: it is about to be written, unless
     * the client has gone. On the loop, or, when the server is freed, by who frees it; may be
     * NULL. */
    void (*leaving)(void *context, const struct http_request *request,
                    const struct http_reply *reply);
};

struct http_limits {
    size_t loop_count;
    size_t worker_count;
    size_t connections_max;
    size_t head_bytes_max;
    size_t body_bytes_max;
    size_t bodies_bytes_max; /* of all requests in memory at one time; beyond: 503. What is made of
                              * large ones may take as much again (http_request_reserve), large
                              * replies that clients have not read four times as much. */
    int request_timeout_ms;  /* from the first byte of a head to the last of the body; of a new
                              * connection to its first byte; of a reply to its next byte */
    int idle_timeout_ms;     /* of a keep-alive connection */
    size_t reply_pace;       /* bytes a second at which a reply must be taken, on the whole */
};

struct http_server;

/* Binds and starts. On ST_IO (address in use, no permission) errno says why. */
status http_server_start(const char *host, uint16_t port, const struct http_service *service,
                         const struct http_limits *limits, struct http_server **out);
uint16_t http_server_port(const struct http_server *server);
/* Something was settled: every loop looks through its held replies. One wake-up a loop. May still
 * be called after http_server_stop, as what was accepted is settled then, too. */
void http_release(struct http_server *server);
/* Stops accepting, answers what is under way (for at most drain_ms), joins. */
void http_server_stop(struct http_server *server, int drain_ms); /* accepts NULL */
/* Once it has been stopped and nobody calls http_release any more. */
void http_server_free(struct http_server *server); /* accepts NULL */

struct http_stats {
    uint64_t connections_open, connections_accepted, requests, refused;
};
void http_server_stats(const struct http_server *server, struct http_stats *out);
