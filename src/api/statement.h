/* statement.h - one PartiQL statement of a request, against the tables that are there.
 *
 * Purpose:   what ExecuteStatement, BatchExecuteStatement and ExecuteTransaction share: a statement
 *            is parsed, bound to its table, and then is one write, one read by key, or a page.
 * Ownership: in the request's arena.
 * Threads:   one at a time.
 * Errors:    through the scope, in the service's words. Those of statement_parse need no table and
 *            come before all that do.
 * Limits:    partiql.h's; 50 partition keys of a SELECT; COLUMNS_BYTES_MAX of JSON.
 */
#pragma once

#include "api/request.h"
#include "partiql/partiql.h"
#include "table/table_write.h"

enum {
    STATEMENT_KEYS_MAX = 50,
    /* JSON. A batch of 25 items whose columns do not overlap has less. */
    COLUMNS_BYTES_MAX = 128 * 1024 * 1024,
};

struct statement {
    str text;
    const struct in_PreparedStatementParameters *parameters;
    struct partiql_statement parsed;
    view
        *shown; /* statement_reply_columns' own: what the item at hand has at each column's place */

    /* Set by statement_bind: */
    const struct table *table;
    const struct index *index;
    /* The primary key that the statement names whole; NULL: a SELECT that names none, or reads an
     * index. */
    const struct item *key;
    /* All but SELECT: ready for table_write; an EXISTS is a WRITE_CHECK. */
    struct write write;
};

/* And whether the caller may do that. */
status statement_parse(struct request *request, str text,
                       const struct in_PreparedStatementParameters *parameters,
                       struct statement *out);
/* The statement and its parameters in a canonical form, for tokens that are bound to them. Encodes
 * no faults: after statement_parse. */
void statement_add_content(const struct statement *statement, struct buf *out);
/* Finds table and index and checks the statement against the schema. */
status statement_bind(struct request *request, struct statement *statement);
/* What is left of WHERE beside the terms that are marked as used; NULL: nothing. Once only. */
status statement_filter(struct request *request, const struct statement *statement,
                        const struct expr_condition **out);
/* SELECT with a key: its terms are used, the others are the filter. Once only. */
status statement_key_filter(struct request *request, struct statement *statement,
                            const struct expr_condition **out);

/* What came of a write: ST_OK or the request's error. return_old: the item that a condition was
 * false of goes with the error. */
status statement_outcome(struct request *request, const struct statement *statement,
                         bool return_old);
/* What a batch calls an error of one of its statements, "ValidationError"; a transaction's reasons
 * have the same names. */
str statement_error_code(enum error_code error);
/* The columns of one item, as a member or an element. Of columns with one name the last one counts
 * that the item has. Columns may overlap (a, a.b, a.b.c, …) and
 * show an item again and again: fails when the reply grows beyond COLUMNS_BYTES_MAX. */
status statement_reply_columns(struct request *request, const struct statement *statement, str name,
                               str stored);
/* What RETURNING asks for, if there is something: answers whether. */
bool statement_reply_returning(struct request *request, const struct statement *statement,
                               str name);

/* ---- SELECT, page by page ---- */

struct select_members {
    struct given_integer limit;
    bool consistent;
    str next_token;
    str return_capacity;
};

/* Whether WHERE says which partitions of a table or index are read; else it is a scan. For policies
 * as for reading; before statement_select. */
bool statement_names_partitions(const struct statement *statement, const struct key_schema *schema);
/* Reads the page and writes the reply. Instead of statement_bind. */
status statement_select(struct request *request, struct statement *statement,
                        const struct select_members *members);
