/* Limits under a clock of our own: what flows in, what is refused, and by which limit. */
#include "traffic/lane.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

static const int64_t start_us = 1700000000000000;
static const struct lane_place nowhere = {};

static unsigned limit(enum lane_limit which) {
    return 1u << which;
}

static struct lane_settings provisioned(int64_t units, int64_t since_us) {
    return (struct lane_settings){
        .units = units, .partition_units = PARTITION_WRITE_UNITS, .since_us = since_us};
}

static struct lane_settings on_demand(void) {
    return (struct lane_settings){.on_demand = true,
                                  .start = LANE_WRITE_UNITS_START,
                                  .partition_units = PARTITION_WRITE_UNITS,
                                  .since_us = start_us};
}

static unsigned ask(struct lane *lane, const struct lane_settings *settings,
                    struct lane_place place, int64_t now_us) {
    (void)lane_set(lane, settings, now_us);
    return lane_refusals(lane, settings, place, 0, now_us);
}

/* As many visits of one unit as are admitted at one moment; `most` bounds them. */
static int64_t drain(struct lane *lane, const struct lane_settings *settings,
                     struct lane_place place, int64_t most, int64_t now_us) {
    int64_t count = 0;
    for (; count < most && ask(lane, settings, place, now_us) == 0; count++)
        lane_use(lane, settings, place, MICRO_UNITS, now_us);
    return count;
}

static void a_table_that_rested_has_300_seconds_of_its_units(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(10, start_us);
    int64_t now_us = start_us + 3600 * SECOND;
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, now_us), 3000);
    assert_int_equal(ask(&lane, &settings, nowhere, now_us), limit(LIMIT_PROVISIONED));
    lane_done(&lane);
}

static void a_new_table_has_one_second_of_its_units(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(10, start_us);
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us), 10);
    lane_done(&lane);
}

static void units_flow_in_second_by_second(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(10, start_us);
    (void)drain(&lane, &settings, nowhere, 100000, start_us);
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us + SECOND), 10);
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us + 4 * SECOND), 30);
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us + 4 * SECOND + 100000), 1);
    lane_done(&lane);
}

static void one_visit_may_go_into_debt_which_is_then_paid(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(10, start_us);
    assert_int_equal(ask(&lane, &settings, nowhere, start_us), 0);
    lane_use(&lane, &settings, nowhere, 60 * MICRO_UNITS, start_us);
    assert_int_equal(ask(&lane, &settings, nowhere, start_us + 5 * SECOND),
                     limit(LIMIT_PROVISIONED));
    assert_int_equal(ask(&lane, &settings, nowhere, start_us + 5 * SECOND + 1), 0);
    lane_done(&lane);
}

static void no_debt_lasts_longer_than_300_seconds(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(1, start_us);
    (void)lane_set(&lane, &settings, start_us);
    lane_use(&lane, &settings, nowhere, INT64_C(80000) * MICRO_UNITS, start_us);
    assert_int_not_equal(ask(&lane, &settings, nowhere, start_us + 300 * SECOND), 0);
    assert_int_equal(ask(&lane, &settings, nowhere, start_us + 301 * SECOND), 0);
    lane_done(&lane);
}

static void units_that_were_promised_before_are_not_given_twice(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(10, start_us);
    (void)lane_set(&lane, &settings, start_us);
    assert_int_equal(lane_refusals(&lane, &settings, nowhere, 9 * MICRO_UNITS, start_us), 0);
    assert_int_equal(lane_refusals(&lane, &settings, nowhere, 10 * MICRO_UNITS, start_us),
                     limit(LIMIT_PROVISIONED));
    lane_done(&lane);
}

static void a_setting_that_changes_takes_effect_at_once(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(10, start_us);
    (void)drain(&lane, &settings, nowhere, 100000, start_us);
    settings.units = 100;
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us), 0);
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us + SECOND), 100);
    settings.units = 10; /* of what is there no more than its burst is kept */
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us + 1000 * SECOND), 3000);
    lane_done(&lane);
}

static void a_clock_that_jumps_back_neither_gives_nor_takes(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(10, start_us);
    (void)drain(&lane, &settings, nowhere, 100000, start_us);
    assert_int_not_equal(ask(&lane, &settings, nowhere, start_us - 3600 * SECOND), 0);
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us - 3599 * SECOND), 10);
    lane_done(&lane);
}

static void requests_out_of_order_add_nothing(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(10, start_us);
    int64_t now_us = start_us + 10 * SECOND;
    (void)drain(&lane, &settings, nowhere, 100000, now_us);
    for (int i = 0; i < 100; i++) {
        assert_int_not_equal(ask(&lane, &settings, nowhere, now_us - i % 30 * SECOND), 0);
        assert_int_not_equal(ask(&lane, &settings, nowhere, now_us), 0);
    }
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, now_us + SECOND), 10);
    lane_done(&lane);
}

static void a_clock_that_jumps_ahead_fills_no_more_than_a_burst(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(10, start_us);
    (void)drain(&lane, &settings, nowhere, 100000, start_us);
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, INT64_MAX / 2), 3000);
    lane_done(&lane);
}

static void a_partition_gives_its_1000_units_a_second_and_the_others_go_on(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(4000, start_us - 300 * SECOND);
    struct lane_place low = {true, 0}, high = {true, UINT32_MAX};
    (void)lane_set(&lane, &settings, start_us);
    lane_split(&lane, &settings, 4, start_us);
    assert_int_equal(drain(&lane, &settings, low, 100000, start_us), 1000);
    assert_int_equal(ask(&lane, &settings, low, start_us), limit(LIMIT_KEY_RANGE));
    assert_int_equal(ask(&lane, &settings, high, start_us), 0);
    assert_int_equal(ask(&lane, &settings, nowhere, start_us), 0);
    assert_int_equal(drain(&lane, &settings, low, 100000, start_us + 60 * SECOND), 1000);
    lane_done(&lane);
}

static void a_hot_partition_may_have_all_of_a_small_table(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(500, start_us);
    struct lane_place one = {true, 7};
    (void)lane_set(&lane, &settings, start_us);
    lane_split(&lane, &settings, 4, start_us);
    assert_int_equal(drain(&lane, &settings, one, 100000, start_us), 500);
    assert_int_equal(ask(&lane, &settings, one, start_us), limit(LIMIT_PROVISIONED));
    lane_done(&lane);
}

static void partitions_are_never_merged_and_bounded_in_number(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(10, start_us);
    (void)lane_set(&lane, &settings, start_us);
    lane_split(&lane, &settings, 8, start_us);
    lane_split(&lane, &settings, 2, start_us);
    assert_int_equal(lane.partition_count, 8);
    lane_split(&lane, &settings, SIZE_MAX, start_us);
    assert_int_equal(lane.partition_count, LANE_PARTITIONS_MAX);
    assert_int_equal(ask(&lane, &settings, (struct lane_place){true, UINT32_MAX}, start_us), 0);
    lane_done(&lane);
}

static void a_table_on_demand_begins_with_4000_writes(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = on_demand();
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us), 4000);
    assert_int_equal(ask(&lane, &settings, nowhere, start_us), limit(LIMIT_KEY_RANGE));
    lane_done(&lane);
}

static void warm_throughput_is_there_from_the_first_second(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = on_demand();
    settings.start = 12000;
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us), 12000);
    lane_done(&lane);
}

/* A steady load, second by second. */
static int64_t load(struct lane *lane, const struct lane_settings *settings, int64_t units,
                    int64_t seconds, int64_t from_us) {
    for (int64_t at = 0; at < seconds; at++) {
        (void)lane_set(lane, settings, from_us + at * SECOND);
        lane_use(lane, settings, nowhere, units * MICRO_UNITS, from_us + at * SECOND);
    }
    return from_us + seconds * SECOND;
}

static void a_table_on_demand_grows_to_twice_its_peak_each_half_hour(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = on_demand();
    int64_t now_us = load(&lane, &settings, 3500, 1790, start_us);
    assert_int_equal(lane_set(&lane, &settings, now_us), 4000);
    now_us = load(&lane, &settings, 3500, 30, now_us);
    assert_int_equal(lane_set(&lane, &settings, now_us), 7000);
    now_us = load(&lane, &settings, 7000, 1830, now_us);
    assert_int_equal(lane_set(&lane, &settings, now_us), 14000);
    now_us = load(&lane, &settings, 10, 3 * 1830, now_us);
    assert_int_equal(lane_set(&lane, &settings, now_us),
                     14000); /* what it has grown to, it keeps */
    lane_done(&lane);
}

static void growth_ends_at_the_quota_of_a_table(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = on_demand();
    settings.start = 30000;
    int64_t now_us = load(&lane, &settings, 30000, 1830, start_us);
    assert_int_equal(lane_set(&lane, &settings, now_us), LANE_QUOTA_UNITS);
    now_us += 300 * SECOND;
    assert_int_equal(drain(&lane, &settings, nowhere, 1000000, now_us), LANE_QUOTA_UNITS);
    assert_int_equal(ask(&lane, &settings, nowhere, now_us), limit(LIMIT_ACCOUNT));
    lane_done(&lane);
}

static void a_maximum_on_demand_is_held_second_by_second(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = on_demand();
    settings.maximum = 5;
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us), 5);
    assert_int_equal(ask(&lane, &settings, nowhere, start_us), limit(LIMIT_MAX_ON_DEMAND));
    assert_int_equal(drain(&lane, &settings, nowhere, 100000, start_us + MINUTE), 5);
    settings.maximum = 0;
    assert_int_equal(ask(&lane, &settings, nowhere, start_us + MINUTE), 0);
    lane_done(&lane);
}

static void a_table_that_becomes_on_demand_grows_by_its_minutes_not_by_its_age(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(1500, start_us);
    int64_t now_us = start_us;
    for (; now_us < start_us + 60 * MINUTE; now_us += SECOND) {
        (void)lane_set(&lane, &settings, now_us);
        lane_use(&lane, &settings, nowhere, (int64_t)1000 * MICRO_UNITS, now_us);
    }
    settings = on_demand();
    assert_int_equal(lane_set(&lane, &settings, now_us), LANE_WRITE_UNITS_START);
    lane_done(&lane);
}

static void units_beyond_all_use_do_not_overflow(void **state) {
    (void)state;
    struct lane lane = {};
    struct lane_settings settings = provisioned(INT64_MAX, INT64_MIN / 2);
    assert_int_equal(ask(&lane, &settings, nowhere, start_us), 0);
    assert_int_equal(ask(&lane, &settings, nowhere, INT64_MAX / 2), 0);
    lane_use(&lane, &settings, nowhere, INT64_MAX / 4, INT64_MAX / 2);
    assert_int_not_equal(ask(&lane, &settings, nowhere, INT64_MAX / 2), 0);
    lane_done(&lane);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_that_rested_has_300_seconds_of_its_units),
        cmocka_unit_test(a_new_table_has_one_second_of_its_units),
        cmocka_unit_test(units_flow_in_second_by_second),
        cmocka_unit_test(one_visit_may_go_into_debt_which_is_then_paid),
        cmocka_unit_test(no_debt_lasts_longer_than_300_seconds),
        cmocka_unit_test(units_that_were_promised_before_are_not_given_twice),
        cmocka_unit_test(a_setting_that_changes_takes_effect_at_once),
        cmocka_unit_test(a_clock_that_jumps_back_neither_gives_nor_takes),
        cmocka_unit_test(requests_out_of_order_add_nothing),
        cmocka_unit_test(a_clock_that_jumps_ahead_fills_no_more_than_a_burst),
        cmocka_unit_test(a_partition_gives_its_1000_units_a_second_and_the_others_go_on),
        cmocka_unit_test(a_hot_partition_may_have_all_of_a_small_table),
        cmocka_unit_test(partitions_are_never_merged_and_bounded_in_number),
        cmocka_unit_test(a_table_on_demand_begins_with_4000_writes),
        cmocka_unit_test(warm_throughput_is_there_from_the_first_second),
        cmocka_unit_test(a_table_on_demand_grows_to_twice_its_peak_each_half_hour),
        cmocka_unit_test(growth_ends_at_the_quota_of_a_table),
        cmocka_unit_test(a_maximum_on_demand_is_held_second_by_second),
        cmocka_unit_test(a_table_that_becomes_on_demand_grows_by_its_minutes_not_by_its_age),
        cmocka_unit_test(units_beyond_all_use_do_not_overflow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
