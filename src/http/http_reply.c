/* The text of replies. Head and body are sent by one call from two places, so a body is never
 * copied; the head, further header lines included, is put together in the request's arena. */
#include "base/buf.h"
#include "base/clock.h"
#include "http/http_int.h"

#include <time.h>

const str reply_continue = STR_INIT("HTTP/1.1 100 Continue\r\n\r\n");
const str reply_too_many_connections =
    STR_INIT("HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\n"
             "Content-Length: 21\r\nConnection: close\r\n\r\ntoo many connections\n");
const str reply_speaks_tls = STR_INIT(
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n"
    "Content-Length: 37\r\nConnection: close\r\n\r\nthis port speaks TLS only: use https\n");

static str reason(int code) {
    static const struct {
        int code;
        str text;
    } reasons[] = {
        {200, STR_INIT("OK")},
        {400, STR_INIT("Bad Request")},
        {201, STR_INIT("Created")},
        {202, STR_INIT("Accepted")},
        {204, STR_INIT("No Content")},
        {301, STR_INIT("Moved Permanently")},
        {302, STR_INIT("Found")},
        {304, STR_INIT("Not Modified")},
        {307, STR_INIT("Temporary Redirect")},
        {308, STR_INIT("Permanent Redirect")},
        {401, STR_INIT("Unauthorized")},
        {403, STR_INIT("Forbidden")},
        {404, STR_INIT("Not Found")},
        {405, STR_INIT("Method Not Allowed")},
        {408, STR_INIT("Request Timeout")},
        {409, STR_INIT("Conflict")},
        {413, STR_INIT("Content Too Large")},
        {415, STR_INIT("Unsupported Media Type")},
        {417, STR_INIT("Expectation Failed")},
        {429, STR_INIT("Too Many Requests")},
        {500, STR_INIT("Internal Server Error")},
        {501, STR_INIT("Not Implemented")},
        {503, STR_INIT("Service Unavailable")},
        {505, STR_INIT("HTTP Version Not Supported")},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].code == code)
            return reasons[i].text;
    return STR("Other");
}

/* Days and months in English whatever the locale, so not strftime's. */
static str date_now(struct loop *loop) {
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t second = (time_t)(clock_wall_us() / 1000000);
    if (second != loop->date_second) {
        struct tm tm;
        gmtime_r(&second, &tm);
        snprintf(loop->date, sizeof loop->date, "%s, %02u %s %04u %02u:%02u:%02u GMT",
                 days[tm.tm_wday], (unsigned)tm.tm_mday % 100, months[tm.tm_mon],
                 (unsigned)(tm.tm_year + 1900) % 10000, (unsigned)tm.tm_hour % 100,
                 (unsigned)tm.tm_min % 100, (unsigned)tm.tm_sec % 100);
        loop->date_second = second;
    }
    return (str){loop->date, sizeof loop->date - 1};
}

void reply_compose(struct loop *loop, struct exchange *x) {
    const struct http_reply *reply = &x->reply;
    bool bodiless = reply->status == 204 || reply->status == 304;
    struct buf head;
    buf_init(&head, x->arena, 256 + reply->content_type.len + reply->headers.len);
    buf_add_lit(&head, "HTTP/1.1 ");
    buf_add_u64(&head, (uint64_t)reply->status);
    buf_add_lit(&head, " ");
    buf_add_str(&head, reason(reply->status));
    buf_add_lit(&head, "\r\nDate: ");
    buf_add_str(&head, date_now(loop));
    if (reply->content_type.len != 0) {
        buf_add_lit(&head, "\r\nContent-Type: ");
        buf_add_str(&head, reply->content_type);
    }
    if (!bodiless) {
        buf_add_lit(&head, "\r\nContent-Length: ");
        buf_add_u64(&head, reply->body.len);
    }
    if (x->close)
        buf_add_lit(&head, "\r\nConnection: close");
    else if (x->head.old)
        buf_add_lit(&head, "\r\nConnection: keep-alive");
    buf_add_lit(&head, "\r\n");
    buf_add_str(&head, reply->headers);
    buf_add_lit(&head, "\r\n");
    bool without_body = bodiless || str_eq(x->head.method, STR("HEAD"));
    x->out[0] = (struct iovec){head.ptr, head.len};
    x->out[1] =
        (struct iovec){(void *)(uintptr_t)reply->body.ptr, without_body ? 0 : reply->body.len};
}

void reply_refuse(struct exchange *x, int code, const char *why) {
    x->close = true;
    x->reply = (struct http_reply){.status = code,
                                   .content_type = STR("text/plain"),
                                   .body = arena_printf(x->arena, "%s\n", why),
                                   .close = true};
}
