#include "api/write_request.h"
#include "item/item_json.h"
#include "table/table_check.h"

static status delete_one(struct request *request, const struct in_DeleteItemInput *in,
                         const struct write_members *members) {
    struct scope *scope = request->scope;
    struct expr_placeholders placeholders;
    struct collection collection;
    struct write write = {.kind = WRITE_DELETE, .item = in->Key};
    TRY(request_placeholders(request, &members->parameters, &placeholders));
    TRY(write_any_condition(request, members, &placeholders, &write.condition));
    TRY(expr_placeholders_all_used(scope, &placeholders));
    TRY(request_table(request, members->table_name, false, &write.table));
    TRY(table_check_key(scope, write.table, in->Key));
    TRY(write_run(request, members, &write, &collection));
    if (str_eq(in->ReturnValues, STR("ALL_OLD")) && write.before.ptr != NULL)
        reply_stored(&request->reply, STR("Attributes"), write.before, NULL, NULL);
    write_reply_costs(request, members, &write, &collection);
    return ST_OK;
}

status op_delete_item(struct request *request) {
    const struct in_DeleteItemInput *in = request->input;
    const struct parameter legacy[] = {
        {"Expected", in->Expected != NULL, false},
        {"ConditionalOperator", in->ConditionalOperator.ptr != NULL, false},
    };
    const struct parameter expressions[] = {
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
        .parameters = {legacy, 2, expressions, 1, in->ExpressionAttributeNames,
                       in->ExpressionAttributeValues},
    };
    TRY(request_check_parameters(request, &members.parameters));
    TRY(item_check(request->scope, in->Key));
    if (in->ReturnValues.ptr != NULL && !str_eq(in->ReturnValues, STR("NONE")) &&
        !str_eq(in->ReturnValues, STR("ALL_OLD")))
        return fail_validation(request->scope, "ReturnValues can only be ALL_OLD or NONE");
    return delete_one(request, in, &members);
}
