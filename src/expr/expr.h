/* expr.h - expressions: parse and check once, evaluate over stored bytes.
 *
 * Purpose:   condition, filter, key-condition, update and projection expressions. All that can be
 *            refused without the item is refused by the parse functions, in the service's words.
 * Ownership: results live in scope->arena and borrow from expression text and placeholders.
 * Threads:   a parsed expression is read-only.
 * Errors:    ValidationException in the scope (ST_FAILED).
 * Limits:    4096 bytes, 300 operators, 100 operands of IN, path depth 32, bounded recursion.
 */
#pragma once

#include "item/item_view.h"
#include "item/scope.h"
#include "item/value.h"

/* ---- placeholders ---- */

struct expr_name {
    str placeholder; /* "#n" */
    str name;
    bool used;
};

struct expr_value {
    str placeholder; /* ":v" */
    view value;
    bool used;
};

/* What #names and :values stand for in all expressions of one request. */
struct expr_placeholders {
    struct expr_name *names;
    size_t name_count;
    struct expr_value *values;
    size_t value_count;
    bool names_given, values_given; /* the member was in the request, if only as {} */
};

/* Checks the placeholders themselves (syntax, empty maps, faults inside values) and encodes the
 * values; `names` and `values` may be NULL. any_expression: whether the request has one. */
status expr_placeholders_init(struct scope *scope, const struct item *values, const str *name_keys,
                              const str *names, size_t name_count, bool names_given,
                              bool any_expression, struct expr_placeholders *out);
/* After all expressions were parsed: each one must have been used. */
status expr_placeholders_all_used(struct scope *scope, const struct expr_placeholders *p);

/* ---- paths ---- */

struct expr_path_part {
    bool is_index;
    str name;
    uint32_t index;
};

struct expr_path {
    struct expr_path_part *parts; /* parts[0] is a name */
    size_t count;
};

view expr_path_find(const struct expr_path *path, view item_map);

/* ---- conditions and filters ---- */

enum expr_use { EXPR_CONDITION, EXPR_FILTER, EXPR_KEY_CONDITION };

struct expr_node; /* private to expr, but for the walk below */

struct expr_condition {
    const struct expr_node *root;
    const str *top_names; /* distinct top-level attributes mentioned */
    size_t top_name_count;
    const str *nested_names; /* those of them that are looked into: a.b, a[0] */
    size_t nested_name_count;
    size_t path_count; /* how many paths an item is asked for, at most */
};

/* Says which member it was in texts: "ConditionExpression", "FilterExpression", … */
status expr_parse_condition(struct scope *scope, enum expr_use use, str text,
                            struct expr_placeholders *p, struct expr_condition *out);
/* item_map may be VIEW_NONE: an item that does not exist. */
bool expr_condition_true(const struct expr_condition *condition, view item_map);

/* ---- key conditions ---- */

enum key_operator { KEY_EQ, KEY_LT, KEY_LE, KEY_GT, KEY_GE, KEY_BETWEEN, KEY_BEGINS_WITH };

struct key_condition {
    str name;
    enum key_operator op;
    view value, value_to; /* value_to: BETWEEN only */
    bool not_indexable;   /* legacy: NE, IN and others that no order of keys answers; no `op` */
};

/* Takes a parsed EXPR_KEY_CONDITION apart: the ANDed comparisons, in the order of the text, each
 * attribute at most once. What fits the schema is for the caller to say. */
status expr_key_conditions(struct scope *scope, const struct expr_condition *condition,
                           const struct key_condition **out, size_t *out_count);

/* ---- projections ---- */

struct expr_projection {
    struct expr_path *paths;
    size_t count;
};

status expr_parse_projection(struct scope *scope, str text, struct expr_placeholders *p,
                             struct expr_projection *out);
/* Legacy AttributesToGet: top-level names only. */
status expr_projection_from_names(struct scope *scope, const str *names, size_t count,
                                  struct expr_projection *out);
/* The projected part as a tree in the arena; list elements are packed. */
struct item expr_project(const struct expr_projection *projection, view item_map,
                         struct arena *arena);

/* ---- updates ---- */

struct expr_update; /* parsed; private */

status expr_parse_update(struct scope *scope, str text, struct expr_placeholders *p,
                         struct expr_update **out);
/* Distinct top-level attributes that it writes (keys among them are refused by the caller). */
void expr_update_targets(const struct expr_update *update, const str **out_names,
                         size_t *out_count);
/* Distinct top-level attributes that it looks into, on either side: a.b, a[0]. */
void expr_update_nested(const struct expr_update *update, struct arena *arena,
                        const str **out_names, size_t *out_count);
/* What an update makes of a top-level attribute whatever the item holds; VALUE_NONE when that
 * depends on the item, or it writes no such. */
enum value_kind expr_update_kind_of(const struct expr_update *update, str name);
/* Whether every action is REMOVE, or a legacy DELETE: then a missing item stays missing. */
bool expr_update_only_removes(const struct expr_update *update);
/* What the service adds to the size of the item that an update makes, before it holds it against
 * the largest an item may have (measured: 3, and by action 19 for a write or 2 for a removal, 1 for
 * each list index, 50 for a sum or difference). */
size_t expr_update_overhead(const struct expr_update *update);
/* Applies to `item` (a thawed tree, so sorted by name; for a missing item, its key). `before` is
 * the map that all right-hand sides read, or VIEW_NONE when there is no item: they then read its
 * key, and there is nothing that could not be removed. */
status expr_update_apply(struct scope *scope, const struct expr_update *update, view before,
                         struct item *item);
/* UPDATED_OLD and UPDATED_NEW: the touched paths of a map (before or after), nested in their
 * parents, list elements packed. count is 0 when none is there. */
struct item expr_update_project(const struct expr_update *update, view map, struct arena *arena);
