/* stream_text.h - the texts by which clients know streams, shards and records.
 *
 * Purpose:   labels, ARNs, shard ids, sequence numbers and shard iterators, both ways.
 * Ownership: written to the arena given; what is read borrows from the text.
 * Threads:   any.
 * Errors:    readers answer false for anything but what their writer writes.
 * Limits:    the model's: shard ids 28-65 characters, sequence numbers 21-40, iterators 2,048.
 *
 *   label            2026-11-22T13:37:46.123
 *   ARN              <table's ARN>/stream/<label>
 *   shard id         shardId-00000001795354666123-00000004: when it opened in ms, its number in hex
 *   sequence number  1<stamp, 20 digits><place in its update, 5 digits>: of one width, so that
 *                    order as text is order as numbers, and both are the order of commits
 *   iterator         <stream's ARN>|1|<base64>; bytes: 00 version (1), 01 flags: 01 trim horizon,
 *                    02 log id (4), 06 shard (4), 10 stamp (8), 18 place (2), 20 when it was
 *                    issued, µs (8), 28 XXH3 over all before it, the ARN too (8)
 */
#pragma once

#include "table/change_log.h"

enum { SEQUENCE_NUMBER_CHARS = 26, ITERATOR_BYTES = 36 };

str stream_label_write(struct arena *arena, int64_t created_us);
bool stream_label_read(str label, int64_t *out_created_us);

str stream_arn_write(struct arena *arena, const struct database *database, str table_name,
                     str label);
struct stream_arn {
    str account; /* "arn:aws:dynamodb:region:account" */
    str table_name, label;
};
/* Whether it has the form of one, of any account. */
bool stream_arn_read(str arn, struct stream_arn *out);

str shard_id_write(struct arena *arena, const struct log_shard *shard);
bool shard_id_read(str id, uint32_t *out_number, int64_t *out_opened_ms);

str sequence_number_write(struct arena *arena, struct log_position position);
bool sequence_number_read(str number, struct log_position *out);

/* Where the next record of a shard is looked for. */
struct shard_iterator {
    str stream_arn;
    uint32_t log_id, shard;
    bool trim_horizon; /* at the oldest record that is kept, whichever that is by then */
    struct log_position position;
    int64_t issued_us;
};

/* The hash finds damage. It keeps nobody from making an iterator, who could do nothing with it
 * that GetShardIterator wouldn't do for them: what it names is looked up and checked again. */
str shard_iterator_write(struct arena *arena, const struct shard_iterator *iterator);
bool shard_iterator_read(struct arena *arena, str text, struct shard_iterator *out);
