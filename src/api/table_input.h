/* table_input.h - from CreateTable's input to a table's description.
 *
 * Purpose:   all checks between its members, in the service's order and words.
 * Ownership: what is kept is copied to the table's arena.
 * Threads:   one at a time.
 * Errors:    ValidationException, LimitExceededException.
 * Limits:    the service's: 20 global and 5 local indexes, 100 projected names, 50 tags.
 */
#pragma once

#include "api/request.h"

/* Everything that can be said without looking at the catalogue. */
status table_input_check(struct request *request, const struct in_CreateTableInput *in);
/* Fills an empty table from an input that was checked; checks what depends on what it fills in. */
status table_input_fill(struct request *request, const struct in_CreateTableInput *in,
                        struct table *table);
