/* Capacity may be raised at any time, and lowered four times a (UTC) day at will; from then on an
 * hour must have passed since it was lowered last, which makes 27 a day at most. */
#include "api/table_definition.h"
#include "api/table_update.h"

#include <time.h>

enum { FREE_DECREASES = 4 };
static const int64_t day_us = 86400000000, hour_us = 3600000000;

/* "Thursday, March 19, 2020 3:27:40 PM UTC" */
static str spelled_time(struct arena *arena, int64_t time_us) {
    static const char *const days[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                       "Thursday", "Friday", "Saturday"};
    static const char *const months[] = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    return arena_printf(arena, "%s, %s %d, %d %d:%02d:%02d %s UTC", days[tm.tm_wday],
                        months[tm.tm_mon], tm.tm_mday, tm.tm_year + 1900,
                        (tm.tm_hour + 11) % 12 + 1, tm.tm_min, tm.tm_sec,
                        tm.tm_hour < 12 ? "AM" : "PM");
}

int64_t throughput_decreases_today(const struct throughput *throughput, int64_t now_us) {
    return throughput->decreased_us / day_us == now_us / day_us ? throughput->decreases : 0;
}

static status check_decrease(struct scope *scope, const struct throughput *throughput) {
    int64_t today = throughput_decreases_today(throughput, scope->now_us);
    int64_t next_us = throughput->decreased_us + hour_us;
    if (today < FREE_DECREASES || scope->now_us >= next_us)
        return ST_OK;
    return fail(scope, ERROR_LimitExceededException,
                "Subscriber limit exceeded: Provisioned throughput decreases are limited within a "
                "given UTC day. After the first %d decreases, each subsequent decrease in the same "
                "UTC day can be performed at most once every 3600 seconds. Number of decreases "
                "today: %lld. Last decrease at %.*s. Next decrease can be made at %.*s",
                FREE_DECREASES, (long long)today,
                STR_ARG(spelled_time(scope->arena, throughput->decreased_us)),
                STR_ARG(spelled_time(scope->arena, next_us)));
}

static status unchanged(struct scope *scope, str index, const struct throughput *throughput) {
    str what = index.ptr == NULL ? STR("table") : STR("index");
    str which = index.ptr == NULL ? what : arena_printf(scope->arena, "index %.*s", STR_ARG(index));
    long long reads = (long long)throughput->read_units;
    long long writes = (long long)throughput->write_units;
    return fail_validation(
        scope,
        "The provisioned throughput for the %.*s will not change. The requested value equals the "
        "current value. Current ReadCapacityUnits provisioned for the %.*s: %lld. Requested "
        "ReadCapacityUnits: %lld. Current WriteCapacityUnits provisioned for the %.*s: %lld. "
        "Requested WriteCapacityUnits: %lld. Refer to the Amazon DynamoDB Developer Guide for "
        "current limits and how to request higher limits.",
        STR_ARG(which), STR_ARG(what), reads, reads, STR_ARG(what), writes, writes);
}

status table_update_throughput(struct scope *scope, str index,
                               const struct in_ProvisionedThroughput *asked,
                               struct throughput *throughput) {
    int64_t more_reads = asked->ReadCapacityUnits.value - throughput->read_units;
    int64_t more_writes = asked->WriteCapacityUnits.value - throughput->write_units;
    if (more_reads == 0 && more_writes == 0)
        return unchanged(scope, index, throughput);
    if (more_reads < 0 || more_writes < 0) {
        TRY(check_decrease(scope, throughput));
        throughput->decreases = throughput_decreases_today(throughput, scope->now_us) + 1;
        throughput->decreased_us = scope->now_us;
    }
    if (more_reads > 0 || more_writes > 0)
        throughput->increased_us = scope->now_us;
    throughput->read_units = asked->ReadCapacityUnits.value;
    throughput->write_units = asked->WriteCapacityUnits.value;
    return ST_OK;
}
