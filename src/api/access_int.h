/* access_int.h - one action on one resource, and what of the request it is about.
 *
 * Purpose:   what access_check.c finds in a request and access_context.c describes.
 * Ownership: borrows from the request.
 * Threads:   one at a time.
 * Errors:    none.
 * Limits:    none of its own.
 */
#pragma once

#include "api/access.h"
#include "api/shape_int.h"
#include "iam/access.h"

struct access_ask {
    str action;
    str table_name; /* absent: the action is not on a table */
    str index_name; /* absent: the table itself */
    str stream_arn; /* absent: no stream */
    str enclosing;  /* operation of which this is one element; absent: it stands alone */
    /* The part of the input with keys, items and expressions: a structure, or a list of them. */
    enum shape_id shape;
    const void *in;
    const struct statement *statement; /* instead of that part */
    const struct table *table;         /* NULL: there is none of that name */
};

/* Fills in what the policies ask of the request. */
void access_context_fill(struct request *request, const struct access_ask *ask, context_set asks,
                         struct access_context *context);

/* What a structure's member holds; NULL when it has no such member, or that is absent. */
const void *access_member(const struct shape *shape, const void *in, str name);
/* The same for texts. */
str access_text(const struct shape *shape, const void *in, str name);
