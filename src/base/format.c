/* printf into buffers and arenas, byte for byte.
 *
 * The C library's stops a "%.*s" at the first NUL, and names and values of clients may hold one: a
 * text that quotes them would be cut there. So the few conversions that texts need are made here:
 *
 *     %.*s  a str (STR_ARG), all of its bytes          %d %u         int, unsigned
 *     %s    a C string                                 %lld %llu     long long
 *     %c    a byte                                     %zu           size_t
 *     %02x  a byte in hexadecimal                      %.17g         a double
 *
 * The compiler compares them with the arguments (the format attribute of buf_printf and of what
 * stands on it); any other conversion is our bug, a CHECK. */
#include "base/buf.h"
#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>

enum { DOUBLE_TEXT_MAX = 32 };

static void add_hex_byte(struct buf *out, unsigned value) {
    static const char digits[] = "0123456789abcdef";
    buf_add_byte(out, (unsigned char)digits[value >> 4 & 15]);
    buf_add_byte(out, (unsigned char)digits[value & 15]);
}

static void add_double(struct buf *out, double value) {
    char text[DOUBLE_TEXT_MAX];
    int len = snprintf(text, sizeof text, "%.17g", value);
    CHECK(len > 0 && (size_t)len < sizeof text);
    buf_add(out, text, (size_t)len);
}

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

enum conversion {
    SLICE,
    C_STRING,
    INT,
    UNSIGNED,
    LONG_LONG,
    UNSIGNED_LONG_LONG,
    SIZE,
    CHAR,
    HEX_BYTE,
    DOUBLE,
};

static const struct {
    str text; /* behind the percent sign */
    enum conversion conversion;
} conversions[] = {
    {STR_INIT(".*s"), SLICE},   {STR_INIT("s"), C_STRING},    {STR_INIT("d"), INT},
    {STR_INIT("u"), UNSIGNED},  {STR_INIT("lld"), LONG_LONG}, {STR_INIT("llu"), UNSIGNED_LONG_LONG},
    {STR_INIT("zu"), SIZE},     {STR_INIT("c"), CHAR},        {STR_INIT("02x"), HEX_BYTE},
    {STR_INIT(".17g"), DOUBLE},
};

static void add_argument(struct buf *out, enum conversion conversion, struct arguments *arguments) {
    switch (conversion) {
    case SLICE:
        add_slice(out, arguments);
        return;
    case C_STRING:
        buf_add_str(out, str_from_c(va_arg(arguments->list, const char *)));
        return;
    case INT:
        buf_add_i64(out, va_arg(arguments->list, int));
        return;
    case UNSIGNED:
        buf_add_u64(out, va_arg(arguments->list, unsigned));
        return;
    case LONG_LONG:
        buf_add_i64(out, va_arg(arguments->list, long long));
        return;
    case UNSIGNED_LONG_LONG:
        buf_add_u64(out, va_arg(arguments->list, unsigned long long));
        return;
    case SIZE:
        buf_add_u64(out, va_arg(arguments->list, size_t));
        return;
    case CHAR:
        buf_add_byte(out, (unsigned char)va_arg(arguments->list, int));
        return;
    case HEX_BYTE:
        add_hex_byte(out, va_arg(arguments->list, unsigned));
        return;
    case DOUBLE:
        add_double(out, va_arg(arguments->list, double));
        return;
    }
    CHECK(false);
}

/* At the percent sign; answers what is left behind the conversion. */
static str add_conversion(struct buf *out, str format, struct arguments *arguments) {
    str rest = str_slice(format, 1, format.len);
    for (size_t i = 0; i < sizeof conversions / sizeof conversions[0]; i++)
        if (str_starts_with(rest, conversions[i].text)) {
            add_argument(out, conversions[i].conversion, arguments);
            return str_slice(rest, conversions[i].text.len, rest.len);
        }
    CHECK(str_starts_with(rest, STR("%")));
    buf_add_byte(out, '%');
    return str_slice(rest, 1, rest.len);
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
