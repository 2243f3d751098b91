/* Is a condition true of an item? Reads stored bytes where they lie and allocates nothing.
 *
 * What is missing equals nothing, has no order and no size; so `<>` is true of it, and everything
 * else false. Recursion is bounded by the number of operators (expr_int.h). */
#include "base/utf8.h"
#include "expr/expr_int.h"
#include "item/number.h"

/* Room for an operand that is computed: size() makes a number. */
struct operand_room {
    unsigned char bytes[1 + NUMBER_BYTES_MAX];
};

static view operand(const struct expr_node *node, view item, struct operand_room *room);

static bool size_of(view v, uint64_t *out) {
    switch (view_kind(v)) {
    case VALUE_STRING:
        *out = utf8_utf16_units(view_bytes(v));
        return true;
    case VALUE_BINARY:
        *out = view_bytes(v).len;
        return true;
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_STRING_SET:
    case VALUE_NUMBER_SET:
    case VALUE_BINARY_SET:
        *out = view_count(v);
        return true;
    case VALUE_NONE:
    case VALUE_NUMBER:
    case VALUE_BOOL:
    case VALUE_NULL:
        return false;
    }
    CHECK(false);
}

static view size_operand(const struct expr_node *call, view item, struct operand_room *room) {
    struct operand_room inner;
    uint64_t size = 0;
    if (!size_of(operand(call->first, item, &inner), &size))
        return VIEW_NONE;
    size_t len = 0;
    room->bytes[0] = VALUE_NUMBER;
    number_from_i64((int64_t)size, room->bytes + 1, &len);
    return (view){room->bytes, room->bytes + 1 + len};
}

static view operand(const struct expr_node *node, view item, struct operand_room *room) {
    if (node->kind == NODE_PATH)
        return expr_path_find(&node->path, item);
    if (node->kind == NODE_VALUE)
        return node->value;
    CHECK(node->kind == NODE_CALL && node->function == FUNCTION_SIZE);
    return size_operand(node, item, room);
}

static bool compare(enum comparator comparator, view left, view right) {
    int order = 0;
    if (comparator == COMPARE_EQ)
        return view_equal(left, right);
    if (comparator == COMPARE_NE)
        return !view_equal(left, right);
    if (!view_exists(left) || !view_exists(right) || !view_compare(left, right, &order))
        return false;
    switch (comparator) {
    case COMPARE_LT:
        return order < 0;
    case COMPARE_LE:
        return order <= 0;
    case COMPARE_GT:
        return order > 0;
    case COMPARE_GE:
        return order >= 0;
    case COMPARE_EQ:
    case COMPARE_NE:
        break;
    }
    CHECK(false);
}

static bool between(const struct expr_node *node, view item) {
    struct operand_room rooms[3];
    view middle = operand(node->first, item, &rooms[0]);
    view low = operand(node->first->next, item, &rooms[1]);
    view high = operand(node->last, item, &rooms[2]);
    return compare(COMPARE_GE, middle, low) && compare(COMPARE_LE, middle, high);
}

static bool in(const struct expr_node *node, view item) {
    struct operand_room left_room, room;
    view left = operand(node->first, item, &left_room);
    for (const struct expr_node *one = node->first->next; one; one = one->next)
        if (view_equal(left, operand(one, item, &room)))
            return true;
    return false;
}

static bool begins_with(view v, view prefix) {
    enum value_kind kind = view_kind(v);
    return kind == view_kind(prefix) && (kind == VALUE_STRING || kind == VALUE_BINARY) &&
           str_starts_with(view_bytes(v), view_bytes(prefix));
}

static bool contains(view v, view part) {
    enum value_kind kind = view_kind(v);
    if (!view_exists(part))
        return false;
    if (kind == VALUE_STRING || kind == VALUE_BINARY)
        return kind == view_kind(part) && str_contains(view_bytes(v), view_bytes(part));
    return (kind == VALUE_LIST || value_kind_is_set(kind)) && view_contains_element(v, part);
}

static bool call(const struct expr_node *node, view item) {
    struct operand_room rooms[2];
    view first = operand(node->first, item, &rooms[0]);
    switch (node->function) {
    case FUNCTION_ATTRIBUTE_EXISTS:
        return view_exists(first);
    case FUNCTION_ATTRIBUTE_NOT_EXISTS:
        return !view_exists(first);
    case FUNCTION_ATTRIBUTE_TYPE:
        return view_kind(first) == node->wanted;
    case FUNCTION_BEGINS_WITH:
        return begins_with(first, operand(node->last, item, &rooms[1]));
    case FUNCTION_CONTAINS:
        return contains(first, operand(node->last, item, &rooms[1]));
    case FUNCTION_UNKNOWN:
    case FUNCTION_SIZE:
    case FUNCTION_IF_NOT_EXISTS:
    case FUNCTION_LIST_APPEND:
        break;
    }
    CHECK(false); /* the checks refuse them here */
}

static bool is_true(const struct expr_node *node, view item) {
    struct operand_room rooms[2];
    switch (node->kind) {
    case NODE_AND:
    case NODE_OR:
        for (const struct expr_node *one = node->first; one; one = one->next)
            if (is_true(one, item) == (node->kind == NODE_OR))
                return node->kind == NODE_OR;
        return node->kind == NODE_AND;
    case NODE_NOT:
        return !is_true(node->first, item);
    case NODE_COMPARE:
        return compare(node->comparator, operand(node->first, item, &rooms[0]),
                       operand(node->last, item, &rooms[1]));
    case NODE_BETWEEN:
        return between(node, item);
    case NODE_IN:
        return in(node, item);
    case NODE_CALL:
        return call(node, item);
    case NODE_PATH:
    case NODE_VALUE:
    case NODE_PLUS:
    case NODE_MINUS:
        break;
    }
    CHECK(false); /* the grammar has no such condition */
}

bool expr_condition_true(const struct expr_condition *condition, view item_map) {
    return is_true(condition->root, item_map);
}
