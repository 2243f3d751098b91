/* update_int.h - a parsed update; what parse_update.c, check_update.c and apply_update.c share.
 *
 * Purpose:   the actions in the order of the text, and sorted by the places they write.
 * Ownership: in the scope's arena.
 * Threads:   one at a time while parsing; read-only after.
 * Errors:    ST_FAILED, through expr_fail.
 * Limits:    those of expr_int.h.
 */
#pragma once

#include "expr/expr_int.h"

enum update_kind { UPDATE_SET, UPDATE_REMOVE, UPDATE_ADD, UPDATE_DELETE };

struct update_action {
    enum update_kind kind;
    struct expr_path path;
    struct expr_node *operand; /* SET: any; ADD and DELETE: a value; REMOVE: NULL */
};

struct expr_update {
    struct update_action *actions; /* in the order of the text */
    size_t count;
    const struct update_action **sorted; /* by expr_path_compare of their paths */
    struct expr_path *sorted_paths;
    str *targets; /* distinct top-level names */
    size_t target_count;
    bool legacy; /* from AttributeUpdates: some words differ, and DELETE makes no item */
};

/* What is the same for every item that the update meets: order and targets. */
void expr_update_prepare(struct arena *arena, struct expr_update *update);
/* "SET", "REMOVE", … */
str expr_update_kind_name(enum update_kind kind);
/* repeated_section: the first section that stood twice, or NULL. */
status expr_check_update(struct parser *parser, struct expr_update *update,
                         const enum update_kind *repeated_section);
