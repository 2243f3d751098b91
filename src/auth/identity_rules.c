/* What may be stored at all: the service's patterns and lengths, in its words. */
#include "auth/identity_int.h"
#include "base/utf8.h"

#include <stdarg.h>

/* ---- errors ---- */

str identity_error_name(enum identity_error error) {
    switch (error) {
    case IDENTITY_NO_ERROR:
        break;
#define X(name, http_status)                                                                       \
    case IDENTITY_##name:                                                                          \
        return STR(#name);
        IDENTITY_ERRORS(X)
#undef X
    }
    return STR("");
}

int identity_error_http_status(enum identity_error error) {
    switch (error) {
    case IDENTITY_NO_ERROR:
        break;
#define X(name, http_status)                                                                       \
    case IDENTITY_##name:                                                                          \
        return http_status;
        IDENTITY_ERRORS(X)
#undef X
    }
    return 200;
}

status identity_fail(struct identity_call *call, enum identity_error error, const char *format,
                     ...) {
    va_list args;
    if (call->error != IDENTITY_NO_ERROR)
        return ST_FAILED; /* the first one stays */
    va_start(args, format);
    call->error = error;
    call->text = arena_vprintf(call->arena, format, args);
    va_end(args);
    return ST_FAILED;
}

str identity_kind_word(enum identity_kind kind) {
    switch (kind) {
    case IDENTITY_USER:
        return STR("user");
    case IDENTITY_GROUP:
        return STR("group");
    case IDENTITY_ROLE:
        return STR("role");
    case IDENTITY_POLICY:
        return STR("policy");
    }
    return (str){};
}

/* ---- names and paths ---- */

static bool is_name(str name) {
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || strchr("_+=,.@-", c) == NULL))
            return false;
    }
    return true;
}

static status check_name_as(struct identity_call *call, str member, str name, size_t len_max) {
    if (name.len == 0)
        return identity_fail(call, IDENTITY_ValidationError,
                             "1 validation error detected: Value '' at '%.*s' failed to satisfy "
                             "constraint: Member must have length greater than or equal to 1",
                             STR_ARG(member));
    if (!is_name(name))
        return identity_fail(call, IDENTITY_ValidationError,
                             "The specified value for %.*s is invalid. It must contain only "
                             "alphanumeric characters and/or the following: +=,.@_-",
                             STR_ARG(member));
    if (name.len > len_max)
        return identity_fail(call, IDENTITY_ValidationError,
                             "1 validation error detected: Value '%.*s' at '%.*s' failed to "
                             "satisfy constraint: Member must have length less than or equal to %d",
                             STR_ARG(name), STR_ARG(member), (int)len_max);
    return ST_OK;
}

status check_name(struct identity_call *call, enum identity_kind kind, str name) {
    bool is_short = kind == IDENTITY_USER || kind == IDENTITY_ROLE;
    str member = arena_printf(call->arena, "%.*sName", STR_ARG(identity_kind_word(kind)));
    return check_name_as(call, member, name, is_short ? IDENTITY_USER_NAME_MAX : IDENTITY_NAME_MAX);
}

status check_document_name(struct identity_call *call, str name) {
    return check_name_as(call, STR("policyName"), name, IDENTITY_NAME_MAX);
}

status check_path(struct identity_call *call, str path) {
    bool fine = path.len > 0 && path.len <= IDENTITY_PATH_MAX && path.ptr[0] == '/' &&
                path.ptr[path.len - 1] == '/';
    for (size_t i = 0; fine && i < path.len; i++)
        fine = path.ptr[i] > 0x20 && path.ptr[i] < 0x7f;
    if (fine)
        return ST_OK;
    return identity_fail(call, IDENTITY_ValidationError,
                         "The specified value for path is invalid. It must begin and end with / "
                         "and contain only alphanumeric characters and/or / characters.");
}

status check_description(struct identity_call *call, str description) {
    if (description.ptr == NULL ||
        (utf8_valid(description) && utf8_characters(description) <= IDENTITY_DESCRIPTION_MAX))
        return ST_OK;
    return identity_fail(call, IDENTITY_ValidationError,
                         "1 validation error detected: Value at 'description' failed to satisfy "
                         "constraint: Member must have length less than or equal to %d",
                         IDENTITY_DESCRIPTION_MAX);
}

status check_seconds_max(struct identity_call *call, int32_t seconds) {
    if (seconds >= SESSION_SECONDS_DEFAULT && seconds <= SESSION_SECONDS_MAX)
        return ST_OK;
    return identity_fail(call, IDENTITY_ValidationError,
                         "1 validation error detected: Value '%d' at 'maxSessionDuration' failed "
                         "to satisfy constraint: Member must have value between %d and %d",
                         (int)seconds, SESSION_SECONDS_DEFAULT, SESSION_SECONDS_MAX);
}

/* ---- tags ---- */

static status check_tag(struct identity_call *call, const struct context_tag *tag) {
    if (!utf8_valid(tag->key) || !utf8_valid(tag->value))
        return identity_fail(call, IDENTITY_ValidationError, "Tags must be valid UTF-8.");
    size_t key = utf8_characters(tag->key), value = utf8_characters(tag->value);
    if (key < 1 || key > IDENTITY_TAG_KEY_MAX)
        return identity_fail(call, IDENTITY_ValidationError,
                             "1 validation error detected: Value '%.*s' at 'tags.member.key' "
                             "failed to satisfy constraint: Member must have length between 1 and "
                             "%d",
                             STR_ARG(tag->key), IDENTITY_TAG_KEY_MAX);
    if (value > IDENTITY_TAG_VALUE_MAX)
        return identity_fail(call, IDENTITY_ValidationError,
                             "1 validation error detected: Value '%.*s' at 'tags.member.value' "
                             "failed to satisfy constraint: Member must have length less than or "
                             "equal to %d",
                             STR_ARG(tag->value), IDENTITY_TAG_VALUE_MAX);
    if (tag->key.len >= 4 && str_eq_nocase(str_slice(tag->key, 0, 4), STR("aws:")))
        return identity_fail(call, IDENTITY_InvalidInput,
                             "Tag keys that begin with aws: are reserved.");
    return ST_OK;
}

status check_tags(struct identity_call *call, struct context_tags tags) {
    if (tags.count > IDENTITY_TAGS_MAX)
        return identity_fail(call, IDENTITY_LimitExceeded,
                             "The number of tags has reached the maximum limit.");
    for (size_t i = 0; i < tags.count; i++) {
        TRY(check_tag(call, &tags.entries[i]));
        for (size_t j = 0; j < i; j++)
            if (str_eq_nocase(tags.entries[i].key, tags.entries[j].key))
                return identity_fail(call, IDENTITY_InvalidInput,
                                     "Duplicate tag keys found. Please note that Tag keys are case "
                                     "insensitive.");
    }
    return ST_OK;
}

/* ---- documents ---- */

size_t document_size(str text) {
    size_t size = 0;
    for (size_t i = 0; i < text.len; i++)
        size += !(text.ptr[i] == ' ' || (text.ptr[i] >= '\t' && text.ptr[i] <= '\r'));
    return size;
}

status check_document(struct identity_call *call, enum policy_kind kind, str text) {
    const struct policy *policy;
    str problem = {NULL, 0};
    arena_mark mark = arena_get_mark(call->arena);
    status st = policy_compile(text, kind, call->arena, &policy, &problem);
    if (st == ST_OK) {
        arena_rewind(call->arena, mark);
        return ST_OK;
    }
    if (problem.len == 0)
        problem = STR("Syntax errors in policy.");
    return identity_fail(call, IDENTITY_MalformedPolicyDocument, "%.*s", STR_ARG(problem));
}
