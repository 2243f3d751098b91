/* TLS over the same edge-triggered sockets. Between OpenSSL and the socket stands a BIO of ours
 * that keeps the connection's `readable` as a plain read does; with read-ahead the usual request
 * costs one recv and one send here, too. */
#include "http/http_tls.h"

#include "base/check.h"
#include "http/openssl.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { RECORD_MAX = 16 * 1024 };

struct tls {
    const struct openssl *o;
    BIO_METHOD *socket;
    pthread_mutex_t lock; /* of `context` */
    SSL_CTX *context;
};

/* Of TLS 1.2; those of 1.3 are all good. */
static const char ciphers[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const unsigned char protocols[] = "\x08http/1.1";

static const struct openssl *library_of(struct connection *c) {
    return c->loop->server->service.tls->o;
}

/* ---- the socket as OpenSSL sees it ---- */

/* Called with the library's BIO only, so the library is there. */
static const struct openssl *library(void) {
    const char *problem;
    return openssl_load(&problem);
}

static int socket_read(BIO *bio, char *at, int size) {
    const struct openssl *o = library();
    struct connection *c = o->BIO_get_data(bio);
    o->BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
    ssize_t got = -1;
    if (c->readable) {
        do
            got = recv(c->fd, at, (size_t)size, 0);
        while (got < 0 && errno == EINTR);
        if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
            return -1;
    }
    if (got < 0) {
        c->readable = false;
        c->tls_starved = true;
        o->BIO_set_flags(bio, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
        return -1;
    }
    if (got < size && !c->peer_closed)
        c->readable = false;
    return (int)got;
}

static int socket_write(BIO *bio, const char *bytes, int size) {
    const struct openssl *o = library();
    struct connection *c = o->BIO_get_data(bio);
    o->BIO_clear_flags(bio, BIO_FLAGS_RWS | BIO_FLAGS_SHOULD_RETRY);
    ssize_t sent;
    do
        sent = send(c->fd, bytes, (size_t)size, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        o->BIO_set_flags(bio, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY);
    return (int)sent;
}

static long socket_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

/* ---- contexts ---- */

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len,
                           const unsigned char *offered, unsigned offered_len, void *argument) {
    const struct openssl *o = argument;
    (void)ssl;
    int chosen = o->SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, protocols,
                                          sizeof protocols - 1, offered, offered_len);
    return chosen == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static void set_rules(const struct openssl *o, SSL_CTX *context) {
    o->SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                        SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    o->SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, TLS1_2_VERSION, NULL);
    o->SSL_CTX_ctrl(context, SSL_CTRL_MODE,
                    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER,
                    NULL);
    /* A read that met a record without data shall come back, so that others get their turn. */
    o->SSL_CTX_ctrl(context, SSL_CTRL_CLEAR_MODE, SSL_MODE_AUTO_RETRY, NULL);
    /* Sessions are kept by clients, in tickets. */
    o->SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF, NULL);
    o->SSL_CTX_set_num_tickets(context, 1);
    o->SSL_CTX_set_session_id_context(context, (const unsigned char *)"stator", 6);
    o->SSL_CTX_set_alpn_select_cb(context, choose_protocol, (void *)(uintptr_t)o);
    CHECK(o->SSL_CTX_set_cipher_list(context, ciphers) == 1);
}

/* In place of the library's own, which would ask at the terminal. */
static int no_passphrase(char *out, int size, int writing, void *context) {
    (void)out, (void)size, (void)writing, (void)context;
    return -1;
}

static bool use_certificates(const struct openssl *o, SSL_CTX *context, str pem) {
    BIO *bio = o->BIO_new_mem_buf(pem.ptr, (int)pem.len);
    X509 *first = o->PEM_read_bio_X509(bio, NULL, no_passphrase, NULL), *next = NULL;
    bool fine = first != NULL && o->SSL_CTX_use_certificate(context, first) == 1;
    o->X509_free(first);
    while (fine && (next = o->PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL) {
        fine = o->SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 0, next) == 1; /* takes it over */
        if (!fine)
            o->X509_free(next);
    }
    o->BIO_free(bio);
    if (fine)
        o->ERR_clear_error(); /* of the end of the chain */
    return fine;
}

static bool use_key(const struct openssl *o, SSL_CTX *context, str pem) {
    BIO *bio = o->BIO_new_mem_buf(pem.ptr, (int)pem.len);
    EVP_PKEY *key = o->PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    bool fine = key != NULL && o->SSL_CTX_use_PrivateKey(context, key) == 1;
    o->EVP_PKEY_free(key);
    o->BIO_free(bio);
    return fine;
}

static SSL_CTX *context_new(const struct openssl *o, const struct tls_pem *pem,
                            struct tls_problem *problem) {
    char why[256];
    const char *what = NULL;
    o->ERR_clear_error();
    SSL_CTX *context = o->SSL_CTX_new(o->TLS_server_method());
    CHECK(context != NULL);
    set_rules(o, context);
    if (!use_certificates(o, context, pem->certificate))
        what = "the certificate can't be used";
    else if (!use_key(o, context, pem->key))
        what = "the key can't be used";
    else if (o->SSL_CTX_check_private_key(context) != 1)
        what = "the key is not the certificate's";
    if (what == NULL)
        return context;
    openssl_error(o, why, sizeof why);
    snprintf(problem->text, sizeof problem->text, "%s: %s", what, why);
    o->SSL_CTX_free(context);
    return NULL;
}

status tls_open(const struct tls_pem *pem, struct tls **out, struct tls_problem *problem) {
    const char *missing;
    const struct openssl *o = openssl_load(&missing);
    if (o == NULL) {
        snprintf(problem->text, sizeof problem->text, "%s", missing);
        return ST_IO;
    }
    SSL_CTX *context = context_new(o, pem, problem);
    if (context == NULL)
        return ST_INVALID;
    struct tls *tls = calloc(1, sizeof *tls);
    CHECK(tls != NULL);
    tls->o = o;
    tls->context = context;
    tls->socket = o->BIO_meth_new(BIO_TYPE_SOURCE_SINK, "connection");
    CHECK(tls->socket != NULL);
    o->BIO_meth_set_read(tls->socket, socket_read);
    o->BIO_meth_set_write(tls->socket, socket_write);
    o->BIO_meth_set_ctrl(tls->socket, socket_control);
    pthread_mutex_init(&tls->lock, NULL);
    *out = tls;
    return ST_OK;
}

status tls_replace(struct tls *tls, const struct tls_pem *pem, struct tls_problem *problem) {
    SSL_CTX *context = context_new(tls->o, pem, problem);
    if (context == NULL)
        return ST_INVALID;
    pthread_mutex_lock(&tls->lock);
    SSL_CTX *old = tls->context;
    tls->context = context;
    pthread_mutex_unlock(&tls->lock);
    tls->o->SSL_CTX_free(old); /* connections that began with it hold it */
    return ST_OK;
}

void tls_close(struct tls *tls) {
    if (tls == NULL)
        return;
    tls->o->SSL_CTX_free(tls->context);
    tls->o->BIO_meth_free(tls->socket);
    pthread_mutex_destroy(&tls->lock);
    free(tls);
}

/* ---- connections ---- */

bool tls_begin(struct connection *c) {
    struct tls *tls = c->loop->server->service.tls;
    const struct openssl *o = tls->o;
    pthread_mutex_lock(&tls->lock);
    SSL *ssl = o->SSL_new(tls->context);
    pthread_mutex_unlock(&tls->lock);
    BIO *bio = ssl != NULL ? o->BIO_new(tls->socket) : NULL;
    if (bio == NULL) {
        o->SSL_free(ssl);
        o->ERR_clear_error();
        return false;
    }
    o->BIO_set_data(bio, c);
    o->BIO_set_init(bio, 1);
    o->SSL_set_bio(ssl, bio, bio);
    o->SSL_set_read_ahead(ssl, 1);
    o->SSL_set_accept_state(ssl);
    c->tls = ssl;
    return true;
}

/* What a call that did not succeed means; a broken connection says nothing more. */
static enum tls_progress judge(struct connection *c, int result) {
    const struct openssl *o = library_of(c);
    int error = o->SSL_get_error(c->tls, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return TLS_WAITS;
    if (error == SSL_ERROR_ZERO_RETURN)
        return TLS_DONE;
    o->SSL_set_quiet_shutdown(c->tls, 1);
    o->ERR_clear_error();
    return TLS_BROKEN;
}

enum tls_progress tls_handshake(struct connection *c) {
    const struct openssl *o = library_of(c);
    o->ERR_clear_error();
    int result = o->SSL_do_handshake(c->tls);
    if (result == 1)
        return TLS_DONE;
    return judge(c, result) == TLS_WAITS ? TLS_WAITS : TLS_BROKEN;
}

ssize_t tls_read(struct connection *c, char *at, size_t size) {
    const struct openssl *o = library_of(c);
    for (int empty = 0; empty < TLS_EMPTY_MAX; empty++) {
        c->tls_starved = false;
        o->ERR_clear_error();
        int got = o->SSL_read(c->tls, at, size < INT32_MAX ? (int)size : INT32_MAX);
        if (got > 0)
            return got;
        enum tls_progress progress = judge(c, got);
        if (progress == TLS_DONE)
            return 0;
        if (progress == TLS_BROKEN)
            break;
        if (c->tls_starved) {
            errno = EAGAIN;
            return -1;
        }
    }
    errno = EPROTO;
    return -1;
}

ssize_t tls_write(struct connection *c, const struct iovec out[2]) {
    const struct openssl *o = library_of(c);
    char record[RECORD_MAX];
    const void *bytes = out[1].iov_base;
    size_t len = out[1].iov_len;
    if (out[0].iov_len > 0) { /* one record, one packet for a usual reply */
        size_t first = out[0].iov_len < RECORD_MAX ? out[0].iov_len : RECORD_MAX;
        size_t second = len < RECORD_MAX - first ? len : RECORD_MAX - first;
        memcpy(record, out[0].iov_base, first);
        if (second > 0)
            memcpy(record + first, out[1].iov_base, second);
        bytes = record;
        len = first + second;
    }
    o->ERR_clear_error();
    int sent = o->SSL_write(c->tls, bytes, len < INT32_MAX ? (int)len : INT32_MAX);
    if (sent > 0)
        return sent;
    errno = judge(c, sent) == TLS_WAITS ? EAGAIN : EPROTO;
    return -1;
}

bool tls_pending(struct connection *c) {
    return library_of(c)->SSL_has_pending(c->tls) == 1;
}

void tls_end(struct connection *c) {
    const struct openssl *o = library_of(c);
    o->ERR_clear_error();
    (void)o->SSL_shutdown(c->tls);
    o->SSL_free(c->tls);
    o->ERR_clear_error();
    c->tls = NULL;
}
