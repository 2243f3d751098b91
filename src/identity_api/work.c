/* A request from its form to its answer, and what operations ask about it. */
#include "base/random.h"
#include "identity_api/work_int.h"

enum { PAGE_ELEMENTS = 100, REPLY_HINT = 4096, REQUEST_ID_LEN = 36 };

struct service_words {
    str name, version, space;
};

static const struct service_words services[] = {
    [SERVICE_IAM] = {STR_INIT("iam"), STR_INIT("2010-05-08"),
                     STR_INIT("https://iam.amazonaws.com/doc/2010-05-08/")},
    [SERVICE_STS] = {STR_INIT("sts"), STR_INIT("2011-06-15"),
                     STR_INIT("https://sts.amazonaws.com/doc/2011-06-15/")},
};

str identity_service_name(enum identity_service service) {
    return services[service].name;
}

str identity_service_version(enum identity_service service) {
    return services[service].version;
}

/* ---- answers ---- */

static const struct service_words *words_of(const struct identity_request *request) {
    return &services[str_eq(request->service, services[SERVICE_STS].name) ? SERVICE_STS
                                                                          : SERVICE_IAM];
}

/* An element whose name is not one literal is opened by hand. */
static void add_root(struct buf *out, const struct identity_request *request, str name) {
    buf_printf(out, "<%.*s xmlns=\"%.*s\">", STR_ARG(name), STR_ARG(words_of(request)->space));
}

static void answer_error(const struct identity_request *request, int http_status, str code,
                         str text, struct identity_answer *out) {
    struct buf body;
    struct xml_writer xml;
    buf_init(&body, request->arena, 512);
    xml_init(&xml, &body);
    add_root(&body, request, STR("ErrorResponse"));
    xml_begin(&xml, "Error");
    xml_text(&xml, "Type", http_status < 500 ? STR("Sender") : STR("Receiver"));
    xml_text(&xml, "Code", code);
    xml_text(&xml, "Message", text);
    xml_end(&xml);
    xml_text(&xml, "RequestId", request->request_id);
    buf_add_lit(&body, "</ErrorResponse>\n");
    *out = (struct identity_answer){http_status, buf_str(&body), request->request_id, code};
}

/* What a request is refused with, as these services call it. */
struct refusal {
    enum error_code error;
    int http_status;
    str code;
};

static const struct refusal refusals[] = {
    {ERROR_MissingAuthenticationTokenException, 403, STR_INIT("MissingAuthenticationToken")},
    {ERROR_IncompleteSignatureException, 400, STR_INIT("IncompleteSignature")},
    {ERROR_InvalidSignatureException, 403, STR_INIT("SignatureDoesNotMatch")},
    {ERROR_UnrecognizedClientException, 403, STR_INIT("InvalidClientTokenId")},
    {ERROR_ExpiredTokenException, 403, STR_INIT("ExpiredToken")},
    {ERROR_AccessDeniedException, 403, STR_INIT("AccessDenied")},
};

void identity_request_refuse(const struct identity_request *request, const struct scope *scope,
                             struct identity_answer *out) {
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++)
        if (refusals[i].error == scope->error) {
            answer_error(request, refusals[i].http_status, refusals[i].code, scope->error_text,
                         out);
            return;
        }
    answer_error(request, 500, STR("InternalFailure"), scope->error_text, out);
}

/* ---- reading ---- */

static str new_request_id(struct arena *arena) {
    char *id = arena_bytes(arena, REQUEST_ID_LEN);
    random_uuid(id);
    return (str){id, REQUEST_ID_LEN};
}

bool identity_request_read(struct identity_request *request, str text,
                           struct identity_answer *out) {
    request->request_id = new_request_id(request->arena);
    request->service = services[SERVICE_IAM].name;
    status st = form_parse(text, request->arena, &request->form);
    if (st != ST_OK) {
        answer_error(request, 400, STR("MalformedQueryString"),
                     st == ST_TOO_BIG
                         ? STR("The request has more parameters, or longer ones, than are taken.")
                         : STR("The query string contains a syntax error."),
                     out);
        return false;
    }
    str action = form_value(&request->form, STR("Action"));
    str version = form_value(&request->form, STR("Version"));
    if (str_eq(version, services[SERVICE_STS].version))
        request->service = services[SERVICE_STS].name;
    if (action.len == 0) {
        answer_error(request, 400, STR("MissingAction"),
                     STR("The request is missing an action or a required parameter."), out);
        return false;
    }
    request->operation = identity_operation_find(action);
    if (request->operation == NULL ||
        !str_eq(version, services[request->operation->service].version)) {
        answer_error(request, 400, STR("InvalidAction"),
                     arena_printf(request->arena, "Could not find operation %.*s for version %.*s",
                                  STR_ARG(action), STR_ARG(version)),
                     out);
        return false;
    }
    return true;
}

str identity_request_action(const struct identity_request *request) {
    if (request->operation == NULL)
        return (str){};
    return arena_printf(request->arena, "%.*s:%.*s", STR_ARG(request->service),
                        STR_ARG(request->operation->action));
}

/* ---- members ---- */

str work_value(const struct identity_work *work, str name) {
    struct member members[MEMBERS_MAX];
    size_t count = operation_members(work->operation, members);
    for (size_t i = 0; i < count; i++)
        if (members[i].form == MEMBER_VALUE && str_eq(members[i].name, name))
            return form_value(&work->request->form, name);
    return (str){NULL, 0};
}

int32_t work_number(const struct identity_work *work, str name) {
    uint64_t number = 0;
    str value = work_value(work, name);
    if (value.ptr != NULL && !str_to_u64(value, &number))
        return 0;
    return (int32_t)number;
}

str kind_member(enum identity_kind kind) {
    switch (kind) {
    case IDENTITY_USER:
        return STR("UserName");
    case IDENTITY_GROUP:
        return STR("GroupName");
    case IDENTITY_ROLE:
        return STR("RoleName");
    case IDENTITY_POLICY:
        return STR("PolicyArn");
    }
    return (str){};
}

str identity_request_subject(const struct identity_request *request) {
    static const str members[] = {STR_INIT("UserName"),  STR_INIT("GroupName"),
                                  STR_INIT("RoleName"),  STR_INIT("RoleArn"),
                                  STR_INIT("PolicyArn"), STR_INIT("PolicyName")};
    str subject = {};
    for (size_t i = 0; i < sizeof members / sizeof members[0] && subject.ptr == NULL; i++)
        subject = form_value(&request->form, members[i]);
    return subject;
}

str work_name(const struct identity_work *work) {
    return work_value(work, kind_member(work->operation->kind));
}

str work_new_name(const struct identity_work *work) {
    str name = work_value(work, STR("NewUserName"));
    return name.ptr != NULL ? name : work_value(work, STR("NewGroupName"));
}

status work_own_name(struct identity_work *work, str *out) {
    const struct principal *principal = work->request->principal;
    *out = work_name(work);
    if (out->ptr != NULL)
        return ST_OK;
    switch (principal->kind) {
    case PRINCIPAL_ROOT:
        return ST_OK;
    case PRINCIPAL_USER:
        *out = principal->name;
        return ST_OK;
    case PRINCIPAL_SESSION:
        break;
    }
    return identity_fail(&work->call, IDENTITY_ValidationError,
                         "Must specify userName when calling with non-User credentials");
}

size_t work_list(const struct identity_work *work, str name, str part, const str **out) {
    str *values = arena_array(work->request->arena, str, FORM_MEMBERS_MAX);
    size_t count = 0;
    while (count < FORM_MEMBERS_MAX) {
        str value = form_member(&work->request->form, name, count + 1, part);
        if (value.ptr == NULL)
            break;
        values[count++] = value;
    }
    *out = values;
    return count;
}

struct context_tags work_tags(const struct identity_work *work) {
    const str *keys, *values;
    size_t count = work_list(work, STR("Tags"), STR("Key"), &keys);
    size_t value_count = work_list(work, STR("Tags"), STR("Value"), &values);
    struct context_tag *tags = arena_array(work->request->arena, struct context_tag, count + 1);
    for (size_t i = 0; i < count && i < value_count; i++)
        tags[i] = (struct context_tag){keys[i], values[i]};
    return (struct context_tags){tags, count < value_count ? count : value_count};
}

status work_identity(struct identity_work *work, const struct identity **out) {
    return identity_get(work->snapshot, &work->call, work->operation->kind, work_name(work), out);
}

void work_look(struct identity_work *work) {
    identities_release(work->snapshot);
    work->snapshot = identities_acquire(work->identities);
}

/* ---- pages ---- */

status page_open(struct identity_work *work, struct list_page *out) {
    str marker = work_value(work, STR("Marker"));
    uint64_t from = 0;
    if (marker.ptr != NULL && !str_to_u64(marker, &from))
        return identity_fail(&work->call, IDENTITY_ValidationError, "Invalid Marker.");
    int32_t max = work_number(work, STR("MaxItems"));
    *out = (struct list_page){.from = from,
                              .left = max > 0 ? (size_t)max : PAGE_ELEMENTS,
                              .prefix = work_value(work, STR("PathPrefix"))};
    return ST_OK;
}

bool page_takes(struct list_page *page, size_t index, str path) {
    if (index < page->from || page->truncated ||
        (page->prefix.ptr != NULL && !str_starts_with(path, page->prefix)))
        return false;
    page->truncated = page->left == 0;
    if (page->truncated)
        page->next = index;
    else
        page->left--;
    return !page->truncated;
}

void page_close(struct identity_work *work, const struct list_page *page) {
    xml_bool(&work->xml, "IsTruncated", page->truncated);
    if (page->truncated)
        xml_text(&work->xml, "Marker", arena_printf(work->call.arena, "%zu", page->next));
}

/* ---- running ---- */

static status run(struct identity_work *work) {
    TRY(work_admit(work));
    str problem = members_problem(work->operation, &work->request->form, work->call.arena);
    if (problem.ptr != NULL)
        return identity_fail(&work->call, IDENTITY_ValidationError, "%.*s", STR_ARG(problem));
    TRY(work_permit(work));
    return work->operation->handler(work);
}

static void answer_failure(const struct identity_work *work, status st,
                           struct identity_answer *out) {
    const struct identity_request *request = work->request;
    if (st == ST_FAILED)
        answer_error(request, identity_error_http_status(work->call.error),
                     identity_error_name(work->call.error), work->call.text, out);
    else if (st == ST_FULL)
        answer_error(request, 503, STR("ServiceUnavailable"),
                     STR("The disk is too full for changes."), out);
    else
        answer_error(request, 500, STR("InternalFailure"),
                     STR("The request processing has failed because of an unknown error, exception "
                         "or failure."),
                     out);
}

void identity_request_run(struct identities *identities, struct identity_request *request,
                          struct identity_answer *out) {
    struct buf body;
    str action = request->operation->action;
    struct identity_work work = {
        .identities = identities,
        .snapshot = identities_acquire(identities),
        .request = request,
        .operation = request->operation,
        .call = {.arena = request->arena, .now_us = request->now_us},
    };
    buf_init(&body, request->arena, REPLY_HINT);
    xml_init(&work.xml, &body);
    add_root(&body, request, arena_printf(request->arena, "%.*sResponse", STR_ARG(action)));
    buf_printf(&body, "<%.*sResult>", STR_ARG(action));
    status st = run(&work);
    if (st == ST_OK) {
        buf_printf(&body, "</%.*sResult>", STR_ARG(action));
        xml_begin(&work.xml, "ResponseMetadata");
        xml_text(&work.xml, "RequestId", request->request_id);
        xml_end(&work.xml);
        buf_printf(&body, "</%.*sResponse>\n", STR_ARG(action));
        *out = (struct identity_answer){200, buf_str(&body), request->request_id, STR("ok")};
    } else {
        answer_failure(&work, st, out);
    }
    identities_release(work.snapshot);
}
