/* A cursor over the bytes, one function for each part of the grammar, no second look at any byte.
 * What is refused here is what makes two parsers disagree about where a request ends (and one of
 * them smuggle): bare LF, blanks before a colon, folded lines, two lengths. Nothing is repaired. */
#include "http/http_head.h"

/* Byte classes: may stand in a token, a request target, a field value, a host. */
enum { T = 1, G = 2, V = 4, H = 8, ALL = T | G | V | H };

static const unsigned char class_of[256] = {
    ['\t'] = V,          [' '] = V,           ['!'] = ALL,       ['"'] = G | V,
    ['#'] = T | V,       ['$'] = ALL,         ['%'] = ALL,       ['&'] = ALL,
    ['\''] = ALL,        ['('] = G | V | H,   [')'] = G | V | H, ['*'] = ALL,
    ['+'] = ALL,         [','] = G | V | H,   ['-'] = ALL,       ['.'] = ALL,
    ['/'] = G | V,       ['0' ... '9'] = ALL, [':'] = G | V | H, [';'] = G | V | H,
    ['<'] = G | V,       ['='] = G | V | H,   ['>'] = G | V,     ['?'] = G | V,
    ['@'] = G | V,       ['A' ... 'Z'] = ALL, ['['] = G | V | H, ['\\'] = G | V,
    [']'] = G | V | H,   ['^'] = T | G | V,   ['_'] = ALL,       ['`'] = T | G | V,
    ['a' ... 'z'] = ALL, ['{'] = G | V,       ['|'] = T | G | V, ['}'] = G | V,
    ['~'] = ALL,         [0x80 ... 0xff] = V,
};

enum { LEADING_BLANK_LINES_MAX = 2 };

struct cursor {
    const char *at, *end;
    struct http_head *head;
    size_t host_count, length_count, encoding_count;
    bool asks_close, asks_keep_alive;
};

static enum http_head_result refuse(struct cursor *c, int code, const char *why) {
    c->head->status = code;
    c->head->why = why;
    return HTTP_HEAD_REFUSED;
}

static const char *skip_class(const char *at, const char *end, unsigned char class) {
    while (at < end && (class_of[(unsigned char)*at] & class))
        at++;
    return at;
}

/* Field values are most of a head (a signature is 300 bytes): eight bytes a step, stopping at the
 * first below 0x20 or equal to 0x7f. The lowest bit found is exact; those above it may not be. */
static const char *skip_value(const char *at, const char *end) {
    const uint64_t ones = 0x0101010101010101, tops = ones * 0x80;
    while (end - at >= 8) {
        uint64_t x;
        memcpy(&x, at, 8);
        uint64_t del = x ^ (ones * 0x7f);
        uint64_t found = ((x - ones * 0x20) & ~x & tops) | ((del - ones) & ~del & tops);
        if (found == 0) {
            at += 8;
            continue;
        }
        at += __builtin_ctzll(found) / 8;
        if (*at != '\t')
            return at;
        at++;
    }
    return skip_class(at, end, V);
}

static size_t leading_blank_lines(str bytes) {
    size_t at = 0;
    while (at < 2 * LEADING_BLANK_LINES_MAX && bytes.len - at >= 2 && bytes.ptr[at] == '\r' &&
           bytes.ptr[at + 1] == '\n')
        at += 2;
    return at;
}

size_t http_head_end(str bytes, size_t *scanned) {
    size_t first = leading_blank_lines(bytes);
    size_t at = *scanned > first ? *scanned : first;
    while (at < bytes.len) {
        const char *found = memchr(bytes.ptr + at, '\n', bytes.len - at);
        if (found == NULL)
            break;
        at = (size_t)(found - bytes.ptr) + 1;
        size_t line_end = at - 1;
        if (line_end > first && found[-1] == '\r')
            line_end--;
        if (line_end == first || bytes.ptr[line_end - 1] == '\n')
            return at;
    }
    /* All before is known to hold no end; a line's start is looked up backwards from its LF. */
    *scanned = bytes.len;
    return 0;
}

/* CRLF and nothing else ends a line. */
static enum http_head_result end_of_line(struct cursor *c) {
    if (c->at < c->end && *c->at != '\r')
        return refuse(c, 400, "a byte that may not stand there, or a line that ends in LF alone");
    if (c->end - c->at < 2)
        return HTTP_HEAD_INCOMPLETE;
    if (c->at[1] != '\n')
        return refuse(c, 400, "a CR without LF");
    c->at += 2;
    return HTTP_HEAD_OK;
}

/* origin-form, absolute-form (whose path is taken), and `*` of OPTIONS. */
static enum http_head_result split_target(struct cursor *c, str target) {
    struct http_head *head = c->head;
    if (target.len == 0)
        return refuse(c, 400, "no request target");
    if (str_eq(target, STR("*"))) {
        if (!str_eq(head->method, STR("OPTIONS")))
            return refuse(c, 400, "the target * is for OPTIONS");
    } else if (target.ptr[0] != '/') {
        size_t scheme = str_find(target, ':');
        str name = str_slice(target, 0, scheme);
        if (!str_eq_nocase(name, STR("http")) && !str_eq_nocase(name, STR("https")))
            return refuse(c, 400, "a request target that is no path");
        target = str_slice(target, scheme, target.len);
        if (!str_starts_with(target, STR("://")))
            return refuse(c, 400, "a request target that is no path");
        target = str_slice(target, 3, target.len);
        const char *host_end = skip_class(target.ptr, target.ptr + target.len, H);
        size_t host_len = (size_t)(host_end - target.ptr);
        if (host_len == 0)
            return refuse(c, 400, "a request target without a host");
        target = str_slice(target, host_len, target.len);
        if (target.len == 0)
            target = STR("/");
        if (target.ptr[0] != '/')
            return refuse(c, 400, "a request target that is no path");
    }
    size_t mark = str_find(target, '?');
    head->path = str_slice(target, 0, mark);
    head->query = str_slice(target, mark < target.len ? mark + 1 : mark, target.len);
    return HTTP_HEAD_OK;
}

static enum http_head_result read_version(struct cursor *c, str version) {
    bool shaped = version.len == 8 && str_starts_with(version, STR("HTTP/")) &&
                  version.ptr[5] >= '0' && version.ptr[5] <= '9' && version.ptr[6] == '.' &&
                  version.ptr[7] >= '0' && version.ptr[7] <= '9';
    if (!shaped)
        return refuse(c, 400, "a request line without a version");
    c->head->old = str_eq(version, STR("HTTP/1.0"));
    if (!c->head->old && !str_eq(version, STR("HTTP/1.1")))
        return refuse(c, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    return HTTP_HEAD_OK;
}

static enum http_head_result request_line(struct cursor *c) {
    const char *method = c->at;
    const char *method_end = skip_class(method, c->end, T);
    if (method_end == c->end)
        return HTTP_HEAD_INCOMPLETE;
    if (method_end == method || *method_end != ' ')
        return refuse(c, 400, "a method that is no token");
    const char *target = method_end + 1;
    const char *target_end = skip_class(target, c->end, G);
    if (target_end == c->end)
        return HTTP_HEAD_INCOMPLETE;
    if (*target_end != ' ')
        return refuse(c, 400, "a byte that may not stand in a request target");
    const char *version = target_end + 1;
    c->at = skip_class(version, c->end, G);
    str version_text = {version, (size_t)(c->at - version)};
    enum http_head_result result = end_of_line(c);
    if (result != HTTP_HEAD_OK)
        return result;
    c->head->method = (str){method, (size_t)(method_end - method)};
    result = read_version(c, version_text);
    if (result != HTTP_HEAD_OK)
        return result;
    return split_target(c, (str){target, (size_t)(target_end - target)});
}

static str trimmed(const char *from, const char *to) {
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (from < to && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return (str){from, (size_t)(to - from)};
}

static void connection_options(struct cursor *c, str value) {
    const char *at = value.ptr, *end = value.ptr + value.len;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at));
        str option = trimmed(at, comma == NULL ? end : comma);
        c->asks_close |= str_eq_nocase(option, STR("close"));
        c->asks_keep_alive |= str_eq_nocase(option, STR("keep-alive"));
        at = comma == NULL ? end : comma + 1;
    }
}

/* The few fields that decide where this request ends and what becomes of the connection. */
static enum http_head_result framing_field(struct cursor *c, str name, str value) {
    struct http_head *head = c->head;
    switch (name.len) {
    case 4:
        if (!str_eq_nocase(name, STR("Host")))
            break;
        if (++c->host_count > 1)
            return refuse(c, 400, "Host twice");
        if (skip_class(value.ptr, value.ptr + value.len, H) != value.ptr + value.len)
            return refuse(c, 400, "a byte that may not stand in Host");
        break;
    case 6:
        if (!str_eq_nocase(name, STR("Expect")) || head->old)
            break;
        if (!str_eq_nocase(value, STR("100-continue")))
            return refuse(c, 417, "an expectation that is not 100-continue");
        head->expect_continue = true;
        break;
    case 10:
        if (str_eq_nocase(name, STR("Connection")))
            connection_options(c, value);
        break;
    case 14:
        if (!str_eq_nocase(name, STR("Content-Length")))
            break;
        if (++c->length_count > 1)
            return refuse(c, 400, "Content-Length twice");
        if (!str_to_u64(value, &head->content_length))
            return refuse(c, 400, "a Content-Length that is no number");
        break;
    case 17:
        if (!str_eq_nocase(name, STR("Transfer-Encoding")))
            break;
        if (++c->encoding_count > 1)
            return refuse(c, 400, "Transfer-Encoding twice");
        if (!str_eq_nocase(value, STR("chunked")))
            return refuse(c, 501, "a Transfer-Encoding other than chunked");
        head->chunked = true;
        break;
    }
    return HTTP_HEAD_OK;
}

static enum http_head_result field_line(struct cursor *c) {
    const char *name = c->at;
    const char *name_end = skip_class(name, c->end, T);
    if (name_end == c->end)
        return HTTP_HEAD_INCOMPLETE;
    if (name_end == name && (*name == ' ' || *name == '\t'))
        return refuse(c, 400, "a folded header line");
    if (name_end == name || *name_end != ':')
        return refuse(c, 400, "a header name that is no token followed by a colon");
    const char *value = name_end + 1;
    c->at = skip_value(value, c->end);
    str value_text = trimmed(value, c->at);
    enum http_head_result result = end_of_line(c);
    if (result != HTTP_HEAD_OK)
        return result;
    if (c->head->header_count == HTTP_HEADERS_MAX)
        return refuse(c, 400, "too many header lines");
    str name_text = {name, (size_t)(name_end - name)};
    c->head->headers[c->head->header_count++] = (http_header){name_text, value_text};
    return framing_field(c, name_text, value_text);
}

/* What can only be said once all fields are known. */
static enum http_head_result whole_head(struct cursor *c) {
    struct http_head *head = c->head;
    if (c->host_count == 0 && !head->old)
        return refuse(c, 400, "no Host");
    if (c->encoding_count != 0 && c->length_count != 0)
        return refuse(c, 400, "Content-Length together with Transfer-Encoding");
    if (c->encoding_count != 0 && head->old)
        return refuse(c, 400, "Transfer-Encoding in HTTP/1.0");
    head->keep_alive = !c->asks_close && (!head->old || c->asks_keep_alive);
    return HTTP_HEAD_OK;
}

enum http_head_result http_head_parse(str bytes, struct http_head *head) {
    *head = (struct http_head){.headers = head->headers};
    struct cursor c = {
        .at = bytes.ptr + leading_blank_lines(bytes), .end = bytes.ptr + bytes.len, .head = head};
    if (c.at == c.end)
        return HTTP_HEAD_INCOMPLETE;
    /* The first half of a blank line that may yet be forgiven. */
    if (*c.at == '\r' && c.end - c.at == 1 && c.at - bytes.ptr < 2 * LEADING_BLANK_LINES_MAX)
        return HTTP_HEAD_INCOMPLETE;
    enum http_head_result result = request_line(&c);
    while (result == HTTP_HEAD_OK && c.at < c.end && *c.at != '\r')
        result = field_line(&c);
    if (result == HTTP_HEAD_OK)
        result = end_of_line(&c);
    if (result == HTTP_HEAD_OK)
        result = whole_head(&c);
    head->len = (size_t)(c.at - bytes.ptr);
    return result;
}
