#include "api/time_to_live.h"
#include "table/expiry.h"

static status check_change(struct request *request, const struct table *table,
                           const struct in_TimeToLiveSpecification *wanted) {
    struct scope *scope = request->scope;
    str current = table->ttl.attribute;
    bool on = current.ptr != NULL, enable = wanted->Enabled.value;
    if (on && !str_eq(current, wanted->AttributeName))
        return fail_validation(scope,
                               "TimeToLive is active on a different AttributeName: current "
                               "AttributeName is %.*s",
                               STR_ARG(current));
    if (on == enable)
        return fail_validation(scope, "TimeToLive is already %s", on ? "enabled" : "disabled");
    if (time_to_live_changing(request, table))
        return fail_validation(
            scope, "Time to live has been modified multiple times within a fixed interval");
    return ST_OK;
}

/* The items of a small table are filed at once, so that it is enabled when the answer says so; the
 * rest of a larger one is the job's. Whatever goes wrong here, the job tries again. */
static void file_first_page(struct request *request, str name) {
    const struct catalogue_snapshot *tables = catalogue_acquire(request->database);
    const struct table *table = catalogue_find(tables, name);
    bool done;
    if (table != NULL && table->ttl.attribute.ptr != NULL && !table->ttl.indexed)
        (void)expiry_file(request->database, request->scope, table,
                          arena_struct(request->scope->arena, struct expiry_filing), &done);
    catalogue_release(tables);
}

status op_update_time_to_live(struct request *request) {
    const struct in_UpdateTimeToLiveInput *in = request->input;
    const struct in_TimeToLiveSpecification *wanted = in->TimeToLiveSpecification;
    const struct table *table;
    TRY(request_table(request, in->TableName, true, &table));
    if (!table_serves_items(table, request_clock(request)))
        return request_check_active(request, table);
    TRY(check_change(request, table, wanted));
    TRY(expiry_change(request->database, request->scope, table,
                      wanted->Enabled.value ? wanted->AttributeName : (str){}));
    if (wanted->Enabled.value)
        file_first_page(request, table->name);
    reply_open(&request->reply, STR("TimeToLiveSpecification"));
    reply_bool(&request->reply, STR("Enabled"), wanted->Enabled.value);
    reply_str(&request->reply, STR("AttributeName"), wanted->AttributeName);
    reply_close(&request->reply);
    return ST_OK;
}
