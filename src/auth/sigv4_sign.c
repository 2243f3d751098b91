/* The canonical form of a request, and its signature. The order of headers in the request and the
 * case of their names don't matter; blanks around values don't count, runs of them inside as one.
 */
#include "auth/sigv4.h"
#include "base/percent.h"

enum { QUERY_PAIRS_MAX = 200 };

/* ---- path and query ---- */

/* Without "." and "..", and with single slashes; then encoded once more than it was sent. */
static void add_path(struct buf *out, struct arena *arena, str path) {
    struct buf plain;
    buf_init(&plain, arena, path.len + 1);
    size_t at = 0;
    bool open = true; /* ends in a slash */
    while (at < path.len) {
        size_t end = at;
        while (end < path.len && path.ptr[end] != '/')
            end++;
        str part = str_slice(path, at, end);
        bool up = str_eq(part, STR(".."));
        if (up)
            while (plain.len > 0 && plain.ptr[--plain.len] != '/')
                ;
        open = part.len == 0 || up || str_eq(part, STR("."));
        if (!open) {
            buf_add_byte(&plain, '/');
            buf_add_str(&plain, part);
            open = end < path.len;
        }
        at = end + 1;
    }
    if (open)
        buf_add_byte(&plain, '/');
    percent_encode(out, buf_str(&plain), "/");
}

struct pair {
    str name, value;
};

static int pair_order(const void *a, const void *b) {
    const struct pair *one = a, *other = b;
    int order = str_cmp(one->name, other->name);
    return order ? order : str_cmp(one->value, other->value);
}

/* A part of a query as the canonical form has it: escapes as sent (in upper case, as every signer
 * writes them), the rest encoded. */
static str query_part(struct arena *arena, str text) {
    struct buf out;
    buf_init(&out, arena, text.len * 3 + 1);
    percent_encode(&out, text, "%");
    return buf_str(&out);
}

static void add_query(struct buf *out, struct arena *arena, str query) {
    struct pair pairs[QUERY_PAIRS_MAX];
    size_t count = 0;
    while (query.len > 0 && count < QUERY_PAIRS_MAX) {
        size_t end = str_find(query, '&');
        str pair = str_slice(query, 0, end);
        query = str_slice(query, end < query.len ? end + 1 : end, query.len);
        size_t equals = str_find(pair, '=');
        str name = str_slice(pair, 0, equals);
        if (pair.len == 0 || str_eq(name, STR("X-Amz-Signature")))
            continue;
        str value = str_slice(pair, equals < pair.len ? equals + 1 : equals, pair.len);
        pairs[count++] = (struct pair){query_part(arena, name), query_part(arena, value)};
    }
    if (count > 0)
        qsort(pairs, count, sizeof pairs[0], pair_order);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_add_byte(out, '&');
        buf_add_str(out, pairs[i].name);
        buf_add_byte(out, '=');
        buf_add_str(out, pairs[i].value);
    }
}

/* ---- headers ---- */

static void add_folded(struct buf *out, str value) {
    if (str_find(value, ' ') == value.len && str_find(value, '\t') == value.len) {
        buf_add_str(out, value); /* as nearly all are */
        return;
    }
    char *start = buf_reserve(out, value.len), *at = start;
    bool blank = false;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == ' ' || c == '\t') {
            blank = true;
            continue;
        }
        if (blank && at > start)
            *at++ = ' ';
        blank = false;
        *at++ = c;
    }
    out->len = (size_t)(at - out->ptr);
}

static str lower(struct arena *arena, str text) {
    char *out = arena_bytes(arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        out[i] = (char)(c + ((unsigned)(c - 'A') < 26) * ('a' - 'A'));
    }
    return (str){out, text.len};
}

static str next_name(str *names) {
    size_t end = str_find(*names, ';');
    str name = str_slice(*names, 0, end);
    *names = str_slice(*names, end < names->len ? end + 1 : end, names->len);
    return name;
}

/* One line: the values of all headers of that name. */
static void add_header(struct buf *out, const struct http_request *request, str name) {
    bool first = true;
    buf_add_str(out, name);
    buf_add_byte(out, ':');
    for (size_t i = 0; i < request->header_count; i++) {
        if (!str_eq_nocase(request->headers[i].name, name))
            continue;
        if (!first)
            buf_add_byte(out, ',');
        first = false;
        add_folded(out, request->headers[i].value);
    }
    buf_add_byte(out, '\n');
}

/* `names` in lower case. */
static void add_headers(struct buf *out, const struct http_request *request, str names) {
    for (str rest = names; rest.len > 0;)
        add_header(out, request, next_name(&rest));
    buf_add_byte(out, '\n');
    buf_add_str(out, names);
    buf_add_byte(out, '\n');
}

/* ---- what a signer may make ---- */

/* Signers sort them, so one look at each is enough. */
static bool names_ascend(str names) {
    str before = {NULL, 0};
    size_t count = 0;
    while (names.len > 0) {
        str name = next_name(&names);
        if (count > 0 && str_cmp(before, name) >= 0)
            return false;
        before = name;
        count++;
    }
    return count <= HTTP_HEADERS_MAX;
}

/* A header that is named a thousand times would be copied and hashed as often. `names` in lower
 * case. */
static bool names_are_distinct(str names) {
    str seen[HTTP_HEADERS_MAX];
    size_t count = 0;
    if (names_ascend(names))
        return true;
    while (names.len > 0) {
        str name = next_name(&names);
        for (size_t i = 0; i < count; i++)
            if (str_eq(seen[i], name))
                return false;
        if (count == HTTP_HEADERS_MAX)
            return false;
        seen[count++] = name;
    }
    return true;
}

/* More pairs than add_query takes would be unsigned. */
static bool query_fits(str query) {
    size_t pairs = 1;
    for (size_t i = 0; i < query.len; i++)
        pairs += query.ptr[i] == '&';
    return pairs <= QUERY_PAIRS_MAX;
}

/* ---- signing ---- */

static void add_digest(struct buf *out, const struct sha256_digest *digest) {
    sha256_hex(digest, buf_reserve(out, SHA256_HEX_LEN));
    out->len += SHA256_HEX_LEN;
}

static str canonical_request(struct arena *arena, const struct http_request *request, str names) {
    struct buf out;
    buf_init(&out, arena, 2048);
    buf_add_str(&out, request->method);
    buf_add_byte(&out, '\n');
    if (str_eq(request->path, STR("/")))
        buf_add_byte(&out, '/'); /* as all calls have */
    else
        add_path(&out, arena, request->path);
    buf_add_byte(&out, '\n');
    if (request->query.len > 0)
        add_query(&out, arena, request->query);
    buf_add_byte(&out, '\n');
    add_headers(&out, request, names);
    struct sha256_digest body = sha256(request->body);
    add_digest(&out, &body);
    return buf_str(&out);
}

void sigv4_signing_key(str secret, str date, str region, str service, struct hmac_key *out) {
    struct sha256_digest key;
    str parts[] = {date, region, service, STR("aws4_request")};
    char first[4 + SIGV4_SECRET_MAX] = "AWS4";
    size_t len = secret.len < SIGV4_SECRET_MAX ? secret.len : SIGV4_SECRET_MAX;
    memcpy(first + 4, secret.ptr, len);
    hmac_key_init(out, (str){first, 4 + len});
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        key = hmac_sha256(out, parts[i]);
        hmac_key_init(out, (str){(const char *)key.bytes, sizeof key.bytes});
    }
}

bool sigv4_is_signed(struct scope *scope, const struct http_request *request,
                     const struct sigv4_claim *claim, const struct hmac_key *signing_key) {
    struct sha256_digest said;
    str names = lower(scope->arena, claim->signed_headers);
    if (!sha256_from_hex(claim->signature, &said) || !names_are_distinct(names) ||
        !query_fits(request->query))
        return false;
    struct sha256_digest canonical = sha256(canonical_request(scope->arena, request, names));
    struct buf text;
    buf_init(&text, scope->arena, 256);
    buf_add_lit(&text, "AWS4-HMAC-SHA256\n");
    buf_add_str(&text, claim->time);
    buf_add_byte(&text, '\n');
    const str parts[] = {claim->date, claim->region, claim->service, claim->terminator};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        buf_add_str(&text, parts[i]);
        buf_add_byte(&text, i < 3 ? '/' : '\n');
    }
    add_digest(&text, &canonical);
    struct sha256_digest made = hmac_sha256(signing_key, buf_str(&text));
    return sha256_equal(&made, &said);
}
