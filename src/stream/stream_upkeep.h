/* stream_upkeep.h - what happens to streams while nobody asks for anything.
 *
 * Purpose:   shards roll over, and what is older than the retention time goes.
 * Ownership: a walk is a plain struct of the caller's.
 * Threads:   one thread for each of the two, that may wait.
 * Errors:    of the engine; both are simply done again.
 * Limits:    a call does a bounded part: UPKEEP_PART tables, or about as many shards.
 *
 * The service replaces a shard after some hours whether it was written to or not, and so do we: a
 * consumer that was never shown a closed shard would be no tested consumer.
 */
#pragma once

#include "table/change_log.h"
#include "table/database.h"

enum { UPKEEP_PART = 64 };

/* Replaces the open shards of each log that has had them for stream_shard_us by as many children.
 * *out_more: it stopped at its limit. */
status streams_roll(struct database *database, int64_t now_us, bool *out_more);

/* Where a walk over all logs is; all zero at first. */
struct stream_trim_walk {
    enum log_kind kind;
    size_t from_len; /* 0: at the kind's beginning */
    char from[512];
};

/* Drops closed shards, and closed logs, of which nothing can be seen any more, of some logs.
 * *out_more: the walk has not been at all of them yet, call again, also after a failure. */
status streams_trim(struct database *database, struct stream_trim_walk *walk, int64_t now_us,
                    bool *out_more);
