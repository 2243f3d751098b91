/* Several items of any tables as they were at one moment: one snapshot, so that a transaction is
 * seen whole or not at all. */
#include "api/transaction.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "table/table_check.h"
#include "table/table_read.h"

/* Arrays of one element an action. */
struct transaction {
    const struct in_TransactGetItemList *in;
    const struct table **tables;
    const struct item **keys;
    struct expr_projection *projections; /* without paths: everything */
    str *stored;
    struct capacity *capacities;
    struct cancellation *cancellation;
};

static void begin(struct request *request, const struct in_TransactGetItemsInput *in,
                  struct transaction *transaction) {
    struct arena *arena = request->scope->arena;
    size_t count = in->TransactItems->count;
    *transaction = (struct transaction){
        .in = in->TransactItems,
        .tables = arena_array(arena, const struct table *, count),
        .keys = arena_array(arena, const struct item *, count),
        .projections = arena_array(arena, struct expr_projection, count),
        .stored = arena_array(arena, str, count),
        .capacities = arena_array(arena, struct capacity, count),
        .cancellation = cancellation_new(request, count),
    };
}

static const struct in_Get *get_at(const struct transaction *transaction, size_t at) {
    return transaction->in->at[at]->Get;
}

static status parse(struct request *request, struct transaction *transaction, size_t at) {
    const struct in_Get *in = get_at(transaction, at);
    const struct parameter expressions[] = {
        {"ProjectionExpression", in->ProjectionExpression.ptr != NULL, false}};
    const struct parameters parameters = {NULL, 0, expressions, 1, in->ExpressionAttributeNames,
                                          NULL};
    struct expr_placeholders placeholders;
    TRY(request_check_parameters(request, &parameters));
    TRY(transaction_check_values(request, transaction->cancellation, at, in->Key));
    TRY(request_placeholders(request, &parameters, &placeholders));
    if (in->ProjectionExpression.ptr != NULL)
        TRY(expr_parse_projection(request->scope, in->ProjectionExpression, &placeholders,
                                  &transaction->projections[at]));
    transaction->keys[at] = in->Key;
    return expr_placeholders_all_used(request->scope, &placeholders);
}

static status check_keys(struct request *request, struct transaction *transaction) {
    struct scope *scope = request->scope;
    size_t count = transaction->in->count;
    for (size_t i = 0; i < count; i++)
        TRY(request_table(request, get_at(transaction, i)->TableName, false,
                          &transaction->tables[i]));
    for (size_t i = 0; i < count; i++)
        TRY(table_check_empty_keys(scope, transaction->tables[i], transaction->keys[i], false));
    for (size_t i = 0; i < count; i++)
        TRY(cancellation_take(
            request, transaction->cancellation, i,
            table_check_key(scope, transaction->tables[i], transaction->keys[i])));
    TRY(transaction_check_distinct(request, transaction->cancellation, transaction->tables,
                                   transaction->keys));
    TRY(cancellation_check(request, transaction->cancellation));
    return transaction_admit_reads(request, transaction->cancellation, transaction->tables,
                                   transaction->keys);
}

static status read_all(struct request *request, struct transaction *transaction) {
    size_t count = transaction->in->count, bytes = 0;
    TRY(table_find_together(request->database, request->scope, transaction->tables,
                            transaction->keys, count, transaction->stored));
    for (size_t i = 0; i < count; i++) {
        size_t size = transaction->stored[i].ptr != NULL ? item_size(transaction->stored[i]) : 0;
        bytes += size;
        transaction->capacities[i] =
            (struct capacity){.table = transaction->tables[i],
                              .kind = CAPACITY_READ_UNITS,
                              .table_units = 2 * capacity_read_units(size, true)};
    }
    transaction_used(request, transaction->keys, transaction->capacities, count);
    return bytes > TRANSACTION_BYTES_MAX ? transaction_too_large(request) : ST_OK;
}

static void reply_items(struct request *request, const struct transaction *transaction) {
    struct reply *reply = &request->reply;
    reply_open_list(reply, STR("Responses"));
    for (size_t i = 0; i < transaction->in->count; i++) {
        reply_open(reply, ANON);
        if (transaction->stored[i].ptr != NULL)
            reply_stored(reply, STR("Item"), transaction->stored[i],
                         transaction->projections[i].count > 0 ? &transaction->projections[i]
                                                               : NULL,
                         request->scope->scratch);
        reply_close(reply);
    }
    reply_close_list(reply);
}

status op_transact_get_items(struct request *request) {
    const struct in_TransactGetItemsInput *in = request->input;
    struct transaction transaction;
    begin(request, in, &transaction);
    for (size_t i = 0; i < transaction.in->count; i++)
        TRY(parse(request, &transaction, i));
    TRY(check_keys(request, &transaction));
    TRY(read_all(request, &transaction));
    reply_items(request, &transaction);
    reply_capacities(request, capacity_detail_of(in->ReturnConsumedCapacity),
                     transaction.capacities, transaction.in->count);
    return ST_OK;
}
