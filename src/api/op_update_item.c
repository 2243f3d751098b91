#include "api/legacy.h"
#include "api/write_request.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "table/table_check.h"

/* Which of the two images, and how much of it, ReturnValues asks for. */
static void reply_attributes(struct request *request, str return_values,
                             const struct write *write) {
    bool old = str_eq(return_values, STR("ALL_OLD")) || str_eq(return_values, STR("UPDATED_OLD"));
    bool new = str_eq(return_values, STR("ALL_NEW")) || str_eq(return_values, STR("UPDATED_NEW"));
    str image = old ? write->before : write->after;
    if ((!old && !new) || image.ptr == NULL)
        return;
    if (str_starts_with(return_values, STR("ALL_"))) {
        reply_stored(&request->reply, STR("Attributes"), image, NULL, NULL);
        return;
    }
    if (write->update == NULL)
        return;
    struct item touched =
        expr_update_project(write->update, item_map(image), request->scope->arena);
    if (touched.count > 0)
        reply_tree(&request->reply, STR("Attributes"), &touched);
}

static status parse_update(struct request *request, const struct in_UpdateItemInput *in,
                           struct expr_placeholders *placeholders, struct write *write) {
    if (in->UpdateExpression.ptr == NULL)
        return legacy_update(request, in->AttributeUpdates, &write->update);
    return write_update(request, in->UpdateExpression, placeholders, &write->update);
}

static status update(struct request *request, const struct in_UpdateItemInput *in,
                     const struct write_members *members) {
    struct scope *scope = request->scope;
    struct expr_placeholders placeholders;
    struct collection collection;
    struct write write = {.kind = WRITE_UPDATE, .item = in->Key};
    TRY(request_placeholders(request, &members->parameters, &placeholders));
    TRY(parse_update(request, in, &placeholders, &write));
    TRY(write_any_condition(request, members, &placeholders, &write.condition));
    TRY(expr_placeholders_all_used(scope, &placeholders));
    TRY(request_table(request, members->table_name, false, &write.table));
    TRY(table_check_key(scope, write.table, in->Key));
    TRY(write_check_targets(request, &write));
    TRY(write_run(request, members, &write, &collection));
    reply_attributes(request, in->ReturnValues, &write);
    write_reply_costs(request, members, &write, &collection);
    return ST_OK;
}

status op_update_item(struct request *request) {
    const struct in_UpdateItemInput *in = request->input;
    const struct parameter legacy[] = {
        {"AttributeUpdates", in->AttributeUpdates != NULL, false},
        {"Expected", in->Expected != NULL, false},
        {"ConditionalOperator", in->ConditionalOperator.ptr != NULL, false},
    };
    const struct parameter expressions[] = {
        {"UpdateExpression", in->UpdateExpression.ptr != NULL, true},
        {"ConditionExpression", in->ConditionExpression.ptr != NULL, true},
    };
    const struct write_members members = {
        .table_name = in->TableName,
        .condition = in->ConditionExpression,
        .expected = in->Expected,
        .conditional_operator = in->ConditionalOperator,
        .return_on_failure = in->ReturnValuesOnConditionCheckFailure,
        .return_capacity = in->ReturnConsumedCapacity,
        .return_metrics = in->ReturnItemCollectionMetrics,
        .parameters = {legacy, 3, expressions, 2, in->ExpressionAttributeNames,
                       in->ExpressionAttributeValues},
    };
    TRY(request_check_parameters(request, &members.parameters));
    TRY(item_check(request->scope, in->Key));
    return update(request, in, &members);
}
