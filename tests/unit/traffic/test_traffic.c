/* Tables that are asked for: which settings hold for them, what is counted, what is hot. */
#include "base/bytes.h"
#include "base/hash.h"
#include "item/item_key.h"
#include "table/table_key.h"
#include "traffic/traffic.h"

#include <pthread.h>
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

#define SECOND INT64_C(1000000)
#define MINUTE (60 * SECOND)

static const int64_t start_us = 1700000000000000 / MINUTE * MINUTE;

static struct arena *arena;
static struct traffic *traffic;
static struct table table;
static struct index index_by_mail;
static struct insights insights[2];

static void make_table(bool on_demand) {
    index_by_mail = (struct index){.name = STR("byMail"),
                                   .id = 1,
                                   .global = true,
                                   .key = {.hash = {{STR("mail"), VALUE_STRING}}, .hash_count = 1},
                                   .throughput = {.read_units = 10, .write_units = 2}};
    table = (struct table){
        .name = STR("Users"),
        .id = 7,
        .key = {.hash = {{STR("id"), VALUE_STRING}},
                .hash_count = 1,
                .range = {{STR("at"), VALUE_STRING}},
                .range_count = 1},
        .indexes = &index_by_mail,
        .index_count = 1,
        .on_demand = on_demand,
        .created_us = start_us,
        .throughput = {.read_units = on_demand ? 0 : 10, .write_units = on_demand ? 0 : 5}};
}

static int setup(void **state) {
    (void)state;
    arena = arena_new(64 << 20);
    traffic = traffic_new(true);
    make_table(false);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    traffic_free(traffic);
    arena_free(arena);
    return 0;
}

static struct traffic_visit visit_of(enum traffic_kind kind, str id, double units) {
    struct traffic_visit visit = {.table = &table, .kind = kind, .units = units};
    struct buf key;
    buf_init(&key, arena, 64);
    partition_prefix(table.id, 0, &table.key, &id, &key);
    visit.partition_len = key.len;
    key_part_encode(VALUE_STRING, STR("today"), &key);
    visit.key = buf_str(&key);
    return visit;
}

static unsigned admit(const struct traffic_visit *visit, int64_t now_us) {
    struct traffic_visit asked = *visit;
    asked.units = 0;
    return traffic_admit(traffic, &asked, now_us);
}

static int admitted(const struct traffic_visit *visit, int most, int64_t now_us) {
    int count = 0;
    for (; count < most && admit(visit, now_us) == 0; count++)
        traffic_charge(traffic, visit, now_us);
    return count;
}

static void reads_writes_and_indexes_have_capacity_of_their_own(void **state) {
    (void)state;
    struct traffic_visit read = visit_of(TRAFFIC_READ, STR("a"), 0.5);
    struct traffic_visit write = visit_of(TRAFFIC_WRITE, STR("a"), 1);
    struct traffic_visit index = {
        .table = &table, .index = &index_by_mail, .kind = TRAFFIC_WRITE, .units = 1};
    assert_int_equal(admitted(&read, 1000, start_us), 20);
    assert_int_equal(admitted(&write, 1000, start_us), 5);
    assert_int_equal(admitted(&index, 1000, start_us), 2);
    assert_int_equal(admit(&index, start_us), 1u << LIMIT_PROVISIONED);
}

static void nothing_is_refused_unless_it_is_asked_for(void **state) {
    (void)state;
    traffic_free(traffic);
    traffic = traffic_new(false);
    struct traffic_visit write = visit_of(TRAFFIC_WRITE, STR("a"), 1);
    assert_int_equal(admitted(&write, 100, start_us), 100);
    struct traffic_totals totals;
    traffic_totals_of(traffic, &table, NULL, &totals);
    assert_true(totals.units[TRAFFIC_WRITE] == 100);
}

/* Of 64 keys. */
static int others_admitted(void) {
    int count = 0;
    for (int i = 0; i < 64; i++) {
        char id[2] = {'#', (char)('A' + i)};
        struct traffic_visit other = visit_of(TRAFFIC_WRITE, (str){id, 2}, 1);
        count += admit(&other, start_us) == 0;
    }
    return count;
}

static void one_key_has_a_partition_and_the_table_more(void **state) {
    (void)state;
    make_table(true);
    struct traffic_visit write = visit_of(TRAFFIC_WRITE, STR("a"), 100);
    assert_int_equal(admitted(&write, 1000, start_us), 10);
    assert_int_equal(admit(&write, start_us), 1u << LIMIT_KEY_RANGE);
    /* Of eight partitions: 12,000 reads and 4,000 writes make as many. */
    assert_in_range(others_admitted(), 48, 63);
}

static void size_makes_partitions_too(void **state) {
    (void)state;
    table.throughput.write_units = 4000; /* five partitions, by that alone */
    struct traffic_visit write = visit_of(TRAFFIC_WRITE, STR("a"), 100);
    assert_true(traffic_wants_size(traffic, &write, start_us));
    traffic_set_size(traffic, &write, INT64_C(640) << 30, start_us);
    assert_false(traffic_wants_size(traffic, &write, start_us + 59 * SECOND));
    assert_true(traffic_wants_size(traffic, &write, start_us + 60 * SECOND));
    assert_int_equal(admitted(&write, 1000, start_us), 10);
    assert_in_range(others_admitted(), 60, 64);
}

static void a_table_that_is_made_again_begins_anew(void **state) {
    (void)state;
    struct traffic_visit write = visit_of(TRAFFIC_WRITE, STR("a"), 1);
    struct traffic_totals totals;
    assert_int_equal(admitted(&write, 1000, start_us), 5);
    traffic_forget(traffic, table.id);
    traffic_totals_of(traffic, &table, NULL, &totals);
    assert_true(totals.units[TRAFFIC_WRITE] == 0);
    assert_int_equal(admitted(&write, 1000, start_us), 5);
    traffic_totals(traffic, &totals); /* the process's go on */
    assert_true(totals.units[TRAFFIC_WRITE] == 10);
}

static void more_tables_than_can_be_remembered_push_out_the_oldest(void **state) {
    (void)state;
    struct traffic_totals totals;
    uint32_t first = 100, count = 9000;
    for (uint32_t i = 0; i < count; i++) {
        table.id = first + i;
        struct traffic_visit write = visit_of(TRAFFIC_WRITE, STR("a"), 1);
        traffic_charge(traffic, &write, start_us + (int64_t)i * 2 * SECOND);
    }
    traffic_totals_of(traffic, &table, NULL, &totals);
    assert_true(totals.units[TRAFFIC_WRITE] == 1);
    table.id = first;
    traffic_totals_of(traffic, &table, NULL, &totals);
    assert_true(totals.units[TRAFFIC_WRITE] == 0);
}

static void refusals_are_counted_by_their_cause(void **state) {
    (void)state;
    struct traffic_visit write = visit_of(TRAFFIC_WRITE, STR("a"), 1);
    traffic_refuse(traffic, &write, 1u << LIMIT_KEY_RANGE | 1u << LIMIT_PROVISIONED, start_us);
    traffic_refuse(traffic, &write, 1u << LIMIT_PROVISIONED, start_us);
    struct traffic_totals totals;
    traffic_totals_of(traffic, &table, NULL, &totals);
    assert_int_equal(totals.refusals[TRAFFIC_WRITE][LIMIT_PROVISIONED], 2);
    assert_int_equal(totals.refusals[TRAFFIC_WRITE][LIMIT_KEY_RANGE], 1);
    assert_int_equal(totals.refusals[TRAFFIC_READ][LIMIT_PROVISIONED], 0);
}

/* ---- heat ---- */

static void set_insights(enum insights_mode mode) {
    insights[0] = (struct insights){.mode = mode};
    table.insights = insights;
    table.insights_count = 1;
}

static const char *heat(int64_t now_us) {
    struct buf out;
    buf_init(&out, arena, 4096);
    traffic_heat(traffic, &table, NULL, now_us, &out);
    buf_add_byte(&out, 0);
    return out.ptr;
}

static void keys_show_what_they_weigh_and_how_often_they_were_refused(void **state) {
    (void)state;
    set_insights(INSIGHTS_ACCESSED);
    struct traffic_visit write = visit_of(TRAFFIC_WRITE, STR("a"), 2);
    struct traffic_visit read = visit_of(TRAFFIC_READ, STR("a"), 0.5);
    struct traffic_visit other = visit_of(TRAFFIC_READ, STR("b"), 1);
    traffic_charge(traffic, &write, start_us);
    traffic_charge(traffic, &read, start_us);
    traffic_charge(traffic, &other, start_us);
    traffic_refuse(traffic, &other, 1u << LIMIT_PROVISIONED, start_us);
    const char *text = heat(start_us);
    const char *want = "{\"table\":\"Users\",\"keys\":["
                       "{\"partitionKey\":{\"id\":{\"S\":\"a\"}},\"units\":6.5,\"throttled\":0.0},"
                       "{\"partitionKey\":{\"id\":{\"S\":\"b\"}},\"units\":1.0,\"throttled\":1.0},"
                       "{\"partitionKey\":{\"id\":{\"S\":\"a\"}},\"sortKey\":{\"at\":{\"S\":"
                       "\"today\"}},\"units\":6.5,\"throttled\":0.0},"
                       "{\"partitionKey\":{\"id\":{\"S\":\"b\"}},\"sortKey\":{\"at\":{\"S\":"
                       "\"today\"}},\"units\":1.0,\"throttled\":1.0}],";
    assert_memory_equal(text, want, strlen(want));
}

static void heat_fades_by_half_a_minute(void **state) {
    (void)state;
    set_insights(INSIGHTS_ACCESSED);
    struct traffic_visit write = visit_of(TRAFFIC_WRITE, STR("a"), 2);
    traffic_charge(traffic, &write, start_us);
    assert_non_null(strstr(heat(start_us + 59 * SECOND), "\"units\":6.0"));
    assert_non_null(strstr(heat(start_us + 61 * SECOND), "\"units\":3.0"));
    for (int i = 0; i < 10; i++) { /* around the turn, out of order: once */
        assert_non_null(strstr(heat(start_us + 59 * SECOND), "\"units\":3.0"));
        assert_non_null(strstr(heat(start_us + 61 * SECOND), "\"units\":3.0"));
    }
    assert_non_null(strstr(heat(start_us - 60 * MINUTE), "\"units\":3.0")); /* nothing fades */
    assert_null(strstr(heat(start_us + 24 * 60 * MINUTE), "\"units\""));
}

static void only_refusals_are_kept_when_only_those_are_asked_for(void **state) {
    (void)state;
    set_insights(INSIGHTS_THROTTLED);
    struct traffic_visit write = visit_of(TRAFFIC_WRITE, STR("a"), 2);
    traffic_charge(traffic, &write, start_us);
    assert_null(strstr(heat(start_us), "\"units\""));
    traffic_refuse(traffic, &write, 1u << LIMIT_PROVISIONED, start_us);
    assert_non_null(strstr(heat(start_us), "\"units\":0.0,\"throttled\":1.0"));
}

static void slices_are_kept_without_insights(void **state) {
    (void)state;
    struct traffic_visit write = visit_of(TRAFFIC_WRITE, STR("a"), 2);
    traffic_charge(traffic, &write, start_us);
    const char *text = heat(start_us);
    assert_non_null(strstr(text, "\"keys\":[],\"slices\":["));
    assert_non_null(strstr(text, "6.0"));
    size_t at = (size_t)((uint64_t)get_be32(write.key.ptr + TABLE_KEY_HASH_AT) * 64 >> 32);
    const char *slice = strstr(text, "\"slices\":[") + strlen("\"slices\":[");
    for (size_t i = 0; i < at; i++)
        slice = strchr(slice, ',') + 1;
    assert_memory_equal(slice, "6.0", 3);
}

static void what_was_never_visited_is_cold(void **state) {
    (void)state;
    assert_non_null(strstr(heat(start_us), "\"keys\":[],\"slices\":[0.0,0.0"));
}

/* ---- threads ---- */

enum { THREADS = 4, VISITS = 20000 };

/* Four tables come and go while all are visited: no count of a table that stays may be lost. */
static void *visit_all(void *argument) {
    struct arena *own = arena_new(1 << 20);
    const struct traffic_visit *stays = argument;
    for (int i = 0; i < VISITS; i++) {
        struct table passing = {.name = STR("passing"), .id = 1000 + (uint32_t)i % 4};
        struct traffic_visit visit = {.table = &passing, .kind = TRAFFIC_READ, .units = 1};
        int64_t now_us = start_us + (int64_t)i * 10000;
        traffic_charge(traffic, stays, now_us);
        traffic_charge(traffic, &visit, now_us);
        (void)traffic_admit(traffic, &visit, now_us);
        if (i % 64 == 0)
            traffic_forget(traffic, passing.id);
        if (i % 1024 == 0) {
            struct buf out;
            buf_init(&out, own, 4096);
            traffic_heat(traffic, stays->table, NULL, now_us, &out);
            arena_reset(own, 0);
        }
    }
    arena_free(own);
    return NULL;
}

static void threads_lose_no_count(void **state) {
    (void)state;
    set_insights(INSIGHTS_ACCESSED);
    struct traffic_visit stays = visit_of(TRAFFIC_WRITE, STR("a"), 1);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, visit_all, &stays), 0);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    struct traffic_totals totals;
    traffic_totals_of(traffic, &table, NULL, &totals);
    assert_true(totals.units[TRAFFIC_WRITE] == THREADS * VISITS);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(reads_writes_and_indexes_have_capacity_of_their_own),
        CASE(nothing_is_refused_unless_it_is_asked_for),
        CASE(one_key_has_a_partition_and_the_table_more),
        CASE(size_makes_partitions_too),
        CASE(a_table_that_is_made_again_begins_anew),
        CASE(more_tables_than_can_be_remembered_push_out_the_oldest),
        CASE(refusals_are_counted_by_their_cause),
        CASE(keys_show_what_they_weigh_and_how_often_they_were_refused),
        CASE(heat_fades_by_half_a_minute),
        CASE(only_refusals_are_kept_when_only_those_are_asked_for),
        CASE(slices_are_kept_without_insights),
        CASE(what_was_never_visited_is_cold),
        CASE(threads_lose_no_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
