/* http_client.h - a client that sends exact bytes and reads replies off a socket. */
#pragma once

#include "lib/test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

static inline int client_connect(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
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
