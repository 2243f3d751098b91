/* The descriptors: shapes.def as constant data. Members of all structures stand in one array, and
 * the enumerators FIRST_X and END_X count through it. */
#include "api/shape_int.h"

enum member_index {
#define STRUCT(name) FIRST_##name, BEFORE_##name = FIRST_##name - 1,
#define MEMBER(owner, name, need, kind, shape) INDEX_##owner##_##name,
#define END(name) END_##name, BEFORE_END_##name = END_##name - 1,
#include "api/shapes.def"
};

const struct shape_member shape_members[] = {
#define MEMBER(owner, name, need, kind, shape)                                                     \
    {STR_INIT(#name), offsetof(struct in_##owner, name), SHAPE_##shape, NEED_##need},
#include "api/shapes.def"
};

/* clang-format off */
const struct shape shapes[SHAPE_COUNT] = {
#define STRUCT(row)                                                                                \
    [SHAPE_##row] = {.name = STR_INIT(#row), .kind = KIND_STRUCT, .first_member = FIRST_##row,     \
                     .member_count = END_##row - FIRST_##row, .size = sizeof(struct in_##row)},
#define LIST(row, kind_, element_, min_, max_)                                                     \
    [SHAPE_##row] = {.name = STR_INIT(#row), .kind = KIND_LIST, .element = SHAPE_##element_,       \
                     .min = min_, .max = max_},
#define MAP(row, key_, kind_, element_, min_, max_)                                                \
    [SHAPE_##row] = {.name = STR_INIT(#row), .kind = KIND_MAP, .key = SHAPE_##key_,                \
                     .element = SHAPE_##element_, .min = min_, .max = max_},
#define ITEM(row) [SHAPE_##row] = {.name = STR_INIT(#row), .kind = KIND_ITEM},
#define VALUE(row) [SHAPE_##row] = {.name = STR_INIT(#row), .kind = KIND_VALUE},
#define STRING(row, min_, max_, pattern_)                                                          \
    [SHAPE_##row] = {.name = STR_INIT(#row), .kind = KIND_STRING, .min = min_, .max = max_,        \
                     .pattern = PATTERN_##pattern_},
#define TABLE_NAME(row, min_, max_, pattern_)                                                      \
    [SHAPE_##row] = {.name = STR_INIT(#row), .kind = KIND_STRING, .min = min_, .max = max_,        \
                     .pattern = PATTERN_##pattern_, .is_table_name = true},
#define ENUM(row, values_)                                                                         \
    [SHAPE_##row] = {.name = STR_INIT(#row), .kind = KIND_STRING, .min = NO_MIN, .max = NO_MAX,    \
                     .values = STR_INIT(values_)},
#define NUMBER(row, kind_, min_, max_)                                                             \
    [SHAPE_##row] = {.name = STR_INIT(#row), .kind = kind_, .min = min_, .max = max_},
#define INTEGER(row, min_, max_) NUMBER(row, KIND_INTEGER, min_, max_)
#define LONG(row, min_, max_) NUMBER(row, KIND_LONG, min_, max_)
#define DOUBLE(row, min_, max_) NUMBER(row, KIND_DOUBLE, min_, max_)
#define TIMESTAMP(row) [SHAPE_##row] = {.name = STR_INIT(#row), .kind = KIND_TIMESTAMP},
#define BOOLEAN(row) [SHAPE_##row] = {.name = STR_INIT(#row), .kind = KIND_BOOLEAN},
#include "api/shapes.def"
};
/* clang-format on */

const str shape_patterns[PATTERN_COUNT] = {
#define PATTERN(name, text) [PATTERN_##name] = STR_INIT(text),
#include "api/shapes.def"
};

const struct model_operation model_operations[MODEL_OPERATION_COUNT] = {
#define OPERATION(service, name, input) {STR_INIT(#name), SERVICE_##service, SHAPE_##input},
#include "api/shapes.def"
};

const struct model_operation *model_operation_find(str name) {
    size_t low = 0, high = MODEL_OPERATION_COUNT;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = str_cmp(name, model_operations[middle].name);
        if (order == 0)
            return &model_operations[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

size_t shape_slot_size(enum shape_kind kind) {
    switch (kind) {
    case KIND_STRING:
        return sizeof(str);
    case KIND_INTEGER:
    case KIND_LONG:
        return sizeof(struct given_integer);
    case KIND_DOUBLE:
    case KIND_TIMESTAMP:
        return sizeof(struct given_double);
    case KIND_BOOLEAN:
        return sizeof(struct given_boolean);
    case KIND_STRUCT:
    case KIND_LIST:
    case KIND_MAP:
    case KIND_ITEM:
    case KIND_VALUE:
        break;
    }
    return sizeof(void *);
}
