#include "server/compression.h"

#include "base/check.h"
#include "base/thread.h"

#include <libdeflate.h>

/* Level 6 takes a loop 10 ms for a megabyte, level 1 a fourth of that. */
enum { ROOM_FIRST = 64 * 1024, GZIP_LEVEL = 6, LOOP_LEVEL = 1, LOOP_BYTES_MAX = 64 * 1024 };

/* ---- requests ---- */

typedef enum libdeflate_result decompress(struct libdeflate_decompressor *, const void *in,
                                          size_t in_size, void *out, size_t out_size,
                                          size_t *out_in_used, size_t *out_written);

struct inflation {
    struct libdeflate_decompressor *decompressor;
    struct arena *arena;
    size_t bytes_max;
    char *bytes;
    size_t len, room;
};

/* One member (gzip) or the whole stream (deflate), appended. Where the first room is too small
 * there is a second, of all that is allowed: pages of it that are never written are never there,
 * and nothing is copied but what was in the first. No trust in what the sender claims. */
static status inflate_one(struct inflation *to, decompress *run, str in, size_t *out_used) {
    for (;;) {
        size_t written = 0;
        enum libdeflate_result result = run(to->decompressor, in.ptr, in.len, to->bytes + to->len,
                                            to->room - to->len, out_used, &written);
        if (result == LIBDEFLATE_SUCCESS) {
            to->len += written;
            return ST_OK;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
            return ST_INVALID;
        if (to->room >= to->bytes_max)
            return ST_TOO_BIG;
        char *bytes = arena_bytes(to->arena, to->bytes_max);
        memcpy(bytes, to->bytes, to->len);
        to->bytes = bytes;
        to->room = to->bytes_max;
    }
}

static status inflate_gzip(struct inflation *to, str in) {
    do {
        size_t used = 0;
        TRY(inflate_one(to, libdeflate_gzip_decompress_ex, in, &used));
        in = str_slice(in, used, in.len);
    } while (in.len > 0);
    return ST_OK;
}

/* What is called deflate is the zlib format by the standard and the bare stream by habit. */
static status inflate_deflate(struct inflation *to, str in) {
    size_t used = 0;
    status st = inflate_one(to, libdeflate_zlib_decompress_ex, in, &used);
    if (st == ST_INVALID)
        st = inflate_one(to, libdeflate_deflate_decompress_ex, in, &used);
    return st == ST_OK && used != in.len ? ST_INVALID : st;
}

static str trim(str s) {
    while (s.len && (s.ptr[0] == ' ' || s.ptr[0] == '\t'))
        s = str_slice(s, 1, s.len);
    while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
        s.len--;
    return s;
}

status body_decompress(str encoding, str body, size_t bytes_max, struct arena *arena, str *out) {
    encoding = trim(encoding);
    bool gzip = str_eq_nocase(encoding, STR("gzip")) || str_eq_nocase(encoding, STR("x-gzip"));
    bool deflate = str_eq_nocase(encoding, STR("deflate"));
    if (encoding.len == 0 || str_eq_nocase(encoding, STR("identity"))) {
        *out = body;
        return ST_OK;
    }
    if (!gzip && !deflate)
        return ST_INVALID;
    struct inflation to = {.arena = arena, .bytes_max = bytes_max, .room = ROOM_FIRST};
    to.bytes = arena_bytes(arena, to.room);
    to.decompressor = libdeflate_alloc_decompressor();
    CHECK(to.decompressor != NULL);
    status st = gzip ? inflate_gzip(&to, body) : inflate_deflate(&to, body);
    libdeflate_free_decompressor(to.decompressor);
    arena_give_back(arena, to.bytes, to.room, to.len);
    if (st == ST_OK)
        *out = (str){to.bytes, to.len};
    return st;
}

/* ---- replies ---- */

/* Whether the parameters of one coding say q=0 (with any number of zeros behind a point). */
static bool refused(str parameters) {
    while (parameters.len) {
        size_t end = str_find(parameters, ';');
        str parameter = trim(str_slice(parameters, 0, end));
        parameters = str_slice(parameters, end < parameters.len ? end + 1 : end, parameters.len);
        if (parameter.len < 3 || (parameter.ptr[0] | 0x20) != 'q' || parameter.ptr[1] != '=')
            continue;
        str q = str_slice(parameter, 2, parameter.len);
        for (size_t i = 0; i < q.len; i++)
            if (q.ptr[i] != '0' && q.ptr[i] != '.')
                return false;
        return true;
    }
    return false;
}

bool accepts_gzip(str accept, bool *said) {
    bool any = false, gzip = false;
    while (accept.len) {
        size_t end = str_find(accept, ',');
        str coding = trim(str_slice(accept, 0, end));
        accept = str_slice(accept, end < accept.len ? end + 1 : end, accept.len);
        size_t semicolon = str_find(coding, ';');
        str name = trim(str_slice(coding, 0, semicolon));
        bool yes = !refused(
            str_slice(coding, semicolon < coding.len ? semicolon + 1 : semicolon, coding.len));
        if (str_eq_nocase(name, STR("gzip")) || str_eq_nocase(name, STR("x-gzip"))) {
            *said = true;
            gzip = yes;
        } else if (str_eq(name, STR("*"))) {
            any = yes;
        }
    }
    return *said ? gzip : any;
}

str body_gzip(str body, struct arena *arena) {
    bool hurry = body.len > LOOP_BYTES_MAX && !thread_may_wait();
    struct libdeflate_compressor *compressor =
        libdeflate_alloc_compressor(hurry ? LOOP_LEVEL : GZIP_LEVEL);
    CHECK(compressor != NULL);
    char *bytes = arena_bytes(arena, body.len);
    size_t len = libdeflate_gzip_compress(compressor, body.ptr, body.len, bytes, body.len);
    libdeflate_free_compressor(compressor);
    return len > 0 ? (str){bytes, len} : (str){NULL, 0};
}
