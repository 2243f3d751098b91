/* stream_upkeep.h - what happens to streams while nobody asks for anything.
 *
 * Purpose:   shards roll over, and what is older than the retention time goes.
 * Ownership: nothing kept.
 * Threads:   one thread for each of the two, that may wait.
 * Errors:    of the engine; both are simply done again.
 * Limits:    a call does a bounded part: UPKEEP_PART tables, or shards of one log.
 *
 * The service replaces a shard after some hours whether it was written to or not, and so do we: a
 * consumer that was never shown a closed shard would be no tested consumer.
 */
#pragma once

#include "table/database.h"

enum { UPKEEP_PART = 64 };

/* Replaces the open shards of each log that has had them for stream_shard_us by as many children.
 * *out_more: it stopped at its limit. */
status streams_roll(struct database *database, int64_t now_us, bool *out_more);

/* Drops closed shards, and closed logs, of which nothing can be seen any more. */
status streams_trim(struct database *database, int64_t now_us);
