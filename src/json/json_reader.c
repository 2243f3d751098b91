/* The reader is a cursor and a bit stack. A failure moves the cursor to the end of the text, where
 * no call finds what it looks for, so the fast paths need not ask whether it happened.
 *
 * A string is scanned once, eight bytes at a time, up to its closing quote; only one that holds
 * escapes (checked by that same scan) is walked again, to be unescaped into the arena. */
#include "json/json_reader.h"

#include "base/check.h"
#include "base/utf8.h"

static bool fail_here(struct json_reader *reader) {
    reader->failed = true;
    reader->at = reader->end;
    return false;
}

void json_reader_init(struct json_reader *reader, str text, struct arena *arena) {
    const char *begin = text.ptr ? text.ptr : "";
    *reader =
        (struct json_reader){.at = begin, .end = begin + text.len, .begin = begin, .arena = arena};
    if (!utf8_valid((str){begin, text.len}))
        fail_here(reader);
}

/* Moves past blanks; answers the character that stands there, 0 at the end (a NUL in the text is
 * an error wherever it is asked for, so the two need no telling apart). */
static inline char next_char(struct json_reader *reader) {
    const char *at = reader->at, *end = reader->end;
    if (__builtin_expect(at < end && (unsigned char)*at > ' ', 1))
        return *at;
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    reader->at = at;
    return at < end ? *at : 0;
}

static inline bool take(struct json_reader *reader, char wanted) {
    if (next_char(reader) != wanted)
        return false;
    reader->at++;
    return true;
}

enum json_kind json_peek(struct json_reader *reader) {
    switch (next_char(reader)) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    case '-':
    case '0' ... '9':
        return JSON_NUMBER;
    default:
        fail_here(reader);
        return JSON_END;
    }
}

/* ---- strings ---- */

#define EACH_BYTE(byte) (0x0101010101010101u * (byte))

/* The high bit of the first byte (and perhaps of later ones) that is below 0x20, a quote or a
 * backslash. A borrow only travels up from a byte that matched, so the lowest bit is exact. */
static inline uint64_t special_bytes(uint64_t eight) {
    uint64_t quote = eight ^ EACH_BYTE('"'), backslash = eight ^ EACH_BYTE('\\');
    uint64_t found = (quote - EACH_BYTE(1)) & ~quote;
    found |= (backslash - EACH_BYTE(1)) & ~backslash;
    found |= (eight - EACH_BYTE(0x20)) & ~eight;
    return found & EACH_BYTE(0x80);
}

static inline const char *find_special(const char *at, const char *end) {
    for (; end - at >= 8; at += 8) {
        uint64_t eight;
        memcpy(&eight, at, 8);
        uint64_t found = special_bytes(eight);
        if (found)
            return at + (__builtin_ctzll(found) >> 3);
    }
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
        at++;
    return at;
}

/* The value of four hex digits, -1 if they are none. */
static int hex4(const char *at, const char *end) {
    if (end - at < 4)
        return -1;
    int value = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9'   ? c - '0'
                    : c >= 'a' && c <= 'f' ? c - 'a' + 10
                    : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                           : -1;
        if (digit < 0)
            return -1;
        value = value << 4 | digit;
    }
    return value;
}

/* Length of the escape that starts at the backslash `at`, 0 when it is none. */
static size_t escape_len(const char *at, const char *end) {
    if (end - at < 2)
        return 0;
    if (at[1] != 'u')
        return at[1] && strchr("\"\\/bfnrt", at[1]) ? 2 : 0;
    int unit = hex4(at + 2, end);
    if (unit < 0 || (unit >= 0xdc00 && unit <= 0xdfff))
        return 0;
    if (unit < 0xd800 || unit > 0xdbff)
        return 6;
    if (end - at < 12 || at[6] != '\\' || at[7] != 'u')
        return 0;
    int low = hex4(at + 8, end);
    return low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
}

static char unescape_letter(char letter) {
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default: /* quote, backslash, slash */
        return letter;
    }
}

/* Copies what scan_string has checked. No escape is shorter than what it stands for. */
static str unescape(struct arena *arena, str raw) {
    char *text = arena_bytes(arena, raw.len);
    size_t len = 0;
    const char *at = raw.ptr, *end = raw.ptr + raw.len;
    while (at < end) {
        const char *backslash = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((backslash ? backslash : end) - at);
        memcpy(text + len, at, plain);
        len += plain;
        at += plain;
        if (at == end)
            break;
        size_t escape = escape_len(at, end);
        if (escape == 2) {
            text[len++] = unescape_letter(at[1]);
        } else {
            uint32_t code_point = (uint32_t)hex4(at + 2, end);
            if (escape == 12)
                code_point = 0x10000 + ((code_point - 0xd800) << 10) +
                             ((uint32_t)hex4(at + 8, end) - 0xdc00);
            len += utf8_put(text + len, code_point);
        }
        at += escape;
    }
    return (str){text, len};
}

/* Reads and checks a string from its opening quote on; `raw` is what stands between the quotes. */
[[gnu::always_inline]] static inline bool scan_string(struct json_reader *reader, str *raw,
                                                      bool *out_escaped) {
    if (!take(reader, '"'))
        return fail_here(reader);
    const char *from = reader->at, *at = from, *end = reader->end;
    bool escaped = false;
    for (;;) {
        at = find_special(at, end);
        if (at == end || (unsigned char)*at < 0x20)
            return fail_here(reader);
        if (*at == '"')
            break;
        size_t escape = escape_len(at, end);
        if (escape == 0)
            return fail_here(reader);
        at += escape;
        escaped = true;
    }
    reader->at = at + 1;
    *raw = (str){from, (size_t)(at - from)};
    *out_escaped = escaped;
    return true;
}

[[gnu::always_inline]] static inline bool read_string(struct json_reader *reader, str *out) {
    str raw;
    bool escaped;
    if (!scan_string(reader, &raw, &escaped))
        return false;
    *out = escaped ? unescape(reader->arena, raw) : raw;
    return true;
}

bool json_string(struct json_reader *reader, str *out) {
    return read_string(reader, out);
}

/* ---- numbers and literals ---- */

static const char *skip_digits(const char *at, const char *end) {
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at;
}

bool json_number(struct json_reader *reader, str *out_text) {
    next_char(reader);
    const char *from = reader->at, *end = reader->end;
    const char *at = from < end && *from == '-' ? from + 1 : from;
    const char *digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at - digits > 1))
        return fail_here(reader);
    if (at < end && *at == '.') {
        digits = at + 1;
        at = skip_digits(digits, end);
        if (at == digits)
            return fail_here(reader);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        digits = at + 1;
        if (digits < end && (*digits == '+' || *digits == '-'))
            digits++;
        at = skip_digits(digits, end);
        if (at == digits)
            return fail_here(reader);
    }
    reader->at = at;
    *out_text = (str){from, (size_t)(at - from)};
    return true;
}

static bool take_literal(struct json_reader *reader, str literal) {
    next_char(reader);
    if (!str_starts_with((str){reader->at, (size_t)(reader->end - reader->at)}, literal))
        return fail_here(reader);
    reader->at += literal.len;
    return true;
}

bool json_bool(struct json_reader *reader, bool *out) {
    bool value = next_char(reader) == 't';
    if (!take_literal(reader, value ? STR("true") : STR("false")))
        return false;
    *out = value;
    return true;
}

bool json_null(struct json_reader *reader) {
    return take_literal(reader, STR("null"));
}

/* ---- containers ---- */

static inline bool innermost_is_array(const struct json_reader *reader) {
    unsigned level = reader->depth - 1;
    return reader->is_array[level / 64] >> (level % 64) & 1;
}

static inline bool container_begin(struct json_reader *reader, char bracket, bool array) {
    if (!take(reader, bracket) || reader->depth == JSON_DEPTH_MAX)
        return fail_here(reader);
    uint64_t bit = (uint64_t)1 << (reader->depth % 64);
    uint64_t *bits = &reader->is_array[reader->depth / 64];
    *bits = array ? *bits | bit : *bits & ~bit;
    reader->depth++;
    reader->first = true;
    return true;
}

bool json_object_begin(struct json_reader *reader) {
    return container_begin(reader, '{', false);
}

bool json_array_begin(struct json_reader *reader) {
    return container_begin(reader, '[', true);
}

/* Whether one more member or element follows; leaves the container at its bracket. */
static inline bool container_next(struct json_reader *reader, char bracket) {
    char c = next_char(reader);
    if (c == bracket) {
        reader->at++;
        reader->depth--;
        reader->first = false;
        return false;
    }
    if (!reader->first) {
        if (c != ',')
            return fail_here(reader);
        reader->at++;
    }
    reader->first = false;
    return true;
}

bool json_object_next(struct json_reader *reader, str *out_key) {
    DCHECK(reader->failed || (reader->depth && !innermost_is_array(reader)));
    str key;
    if (!container_next(reader, '}') || !read_string(reader, &key))
        return false;
    if (!take(reader, ':'))
        return fail_here(reader);
    *out_key = key;
    return true;
}

bool json_array_next(struct json_reader *reader) {
    DCHECK(reader->failed || (reader->depth && innermost_is_array(reader)));
    return container_next(reader, ']') && json_peek(reader) != JSON_END;
}

static bool skip_scalar(struct json_reader *reader, enum json_kind kind) {
    str text;
    bool flag;
    switch (kind) {
    case JSON_STRING:
        return scan_string(reader, &text, &flag);
    case JSON_NUMBER:
        return json_number(reader, &text);
    case JSON_TRUE:
    case JSON_FALSE:
        return json_bool(reader, &flag);
    case JSON_NULL:
        return json_null(reader);
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_END:
        break;
    }
    return fail_here(reader);
}

/* Moves to the next value of the innermost container, past its key in an object. */
static bool skip_to_next(struct json_reader *reader) {
    if (innermost_is_array(reader))
        return json_array_next(reader);
    str key;
    bool escaped;
    if (!container_next(reader, '}') || !scan_string(reader, &key, &escaped))
        return false;
    return take(reader, ':') || fail_here(reader);
}

bool json_skip(struct json_reader *reader) {
    unsigned outside = reader->depth;
    do {
        enum json_kind kind = json_peek(reader);
        if (kind == JSON_OBJECT || kind == JSON_ARRAY)
            container_begin(reader, kind == JSON_OBJECT ? '{' : '[', kind == JSON_ARRAY);
        else
            skip_scalar(reader, kind);
        /* Leave every container that ends here. */
        while (!reader->failed && reader->depth > outside && !skip_to_next(reader))
            ;
    } while (!reader->failed && reader->depth > outside);
    return !reader->failed;
}

bool json_finish(struct json_reader *reader) {
    next_char(reader);
    return !reader->failed && reader->depth == 0 && reader->at == reader->end;
}
