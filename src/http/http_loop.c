/* A loop: one thread, one epoll, the connections given to it. Others reach it through the mailbox
 * and two flags, and wake it by an eventfd that is written once however many call. */
#include "base/check.h"
#include "base/clock.h"
#include "http/http_int.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { EVENTS_MAX = 128, SWEEP_MS_MIN = 10, SWEEP_MS_MAX = 1000 };

void queue_add(struct queue *queue, struct connection *c) {
    CHECK(c->queue == NULL);
    c->queue = queue;
    c->next = NULL;
    c->prev = queue->last;
    *(queue->last != NULL ? &queue->last->next : &queue->first) = c;
    queue->last = c;
}

void queue_remove(struct connection *c) {
    struct queue *queue = c->queue;
    if (queue == NULL)
        return;
    *(c->prev != NULL ? &c->prev->next : &queue->first) = c->next;
    *(c->next != NULL ? &c->next->prev : &queue->last) = c->prev;
    c->queue = NULL;
    c->next = c->prev = NULL;
}

static struct connection *queue_take(struct queue *queue) {
    struct connection *c = queue->first;
    if (c != NULL)
        queue_remove(c);
    return c;
}

void loop_init(struct loop *loop, struct http_server *server) {
    loop->server = server;
    loop->delayed_due_us = INT64_MAX;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    CHECK(loop->epoll_fd >= 0 && loop->wake_fd >= 0);
    pthread_mutex_init(&loop->mail_lock, NULL);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
    CHECK(epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &event) == 0);
}

void loop_wake(struct loop *loop) {
    if (atomic_exchange(&loop->wake_pending, true))
        return;
    uint64_t one = 1;
    ssize_t written;
    do
        written = write(loop->wake_fd, &one, sizeof one);
    while (written < 0 && errno == EINTR);
}

void loop_post(struct loop *loop, struct connection *c) {
    pthread_mutex_lock(&loop->mail_lock);
    queue_add(&loop->mail, c);
    pthread_mutex_unlock(&loop->mail_lock);
    loop_wake(loop);
}

/* It is part of what a first request takes to arrive. */
static int handshake_ms(const struct http_limits *limits) {
    return limits->request_timeout_ms < HANDSHAKE_MS_MAX ? limits->request_timeout_ms
                                                         : HANDSHAKE_MS_MAX;
}

static void adopt(struct loop *loop, struct connection *c) {
    c->older = loop->newest;
    if (c->older != NULL)
        c->older->newer = c;
    loop->newest = c;
    const struct http_limits *limits = &loop->server->limits;
    int first_ms = limits->request_timeout_ms < limits->idle_timeout_ms ? limits->request_timeout_ms
                                                                        : limits->idle_timeout_ms;
    c->state = CONNECTION_HEAD;
    /* Who has not asked anything yet waits for no answer: he gets the time of a request, or that of
     * a handshake. */
    if (loop->server->service.tls != NULL) {
        c->state = CONNECTION_HANDSHAKE;
        first_ms = handshake_ms(limits);
    }
    c->deadline_us = loop->now_us + (int64_t)first_ms * 1000;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, c->fd, &event) != 0)
        connection_close(c); /* the kernel is out of memory or watches */
}

static void read_mail(struct loop *loop) {
    for (;;) {
        pthread_mutex_lock(&loop->mail_lock);
        struct connection *c = queue_take(&loop->mail);
        pthread_mutex_unlock(&loop->mail_lock);
        if (c == NULL)
            return;
        if (c->state == CONNECTION_NEW)
            adopt(loop, c);
        else
            connection_worked(c);
    }
}

/* Those that begin to wait meanwhile go to the end and have been asked about already. */
static void walk_held(struct loop *loop) {
    struct connection *last = loop->held.last;
    struct connection *next;
    for (struct connection *c = loop->held.first; c != NULL; c = next) {
        next = c == last ? NULL : c->next;
        connection_settle(c);
    }
}

/* Walks all of them: delays are asked for by tests, and are few. */
static void walk_delayed(struct loop *loop) {
    struct connection *next;
    loop->delayed_due_us = INT64_MAX;
    for (struct connection *c = loop->delayed.first; c != NULL; c = next) {
        int64_t due_us = c->exchange->reply.not_before_us;
        next = c->next;
        if (due_us <= loop->now_us)
            connection_due(c);
        else if (due_us < loop->delayed_due_us)
            loop->delayed_due_us = due_us;
    }
}

static void woken(struct loop *loop) {
    uint64_t count;
    (void)!read(loop->wake_fd, &count, sizeof count);
    /* Lowered before looking: whatever comes after this writes again. */
    atomic_exchange(&loop->wake_pending, false);
    read_mail(loop);
    if (atomic_exchange(&loop->release_asked, false))
        walk_held(loop);
}

static bool is_idle(const struct connection *c) {
    return (c->state == CONNECTION_HEAD && c->exchange == NULL) || c->state == CONNECTION_HANDSHAKE;
}

/* Walks all connections, a microsecond for a dozen: ten thousand idle ones cost a thousandth of a
 * core, and no request pays for keeping a timer. */
static void sweep(struct loop *loop, bool stopping) {
    const struct http_limits *limits = &loop->server->limits;
    int shortest = limits->request_timeout_ms < limits->idle_timeout_ms ? limits->request_timeout_ms
                                                                        : limits->idle_timeout_ms;
    int period = shortest / 4;
    if (period > SWEEP_MS_MAX)
        period = SWEEP_MS_MAX;
    if (period < SWEEP_MS_MIN || stopping)
        period = SWEEP_MS_MIN;
    loop->sweep_due_us = loop->now_us + (int64_t)period * 1000;
    struct connection *older;
    for (struct connection *c = loop->newest; c != NULL; c = older) {
        older = c->older;
        if (stopping && is_idle(c))
            connection_close(c);
        else if (c->deadline_us <= loop->now_us)
            connection_timeout(c);
    }
    loop_listen(loop, !stopping);
}

static int wait_ms(struct loop *loop, bool stopping) {
    if (loop->again.first != NULL)
        return 0;
    if (loop->newest == NULL && loop->accepting && !stopping)
        return -1; /* nothing can come due */
    int64_t due_us =
        loop->sweep_due_us < loop->delayed_due_us ? loop->sweep_due_us : loop->delayed_due_us;
    int64_t left_us = due_us - loop->now_us;
    return left_us <= 0 ? 0 : (int)(left_us / 1000) + 1;
}

static void another_turn(struct loop *loop) {
    struct connection *last = loop->again.last, *c;
    while ((c = loop->again.first) != NULL) {
        connection_run(c);
        if (c == last)
            break;
    }
}

static void free_closed(struct loop *loop) {
    struct connection *c;
    while ((c = queue_take(&loop->closed)) != NULL)
        free(c);
}

static void serve_events(struct loop *loop, const struct epoll_event *events, int count) {
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == loop)
            woken(loop);
        else if (events[i].data.ptr == loop->server)
            loop_accept(loop);
        else
            connection_event(events[i].data.ptr, events[i].events);
    }
}

static void close_all(struct loop *loop) {
    struct connection *older;
    for (struct connection *c = loop->newest; c != NULL; c = older) {
        older = c->older;
        connection_close(c);
    }
    free_closed(loop);
}

void *loop_main(void *argument) {
    struct loop *loop = argument;
    struct http_server *server = loop->server;
    struct epoll_event events[EVENTS_MAX];
    thread_mark_loop();
    thread_set_name("http-loop");
    loop->now_us = clock_monotonic_us();
    loop_listen(loop, true);
    for (;;) {
        bool stopping = atomic_load(&server->stopping);
        int count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, wait_ms(loop, stopping));
        CHECK(count >= 0 || errno == EINTR);
        loop->now_us = clock_monotonic_us();
        serve_events(loop, events, count);
        another_turn(loop);
        if (loop->now_us >= loop->delayed_due_us)
            walk_delayed(loop);
        stopping = atomic_load(&server->stopping);
        if (loop->now_us >= loop->sweep_due_us || stopping)
            sweep(loop, stopping);
        free_closed(loop);
        if (stopping && (loop->newest == NULL || loop->now_us >= server->drain_until_us))
            break;
    }
    /* Time is up for those that are left. What a worker has, or is held, stays until loop_done. */
    close_all(loop);
    return NULL;
}

void loop_done(struct loop *loop) {
    struct connection *c;
    while ((c = queue_take(&loop->mail)) != NULL)
        if (c->state == CONNECTION_NEW) {
            close(c->fd);
            free(c);
        }
    /* Left are those that were with a worker, or held; the workers are no more, and what could be
     * made durable is. */
    while ((c = loop->newest) != NULL)
        connection_abandon(c);
    free_closed(loop);
    struct exchange *x;
    while ((x = loop->spare) != NULL) {
        loop->spare = x->next_spare;
        exchange_free(x);
    }
    close(loop->epoll_fd);
    close(loop->wake_fd);
    pthread_mutex_destroy(&loop->mail_lock);
}
