/* Start and stop, and what other threads may ask. */
#include "base/check.h"
#include "base/clock.h"
#include "http/http_int.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096 };

str http_request_header(const struct http_request *request, str name) {
    for (size_t i = 0; i < request->header_count; i++)
        if (str_eq_nocase(request->headers[i].name, name))
            return request->headers[i].value;
    return (str){};
}

/* A socket that listens, or -1 with errno. */
static int listen_on(const struct addrinfo *address) {
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int on = 1, off = 0;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* Accepted sockets inherit it: one call less a connection. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (address->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

static int listen_at(const char *host, uint16_t port) {
    char port_text[8];
    snprintf(port_text, sizeof port_text, "%u", (unsigned)port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *all = NULL;
    int failed = getaddrinfo(host, port_text, &hints, &all);
    if (failed != 0) {
        if (failed != EAI_SYSTEM)
            errno = EADDRNOTAVAIL;
        return -1;
    }
    int fd = -1;
    for (const struct addrinfo *one = all; one != NULL && fd < 0; one = one->ai_next)
        fd = listen_on(one);
    int why = errno;
    freeaddrinfo(all);
    errno = why;
    return fd;
}

static uint16_t bound_port(int listener) {
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    return ntohs(address.ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)(const void *)&address)->sin6_port
                     : ((const struct sockaddr_in *)(const void *)&address)->sin_port);
}

status http_server_start(const char *host, uint16_t port, const struct http_service *service,
                         const struct http_limits *limits, struct http_server **out) {
    CHECK(limits->loop_count > 0 && limits->worker_count > 0 && limits->connections_max > 0);
    CHECK(limits->head_bytes_max > 0 && limits->body_bytes_max > 0);
    CHECK(limits->reply_pace > 0);
    CHECK(limits->request_timeout_ms > 0 && limits->idle_timeout_ms > 0);
    int listener = listen_at(host, port);
    if (listener < 0)
        return ST_IO;
    struct http_server *server = calloc(1, sizeof *server);
    CHECK(server != NULL);
    server->service = *service;
    server->limits = *limits;
    server->buffer_size = limits->head_bytes_max + BODY_ROOM;
    server->listener = listener;
    server->port = bound_port(listener);
    server->pool =
        pool_new("http-worker", limits->worker_count, limits->worker_count * QUEUE_PER_WORKER);
    size_t loops_bytes = limits->loop_count * sizeof(struct loop);
    server->loops = aligned_alloc(_Alignof(struct loop), loops_bytes);
    CHECK(server->loops != NULL);
    memset(server->loops, 0, loops_bytes);
    for (size_t i = 0; i < limits->loop_count; i++)
        loop_init(&server->loops[i], server);
    for (size_t i = 0; i < limits->loop_count; i++)
        CHECK(pthread_create(&server->loops[i].thread, NULL, loop_main, &server->loops[i]) == 0);
    *out = server;
    return ST_OK;
}

uint16_t http_server_port(const struct http_server *server) {
    return server->port;
}

void http_release(struct http_server *server) {
    for (size_t i = 0; i < server->limits.loop_count; i++) {
        struct loop *loop = &server->loops[i];
        if (atomic_fetch_add(&loop->held_count, 0) == 0) /* a write on purpose: see reply_ready */
            continue;
        if (!atomic_exchange(&loop->release_asked, true))
            loop_wake(loop);
    }
}

void http_server_stop(struct http_server *server, int drain_ms) {
    if (server == NULL)
        return;
    server->drain_until_us = clock_monotonic_us() + (int64_t)drain_ms * 1000;
    atomic_store(&server->stopping, true);
    for (size_t i = 0; i < server->limits.loop_count; i++)
        loop_wake(&server->loops[i]);
    for (size_t i = 0; i < server->limits.loop_count; i++)
        pthread_join(server->loops[i].thread, NULL);
    pool_free(server->pool); /* waits for what workers are at; drops what has not begun */
    server->pool = NULL;
}

void http_server_free(struct http_server *server) {
    if (server == NULL)
        return;
    CHECK(server->pool == NULL); /* stopped */
    for (size_t i = 0; i < server->limits.loop_count; i++)
        loop_done(&server->loops[i]);
    close(server->listener);
    free(server->loops);
    free(server);
}

void http_server_stats(const struct http_server *server, struct http_stats *out) {
    *out = (struct http_stats){};
    for (size_t i = 0; i < server->limits.loop_count; i++) {
        const struct loop *loop = &server->loops[i];
        out->connections_open += atomic_load_explicit(&loop->open, memory_order_relaxed);
        out->connections_accepted += atomic_load_explicit(&loop->accepted, memory_order_relaxed);
        out->requests += atomic_load_explicit(&loop->requests, memory_order_relaxed);
        out->refused += atomic_load_explicit(&loop->refused, memory_order_relaxed);
    }
}
