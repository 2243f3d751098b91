#include "api/stream_settings.h"

#include "stream/stream_text.h"

#define INVALID "One or more parameter values were invalid: "

static const str view_names[] = {[VIEW_KEYS_ONLY] = STR_INIT("KEYS_ONLY"),
                                 [VIEW_NEW_IMAGE] = STR_INIT("NEW_IMAGE"),
                                 [VIEW_OLD_IMAGE] = STR_INIT("OLD_IMAGE"),
                                 [VIEW_NEW_AND_OLD_IMAGES] = STR_INIT("NEW_AND_OLD_IMAGES")};

str stream_view_name(enum stream_view which) {
    return view_names[which];
}

static enum stream_view view_of_name(str name) {
    enum stream_view found = VIEW_KEYS_ONLY;
    while (found < VIEW_NEW_AND_OLD_IMAGES && !str_eq(view_names[found], name))
        found++;
    return found;
}

status stream_settings_check(struct scope *scope, const struct in_StreamSpecification *in) {
    if (in == NULL || in->StreamEnabled.value == (in->StreamViewType.ptr != NULL))
        return ST_OK;
    if (in->StreamEnabled.value)
        return fail_validation(scope, INVALID "Table is being created with a stream enabled, "
                                              "UpdateViewType should be specified");
    return fail_validation(scope, INVALID "Table is being created with a stream disabled, "
                                          "UpdateViewType should not be specified");
}

status stream_settings_apply(struct scope *scope, const struct in_StreamSpecification *in,
                             struct table *changed) {
    struct change_log *log = &changed->stream;
    bool is_new = changed->id == 0;
    if (in == NULL || (is_new && !in->StreamEnabled.value))
        return ST_OK;
    if (in->StreamEnabled.value && log->id != 0)
        return fail_validation(scope, "Table already has an enabled stream: TableName: %.*s",
                               STR_ARG(changed->name));
    if (!in->StreamEnabled.value && log->id == 0)
        return fail_validation(scope, "Table has no stream to disable: TableName: %.*s",
                               STR_ARG(changed->name));
    if (in->StreamEnabled.value)
        *log = (struct change_log){.id = CHANGE_LOG_NEW, .view = view_of_name(in->StreamViewType)};
    else
        *log = (struct change_log){.created_us = log->created_us}; /* the latest one, still */
    return ST_OK;
}

void stream_settings_reply(struct request *request, const struct table *table) {
    struct reply *reply = &request->reply;
    struct arena *arena = request->scope->arena;
    if (table->stream.id != 0) {
        reply_open(reply, STR("StreamSpecification"));
        reply_bool(reply, STR("StreamEnabled"), true);
        reply_str(reply, STR("StreamViewType"), view_names[table->stream.view]);
        reply_close(reply);
    }
    if (table->stream.created_us == 0)
        return;
    str label = stream_label_write(arena, table->stream.created_us);
    reply_str(reply, STR("LatestStreamLabel"), label);
    reply_str(reply, STR("LatestStreamArn"),
              stream_arn_write(arena, request->database, table->name, label));
}

status stream_limit(struct scope *scope, const struct given_integer *limit, size_t max,
                    size_t *out) {
    *out = max;
    if (!limit->given)
        return ST_OK;
    if (limit->value > (int64_t)max)
        return fail_validation(scope,
                               "1 validation error detected: Value '%lld' at 'limit' failed to "
                               "satisfy constraint: Member must have value less than or equal to "
                               "%zu",
                               (long long)limit->value, max);
    *out = (size_t)limit->value;
    return ST_OK;
}
