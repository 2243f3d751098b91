#include "api/write_request.h"
#include "item/item_codec.h"
#include "item/item_json.h"

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
    TRY(write_check_return_values(request, in->ReturnValues));
    if (item_tree_size(in->Item) > ITEM_BYTES_MAX)
        return fail_validation(scope, "Item size has exceeded the maximum allowed size");
    return write_whole(request, &members, WRITE_PUT, in->Item, in->ReturnValues);
}
