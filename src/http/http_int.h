/* http_int.h - connections, what they are busy with, and the loops that drive them.
 *
 * Purpose:   shared by the files of this folder.
 * Ownership: a loop owns its connections and its spare exchanges; a connection that is busy owns
 *            one exchange, an idle one owns none. While a connection is WORKING its exchange
 *            belongs to the worker.
 * Threads:   all of a loop is touched by its own thread only, but for what is marked atomic and
 *            the mailbox.
 * Errors:    none of its own.
 * Limits:    EXCHANGES_SPARE_MAX unused exchanges are kept by a loop.
 */
#pragma once

#include "base/thread.h"
#include "http/http_chunk.h"
#include "http/http_head.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

enum {
    BODY_ROOM = 16 * 1024,    /* of a buffer, beyond the longest head */
    ARENA_KEEP = 256 * 1024,  /* an exchange in reserve holds no more */
    EXCHANGES_SPARE_MAX = 32, /* a loop */
    LINGER_MS = 2000,         /* for the client to read our last words */
    QUEUE_PER_WORKER = 128,
    REPLIES_PER_BODIES = 4, /* replies may take so many times the memory of bodies */
    HANDSHAKE_MS_MAX = 10000,
    HANDSHAKES_MAX = 512, /* a loop, begun and not ended */
};

/* One request from its first byte to the last of its reply, and the bytes that came after it.
 * What the request's slices point to does not move while it lives. */
struct exchange {
    struct exchange *next_spare;
    struct arena *arena;
    int64_t began_us;    /* 0: no byte of a request yet */
    int64_t taken_by_us; /* while writing: when the client must have taken all of it */
    size_t from, to;     /* bytes of the buffer not yet taken */
    size_t scanned;      /* http_head_end's */
    size_t body_at;      /* where in the buffer bytes after the head begin */
    struct http_head head;
    struct http_chunk chunk;
    char *body; /* heap, grown as bytes come; NULL while the body fits into the buffer */
    size_t body_len, body_size;
    struct http_request request;
    struct http_reply reply;
    struct iovec out[2]; /* what is still to be sent */
    size_t reply_bytes;  /* of server->replies_bytes */
    bool close;          /* after this reply */
    http_header headers[HTTP_HEADERS_MAX];
    char buffer[]; /* server->buffer_size */
};

enum connection_state {
    CONNECTION_NEW,       /* accepted, not yet known to its loop */
    CONNECTION_HANDSHAKE, /* TLS only; without `tls` no byte has come */
    CONNECTION_HEAD,
    CONNECTION_BODY,
    CONNECTION_WORKING, /* a worker has it */
    CONNECTION_HELD,    /* the reply waits for its ticket */
    CONNECTION_DELAYED, /* the reply waits for its time */
    CONNECTION_WRITING,
    CONNECTION_LINGERING, /* all is said; discards until the client has heard it */
    CONNECTION_CLOSED,
};

struct connection {
    struct loop *loop;
    struct connection *newer, *older; /* all of the loop */
    struct connection *next, *prev;   /* on `queue` */
    struct queue *queue;              /* NULL: on none */
    struct exchange *exchange;        /* NULL while idle */
    int64_t deadline_us;
    int fd;
    enum connection_state state;
    bool readable;      /* there may be bytes: epoll is edge-triggered */
    bool peer_closed;   /* the end of input is known to be near: a short read is not the last */
    bool gone;          /* WORKING and HELD only: nobody wants the reply */
    bool tls_starved;   /* http_tls.c: the last read found the socket empty */
    struct ssl_st *tls; /* NULL: plain, or not begun */
    char peer[46];
};

struct queue {
    struct connection *first, *last;
};

struct loop {
    struct http_server *server;
    pthread_t thread;
    int epoll_fd, wake_fd;
    struct connection *newest;
    struct queue held;    /* state HELD, oldest first */
    struct queue delayed; /* state DELAYED, in no order */
    struct queue again;   /* had their turn and have more to do */
    struct queue closed;  /* freed once no event of this round can name them */
    struct exchange *spare;
    size_t spare_count;
    size_t handshakes; /* connections in state HANDSHAKE that have begun */
    int64_t now_us, sweep_due_us;
    int64_t delayed_due_us; /* none of `delayed` comes due before; INT64_MAX when there is none */
    bool accepting;
    int64_t date_second;
    char date[30]; /* "Sun, 06 Nov 1994 08:49:37 GMT" */

    /* From here on other threads reach in. */
    _Alignas(64) pthread_mutex_t mail_lock;
    struct queue mail; /* new connections, and those back from a worker */
    atomic_bool wake_pending, release_asked;
    atomic_size_t held_count;
    atomic_size_t open; /* connections given to this loop */
    atomic_uint_fast64_t accepted, requests, refused;
};

struct http_server {
    struct http_service service;
    struct http_limits limits;
    size_t buffer_size;
    int listener;
    uint16_t port;
    struct pool *pool;
    struct loop *loops; /* limits.loop_count */
    atomic_bool stopping;
    int64_t drain_until_us; /* set before stopping is */
    atomic_size_t bodies_bytes;
    atomic_size_t work_bytes;    /* reserved by requests that are being handled */
    atomic_size_t replies_bytes; /* arenas of large replies that are not yet sent */
};

/* Counters with one writer need no locked instruction. */
static inline void count_up(atomic_uint_fast64_t *counter) {
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* http_exchange.c */
struct exchange *exchange_take(struct loop *loop);
void exchange_give_back(struct loop *loop, struct exchange *x);
void exchange_free(struct exchange *x);
/* Forgets the request that was answered; bytes that came after it stay. */
void exchange_next(struct http_server *server, struct exchange *x);
/* Room for at least one more byte, of at most `whole` in all; false: the server's budget is
 * used up. */
bool exchange_body_reserve(struct http_server *server, struct exchange *x, size_t more,
                           size_t whole);

/* Counts what the request's reply keeps in memory until it is sent. */
void exchange_count_reply(struct http_server *server, struct exchange *x);
/* It has been handled: what it reserved is free, or counted as the reply's. */
void exchange_handled(struct exchange *x);
/* Whether clients that do not read let no further reply be made. */
bool exchange_replies_full(struct http_server *server);

/* http_reply.c */
/* Fills out[] from the reply. */
void reply_compose(struct loop *loop, struct exchange *x);
/* Makes `why` the reply and the end of the connection. */
void reply_refuse(struct exchange *x, int code, const char *why);
extern const str reply_continue, reply_too_many_connections, reply_speaks_tls;

/* http_connection.c */
void connection_event(struct connection *c, uint32_t events);
/* Goes on until there is nothing more to do or others should have their turn. */
void connection_run(struct connection *c);
/* Back from a worker. */
void connection_worked(struct connection *c);
/* On the held list: look at its ticket again. */
void connection_settle(struct connection *c);
/* On the delayed list: its time has come. */
void connection_due(struct connection *c);
void connection_timeout(struct connection *c);
/* WORKING, HELD: only marks it gone. The struct lives until the end of the loop's round. */
void connection_close(struct connection *c);
/* At the end of the loop, WORKING or HELD: there is nobody left to work or to settle. */
void connection_abandon(struct connection *c);

/* http_loop.c */
void queue_add(struct queue *queue, struct connection *c);
void queue_remove(struct connection *c); /* from the queue it is on, if any */
void loop_init(struct loop *loop, struct http_server *server);
void *loop_main(void *loop);
/* Any thread: hands the connection to its loop. */
void loop_post(struct loop *loop, struct connection *c);
void loop_wake(struct loop *loop);
/* Once the threads are joined. */
void loop_done(struct loop *loop);

/* http_accept.c */
void loop_listen(struct loop *loop, bool listen);
void loop_accept(struct loop *loop);
