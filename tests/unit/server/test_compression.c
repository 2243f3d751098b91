#include "lib/test.h"
#include "server/compression.h"

#include <libdeflate.h>

enum { LIMIT = 1024 * 1024 };

static struct arena *arena;

static int setup(void **state) {
    (void)state;
    arena = arena_new(64 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static str text_of(size_t len) {
    char *bytes = arena_bytes(arena, len);
    for (size_t i = 0; i < len; i++)
        bytes[i] = "the same words again "[i % 21];
    return (str){bytes, len};
}

typedef size_t compress(struct libdeflate_compressor *, const void *, size_t, void *, size_t);

static str packed(compress *run, str body) {
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(6);
    char *bytes = arena_bytes(arena, body.len + 100);
    size_t len = run(compressor, body.ptr, body.len, bytes, body.len + 100);
    libdeflate_free_compressor(compressor);
    assert_true(len > 0);
    return (str){bytes, len};
}

static void assert_unpacks(str encoding, str body, str want) {
    str out = {};
    assert_status(body_decompress(encoding, body, LIMIT, arena, &out), ST_OK);
    assert_true(str_eq(out, want));
}

static void gzip_and_both_kinds_of_deflate_come_back(void **state) {
    (void)state;
    str text = text_of(300000);
    assert_unpacks(STR("gzip"), packed(libdeflate_gzip_compress, text), text);
    assert_unpacks(STR(" GZIP "), packed(libdeflate_gzip_compress, text), text);
    assert_unpacks(STR("deflate"), packed(libdeflate_zlib_compress, text), text);
    assert_unpacks(STR("deflate"), packed(libdeflate_deflate_compress, text), text);
    assert_unpacks(STR("identity"), text, text);
    assert_unpacks((str){NULL, 0}, text, text);
}

static void several_gzip_members_are_one_body(void **state) {
    (void)state;
    str one = packed(libdeflate_gzip_compress, STR("{\"a\":")),
        two = packed(libdeflate_gzip_compress, STR("1}"));
    char *bytes = arena_bytes(arena, one.len + two.len);
    memcpy(bytes, one.ptr, one.len);
    memcpy(bytes + one.len, two.ptr, two.len);
    str both = {bytes, one.len + two.len};
    assert_unpacks(STR("gzip"), both, STR("{\"a\":1}"));
}

static void broken_and_unknown_encodings_are_refused(void **state) {
    (void)state;
    str text = text_of(5000), out;
    str gzip = packed(libdeflate_gzip_compress, text);
    for (size_t cut = 0; cut < gzip.len; cut += 7)
        assert_status(body_decompress(STR("gzip"), str_slice(gzip, 0, cut), LIMIT, arena, &out),
                      ST_INVALID);
    char *bent = (char *)arena_copy(arena, gzip).ptr;
    bent[gzip.len - 6] ^= 1; /* the checksum */
    assert_status(body_decompress(STR("gzip"), (str){bent, gzip.len}, LIMIT, arena, &out),
                  ST_INVALID);
    assert_status(body_decompress(STR("br"), gzip, LIMIT, arena, &out), ST_INVALID);
    assert_status(body_decompress(STR("gzip, gzip"), gzip, LIMIT, arena, &out), ST_INVALID);
    assert_status(body_decompress(STR("deflate"), text, LIMIT, arena, &out), ST_INVALID);
}

static void a_bomb_is_found_at_the_limit(void **state) {
    (void)state;
    str out;
    char *zeros = arena_alloc_zero(arena, 8 * LIMIT);
    str bomb = packed(libdeflate_gzip_compress, (str){zeros, 8 * LIMIT});
    assert_true(bomb.len < 16 * 1024);
    size_t before = arena_used(arena);
    assert_status(body_decompress(STR("gzip"), bomb, LIMIT, arena, &out), ST_TOO_BIG);
    assert_true(arena_used(arena) - before <= 3 * LIMIT);
    str fits = packed(libdeflate_gzip_compress, (str){zeros, LIMIT});
    assert_status(body_decompress(STR("gzip"), fits, LIMIT, arena, &out), ST_OK);
    assert_int_equal(out.len, LIMIT);
}

static void accept_encoding_is_read_with_its_weights(void **state) {
    (void)state;
    static const struct {
        const char *header;
        bool takes;
    } rows[] = {
        {"gzip", true},         {"", false},         {"deflate, gzip;q=1.0, *;q=0.5", true},
        {"gzip;q=0", false},    {"*", true},         {"*;q=0", false},
        {"identity", false},    {"br;q=1.0", false}, {"gzip; q=0.000", false},
        {"gzip;q=0.001", true}, {"GZip", true},      {"*, gzip;q=0", false},
        {"gzip;q=0, *", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool said = false;
        if (accepts_gzip(str_from_c(rows[i].header), &said) != rows[i].takes)
            fail_msg("\"%s\"", rows[i].header);
    }
}

static void a_reply_that_does_not_shrink_stays(void **state) {
    (void)state;
    unsigned char noise[8000];
    uint32_t x = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)((x = x * 1664525 + 1013904223) >> 24);
    assert_null(body_gzip((str){(char *)noise, sizeof noise}, arena).ptr);
    str text = text_of(8000), small = body_gzip(text, arena);
    assert_true(small.len < 1000);
    assert_unpacks(STR("gzip"), small, text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gzip_and_both_kinds_of_deflate_come_back),
        cmocka_unit_test(several_gzip_members_are_one_body),
        cmocka_unit_test(broken_and_unknown_encodings_are_refused),
        cmocka_unit_test(a_bomb_is_found_at_the_limit),
        cmocka_unit_test(accept_encoding_is_read_with_its_weights),
        cmocka_unit_test(a_reply_that_does_not_shrink_stays),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
