/* http_test.h - a server with a small service. */
#pragma once

#include "base/clock.h"
#include "base/thread.h"
#include "http/http.h"
#include "http_client.h"
#include "lib/test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <unistd.h>

/* What the paths of the service do:
 *   /hello      the text hello, with a header
 *   /echo       the body
 *   /big        BIG bytes
 *   /work       would wait; on a worker: the body, and how much of the arena was left over
 *   /gate       as /work, after the gate was posted; says `entered` when it is there
 *   /held?N     held until `settled_up_to` is at least N; lost when `lost` is set
 *   /work-held  both
 *   /later?MS   leaves after so many milliseconds
 *   /reserve?N  hello, when N bytes of work fit
 *   /busy?N     as /reserve, and as /gate
 *   /close      ends the connection */
struct fixture {
    struct http_server *server;
    sem_t gate, entered;
    atomic_uint_fast64_t settled_up_to;
    atomic_bool lost;
    atomic_int handled, on_worker, lost_told, left;
    size_t arena_on_loop; /* used when /work was first called; one such request at a time */
    bool arena_differed;
};

enum { BIG = 24 << 20 };

static inline void fill(struct http_reply *reply, str body) {
    *reply = (struct http_reply){.status = 200, .content_type = STR("text/plain"), .body = body};
}

static inline void fill_later(const struct http_request *request, struct http_reply *reply) {
    uint64_t ms;
    assert_true(str_to_u64(request->query, &ms));
    reply->not_before_us = request->received_us + (int64_t)ms * 1000;
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

static inline status handle_reserve(struct fixture *f, struct http_request *request,
                                    struct http_reply *reply) {
    uint64_t bytes;
    assert_true(str_to_u64(request->query, &bytes));
    /* First too little, then what it is: the last word counts. */
    if (!http_request_reserve(request, bytes / 2) || !http_request_reserve(request, bytes))
        return ST_FULL;
    if (str_eq(request->path, STR("/busy")))
        return handle_work(f, request, reply, true);
    fill(reply, STR("hello"));
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
    if (str_eq(path, STR("/reserve")) || str_eq(path, STR("/busy")))
        return handle_reserve(f, request, reply);
    if (str_eq(path, STR("/work-held")) && !thread_may_wait())
        return ST_WOULD_WAIT;
    fill(reply, STR("hello"));
    reply->headers = STR("X-Test: yes\r\n");
    reply->note = request->arena;
    if (str_eq(path, STR("/echo")))
        reply->body = arena_copy(request->arena, request->body);
    else if (str_eq(path, STR("/big")))
        reply->body = (str){big, sizeof big};
    else if (str_eq(path, STR("/close")))
        reply->close = true;
    else if (str_eq(path, STR("/held")) || str_eq(path, STR("/work-held")))
        assert_true(str_to_u64(request->query, &reply->ticket));
    else if (str_eq(path, STR("/later")))
        fill_later(request, reply);
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

/* Every reply of handle or lost passes here once, with what handle noted. */
static inline void fixture_leaving(void *context, const struct http_request *request,
                                   const struct http_reply *reply) {
    struct fixture *f = context;
    assert_int_equal(reply->ticket, 0);
    assert_true(reply->note == NULL || reply->note == request->arena);
    atomic_fetch_add(&f->left, 1);
}

static inline struct http_limits usual_limits(void) {
    return (struct http_limits){.loop_count = 2,
                                .worker_count = 2,
                                .connections_max = 10000,
                                .head_bytes_max = 16 * 1024,
                                .body_bytes_max = 1 << 20,
                                .bodies_bytes_max = 8 << 20,
                                .request_timeout_ms = 20000,
                                .idle_timeout_ms = 20000,
                                .reply_pace = 1024};
}

static inline void fixture_start(struct fixture *f, struct http_limits limits) {
    memset(f, 0, sizeof *f);
    sem_init(&f->gate, 0, 0);
    sem_init(&f->entered, 0, 0);
    struct http_service service = {.context = f,
                                   .handle = fixture_handle,
                                   .settled = fixture_settled,
                                   .lost = fixture_lost,
                                   .leaving = fixture_leaving};
    assert_status(http_server_start("127.0.0.1", 0, &service, &limits, &f->server), ST_OK);
}

static inline void fixture_stop(struct fixture *f) {
    http_server_stop(f->server, 5000);
    http_server_free(f->server);
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
    return client_connect(http_server_port(f->server));
}
