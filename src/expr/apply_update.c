/* Carries an update out, in two steps.
 *
 * First every action's new value is computed from the item as it was (`before`): assignments, and
 * also sums, unions and differences, for no two actions touch one place. Then the tree is changed
 * place by place, in the order of the sorted paths: a parent is visited once with all that changes
 * in it, so removed list elements are counted by their original indexes and what is set beyond the
 * end of a list is appended in the order of the indexes. */
#include "expr/update_int.h"
#include "item/item_codec.h"
#include "item/number.h"

/* The new value of one action's place. */
struct change {
    const struct update_action *action;
    struct value value; /* VALUE_NONE: remove what is there */
};

struct application {
    struct scope *scope;
    const struct expr_update *update;
    view before;
    view read;          /* what operands read: for a missing item, its key */
    view_cursor member; /* of `before`: actions are sorted, so that one walk meets all of theirs */
    size_t bytes_left;  /* of values that may be stored: more could not fit in an item */
};

static status fail_path(struct application *a) {
    return fail_validation(
        a->scope, "The document path provided in the update expression is invalid for update");
}

static status fail_type(struct application *a) {
    if (a->update->legacy)
        return fail_validation(a->scope, "Type mismatch for attribute to update");
    return fail_validation(a->scope,
                           "An operand in the update expression has an incorrect data type");
}

/* All that is charged for ends up in the item, so an item that is small enough never fails here;
 * what fails could have grown memory without bound (one :value named a thousand times). */
static status charge(struct application *a, view v) {
    size_t size = view_size(v);
    if (size > a->bytes_left)
        return fail_validation(a->scope,
                               "Item size to update has exceeded the maximum allowed size");
    a->bytes_left -= size;
    return ST_OK;
}

/* ---- new values ---- */

static status copy_value(struct application *a, view v, struct value *out) {
    TRY(charge(a, v));
    *out = value_thaw(v, a->scope->arena);
    return ST_OK;
}

static status fail_number(struct application *a, enum number_fault fault) {
    switch (fault) {
    case NUMBER_OVERFLOW:
        return fail_validation(a->scope, "Number overflow. Attempting to store a number with "
                                         "magnitude larger than supported range");
    case NUMBER_UNDERFLOW:
        return fail_validation(a->scope, "Number underflow. Attempting to store a number with "
                                         "magnitude smaller than supported range");
    case NUMBER_TOO_MANY_DIGITS:
        return fail_validation(a->scope,
                               "Attempting to store more than 38 significant digits in a Number");
    case NUMBER_OK:
    case NUMBER_NOT_NUMERIC:
        break;
    }
    CHECK(false);
}

static status sum(struct application *a, bool minus, str left, str right, struct value *out) {
    unsigned char bytes[NUMBER_BYTES_MAX];
    size_t len = 0;
    enum number_fault fault =
        minus ? number_subtract(left, right, bytes, &len) : number_add(left, right, bytes, &len);
    if (fault != NUMBER_OK)
        return fail_number(a, fault);
    str number = arena_copy(a->scope->arena, (str){(const char *)bytes, len});
    *out = (struct value){.kind = VALUE_NUMBER, .bytes = number};
    return ST_OK;
}

static status evaluate(struct application *a, const struct expr_node *node, struct value *out);

static status arithmetic(struct application *a, const struct expr_node *node, struct value *out) {
    struct value left, right;
    size_t bytes_left = a->bytes_left;
    TRY(evaluate(a, node->first, &left));
    TRY(evaluate(a, node->last, &right));
    a->bytes_left = bytes_left; /* the operands are not stored */
    if (left.kind != VALUE_NUMBER || right.kind != VALUE_NUMBER)
        return fail_type(a);
    return sum(a, node->kind == NODE_MINUS, left.bytes, right.bytes, out);
}

/* Puts the elements of both operands behind those in *out; nested list_appends write to the same
 * list, so that the work is that of the result. */
static status append(struct application *a, const struct expr_node *node, struct value *out) {
    if (node->kind == NODE_CALL && node->function == FUNCTION_LIST_APPEND) {
        TRY(append(a, node->first, out));
        return append(a, node->last, out);
    }
    struct value part;
    TRY(evaluate(a, node, &part));
    if (part.kind != VALUE_LIST)
        return fail_type(a);
    size_t size = sizeof(struct value);
    out->list =
        arena_grow(a->scope->arena, out->list, out->count * size, (out->count + part.count) * size);
    if (part.count)
        memcpy(out->list + out->count, part.list, part.count * size);
    out->count += part.count;
    return ST_OK;
}

/* Recursion: at most EXPR_OPERATORS_MAX. */
static status evaluate(struct application *a, const struct expr_node *node, struct value *out) {
    if (node->kind == NODE_VALUE)
        return copy_value(a, node->value, out);
    if (node->kind == NODE_PLUS || node->kind == NODE_MINUS)
        return arithmetic(a, node, out);
    if (node->kind == NODE_CALL && node->function == FUNCTION_LIST_APPEND) {
        *out = (struct value){.kind = VALUE_LIST};
        return append(a, node, out);
    }
    CHECK(node->kind == NODE_PATH ||
          (node->kind == NODE_CALL && node->function == FUNCTION_IF_NOT_EXISTS));
    const struct expr_node *path = node->kind == NODE_PATH ? node : node->first;
    view found = expr_path_find(&path->path, a->read);
    if (view_exists(found))
        return copy_value(a, found, out);
    if (node->kind == NODE_CALL)
        return evaluate(a, node->last, out);
    return fail_validation(
        a->scope, "The provided expression refers to an attribute that does not exist in the item");
}

/* One pass over two sets in canonical order: what is in either, or in the first alone. */
static void merge_sets(struct arena *arena, view left, view right, bool subtract,
                       struct value *out) {
    size_t most = (size_t)view_count(left) + (subtract ? 0 : view_count(right));
    str *members = arena_array(arena, str, most);
    uint32_t count = 0;
    view_cursor l = view_first(left), r = view_first(right);
    bool more_left = view_next(&l), more_right = view_next(&r);
    while (more_left || (more_right && !subtract)) {
        int order = !more_left ? 1 : !more_right ? -1 : str_cmp(l.member, r.member);
        if (order < 0 || (order == 0 && !subtract))
            members[count++] = l.member;
        else if (order > 0 && !subtract)
            members[count++] = r.member;
        if (order <= 0)
            more_left = view_next(&l);
        if (order >= 0)
            more_right = view_next(&r);
    }
    if (count)
        *out = (struct value){.kind = view_kind(right), .count = count, .set = members};
}

static status add(struct application *a, view before, view operand, struct value *out) {
    if (!view_exists(before))
        return copy_value(a, operand, out);
    if (view_kind(before) != view_kind(operand))
        return fail_type(a);
    if (view_kind(operand) == VALUE_NUMBER)
        return sum(a, false, view_bytes(before), view_bytes(operand), out);
    TRY(charge(a, operand));
    merge_sets(a->scope->arena, before, operand, false, out);
    return ST_OK;
}

static status subtract(struct application *a, view before, view operand, struct value *out) {
    if (!view_exists(before))
        return ST_OK;
    if (view_kind(before) != view_kind(operand))
        return fail_type(a);
    merge_sets(a->scope->arena, before, operand, true, out);
    return ST_OK;
}

/* What stands at the action's place in `before`. */
static view find_before(struct application *a, const struct expr_path *path) {
    view v = expr_next_member(&a->member, path->parts[0].name);
    for (size_t i = 1; i < path->count && view_exists(v); i++)
        v = expr_part_find(&path->parts[i], v);
    return v;
}

/* Call it for the actions in their sorted order. */
static status new_value(struct application *a, const struct update_action *action,
                        struct value *out) {
    *out = (struct value){};
    switch (action->kind) {
    case UPDATE_SET:
        return evaluate(a, action->operand, out);
    case UPDATE_REMOVE:
        return ST_OK;
    case UPDATE_ADD:
        return add(a, find_before(a, &action->path), action->operand->value, out);
    case UPDATE_DELETE:
        return subtract(a, find_before(a, &action->path), action->operand->value, out);
    }
    CHECK(false);
}

/* Levels of lists and maps in a value. Recursion: trees are at most that deep. */
static unsigned depth_of(const struct value *value) {
    unsigned deepest = 0;
    if (value->kind != VALUE_LIST && value->kind != VALUE_MAP)
        return 0;
    for (uint32_t i = 0; i < value->count; i++) {
        const struct value *inner =
            value->kind == VALUE_LIST ? &value->list[i] : &value->map[i].value;
        unsigned depth = depth_of(inner);
        deepest = depth > deepest ? depth : deepest;
    }
    return deepest + 1;
}

static status check_depth(struct application *a, const struct change *change) {
    if (change->action->path.count + depth_of(&change->value) <= VALUE_DEPTH_MAX)
        return ST_OK;
    return fail_validation(a->scope,
                           "Nesting Levels have exceeded supported limits: Attributes in the item "
                           "have nested levels beyond supported limit");
}

/* ---- changing the tree ---- */

static status change_container(struct application *a, struct value *container,
                               const struct change *changes, size_t count, size_t level);

static const struct expr_path_part *part_at(const struct change *change, size_t level) {
    return &change->action->path.parts[level];
}

/* How many changes, from the first on, are in the same member or element. */
static size_t group_of(const struct change *changes, size_t count, size_t level) {
    size_t group = 1;
    while (group < count &&
           expr_part_equal(part_at(&changes[group], level), part_at(&changes[0], level)))
        group++;
    return group;
}

/* Among the first `count` members, which are sorted by name: what is put in comes behind them. */
static struct value *find_member(struct value *map, uint32_t count, str name) {
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = str_cmp(map->map[middle].name, name);
        if (order == 0)
            return &map->map[middle].value;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* Removed members and elements are marked VALUE_NONE while indexes and places must hold still. */
static void drop_removed(struct value *container) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < container->count; i++) {
        if (container->kind == VALUE_MAP && container->map[i].value.kind != VALUE_NONE)
            container->map[kept++] = container->map[i];
        if (container->kind == VALUE_LIST && container->list[i].kind != VALUE_NONE)
            container->list[kept++] = container->list[i];
    }
    container->count = kept;
}

/* Room for one more member or element with each change. */
static void make_room(struct application *a, struct value *container, size_t more) {
    size_t count = container->count;
    if (container->kind == VALUE_MAP) {
        struct attribute *map = arena_array(a->scope->arena, struct attribute, count + more);
        if (count)
            memcpy(map, container->map, count * sizeof(*map));
        container->map = map;
    } else {
        struct value *list = arena_array(a->scope->arena, struct value, count + more);
        if (count)
            memcpy(list, container->list, count * sizeof(*list));
        container->list = list;
    }
}

static void put_new(struct value *container, const struct expr_path_part *part,
                    struct value value) {
    if (container->kind == VALUE_LIST)
        container->list[container->count++] = value;
    else
        container->map[container->count++] = (struct attribute){.name = part->name, .value = value};
}

/* All changes at or below one member or element. */
static status change_place(struct application *a, struct value *container, struct value *place,
                           const struct change *changes, size_t count, size_t level) {
    if (changes[0].action->path.count > level + 1)
        return place ? change_container(a, place, changes, count, level + 1) : fail_path(a);
    CHECK(count == 1); /* paths do not overlap */
    if (place)
        *place = changes[0].value;
    else if (changes[0].value.kind != VALUE_NONE)
        put_new(container, part_at(&changes[0], level), changes[0].value);
    return ST_OK;
}

/* Recursion: at most EXPR_PATH_PARTS_MAX. */
static status change_container(struct application *a, struct value *container,
                               const struct change *changes, size_t count, size_t level) {
    bool list = part_at(&changes[0], level)->is_index;
    if (container->kind != (list ? VALUE_LIST : VALUE_MAP))
        return fail_path(a);
    uint32_t original_count = container->count;
    make_room(a, container, count);
    for (size_t at = 0; at < count;) {
        size_t group = group_of(changes + at, count - at, level);
        const struct expr_path_part *part = part_at(&changes[at], level);
        struct value *place = NULL;
        if (!list)
            place = find_member(container, original_count, part->name);
        else if (part->index < original_count)
            place = &container->list[part->index];
        TRY(change_place(a, container, place, changes + at, group, level));
        at += group;
    }
    drop_removed(container);
    return ST_OK;
}

/* Whether the fault of an action is told rather than another's: the values of SET are computed
 * first, and otherwise the text is read from left to right. */
static bool is_told_before(const struct update_action *action, const struct update_action *other) {
    bool set = action->kind == UPDATE_SET, other_set = other->kind == UPDATE_SET;
    return set == other_set ? action < other : set;
}

/* Computed in the order of the paths, for one walk over the item; but of several faults only one is
 * told. */
static status new_values(struct application *a, struct change *changes, size_t *count) {
    struct scope *scope = a->scope;
    const struct update_action *failed = NULL;
    str told = {};
    for (size_t i = 0; i < a->update->count; i++) {
        const struct update_action *action = a->update->sorted[i];
        struct change *change = &changes[*count];
        /* From an item that does not exist anything may be removed, at any depth. */
        if (action->kind == UPDATE_REMOVE && !view_exists(a->before))
            continue;
        change->action = action;
        status st = new_value(a, action, &change->value);
        if (st == ST_OK)
            st = check_depth(a, change);
        (*count)++;
        if (st == ST_OK)
            continue;
        if (failed == NULL || is_told_before(action, failed)) {
            failed = action;
            told = scope->error_text;
        }
        scope->error = ERROR_NONE; /* the first one stays, otherwise */
    }
    if (failed != NULL)
        return fail_validation(scope, "%.*s", STR_ARG(told));
    return ST_OK;
}

status expr_update_apply(struct scope *scope, const struct expr_update *update, view before,
                         struct item *item) {
    struct application a = {.scope = scope,
                            .update = update,
                            .before = before,
                            .read = before,
                            .member = expr_members(before),
                            .bytes_left = EXPR_RESULT_MAX};
    struct change *changes = arena_array(scope->arena, struct change, update->count);
    size_t count = 0;
    if (!view_exists(before))
        a.read = item_map(item_encode(item, &(struct item_stamp){}, scope->arena));
    TRY(new_values(&a, changes, &count));
    if (count == 0)
        return ST_OK;
    struct value map = {.kind = VALUE_MAP, .count = (uint32_t)item->count, .map = item->attributes};
    TRY(change_container(&a, &map, changes, count, 0));
    item->attributes = map.map;
    item->count = map.count;
    return ST_OK;
}
