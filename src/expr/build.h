/* build.h - conditions and updates that arrive in another form than their text.
 *
 * Purpose:   PartiQL statements become the trees that expressions become, so that there is one
 *            evaluator and one set of checks.
 * Ownership: trees live in the arena given and borrow names and values. A node has one parent.
 * Threads:   one at a time while building; read-only after.
 * Errors:    ValidationException in the scope, without the name of a request's member.
 * Limits:    the caller bounds the depth of its trees; EXPR_BUILD_OPERATORS_MAX of all operators.
 */
#pragma once

#include "expr/expr.h"

enum { EXPR_BUILD_OPERATORS_MAX = 300 };

enum expr_operator {
    EXPR_EQ,
    EXPR_NE,
    EXPR_LT,
    EXPR_LE,
    EXPR_GT,
    EXPR_GE,
    EXPR_BETWEEN,
    EXPR_IN, /* the value looked for comes first */
    EXPR_NOT,
    EXPR_AND,
    EXPR_OR,
    EXPR_PLUS,
    EXPR_MINUS,
};

struct expr_node *expr_build_path(struct arena *arena, struct expr_path path);
struct expr_node *expr_build_value(struct arena *arena, view value);
/* Operators and functions start without operands. Names of functions are those of expressions. */
struct expr_node *expr_build_operator(struct arena *arena, enum expr_operator op);
struct expr_node *expr_build_function(struct arena *arena, str name);
void expr_build_add(struct expr_node *node, struct expr_node *operand);

/* Checks the tree as a parsed condition is checked. */
status expr_build_condition(struct scope *scope, struct expr_node *root,
                            struct expr_condition *out);

enum expr_action_kind { EXPR_SET, EXPR_REMOVE, EXPR_ADD, EXPR_DELETE };

struct expr_action {
    enum expr_action_kind kind;
    struct expr_path path;
    struct expr_node *operand; /* SET: any; ADD and DELETE: a value; REMOVE: NULL */
};

status expr_build_update(struct scope *scope, const struct expr_action *actions, size_t count,
                         struct expr_update **out);
