/* destination.h - what the four operations on streaming destinations share.
 *
 * Purpose:   a table's destinations as they are named, changed and shown.
 * Ownership: what is kept is copied to the changed table's arena.
 * Threads:   one at a time.
 * Errors:    ValidationException, ResourceInUseException, ResourceNotFoundException.
 * Limits:    one destination a table at a time; DESTINATIONS_MAX are described.
 */
#pragma once

#include "api/request.h"

/* The table that is named, and may be changed now. */
status destination_table(struct request *request, str name, const struct table **out);
/* Of that stream; NULL: none. */
const struct destination *destination_of(const struct table *table, str stream_arn);
/* The one that is not switched off; NULL: none. */
const struct destination *destination_open(const struct table *table);

/* In `changed`, a copy of a table: puts `destination` in the place of the one with its stream. */
void destination_set(struct table *changed, const struct destination *destination);

/* UPDATING and ENABLING are shown for as long as other changes of tables are. */
str destination_status_name(struct request *request, const struct destination *destination);
str destination_precision_name(const struct destination *destination);
/* TableName, StreamArn and a status that has just been begun. */
void destination_reply(struct request *request, const struct table *table, str stream_arn,
                       str status_name);
/* `member`: { the precision }. */
void destination_reply_precision(struct request *request, str member,
                                 const struct destination *destination);
