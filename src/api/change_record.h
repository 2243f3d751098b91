/* change_record.h - a record of a change as clients of streams see it.
 *
 * Purpose:   what GetRecords and streaming destinations have in common, and the document that the
 *            latter send.
 * Ownership: in the arena given.
 * Threads:   one at a time.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#include "api/reply.h"
#include "table/change_log.h"

/* "INSERT", "MODIFY", "REMOVE" */
str change_event_name(enum log_event event);
/* Two hashes of where it lies: the same whenever and by whomever it is read. */
str change_event_id(struct arena *arena, uint32_t log_id, uint32_t shard,
                    struct log_position position);
/* Keys, NewImage and OldImage as members; answers the record's SizeBytes. */
size_t change_reply_images(struct reply *reply, const struct key_schema *key,
                           const struct log_record *record);

struct change_source {
    str region, table_name;
    const struct key_schema *key;
    uint32_t log_id, shard;
    bool microseconds;
};
/* The JSON that a streaming destination gets. */
str change_document(struct arena *arena, const struct change_source *source,
                    const struct log_record *record);
/* One for each item: 16 hexadecimal digits. */
void change_partition_key(const struct key_schema *key, const struct log_record *record,
                          struct arena *arena, char out[16]);
