#include "api/transaction.h"

#include "api/admission.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "table/table_key.h"

#include <stdlib.h>

struct cancellation *cancellation_new(struct request *request, size_t count) {
    struct cancellation *made = arena_struct(request->scope->arena, struct cancellation);
    made->reasons = arena_array(request->scope->arena, struct cancellation_reason, count);
    made->count = count;
    return made;
}

/* What may be the fault of one action: absent for what fails the request as a whole. */
static str reason_code(enum error_code error) {
    static const str codes[ERROR_COUNT] = {
        [ERROR_ValidationException] = STR_INIT("ValidationError"),
        [ERROR_ProvisionedThroughputExceededException] = STR_INIT("ProvisionedThroughputExceeded"),
        [ERROR_ThrottlingException] = STR_INIT("ThrottlingError"),
        [ERROR_RequestLimitExceeded] = STR_INIT("ThrottlingError"),
    };
    return codes[error];
}

status cancellation_take(struct request *request, struct cancellation *cancellation, size_t at,
                         status st) {
    struct scope *scope = request->scope;
    str code = st == ST_FAILED ? reason_code(scope->error) : (str){};
    if (code.ptr == NULL)
        return st;
    struct cancellation_reason *reason = &cancellation->reasons[at];
    if (reason->code.ptr == NULL) {
        reason->code = code;
        reason->message = scope->error_text;
    }
    scope->error = ERROR_NONE;
    scope->error_detail = NULL;
    return ST_OK;
}

static str code_of(const struct cancellation_reason *reason) {
    return reason->code.ptr != NULL ? reason->code : STR("None");
}

status cancellation_check(struct request *request, const struct cancellation *cancellation) {
    struct buf codes;
    bool any = false;
    for (size_t i = 0; i < cancellation->count; i++)
        any |= cancellation->reasons[i].code.ptr != NULL;
    if (!any)
        return ST_OK;
    buf_init(&codes, request->scope->arena, 64);
    for (size_t i = 0; i < cancellation->count; i++) {
        if (i > 0)
            buf_add_lit(&codes, ", ");
        buf_add_str(&codes, code_of(&cancellation->reasons[i]));
    }
    request->scope->error_detail = cancellation;
    return fail(request->scope, ERROR_TransactionCanceledException,
                "Transaction cancelled, please refer cancellation reasons for specific reasons "
                "[%.*s]",
                STR_ARG(buf_str(&codes)));
}

void cancellation_count(const void *detail, struct api_counts *counts) {
    const struct cancellation *cancellation = detail;
    for (size_t i = 0; i < cancellation->count; i++) {
        str code = cancellation->reasons[i].code;
        counts->conditions_false += str_eq(code, STR("ConditionalCheckFailed"));
        counts->conflicts += str_eq(code, STR("TransactionConflict"));
    }
}

void reply_cancellation(struct reply *reply, const void *detail) {
    const struct cancellation *cancellation = detail;
    reply_open_list(reply, STR("CancellationReasons"));
    for (size_t i = 0; i < cancellation->count; i++) {
        const struct cancellation_reason *reason = &cancellation->reasons[i];
        reply_open(reply, ANON);
        reply_str(reply, STR("Code"), code_of(reason));
        if (reason->message.ptr != NULL)
            reply_str(reply, STR("Message"), reason->message);
        if (reason->item.ptr != NULL)
            reply_stored(reply, STR("Item"), reason->item, NULL, NULL);
        reply_close(reply);
    }
    reply_close_list(reply);
}

status transaction_check_values(struct request *request, struct cancellation *cancellation,
                                size_t at, const struct item *item) {
    status st = item_check(request->scope, item);
    return item->fault_of_a_set ? cancellation_take(request, cancellation, at, st) : st;
}

static int compare_keys(const void *a, const void *b) {
    return str_cmp(*(const str *)a, *(const str *)b);
}

status transaction_check_distinct(struct request *request, const struct cancellation *cancellation,
                                  const struct table *const *tables,
                                  const struct item *const *items) {
    str keys[TRANSACTION_ACTIONS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < cancellation->count; i++) {
        struct buf key;
        buf_init(&key, request->scope->arena, 128);
        if (cancellation->reasons[i].code.ptr == NULL &&
            item_key(tables[i], &(struct key_source){.tree = items[i]}, &key))
            keys[count++] = buf_str(&key);
    }
    qsort(keys, count, sizeof keys[0], compare_keys);
    for (size_t i = 1; i < count; i++)
        if (str_eq(keys[i - 1], keys[i]))
            return fail_validation(
                request->scope,
                "Transaction request cannot include multiple operations on one item");
    return ST_OK;
}

status transaction_too_large(struct request *request) {
    return fail_validation(
        request->scope, "Collection size of items exceeded, which can also be caused by the "
                        "aggregate size of the items in the transaction exceeding the 4MB limit");
}

/* ---- capacity ---- */

status transaction_admit_reads(struct request *request, struct cancellation *cancellation,
                               const struct table *const *tables, const struct item *const *keys) {
    if (!admission_enforced(request))
        return ST_OK;
    for (size_t i = 0; i < cancellation->count; i++) {
        struct traffic_visit visit = admission_item(request, tables[i], keys[i]);
        TRY(cancellation_take(request, cancellation, i, admission_read(request, &visit, 0)));
    }
    return cancellation_check(request, cancellation);
}

void transaction_used(struct request *request, const struct item *const *keys,
                      const struct capacity *capacities, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct traffic_visit visit = admission_item(request, capacities[i].table, keys[i]);
        admission_used(request, &visit, capacities[i].table_units);
    }
}

static status admit_writes(struct request *request, struct write *writes,
                           struct cancellation *cancellation) {
    if (!admission_enforced(request))
        return ST_OK;
    for (size_t i = 0; i < cancellation->count; i++)
        TRY(cancellation_take(request, cancellation, i, admission_write(request, &writes[i])));
    return cancellation_check(request, cancellation);
}

/* A repeat of what was done reads. */
static double repeated_units(const struct write *write) {
    size_t size = write->before.ptr != NULL ? item_size(write->before) : 0;
    return 2 * capacity_read_units(size, true);
}

static void used_by_repeat(struct request *request, const struct write *writes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        struct traffic_visit visit = admission_item(request, writes[i].table, writes[i].item);
        admission_used(request, &visit, repeated_units(&writes[i]));
    }
}

/* ---- the write ---- */

static void take_outcome(const struct write *write, const struct false_condition *when_false,
                         struct cancellation_reason *reason) {
    switch (write->outcome) {
    case WRITE_DONE:
    case WRITE_THROTTLED: /* taken before */
        return;
    case WRITE_CONDITION_FAILED:
        reason->code = when_false->code;
        reason->message = when_false->message;
        if (when_false->with_item)
            reason->item = write->before;
        return;
    case WRITE_INVALID:
        reason->code = STR("ValidationError");
        reason->message = write->error_text;
        return;
    }
}

status transaction_write(struct request *request, struct write *writes,
                         struct cancellation *cancellation,
                         const struct false_condition *when_false, struct request_token *token) {
    TRY(admit_writes(request, writes, cancellation));
    status st = table_write_once(request->database, request->scope, writes, cancellation->count,
                                 token, &request->ticket);
    if (st == ST_TOO_BIG) /* items with the entries that indexes have of them */
        return transaction_too_large(request);
    if (st == ST_OK && token != NULL && token->outcome == TOKEN_REPEATED)
        used_by_repeat(request, writes, cancellation->count);
    else if (st == ST_OK || st == ST_FAILED)
        admission_wrote(request, writes, cancellation->count, 2); /* prepared and committed */
    if (st != ST_FAILED)
        return st;
    if (token != NULL && token->outcome == TOKEN_OF_ANOTHER)
        return fail(request->scope, ERROR_IdempotentParameterMismatchException,
                    "DynamoDB rejected the request because you retried a request with a different "
                    "payload but with an idempotent token that was already used.");
    for (size_t i = 0; i < cancellation->count; i++)
        if (writes[i].outcome == WRITE_THROTTLED)
            TRY(cancellation_take(request, cancellation, i,
                                  admission_index_refused(request, &writes[i])));
    for (size_t i = 0; i < cancellation->count; i++)
        take_outcome(&writes[i], &when_false[i], &cancellation->reasons[i]);
    return cancellation_check(request, cancellation);
}

void transaction_reply_costs(struct request *request, const struct write *writes, size_t count,
                             const struct request_token *token, enum capacity_detail detail) {
    if (detail == CAPACITY_NONE)
        return;
    bool repeated = token != NULL && token->outcome == TOKEN_REPEATED;
    struct capacity *capacities = arena_array(request->scope->arena, struct capacity, count);
    for (size_t i = 0; i < count; i++) {
        struct capacity *capacity = &capacities[i];
        capacity->table = writes[i].table;
        if (repeated) {
            capacity->kind = CAPACITY_READ_UNITS;
            capacity->table_units = repeated_units(&writes[i]);
        } else {
            capacity->kind = CAPACITY_WRITE_UNITS;
            capacity_add_cost(capacity, &writes[i].cost);
            capacity->table_units *= 2; /* prepared and committed; indexes once */
        }
    }
    reply_capacities(request, detail, capacities, count);
}
