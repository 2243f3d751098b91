/* table_write.h - the one way into storage.
 *
 * Purpose:   every write path (single, batch, transaction) is a list of writes that happen together
 *            or not at all. Each write that goes through is a change, and every sink
 *            (table_sink.h) adds its part to the same update.
 * Ownership: results live in scope->arena.
 * Threads:   any; ST_WOULD_WAIT on a loop that would have to.
 * Errors:    ST_FAILED with the reasons in the writes (outcome, error_text), none in the scope;
 *            ST_CONFLICT: a table was changed or deleted meanwhile, run the request again; engine
 *            errors as they are.
 * Limits:    KV_UPDATE_KEYS_MAX writes; distinct items (the caller checks); 400 KB an item.
 */
#pragma once

#include "expr/expr.h"
#include "item/scope.h"
#include "table/database.h"
#include "table/request_token.h"
#include "table/table.h"

/* EXPIRE: deletes the item if it is due then, whatever it was when somebody looked. */
enum write_kind { WRITE_PUT, WRITE_UPDATE, WRITE_DELETE, WRITE_CHECK, WRITE_EXPIRE };
enum write_outcome { WRITE_DONE, WRITE_CONDITION_FAILED, WRITE_INVALID, WRITE_THROTTLED };

/* Write units, as the service charges them. */
struct write_cost {
    int64_t table;
    /* By position in table->indexes; only those that changed are above 0. */
    int64_t indexes[GLOBAL_INDEXES_MAX + LOCAL_INDEXES_MAX];
};

struct write {
    enum write_kind kind;
    const struct table *table;
    const struct item *item; /* PUT: the whole item; others: its key. Checked against the schema.
                              * EXPIRE has none: its `key` is given. */
    const struct expr_condition *condition; /* NULL: none */
    const struct expr_update *update;       /* UPDATE: NULL for no action at all */
    /* Indexes, 1u << position in table->indexes, that take nothing now: a write that would change
     * one of them is WRITE_THROTTLED. */
    uint32_t closed_indexes;

    /* Set by table_write: */
    enum write_outcome outcome;
    str error_text;    /* WRITE_INVALID */
    str before, after; /* stored bytes; ptr NULL: no such item. Also set when others failed. */
    struct write_cost cost;
    str key; /* in storage */
    str encoded;
};

/* *out_ticket is set on ST_OK and ST_FAILED: a reply that tells of the writes, or of what they
 * found, waits for it. */
status table_write(struct database *database, struct scope *scope, struct write *writes,
                   size_t count, uint64_t *out_ticket);

/* The same for a request with a token (NULL: without). Repeated: nothing is written, and of the
 * writes only `before` is set, the items as they are now. Another request's: ST_FAILED. */
status table_write_once(struct database *database, struct scope *scope, struct write *writes,
                        size_t count, struct request_token *token, uint64_t *out_ticket);
