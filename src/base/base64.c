#include "base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(str in, char *out) {
    const unsigned char *p = (const unsigned char *)in.ptr;
    size_t i = 0;
    for (; i + 3 <= in.len; i += 3, out += 4) {
        uint32_t v = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];
        out[0] = alphabet[v >> 18];
        out[1] = alphabet[v >> 12 & 63];
        out[2] = alphabet[v >> 6 & 63];
        out[3] = alphabet[v & 63];
    }
    if (i == in.len)
        return;
    bool two = in.len - i == 2;
    uint32_t v = (uint32_t)p[i] << 16 | (two ? (uint32_t)p[i + 1] << 8 : 0);
    out[0] = alphabet[v >> 18];
    out[1] = alphabet[v >> 12 & 63];
    out[2] = two ? alphabet[v >> 6 & 63] : '=';
    out[3] = '=';
}

static int digit(unsigned char c) {
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_decode(str in, char *out, size_t *out_len) {
    if (in.len % 4 != 0)
        return false;
    size_t padding = 0;
    if (in.len && in.ptr[in.len - 1] == '=')
        padding = in.ptr[in.len - 2] == '=' ? 2 : 1;
    size_t written = 0;
    for (size_t i = 0; i < in.len; i += 4) {
        bool last = i + 4 == in.len;
        size_t digits = last ? 4 - padding : 4;
        uint32_t v = 0;
        for (size_t j = 0; j < 4; j++) {
            int d = j < digits ? digit((unsigned char)in.ptr[i + j]) : 0;
            if (d < 0)
                return false;
            v = v << 6 | (uint32_t)d;
        }
        /* Bits that no byte takes must be zero, or two texts would mean the same bytes. */
        if ((digits == 3 && (v & 0xff)) || (digits == 2 && (v & 0xffff)))
            return false;
        for (size_t j = 0; j + 1 < digits; j++)
            out[written++] = (char)(v >> (16 - 8 * j));
    }
    *out_len = written;
    return true;
}
