/* AttributeUpdates → actions of an update.
 *
 * PUT is SET, ADD and DELETE of a value are themselves, DELETE without one is REMOVE. Only ADD of
 * a list has no action of its own: it is what SET a = list_append(if_not_exists(a, []), list)
 * does. */
#include "expr/legacy_int.h"
#include "expr/update_int.h"

#define INVALID "One or more parameter values were invalid: "

static status check_deleted(struct scope *scope, enum value_kind kind) {
    if (value_kind_is_set(kind))
        return ST_OK;
    return fail_validation(scope,
                           INVALID "DELETE action with value is not supported for the type %.*s",
                           STR_ARG(value_kind_name(kind)));
}

static status check_added(struct scope *scope, enum value_kind kind) {
    if (value_kind_is_set(kind) || kind == VALUE_NUMBER || kind == VALUE_LIST)
        return ST_OK;
    return fail_validation(scope, INVALID "ADD action is not supported for the type %.*s",
                           STR_ARG(value_kind_name(kind)));
}

static struct expr_node *appended(struct arena *arena, struct expr_path path,
                                  struct expr_node *list) {
    struct value empty = {.kind = VALUE_LIST};
    struct expr_node *old = expr_node_call(arena, STR("if_not_exists"));
    struct expr_node *append = expr_node_call(arena, STR("list_append"));
    expr_node_add(old, expr_node_path(arena, path));
    expr_node_add(old, expr_node_value(arena, (str){}, expr_legacy_encode(arena, &empty)));
    expr_node_add(append, old);
    expr_node_add(append, list);
    return append;
}

static status lower(struct scope *scope, const struct legacy_update *update,
                    struct update_action *out) {
    struct arena *arena = scope->arena;
    bool deletes = str_eq(update->action, STR("DELETE")), adds = str_eq(update->action, STR("ADD"));
    TRY(expr_legacy_check_name(scope, update->name));
    *out = (struct update_action){.kind = UPDATE_REMOVE,
                                  .path = expr_legacy_path(arena, update->name)};
    if (update->value == NULL)
        return deletes ? ST_OK
                       : fail_validation(scope, INVALID "Only DELETE action is allowed when no "
                                                        "attribute value is specified");
    TRY(expr_legacy_check_value(scope, update->value));
    enum value_kind kind = update->value->value.kind;
    if (deletes)
        TRY(check_deleted(scope, kind));
    if (adds)
        TRY(check_added(scope, kind));
    out->kind = deletes ? UPDATE_DELETE : adds && kind != VALUE_LIST ? UPDATE_ADD : UPDATE_SET;
    out->operand =
        expr_node_value(arena, (str){}, expr_legacy_encode(arena, &update->value->value));
    if (adds && kind == VALUE_LIST)
        out->operand = appended(arena, out->path, out->operand);
    return ST_OK;
}

status expr_update_from_legacy(struct scope *scope, const struct legacy_update *updates,
                               size_t count, struct expr_update **out) {
    *out = NULL;
    if (count == 0)
        return ST_OK;
    struct expr_update *update = arena_struct(scope->arena, struct expr_update);
    struct expr_path *paths = arena_array(scope->arena, struct expr_path, count);
    update->actions = arena_array(scope->arena, struct update_action, count);
    update->count = count;
    update->legacy = true;
    for (size_t i = 0; i < count; i++) {
        TRY(lower(scope, &updates[i], &update->actions[i]));
        paths[i] = update->actions[i].path;
    }
    update->sorted_paths = expr_paths_sorted(scope->arena, paths, count);
    expr_update_prepare(scope->arena, update);
    *out = update;
    return ST_OK;
}
