#include "api/page_request.h"
#include "item/item_json.h"

static status check_segments(struct scope *scope, const struct in_ScanInput *in) {
    if (in->Segment.given && !in->TotalSegments.given)
        return fail_validation(scope, "The TotalSegments parameter is required but was not present "
                                      "in the request when Segment parameter is present");
    if (!in->TotalSegments.given)
        return ST_OK;
    if (!in->Segment.given)
        return fail_validation(scope, "The Segment parameter is required but was not present in "
                                      "the request when parameter TotalSegments is present");
    if (in->Segment.value >= in->TotalSegments.value)
        return fail_validation(scope,
                               "The Segment parameter is zero-based and must be less than "
                               "parameter TotalSegments: Segment: %lld is not less than "
                               "TotalSegments: %lld",
                               (long long)in->Segment.value, (long long)in->TotalSegments.value);
    return ST_OK;
}

static status check_start_in_segment(struct request *request, const struct in_ScanInput *in,
                                     const struct page_request *page) {
    if (page->range.start_after == NULL ||
        table_range_holds(request->scope, &page->range, page->range.start_after))
        return ST_OK;
    return fail_validation(request->scope,
                           "The provided starting key is invalid: Invalid ExclusiveStartKey. "
                           "Please use ExclusiveStartKey with correct Segment. TotalSegments: "
                           "%lld Segment: %lld",
                           (long long)in->TotalSegments.value, (long long)in->Segment.value);
}

static status scan(struct request *request, const struct in_ScanInput *in,
                   const struct parameters *parameters, const struct page_members *members) {
    struct page_request page = {.members = members};
    TRY(page_check_select(request, members, in->IndexName.ptr != NULL));
    TRY(page_legacy_projection(request, &page));
    TRY(page_legacy_filter(request, &page));
    TRY(page_check_start_value(request, members));
    TRY(check_segments(request->scope, in));
    TRY(request_placeholders(request, parameters, &page.placeholders));
    TRY(page_parse(request, members, &page));
    TRY(page_find_table(request, in->TableName, in->IndexName, &page));
    page.range.segment = (uint32_t)in->Segment.value;
    page.range.total_segments = (uint32_t)in->TotalSegments.value;
    TRY(page_check_start_key(request, &page));
    TRY(page_check_projection(request, &page));
    TRY(check_start_in_segment(request, in, &page));
    TRY(request_check_projection(request, page.range.table, page.projection));
    TRY(page_check_filter(request, &page));
    return page_reply(request, &page);
}

status op_scan(struct request *request) {
    const struct in_ScanInput *in = request->input;
    const struct parameter legacy[] = {
        {"AttributesToGet", in->AttributesToGet != NULL, false},
        {"ScanFilter", in->ScanFilter != NULL, false},
        {"ConditionalOperator", in->ConditionalOperator.ptr != NULL, false},
    };
    const struct parameter expressions[] = {
        {"ProjectionExpression", in->ProjectionExpression.ptr != NULL, false},
        {"FilterExpression", in->FilterExpression.ptr != NULL, true},
    };
    const struct parameters parameters = {
        legacy, 3, expressions, 2, in->ExpressionAttributeNames, in->ExpressionAttributeValues};
    const struct page_members members = {
        .select = in->Select,
        .projection = in->ProjectionExpression,
        .filter = in->FilterExpression,
        .names = in->AttributesToGet,
        .conditions = in->ScanFilter,
        .conditional_operator = in->ConditionalOperator,
        .start_key = in->ExclusiveStartKey,
        .limit = in->Limit,
        .consistent = in->ConsistentRead.value,
        .return_capacity = in->ReturnConsumedCapacity,
    };
    TRY(request_check_parameters(request, &parameters));
    return scan(request, in, &parameters, &members);
}
