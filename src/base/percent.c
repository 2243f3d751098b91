#include "base/percent.h"

static bool is_unreserved(unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void percent_encode(struct buf *out, str text, const char *keep) {
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (is_unreserved(c) || (c != '\0' && strchr(keep, c) != NULL)) {
            buf_add_byte(out, c);
            continue;
        }
        buf_add_byte(out, '%');
        buf_add_byte(out, (unsigned char)digits[c >> 4]);
        buf_add_byte(out, (unsigned char)digits[c & 15]);
    }
}

int percent_digit(char c) {
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
