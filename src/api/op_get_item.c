#include "api/admission.h"
#include "api/legacy.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "table/table_check.h"
#include "table/table_read.h"

static status get(struct request *request, const struct in_GetItemInput *in,
                  const struct parameters *parameters) {
    struct scope *scope = request->scope;
    struct expr_placeholders placeholders;
    const struct expr_projection *projection = NULL;
    const struct table *table;
    str stored;
    TRY(request_placeholders(request, parameters, &placeholders));
    TRY(request_projection(request, in->ProjectionExpression, &placeholders, &projection));
    if (projection == NULL)
        TRY(legacy_projection(request, in->AttributesToGet, &projection));
    TRY(expr_placeholders_all_used(scope, &placeholders));
    TRY(request_table(request, in->TableName, false, &table));
    TRY(table_check_key(scope, table, in->Key));
    TRY(request_check_projection(request, table, projection));
    struct traffic_visit visit = admission_item(request, table, in->Key);
    TRY(admission_read(request, &visit, 0));
    TRY(table_find_many(request->database, scope, table, &in->Key, 1, &stored));
    if (stored.ptr != NULL)
        reply_stored(&request->reply, STR("Item"), stored, projection, scope->scratch);
    struct capacity capacity = {.table = table};
    capacity.table_units =
        capacity_read_units(stored.ptr ? item_size(stored) : 0, in->ConsistentRead.value);
    admission_used(request, &visit, capacity.table_units);
    reply_capacity(request, capacity_detail_of(in->ReturnConsumedCapacity), &capacity);
    return ST_OK;
}

status op_get_item(struct request *request) {
    const struct in_GetItemInput *in = request->input;
    const struct parameter legacy[] = {{"AttributesToGet", in->AttributesToGet != NULL, false}};
    const struct parameter expressions[] = {
        {"ProjectionExpression", in->ProjectionExpression.ptr != NULL, false}};
    const struct parameters parameters = {legacy, 1, expressions, 1, in->ExpressionAttributeNames,
                                          NULL};
    TRY(request_check_parameters(request, &parameters));
    TRY(item_check(request->scope, in->Key));
    return get(request, in, &parameters);
}
