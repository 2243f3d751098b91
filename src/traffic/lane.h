/* lane.h - the limits on the reads, or the writes, of one table or index.
 *
 * Purpose:   which limits stand against one more visit, and what a visit takes from them.
 * Ownership: the caller's struct; the buckets of partitions are on the heap until lane_done.
 * Threads:   one at a time.
 * Errors:    none.
 * Limits:    LANE_PARTITIONS_MAX partitions; above that a bucket stands for several.
 *
 * Provisioned: the units of the settings, with 300 s of burst. On demand: what the table has grown
 * to, with the same burst; it grows every half hour to twice the busiest minute seen, up to the
 * account's quota for a table. A partition gives its 3,000 read or 1,000 write units a second
 * whatever share of the table's total that is (one that is hot borrows from the others at once, as
 * long as the total lasts), and no burst beyond a second: that is the machine's limit. Neither have
 * ceilings: MaxOnDemandThroughput and the quota.
 */
#pragma once

#include "traffic/bucket.h"

#include <stddef.h>

enum lane_limit {
    LIMIT_PROVISIONED,
    LIMIT_ACCOUNT,
    LIMIT_KEY_RANGE,
    LIMIT_MAX_ON_DEMAND,
    LANE_LIMIT_COUNT
};

enum {
    LANE_PARTITIONS_MAX = 1024,
    LANE_QUOTA_UNITS = 40000, /* of one table on demand, reads and writes each */
    LANE_READ_UNITS_START = 12000,
    LANE_WRITE_UNITS_START = 4000,
    PARTITION_READ_UNITS = 3000,
    PARTITION_WRITE_UNITS = 1000,
};

/* What the description says now. */
struct lane_settings {
    bool on_demand;
    int64_t units;           /* provisioned */
    int64_t maximum;         /* on demand; 0: none */
    int64_t start;           /* on demand: what it gives from its first second on */
    int64_t partition_units; /* PARTITION_READ_UNITS or PARTITION_WRITE_UNITS */
    int64_t since_us;        /* unused capacity counts from here on */
};

struct lane {
    bool begun;
    int64_t rate; /* of `total`, as last set */
    struct bucket total, maximum, account;
    int64_t grown; /* on demand, units a second */
    int64_t window_us, minute_us;
    int64_t minute_used, peak; /* micro-units; units a second in the busiest minute */
    struct bucket *partitions;
    size_t partition_count;
};

/* Where in the range of hashes something lies; a scan lies nowhere. */
struct lane_place {
    bool known;
    uint32_t hash;
};

void lane_done(struct lane *lane);

/* Takes settings and time into account: before the two below. Answers units a second. */
int64_t lane_set(struct lane *lane, const struct lane_settings *settings, int64_t now_us);
/* The table's parts are `count` at least; partitions are never merged. */
void lane_split(struct lane *lane, const struct lane_settings *settings, size_t count,
                int64_t now_us);

/* The limits that refuse a visit, 1u << enum lane_limit each; 0: it is admitted. `promised`
 * micro-units go to visits that were admitted before it. */
unsigned lane_refusals(struct lane *lane, const struct lane_settings *settings,
                       struct lane_place place, int64_t promised, int64_t now_us);
void lane_use(struct lane *lane, const struct lane_settings *settings, struct lane_place place,
              int64_t micro_units, int64_t now_us);
