#include "api/write_request.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "table/table_check.h"

static status put(struct request *request, const struct in_PutItemInput *in,
                  const struct write_members *members) {
    struct scope *scope = request->scope;
    struct expr_placeholders placeholders;
    struct collection collection;
    struct write write = {.kind = WRITE_PUT, .item = in->Item};
    TRY(request_placeholders(request, &members->parameters, &placeholders));
    TRY(write_any_condition(request, members, &placeholders, &write.condition));
    TRY(expr_placeholders_all_used(scope, &placeholders));
    TRY(request_table(request, members->table_name, false, &write.table));
    TRY(table_check_item(scope, write.table, in->Item));
    TRY(write_run(request, members, &write, &collection));
    if (str_eq(in->ReturnValues, STR("ALL_OLD")) && write.before.ptr != NULL)
        reply_stored(&request->reply, STR("Attributes"), write.before, NULL, NULL);
    write_reply_costs(request, members, &write, &collection);
    return ST_OK;
}

status op_put_item(struct request *request) {
    const struct in_PutItemInput *in = request->input;
    struct scope *scope = request->scope;
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
    TRY(item_check(scope, in->Item));
    if (in->ReturnValues.ptr != NULL && !str_eq(in->ReturnValues, STR("NONE")) &&
        !str_eq(in->ReturnValues, STR("ALL_OLD")))
        return fail_validation(scope, "ReturnValues can only be ALL_OLD or NONE");
    if (item_tree_size(in->Item) > ITEM_BYTES_MAX)
        return fail_validation(scope, "Item size has exceeded the maximum allowed size");
    return put(request, in, &members);
}
