#include "server/identity_service.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/thread.h"
#include "identity_api/identity_api.h"
#include "server/audit_line.h"

#define GLOBAL_REGION "us-east-1"

static bool is_form(const struct http_request *request) {
    str type = http_request_header(request, STR("Content-Type"));
    type = str_slice(type, 0, str_find(type, ';'));
    return str_eq_nocase(type, STR("application/x-www-form-urlencoded"));
}

static bool is_get(const struct http_request *request) {
    return str_eq(request->method, STR("GET"));
}

bool identity_is_call(const struct service *service, const struct http_request *request) {
    if (service->auth.mode != AUTH_VERIFY || !str_eq(request->path, STR("/")))
        return false;
    if (is_get(request))
        return str_contains(request->query, STR("Action="));
    return str_eq(request->method, STR("POST")) && is_form(request);
}

/* IAM has one region for all the world, and so has STS where it is asked without one: a request may
 * be signed for that or for ours. */
static struct auth auth_of(const struct service *service, const struct http_request *request) {
    struct auth auth = service->auth;
    struct scope scope = {.arena = request->arena, .scratch = request->arena};
    struct sigv4_claim claim;
    if (sigv4_read(&scope, request, &claim) == ST_OK &&
        str_contains(claim.credential, STR("/" GLOBAL_REGION "/")))
        auth.region = STR(GLOBAL_REGION);
    return auth;
}

/* For the audit log, where there is one. */
static struct call_note *note_new(const struct identity_request *call,
                                  const struct identity_answer *out) {
    struct call_note *note = arena_struct(call->arena, struct call_note);
    note->identity_action = identity_request_action(call);
    note->identity_subject = identity_request_subject(call);
    note->identity_result = out->result;
    if (call->principal != NULL)
        note->principal = arena_copy(call->arena, call->principal->arn);
    return note;
}

static void run(struct service *service, struct http_request *request,
                struct identity_request *call, struct identity_answer *out) {
    struct scope scope = {
        .arena = request->arena, .scratch = request->arena, .now_us = call->now_us};
    struct auth auth = auth_of(service, request);
    if (auth_check_for(&auth, &scope, request, call->service, &call->principal) == ST_OK)
        identity_request_run(auth.identities, call, out);
    else
        identity_request_refuse(call, &scope, out);
}

static const struct call_note *answer(struct service *service, struct http_request *request,
                                      struct identity_answer *out) {
    struct identity_request call = {
        .arena = request->arena,
        .now_us = clock_wall_us(),
        .account_id = service->database->account_id,
        .region = service->database->region,
        .source_ip = str_from_c(request->peer),
        .user_agent = http_request_header(request, STR("User-Agent")),
        .secure_transport = request->secure,
    };
    if (identity_request_read(&call, is_get(request) ? request->query : request->body, out))
        run(service, request, &call, out);
    const struct call_note *note = service->audit != NULL ? note_new(&call, out) : NULL;
    principal_unref(call.principal);
    return note;
}

status identity_reply(struct service *service, struct http_request *request,
                      struct http_reply *reply) {
    struct identity_answer out;
    struct buf headers;
    if (!thread_may_wait())
        return ST_WOULD_WAIT;
    const struct call_note *note = answer(service, request, &out);
    buf_init(&headers, request->arena, 64);
    buf_printf(&headers, "x-amzn-RequestId: %.*s\r\n", STR_ARG(out.request_id));
    *reply = (struct http_reply){.status = out.http_status,
                                 .content_type = STR("text/xml"),
                                 .headers = buf_str(&headers),
                                 .body = out.body,
                                 .note = note};
    return ST_OK;
}
