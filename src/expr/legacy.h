/* legacy.h - conditions and updates that came as parameters instead of as expressions.
 *
 * Purpose:   Expected, QueryFilter, ScanFilter, KeyConditions and AttributeUpdates become what the
 *            parsers make of expressions, so that whatever evaluates those serves these, too.
 * Ownership: results live in scope->arena and borrow from the names given.
 * Threads:   a result is read-only.
 * Errors:    ValidationException in the scope (ST_FAILED).
 * Limits:    LEGACY_OPERANDS_MAX conditions and values in one parameter. The service states none;
 *            every condition is looked up in every item, so there has to be one.
 */
#pragma once

#include "expr/expr.h"

enum { LEGACY_OPERANDS_MAX = 1024 };

struct legacy_value {
    struct value value;
    str fault; /* absent when fine, and only then `value` may be used */
};

struct legacy_condition {
    str name;
    str operator_name; /* "EQ", "NOT_NULL", …: nothing else gets past the shapes */
    struct legacy_value *values;
    size_t value_count;
};

/* Everything that can be refused about one condition without an item. */
status expr_legacy_check(struct scope *scope, const struct legacy_condition *condition);
/* Names are distinct. any: one true condition is enough (ConditionalOperator OR). */
status expr_condition_from_legacy(struct scope *scope, const struct legacy_condition *conditions,
                                  size_t count, bool any, struct expr_condition *out);
/* One key_condition for each; what fits the schema is for the caller to say. */
status expr_key_conditions_from_legacy(struct scope *scope,
                                       const struct legacy_condition *conditions, size_t count,
                                       const struct key_condition **out);

struct legacy_update {
    str name;
    str action;                 /* "PUT", "ADD", "DELETE"; absent is PUT */
    struct legacy_value *value; /* NULL: none */
};

/* Names are distinct; *out is NULL when there is nothing to do. */
status expr_update_from_legacy(struct scope *scope, const struct legacy_update *updates,
                               size_t count, struct expr_update **out);
