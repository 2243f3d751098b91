/* legacy_int.h - what conditions and updates that came as parameters share.
 *
 * Purpose:   checks and forms of names and values that stand outside of an expression.
 * Ownership: results live in the arena given; paths borrow the name.
 * Threads:   one at a time.
 * Errors:    ValidationException in the scope (ST_FAILED).
 * Limits:    value.h's.
 */
#pragma once

#include "expr/expr_int.h"
#include "expr/legacy.h"

/* Not empty, not too long: what an expression's text cannot name, these parameters could. */
status expr_legacy_check_name(struct scope *scope, str name);
status expr_legacy_check_value(struct scope *scope, const struct legacy_value *value);
/* Sorts sets and maps of the value in place. */
view expr_legacy_encode(struct arena *arena, struct value *value);
struct expr_path expr_legacy_path(struct arena *arena, str name);
