/* delivery.h - reading a change log from end to end, and remembering how far.
 *
 * Purpose:   what is sent elsewhere is read in the order in which it must arrive, and goes on
 *            after a restart where it was.
 * Ownership: results live in scope->arena.
 * Threads:   one at a time for each log, that may wait.
 * Errors:    of the engine.
 * Limits:    CHANGE_SHARDS_MAX lanes.
 *
 * All open shards of a log are replaced at once, by a child each, so shards number n, n + count,
 * n + 2 count ... are one line from parent to child: a lane. A key stays in its lane; reading each
 * lane in its order is reading parents before children.
 */
#pragma once

#include "stream/stream_read.h"
#include "table/delivery_cursor.h"

/* From where it was left, or the beginning of the log. */
status delivery_open(struct database *database, struct scope *scope, uint32_t log_id,
                     uint32_t lane_count, struct delivery *out);
/* Durable when it returns. */
status delivery_save(struct database *database, struct scope *scope,
                     const struct delivery *delivery);

enum lane_state {
    LANE_MORE,  /* there is more behind these records now */
    LANE_AWAIT, /* not now, but there may be later */
    LANE_ENDED  /* never: the log is closed */
};
struct lane_page {
    uint32_t shard; /* that all of the records are of */
    struct log_record *records;
    size_t count;
    enum lane_state state; /* behind all of the records */
    struct delivery_lane next;
};
/* The next records of a lane, `limit` at most; it does not move by itself. Shards that were trimmed
 * are skipped. */
status delivery_read(struct database *database, struct scope *scope,
                     const struct delivery *delivery, size_t lane, size_t limit,
                     struct lane_page *out);
