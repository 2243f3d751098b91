#include "base/utf8.h"

/* Bytes of the well-formed sequence at p, 0 if there is none. */
static size_t sequence_len(const unsigned char *p, size_t left) {
    unsigned char c = p[0];
    if (c < 0x80)
        return 1;
    if (c < 0xc2)
        return 0;
    if (c < 0xe0)
        return left >= 2 && (p[1] & 0xc0) == 0x80 ? 2 : 0;
    if (c < 0xf0) {
        if (left < 3 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80)
            return 0;
        if ((c == 0xe0 && p[1] < 0xa0) || (c == 0xed && p[1] > 0x9f))
            return 0;
        return 3;
    }
    if (c > 0xf4 || left < 4 || (p[1] & 0xc0) != 0x80 || (p[2] & 0xc0) != 0x80 ||
        (p[3] & 0xc0) != 0x80)
        return 0;
    if ((c == 0xf0 && p[1] < 0x90) || (c == 0xf4 && p[1] > 0x8f))
        return 0;
    return 4;
}

bool utf8_valid(str s) {
    const unsigned char *p = (const unsigned char *)s.ptr;
    size_t i = 0;
    while (i < s.len) {
        uint64_t eight;
        if (s.len - i >= 8) { /* most text is ASCII: eight bytes at a time */
            memcpy(&eight, p + i, 8);
            if ((eight & 0x8080808080808080u) == 0) {
                i += 8;
                continue;
            }
        }
        size_t n = sequence_len(p + i, s.len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

size_t utf8_characters(str s) {
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += ((unsigned char)s.ptr[i] & 0xc0) != 0x80;
    return count;
}

size_t utf8_utf16_units(str s) {
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += (((unsigned char)s.ptr[i] & 0xc0) != 0x80) + ((unsigned char)s.ptr[i] >= 0xf0);
    return count;
}

size_t utf8_put(char *at, uint32_t cp) {
    if (cp < 0x80) {
        at[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        at[0] = (char)(0xc0 | cp >> 6);
        at[1] = (char)(0x80 | (cp & 0x3f));
        return 2;
    }
    if (cp < 0x10000) {
        at[0] = (char)(0xe0 | cp >> 12);
        at[1] = (char)(0x80 | (cp >> 6 & 0x3f));
        at[2] = (char)(0x80 | (cp & 0x3f));
        return 3;
    }
    at[0] = (char)(0xf0 | cp >> 18);
    at[1] = (char)(0x80 | (cp >> 12 & 0x3f));
    at[2] = (char)(0x80 | (cp >> 6 & 0x3f));
    at[3] = (char)(0x80 | (cp & 0x3f));
    return 4;
}
