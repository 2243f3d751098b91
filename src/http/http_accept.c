/* One listening socket, watched by every loop; the kernel wakes one of them (EPOLLEXCLUSIVE), and
 * that one gives the connection to whichever loop has the fewest. With a socket a loop
 * (SO_REUSEPORT) a hash would decide, and with 32 connections on two cores one core may well get
 * twenty of them. */
#include "base/check.h"
#include "http/http_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPT_BATCH = 64 };

void loop_listen(struct loop *loop, bool listen) {
    if (loop->accepting == listen)
        return;
    loop->accepting = listen;
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = loop->server};
    int op = listen ? EPOLL_CTL_ADD : EPOLL_CTL_DEL;
    CHECK(epoll_ctl(loop->epoll_fd, op, loop->server->listener, &event) == 0);
}

static void peer_text(const struct sockaddr_storage *address, char *out, size_t size) {
    const struct sockaddr_in *four = (const void *)address;
    const struct sockaddr_in6 *six = (const void *)address;
    out[0] = '\0';
    if (address->ss_family == AF_INET)
        inet_ntop(AF_INET, &four->sin_addr, out, (socklen_t)size);
    else if (address->ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        inet_ntop(AF_INET, &six->sin6_addr.s6_addr[12], out, (socklen_t)size);
    else if (address->ss_family == AF_INET6)
        inet_ntop(AF_INET6, &six->sin6_addr, out, (socklen_t)size);
}

bool http_is_loopback(const char *address) {
    struct in_addr four;
    struct in6_addr six;
    if (inet_pton(AF_INET, address, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* Answers the loop with the fewest connections, this one among equals, and how many all have. */
static struct loop *least_loaded(struct loop *own, size_t *all) {
    struct http_server *server = own->server;
    struct loop *best = own;
    size_t fewest = atomic_load_explicit(&own->open, memory_order_relaxed);
    *all = 0;
    for (size_t i = 0; i < server->limits.loop_count; i++) {
        struct loop *loop = &server->loops[i];
        size_t open = atomic_load_explicit(&loop->open, memory_order_relaxed);
        *all += open;
        if (open < fewest) {
            best = loop;
            fewest = open;
        }
    }
    return best;
}

static void turn_away(struct loop *loop, int fd) {
    char request[4096];
    count_up(&loop->refused);
    /* Best effort, both: unread input would turn the close into a reset. */
    (void)recv(fd, request, sizeof request, 0);
    if (loop->server->service.tls == NULL)
        (void)send(fd, reply_too_many_connections.ptr, reply_too_many_connections.len,
                   MSG_NOSIGNAL);
    close(fd);
}

static void welcome(struct loop *loop, int fd, const struct sockaddr_storage *address) {
    size_t all;
    struct loop *target = least_loaded(loop, &all);
    if (all >= loop->server->limits.connections_max) {
        turn_away(loop, fd);
        return;
    }
    struct connection *c = calloc(1, sizeof *c);
    CHECK(c != NULL);
    c->loop = target;
    c->fd = fd;
    c->state = CONNECTION_NEW;
    peer_text(address, c->peer, sizeof c->peer);
    atomic_fetch_add_explicit(&target->open, 1, memory_order_relaxed);
    count_up(&loop->accepted);
    loop_post(target, c);
}

void loop_accept(struct loop *loop) {
    for (int i = 0; i < ACCEPT_BATCH; i++) {
        struct sockaddr_storage address;
        socklen_t size = sizeof address;
        int fd = accept4(loop->server->listener, (struct sockaddr *)&address, &size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(loop, fd, &address);
            continue;
        }
        switch (errno) { /* any other: the connection broke before we took it */
        case EAGAIN:
            return;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            /* The connection stays in the backlog and would wake us for ever: look away until
             * the next sweep. */
            loop_listen(loop, false);
            return;
        }
    }
}
