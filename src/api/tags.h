/* tags.h - names that users give to tables.
 *
 * Purpose:   what a tag may be, whose tags an ARN means, and changing them.
 * Ownership: none; what a table keeps is copied to its arena.
 * Threads:   one at a time.
 * Errors:    ValidationException, ResourceNotFoundException.
 * Limits:    TAGS_MAX tags a table; keys of 1-128 and values of 0-256 characters (shapes.def).
 */
#pragma once

#include "api/request.h"

enum { TAGS_MAX = 50 };

/* What can be said without the table; NULL is no tags. */
status tags_check(struct scope *scope, const struct in_TagList *tags);

/* The table; `missing` is the text when there is none. */
status tags_table(struct request *request, str arn, str missing, const struct table **out);
str tags_missing(struct request *request, str arn);

/* Puts `count` tags in the place of the table's. */
status tags_replace(struct request *request, const struct table *table, const struct tag *tags,
                    size_t count);
