#include "http/http_head.h"
#include "lib/test.h"

#define HOST "Host: a\r\n"

static enum http_head_result parse(str bytes, struct http_head *head) {
    static http_header headers[HTTP_HEADERS_MAX];
    head->headers = headers;
    return http_head_parse(bytes, head);
}

static void fields_come_out_as_they_were_sent(void **state) {
    (void)state;
    struct http_head head;
    str bytes = STR("POST /a/b?c=d?e HTTP/1.1\r\nHost: localhost:8000\r\nX-Amz-Target:  T.Op \t\r\n"
                    "Empty:\r\ncontent-length: 12\r\n\r\nbody");
    assert_int_equal(parse(bytes, &head), HTTP_HEAD_OK);
    assert_str(head.method, "POST");
    assert_str(head.path, "/a/b");
    assert_str(head.query, "c=d?e");
    assert_int_equal(head.len, bytes.len - 4);
    assert_int_equal(head.header_count, 4);
    assert_str(head.headers[1].name, "X-Amz-Target");
    assert_str(head.headers[1].value, "T.Op");
    assert_str(head.headers[2].value, "");
    assert_int_equal(head.content_length, 12);
    assert_true(head.keep_alive);
    assert_false(head.chunked || head.old || head.expect_continue);
    struct http_request request = {.headers = head.headers, .header_count = head.header_count};
    assert_str(http_request_header(&request, STR("x-amz-target")), "T.Op");
    assert_null(http_request_header(&request, STR("absent")).ptr);
    assert_non_null(http_request_header(&request, STR("empty")).ptr);
}

static void every_start_of_a_head_is_incomplete_and_its_end_is_found(void **state) {
    (void)state;
    str bytes =
        STR("\r\nGET http://h:1/x HTTP/1.1\r\nHost: h:1\r\nA: long value \x80 with\ttab\r\n\r\nXY");
    size_t whole = bytes.len - 2, scanned = 0;
    for (size_t len = 0; len <= bytes.len; len++) {
        struct http_head head;
        /* A copy of its own, so that a sanitizer sees a look beyond the end. */
        char *copy = malloc(len + 1);
        assert_non_null(copy);
        memcpy(copy, bytes.ptr, len);
        enum http_head_result result = parse((str){copy, len}, &head);
        assert_int_equal(result, len < whole ? HTTP_HEAD_INCOMPLETE : HTTP_HEAD_OK);
        assert_int_equal(http_head_end((str){copy, len}, &scanned), len < whole ? 0 : whole);
        if (result == HTTP_HEAD_OK)
            assert_int_equal(head.len, whole);
        free(copy);
    }
}

static void targets_have_three_forms(void **state) {
    (void)state;
    struct http_head head;
    assert_int_equal(parse(STR("GET HTTP://h HTTP/1.1\r\n" HOST "\r\n"), &head), HTTP_HEAD_OK);
    assert_str(head.path, "/");
    assert_str(head.query, "");
    assert_int_equal(parse(STR("GET https://h:1/p?q HTTP/1.1\r\n" HOST "\r\n"), &head),
                     HTTP_HEAD_OK);
    assert_str(head.path, "/p");
    assert_str(head.query, "q");
    assert_int_equal(parse(STR("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"), &head), HTTP_HEAD_OK);
    assert_str(head.path, "*");
    assert_int_equal(parse(STR("GET //two HTTP/1.1\r\n" HOST "\r\n"), &head), HTTP_HEAD_OK);
    assert_str(head.path, "//two");
}

static void keep_alive_follows_version_and_options(void **state) {
    (void)state;
    static const struct {
        str head;
        bool keep_alive;
    } cases[] = {
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "\r\n"), true},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"), false},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "Connection: TE , Close\r\n\r\n"), false},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "Connection: x\r\nConnection: close\r\n\r\n"), false},
        {STR_INIT("GET / HTTP/1.1\r\n" HOST "Connection: closed\r\n\r\n"), true},
        {STR_INIT("GET / HTTP/1.0\r\n\r\n"), false},
        {STR_INIT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), true},
        {STR_INIT("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct http_head head;
        assert_int_equal(parse(cases[i].head, &head), HTTP_HEAD_OK);
        assert_int_equal(head.keep_alive, cases[i].keep_alive);
    }
}

static void framing_is_read(void **state) {
    (void)state;
    struct http_head head;
    assert_int_equal(parse(STR("P / HTTP/1.1\r\n" HOST "Transfer-Encoding: Chunked\r\n"
                               "Expect: 100-Continue\r\n\r\n"),
                           &head),
                     HTTP_HEAD_OK);
    assert_true(head.chunked && head.expect_continue);
    assert_int_equal(
        parse(STR("P / HTTP/1.1\r\n" HOST "Content-Length: 18446744073709551615\r\n\r\n"), &head),
        HTTP_HEAD_OK);
    assert_true(head.content_length == UINT64_MAX);
    assert_int_equal(parse(STR("P / HTTP/1.0\r\nExpect: nonsense\r\n\r\n"), &head), HTTP_HEAD_OK);
    assert_false(head.expect_continue);
}

#define LINE(text) STR_INIT("GET / HTTP/1.1\r\n" HOST text "\r\n\r\n")

static const struct {
    str head;
    int code;
} refused[] = {
    /* Request lines. */
    {STR_INIT("GET /\r\n\r\n"), 400},
    {STR_INIT("GET  / HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET /  HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET / HTTP/1.1 \r\n" HOST "\r\n"), 400},
    {STR_INIT(" GET / HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("G@T / HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET\t/ HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET /\x01 HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET /\x80 HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET /a#b HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET a HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET * HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET ftp://h/ HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET http:/h HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET http:///p HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET http://u@h/ HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("CONNECT h:80 HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET / http/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET / HTTP/11\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET / HTTP/1.1x\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET / HTTP/x.y\r\n" HOST "\r\n"), 400},
    {STR_INIT("GET / HTTP/1.2\r\n" HOST "\r\n"), 505},
    {STR_INIT("GET / HTTP/0.9\r\n" HOST "\r\n"), 505},
    {STR_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 505},
    {STR_INIT("\r\n\r\n\r\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("\nGET / HTTP/1.1\r\n" HOST "\r\n"), 400},
    {STR_INIT("\rGET / HTTP/1.1\r\n" HOST "\r\n"), 400},
    /* Line ends. */
    {STR_INIT("GET / HTTP/1.1\n" HOST "\r\n"), 400},
    {STR_INIT("GET / HTTP/1.1\r\nHost: a\n\r\n"), 400},
    {STR_INIT("GET / HTTP/1.1\r\n" HOST "\n"), 400},
    {STR_INIT("GET / HTTP/1.1\r\n" HOST "\rX"), 400},
    {STR_INIT("GET / HTTP/1.1\rHost: a\r\n\r\n"), 400},
    {LINE("A: b\rc"), 400},
    {LINE("A: b\nc"), 400},
    /* Header lines. */
    {LINE("A : b"), 400},
    {LINE("A\t: b"), 400},
    {LINE(": b"), 400},
    {LINE("A"), 400},
    {LINE("A b: c"), 400},
    {LINE("A(b): c"), 400},
    {LINE("A\x80: c"), 400},
    {LINE("A: b\r\n folded"), 400},
    {LINE("A: b\r\n\tfolded"), 400},
    {LINE("A: b\0c"), 400},
    {LINE("A: b\x07"), 400},
    {LINE("A: 12345678901234567\x7f"), 400},
    {LINE("A: 12345678901234567\x1f 12345678"), 400},
    /* Host. */
    {STR_INIT("GET / HTTP/1.1\r\n\r\n"), 400},
    {STR_INIT("GET / HTTP/1.1\r\n" HOST HOST "\r\n"), 400},
    {STR_INIT("GET / HTTP/1.0\r\n" HOST HOST "\r\n"), 400},
    {STR_INIT("GET / HTTP/1.1\r\nHost: a b\r\n\r\n"), 400},
    {STR_INIT("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400},
    {STR_INIT("GET / HTTP/1.1\r\nHost: u@b\r\n\r\n"), 400},
    /* Lengths. */
    {LINE("Content-Length:"), 400},
    {LINE("Content-Length: -1"), 400},
    {LINE("Content-Length: +1"), 400},
    {LINE("Content-Length: 0x10"), 400},
    {LINE("Content-Length: 1 0"), 400},
    {LINE("Content-Length: 5, 5"), 400},
    {LINE("Content-Length: 18446744073709551616"), 400},
    {LINE("Content-Length: 5\r\nContent-Length: 5"), 400},
    {LINE("Content-Length: 5\r\nTransfer-Encoding: chunked"), 400},
    {LINE("Transfer-Encoding: chunked\r\nContent-Length: 0"), 400},
    {LINE("Transfer-Encoding: gzip"), 501},
    {LINE("Transfer-Encoding: gzip, chunked"), 501},
    {LINE("Transfer-Encoding: chunked, chunked"), 501},
    {LINE("Transfer-Encoding: xchunked"), 501},
    {LINE("Transfer-Encoding:"), 501},
    {LINE("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400},
    {STR_INIT("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400},
    {LINE("Expect: 200-ok"), 417},
    {LINE("Expect: 100-continue, x"), 417},
};

static void what_breaks_the_grammar_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct http_head head;
        str bytes = refused[i].head;
        if (parse(bytes, &head) != HTTP_HEAD_REFUSED || head.status != refused[i].code)
            fail_msg("case %zu: \"%.*s\" is not refused with %d", i, STR_ARG(bytes),
                     refused[i].code);
        assert_non_null(head.why);
    }
}

static void a_wrong_head_with_an_end_is_never_incomplete(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        str bytes = refused[i].head;
        for (size_t len = 0; len <= bytes.len; len++) {
            struct http_head head;
            size_t scanned = 0, end = http_head_end((str){bytes.ptr, len}, &scanned);
            if (end != 0)
                assert_int_not_equal(parse((str){bytes.ptr, end}, &head), HTTP_HEAD_INCOMPLETE);
        }
    }
}

static void a_hundred_headers_are_the_limit(void **state) {
    (void)state;
    char text[4096];
    struct http_head head;
    for (int count = HTTP_HEADERS_MAX; count <= HTTP_HEADERS_MAX + 1; count++) {
        int len = snprintf(text, sizeof text, "GET / HTTP/1.1\r\n" HOST);
        for (int i = 1; i < count; i++)
            len += snprintf(text + len, sizeof text - (size_t)len, "H%d: v\r\n", i);
        len += snprintf(text + len, sizeof text - (size_t)len, "\r\n");
        assert_int_equal(parse((str){text, (size_t)len}, &head),
                         count == HTTP_HEADERS_MAX ? HTTP_HEAD_OK : HTTP_HEAD_REFUSED);
    }
    assert_int_equal(head.status, 400);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_out_as_they_were_sent),
        cmocka_unit_test(every_start_of_a_head_is_incomplete_and_its_end_is_found),
        cmocka_unit_test(targets_have_three_forms),
        cmocka_unit_test(keep_alive_follows_version_and_options),
        cmocka_unit_test(framing_is_read),
        cmocka_unit_test(what_breaks_the_grammar_is_refused),
        cmocka_unit_test(a_wrong_head_with_an_end_is_never_incomplete),
        cmocka_unit_test(a_hundred_headers_are_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
