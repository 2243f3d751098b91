/* stream_settings.h - what operations on tables and on streams say about a table's stream.
 *
 * Purpose:   StreamSpecification in CreateTable and UpdateTable and in descriptions; limits of
 *            pages, which the model does not hold.
 * Ownership: nothing kept.
 * Threads:   one at a time.
 * Errors:    ValidationException.
 * Limits:    one stream a table at a time.
 */
#pragma once

#include "api/request.h"

/* Members against each other. `in` may be NULL: not given. */
status stream_settings_check(struct scope *scope, const struct in_StreamSpecification *in);
/* Switches the stream of `changed`, which is a new table or a copy of one, on or off. */
status stream_settings_apply(struct scope *scope, const struct in_StreamSpecification *in,
                             struct table *changed);
/* StreamSpecification, LatestStreamArn, LatestStreamLabel; nothing for a table that never had a
 * stream. */
void stream_settings_reply(struct request *request, const struct table *table);

str stream_view_name(enum stream_view which);

/* Of a page: 1 to `max`, which is also what an absent one means. */
status stream_limit(struct scope *scope, const struct given_integer *limit, size_t max,
                    size_t *out);
