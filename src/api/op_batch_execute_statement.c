/* Each statement has its own answer; only what is wrong with the batch as a whole refuses all of
 * it. Writes are updates of their own, so a batch of several must not start on an I/O loop: running
 * it again from its start would meet its own first writes. */
#include "api/admission.h"
#include "api/fault_int.h"
#include "api/statement.h"
#include "base/thread.h"
#include "item/item_codec.h"
#include "table/loop_work.h"
#include "table/table_key.h"
#include "table/table_read.h"

enum { BATCH_STATEMENTS_MAX = 25 };

struct answer {
    struct statement statement;
    bool parsed, bound, charged;
    enum error_code error;
    str error_text;
    str stored; /* SELECT: the item, when it is there and the filter is true of it */
    double read_units;
};

struct batch {
    struct answer answers[BATCH_STATEMENTS_MAX];
    size_t count;
    bool writes;
    struct loop_work work;
};

/* Keeps the error of one statement to its answer; what is none for the client goes on. */
static status settle(struct request *request, struct answer *answer, status st) {
    struct scope *scope = request->scope;
    if (st != ST_FAILED)
        return st;
    answer->error = scope->error;
    request->counts.conditions_false += scope->error == ERROR_ConditionalCheckFailedException;
    request->counts.conflicts += scope->error == ERROR_TransactionConflictException;
    answer->error_text = scope->error_text;
    scope->error = ERROR_NONE;
    scope->error_text = scope->error_item = (str){};
    scope->error_detail = NULL;
    return ST_OK;
}

/* ---- before anything is done ---- */

/* As in transactions: what is wrong with a set's members is its statement's fault, any other value
 * that is none the request's. statement_parse tells the first of them. */
static bool fails_the_batch(const struct in_PreparedStatementParameters *parameters) {
    for (size_t i = 0; parameters != NULL && i < parameters->count; i++)
        if (parameters->at[i]->fault.ptr != NULL)
            return !parameters->at[i]->fault_of_a_set;
    return false;
}

static status parse_all(struct request *request, const struct in_PartiQLBatchRequest *in,
                        struct batch *batch) {
    bool reads = false;
    batch->count = in->count;
    for (size_t i = 0; i < in->count; i++) {
        struct answer *answer = &batch->answers[i];
        status st = statement_parse(request, in->at[i]->Statement, in->at[i]->Parameters,
                                    &answer->statement);
        if (st == ST_OK && answer->statement.parsed.kind == PARTIQL_EXISTS)
            st = fail_validation(request->scope, "Statement wasn't well formed, can't be "
                                                 "processed: Expected data manipulation");
        answer->parsed = st == ST_OK;
        if (fails_the_batch(in->at[i]->Parameters))
            return st;
        TRY(settle(request, answer, st));
        if (!answer->parsed)
            continue;
        reads |= partiql_is_read(&answer->statement.parsed);
        batch->writes |= !partiql_is_read(&answer->statement.parsed);
    }
    if (reads && batch->writes)
        return fail_validation(
            request->scope, "Read and write requests together in the same batch is not supported.");
    return ST_OK;
}

static status bind_one(struct request *request, struct statement *statement) {
    TRY(statement_bind(request, statement));
    if (statement->key == NULL)
        return fail_validation(request->scope,
                               "Select statements within BatchExecuteStatement must specify the "
                               "primary key in the where clause.");
    return ST_OK;
}

static int compare_keys(const void *a, const void *b) {
    return str_cmp(*(const str *)a, *(const str *)b);
}

static status bind_all(struct request *request, struct batch *batch) {
    str keys[BATCH_STATEMENTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        struct answer *answer = &batch->answers[i];
        if (!answer->parsed)
            continue;
        TRY(settle(request, answer, bind_one(request, &answer->statement)));
        answer->bound = answer->error == ERROR_NONE;
        if (!answer->bound)
            continue;
        struct buf key;
        buf_init(&key, request->scope->arena, 128);
        (void)item_key(answer->statement.table, &(struct key_source){.tree = answer->statement.key},
                       &key); /* whole */
        keys[count++] = buf_str(&key);
    }
    if (count > 1)
        qsort(keys, count, sizeof keys[0], compare_keys);
    for (size_t i = 1; i < count; i++)
        if (str_eq(keys[i - 1], keys[i]))
            return fail_validation(request->scope,
                                   "Provided list of item keys contains duplicates");
    return ST_OK;
}

/* ---- doing it ---- */

/* What the statements before this one have read of its table. */
static double read_before(const struct batch *batch, const struct answer *answer) {
    double units = 0;
    for (const struct answer *other = batch->answers; other < answer; other++)
        if (other->statement.table == answer->statement.table)
            units += other->read_units;
    return units;
}

static status read_one(struct request *request, struct batch *batch, struct answer *answer,
                       bool consistent) {
    struct statement *statement = &answer->statement;
    const struct expr_condition *filter;
    str stored = {};
    TRY(statement_key_filter(request, statement, &filter));
    struct traffic_visit visit = admission_item(request, statement->table, statement->key);
    TRY(admission_read(request, &visit, read_before(batch, answer)));
    TRY(table_find_many(request->database, request->scope, statement->table, &statement->key, 1,
                        &stored));
    if (stored.ptr != NULL)
        TRY(loop_work_add(&batch->work, item_size(stored), filter));
    answer->charged = true;
    answer->read_units = capacity_read_units(stored.ptr ? item_size(stored) : 0, consistent);
    admission_used(request, &visit, answer->read_units);
    if (stored.ptr && (filter == NULL || expr_condition_true(filter, item_map(stored))))
        answer->stored = stored;
    return ST_OK;
}

static status write_one(struct request *request, struct answer *answer, bool first) {
    struct statement *statement = &answer->statement;
    uint64_t ticket = 0;
    TRY(admission_write(request, &statement->write));
    status st = table_write(request->database, request->scope, &statement->write, 1, &ticket);
    if (ticket > request->ticket)
        request->ticket = ticket;
    /* A table was changed meanwhile: only a batch that has written nothing may start again. */
    if (st == ST_CONFLICT && !first)
        return fail(request->scope, ERROR_TransactionConflictException,
                    "Transaction is ongoing for the item");
    if (st != ST_OK && st != ST_FAILED)
        return st;
    answer->charged = statement->write.outcome != WRITE_THROTTLED;
    admission_wrote(request, &statement->write, 1, 1);
    admission_settle(request); /* now: the writes behind it find less left */
    return statement_outcome(request, statement, false);
}

static status run_all(struct request *request, const struct in_PartiQLBatchRequest *in,
                      struct batch *batch) {
    if (batch->writes && batch->count > 1 && !thread_may_wait())
        return ST_WOULD_WAIT;
    bool first = true;
    for (size_t i = 0; i < batch->count; i++) {
        struct answer *answer = &batch->answers[i];
        if (!answer->bound)
            continue;
        if (fault_leaves(request, answer->statement.table->name, i)) {
            TRY(settle(request, answer, fault_of_element(request)));
            continue;
        }
        status st = batch->writes
                        ? write_one(request, answer, first)
                        : read_one(request, batch, answer, in->at[i]->ConsistentRead.value);
        TRY(settle(request, answer, st));
        first = false;
    }
    return ST_OK;
}

/* ---- the reply ---- */

static status reply_answer(struct request *request, const struct answer *answer) {
    struct reply *reply = &request->reply;
    const struct statement *statement = &answer->statement;
    reply_open(reply, ANON);
    if (answer->error != ERROR_NONE) {
        reply_open(reply, STR("Error"));
        reply_str(reply, STR("Code"), statement_error_code(answer->error));
        reply_str(reply, STR("Message"), answer->error_text);
        reply_close(reply);
    } else if (answer->stored.ptr != NULL) {
        TRY(statement_reply_columns(request, statement, STR("Item"), answer->stored));
    } else {
        (void)statement_reply_returning(request, statement, STR("Item"));
    }
    if (answer->parsed)
        reply_str(reply, STR("TableName"),
                  statement->table ? statement->table->name : statement->parsed.table_name);
    reply_close(reply);
    return ST_OK;
}

static void reply_costs(struct request *request, enum capacity_detail detail,
                        const struct batch *batch) {
    struct capacity capacities[BATCH_STATEMENTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct answer *answer = &batch->answers[i];
        if (!answer->charged)
            continue;
        struct capacity *capacity = &capacities[count++];
        *capacity =
            (struct capacity){.table = answer->statement.table, .table_units = answer->read_units};
        if (batch->writes)
            capacity_add_cost(capacity, &answer->statement.write.cost);
    }
    reply_capacities(request, detail, capacities, count);
}

status op_batch_execute_statement(struct request *request) {
    const struct in_BatchExecuteStatementInput *in = request->input;
    struct batch *batch = arena_struct(request->scope->arena, struct batch);
    TRY(parse_all(request, in->Statements, batch));
    TRY(bind_all(request, batch));
    TRY(run_all(request, in->Statements, batch));
    reply_open_list(&request->reply, STR("Responses"));
    for (size_t i = 0; i < batch->count; i++)
        TRY(reply_answer(request, &batch->answers[i]));
    reply_close_list(&request->reply);
    reply_costs(request, capacity_detail_of(in->ReturnConsumedCapacity), batch);
    return ST_OK;
}
