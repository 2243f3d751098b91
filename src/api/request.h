/* request.h - one call of one operation, and what operations share.
 *
 * Purpose:   the argument of every op_*.c function.
 * Ownership: all of it lives until the reply has been sent.
 * Threads:   one at a time.
 * Errors:    through scope (item/scope.h).
 * Limits:    none of its own.
 */
#pragma once

#include "api/api.h"
#include "api/reply.h"
#include "api/shapes.h"
#include "expr/expr.h"
#include "item/scope.h"
#include "table/catalogue.h"
#include "table/database.h"
#include "table/table_state.h"

struct request;
struct traffic;
struct admission_note;

typedef status operation_run(struct request *request);

enum operation_effect { EFFECT_READ, EFFECT_WRITE, EFFECT_ADMIN };

struct operation {
    str name;
    enum model_service service;
    operation_run *run;
    enum shape_id input;
    enum operation_effect effect;
};

struct request {
    struct scope *scope;
    struct database *database;
    const struct operation *operation;
    const void *input; /* struct in_<Operation>Input */
    const struct catalogue_snapshot *tables;
    struct reply reply;
    uint64_t ticket; /* what the reply depends on */
    str host;        /* as the client calls us; may be absent */
    const struct api_caller *caller;
    struct api_counts counts;
    const struct fault_choice *fault; /* that hit this call (fault_int.h); NULL: none */
    struct traffic *traffic;          /* NULL: nothing is counted */
    struct admission_note *notes;     /* admission.h */
    struct audit_note *audit;         /* audit_note.h; NULL: nobody asks */
};

#define OP(service, name, handler, action, target, effect) operation_run op_##handler;
#include "api/ops.def"
#undef OP

/* ---- tables ---- */

/* The name in "arn:aws:dynamodb:region:account:table/name[/…]", or the text as it is. */
str request_table_name(str name_or_arn);
/* The syntax of a table's ARN: what names an index, a stream or nothing is none. */
status request_check_arn(struct scope *scope, str arn);
/* By name or ARN. ResourceNotFoundException when there is none. `says_name`: with its name; so say
 * the operations on tables, for which one that is being made or deleted is there, too. For those on
 * items it is not. */
status request_table(struct request *request, str name_or_arn, bool says_name,
                     const struct table **out);
/* ResourceInUseException for a table that is being created, updated or deleted. */
status request_check_active(struct request *request, const struct table *table);
/* ValidationException when it names none of the table's. */
status request_index(struct request *request, const struct table *table, str name,
                     const struct index **out);
/* The name that a new table shall have; an ARN must be one of ours. */
status request_new_table_name(struct request *request, str name_or_arn, str *out);
/* For what tables show as (table/table_state.h). */
struct state_clock request_clock(const struct request *request);
str table_arn(struct request *request, const struct table *table);

/* ---- expressions ---- */

/* A member of the older or the newer family, for the checks that forbid mixing them. */
struct parameter {
    const char *name;
    bool given;
    bool takes_values; /* expressions: may mention :values */
};
struct parameters {
    const struct parameter *legacy;
    size_t legacy_count;
    const struct parameter *expressions;
    size_t expression_count;
    const struct in_ExpressionAttributeNameMap *names;
    const struct item *values;
};
/* Mixing the families, and placeholders without an expression, are refused. */
status request_check_parameters(struct request *request, const struct parameters *parameters);
/* Syntax of placeholders, faults inside of values. */
status request_placeholders(struct request *request, const struct parameters *parameters,
                            struct expr_placeholders *out);

/* ProjectionExpression; *out is NULL when there is none. */
status request_projection(struct request *request, str text, struct expr_placeholders *placeholders,
                          const struct expr_projection **out);

/* A projection (NULL: none) may not look into keys. */
status request_check_projection(struct request *request, const struct table *table,
                                const struct expr_projection *projection);

/* ---- consumed capacity ---- */

enum capacity_detail { CAPACITY_NONE, CAPACITY_TOTAL, CAPACITY_INDEXES };

enum capacity_detail capacity_detail_of(str return_consumed_capacity);

/* Transactions say, too, which kind of units it was. */
enum capacity_kind { CAPACITY_UNITS, CAPACITY_READ_UNITS, CAPACITY_WRITE_UNITS };

struct capacity {
    const struct table *table;
    enum capacity_kind kind;
    double table_units;
    double index_units[GLOBAL_INDEXES_MAX + LOCAL_INDEXES_MAX]; /* by position in table->indexes */
};

/* "ConsumedCapacity": {…} as a member; nothing for CAPACITY_NONE. */
void reply_capacity(struct request *request, enum capacity_detail detail,
                    const struct capacity *capacity);
/* The same as one element of an open list. */
void reply_capacity_element(struct request *request, enum capacity_detail detail,
                            const struct capacity *capacity);
/* "ConsumedCapacity": […], one element a table, in the order in which tables first come. */
void reply_capacities(struct request *request, enum capacity_detail detail,
                      const struct capacity *capacities, size_t count);
/* Read units of one item or of a page's sum. */
double capacity_read_units(size_t bytes, bool consistent);
struct write_cost;
void capacity_add_cost(struct capacity *capacity, const struct write_cost *cost);
