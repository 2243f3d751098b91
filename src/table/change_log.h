/* change_log.h - the logs that a table's changes are written to: what lies where, in which form.
 *
 * Purpose:   descriptions of logs, marks of shards and records, and the one place where they begin
 *            and end. Streams and streaming destinations read them (stream/).
 * Ownership: what is decoded borrows from the stored bytes, or lives in the arena given.
 * Threads:   any.
 * Errors:    ST_CORRUPT, ST_NEWER for bytes that do not decode.
 * Limits:    CHANGE_SHARDS_MAX open shards a log. Images that do not fit one value are stored
 * apart.
 *
 *   06 kind (1) table name 00 created in µs (8)        description of a log: 01 stream,
 *                                                      03 streaming destination
 *   06 02 log id (4) shard (4) what (1) stamp (8)      mark of a shard: 01 opened, 02 closed
 *   05 log id (4) shard (4) stamp (8) at (2) part (1)  record of the change `at` of an update;
 *                                                      part 01: its old image, when apart
 *
 * A log outlives its table's interest in it, and the table. Only holders of the table's catalogue
 * key put descriptions and marks; descriptions of closed logs, and closed shards, are dropped by
 * the one thread that trims streams.
 *
 * Stamps are given in the order of commits. A shard's marks are put by the same update that changes
 * the table's description, and a write that relied on the old description comes before that update
 * or runs again: so the stamps of a shard's records all lie between those of its marks.
 *
 * Description: 00 format version (1), 01 view, 02 log id (4), 06 when it was closed, µs (8; 0:
 *              open), 14 hash parts, 15 range parts, then each: kind (1), varint, name
 * Mark:        00 format version (1), 01 time, µs (8), and when opened 09 the parent's number (4),
 *              13 when that was opened, µs (8): it is part of its id, and may be gone
 * Record:      00 format version (1), 01 event, 02 cause, 03 which images, 04 time, µs (8), then
 *              those images: length (4), stored bytes of an item. An old image that shares members
 *              with the new one can be a difference: length (4), a bit for each member of the new
 *              one (lowest first) that is the old one's, too; then an item of the other members
 */
#pragma once

#include "item/scope.h"
#include "kv/kv.h"
#include "table/database.h"
#include "table/table.h"

enum {
    CHANGE_LOG_NEW = UINT32_MAX, /* an id that asks for a log to begin */
    CHANGE_SHARDS_MAX = 64,
};
static const uint32_t no_shard = UINT32_MAX;

/* Stored. */
enum log_kind { LOG_OF_STREAM = 0x01, LOG_OF_DESTINATION = 0x03 };
enum log_event { LOG_INSERT = 1, LOG_MODIFY = 2, LOG_REMOVE = 3 };
enum log_cause { LOG_BY_USER = 0, LOG_BY_EXPIRY = 1 };
enum log_image {
    IMAGE_KEYS = 1,
    IMAGE_AFTER = 2,
    IMAGE_BEFORE = 4,
    IMAGE_BEFORE_APART = 8,
    IMAGE_DIFFERENCE = 16
};

/* ---- descriptions ---- */

struct log_description {
    str table_name;
    int64_t created_us, closed_us; /* closed_us 0: open */
    uint32_t id;
    enum log_kind kind;
    enum stream_view view;
    struct key_schema key;
};

/* The key of a table's log; an absent name: what all of the kind begin with. */
str log_description_key(struct arena *arena, enum log_kind kind, str table_name,
                        int64_t created_us);
str log_description_encode(struct arena *arena, const struct log_description *log);
status log_description_decode(str key, str value, struct log_description *out);

/* ---- shards ---- */

struct log_shard {
    uint32_t log_id, number, parent; /* no_shard: none */
    int64_t opened_us, closed_us;    /* closed_us 0: open */
    int64_t parent_opened_us;
    uint64_t first_stamp, end_stamp; /* of its marks */
};

/* What the marks of a shard, and of all behind it, begin with. */
str log_shard_key(struct arena *arena, uint32_t log_id, uint32_t shard);
/* One shard from its one or two marks, which `pairs` begins with; *out_used are they. */
status log_shard_decode(const kv_pair *pairs, size_t count, struct log_shard *out,
                        size_t *out_used);
status log_shard_find(struct kv *kv, struct arena *arena, uint32_t log_id, uint32_t shard,
                      struct log_shard *out);
/* For trimming and verify: decodes one mark's key. */
bool log_mark_key_decode(str key, uint32_t *out_log_id, uint32_t *out_shard);

/* ---- records ---- */

/* Before or at a record, in the order of commits. */
struct log_position {
    uint64_t stamp;
    uint32_t at; /* up to 65536: behind the last one of its update */
};

struct log_record {
    struct log_position position;
    enum log_event event;
    enum log_cause cause;
    int64_t time_us;
    str keys, after, before; /* stored bytes of items; absent: not recorded */
    bool before_apart;       /* `before` is in the next pair, part 1 */
};

enum {
    RECORD_BYTES = 12, /* of a value, before its images */
    RECORD_KEY_BYTES = 20,
    RECORD_STAMP_AT = 9, /* in its key */
    RECORD_TAIL_AT = 17
};

/* Keys of a shard's records from a position on. */
str log_record_key(struct arena *arena, uint32_t log_id, uint32_t shard,
                   struct log_position position);
status log_record_key_decode(str key, uint32_t *out_log_id, uint32_t *out_shard,
                             struct log_position *out, uint32_t *out_part);
/* An old image that is stored as a difference is made in the arena. */
status log_record_decode(struct arena *arena, str key, str value, struct log_record *out);

/* What `before` has in common with `after`, and the rest of it. False when there is little. */
struct image_difference {
    str shared; /* a bit for each member of `after` */
    str rest;   /* stored bytes of an item */
};
bool image_difference_make(struct arena *arena, str before, str after,
                           struct image_difference *out);
status image_difference_apply(struct arena *arena, str after,
                              const struct image_difference *difference, str *out_before);

/* ---- beginning, rolling over, ending ---- */

/* Gives those logs of `table` that ask for it (CHANGE_LOG_NEW, with a view) all that a log needs.
 * Under the catalogue's lock for changes. */
status change_logs_begin(struct database *database, struct scope *scope, struct table *table);
/* In the update in which `after` takes the place of `before` (NULL: it is created): puts the marks
 * and descriptions that follow from the difference. */
void change_logs_follow(struct kv_txn *txn, struct scope *scope, const struct table *before,
                        const struct table *after);
/* Keys of the descriptions of its logs, which change_logs_close finds. */
size_t change_log_keys(struct arena *arena, const struct table *table, str out_keys[2]);
/* In the update that lets the last writes of a table that goes pass. May run again. */
status change_logs_close(struct kv_txn *txn, struct arena *arena, const struct table *table,
                         int64_t now_us);
