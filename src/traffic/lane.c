#include "traffic/lane.h"

#include "base/check.h"

#include <stdlib.h>

#define MINUTE_US (60 * INT64_C(1000000))
#define WINDOW_US (30 * MINUTE_US)

void lane_done(struct lane *lane) {
    free(lane->partitions);
    *lane = (struct lane){};
}

/* Up to a limit of our arithmetic, far beyond what anybody can use. */
static int64_t bounded(int64_t units) {
    return units < 0 ? 0 : units > BUCKET_RATE_MAX ? BUCKET_RATE_MAX : units;
}

static int64_t quota(const struct lane_settings *settings) {
    return settings->start > LANE_QUOTA_UNITS ? bounded(settings->start) : LANE_QUOTA_UNITS;
}

static void begin(struct lane *lane, const struct lane_settings *settings, int64_t now_us) {
    struct bucket *partitions = lane->partitions;
    size_t partition_count = lane->partition_count;
    int64_t rate = settings->on_demand ? bounded(settings->start) : bounded(settings->units);
    *lane = (struct lane){.begun = true,
                          .rate = rate,
                          .grown = rate,
                          .window_us = now_us,
                          .minute_us = now_us,
                          .partitions = partitions,
                          .partition_count = partition_count};
    lane->total = bucket_since(rate, BUCKET_BURST_US, settings->since_us, now_us);
    lane->maximum = bucket_since(bounded(settings->maximum), BUCKET_SECOND_US, now_us, now_us);
    lane->account = bucket_since(quota(settings), BUCKET_SECOND_US, now_us, now_us);
}

/* Whether a span has passed; a clock that went back begins it anew. */
static bool passed(int64_t since_us, int64_t span_us, int64_t now_us) {
    return now_us - since_us >= span_us || since_us - now_us > BUCKET_LATE_US;
}

static void grow(struct lane *lane, const struct lane_settings *settings, int64_t now_us) {
    if (lane->grown < bounded(settings->start))
        lane->grown = bounded(settings->start);
    if (passed(lane->minute_us, MINUTE_US, now_us)) {
        int64_t used = lane->minute_used / MINUTE_US;
        lane->peak = used > lane->peak ? used : lane->peak;
        lane->minute_us = now_us;
        lane->minute_used = 0;
    }
    if (passed(lane->window_us, WINDOW_US, now_us)) {
        int64_t twice = 2 * lane->peak < quota(settings) ? 2 * lane->peak : quota(settings);
        lane->grown = twice > lane->grown ? twice : lane->grown;
        lane->window_us = now_us;
        lane->peak = 0;
    }
}

int64_t lane_set(struct lane *lane, const struct lane_settings *settings, int64_t now_us) {
    if (!lane->begun)
        begin(lane, settings, now_us);
    bucket_flow(&lane->total, lane->rate, BUCKET_BURST_US, now_us); /* until now, as it was */
    grow(lane, settings, now_us); /* provisioned ones, too: they may become on demand */
    lane->rate = settings->on_demand ? lane->grown : bounded(settings->units);
    bucket_flow(&lane->total, lane->rate, BUCKET_BURST_US, now_us);
    bucket_flow(&lane->maximum, bounded(settings->maximum), BUCKET_SECOND_US, now_us);
    bucket_flow(&lane->account, quota(settings), BUCKET_SECOND_US, now_us);
    return lane->rate;
}

void lane_split(struct lane *lane, const struct lane_settings *settings, size_t count,
                int64_t now_us) {
    if (count > LANE_PARTITIONS_MAX)
        count = LANE_PARTITIONS_MAX;
    if (count <= lane->partition_count)
        return;
    struct bucket *partitions = calloc(count, sizeof *partitions);
    CHECK(partitions != NULL);
    for (size_t i = 0; i < count; i++)
        partitions[i] = bucket_since(settings->partition_units, BUCKET_SECOND_US, now_us, now_us);
    free(lane->partitions);
    lane->partitions = partitions;
    lane->partition_count = count;
}

static struct bucket *partition_at(struct lane *lane, struct lane_place place) {
    if (!place.known || lane->partition_count == 0)
        return NULL;
    return &lane->partitions[(uint64_t)place.hash * lane->partition_count >> 32];
}

unsigned lane_refusals(struct lane *lane, const struct lane_settings *settings,
                       struct lane_place place, int64_t promised, int64_t now_us) {
    unsigned refusals = 0;
    struct bucket *partition = partition_at(lane, place);
    if (partition != NULL)
        bucket_flow(partition, settings->partition_units, BUCKET_SECOND_US, now_us);
    if (!bucket_gives(&lane->total, promised))
        refusals |= 1u << (settings->on_demand ? LIMIT_KEY_RANGE : LIMIT_PROVISIONED);
    if (partition != NULL && !bucket_gives(partition, 0))
        refusals |= 1u << LIMIT_KEY_RANGE;
    if (!settings->on_demand)
        return refusals;
    if (settings->maximum > 0 && !bucket_gives(&lane->maximum, promised))
        refusals |= 1u << LIMIT_MAX_ON_DEMAND;
    if (!bucket_gives(&lane->account, promised))
        refusals |= 1u << LIMIT_ACCOUNT;
    return refusals;
}

void lane_use(struct lane *lane, const struct lane_settings *settings, struct lane_place place,
              int64_t micro_units, int64_t now_us) {
    struct bucket *partition = partition_at(lane, place);
    bucket_take(&lane->total, lane->rate, micro_units);
    bucket_take(&lane->maximum, bounded(settings->maximum), micro_units);
    bucket_take(&lane->account, quota(settings), micro_units);
    lane->minute_used += micro_units;
    if (partition == NULL)
        return;
    bucket_flow(partition, settings->partition_units, BUCKET_SECOND_US, now_us);
    bucket_take(partition, settings->partition_units, micro_units);
}
