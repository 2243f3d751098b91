/* What a connection does next. One request at a time; bytes of the next wait in the buffer.
 *
 * (HANDSHAKE, over TLS)
 *        ┌──────────────── next request ─────────────────┐
 *        ▼                                               │
 *      HEAD ──► BODY ──► handle ──────────────────► WRITING ──► LINGERING ──► CLOSED
 *      (idle: no exchange)  │  └─► WORKING ─► HELD ─►  ▲
 *                           └────────────► HELD ───────┘
 *
 * A reply may have to wait for its time, too: DELAYED, between HELD and WRITING.
 *
 * epoll is edge-triggered and never told anything after the connection was added: `readable`
 * remembers an edge until a read comes back short, so the usual request costs one epoll_wait, one
 * recv and one sendmsg. */
#include "base/check.h"
#include "base/clock.h"
#include "http/http_tls.h"

#include <errno.h>
#include <limits.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TURN_STEPS = 64,            /* before others are served; one is a read, a request or a write */
    BODY_READ_MAX = 128 * 1024, /* in one step */
    DISCARD_STEP = 16 * 1024,
};

/* Whether there may be more to do at once. */
enum next { GO_ON, WAIT };

enum { READ_NOTHING = -1, READ_FAILED = -2 };

static const char replies_full[] = "too many bytes of replies wait to be read";
static const char bodies_full[] = "too many bytes of requests are in memory";

static struct http_server *server_of(struct connection *c) {
    return c->loop->server;
}

static ssize_t read_tls(struct connection *c, char *at, size_t size) {
    ssize_t got = tls_read(c, at, size);
    if (got < 0)
        return errno == EAGAIN ? READ_NOTHING : READ_FAILED;
    return got;
}

static ssize_t connection_read(struct connection *c, char *at, size_t size) {
    if (__builtin_expect(c->tls != NULL, 0))
        return read_tls(c, at, size);
    if (!c->readable)
        return READ_NOTHING;
    ssize_t got;
    do
        got = recv(c->fd, at, size, 0);
    while (got < 0 && errno == EINTR);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
        c->readable = false;
        return READ_NOTHING;
    }
    if (got < 0)
        return READ_FAILED;
    /* A short read has emptied the socket; whatever comes later is a new edge. */
    if ((size_t)got < size && !c->peer_closed)
        c->readable = false;
    return got;
}

static int64_t after_ms(struct connection *c, int ms) {
    return c->loop->now_us + (int64_t)ms * 1000;
}

/* What was done is told of, whether or not anybody waits to hear of it. */
static void tell_leaving(struct connection *c) {
    const struct http_service *service = &server_of(c)->service;
    if (service->leaving != NULL)
        service->leaving(service->context, &c->exchange->request, &c->exchange->reply);
}

void connection_close(struct connection *c) {
    if (c->state == CONNECTION_CLOSED || c->gone)
        return;
    if (c->state == CONNECTION_HANDSHAKE && c->tls != NULL)
        c->loop->handshakes--;
    if (c->tls != NULL)
        tls_end(c);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    if (c->state == CONNECTION_WORKING || c->state == CONNECTION_HELD) {
        c->gone = true;
        return;
    }
    struct loop *loop = c->loop;
    if (c->state == CONNECTION_DELAYED)
        tell_leaving(c);
    queue_remove(c);
    if (c->exchange != NULL)
        exchange_give_back(loop, c->exchange);
    c->exchange = NULL;
    *(c->newer != NULL ? &c->newer->older : &loop->newest) = c->older;
    if (c->older != NULL)
        c->older->newer = c->newer;
    c->state = CONNECTION_CLOSED;
    queue_add(&loop->closed, c);
    atomic_fetch_sub_explicit(&loop->open, 1, memory_order_relaxed);
}

static enum next closed(struct connection *c) {
    connection_close(c);
    return WAIT;
}

static enum next start_writing(struct connection *c) {
    struct exchange *x = c->exchange;
    if (atomic_load_explicit(&server_of(c)->stopping, memory_order_relaxed))
        x->close = true;
    reply_compose(c->loop, x);
    c->state = CONNECTION_WRITING;
    c->deadline_us = after_ms(c, server_of(c)->limits.request_timeout_ms);
    size_t size = x->out[0].iov_len + x->out[1].iov_len;
    x->taken_by_us = c->deadline_us + (int64_t)(size * 1000000 / server_of(c)->limits.reply_pace);
    return GO_ON;
}

static enum next refuse(struct connection *c, int code, const char *why) {
    count_up(&c->loop->refused);
    reply_refuse(c->exchange, code, why);
    return start_writing(c);
}

static enum next send_reply(struct connection *c) {
    struct exchange *x = c->exchange;
    struct loop *loop = c->loop;
    if (c->gone) {
        tell_leaving(c);
        c->gone = false;
        c->state = CONNECTION_HEAD;
        return closed(c);
    }
    if (x->reply.not_before_us > loop->now_us) {
        c->state = CONNECTION_DELAYED;
        c->deadline_us = INT64_MAX;
        queue_add(&loop->delayed, c);
        if (x->reply.not_before_us < loop->delayed_due_us)
            loop->delayed_due_us = x->reply.not_before_us;
        return WAIT;
    }
    tell_leaving(c);
    x->close = !x->head.keep_alive || x->reply.close;
    return start_writing(c);
}

static enum next settle(struct connection *c) {
    const struct http_service *service = &server_of(c)->service;
    struct exchange *x = c->exchange;
    enum http_settled settled = service->settled(service->context, x->reply.ticket);
    if (settled == HTTP_HELD)
        return WAIT;
    queue_remove(c);
    atomic_fetch_sub(&c->loop->held_count, 1);
    x->reply.ticket = 0;
    if (settled == HTTP_LOST)
        service->lost(service->context, &x->request, &x->reply);
    return send_reply(c);
}

static enum next reply_ready(struct connection *c) {
    if (c->exchange->reply.ticket == 0)
        return send_reply(c);
    c->state = CONNECTION_HELD;
    c->deadline_us = INT64_MAX;
    queue_add(&c->loop->held, c);
    /* Counted first, asked second; who settles publishes first and touches the count second. Both
     * touches are read-modify-writes of one variable, so one comes after the other: either
     * http_release finds us counted and wakes the loop, or we see what it published. */
    atomic_fetch_add(&c->loop->held_count, 1);
    return settle(c);
}

static void work(void *argument) {
    struct connection *c = argument;
    struct exchange *x = c->exchange;
    const struct http_service *service = &server_of(c)->service;
    if (exchange_replies_full(server_of(c))) {
        reply_refuse(x, 503, replies_full);
    } else {
        status st = service->handle(service->context, &x->request, &x->reply);
        if (st == ST_FULL)
            reply_refuse(x, 503, bodies_full);
        else
            CHECK(st == ST_OK);
        exchange_count_reply(server_of(c), x);
        exchange_handled(x);
    }
    loop_post(c->loop, c);
}

static enum next handle(struct connection *c) {
    struct exchange *x = c->exchange;
    struct http_server *server = server_of(c);
    count_up(&c->loop->requests);
    if (exchange_replies_full(server))
        return refuse(c, 503, replies_full);
    arena_mark mark = arena_get_mark(x->arena);
    status st = server->service.handle(server->service.context, &x->request, &x->reply);
    if (st == ST_OK)
        exchange_count_reply(server, x);
    exchange_handled(x);
    if (st == ST_OK)
        return reply_ready(c);
    if (st == ST_FULL)
        return refuse(c, 503, bodies_full);
    CHECK(st == ST_WOULD_WAIT);
    arena_rewind(x->arena, mark);
    x->reply = (struct http_reply){};
    c->state = CONNECTION_WORKING;
    c->deadline_us = INT64_MAX;
    if (pool_add(server->pool, work, c))
        return WAIT; /* the exchange is the worker's from here on */
    return refuse(c, 503, "too many requests are waiting");
}

static enum next body_whole(struct connection *c, str body) {
    c->exchange->request.body = body;
    return handle(c);
}

/* A few bytes into a socket buffer that holds at most replies the client has not read yet. Where
 * they don't fit the client goes on without them after its own time, as RFC 9110 tells it to; TLS
 * has a record of them by then, which would have to be sent before anything else. */
static bool send_continue(struct connection *c) {
    const struct iovec out[2] = {{(void *)(uintptr_t)reply_continue.ptr, reply_continue.len}};
    ssize_t sent = c->tls != NULL
                       ? tls_write(c, out)
                       : send(c->fd, reply_continue.ptr, reply_continue.len, MSG_NOSIGNAL);
    return sent == (ssize_t)reply_continue.len ||
           (sent < 0 && c->tls == NULL && (errno == EAGAIN || errno == EWOULDBLOCK));
}

/* The head is known, its body has not wholly arrived. The head stands at the buffer's front. */
static enum next start_body(struct connection *c) {
    struct exchange *x = c->exchange;
    c->state = CONNECTION_BODY;
    if (x->head.expect_continue && x->from == x->to && !send_continue(c))
        return closed(c);
    return GO_ON;
}

static enum next head_whole(struct connection *c) {
    struct exchange *x = c->exchange;
    struct http_server *server = server_of(c);
    if (x->head.len > server->limits.head_bytes_max)
        return refuse(c, 400, "a head above the limit");
    if (x->head.content_length > server->limits.body_bytes_max)
        return refuse(c, 413, "a body above the limit");
    size_t length = (size_t)x->head.content_length;
    bool whole = !x->head.chunked && x->to - x->from - x->head.len >= length;
    if (!whole && x->from != 0) {
        /* Behind another request, and without all of its body: to the front, where there is room.
         * Its slices moved, so it is parsed again. */
        memmove(x->buffer, x->buffer + x->from, x->to - x->from);
        x->to -= x->from;
        x->from = 0;
        return GO_ON;
    }
    x->from += x->head.len;
    x->body_at = x->from;
    x->request = (struct http_request){.arena = x->arena,
                                       .method = x->head.method,
                                       .path = x->head.path,
                                       .query = x->head.query,
                                       .headers = x->headers,
                                       .header_count = x->head.header_count,
                                       .secure = c->tls != NULL,
                                       .received_us = x->began_us,
                                       .server = server};
    memcpy(x->request.peer, c->peer, sizeof c->peer);
    if (!whole)
        return start_body(c);
    x->from += length;
    return body_whole(c, (str){x->buffer + x->body_at, length});
}

static enum http_head_result parse_head(struct exchange *x) {
    str bytes = {x->buffer + x->from, x->to - x->from};
    if (x->scanned != 0 && http_head_end(bytes, &x->scanned) == 0)
        return HTTP_HEAD_INCOMPLETE;
    x->head.headers = x->headers;
    enum http_head_result result = http_head_parse(bytes, &x->head);
    if (result == HTTP_HEAD_INCOMPLETE)
        (void)http_head_end(bytes, &x->scanned); /* from now on only what is new is looked at */
    return result;
}

/* Nothing has arrived but what is in the buffer, and that is no whole head. */
static enum next read_more_head(struct connection *c) {
    struct exchange *x = c->exchange;
    if (x->from != 0) {
        memmove(x->buffer, x->buffer + x->from, x->to - x->from);
        x->to -= x->from;
        x->from = 0;
    }
    ssize_t got = connection_read(c, x->buffer + x->to, server_of(c)->buffer_size - x->to);
    if (got > 0) {
        x->to += (size_t)got;
        return GO_ON;
    }
    if (got != READ_NOTHING)
        return closed(c);
    if (x->to == 0) {
        exchange_give_back(c->loop, x);
        c->exchange = NULL;
    }
    return WAIT;
}

static enum next read_head(struct connection *c) {
    if (c->exchange == NULL)
        c->exchange = exchange_take(c->loop);
    struct exchange *x = c->exchange;
    if (x->from == x->to)
        return read_more_head(c);
    if (x->began_us == 0) {
        x->began_us = c->loop->now_us = clock_monotonic_us();
        c->deadline_us = after_ms(c, server_of(c)->limits.request_timeout_ms);
    }
    switch (parse_head(x)) {
    case HTTP_HEAD_OK:
        return head_whole(c);
    case HTTP_HEAD_REFUSED:
        return refuse(c, x->head.status, x->head.why);
    case HTTP_HEAD_INCOMPLETE:
        break;
    }
    if (x->to - x->from >= server_of(c)->limits.head_bytes_max)
        return refuse(c, 400, "a head above the limit");
    return read_more_head(c);
}

/* More of the body, after what the buffer holds. */
static enum next read_into_buffer(struct connection *c) {
    struct exchange *x = c->exchange;
    ssize_t got = connection_read(c, x->buffer + x->to, server_of(c)->buffer_size - x->to);
    if (got == READ_NOTHING)
        return WAIT;
    if (got <= 0)
        return closed(c);
    x->to += (size_t)got;
    return GO_ON;
}

/* Its first bytes come by way of the buffer (an announced length costs no memory), the others go
 * straight to where they will stay, and none beyond the body's end are read. */
static enum next read_body_heap(struct connection *c) {
    struct exchange *x = c->exchange;
    size_t whole = (size_t)x->head.content_length, arrived = x->to - x->from;
    if (x->body_len == whole)
        return body_whole(c, (str){x->body, whole});
    if (x->body == NULL && arrived == 0)
        return read_into_buffer(c);
    if (!exchange_body_reserve(server_of(c), x, arrived != 0 ? arrived : 1, whole))
        return refuse(c, 503, bodies_full);
    if (arrived != 0) {
        memcpy(x->body, x->buffer + x->from, arrived);
        x->body_len = arrived;
        x->from = x->to;
        return GO_ON;
    }
    size_t room = x->body_size - x->body_len;
    ssize_t got =
        connection_read(c, x->body + x->body_len, room < BODY_READ_MAX ? room : BODY_READ_MAX);
    if (got == READ_NOTHING)
        return WAIT;
    if (got <= 0)
        return closed(c);
    x->body_len += (size_t)got;
    return GO_ON;
}

static enum next read_body_buffered(struct connection *c) {
    struct exchange *x = c->exchange;
    size_t whole = (size_t)x->head.content_length;
    if (x->to - x->from >= whole) {
        x->from += whole;
        return body_whole(c, (str){x->buffer + x->body_at, whole});
    }
    return read_into_buffer(c);
}

static enum next read_body_chunked(struct connection *c) {
    struct exchange *x = c->exchange;
    struct http_server *server = server_of(c);
    str in = {x->buffer + x->from, x->to - x->from}, data;
    enum http_chunk_result result;
    while ((result = http_chunk_next(&x->chunk, &in, &data)) == HTTP_CHUNK_DATA) {
        if (data.len > server->limits.body_bytes_max - x->body_len)
            return refuse(c, 413, "a body above the limit");
        if (!exchange_body_reserve(server, x, data.len, server->limits.body_bytes_max))
            return refuse(c, 503, bodies_full);
        memcpy(x->body + x->body_len, data.ptr, data.len);
        x->body_len += data.len;
    }
    x->from = x->to - in.len;
    if (result == HTTP_CHUNK_BAD)
        return refuse(c, 400, "a body whose chunks are malformed");
    if (result == HTTP_CHUNK_DONE)
        return body_whole(c, (str){x->body_len ? x->body : "", x->body_len});
    x->from = x->to = x->body_at;
    return read_into_buffer(c);
}

static enum next read_body(struct connection *c) {
    struct exchange *x = c->exchange;
    if (x->head.chunked)
        return read_body_chunked(c);
    bool fits = x->body_at + x->head.content_length <= server_of(c)->buffer_size;
    return fits ? read_body_buffered(c) : read_body_heap(c);
}

/* Closing at once with input unread would reset the connection, and the client might never see what
 * we said. */
static enum next linger(struct connection *c) {
    if (c->tls != NULL)
        tls_end(c);
    shutdown(c->fd, SHUT_WR);
    c->state = CONNECTION_LINGERING;
    c->deadline_us = after_ms(c, LINGER_MS);
    return GO_ON;
}

static enum next replied(struct connection *c) {
    struct exchange *x = c->exchange;
    if (x->close) {
        exchange_give_back(c->loop, x);
        c->exchange = NULL;
        return linger(c);
    }
    exchange_next(server_of(c), x);
    c->state = CONNECTION_HEAD;
    c->deadline_us = after_ms(c, server_of(c)->limits.idle_timeout_ms);
    if (x->from != x->to || c->readable || (c->tls != NULL && tls_pending(c)))
        return GO_ON;
    exchange_give_back(c->loop, x);
    c->exchange = NULL;
    return WAIT;
}

static enum next write_reply(struct connection *c) {
    struct exchange *x = c->exchange;
    struct iovec *out = x->out;
    struct msghdr message = {.msg_iov = out, .msg_iovlen = 2};
    ssize_t sent = c->tls != NULL ? tls_write(c, out) : sendmsg(c->fd, &message, MSG_NOSIGNAL);
    if (sent < 0) {
        if (errno == EINTR)
            return GO_ON;
        return errno == EAGAIN || errno == EWOULDBLOCK ? WAIT : closed(c);
    }
    size_t left = (size_t)sent;
    for (int i = 0; i < 2; i++) {
        size_t part = left < out[i].iov_len ? left : out[i].iov_len;
        out[i].iov_base = (char *)out[i].iov_base + part;
        out[i].iov_len -= part;
        left -= part;
    }
    if (out[0].iov_len + out[1].iov_len == 0)
        return replied(c);
    c->deadline_us = after_ms(c, server_of(c)->limits.request_timeout_ms);
    if (c->deadline_us > x->taken_by_us) /* a byte now and then keeps no reply in memory */
        c->deadline_us = x->taken_by_us;
    return GO_ON; /* until the kernel says that it is full: only then does an edge follow */
}

/* ---- TLS ---- */

/* Nothing is made for a connection before its first byte, and nothing for one that can't mean it.
 */
static enum next first_byte(struct connection *c) {
    char first;
    ssize_t got = recv(c->fd, &first, 1, MSG_PEEK);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
        c->readable = errno == EINTR;
        return c->readable ? GO_ON : WAIT;
    }
    if (got <= 0)
        return closed(c);
    if (first != TLS_HANDSHAKE_BYTE) {
        count_up(&c->loop->refused);
        (void)send(c->fd, reply_speaks_tls.ptr, reply_speaks_tls.len, MSG_NOSIGNAL);
        return linger(c);
    }
    if (c->loop->handshakes >= HANDSHAKES_MAX || !tls_begin(c)) {
        count_up(&c->loop->refused);
        return closed(c);
    }
    c->loop->handshakes++;
    return GO_ON;
}

static enum next handshake(struct connection *c) {
    if (c->tls == NULL)
        return c->readable ? first_byte(c) : WAIT;
    enum tls_progress progress = tls_handshake(c);
    if (progress == TLS_WAITS)
        return WAIT;
    c->loop->handshakes--;
    if (progress == TLS_BROKEN) {
        count_up(&c->loop->refused);
        return linger(c); /* the alert says why */
    }
    c->state = CONNECTION_HEAD;
    c->deadline_us = after_ms(c, server_of(c)->limits.idle_timeout_ms);
    return GO_ON;
}

static enum next discard(struct connection *c) {
    char unread[DISCARD_STEP];
    ssize_t got = recv(c->fd, unread, sizeof unread, 0);
    if (got > 0 || (got < 0 && errno == EINTR))
        return GO_ON;
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) ? WAIT : closed(c);
}

static enum next step(struct connection *c) {
    switch (c->state) {
    case CONNECTION_HANDSHAKE:
        return handshake(c);
    case CONNECTION_HEAD:
        return read_head(c);
    case CONNECTION_BODY:
        return read_body(c);
    case CONNECTION_WRITING:
        return write_reply(c);
    case CONNECTION_LINGERING:
        return discard(c);
    case CONNECTION_NEW:
    case CONNECTION_WORKING:
    case CONNECTION_HELD:
    case CONNECTION_DELAYED:
    case CONNECTION_CLOSED:
        break;
    }
    return WAIT;
}

void connection_run(struct connection *c) {
    if (c->queue == &c->loop->again)
        queue_remove(c);
    for (int steps = 0; steps < TURN_STEPS; steps++)
        if (step(c) == WAIT)
            return;
    queue_add(&c->loop->again, c);
}

void connection_event(struct connection *c, uint32_t events) {
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        c->readable = true;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        c->peer_closed = true;
    bool broken = (events & (EPOLLHUP | EPOLLERR)) != 0;
    bool awaited = c->state == CONNECTION_WORKING || c->state == CONNECTION_HELD ||
                   c->state == CONNECTION_DELAYED;
    /* A client that only ended its side still gets its reply. While WORKING the links of the queue
     * are the worker's, for the mailbox: nothing here may look at them. */
    if (broken && awaited)
        connection_close(c);
    else if (!awaited)
        connection_run(c);
}

void connection_worked(struct connection *c) {
    if (reply_ready(c) == GO_ON)
        connection_run(c);
}

void connection_settle(struct connection *c) {
    CHECK(c->state == CONNECTION_HELD);
    if (settle(c) == GO_ON)
        connection_run(c);
}

void connection_due(struct connection *c) {
    CHECK(c->state == CONNECTION_DELAYED);
    queue_remove(c);
    if (send_reply(c) == GO_ON)
        connection_run(c);
}

void connection_abandon(struct connection *c) {
    CHECK(c->state == CONNECTION_WORKING || c->state == CONNECTION_HELD);
    queue_remove(c);
    c->exchange->reply.ticket = 0;
    if (c->exchange->reply.status != 0) /* else no worker has come to it */
        tell_leaving(c);
    c->gone = false;
    c->state = CONNECTION_HEAD;
    connection_close(c);
}

void connection_timeout(struct connection *c) {
    bool in_request =
        c->exchange != NULL && (c->state == CONNECTION_BODY || c->state == CONNECTION_HEAD);
    if (!in_request) {
        connection_close(c);
        return;
    }
    if (refuse(c, 408, "the request took too long to arrive") == GO_ON)
        connection_run(c);
}
