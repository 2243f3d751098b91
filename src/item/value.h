/* value.h - the tree form of an attribute value: what was parsed, and what an update changes.
 *
 * Purpose:   one of the two shapes of data (the other is stored bytes, item_view.h).
 * Ownership: all of a tree lives in one arena; strings may be slices of the request body.
 * Threads:   one at a time.
 * Errors:    none here.
 * Limits:    nesting VALUE_DEPTH_MAX (an item is one level, each list or map in it one more),
 *            attribute names VALUE_NAME_BYTES_MAX.
 */
#pragma once

#include "base/str.h"

/* The order is that of the tag bytes in the stored form: never renumber. */
enum value_kind {
    VALUE_NONE = 0, /* no value: an absent member, a removed attribute */
    VALUE_STRING = 1,
    VALUE_NUMBER = 2,
    VALUE_BINARY = 3,
    VALUE_BOOL = 4,
    VALUE_NULL = 5,
    VALUE_LIST = 6,
    VALUE_MAP = 7,
    VALUE_STRING_SET = 8,
    VALUE_NUMBER_SET = 9,
    VALUE_BINARY_SET = 10,
};

enum { VALUE_DEPTH_MAX = 32, VALUE_NAME_BYTES_MAX = 65535 };

struct attribute;

struct value {
    enum value_kind kind;
    uint32_t count; /* of elements, members or set members */
    union {
        /* string: UTF-8; binary: decoded bytes; number: its encoding (item/number.h) */
        str bytes;
        bool boolean;
        struct value *list;
        struct attribute *map; /* in any order; names are distinct */
        str *set;              /* members, each as `bytes` above; in any order; distinct */
    };
};

struct attribute {
    str name;
    struct value value;
};

/* An item is a map; so is a key. */
struct item {
    struct attribute *attributes;
    size_t count;
    /* The first thing wrong inside that is not a matter of JSON types (an empty set, a bad number,
     * two type tags): read by item_check at its place in the order of checks. Absent when fine. */
    str fault;
    str fault_name;      /* the attribute in which it was found */
    bool fault_of_a_set; /* it is a set that is empty or holds a member twice */
};

/* NULL when absent. */
const struct value *item_find(const struct item *item, str name);

static inline bool value_kind_is_set(enum value_kind kind) {
    return kind >= VALUE_STRING_SET;
}

/* "S", "N", "B", "BOOL", "NULL", "L", "M", "SS", "NS", "BS" */
str value_kind_name(enum value_kind kind);
/* VALUE_NONE when it is no such name. */
enum value_kind value_kind_from_name(str name);
