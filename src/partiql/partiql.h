/* partiql.h - statements: text and parameters → what the other operations work by.
 *
 * Purpose:   SELECT, INSERT, UPDATE, DELETE and EXISTS in the service's PartiQL. Conditions and
 *            updates become trees of expr; nothing here knows a table's schema.
 * Ownership: results live in scope->arena and borrow from text and parameters.
 * Threads:   a parsed statement is read-only.
 * Errors:    ValidationException in the scope (ST_FAILED).
 * Limits:    PARTIQL_TEXT_MAX bytes, PARTIQL_DEPTH_MAX open parentheses and NOTs, 300 operators,
 *            paths of PARTIQL_PATH_PARTS_MAX parts, values of VALUE_DEPTH_MAX levels.
 *
 *   SELECT * | path, … FROM source [WHERE condition] [ORDER BY name [ASC | DESC], …]
 *   INSERT INTO table VALUE { 'name': value, … }
 *   UPDATE table { SET path = data, … | REMOVE path, … }… WHERE condition [RETURNING …]
 *   DELETE FROM table WHERE condition [RETURNING ALL OLD *]
 *   EXISTS ( SELECT … )
 *
 * Words that are no string stand as they are or in double quotes; strings in single ones; a quote
 * inside is doubled. A source is table or table.index.
 */
#pragma once

#include "expr/build.h"
#include "item/scope.h"
#include "item/value.h"

enum {
    PARTIQL_TEXT_MAX = 8192 * 4, /* 8192 characters */
    PARTIQL_DEPTH_MAX = 100,
    PARTIQL_PATH_PARTS_MAX = 32,
    PARTIQL_IN_VALUES_MAX = 100,
};

enum partiql_kind {
    PARTIQL_SELECT,
    PARTIQL_INSERT,
    PARTIQL_UPDATE,
    PARTIQL_DELETE,
    PARTIQL_EXISTS, /* a SELECT that a transaction checks */
};

enum partiql_test {
    TEST_OTHER, /* only its node says what it asks */
    TEST_KEY,   /* one top-level attribute against constants: may be a key condition */
    TEST_IN,    /* one top-level attribute among constants */
    TEST_OR,    /* the same, said by = and IN that are joined by OR */
};

/* One of the conditions that WHERE joins by AND. */
struct partiql_term {
    struct expr_node *node;
    enum partiql_test test;
    struct key_condition key; /* TEST_KEY; TEST_IN and TEST_OR: only its name */
    const view *values;       /* TEST_IN and TEST_OR */
    size_t value_count;
    bool used; /* for whoever lowers the statement: a key says it already */
    struct partiql_term *next;
};

struct partiql_column {
    struct expr_path path;
    str name;     /* in the answer: the last name of the path, with the indexes behind it */
    size_t place; /* of the first column of this name */
};

struct partiql_order {
    str name;
    bool descending;
};

enum partiql_returning { RETURN_NONE, RETURN_ALL_OLD, RETURN_ALL_NEW, RETURN_OLD, RETURN_NEW };

struct partiql_statement {
    enum partiql_kind kind;
    str table_name; /* or its ARN */
    str index_name; /* ptr NULL: the table itself */
    const struct partiql_column *columns;
    size_t column_count; /* 0: all */
    bool has_where;
    struct partiql_term *terms;
    const struct partiql_order *order;
    size_t order_count;
    struct item item;           /* INSERT */
    struct expr_update *update; /* UPDATE */
    enum partiql_returning returning;
};

static inline bool partiql_is_read(const struct partiql_statement *statement) {
    return statement->kind == PARTIQL_SELECT;
}

/* parameters: what the question marks stand for, in their order. */
status partiql_parse(struct scope *scope, str text, const struct value *parameters,
                     size_t parameter_count, struct partiql_statement *out);
