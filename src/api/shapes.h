/* shapes.h - the typed input of every operation, expanded from one table.
 *
 * Purpose:   shapes.def becomes C structs with the service's own member names, ids, and the
 *            descriptors by which shape_read fills and checks them.
 * Ownership: inputs live in the arena they were read into and borrow from the request's body.
 * Threads:   any; the tables are constant.
 * Errors:    none.
 * Limits:    SHAPE_DEPTH_MAX levels (no shape holds itself but attribute values, which item reads).
 *
 * What a member becomes:
 *   string, enumeration     str                      absent: ptr is NULL
 *   integer, long           struct given_integer     absent: given is false
 *   double, timestamp       struct given_double      the same (a timestamp is in seconds)
 *   boolean                 struct given_boolean     the same
 *   structure               const struct in_X *      absent: NULL
 *   list                    const struct in_X *      { count; at[count] } of the element's type
 *   map                     const struct in_X *      { count; keys[count]; at[count] }, keys
 * distinct map of attribute values const struct item *      may carry a fault for item_check
 *   attribute value         const struct in_AttributeValue *    with its fault
 * Members that the table requires, elements and map values are never absent once shape_read has
 * answered ST_OK.
 */
#pragma once

#include "base/str.h"
#include "item/value.h"

enum { SHAPE_DEPTH_MAX = 12 };

struct given_integer {
    bool given;
    int64_t value;
};

struct given_double {
    bool given;
    double value;
};

struct given_boolean {
    bool given;
    bool value;
};

/* One attribute value that stands outside of an item. */
struct in_AttributeValue {
    struct value value;
    str fault;           /* what is wrong with it; absent when fine, and then `value` may be used */
    bool fault_of_a_set; /* it is a set that is empty or holds a member twice */
};

#define TYPE_OF_STRING(shape) str
#define TYPE_OF_INTEGER(shape) struct given_integer
#define TYPE_OF_LONG(shape) struct given_integer
#define TYPE_OF_DOUBLE(shape) struct given_double
#define TYPE_OF_TIMESTAMP(shape) struct given_double
#define TYPE_OF_BOOLEAN(shape) struct given_boolean
#define TYPE_OF_STRUCT(shape) const struct in_##shape *
#define TYPE_OF_LIST(shape) const struct in_##shape *
#define TYPE_OF_MAP(shape) const struct in_##shape *
#define TYPE_OF_ITEM(shape) const struct item *
#define TYPE_OF_VALUE(shape) const struct in_AttributeValue *

/* clang-format off */
#define STRUCT(name) struct in_##name {
#define NARROW_MEMBER(owner, name, need, kind, type, shape) TYPE_OF_##kind(type) name;
#define MEMBER(owner, name, need, kind, shape) TYPE_OF_##kind(shape) name;
#define END(name) };
#define LIST(name, kind, element, min, max)                                                        \
    struct in_##name { size_t count; TYPE_OF_##kind(element) *at; };
#define MAP(name, key, kind, element, min, max)                                                    \
    struct in_##name { size_t count; str *keys; TYPE_OF_##kind(element) *at; };
#include "api/shapes.def"
/* clang-format on */

/* SHAPE_GetItemInput, SHAPE_TableArn, … */
enum shape_id {
#define STRUCT(name) SHAPE_##name,
#define LIST(name, kind, element, min, max) SHAPE_##name,
#define MAP(name, key, kind, element, min, max) SHAPE_##name,
#define ITEM(name) SHAPE_##name,
#define VALUE(name) SHAPE_##name,
#define STRING(name, min, max, pattern) SHAPE_##name,
#define TABLE_NAME(name, min, max, pattern) SHAPE_##name,
#define ENUM(name, values) SHAPE_##name,
#define INTEGER(name, min, max) SHAPE_##name,
#define LONG(name, min, max) SHAPE_##name,
#define DOUBLE(name, min, max) SHAPE_##name,
#define TIMESTAMP(name) SHAPE_##name,
#define BOOLEAN(name) SHAPE_##name,
#include "api/shapes.def"
    SHAPE_COUNT
};

enum model_service { SERVICE_DDB, SERVICE_STREAMS };

struct model_operation {
    str name;
    enum model_service service;
    enum shape_id input;
};

enum {
#define OPERATION(service, name, input) MODEL_OPERATION_##name,
#include "api/shapes.def"
    MODEL_OPERATION_COUNT
};

/* All operations of the model, sorted by name. */
extern const struct model_operation model_operations[MODEL_OPERATION_COUNT];
/* NULL when there is none of that name. */
const struct model_operation *model_operation_find(str name);
