#include "server/service.h"

#include "api/api.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"
#include "iam/access.h"
#include "server/audit.h"
#include "server/audit_line.h"
#include "server/body_cost.h"
#include "server/compression.h"
#include "server/fault_page.h"
#include "server/heat.h"
#include "server/identity_service.h"
#include "server/metrics.h"
#include "server/service_metrics.h"

#include <libdeflate.h>
#include <pthread.h>

enum {
    SCRATCH_BYTES_MAX = 512 * 1024 * 1024,
    SCRATCH_KEEP = 256 * 1024,
    REQUEST_ID_LEN = 52,
    LOOP_BODY_MAX = 256 * 1024, /* parsing more takes a loop a millisecond and longer */
};

/* ---- scratch memory: one arena a thread, given back when the thread ends ---- */

static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void scratch_free(void *arena) {
    arena_free(arena);
}

static void scratch_key_init(void) {
    CHECK(pthread_key_create(&scratch_key, scratch_free) == 0);
}

static struct arena *scratch_get(void) {
    pthread_once(&scratch_once, scratch_key_init);
    struct arena *arena = pthread_getspecific(scratch_key);
    if (arena == NULL) {
        arena = arena_new(SCRATCH_BYTES_MAX);
        pthread_setspecific(scratch_key, arena);
    }
    return arena;
}

/* ---- replies ---- */

static void add_request_id(struct buf *headers) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    buf_add_lit(headers, "x-amzn-RequestId: ");
    char *at = buf_reserve(headers, REQUEST_ID_LEN);
    for (int i = 0; i < REQUEST_ID_LEN; i += 4) {
        uint64_t r = random_u64();
        for (int j = 0; j < 4; j++, r >>= 16)
            at[i + j] = alphabet[(r & 0xffff) % 36];
    }
    headers->len += REQUEST_ID_LEN;
    buf_add_lit(headers, "\r\n");
}

/* Every Accept-Encoding counts; the first that names gzip decides. */
static bool takes_gzip(const struct http_request *request) {
    bool said = false, takes = false;
    for (size_t i = 0; i < request->header_count && !said; i++)
        if (str_eq_nocase(request->headers[i].name, STR("Accept-Encoding")))
            takes = accepts_gzip(request->headers[i].value, &said) || (takes && !said);
    return takes;
}

static void compress(struct http_request *request, struct http_reply *reply, struct buf *headers) {
    if (reply->body.len <= COMPRESS_ABOVE || !takes_gzip(request))
        return;
    str smaller = body_gzip(reply->body, request->arena);
    if (smaller.ptr == NULL)
        return;
    reply->body = smaller;
    buf_add_lit(headers, "Content-Encoding: gzip\r\n");
}

static void finish(struct http_request *request, struct http_reply *reply) {
    struct buf headers;
    buf_init(&headers, request->arena, 256);
    add_request_id(&headers);
    compress(request, reply, &headers); /* the checksum is that of the bytes as sent */
    buf_add_lit(&headers, "x-amz-crc32: ");
    buf_add_u64(&headers, libdeflate_crc32(0, reply->body.ptr, reply->body.len));
    buf_add_lit(&headers, "\r\n");
    if (http_request_header(request, STR("Origin")).ptr != NULL)
        buf_add_lit(&headers, "Access-Control-Allow-Origin: *\r\n");
    reply->headers = buf_str(&headers);
}

static void plain(struct http_request *request, struct http_reply *reply, int code, str text) {
    reply->status = code;
    reply->content_type = STR("text/plain");
    reply->body = text;
    finish(request, reply);
}

/* ---- GET ---- */

/* What pages show is of all tables: where it is known who asks, only the account's root sees it. On
 * a worker: who asks may have policies to compile. */
static bool may_see(struct service *service, struct http_request *request, struct http_reply *reply,
                    const char *what) {
    struct scope scope = {
        .arena = request->arena, .scratch = request->arena, .now_us = clock_wall_us()};
    struct principal *principal = NULL;
    if (service->auth.mode != AUTH_VERIFY)
        return true;
    status st = auth_check(&service->auth, &scope, request, &principal);
    if (st == ST_OK && principal->kind != PRINCIPAL_ROOT)
        st = fail(&scope, ERROR_AccessDeniedException, "Only the root of the account may see %s.",
                  what);
    principal_unref(principal);
    if (st == ST_OK)
        return true;
    struct api_answer answer;
    api_refuse(&scope, &answer);
    reply->status = answer.http_status;
    reply->content_type = STR("application/json");
    reply->body = answer.body;
    finish(request, reply);
    return false;
}

/* Names of tables and indexes, so not for any stranger; a collector beside the server needs no key.
 * With thousands of tables it takes its time: not on a loop. */
static status reply_metrics(struct service *service, struct http_request *request,
                            struct http_reply *reply) {
    struct buf text;
    if (!thread_may_wait())
        return ST_WOULD_WAIT;
    if (!http_is_loopback(request->peer) && !may_see(service, request, reply, "metrics"))
        return ST_OK;
    buf_init(&text, request->arena, 16 * 1024);
    service_metrics(service, &text);
    plain(request, reply, 200, buf_str(&text));
    reply->content_type = STR("text/plain; version=0.0.4; charset=utf-8");
    return ST_OK;
}

static status reply_heat(struct service *service, struct http_request *request,
                         struct http_reply *reply) {
    if (!thread_may_wait())
        return ST_WOULD_WAIT;
    if (!may_see(service, request, reply, "keys"))
        return ST_OK;
    heat_reply(service->database, service->traffic, request, reply);
    finish(request, reply);
    return ST_OK;
}

static status reply_get(struct service *service, struct http_request *request,
                        struct http_reply *reply) {
    if (str_eq(request->path, STR("/"))) {
        str host = http_request_header(request, STR("Host"));
        plain(request, reply, 200, arena_printf(request->arena, "healthy: %.*s", STR_ARG(host)));
    } else if (str_eq(request->path, STR("/metrics"))) {
        return reply_metrics(service, request, reply);
    } else if (str_eq(request->path, STR("/_stator/heat"))) {
        return reply_heat(service, request, reply);
    } else {
        plain(request, reply, 404, STR("Not found\n"));
    }
    return ST_OK;
}

/* ---- OPTIONS: a browser asks before it posts ---- */

static void reply_preflight(struct http_request *request, struct http_reply *reply) {
    struct buf headers;
    buf_init(&headers, request->arena, 256);
    add_request_id(&headers);
    buf_add_lit(&headers, "Access-Control-Allow-Origin: *\r\n");
    str asked = http_request_header(request, STR("Access-Control-Request-Headers"));
    if (asked.ptr != NULL)
        buf_printf(&headers, "Access-Control-Allow-Headers: %.*s\r\n", STR_ARG(asked));
    asked = http_request_header(request, STR("Access-Control-Request-Method"));
    if (asked.ptr != NULL)
        buf_printf(&headers, "Access-Control-Allow-Methods: %.*s\r\n", STR_ARG(asked));
    buf_add_lit(&headers, "Access-Control-Max-Age: 172800\r\n");
    *reply = (struct http_reply){.status = 200, .headers = buf_str(&headers)};
}

/* ---- POST ---- */

static str media_type(str content_type) {
    str type = str_slice(content_type, 0, str_find(content_type, ';'));
    while (type.len && type.ptr[type.len - 1] == ' ')
        type.len--;
    return type;
}

/* What a reply to a request of this type is; absent for one that is no call. */
static str reply_type(str content_type) {
    static const str types[] = {STR_INIT("application/x-amz-json-1.0"),
                                STR_INIT("application/json")};
    str type = media_type(content_type);
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (str_eq_nocase(type, types[i]))
            return types[i];
    return (str){NULL, 0};
}

/* What `leaving` counts once the answer has nothing more to wait for; with an audit log, it also
 * says who asked what. */
static struct call_note *note_new(const struct service *service, const struct api_call *call) {
    size_t size = service->audit != NULL ? sizeof(struct call_note) : sizeof(struct api_counts);
    struct call_note *note = arena_alloc_zero(call->arena, size);
    if (service->audit != NULL)
        note->target = call->target;
    return note;
}

/* Whether the call may be run; otherwise `answer` says why not. That there is no such operation is
 * told to anybody, as the service does. */
static status admit(struct service *service, const struct http_request *request,
                    struct api_call *call, struct api_answer *answer, bool *out) {
    struct scope scope = {.arena = call->arena, .scratch = call->scratch, .now_us = call->now_us};
    struct api_caller *caller = &call->caller;
    status st = api_knows(call->target)
                    ? auth_check(&service->auth, &scope, request, &caller->principal)
                    : ST_OK;
    *out = st == ST_OK;
    if (st == ST_WOULD_WAIT)
        return st;
    if (st == ST_OK) {
        caller->source_ip = str_from_c(request->peer);
        caller->user_agent = http_request_header(request, STR("User-Agent"));
        caller->secure_transport = request->secure;
        if (caller->principal != NULL)
            caller->directory =
                (struct api_directory){identities_find_principals, service->auth.identities};
    } else {
        api_refuse(&scope, answer);
    }
    return ST_OK;
}

/* The body as text. What that takes, and what it will take to parse it, is counted before. */
static status unpack(struct http_request *request, str *out) {
    str encoding = http_request_header(request, STR("Content-Encoding"));
    size_t most = thread_may_wait() ? BODY_BYTES_MAX : LOOP_BODY_MAX, unpacked = 0;
    if (__builtin_expect(encoding.len > 0, 0))
        unpacked = body_cost_unpacked(request->body.len, most);
    if (unpacked > BODY_COST_ABOVE && !http_request_reserve(request, unpacked))
        return ST_FULL;
    TRY(body_decompress(encoding, request->body, most, request->arena, out));
    unpacked = out->ptr == request->body.ptr ? 0 : out->len;
    size_t parsed = out->len > BODY_COST_ABOVE ? body_cost_parsed(*out) : 0;
    return http_request_reserve(request, unpacked + parsed) ? ST_OK : ST_FULL;
}

static status reply_call(struct service *service, struct http_request *request,
                         struct http_reply *reply) {
    str type = reply_type(http_request_header(request, STR("Content-Type")));
    if (type.ptr == NULL && request->body.len > 0) {
        plain(request, reply, 404, STR("<UnknownOperationException/>\n"));
        return ST_OK;
    }
    if (request->body.len > LOOP_BODY_MAX && !thread_may_wait())
        return ST_WOULD_WAIT;
    str body;
    status st = unpack(request, &body);
    if (st == ST_TOO_BIG && !thread_may_wait())
        return ST_WOULD_WAIT;
    if (st == ST_FULL)
        return st;
    if (st == ST_TOO_BIG) {
        plain(request, reply, 413, STR(""));
        return ST_OK;
    }
    if (st != ST_OK) { /* the service's answer: no body, no error type */
        plain(request, reply, 500, STR(""));
        return ST_OK;
    }
    struct arena *scratch = scratch_get();
    struct api_call call = {.target = http_request_header(request, STR("X-Amz-Target")),
                            .body = body,
                            .arena = request->arena,
                            .scratch = scratch,
                            .now_us = clock_wall_us(),
                            .host = http_request_header(request, STR("Host")),
                            .traffic = service->traffic,
                            .faults = service->faults};
    if (__builtin_expect(service->test_mode, 0))
        call.fault_spec = http_request_header(request, STR("X-Stator-Fault"));
    struct api_answer answer;
    bool admitted;
    struct call_note *note = note_new(service, &call);
    if (service->audit != NULL)
        call.audit = &note->audit;
    TRY(admit(service, request, &call, &answer, &admitted));
    if (admitted) {
        st = api_call(service->database, &call, &answer);
        if (service->audit != NULL && call.caller.principal != NULL)
            note->principal = arena_copy(request->arena, call.caller.principal->arn);
        principal_unref(call.caller.principal);
        arena_reset(scratch, SCRATCH_KEEP); /* now: this thread may not be asked again for long */
        TRY(st);
    }
    *reply = (struct http_reply){.status = answer.http_status,
                                 .content_type = type.ptr != NULL ? type : STR("application/json"),
                                 .body = answer.body,
                                 .ticket = answer.ticket,
                                 .note = note};
    note->counts = answer.counts;
    if (answer.delay_ms > 0)
        reply->not_before_us = request->received_us + answer.delay_ms * 1000;
    finish(request, reply);
    return ST_OK;
}

static void leaving(void *context, const struct http_request *request,
                    const struct http_reply *reply) {
    struct service *service = context;
    if (__builtin_expect(service->audit == NULL, 1)) {
        service_count(request, reply);
        return;
    }
    const struct call_note *note = reply->note;
    if (note == NULL || note->identity_result.ptr == NULL)
        service_count(request, reply);
    if (note != NULL)
        audit_add(service->audit, audit_line(request, reply, note), note->room);
}

/* Where signatures are verified it isn't there: nothing would say who asks. */
static bool is_fault_page(const struct service *service, const struct http_request *request) {
    return service->test_mode && service->auth.mode != AUTH_VERIFY &&
           str_eq(request->path, STR("/_stator/faults")) &&
           !str_eq(request->method, STR("OPTIONS"));
}

static void reply_faults(struct service *service, struct http_request *request,
                         struct http_reply *reply) {
    str text;
    int code = fault_page(service->faults, request->method, request->body, request->arena, &text);
    plain(request, reply, code, text);
}

/* What can't be recorded is not done, where that was asked for; then the reply says so. Room for
 * the line is taken before anything is done, and `leaving` fills it: whatever became of the file
 * meanwhile, a change that was made is told of. */
static status
recorded(struct service *service, struct http_request *request, struct http_reply *reply,
         status (*run)(struct service *, struct http_request *, struct http_reply *)) {
    if (__builtin_expect(service->audit == NULL || !audit_is_strict(service->audit), 1))
        return run(service, request, reply);
    size_t room = audit_line_room(request);
    status st = audit_reserve(service->audit, room);
    if (st == ST_FULL) {
        plain(request, reply, 503, STR("The audit log can't be written.\n"));
        return ST_OK;
    }
    TRY(st);
    st = run(service, request, reply);
    struct call_note *note = (void *)(uintptr_t)reply->note; /* made by run, in the arena */
    if (st == ST_OK && note != NULL)
        note->room = room;
    else
        audit_release(service->audit, room);
    return st;
}

static status handle(void *context, struct http_request *request, struct http_reply *reply) {
    struct service *service = context;
    if (thread_may_wait() && !str_eq(request->method, STR("GET"))) /* pages are no calls */
        metric_add(METRIC_worker_runs, 1);
    *reply = (struct http_reply){};
    if (identity_is_call(service, request))
        return recorded(service, request, reply, identity_reply);
    if (str_eq(request->method, STR("POST")) && str_eq(request->path, STR("/")))
        return recorded(service, request, reply, reply_call);
    if (is_fault_page(service, request))
        reply_faults(service, request, reply);
    else if (str_eq(request->method, STR("GET")) || str_eq(request->method, STR("HEAD")))
        return reply_get(service, request, reply);
    else if (str_eq(request->method, STR("OPTIONS")))
        reply_preflight(request, reply);
    else
        plain(request, reply, 404, STR("<UnknownOperationException/>\n"));
    return ST_OK;
}

static enum http_settled settled(void *context, uint64_t ticket) {
    struct service *service = context;
    switch (kv_ticket_state(service->database->kv, ticket)) {
    case KV_PENDING:
        return HTTP_HELD;
    case KV_DURABLE:
        return HTTP_SETTLED;
    case KV_LOST:
        return HTTP_LOST;
    }
    return HTTP_LOST;
}

static void lost(void *context, struct http_request *request, struct http_reply *reply) {
    (void)context;
    struct api_counts *counts = (void *)(uintptr_t)reply->note; /* note_new's, in the arena */
    struct api_answer answer = {.counts = *counts};
    api_lost(request->arena, &answer);
    *counts = answer.counts;
    reply->status = answer.http_status;
    reply->body = answer.body;
    finish(request, reply);
}

void service_settled(void *context) {
    struct service *service = context;
    struct http_server *server = atomic_load(&service->server);
    if (server != NULL)
        http_release(server);
}

void service_set_server(struct service *service, struct http_server *server) {
    atomic_store(&service->server, server);
    http_release(server);
}

struct http_service service_callbacks(struct service *service) {
    return (struct http_service){
        .context = service, .handle = handle, .settled = settled, .lost = lost, .leaving = leaving};
}
