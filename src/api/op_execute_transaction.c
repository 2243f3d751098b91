/* Statements that read at one moment, or write all or nothing; EXISTS is a condition among writes.
 * Lowered to what TransactGetItems and TransactWriteItems do, with tokens of its own. */
#include "api/statement.h"
#include "api/transaction.h"
#include "base/bytes.h"
#include "item/item_codec.h"
#include "table/table_read.h"

/* Arrays of one element a statement. */
struct transaction {
    struct statement *statements;
    size_t count;
    bool reads, writes;
    const struct table **tables;
    const struct item **keys;
    struct cancellation *cancellation;
};

static status parse_all(struct request *request, const struct in_ParameterizedStatements *in,
                        struct transaction *transaction) {
    struct arena *arena = request->scope->arena;
    *transaction = (struct transaction){
        .statements = arena_array(arena, struct statement, in->count),
        .count = in->count,
        .tables = arena_array(arena, const struct table *, in->count),
        .keys = arena_array(arena, const struct item *, in->count),
        .cancellation = cancellation_new(request, in->count),
    };
    for (size_t i = 0; i < in->count; i++) {
        struct statement *statement = &transaction->statements[i];
        TRY(statement_parse(request, in->at[i]->Statement, in->at[i]->Parameters, statement));
        if (statement->parsed.returning != RETURN_NONE)
            return fail_validation(request->scope,
                                   "Validation failed in TransactStatements[%zu]: RETURNING clause "
                                   "is not supported in ExecuteTransaction.",
                                   i);
        bool read = partiql_is_read(&statement->parsed);
        transaction->reads |= read;
        transaction->writes |= !read;
    }
    if (transaction->reads && transaction->writes)
        return fail_validation(request->scope, "ExecuteTransaction API does not support both read "
                                               "and write operations in the same request.");
    return ST_OK;
}

static status bind_one(struct request *request, struct statement *statement) {
    if (statement->parsed.index_name.ptr != NULL)
        return fail_validation(request->scope,
                               "Reads on indices are not supported within transactions.");
    TRY(statement_bind(request, statement));
    if (statement->key == NULL)
        return fail_validation(request->scope,
                               "Select statements within ExecuteTransaction must specify the "
                               "primary key in the where clause.");
    return ST_OK;
}

static status bind_all(struct request *request, struct transaction *transaction) {
    for (size_t i = 0; i < transaction->count; i++) {
        struct statement *statement = &transaction->statements[i];
        TRY(cancellation_take(request, transaction->cancellation, i, bind_one(request, statement)));
        transaction->tables[i] = statement->table;
        transaction->keys[i] = statement->key;
    }
    TRY(transaction_check_distinct(request, transaction->cancellation, transaction->tables,
                                   transaction->keys));
    return cancellation_check(request, transaction->cancellation);
}

/* ---- reading ---- */

static status read_all(struct request *request, struct transaction *transaction,
                       enum capacity_detail detail) {
    struct reply *reply = &request->reply;
    size_t count = transaction->count, bytes = 0;
    str *stored = arena_array(request->scope->arena, str, count);
    const struct expr_condition **filters =
        arena_array(request->scope->arena, const struct expr_condition *, count);
    struct capacity *capacities = arena_array(request->scope->arena, struct capacity, count);
    for (size_t i = 0; i < count; i++)
        TRY(statement_key_filter(request, &transaction->statements[i], &filters[i]));
    TRY(transaction_admit_reads(request, transaction->cancellation, transaction->tables,
                                transaction->keys));
    TRY(table_find_together(request->database, request->scope, transaction->tables,
                            transaction->keys, count, stored));
    reply_open_list(reply, STR("Responses"));
    for (size_t i = 0; i < count; i++) {
        size_t size = stored[i].ptr != NULL ? item_size(stored[i]) : 0;
        bytes += size;
        capacities[i] = (struct capacity){.table = transaction->tables[i],
                                          .kind = CAPACITY_READ_UNITS,
                                          .table_units = 2 * capacity_read_units(size, true)};
        reply_open(reply, ANON);
        if (stored[i].ptr != NULL &&
            (filters[i] == NULL || expr_condition_true(filters[i], item_map(stored[i]))))
            TRY(statement_reply_columns(request, &transaction->statements[i], STR("Item"),
                                        stored[i]));
        reply_close(reply);
    }
    reply_close_list(reply);
    transaction_used(request, transaction->keys, capacities, count);
    if (bytes > TRANSACTION_BYTES_MAX)
        return transaction_too_large(request);
    reply_capacities(request, detail, capacities, count);
    return ST_OK;
}

/* ---- writing ---- */

static void add_text(struct buf *content, str text) {
    char length[4];
    put_be32(length, (uint32_t)text.len);
    buf_add(content, length, sizeof length);
    buf_add_str(content, text);
}

/* A repeat brings the same statements and parameters. */
static struct request_token *make_token(struct request *request,
                                        const struct in_ExecuteTransactionInput *in) {
    if (in->ClientRequestToken.ptr == NULL)
        return NULL;
    struct arena *arena = request->scope->arena;
    struct request_token *token = arena_struct(arena, struct request_token);
    struct buf content;
    buf_init(&content, arena, 1024);
    for (size_t i = 0; i < in->TransactStatements->count; i++) {
        const struct in_ParameterizedStatement *statement = in->TransactStatements->at[i];
        add_text(&content, statement->Statement);
        buf_add_byte(&content,
                     str_eq(statement->ReturnValuesOnConditionCheckFailure, STR("ALL_OLD")));
        size_t parameters = statement->Parameters != NULL ? statement->Parameters->count : 0;
        for (size_t p = 0; p < parameters; p++) {
            struct value value = statement->Parameters->at[p]->value;
            struct buf encoded;
            buf_init(&encoded, arena, 64);
            value_encode(&value, &encoded);
            add_text(&content, buf_str(&encoded));
        }
    }
    *token = (struct request_token){.user = TOKEN_OF_EXECUTE_TRANSACTION,
                                    .text = in->ClientRequestToken};
    request_token_content(token, buf_str(&content));
    return token;
}

static status write_all(struct request *request, const struct in_ExecuteTransactionInput *in,
                        struct transaction *transaction) {
    struct arena *arena = request->scope->arena;
    size_t count = transaction->count, bytes = 0;
    struct write *writes = arena_array(arena, struct write, count);
    struct false_condition *when_false = arena_array(arena, struct false_condition, count);
    for (size_t i = 0; i < count; i++) {
        const struct in_ParameterizedStatement *statement = in->TransactStatements->at[i];
        bool insert = transaction->statements[i].parsed.kind == PARTIQL_INSERT;
        writes[i] = transaction->statements[i].write;
        bytes += item_tree_size(writes[i].item);
        when_false[i] = (struct false_condition){
            .code = insert ? STR("DuplicateItem") : STR("ConditionalCheckFailed"),
            .message = insert ? STR("Duplicate primary key exists in table")
                              : STR("The conditional request failed"),
            .with_item = str_eq(statement->ReturnValuesOnConditionCheckFailure, STR("ALL_OLD"))};
    }
    if (bytes > TRANSACTION_BYTES_MAX)
        return transaction_too_large(request);
    struct request_token *token = make_token(request, in);
    TRY(transaction_write(request, writes, transaction->cancellation, when_false, token));
    reply_open_list(&request->reply, STR("Responses"));
    for (size_t i = 0; i < count; i++) {
        reply_open(&request->reply, ANON);
        reply_close(&request->reply);
    }
    reply_close_list(&request->reply);
    transaction_reply_costs(request, writes, count, token,
                            capacity_detail_of(in->ReturnConsumedCapacity));
    return ST_OK;
}

status op_execute_transaction(struct request *request) {
    const struct in_ExecuteTransactionInput *in = request->input;
    struct transaction transaction;
    TRY(parse_all(request, in->TransactStatements, &transaction));
    TRY(bind_all(request, &transaction));
    if (transaction.writes)
        return write_all(request, in, &transaction);
    return read_all(request, &transaction, capacity_detail_of(in->ReturnConsumedCapacity));
}
