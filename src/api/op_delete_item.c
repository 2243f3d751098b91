#include "api/write_request.h"
#include "item/item_json.h"

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
    TRY(write_check_return_values(request, in->ReturnValues));
    return write_whole(request, &members, WRITE_DELETE, in->Key, in->ReturnValues);
}
