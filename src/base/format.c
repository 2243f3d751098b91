/* printf into buffers and arenas, byte for byte.
 *
 * The C library's ends a "%.*s" at the first NUL, and names and values of clients may hold one: a
 * text that quotes them would be cut there. So text is copied here, "%.*s" with all of its bytes,
 * and the C library is left the numbers: one conversion at a time, with any flags and width (but
 * no "*"), of the lengths none, l, ll and z. The compiler compares formats with arguments (the
 * format attribute of buf_printf and of what stands on it); a conversion that is none of these is
 * our bug, a CHECK. */
#include "base/buf.h"
#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>

enum { SPEC_MAX = 15, NUMBER_TEXT_MAX = 512 };

/* A va_list that is handed to a function is a pointer there or an array here, as the ABI likes;
 * inside of a struct it is the same everywhere. */
struct arguments {
    va_list list;
};

static void add_slice(struct buf *out, struct arguments *arguments) {
    int len = va_arg(arguments->list, int);
    const char *bytes = va_arg(arguments->list, const char *);
    CHECK(len >= 0);
    buf_add(out, bytes, (size_t)len);
}

static bool is_one_of(char c, const char *set) {
    return c != 0 && strchr(set, c) != NULL;
}

/* The spec was a part of a format that the compiler has seen. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static int print_double(char *text, const char *spec, struct arguments *arguments) {
    return snprintf(text, NUMBER_TEXT_MAX, spec, va_arg(arguments->list, double));
}

/* Signed and unsigned are one to va_arg. */
static int print_integer(char *text, const char *spec, str length, struct arguments *arguments) {
    if (str_eq(length, STR("ll")))
        return snprintf(text, NUMBER_TEXT_MAX, spec, va_arg(arguments->list, long long));
    if (str_eq(length, STR("l")))
        return snprintf(text, NUMBER_TEXT_MAX, spec, va_arg(arguments->list, long));
    if (str_eq(length, STR("z")))
        return snprintf(text, NUMBER_TEXT_MAX, spec, va_arg(arguments->list, size_t));
    CHECK(length.len == 0);
    return snprintf(text, NUMBER_TEXT_MAX, spec, va_arg(arguments->list, int));
}

#pragma GCC diagnostic pop

/* rest: from the percent sign on. Answers how long the conversion is. */
static size_t add_number(struct buf *out, str rest, struct arguments *arguments) {
    char spec[SPEC_MAX + 1] = {}, text[NUMBER_TEXT_MAX];
    size_t length_at = 1, end;
    while (length_at < rest.len && is_one_of(rest.ptr[length_at], "-+ #.0123456789"))
        length_at++;
    for (end = length_at; end < rest.len && is_one_of(rest.ptr[end], "lz");)
        end++;
    CHECK(end < rest.len && end < SPEC_MAX);
    memcpy(spec, rest.ptr, end + 1);
    bool is_double = is_one_of(rest.ptr[end], "fgeE");
    CHECK(is_double || is_one_of(rest.ptr[end], "diuxX"));
    int len = is_double ? print_double(text, spec, arguments)
                        : print_integer(text, spec, str_slice(rest, length_at, end), arguments);
    CHECK(len >= 0 && len < NUMBER_TEXT_MAX);
    buf_add(out, text, (size_t)len);
    return end + 1;
}

/* At the percent sign; answers what is left behind the conversion. */
static str add_conversion(struct buf *out, str format, struct arguments *arguments) {
    size_t len = 2;
    if (str_starts_with(format, STR("%.*s"))) {
        add_slice(out, arguments);
        len = 4;
    } else if (str_starts_with(format, STR("%s"))) {
        buf_add_str(out, str_from_c(va_arg(arguments->list, const char *)));
    } else if (str_starts_with(format, STR("%c"))) {
        buf_add_byte(out, (unsigned char)va_arg(arguments->list, int));
    } else if (str_starts_with(format, STR("%%"))) {
        buf_add_byte(out, '%');
    } else {
        len = add_number(out, format, arguments);
    }
    return str_slice(format, len, format.len);
}

void buf_vprintf(struct buf *buf, const char *format, va_list args) {
    struct arguments arguments;
    str rest = str_from_c(format);
    va_copy(arguments.list, args);
    while (rest.len > 0) {
        size_t plain = str_find(rest, '%');
        buf_add(buf, rest.ptr, plain);
        rest = str_slice(rest, plain, rest.len);
        if (rest.len > 0)
            rest = add_conversion(buf, rest, &arguments);
    }
    va_end(arguments.list);
}

void buf_printf(struct buf *buf, const char *format, ...) {
    va_list args;
    va_start(args, format);
    buf_vprintf(buf, format, args);
    va_end(args);
}

str arena_vprintf(struct arena *arena, const char *format, va_list args) {
    struct buf text;
    buf_init(&text, arena, 128);
    buf_vprintf(&text, format, args);
    buf_add_byte(&text, 0); /* for the few that hand it to a C library */
    return (str){text.ptr, text.len - 1};
}

str arena_printf(struct arena *arena, const char *format, ...) {
    va_list args;
    va_start(args, format);
    str text = arena_vprintf(arena, format, args);
    va_end(args);
    return text;
}
