/* delivery_cursor.h - how far a change log has been delivered.
 *
 * Purpose:   the stored form of what stream/delivery.h goes on from.
 * Ownership: what is encoded lives in the arena given.
 * Threads:   any.
 * Errors:    ST_CORRUPT, ST_NEWER for bytes that do not decode.
 * Limits:    CHANGE_SHARDS_MAX lanes.
 *
 *   0a log id (4): 00 format version (1), 01 lanes (1), then for each: shard (4), stamp (8), at (4)
 */
#pragma once

#include "table/change_log.h"

struct delivery_lane {
    uint32_t shard;
    struct log_position position; /* of the next record */
};

struct delivery {
    uint32_t log_id, lane_count;
    struct delivery_lane lanes[CHANGE_SHARDS_MAX];
};

str delivery_key(struct arena *arena, uint32_t log_id);
str delivery_encode(struct arena *arena, const struct delivery *delivery);
status delivery_decode(str key, str value, struct delivery *out);
