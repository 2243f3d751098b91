#include "api/write_request.h"

#include "api/admission.h"
#include "api/legacy.h"
#include "table/table_check.h"

status write_condition(struct request *request, str text, struct expr_placeholders *placeholders,
                       const struct expr_condition **out) {
    *out = NULL;
    if (text.ptr == NULL)
        return ST_OK;
    struct expr_condition *condition = arena_struct(request->scope->arena, struct expr_condition);
    TRY(expr_parse_condition(request->scope, EXPR_CONDITION, text, placeholders, condition));
    *out = condition;
    return ST_OK;
}

status write_any_condition(struct request *request, const struct write_members *members,
                           struct expr_placeholders *placeholders,
                           const struct expr_condition **out) {
    if (members->condition.ptr != NULL)
        return write_condition(request, members->condition, placeholders, out);
    return legacy_expected(request, members->expected, members->conditional_operator, out);
}

status write_update(struct request *request, str text, struct expr_placeholders *placeholders,
                    const struct expr_update **out) {
    struct expr_update *update = NULL;
    if (text.ptr != NULL)
        TRY(expr_parse_update(request->scope, text, placeholders, &update));
    *out = update;
    return ST_OK;
}

status write_check_targets(struct request *request, const struct write *write) {
    const str *names;
    size_t count;
    if (write->update == NULL)
        return ST_OK;
    expr_update_targets(write->update, &names, &count);
    TRY(table_check_update_targets(request->scope, write->table, names, count));
    TRY(table_check_update_kinds(request->scope, write->table, write->update));
    expr_update_nested(write->update, request->scope->arena, &names, &count);
    return table_check_nested(request->scope, write->table, names, count);
}

static status outcome(struct request *request, const struct write_members *members,
                      const struct write *write) {
    switch (write->outcome) {
    case WRITE_DONE:
        return ST_OK;
    case WRITE_CONDITION_FAILED:
        if (str_eq(members->return_on_failure, STR("ALL_OLD")))
            request->scope->error_item = write->before;
        return fail(request->scope, ERROR_ConditionalCheckFailedException,
                    "The conditional request failed");
    case WRITE_INVALID:
        return fail_validation(request->scope, "%.*s", STR_ARG(write->error_text));
    case WRITE_THROTTLED:
        return admission_index_refused(request, write);
    }
    return ST_CORRUPT;
}

status write_run(struct request *request, const struct write_members *members, struct write *write,
                 struct collection *out_collection) {
    TRY(collection_read(request, members->return_metrics, write, out_collection));
    TRY(admission_write(request, write));
    status st = table_write(request->database, request->scope, write, 1, &request->ticket);
    if (st != ST_OK && st != ST_FAILED)
        return st;
    admission_wrote(request, write, 1, 1);
    return outcome(request, members, write);
}

void write_reply_costs(struct request *request, const struct write_members *members,
                       const struct write *write, const struct collection *collection) {
    struct capacity capacity = {.table = write->table};
    capacity_add_cost(&capacity, &write->cost);
    reply_capacity(request, capacity_detail_of(members->return_capacity), &capacity);
    reply_collection(request, STR("ItemCollectionMetrics"), collection);
}

status write_check_return_values(struct request *request, str return_values) {
    if (return_values.ptr == NULL || str_eq(return_values, STR("NONE")) ||
        str_eq(return_values, STR("ALL_OLD")))
        return ST_OK;
    return fail_validation(request->scope, "ReturnValues can only be ALL_OLD or NONE");
}

status write_whole(struct request *request, const struct write_members *members,
                   enum write_kind kind, const struct item *item, str return_values) {
    struct scope *scope = request->scope;
    struct expr_placeholders placeholders;
    struct collection collection;
    struct write write = {.kind = kind, .item = item};
    TRY(request_placeholders(request, &members->parameters, &placeholders));
    TRY(write_any_condition(request, members, &placeholders, &write.condition));
    TRY(expr_placeholders_all_used(scope, &placeholders));
    TRY(request_table(request, members->table_name, false, &write.table));
    TRY(kind == WRITE_PUT ? table_check_item(scope, write.table, item)
                          : table_check_key(scope, write.table, item));
    TRY(write_run(request, members, &write, &collection));
    if (str_eq(return_values, STR("ALL_OLD")) && write.before.ptr != NULL)
        reply_stored(&request->reply, STR("Attributes"), write.before, NULL, NULL);
    write_reply_costs(request, members, &write, &collection);
    return ST_OK;
}
