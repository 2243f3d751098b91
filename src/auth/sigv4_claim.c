#include "auth/sigv4.h"
#include "base/percent.h"

#include <time.h>

#define ALGORITHM "AWS4-HMAC-SHA256"
#define BASIC_FORM "%Y%m%dT%H%M%SZ"

static str trim(str s) {
    while (s.len && s.ptr[0] == ' ')
        s = str_slice(s, 1, s.len);
    while (s.len && s.ptr[s.len - 1] == ' ')
        s.len--;
    return s;
}

/* Cuts off what stands before the first of either separator. */
static str next_part(str *rest, char one, char other) {
    size_t end = 0;
    while (end < rest->len && rest->ptr[end] != one && rest->ptr[end] != other)
        end++;
    str part = str_slice(*rest, 0, end);
    *rest = str_slice(*rest, end < rest->len ? end + 1 : end, rest->len);
    return part;
}

/* ---- the Authorization header ---- */

static status missing_equals(struct scope *scope, str part, str header) {
    if (scope == NULL)
        return ST_INVALID;
    return fail(scope, ERROR_IncompleteSignatureException,
                "'%.*s' not a valid key=value pair (missing equal-sign) in Authorization header: "
                "'%.*s'.",
                STR_ARG(part), STR_ARG(header));
}

/* Without a scope nothing is told. */
static status read_pairs(struct scope *scope, str header, struct sigv4_claim *out) {
    str rest = header;
    out->algorithm = next_part(&rest, ' ', ' ');
    while (rest.len > 0) {
        str part = trim(next_part(&rest, ',', ' '));
        size_t equals = str_find(part, '=');
        if (part.len == 0)
            continue;
        if (equals == part.len)
            return missing_equals(scope, part, header);
        str name = str_slice(part, 0, equals), value = str_slice(part, equals + 1, part.len);
        if (str_eq(name, STR("Credential")))
            out->credential = value;
        else if (str_eq(name, STR("SignedHeaders")))
            out->signed_headers = value;
        else if (str_eq(name, STR("Signature")))
            out->signature = value;
    }
    return ST_OK;
}

static status read_header(struct scope *scope, const struct http_request *request, str header,
                          struct sigv4_claim *out) {
    struct buf text;
    TRY(read_pairs(scope, header, out));
    out->time = http_request_header(request, STR("X-Amz-Date"));
    if (out->time.ptr == NULL)
        out->time = http_request_header(request, STR("Date"));
    out->session_token = http_request_header(request, STR("X-Amz-Security-Token"));
    buf_init(&text, scope->arena, 256);
    if (out->credential.len == 0)
        buf_add_lit(&text, "Authorization header requires 'Credential' parameter. ");
    if (out->signature.len == 0)
        buf_add_lit(&text, "Authorization header requires 'Signature' parameter. ");
    if (out->signed_headers.ptr == NULL)
        buf_add_lit(&text, "Authorization header requires 'SignedHeaders' parameter. ");
    if (out->time.len == 0)
        buf_add_lit(&text, "Authorization header requires existence of either a 'X-Amz-Date' or a "
                           "'Date' header. ");
    if (text.len == 0)
        return ST_OK;
    return fail(scope, ERROR_IncompleteSignatureException, "%.*sAuthorization=%.*s",
                STR_ARG(buf_str(&text)), STR_ARG(header));
}

/* ---- the query of a presigned request ---- */

static str percent_decode(struct arena *arena, str text) {
    char *out = arena_bytes(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        int high = -1, low = -1;
        if (text.ptr[i] == '%' && i + 2 < text.len) {
            high = percent_digit(text.ptr[i + 1]);
            low = percent_digit(text.ptr[i + 2]);
        }
        if (high >= 0 && low >= 0) {
            out[len++] = (char)(high * 16 + low);
            i += 2;
        } else {
            out[len++] = text.ptr[i] == '+' ? ' ' : text.ptr[i];
        }
    }
    return (str){out, len};
}

static str query_value(struct arena *arena, str query, str name) {
    while (query.len > 0) {
        str pair = next_part(&query, '&', '&');
        size_t equals = str_find(pair, '=');
        if (str_eq(percent_decode(arena, str_slice(pair, 0, equals)), name))
            return percent_decode(
                arena, str_slice(pair, equals < pair.len ? equals + 1 : equals, pair.len));
    }
    return (str){NULL, 0};
}

static status read_query(struct scope *scope, const struct http_request *request,
                         struct sigv4_claim *out) {
    str expires = {NULL, 0};
    const struct {
        const char *name;
        str *value;
        bool needed;
    } parts[] = {
        {"X-Amz-Algorithm", &out->algorithm, true},
        {"X-Amz-Credential", &out->credential, true},
        {"X-Amz-Signature", &out->signature, true},
        {"X-Amz-SignedHeaders", &out->signed_headers, true},
        {"X-Amz-Date", &out->time, true},
        {"X-Amz-Expires", &expires, false},
        {"X-Amz-Security-Token", &out->session_token, false},
    };
    struct buf text;
    buf_init(&text, scope->arena, 256);
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        *parts[i].value = query_value(scope->arena, request->query, str_from_c(parts[i].name));
        if (parts[i].needed && parts[i].value->len == 0)
            buf_printf(&text, "AWS query-string parameters must include '%s'. ", parts[i].name);
    }
    if (text.len > 0)
        return fail(scope, ERROR_IncompleteSignatureException,
                    "%.*sRe-examine the query-string parameters.", STR_ARG(buf_str(&text)));
    uint64_t seconds = SIGV4_SKEW_S;
    if (expires.ptr != NULL &&
        (!str_to_u64(expires, &seconds) || seconds < 1 || seconds > SIGV4_EXPIRES_MAX_S))
        return fail(scope, ERROR_IncompleteSignatureException,
                    "X-Amz-Expires must be between 1 and %d seconds.", SIGV4_EXPIRES_MAX_S);
    out->expires_s = (int64_t)seconds;
    return ST_OK;
}

/* ---- both ---- */

static bool read_digits(const char *at, size_t len, int *out) {
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned digit = (unsigned char)at[i] - (unsigned)'0';
        if (digit > 9)
            return false;
        *out = *out * 10 + (int)digit;
    }
    return true;
}

/* The usual form, without the locale's help, which costs a third of a microsecond. False: ask
 * strptime, which takes more. */
static bool read_basic_time(str text, int64_t *out_us) {
    int year, month, day, hour, minute, second;
    if (text.len != sizeof "20150830T123600Z" - 1 || text.ptr[8] != 'T' || text.ptr[15] != 'Z' ||
        !read_digits(text.ptr, 4, &year) || !read_digits(text.ptr + 4, 2, &month) ||
        !read_digits(text.ptr + 6, 2, &day) || !read_digits(text.ptr + 9, 2, &hour) ||
        !read_digits(text.ptr + 11, 2, &minute) || !read_digits(text.ptr + 13, 2, &second))
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
        second > 59)
        return false;
    /* Years begin with March here, so that the day that comes and goes is their last. */
    int shifted = month > 2 ? month - 3 : month + 9, years = month > 2 ? year : year - 1;
    int64_t days = years * INT64_C(365) + years / 4 - years / 100 + years / 400 +
                   (153 * shifted + 2) / 5 + day - 1 - 719468;
    *out_us = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000000;
    return true;
}

static status read_time(struct scope *scope, struct sigv4_claim *claim) {
    static const char *const forms[] = {BASIC_FORM, "%a, %d %b %Y %H:%M:%S GMT"};
    char text[40];
    if (read_basic_time(claim->time, &claim->time_us))
        return ST_OK;
    if (claim->time.len < sizeof text) {
        memcpy(text, claim->time.ptr, claim->time.len);
        text[claim->time.len] = '\0';
        for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
            struct tm parts = {};
            const char *end = strptime(text, forms[i], &parts);
            if (end == NULL || *end != '\0')
                continue;
            claim->time_us = (int64_t)timegm(&parts) * 1000000;
            char *basic = arena_bytes(scope->arena, sizeof "20150830T123600Z");
            claim->time.len = strftime(basic, sizeof "20150830T123600Z", BASIC_FORM, &parts);
            claim->time.ptr = basic;
            return ST_OK;
        }
    }
    return fail(scope, ERROR_IncompleteSignatureException,
                "Date must be in ISO-8601 'basic format'. Got '%.*s'. See "
                "http://en.wikipedia.org/wiki/ISO_8601",
                STR_ARG(claim->time));
}

static bool signs(const struct sigv4_claim *claim, str name) {
    str rest = claim->signed_headers;
    while (rest.len > 0)
        if (str_eq_nocase(next_part(&rest, ';', ';'), name))
            return true;
    return false;
}

static status read_credential(struct scope *scope, struct sigv4_claim *claim) {
    str rest = claim->credential;
    while (rest.len && rest.ptr[rest.len - 1] == '/')
        rest.len--;
    str *parts[] = {&claim->access_key_id, &claim->date, &claim->region, &claim->service,
                    &claim->terminator};
    size_t count = 0;
    do {
        str part = next_part(&rest, '/', '/');
        if (count < 5)
            *parts[count] = part;
        count++;
    } while (rest.len > 0);
    if (count == 5)
        return ST_OK;
    return fail(scope, ERROR_IncompleteSignatureException,
                "Credential must have exactly 5 slash-delimited elements, e.g. "
                "keyid/date/region/service/term, got '%.*s'",
                STR_ARG(claim->credential));
}

status sigv4_read(struct scope *scope, const struct http_request *request,
                  struct sigv4_claim *out) {
    *out = (struct sigv4_claim){};
    str header = http_request_header(request, STR("Authorization"));
    out->in_query = query_value(scope->arena, request->query, STR("X-Amz-Algorithm")).ptr != NULL;
    if (header.ptr != NULL && out->in_query)
        return fail(scope, ERROR_InvalidSignatureException,
                    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as "
                    "HTTP header.");
    if (!out->in_query && !str_starts_with(trim(header), STR("AWS4-")))
        return fail(scope, ERROR_MissingAuthenticationTokenException,
                    "Request is missing Authentication Token");
    return out->in_query ? read_query(scope, request, out)
                         : read_header(scope, request, trim(header), out);
}

str sigv4_claimed_id(const struct http_request *request) {
    struct sigv4_claim claim = {};
    str header = http_request_header(request, STR("Authorization"));
    if (header.ptr != NULL)
        (void)read_pairs(NULL, trim(header), &claim);
    else
        claim.credential = query_value(request->arena, request->query, STR("X-Amz-Credential"));
    if (claim.credential.ptr == NULL)
        return (str){};
    return str_slice(claim.credential, 0, str_find(claim.credential, '/'));
}

/* ---- the scope ---- */

static str time_text(struct scope *scope, int64_t time_us) {
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm parts;
    char *text = arena_bytes(scope->arena, sizeof "20150830T123600Z");
    gmtime_r(&seconds, &parts);
    return (str){text, strftime(text, sizeof "20150830T123600Z", BASIC_FORM, &parts)};
}

static status check_time(struct scope *scope, const struct sigv4_claim *claim) {
    static const int64_t skew_us = SIGV4_SKEW_S * INT64_C(1000000);
    int64_t now_us = scope->now_us;
    int64_t lives_us = claim->in_query ? claim->expires_s * 1000000 : skew_us;
    if (claim->time_us < now_us - lives_us)
        return fail(scope, ERROR_InvalidSignatureException,
                    "Signature expired: %.*s is now earlier than %.*s (%.*s - %lld min.)",
                    STR_ARG(claim->time), STR_ARG(time_text(scope, now_us - lives_us)),
                    STR_ARG(time_text(scope, now_us)), (long long)(lives_us / 60000000));
    if (claim->time_us > now_us + skew_us)
        return fail(scope, ERROR_InvalidSignatureException,
                    "Signature not yet current: %.*s is still later than %.*s (%.*s + %d min.)",
                    STR_ARG(claim->time), STR_ARG(time_text(scope, now_us + skew_us)),
                    STR_ARG(time_text(scope, now_us)), SIGV4_SKEW_S / 60);
    return ST_OK;
}

static status check_credential(struct scope *scope, const struct sigv4_claim *claim, str region,
                               str service) {
    struct buf text;
    buf_init(&text, scope->arena, 256);
    if (!str_eq(claim->region, region))
        buf_printf(&text, "Credential should be scoped to a valid region, not '%.*s'. ",
                   STR_ARG(claim->region));
    if (!str_eq(claim->service, service))
        buf_printf(&text, "Credential should be scoped to correct service: '%.*s'. ",
                   STR_ARG(service));
    if (!str_eq(claim->terminator, STR("aws4_request")))
        buf_printf(&text,
                   "Credential should be scoped with a valid terminator: 'aws4_request', not "
                   "'%.*s'. ",
                   STR_ARG(claim->terminator));
    str day = str_slice(claim->time, 0, 8);
    if (!str_eq(claim->date, day))
        buf_printf(&text,
                   "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                   "from HTTP: '%.*s' != '%.*s', from '%.*s'.",
                   STR_ARG(claim->date), STR_ARG(day), STR_ARG(claim->time));
    str said = buf_str(&text);
    while (said.len && said.ptr[said.len - 1] == ' ')
        said.len--;
    return said.len == 0 ? ST_OK
                         : fail(scope, ERROR_InvalidSignatureException, "%.*s", STR_ARG(said));
}

status sigv4_check(struct scope *scope, struct sigv4_claim *claim, str region, str service) {
    TRY(read_time(scope, claim));
    TRY(check_time(scope, claim));
    if (!signs(claim, STR("host")))
        return fail(scope, ERROR_InvalidSignatureException,
                    "'Host' must be a 'SignedHeader' in the AWS Authorization.");
    if (!str_eq(claim->algorithm, STR(ALGORITHM)))
        return fail(scope, ERROR_IncompleteSignatureException,
                    "Unsupported AWS 'algorithm': '%.*s' (only " ALGORITHM " for now). ",
                    STR_ARG(claim->algorithm));
    TRY(read_credential(scope, claim));
    return check_credential(scope, claim, region, service);
}

status sigv4_check_target(struct scope *scope, const struct http_request *request,
                          const struct sigv4_claim *claim) {
    str target = STR("X-Amz-Target");
    if (http_request_header(request, target).ptr == NULL || signs(claim, target))
        return ST_OK;
    return fail(scope, ERROR_InvalidSignatureException,
                "'X-Amz-Target' must be a 'SignedHeader' in the AWS Authorization.");
}

status sigv4_fail(struct scope *scope) {
    return fail(scope, ERROR_InvalidSignatureException,
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method. Consult the service "
                "documentation for details.");
}
