/* printf into buffers and arenas, byte for byte.
 *
 * The C library's stops a "%.*s" at the first NUL, and names and values of clients may hold one: a
 * text that quotes them would be cut there. So the conversions that texts need are made here:
 *
 *     %.*s %s %c    a str (STR_ARG), all of its bytes; a C string; a byte
 *     %d %u %x      with l, ll or z before them, and 0, a width or * before that
 *     %.Ng %.Nf     a double
 *     %%
 *
 * The compiler compares them with the arguments (the format attribute of buf_printf and of what
 * stands on it); any other conversion is our bug, a CHECK, and found by tools/check_tree.py. */
#include "base/buf.h"
#include "base/check.h"

#include <stdarg.h>
#include <stdio.h>

enum { NUMBER_TEXT_MAX = 32, DOUBLE_TEXT_MAX = 512 };

/* A va_list that is handed to a function is a pointer there or an array here, as the ABI likes;
 * inside of a struct it is the same everywhere. */
struct arguments {
    va_list list;
};

enum length { LENGTH_INT, LENGTH_LONG, LENGTH_LONG_LONG, LENGTH_SIZE };

struct conversion {
    bool zero; /* pad with zeros */
    size_t width;
    int precision; /* -1: none */
    enum length length;
    char kind;
};

/* ---- reading what stands behind the percent sign ---- */

static size_t read_number(const char **at, struct arguments *arguments) {
    size_t number = 0;
    if (**at == '*') {
        int given = va_arg(arguments->list, int);
        CHECK(given >= 0);
        *at += 1;
        return (size_t)given;
    }
    for (; **at >= '0' && **at <= '9'; *at += 1)
        number = number * 10 + (size_t)(**at - '0');
    return number;
}

static enum length read_length(const char **at) {
    enum length length = LENGTH_INT;
    for (; **at == 'l'; *at += 1)
        length = length == LENGTH_LONG ? LENGTH_LONG_LONG : LENGTH_LONG;
    if (**at == 'z') {
        *at += 1;
        length = LENGTH_SIZE;
    }
    return length;
}

static struct conversion read_conversion(const char **at, struct arguments *arguments) {
    struct conversion c = {.precision = -1};
    if (**at == '0') {
        c.zero = true;
        *at += 1;
    }
    c.width = read_number(at, arguments);
    if (**at == '.') {
        *at += 1;
        c.precision = (int)read_number(at, arguments);
    }
    c.length = read_length(at);
    c.kind = *(*at)++;
    return c;
}

/* ---- writing ---- */

static void add_padded(struct buf *out, const struct conversion *c, bool negative, str digits) {
    size_t len = digits.len + negative;
    for (size_t i = len; !c->zero && i < c->width; i++)
        buf_add_byte(out, ' ');
    if (negative)
        buf_add_byte(out, '-');
    for (size_t i = len; c->zero && i < c->width; i++)
        buf_add_byte(out, '0');
    buf_add_str(out, digits);
}

static void add_unsigned(struct buf *out, const struct conversion *c, bool negative,
                         unsigned long long value) {
    static const char digits[] = "0123456789abcdef";
    unsigned base = c->kind == 'x' ? 16 : 10;
    char text[NUMBER_TEXT_MAX], *at = text + sizeof text;
    do {
        *--at = digits[value % base];
        value /= base;
    } while (value > 0);
    add_padded(out, c, negative, (str){at, (size_t)(text + sizeof text - at)});
}

static void add_signed(struct buf *out, const struct conversion *c, long long value) {
    unsigned long long magnitude = (unsigned long long)value;
    add_unsigned(out, c, value < 0, value < 0 ? 0 - magnitude : magnitude);
}

static void add_integer(struct buf *out, const struct conversion *c, struct arguments *arguments) {
    bool is_signed = c->kind == 'd';
    switch (c->length) {
    case LENGTH_INT:
        is_signed ? add_signed(out, c, va_arg(arguments->list, int))
                  : add_unsigned(out, c, false, va_arg(arguments->list, unsigned));
        return;
    case LENGTH_LONG:
        is_signed ? add_signed(out, c, va_arg(arguments->list, long))
                  : add_unsigned(out, c, false, va_arg(arguments->list, unsigned long));
        return;
    case LENGTH_LONG_LONG:
        is_signed ? add_signed(out, c, va_arg(arguments->list, long long))
                  : add_unsigned(out, c, false, va_arg(arguments->list, unsigned long long));
        return;
    case LENGTH_SIZE:
        CHECK(!is_signed);
        add_unsigned(out, c, false, va_arg(arguments->list, size_t));
        return;
    }
    CHECK(false);
}

static void add_double(struct buf *out, const struct conversion *c, double value) {
    char text[DOUBLE_TEXT_MAX];
    int precision = c->precision < 0 ? 6 : c->precision;
    int len = c->kind == 'f' ? snprintf(text, sizeof text, "%.*f", precision, value)
                             : snprintf(text, sizeof text, "%.*g", precision, value);
    CHECK(len > 0 && (size_t)len < sizeof text);
    buf_add(out, text, (size_t)len);
}

static void add_conversion(struct buf *out, const char **at, struct arguments *arguments) {
    struct conversion c = read_conversion(at, arguments);
    const char *bytes;
    switch (c.kind) {
    case 's':
        bytes = va_arg(arguments->list, const char *);
        buf_add(out, bytes, c.precision >= 0 ? (size_t)c.precision : strlen(bytes));
        return;
    case 'c':
        buf_add_byte(out, (unsigned char)va_arg(arguments->list, int));
        return;
    case 'd':
    case 'u':
    case 'x':
        add_integer(out, &c, arguments);
        return;
    case 'f':
    case 'g':
        add_double(out, &c, va_arg(arguments->list, double));
        return;
    case '%':
        buf_add_byte(out, '%');
        return;
    default: /* characters, not an enum */
        CHECK(false);
    }
}

void buf_vprintf(struct buf *buf, const char *format, va_list args) {
    struct arguments arguments;
    va_copy(arguments.list, args);
    while (*format != '\0') {
        const char *percent = strchrnul(format, '%');
        buf_add(buf, format, (size_t)(percent - format));
        format = percent;
        if (*format == '%') {
            format++;
            add_conversion(buf, &format, &arguments);
        }
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
