/* stream_read.h - reading a shard from a position on.
 *
 * Purpose:   GetShardIterator and GetRecords without their JSON.
 * Ownership: results live in scope->arena.
 * Threads:   any; ST_WOULD_WAIT on a loop for what takes long or has to read from disk.
 * Errors:    ValidationException for iterators and sequence numbers that are not ours or not the
 *            shard's, ResourceNotFoundException, ExpiredIteratorException,
 *            TrimmedDataAccessException; of the engine.
 * Limits:    1,000 records or about 1 MB a page.
 *
 * Nothing is skipped, and nothing comes twice. Stamps are given in the order in which updates are
 * accepted, which is the order of their commits, and a read sees committed state only: so whatever
 * commits later has a greater stamp than all that a read saw, and a position behind the last record
 * that was seen is in front of all that come. For the same reason LATEST is the position behind the
 * last record there is. A shard's end is looked up before its records are: what is closed then does
 * not grow any more, so a page that reaches the end has all of it.
 */
#pragma once

#include "stream/stream.h"
#include "stream/stream_text.h"

enum { STREAM_RECORDS_MAX = 1000 };

enum iterator_kind { AT_TRIM_HORIZON, AT_LATEST, AT_SEQUENCE_NUMBER, AFTER_SEQUENCE_NUMBER };

/* `sequence_number` is read for the last two kinds. */
status stream_iterator_make(struct database *database, struct scope *scope,
                            const struct stream *stream, str shard_id, enum iterator_kind kind,
                            str sequence_number, str *out_iterator);

struct record_page {
    struct stream stream;
    uint32_t shard;
    struct log_record *records;
    size_t count;
    str next; /* iterator; absent behind the last record of a closed shard */
};

status stream_read(struct database *database, struct scope *scope, str iterator, size_t limit,
                   struct record_page *out);

/* Decodes what was scanned of a shard; out->records only. What is over about 1 MB of images is left
 * for a next page: then page->more is set. */
status stream_records_decode(struct database *database, struct scope *scope, struct kv_page *page,
                             struct record_page *out);

/* Of a shard: its first number, and, once it is closed, its last. Its records lie between. */
static inline struct log_position shard_start(const struct log_shard *shard) {
    return (struct log_position){shard->first_stamp, 1}; /* behind the end of its parent */
}
static inline struct log_position shard_end(const struct log_shard *shard) {
    return (struct log_position){shard->end_stamp, 0};
}
