/* http_test.h - a server with a small service, and a client that reads replies off a socket. */
#pragma once

#include "base/clock.h"
#include "base/thread.h"
#include "http/http.h"
#include "lib/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the paths of the service do:
 *   /hello      the text hello, with a header
 *   /echo       the body
 *   /big        BIG bytes
 *   /work       would wait; on a worker: the body, and how much of the arena was left over
 *   /gate       as /work, after the gate was posted; says `entered` when it is there
 *   /held?N     held until `settled_up_to` is at least N; lost when `lost` is set
 *   /work-held  both
 *   /close      ends the connection */
struct fixture {
    struct http_server *server;
    sem_t gate, entered;
    atomic_uint_fast64_t settled_up_to;
    atomic_bool lost;
    atomic_int handled, on_worker, lost_told;
    size_t arena_on_loop; /* used when /work was first called; one such request at a time */
    bool arena_differed;
};

enum { BIG = 8 << 20 };

static inline void fill(struct http_reply *reply, str body) {
    *reply = (struct http_reply){.status = 200, .content_type = STR("text/plain"), .body = body};
}

static inline status handle_work(struct fixture *f, struct http_request *request,
                                 struct http_reply *reply, bool gated) {
    if (!thread_may_wait()) {
        if (!gated)
            f->arena_on_loop = arena_used(request->arena);
        memset(arena_alloc(request->arena, 100000), 7, 100000);
        reply->status = 599; /* must not survive */
        return ST_WOULD_WAIT;
    }
    if (!gated)
        f->arena_differed |= arena_used(request->arena) != f->arena_on_loop;
    atomic_fetch_add(&f->on_worker, 1);
    if (gated) {
        sem_post(&f->entered);
        sem_wait(&f->gate);
    }
    fill(reply, arena_printf(request->arena, "worked on %.*s", STR_ARG(request->body)));
    return ST_OK;
}

static inline status fixture_handle(void *context, struct http_request *request,
                                    struct http_reply *reply) {
    static char big[BIG];
    struct fixture *f = context;
    atomic_fetch_add(&f->handled, 1);
    str path = request->path;
    if (str_eq(path, STR("/work")) || str_eq(path, STR("/gate")))
        return handle_work(f, request, reply, str_eq(path, STR("/gate")));
    if (str_eq(path, STR("/work-held")) && !thread_may_wait())
        return ST_WOULD_WAIT;
    fill(reply, STR("hello"));
    reply->headers = STR("X-Test: yes\r\n");
    if (str_eq(path, STR("/echo")))
        reply->body = arena_copy(request->arena, request->body);
    else if (str_eq(path, STR("/big")))
        reply->body = (str){big, sizeof big};
    else if (str_eq(path, STR("/close")))
        reply->close = true;
    else if (str_eq(path, STR("/held")) || str_eq(path, STR("/work-held")))
        assert_true(str_to_u64(request->query, &reply->ticket));
    else if (!str_eq(path, STR("/hello")))
        reply->status = 404;
    return ST_OK;
}

static inline enum http_settled fixture_settled(void *context, uint64_t ticket) {
    struct fixture *f = context;
    if (atomic_load(&f->lost))
        return HTTP_LOST;
    return atomic_load(&f->settled_up_to) >= ticket ? HTTP_SETTLED : HTTP_HELD;
}

static inline void fixture_lost(void *context, struct http_request *request,
                                struct http_reply *reply) {
    struct fixture *f = context;
    atomic_fetch_add(&f->lost_told, 1);
    fill(reply, arena_printf(request->arena, "lost %.*s", STR_ARG(request->query)));
    reply->status = 500;
}

static inline struct http_limits usual_limits(void) {
    return (struct http_limits){.loop_count = 2,
                                .worker_count = 2,
                                .connections_max = 10000,
                                .head_bytes_max = 16 * 1024,
                                .body_bytes_max = 1 << 20,
                                .bodies_bytes_max = 8 << 20,
                                .request_timeout_ms = 20000,
                                .idle_timeout_ms = 20000};
}

static inline void fixture_start(struct fixture *f, struct http_limits limits) {
    memset(f, 0, sizeof *f);
    sem_init(&f->gate, 0, 0);
    sem_init(&f->entered, 0, 0);
    struct http_service service = {
        .context = f, .handle = fixture_handle, .settled = fixture_settled, .lost = fixture_lost};
    assert_status(http_server_start("127.0.0.1", 0, &service, &limits, &f->server), ST_OK);
}

static inline void fixture_stop(struct fixture *f) {
    http_server_stop(f->server, 5000);
    sem_destroy(&f->gate);
    sem_destroy(&f->entered);
}

static inline struct http_stats stats_of(struct fixture *f) {
    struct http_stats stats;
    http_server_stats(f->server, &stats);
    return stats;
}

/* Waits until the server has that many open; a test that hangs here fails by the runner's time. */
static inline void await_open(struct fixture *f, size_t count) {
    while (stats_of(f).connections_open != count)
        usleep(1000);
}

static inline int client_open(struct fixture *f) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(f->server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static inline void client_send(int fd, str bytes) {
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes = str_slice(bytes, (size_t)sent, bytes.len);
    }
}

struct reply {
    int code;
    str head, body;
    char text[4096];
    size_t len;
};

/* Head byte by byte, so that nothing of a next reply is taken; then Content-Length bytes. Answers
 * false at the end of the stream. */
static inline bool client_read(int fd, struct reply *reply) {
    reply->len = 0;
    while (reply->len < 4 || memcmp(reply->text + reply->len - 4, "\r\n\r\n", 4) != 0) {
        assert_true(reply->len < sizeof reply->text);
        ssize_t got = recv(fd, reply->text + reply->len, 1, 0);
        if (got <= 0) {
            assert_int_equal(reply->len, 0);
            return false;
        }
        reply->len++;
    }
    reply->head = (str){reply->text, reply->len};
    reply->code = (int)strtol(reply->text + 9, NULL, 10);
    reply->body = (str){reply->text + reply->len, 0};
    const char *field = memmem(reply->text, reply->len, "Content-Length: ", 16);
    size_t length = field == NULL ? 0 : strtoul(field + 16, NULL, 10);
    assert_true(reply->len + length <= sizeof reply->text);
    while (reply->body.len < length) {
        ssize_t got =
            recv(fd, reply->text + reply->len + reply->body.len, length - reply->body.len, 0);
        assert_true(got > 0);
        reply->body.len += (size_t)got;
    }
    return true;
}

static inline void expect_reply(int fd, int code, const char *body) {
    struct reply reply;
    assert_true(client_read(fd, &reply));
    assert_int_equal(reply.code, code);
    if (body != NULL && !str_eq(reply.body, str_from_c(body)))
        fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(reply.body), body);
}

static inline void expect_end(int fd) {
    struct reply reply;
    assert_false(client_read(fd, &reply));
    close(fd);
}

/* The end comes as a reset, so that the server hears of it at once. */
static inline void client_reset(int fd) {
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(fd);
}

#define GET(path) STR("GET " path " HTTP/1.1\r\nHost: a\r\n\r\n")
