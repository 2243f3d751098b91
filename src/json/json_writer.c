#include "json/json_writer.h"

#include "base/base64.h"
#include "base/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Every value passes here first: the comma that parts it from the one before. */
static inline void value_begins(struct json_writer *w) {
    if (w->comma)
        buf_add_byte(w->out, ',');
    w->comma = true;
}

static void container_begin(struct json_writer *w, char bracket) {
    CHECK(w->depth < JSON_WRITER_DEPTH_MAX);
    value_begins(w);
    buf_add_byte(w->out, (unsigned char)bracket);
    w->depth++;
    w->comma = false;
}

static void container_end(struct json_writer *w, char bracket) {
    CHECK(w->depth > 0);
    w->depth--;
    buf_add_byte(w->out, (unsigned char)bracket);
    w->comma = true;
}

void json_write_object_begin(struct json_writer *w) {
    container_begin(w, '{');
}
void json_write_object_begin_key(struct json_writer *w, str plain_key) {
    CHECK(w->depth < JSON_WRITER_DEPTH_MAX);
    char *from = buf_reserve(w->out, plain_key.len + 5), *at = from;
    if (w->comma)
        *at++ = ',';
    *at++ = '{';
    *at++ = '"';
    memcpy(at, plain_key.ptr, plain_key.len);
    at += plain_key.len;
    *at++ = '"';
    *at++ = ':';
    w->out->len += (size_t)(at - from);
    w->depth++;
    w->comma = false;
}
void json_write_object_end(struct json_writer *w) {
    container_end(w, '}');
}
void json_write_array_begin(struct json_writer *w) {
    container_begin(w, '[');
}
void json_write_array_end(struct json_writer *w) {
    container_end(w, ']');
}

#define EACH_BYTE(byte) (0x0101010101010101u * (byte))

/* The first byte from `i` on that needs an escape, or text.len. See json_reader.c for the trick. */
static inline size_t find_special(str text, size_t i) {
    for (; i + 8 <= text.len; i += 8) {
        uint64_t eight;
        memcpy(&eight, text.ptr + i, 8);
        uint64_t quote = eight ^ EACH_BYTE('"'), backslash = eight ^ EACH_BYTE('\\');
        uint64_t found = (quote - EACH_BYTE(1)) & ~quote;
        found |= (backslash - EACH_BYTE(1)) & ~backslash;
        found |= (eight - EACH_BYTE(0x20)) & ~eight;
        found &= EACH_BYTE(0x80);
        if (found)
            return i + (size_t)(__builtin_ctzll(found) >> 3);
    }
    while (i < text.len && text.ptr[i] != '"' && text.ptr[i] != '\\' &&
           (unsigned char)text.ptr[i] >= 0x20)
        i++;
    return i;
}

static void add_escape(struct buf *out, unsigned char c) {
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    static const char hex[] = "0123456789abcdef";
    if (c >= 0x20 || letters[c]) {
        const char two[2] = {'\\', c >= 0x20 ? (char)c : letters[c]};
        buf_add(out, two, sizeof two);
    } else {
        const char six[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        buf_add(out, six, sizeof six);
    }
}

static void add_string(struct buf *out, str text) {
    buf_reserve(out, text.len + 2);
    buf_add_byte(out, '"');
    size_t from = 0;
    for (;;) {
        size_t special = find_special(text, from);
        buf_add(out, text.len ? text.ptr + from : "", special - from);
        if (special == text.len)
            break;
        add_escape(out, (unsigned char)text.ptr[special]);
        from = special + 1;
    }
    buf_add_byte(out, '"');
}

void json_write_key(struct json_writer *w, str key) {
    value_begins(w);
    add_string(w->out, key);
    buf_add_byte(w->out, ':');
    w->comma = false;
}

void json_write_string(struct json_writer *w, str text) {
    value_begins(w);
    add_string(w->out, text);
}

void json_write_base64(struct json_writer *w, str bytes) {
    value_begins(w);
    size_t len = base64_encoded_len(bytes.len);
    char *at = buf_reserve(w->out, len + 2);
    at[0] = '"';
    base64_encode(bytes, at + 1);
    at[len + 1] = '"';
    w->out->len += len + 2;
}

void json_write_i64(struct json_writer *w, int64_t value) {
    value_begins(w);
    buf_add_i64(w->out, value);
}

void json_write_seconds(struct json_writer *w, int64_t time_us) {
    value_begins(w);
    uint64_t ms = (time_us < 0 ? -(uint64_t)time_us : (uint64_t)time_us) / 1000;
    if (time_us < 0 && ms)
        buf_add_byte(w->out, '-');
    buf_add_u64(w->out, ms / 1000);
    unsigned rest = (unsigned)(ms % 1000);
    if (rest)
        buf_add_byte(w->out, '.');
    for (unsigned unit = 100; rest; rest %= unit, unit /= 10)
        buf_add_byte(w->out, (unsigned char)('0' + rest / unit));
}

void json_write_double(struct json_writer *w, double value) {
    CHECK(isfinite(value));
    value_begins(w);
    if (signbit(value)) {
        buf_add_byte(w->out, '-');
        value = -value;
    }
    if (value < 1e15 && value == (double)(uint64_t)value) {
        buf_add_u64(w->out, (uint64_t)value);
        buf_add_lit(w->out, ".0");
        return;
    }
    char text[32];
    int len = 0;
    for (int digits = 1; digits <= 17; digits++) {
        len = snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    buf_add(w->out, text, (size_t)len);
}

void json_write_bool(struct json_writer *w, bool value) {
    value_begins(w);
    buf_add_str(w->out, value ? STR("true") : STR("false"));
}

void json_write_null(struct json_writer *w) {
    value_begins(w);
    buf_add_lit(w->out, "null");
}

void json_write_raw(struct json_writer *w, str json) {
    value_begins(w);
    buf_add_str(w->out, json);
}

void json_writer_finish(struct json_writer *w) {
    CHECK(w->depth == 0);
}
