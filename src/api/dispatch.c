/* From a target and a body to an answer. The only place that turns what is left of internal
 * statuses into errors of the service. */
#include "api/access.h"
#include "api/admission.h"
#include "api/api.h"
#include "api/audit_note.h"
#include "api/fault_int.h"
#include "api/request.h"
#include "api/shape_read.h"
#include "api/throttling.h"
#include "api/transaction.h"
#include "base/check.h"
#include "base/log.h"
#include "base/thread.h"
#include "item/item_codec.h"

#include <stdatomic.h>

enum { RUNS_MAX = 8 }; /* after so many conflicts with table changes: an internal error */

static const struct operation operations[] = {
#define READ EFFECT_READ
#define WRITE EFFECT_WRITE
#define ADMIN EFFECT_ADMIN
#define OP(service, name, handler, action, target, effect)                                         \
    {STR_INIT(#name), SERVICE_##service, op_##handler, SHAPE_##name##Input, effect},
#include "api/ops.def"
#undef OP
#undef READ
#undef WRITE
#undef ADMIN
};

enum { OPERATION_COUNT = sizeof operations / sizeof operations[0] };

size_t api_operation_count(void) {
    return OPERATION_COUNT;
}

str api_operation_name(size_t index) {
    CHECK(index < OPERATION_COUNT);
    return operations[index].name;
}

/* Each service answers to its own prefix only. */
static bool service_of_target(str target, enum model_service *out, str *out_name) {
    static const str prefixes[] = {[SERVICE_DDB] = STR_INIT("DynamoDB_20120810."),
                                   [SERVICE_STREAMS] = STR_INIT("DynamoDBStreams_20120810.")};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (!str_starts_with(target, prefixes[i]))
            continue;
        *out = (enum model_service)i;
        *out_name = str_slice(target, prefixes[i].len, target.len);
        return true;
    }
    return false;
}

/* The table is sorted by name: ops.def is checked for that by a unit test. */
static const struct operation *find_operation(str target) {
    enum model_service service;
    str name;
    if (!service_of_target(target, &service, &name))
        return NULL;
    size_t low = 0, high = OPERATION_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_cmp(operations[middle].name, name);
        if (order == 0)
            return operations[middle].service == service ? &operations[middle] : NULL;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- errors ---- */

struct error_row {
    str type; /* as __type says it */
    int http_status;
    str message_key;
    str text;
};

#define DDB "com.amazonaws.dynamodb.v20120810#"
#define CORAL_A "com.amazon.coral.availability#"
#define CORAL_S "com.amazon.coral.service#"
#define CORAL_V "com.amazon.coral.validate#"

static const struct error_row errors[] = {
    [ERROR_NONE] = {},
#define ERROR(name, http_status, family, message_key, text)                                        \
    [ERROR_##name] = {STR_INIT(family #name), http_status, STR_INIT(message_key), STR_INIT(text)},
#include "item/errors.def"
#undef ERROR
};

static void answer_error(struct scope *scope, struct api_answer *out) {
    CHECK(scope->error > ERROR_NONE && scope->error < ERROR_COUNT);
    const struct error_row *row = &errors[scope->error];
    struct reply reply;
    reply_init(&reply, scope->arena);
    reply_str(&reply, STR("__type"), row->type);
    str text = scope->error_text.ptr != NULL ? scope->error_text : row->text;
    if (text.len > 0)
        reply_str(&reply, row->message_key, text);
    if (scope->error_item.ptr != NULL)
        reply_stored(&reply, STR("Item"), scope->error_item, NULL, NULL);
    if (scope->error == ERROR_TransactionCanceledException && scope->error_detail != NULL)
        reply_cancellation(&reply, scope->error_detail);
    if (throttling_is(scope->error) && scope->error_detail != NULL)
        reply_throttling(&reply, scope->error, scope->error_detail);
    out->http_status = row->http_status;
    out->body = reply_finish(&reply);
}

/* What an operation could not say itself. */
static void name_status(struct scope *scope, const struct operation *operation, status st) {
    if (st == ST_FAILED)
        return;
    if (st != ST_FULL && st != ST_READ_ONLY) /* said once, by the job that watches the engine */
        log_error("event=operation_failed operation=%.*s status=\"%s\"", STR_ARG(operation->name),
                  status_text(st));
    scope->error = ERROR_NONE;
    if (st == ST_FULL)
        (void)fail(scope, ERROR_InternalServerError,
                   "The disk is full: writes are refused until space returns.");
    else if (st == ST_READ_ONLY)
        (void)fail(scope, ERROR_InternalServerError,
                   "The disk has failed: writes are refused until the server is started again.");
    else
        (void)fail(scope, ERROR_InternalServerError, "Internal server error");
}

/* ---- the call ---- */

static status run_once(struct request *request) {
    request->tables = catalogue_acquire(request->database);
    request->notes = NULL;
    reply_init(&request->reply, request->scope->arena);
    request->counts = (struct api_counts){.operation = request->counts.operation};
    status st = ST_OK;
    if (__builtin_expect(request->caller->principal != NULL, 0))
        st = access_check(request);
    if (st == ST_OK)
        st = request->operation->run(request);
    if (st == ST_OK || st == ST_FAILED)
        admission_settle(request); /* the notes name tables of this snapshot */
    catalogue_release(request->tables);
    return st;
}

static status run(struct request *request) {
    status st = ST_CONFLICT;
    for (int runs = 0; st == ST_CONFLICT && runs < RUNS_MAX; runs++) {
        if (runs > 0 && !thread_may_wait())
            return ST_WOULD_WAIT;
        if (runs > 0)
            catalogue_wait(request->database);
        st = run_once(request);
    }
    return st;
}

static status run_with_faults(struct request *request, const struct api_call *call,
                              struct api_answer *out) {
    status st = ST_OK;
    if (request->caller->principal != NULL) {
        request->tables = catalogue_acquire(request->database);
        st = access_check_ahead(request);
        catalogue_release(request->tables);
    }
    if (st == ST_OK)
        st = fault_begin(request, call->faults, call->fault_spec);
    if (st == ST_OK)
        st = run(request);
    if (request->fault == NULL || st == ST_WOULD_WAIT)
        return st;
    request->counts.faulted = true;
    out->delay_ms = request->fault->latency_ms;
    return fault_end(request, st);
}

static void count_error(struct scope *scope, struct api_counts *counts) {
    counts->error = scope->error;
    if (scope->error == ERROR_ConditionalCheckFailedException)
        counts->conditions_false++;
    else if (scope->error == ERROR_TransactionConflictException)
        counts->conflicts++;
    else if (scope->error == ERROR_TransactionCanceledException && scope->error_detail != NULL)
        cancellation_count(scope->error_detail, counts);
}

status api_call(struct database *database, const struct api_call *call, struct api_answer *out) {
    struct scope scope = {.arena = call->arena, .scratch = call->scratch, .now_us = call->now_us};
    *out = (struct api_answer){.http_status = 200, .counts.operation = API_NO_OPERATION};
    const struct operation *operation = find_operation(call->target);
    if (operation == NULL) {
        (void)fail(&scope, ERROR_UnknownOperationException, "%s", "");
        count_error(&scope, &out->counts);
        answer_error(&scope, out);
        return ST_OK;
    }
    struct request request = {.scope = &scope,
                              .database = database,
                              .operation = operation,
                              .host = call->host,
                              .caller = &call->caller,
                              .traffic = call->traffic,
                              .audit = call->audit};
    request.counts.operation = (size_t)(operation - operations);
    void *input = NULL;
    status st = shape_read(&scope, operation->input, call->body, &input);
    request.input = input;
    if (st == ST_OK)
        audit_note_input(request.audit, operation, input);
    if (st == ST_OK)
        st = __builtin_expect(call->faults != NULL, 0) ? run_with_faults(&request, call, out)
                                                       : run(&request);
    if (st == ST_WOULD_WAIT)
        return st;
    out->ticket = request.ticket;
    out->counts = request.counts;
    if (st == ST_OK) {
        out->body = reply_finish(&request.reply);
        return ST_OK;
    }
    name_status(&scope, operation, st);
    count_error(&scope, &out->counts);
    answer_error(&scope, out);
    return ST_OK;
}

bool api_knows(str target) {
    return find_operation(target) != NULL;
}

void api_refuse(struct scope *scope, struct api_answer *out) {
    *out = (struct api_answer){.counts.operation = API_NO_OPERATION};
    count_error(scope, &out->counts);
    answer_error(scope, out);
}

void api_lost(struct arena *arena, struct api_answer *answer) {
    struct scope scope = {.arena = arena, .scratch = arena};
    (void)fail(&scope, ERROR_InternalServerError,
               "The write could not be made durable; it may or may not have happened.");
    struct api_counts counts = {.operation = answer->counts.operation, .error = scope.error};
    *answer = (struct api_answer){.counts = counts};
    answer_error(&scope, answer);
}
