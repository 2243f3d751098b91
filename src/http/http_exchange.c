/* Exchanges are taken when bytes arrive and given back when the reply is out, newest first, so a
 * loop that serves one connection after the other keeps using the same warm memory. */
#include "base/check.h"
#include "http/http_int.h"

#include <stdlib.h>

enum { BODY_FIRST = 64 * 1024 };

struct exchange *exchange_take(struct loop *loop) {
    struct exchange *x = loop->spare;
    if (x != NULL) {
        loop->spare = x->next_spare;
        loop->spare_count--;
        return x;
    }
    struct http_server *server = loop->server;
    x = malloc(sizeof *x + server->buffer_size);
    CHECK(x != NULL);
    /* Not the headers and the buffer: pages never touched are never there. */
    memset(x, 0, offsetof(struct exchange, headers));
    /* A parsed tree takes up to some thirty times its text, a reply six times its items. */
    x->arena = arena_new(server->limits.body_bytes_max * 128 + ((size_t)64 << 20));
    return x;
}

static void body_free(struct http_server *server, struct exchange *x) {
    if (x->body == NULL)
        return;
    free(x->body);
    atomic_fetch_sub_explicit(&server->bodies_bytes, x->body_size, memory_order_relaxed);
    x->body = NULL;
    x->body_len = x->body_size = 0;
}

void exchange_count_reply(struct http_server *server, struct exchange *x) {
    size_t used = arena_used(x->arena);
    if (used <= ARENA_KEEP)
        return;
    x->reply_bytes = used;
    atomic_fetch_add_explicit(&server->replies_bytes, used, memory_order_relaxed);
}

/* Apart from the bodies: a few KB can unpack to what takes all there is, and that must not keep
 * bodies from arriving. */
bool http_request_reserve(struct http_request *request, size_t bytes) {
    struct http_server *server = request->server;
    if (server == NULL || bytes == request->reserved)
        return true;
    size_t most = server->limits.bodies_bytes_max, others;
    if (bytes > most / 4 * 3)
        bytes = most / 4 * 3;
    size_t all = atomic_load_explicit(&server->work_bytes, memory_order_relaxed);
    do {
        others = all - request->reserved;
        if (bytes > request->reserved && others + bytes > most)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&server->work_bytes, &all, others + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    request->reserved = bytes;
    return true;
}

void exchange_handled(struct exchange *x) {
    (void)http_request_reserve(&x->request, 0); /* less always fits */
}

bool exchange_replies_full(struct http_server *server) {
    return atomic_load_explicit(&server->replies_bytes, memory_order_relaxed) >
           REPLIES_PER_BODIES * server->limits.bodies_bytes_max;
}

void exchange_next(struct http_server *server, struct exchange *x) {
    body_free(server, x);
    if (x->reply_bytes != 0)
        atomic_fetch_sub_explicit(&server->replies_bytes, x->reply_bytes, memory_order_relaxed);
    x->reply_bytes = 0;
    arena_reset(x->arena, ARENA_KEEP);
    x->began_us = 0;
    x->scanned = 0;
    x->chunk = (struct http_chunk){};
    x->reply = (struct http_reply){};
}

void exchange_free(struct exchange *x) {
    if (x == NULL)
        return;
    CHECK(x->body == NULL);
    arena_free(x->arena);
    free(x);
}

void exchange_give_back(struct loop *loop, struct exchange *x) {
    exchange_next(loop->server, x);
    x->from = x->to = 0;
    if (loop->spare_count == EXCHANGES_SPARE_MAX) {
        exchange_free(x);
        return;
    }
    x->next_spare = loop->spare;
    loop->spare = x;
    loop->spare_count++;
}

/* Doubling, by realloc: above the allocator's threshold the kernel moves pages, not bytes. Memory
 * follows the bytes that came, not the length that was announced. */
bool exchange_body_reserve(struct http_server *server, struct exchange *x, size_t more,
                           size_t whole) {
    CHECK(more > 0 && x->body_len + more <= whole);
    if (x->body_size - x->body_len >= more)
        return true;
    size_t size = x->body_size == 0 ? BODY_FIRST : x->body_size * 2;
    if (size < x->body_len + more)
        size = x->body_len + more;
    if (size > whole)
        size = whole;
    size_t grown = size - x->body_size;
    size_t before = atomic_fetch_add_explicit(&server->bodies_bytes, grown, memory_order_relaxed);
    char *body = NULL;
    if (before + grown <= server->limits.bodies_bytes_max)
        body = realloc(x->body, size);
    if (body == NULL) {
        atomic_fetch_sub_explicit(&server->bodies_bytes, grown, memory_order_relaxed);
        return false;
    }
    x->body = body;
    x->body_size = size;
    return true;
}
