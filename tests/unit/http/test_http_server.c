/* The protocol over real sockets: how bytes may be cut, joined, framed and refused. */
#include "http_test.h"

static struct fixture f;

static int start(void **state) {
    (void)state;
    fixture_start(&f, usual_limits());
    return 0;
}

static int stop(void **state) {
    (void)state;
    fixture_stop(&f);
    return 0;
}

static void a_connection_serves_one_request_after_the_other(void **state) {
    (void)state;
    int fd = client_open(&f);
    for (int i = 0; i < 3; i++) {
        client_send(fd, GET("/hello"));
        struct reply reply;
        assert_true(client_read(fd, &reply));
        assert_int_equal(reply.code, 200);
        assert_str(reply.body, "hello");
        assert_true(str_starts_with(reply.head, STR("HTTP/1.1 200 OK\r\nDate: ")));
        assert_true(str_contains(reply.head, STR(" GMT\r\n")));
        assert_true(str_contains(reply.head, STR("\r\nContent-Type: text/plain\r\n")));
        assert_true(str_contains(reply.head, STR("\r\nX-Test: yes\r\n\r\n")));
        assert_false(str_contains(reply.head, STR("\r\nConnection:")));
    }
    client_send(fd, GET("/absent"));
    expect_reply(fd, 404, NULL);
    client_send(fd, STR("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    char head[1024];
    ssize_t got = recv(fd, head, sizeof head, 0);
    assert_true(got > 4);
    assert_true(str_contains((str){head, (size_t)got}, STR("\r\nContent-Length: 5\r\n")));
    assert_memory_equal(head + got - 4, "\r\n\r\n", 4);
    client_send(fd, GET("/close"));
    expect_reply(fd, 200, "hello");
    expect_end(fd);
}

static void http_1_0_is_kept_alive_only_when_asked(void **state) {
    (void)state;
    int fd = client_open(&f);
    client_send(fd, STR("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    struct reply reply;
    assert_true(client_read(fd, &reply));
    assert_true(str_contains(reply.head, STR("\r\nConnection: keep-alive\r\n")));
    client_send(fd, STR("GET /hello HTTP/1.0\r\n\r\n"));
    assert_true(client_read(fd, &reply));
    assert_true(str_contains(reply.head, STR("\r\nConnection: close\r\n")));
    expect_end(fd);
}

static void a_hundred_requests_in_one_write_get_a_hundred_replies_in_order(void **state) {
    (void)state;
    char text[64 * 1024];
    size_t len = 0;
    for (int i = 0; i < 100; i++) /* every kind of body, and 60 KB: more than a buffer */
        len +=
            (size_t)snprintf(text + len, sizeof text - len,
                             i % 2 ? "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 503\r\n\r\n"
                                     "%03d%0500d"
                                   : "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
                                     "chunked\r\n\r\n3\r\n%03d\r\n1f4\r\n%0500d\r\n0\r\n\r\n",
                             i, i);
    int fd = client_open(&f);
    client_send(fd, (str){text, len});
    for (int i = 0; i < 100; i++) {
        char want[512];
        snprintf(want, sizeof want, "%03d%0500d", i, i);
        expect_reply(fd, 200, want);
    }
    close(fd);
}

static void bytes_may_come_one_by_one(void **state) {
    (void)state;
    static const str requests[] = {
        STR_INIT("\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"),
        STR_INIT("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "2;x\r\nbo\r\n2\r\ndy\r\n0\r\nT: x\r\n\r\n"),
    };
    int fd = client_open(&f), on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    for (int i = 0; i < 2; i++) {
        for (size_t at = 0; at < requests[i].len; at++) {
            client_send(fd, str_slice(requests[i], at, at + 1));
            usleep(200);
        }
        expect_reply(fd, 200, "body");
    }
    close(fd);
}

static void large_bodies_arrive_whole(void **state) {
    (void)state;
    struct http_limits limits = usual_limits();
    static char body[1 << 20];
    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (char)(i * 31 >> 7);
    static const size_t sizes[] = {1, 16000, 17000, 40000, 65536, 65537, 200001, 1 << 20};
    int fd = client_open(&f);
    assert_int_equal(limits.body_bytes_max, sizeof body);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int chunked = 0; chunked < 2; chunked++) {
            char head[256], got_head[1024], size_line[32];
            int len = snprintf(head, sizeof head, "POST /echo HTTP/1.1\r\nHost: a\r\n");
            if (chunked)
                len += snprintf(head + len, sizeof head - (size_t)len,
                                "Transfer-Encoding: chunked\r\n\r\n%zx\r\n", sizes[i]);
            else
                len += snprintf(head + len, sizeof head - (size_t)len,
                                "Content-Length: %zu\r\n\r\n", sizes[i]);
            client_send(fd, (str){head, (size_t)len});
            client_send(fd, (str){body, sizes[i]});
            if (chunked)
                client_send(fd, STR("\r\n0\r\n\r\n"));
            size_t at = 0;
            while (at < 4 || memcmp(got_head + at - 4, "\r\n\r\n", 4) != 0)
                assert_int_equal(recv(fd, got_head + at++, 1, 0), 1);
            int want = snprintf(size_line, sizeof size_line, "Content-Length: %zu\r\n", sizes[i]);
            assert_true(str_contains((str){got_head, at}, (str){size_line, (size_t)want}));
            char *got = malloc(sizes[i]);
            assert_int_equal(recv(fd, got, sizes[i], MSG_WAITALL), sizes[i]);
            assert_memory_equal(got, body, sizes[i]);
            free(got);
        }
    close(fd);
}

static void a_body_is_asked_for_when_it_is_expected(void **state) {
    (void)state;
    int fd = client_open(&f);
    client_send(fd, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                        "Expect: 100-continue\r\n\r\n"));
    expect_reply(fd, 100, "");
    client_send(fd, STR("body"));
    expect_reply(fd, 200, "body");
    /* Not asked for when it is here already, or when there is none. */
    client_send(fd, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                        "Expect: 100-continue\r\n\r\nbody"));
    expect_reply(fd, 200, "body");
    client_send(fd, STR("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n"));
    expect_reply(fd, 200, "");
    client_send(fd, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n"
                        "Expect: 100-continue\r\n\r\n"));
    expect_reply(fd, 413, NULL);
    expect_end(fd);
}

static void what_is_refused_is_answered_and_the_connection_closed(void **state) {
    (void)state;
    static const struct {
        str bytes;
        int code;
    } cases[] = {
        {STR_INIT("GET /hello HTTP/1.1\r\n\r\n"), 400},
        {STR_INIT("GET /hello HTTP/1.1\nHost: a\n\n"), 400},
        {STR_INIT("GET /hello HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"), 400},
        {STR_INIT("GET /hello HTTP/2.0\r\nHost: a\r\n\r\n"), 505},
        {STR_INIT("P / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: br\r\n\r\n"), 501},
        {STR_INIT("P / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n"), 417},
        {STR_INIT("P / HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n"), 413},
        {STR_INIT("P / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1"),
         400},
        {STR_INIT("P / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n"), 400},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int fd = client_open(&f);
        client_send(fd, cases[i].bytes);
        /* What follows a refused request is never looked at. */
        client_send(fd, GET("/hello"));
        struct reply reply;
        assert_true(client_read(fd, &reply));
        assert_int_equal(reply.code, cases[i].code);
        assert_true(str_contains(reply.head, STR("\r\nConnection: close\r\n")));
        assert_true(reply.body.len > 1);
        expect_end(fd);
    }
    assert_int_equal(stats_of(&f).refused, sizeof cases / sizeof cases[0]);
}

static void
a_body_in_chunks_above_the_limit_is_refused_though_the_client_keeps_sending(void **state) {
    (void)state;
    static char chunk[64 * 1024];
    int fd = client_open(&f);
    client_send(fd, STR("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"));
    for (int i = 0; i < 32; i++) {
        client_send(fd, STR("10000\r\n"));
        client_send(fd, (str){chunk, sizeof chunk});
        client_send(fd, STR("\r\n"));
    }
    expect_reply(fd, 413, NULL);
    expect_end(fd);
    assert_int_equal(atomic_load(&f.handled), 0);
}

static void a_head_above_the_limit_is_refused_before_its_end(void **state) {
    (void)state;
    static char head[16 * 1024];
    memset(head, 'h', sizeof head);
    str opening = STR("GET / HTTP/1.1\r\nHost: a\r\nA: ");
    memcpy(head, opening.ptr, opening.len);
    int fd = client_open(&f);
    client_send(fd, (str){head, sizeof head});
    expect_reply(fd, 400, NULL);
    expect_end(fd);
    /* One byte less, and then an end: one too many, too. */
    fd = client_open(&f);
    client_send(fd, (str){head, sizeof head - 3});
    client_send(fd, STR("\r\n\r\n"));
    expect_reply(fd, 400, NULL);
    expect_end(fd);
    fd = client_open(&f);
    client_send(fd, (str){head, sizeof head - 4});
    client_send(fd, STR("\r\n\r\n"));
    expect_reply(fd, 404, NULL);
    close(fd);
}

static void a_client_that_has_ended_its_side_still_gets_its_replies(void **state) {
    (void)state;
    int fd = client_open(&f);
    client_send(fd, GET("/hello"));
    client_send(fd, GET("/work"));
    shutdown(fd, SHUT_WR);
    expect_reply(fd, 200, "hello");
    expect_reply(fd, 200, "worked on ");
    expect_end(fd);
    /* Half a request gets none. */
    fd = client_open(&f);
    client_send(fd, STR("GET /hel"));
    shutdown(fd, SHUT_WR);
    expect_end(fd);
}

static void a_reply_larger_than_the_socket_buffers_arrives_whole(void **state) {
    (void)state;
    int fd = client_open(&f);
    client_send(fd, GET("/big"));
    client_send(fd, GET("/hello"));
    static char part[65536];
    size_t at = 0;
    while (at < 4 || memcmp(part + at - 4, "\r\n\r\n", 4) != 0)
        assert_int_equal(recv(fd, part + at++, 1, 0), 1);
    for (size_t left = BIG; left > 0;) {
        ssize_t got = recv(fd, part, left < sizeof part ? left : sizeof part, 0);
        assert_true(got > 0);
        left -= (size_t)got;
    }
    expect_reply(fd, 200, "hello");
    close(fd);
}

static void the_address_in_use_is_said(void **state) {
    (void)state;
    struct http_service service = {.context = &f, .handle = fixture_handle};
    struct http_limits limits = usual_limits();
    struct http_server *second = NULL;
    errno = 0;
    assert_status(
        http_server_start("127.0.0.1", http_server_port(f.server), &service, &limits, &second),
        ST_IO);
    assert_int_equal(errno, EADDRINUSE);
    assert_null(second);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_connection_serves_one_request_after_the_other),
        CASE(http_1_0_is_kept_alive_only_when_asked),
        CASE(a_hundred_requests_in_one_write_get_a_hundred_replies_in_order),
        CASE(bytes_may_come_one_by_one),
        CASE(large_bodies_arrive_whole),
        CASE(a_body_is_asked_for_when_it_is_expected),
        CASE(what_is_refused_is_answered_and_the_connection_closed),
        CASE(a_body_in_chunks_above_the_limit_is_refused_though_the_client_keeps_sending),
        CASE(a_head_above_the_limit_is_refused_before_its_end),
        CASE(a_client_that_has_ended_its_side_still_gets_its_replies),
        CASE(a_reply_larger_than_the_socket_buffers_arrives_whole),
        CASE(the_address_in_use_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
