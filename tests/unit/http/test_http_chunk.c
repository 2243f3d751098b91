#include "base/buf.h"
#include "http/http_chunk.h"
#include "lib/test.h"

/* Decodes bytes that arrive in pieces cut at two places; answers how it ended. */
static enum http_chunk_result decode(str bytes, size_t cut, size_t second_cut, struct buf *out,
                                     size_t *used) {
    struct http_chunk chunk = {};
    size_t cuts[] = {0, cut, second_cut, bytes.len};
    enum http_chunk_result result = HTTP_CHUNK_MORE;
    *used = 0;
    for (int i = 0; i < 3 && result == HTTP_CHUNK_MORE; i++) {
        str in = str_slice(bytes, cuts[i], cuts[i + 1]), data;
        size_t before = in.len;
        while ((result = http_chunk_next(&chunk, &in, &data)) == HTTP_CHUNK_DATA)
            buf_add_str(out, data);
        *used += before - in.len;
    }
    return result;
}

static void the_same_comes_out_wherever_it_is_cut(void **state) {
    (void)state;
    str bytes = STR("5\r\nhello\r\n1;a=b; c=\"d\"\r\n \r\n00A \t;x\r\n0123456789\r\n0\r\n"
                    "Trailer: x\r\nAnother:\r\n\r\nGET ");
    struct arena *arena = arena_new(64 << 20);
    for (size_t a = 0; a <= bytes.len; a++)
        for (size_t b = a; b <= bytes.len; b++) {
            struct buf out;
            size_t used;
            buf_init(&out, arena, 64);
            assert_int_equal(decode(bytes, a, b, &out, &used), HTTP_CHUNK_DONE);
            assert_int_equal(used, bytes.len - 4);
            assert_str(buf_str(&out), "hello 0123456789");
            arena_reset(arena, 0);
        }
    arena_free(arena);
}

static void malformed_chunks_are_refused_wherever_they_are_cut(void **state) {
    (void)state;
    static const str cases[] = {
        STR_INIT("\r\n"),
        STR_INIT("+5\r\nhello\r\n"),
        STR_INIT("-1\r\n"),
        STR_INIT("0x5\r\nhello"),
        STR_INIT(" 5\r\nhello"),
        STR_INIT("g\r\n"),
        STR_INIT(";a\r\n"),
        STR_INIT("5\nhello"),
        STR_INIT("5\rhello"),
        STR_INIT("5 5\r\nhello"),
        STR_INIT("5;a\x01\r\n"),
        STR_INIT("5;a\n\r\n"),
        STR_INIT("5\r\nhelloX"),
        STR_INIT("5\r\nhello\n"),
        STR_INIT("5\r\nhello\rX"),
        STR_INIT("00000000000000005\r\n"),
        STR_INIT("0\r\n folded\r\n\r\n"),
        STR_INIT("0\r\nA: b\n\r\n"),
        STR_INIT("0\r\nA: b\0\r\n"),
        STR_INIT("0\r\nA: b\rX"),
        STR_INIT("0\r\n\rX"),
        STR_INIT("0\r\n\n"),
    };
    struct arena *arena = arena_new(64 << 20);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t cut = 0; cut <= cases[i].len; cut++) {
            struct buf out;
            size_t used;
            buf_init(&out, arena, 64);
            if (decode(cases[i], cut, cut, &out, &used) != HTTP_CHUNK_BAD)
                fail_msg("\"%.*s\" is not refused", STR_ARG(cases[i]));
            arena_reset(arena, 0);
        }
    arena_free(arena);
}

static void a_size_of_sixteen_digits_is_a_number(void **state) {
    (void)state;
    struct http_chunk chunk = {};
    str in = STR("ffffffffffffffFF\r\nx"), data;
    assert_int_equal(http_chunk_next(&chunk, &in, &data), HTTP_CHUNK_DATA);
    assert_true(chunk.left == UINT64_MAX - 1);
}

static void extensions_and_trailers_are_bounded_in_sum(void **state) {
    (void)state;
    static const char *const openings[] = {"1;", "0\r\nA:"};
    for (int i = 0; i < 2; i++) {
        struct http_chunk chunk = {};
        str in = str_from_c(openings[i]), data;
        assert_int_equal(http_chunk_next(&chunk, &in, &data), HTTP_CHUNK_MORE);
        size_t taken = 0;
        do
            in = STR("eeeeeeeeee");
        while (taken += 10, http_chunk_next(&chunk, &in, &data) == HTTP_CHUNK_MORE);
        assert_in_range(taken, HTTP_CHUNK_EXTRA_MAX - 10, HTTP_CHUNK_EXTRA_MAX + 10);
    }
    struct http_chunk chunk = {};
    size_t chunks = 0;
    enum http_chunk_result result;
    do {
        str in = STR("1;abcdefghi\r\nx\r\n"), data;
        while ((result = http_chunk_next(&chunk, &in, &data)) == HTTP_CHUNK_DATA)
            ;
        chunks++;
    } while (result == HTTP_CHUNK_MORE);
    assert_int_equal(result, HTTP_CHUNK_BAD);
    assert_int_equal(chunks, HTTP_CHUNK_EXTRA_MAX / 10 + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_comes_out_wherever_it_is_cut),
        cmocka_unit_test(malformed_chunks_are_refused_wherever_they_are_cut),
        cmocka_unit_test(a_size_of_sixteen_digits_is_a_number),
        cmocka_unit_test(extensions_and_trailers_are_bounded_in_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
