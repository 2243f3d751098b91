/* shape_read.h - the body of a request → the typed input of its operation, checked.
 *
 * Purpose:   one pass over the text by the descriptors of shapes.def; operations get values that
 *            keep to every constraint of the model.
 * Ownership: the input lives in scope->arena and borrows from `body`.
 * Threads:   any.
 * Errors:    ST_FAILED. SerializationException at the first value of a wrong JSON type, or when
 *            the body is no JSON object (then without a text). ValidationException that tells all
 *            broken constraints, VIOLATIONS_TOLD_MAX at most. Faults inside attribute values stay
 *            with them, for item_check.
 * Limits:    SHAPE_PIECES_MAX structures, list elements and map entries (what AttributeValues hold
 *            is not counted here); a value is told in at most VALUE_TOLD_MAX bytes.
 *
 * Null is absent, members the model does not know are skipped, of a repeated one the last counts.
 * A null element or map value is a violation, "Member must not be null".
 *
 * Table names: the service takes an ARN wherever it takes a name. What starts with "arn:" may have
 * 1024 characters and is judged by whoever resolves it; anything else keeps to the limits of names
 * (3 to 255 of a-zA-Z0-9_.-), although the model, which knows one type for both, would leave that
 * to the look-up. CreateTable, DeleteTable, DescribeTable, UpdateTable and the two operations on
 * time-to-live tell a missing name, or one of a wrong length, alone and in other words; so do the
 * operations on tags with a missing ARN.
 */
#pragma once

#include "api/shapes.h"
#include "item/scope.h"

enum {
    VIOLATIONS_TOLD_MAX = 10,
    VALUE_TOLD_MAX = 64 * 1024,
    SHAPE_PIECES_MAX = 100000,
};

/* `input` is a structure's shape; *out is then a struct in_<name> *. */
status shape_read(struct scope *scope, enum shape_id input, str body, void **out);
