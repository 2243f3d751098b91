/* The head parser on arbitrary bytes, then the chunk decoder on what follows; and the laws that
 * the connection leans on: no verdict depends on how the bytes were cut. */
#include "base/check.h"
#include "http/http_chunk.h"
#include "http/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static void check_slice(str whole, str part) {
    CHECK(part.len == 0 || (part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len));
}

static void check_fields(str bytes, const struct http_head *head) {
    CHECK(head->len <= bytes.len && head->len >= 4);
    CHECK(memcmp(bytes.ptr + head->len - 4, "\r\n\r\n", 4) == 0);
    CHECK(head->method.len > 0 && head->path.len > 0);
    CHECK(!head->chunked || head->content_length == 0);
    check_slice(bytes, head->method);
    check_slice(bytes, head->query);
    if (head->path.len != 1) /* the path of http://host is a literal */
        check_slice(bytes, head->path);
    for (size_t i = 0; i < head->header_count; i++) {
        str value = head->headers[i].value;
        check_slice(bytes, head->headers[i].name);
        check_slice(bytes, value);
        CHECK(memchr(value.len ? value.ptr : "", '\n', value.len) == NULL);
        CHECK(memchr(value.len ? value.ptr : "", '\0', value.len) == NULL);
    }
}

static void fuzz_head(str bytes) {
    http_header headers[HTTP_HEADERS_MAX];
    struct http_head head = {.headers = headers};
    enum http_head_result whole = http_head_parse(bytes, &head);
    size_t len = head.len, scanned = 0, end = 0;
    if (whole == HTTP_HEAD_OK)
        check_fields(bytes, &head);
    else if (whole == HTTP_HEAD_REFUSED)
        CHECK(head.status >= 400 && head.why != NULL);
    /* The end that is found bit by bit is the one the parser found. */
    for (size_t cut = 0; cut <= bytes.len && end == 0; cut += 1 + cut % 3)
        end = http_head_end((str){bytes.ptr, cut}, &scanned);
    if (end == 0)
        end = http_head_end(bytes, &scanned);
    CHECK(whole != HTTP_HEAD_OK || end == len);
    CHECK(whole != HTTP_HEAD_INCOMPLETE || end == 0);
    /* A part of what is right is never refused. */
    if (whole == HTTP_HEAD_OK && len > 0) {
        CHECK(http_head_parse((str){bytes.ptr, len / 2}, &head) == HTTP_HEAD_INCOMPLETE);
        CHECK(http_head_parse((str){bytes.ptr, len - 1}, &head) == HTTP_HEAD_INCOMPLETE);
    }
}

struct decoded {
    enum http_chunk_result result;
    size_t len, used;
    uint64_t sum;
};

static struct decoded decode(str bytes, size_t piece) {
    struct http_chunk chunk = {};
    struct decoded out = {.result = HTTP_CHUNK_MORE};
    while (out.used < bytes.len && out.result == HTTP_CHUNK_MORE) {
        size_t left = bytes.len - out.used;
        str in = {bytes.ptr + out.used, left < piece ? left : piece}, data;
        size_t before = in.len;
        while ((out.result = http_chunk_next(&chunk, &in, &data)) == HTTP_CHUNK_DATA) {
            check_slice(bytes, data);
            out.len += data.len;
            for (size_t i = 0; i < data.len; i++)
                out.sum = out.sum * 31 + (unsigned char)data.ptr[i];
        }
        out.used += before - in.len;
    }
    return out;
}

static void fuzz_chunks(str bytes) {
    struct decoded whole = decode(bytes, bytes.len);
    for (size_t piece = 1; piece < 4; piece++) {
        struct decoded cut = decode(bytes, piece);
        CHECK(cut.result == whole.result);
        if (whole.result != HTTP_CHUNK_BAD)
            CHECK(cut.len == whole.len && cut.sum == whole.sum && cut.used == whole.used);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    str input = {(const char *)bytes, size};
    size_t scanned = 0;
    fuzz_head(input);
    size_t end = http_head_end(input, &scanned);
    fuzz_chunks(str_slice(input, end, size));
    return 0;
}
