/* shape_int.h - descriptors of shapes, and the checks that reading and telling share.
 *
 * Purpose:   what shapes.def says, as data: a shape says how a slot (a member's place in a struct,
 *            an element's in a list) is read, checked and printed.
 * Ownership: constant tables.
 * Threads:   any.
 * Errors:    none.
 * Limits:    shapes.h's.
 */
#pragma once

#include "api/shapes.h"
#include "item/scope.h"

enum shape_kind {
    KIND_STRING,
    KIND_INTEGER,
    KIND_LONG,
    KIND_DOUBLE,
    KIND_TIMESTAMP,
    KIND_BOOLEAN,
    KIND_STRUCT,
    KIND_LIST,
    KIND_MAP,
    KIND_ITEM,
    KIND_VALUE,
};

enum shape_need {
    NEED_OPTIONAL,
    NEED_REQUIRED,
    NEED_FIRST,       /* required; a missing or misfit one is told alone, before all violations */
    NEED_UNLESS_COPY, /* required, unless GlobalTableSourceArn says where the table comes from */
};

enum pattern_id {
#define PATTERN(name, text) PATTERN_##name,
#include "api/shapes.def"
    PATTERN_COUNT
};

#define NO_MIN INT64_MIN
#define NO_MAX INT64_MAX

struct shape {
    str name; /* the model's */
    uint8_t kind;
    uint8_t pattern;
    bool is_table_name;    /* an ARN is as good as a name */
    uint16_t first_member; /* of a structure, in shape_members */
    uint16_t member_count;
    uint16_t key, element; /* of a map or list: shape ids */
    uint32_t size;         /* of a structure's C struct */
    int64_t min, max;      /* of a number; of a string's, list's or map's length */
    str values;            /* of an enumeration: as the service prints them, "A, B, C" */
};

struct shape_member {
    str name;
    uint16_t offset;
    uint16_t shape;
    uint8_t need;
};

/* What all in_XList and in_XMap look like. */
struct any_list {
    size_t count;
    void *at;
};

struct any_map {
    size_t count;
    str *keys;
    void *at;
};

extern const struct shape shapes[SHAPE_COUNT];
extern const struct shape_member shape_members[];
extern const str shape_patterns[PATTERN_COUNT];

/* Bytes of a slot that holds a value of this kind. */
size_t shape_slot_size(enum shape_kind kind);
/* Whether the slot holds nothing: what was not sent, or sent as null. */
bool shape_is_absent(enum shape_kind kind, const void *slot);
/* Whether this member of `in` is absent and must not be. */
bool shape_is_missing(const struct shape_member *member, const void *in);

/* Which constraints a value that is there breaks; bits in the order in which they are told. */
enum {
    BREAKS_ENUM = 1,
    BREAKS_PATTERN = 2,
    BREAKS_MIN = 4,
    BREAKS_MAX = 8,
};
unsigned shape_check_string(const struct shape *shape, str value);
/* Of any kind, without looking inside. */
unsigned shape_check(const struct shape *shape, const void *slot);
bool shape_is_arn(str table_name);

/* The ValidationException that says how `in` breaks the constraints of its shape; ST_OK when it
 * breaks none. */
status shape_tell_violations(struct scope *scope, const struct shape *shape, const void *in);
