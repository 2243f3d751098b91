/* str.h - a borrowed slice of bytes, passed by value.
 *
 * Purpose:   the only way text and bytes travel; not NUL-terminated, may hold any byte.
 * Ownership: borrowed: whoever made the bytes (an arena, a request body, a literal) owns them.
 * Threads:   any.
 * Errors:    none; parsers answer bool and leave outputs untouched on false.
 * Limits:    none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct str {
    const char *ptr; /* NULL means absent, which is not the same as empty */
    size_t len;
} str;

#define STR(lit) ((str){"" lit, sizeof(lit) - 1})
#define STR_INIT(lit)                                                                              \
    { "" lit, sizeof(lit) - 1 }
/* For printf: "%.*s", STR_ARG(s) */
#define STR_ARG(s) (int)(s).len, (s).ptr

static inline bool str_eq(str a, str b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* Order of unsigned bytes; a prefix sorts before what it is a prefix of. */
static inline int str_cmp(str a, str b) {
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static inline bool str_starts_with(str s, str prefix) {
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.ptr, prefix.ptr, prefix.len) == 0);
}

static inline str str_slice(str s, size_t from, size_t to) {
    return (str){s.ptr + from, to - from};
}

static inline str str_from_c(const char *text) {
    return (str){text, strlen(text)};
}

/* ASCII only. */
bool str_eq_nocase(str a, str b);

/* Digits only, no sign, no blanks; false on overflow or anything else. */
bool str_to_u64(str s, uint64_t *out);

/* Index of the first `byte`, or s.len. */
size_t str_find(str s, char byte);
/* Whether `needle` stands anywhere in s; an empty needle does. */
bool str_contains(str s, str needle);
