/* transaction.h - what operations share that are all or nothing over several items.
 *
 * Purpose:   the reasons of a TransactionCanceledException, one for each action; items named once;
 *            the limit on all items together.
 * Ownership: in the request's arena.
 * Threads:   one at a time.
 * Errors:    TransactionCanceledException, ValidationException in the scope.
 * Limits:    TRANSACTION_ACTIONS_MAX actions, TRANSACTION_BYTES_MAX of items.
 *
 * Order of faults: what no table is needed for (expressions, values that are none) and what is
 * wrong between actions fails the request. What is wrong with one action's key or item cancels
 * the transaction, and so does, later, a condition or an update that does not fit its item.
 */
#pragma once

#include "api/request.h"
#include "table/table_write.h"

enum { TRANSACTION_ACTIONS_MAX = 100, TRANSACTION_BYTES_MAX = 4 * 1024 * 1024 };

struct cancellation_reason {
    str code; /* absent: nothing is wrong with this action, said as "None" */
    str message;
    str item; /* stored bytes; absent unless asked for */
};

struct cancellation {
    struct cancellation_reason *reasons;
    size_t count; /* of actions */
};

struct cancellation *cancellation_new(struct request *request, size_t count);

/* Makes an outcome of checking action `at` its reason, when it is a ValidationException or for want
 * of capacity. What is left to be told in another way is answered. */
status cancellation_take(struct request *request, struct cancellation *cancellation, size_t at,
                         status st);
/* TransactionCanceledException when there is a reason, else ST_OK. */
status cancellation_check(struct request *request, const struct cancellation *cancellation);
/* Adds conditions that were false and conflicts. */
void cancellation_count(const void *detail, struct api_counts *counts);
/* "CancellationReasons": […]; `detail` is what cancellation_check left in the scope. */
void reply_cancellation(struct reply *reply, const void *detail);

/* What is wrong with the values of an item or key: a set's members are the action's fault and go
 * to the reasons, everything else fails the request. */
status transaction_check_values(struct request *request, struct cancellation *cancellation,
                                size_t at, const struct item *item);
/* No two actions may name one item. Actions with a reason are left out: their keys may be none. */
status transaction_check_distinct(struct request *request, const struct cancellation *cancellation,
                                  const struct table *const *tables,
                                  const struct item *const *items);
/* When all items together are too large. */
status transaction_too_large(struct request *request);

/* Whether capacity admits all of the reads. */
status transaction_admit_reads(struct request *request, struct cancellation *cancellation,
                               const struct table *const *tables, const struct item *const *keys);
/* What they came to; one element an action. */
void transaction_used(struct request *request, const struct item *const *keys,
                      const struct capacity *capacities, size_t count);

/* What is said of an action whose condition is false. */
struct false_condition {
    str code, message;
    bool with_item; /* the item as it was goes with it */
};

/* Writes all of them or none, once for a token (NULL: none); then the request's error has a reason
 * for each. Arrays of cancellation->count. */
status transaction_write(struct request *request, struct write *writes,
                         struct cancellation *cancellation,
                         const struct false_condition *when_false, struct request_token *token);
/* ConsumedCapacity of what was written; of reads, when the token said that it had been. */
void transaction_reply_costs(struct request *request, const struct write *writes, size_t count,
                             const struct request_token *token, enum capacity_detail detail);
