#include "server/audit_line.h"

#include "auth/sigv4.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "json/json_writer.h"

#include <time.h>

static const char request_id_header[] = "x-amzn-RequestId: ";

static void add_string(struct json_writer *w, str text) {
    char plain[AUDIT_TEXT_MAX];
    if (text.len > sizeof plain)
        text.len = sizeof plain;
    if (!utf8_valid(text)) { /* headers may hold any bytes, and a cut may go through a character */
        for (size_t i = 0; i < text.len; i++)
            plain[i] = (unsigned char)text.ptr[i] < 0x80 ? text.ptr[i] : '?';
        text.ptr = plain;
    }
    json_write_string(w, text);
}

static void add_text(struct json_writer *w, str key, str text) {
    if (text.ptr == NULL)
        return;
    json_write_key(w, key);
    add_string(w, text);
}

static void add_time(struct json_writer *w) {
    char text[40];
    int64_t now_us = clock_wall_us();
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
    len += (size_t)snprintf(text + len, sizeof text - len, ".%06dZ", (int)(now_us % 1000000));
    json_write_key(w, STR("time"));
    json_write_string(w, (str){text, len});
}

static str operation_of(const struct call_note *note) {
    if (note->identity_result.ptr != NULL)
        return note->identity_action.ptr != NULL ? note->identity_action : STR("unknown");
    if (note->counts.operation != API_NO_OPERATION)
        return api_operation_name(note->counts.operation);
    if (!api_knows(note->target))
        return STR("unknown"); /* what was sent instead may be anything */
    return str_slice(note->target, str_find(note->target, '.') + 1, note->target.len);
}

static str result_of(const struct call_note *note) {
    if (note->identity_result.ptr != NULL)
        return note->identity_result;
    static const str names[] = {
        [ERROR_NONE] = STR_INIT("ok"),
#define ERROR(name, http_status, family, message_key, text) [ERROR_##name] = STR_INIT(#name),
#include "item/errors.def"
#undef ERROR
    };
    return names[note->counts.error];
}

static str request_id_of(const struct http_reply *reply) {
    size_t before = sizeof request_id_header - 1;
    if (!str_starts_with(reply->headers, (str){request_id_header, before}))
        return (str){};
    str rest = str_slice(reply->headers, before, reply->headers.len);
    return str_slice(rest, 0, str_find(rest, '\r'));
}

/* An escaped character takes six bytes for one. Names of tables are in the body (in no more bytes
 * than here, as that is JSON, too), but for one that an iterator stands for; a compressed body may
 * hold any number. */
size_t audit_line_room(const struct http_request *request) {
    enum { TEXT = 6 * AUDIT_TEXT_MAX + 3, TABLES = AUDIT_TABLES_MAX * TEXT, OTHERS = 1024 };
    size_t tables = TEXT + request->body.len;
    if (tables > TABLES || http_request_header(request, STR("Content-Encoding")).len > 0)
        tables = TABLES;
    str agent = http_request_header(request, STR("User-Agent"));
    size_t agent_len = agent.len < AUDIT_TEXT_MAX ? agent.len : AUDIT_TEXT_MAX;
    /* principal, access key, subject, index */
    return OTHERS + 4 * TEXT + 6 * agent_len + tables;
}

str audit_line(const struct http_request *request, const struct http_reply *reply,
               const struct call_note *note) {
    struct buf text;
    struct json_writer w;
    buf_init(&text, request->arena, 512);
    json_writer_init(&w, &text);
    json_write_object_begin(&w);
    add_time(&w);
    add_text(&w, STR("request_id"), request_id_of(reply));
    add_text(&w, STR("principal"), note->principal);
    str id = sigv4_claimed_id(request); /* no secret; the signature stays away */
    if (id.len > 0)
        add_text(&w, STR("access_key_id"), id);
    add_text(&w, STR("source_ip"), str_from_c(request->peer));
    json_write_key(&w, STR("tls"));
    json_write_bool(&w, request->secure);
    add_text(&w, STR("user_agent"), http_request_header(request, STR("User-Agent")));
    add_text(&w, STR("operation"), operation_of(note));
    add_text(&w, STR("subject"), note->identity_subject);
    json_write_key(&w, STR("tables"));
    json_write_array_begin(&w);
    for (size_t i = 0; i < note->audit.table_count; i++)
        add_string(&w, note->audit.tables[i]);
    json_write_array_end(&w);
    add_text(&w, STR("index"), note->audit.index);
    add_text(&w, STR("result"), result_of(note));
    json_write_key(&w, STR("status"));
    json_write_i64(&w, reply->status);
    json_write_key(&w, STR("duration_us"));
    json_write_i64(&w, clock_monotonic_us() - request->received_us);
    json_write_object_end(&w);
    json_writer_finish(&w);
    buf_add_lit(&text, "\n");
    return buf_str(&text);
}
