/* A log read lane by lane: in order, over shards that are replaced, from where it was left, and to
 * its end. */
#include "stream/delivery.h"
#include "stream_fixture.h"

enum { KEYS = 12, SECOND = 1000000 };

static uint32_t log_id(void) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    uint32_t id = catalogue_find(tables, STR("table"))->stream.id;
    catalogue_release(tables);
    return id;
}

static void end_log(struct scope *scope) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    const struct table *table = catalogue_find(tables, STR("table"));
    struct table *changed;
    assert_status(table_copy(table, &changed), ST_OK);
    changed->stream = (struct change_log){};
    assert_status(catalogue_update(database, scope, table, changed, NULL), ST_OK);
    catalogue_release(tables);
}

static void roll(int64_t now_us) {
    bool more;
    assert_status(streams_roll(database, now_us, &more), ST_OK);
}

static void trim(int64_t now_us) {
    struct stream_trim_walk walk = {};
    for (bool more = true; more;)
        assert_status(streams_trim(database, &walk, now_us, &more), ST_OK);
}

struct taken {
    size_t records, lanes_ended;
    int64_t last[KEYS]; /* number of each key, 0: none */
};

static void take(struct taken *taken, const struct log_record *record) {
    view map = item_map(record->after);
    uint64_t key = KEYS;
    int64_t number = 0;
    str id = view_bytes(view_member(map, STR("id")));
    assert_true(str_to_u64(str_slice(id, 1, id.len), &key) && key < KEYS);
    assert_true(number_to_i64(view_bytes(view_member(map, STR("n"))), &number));
    assert_int_equal(number, taken->last[key] + 1);
    taken->last[key] = number;
    taken->records++;
}

/* Opens the cursor, reads pages of each lane until there is nothing now, and saves it. */
static void read_all(struct taken *taken, uint32_t id, size_t limit) {
    struct scope scope = scope_new(clock_wall_us());
    struct delivery delivery;
    assert_status(delivery_open(database, &scope, id, SHARD_COUNT, &delivery), ST_OK);
    taken->lanes_ended = 0;
    for (size_t lane = 0; lane < SHARD_COUNT; lane++) {
        struct lane_page page = {.state = LANE_MORE};
        while (page.state == LANE_MORE) {
            assert_status(delivery_read(database, &scope, &delivery, lane, limit, &page), ST_OK);
            assert_true(page.count <= limit);
            for (size_t i = 0; i < page.count; i++)
                take(taken, &page.records[i]);
            delivery.lanes[lane] = page.next;
        }
        taken->lanes_ended += page.state == LANE_ENDED;
    }
    assert_status(delivery_save(database, &scope, &delivery), ST_OK);
    scope_free(&scope);
}

static void put_round(struct scope *scope, int64_t number) {
    for (int key = 0; key < KEYS; key++)
        fixture_put(scope, key, number);
}

static void a_log_is_read_in_order_over_shards_that_roll_and_cursors_that_are_kept(void **state) {
    (void)state;
    int64_t now_us = clock_wall_us();
    struct taken taken = {};
    fixture_open(SECOND, 0);
    struct scope scope = scope_new(now_us);
    table_with_stream(&scope, VIEW_NEW_AND_OLD_IMAGES);
    for (int64_t number = 1; number <= 9; number++) {
        put_round(&scope, number);
        if (number % 2 == 0)
            roll(now_us += 2 * SECOND);
        if (number % 3 == 0)
            read_all(&taken, log_id(), (size_t)number);
        assert_int_equal(taken.lanes_ended, 0);
    }
    assert_int_equal(taken.records, 9 * KEYS);
    assert_verified();
    scope_free(&scope);
    fixture_close();
}

static void a_lane_ends_behind_the_last_record_of_a_log_that_is_closed(void **state) {
    (void)state;
    int64_t now_us = clock_wall_us();
    struct taken taken = {};
    fixture_open(SECOND, 0);
    struct scope scope = scope_new(now_us);
    table_with_stream(&scope, VIEW_NEW_IMAGE);
    uint32_t id = log_id();
    put_round(&scope, 1);
    roll(now_us + 2 * SECOND);
    put_round(&scope, 2);
    end_log(&scope);
    put_round(&scope, 3);
    read_all(&taken, id, 1);
    assert_int_equal(taken.records, 2 * KEYS);
    assert_int_equal(taken.lanes_ended, SHARD_COUNT);
    read_all(&taken, id, 1);
    assert_int_equal(taken.records, 2 * KEYS);
    assert_int_equal(taken.lanes_ended, SHARD_COUNT);
    scope_free(&scope);
    fixture_close();
}

static void shards_that_were_trimmed_are_skipped_and_the_cursor_goes_with_its_log(void **state) {
    (void)state;
    int64_t now_us = clock_wall_us();
    struct taken taken = {};
    fixture_open(SECOND, 10 * (int64_t)SECOND);
    struct scope scope = scope_new(now_us);
    table_with_stream(&scope, VIEW_NEW_IMAGE);
    uint32_t id = log_id();
    str value;
    put_round(&scope, 1);
    roll(now_us + 2 * SECOND);
    put_round(&scope, 2);
    roll(now_us + 4 * SECOND);
    trim(now_us + 13 * (int64_t)SECOND);
    for (size_t key = 0; key < KEYS; key++)
        taken.last[key] = 1;
    read_all(&taken, id, 100);
    assert_int_equal(taken.records, KEYS);
    assert_status(kv_find(database->kv, NULL, scope.arena, delivery_key(scope.arena, id), &value),
                  ST_OK);
    scope.now_us = now_us + 14 * (int64_t)SECOND;
    end_log(&scope);
    for (int i = 0; i < 2; i++) /* its shards, then itself */
        trim(now_us + 100 * (int64_t)SECOND);
    assert_status(kv_find(database->kv, NULL, scope.arena, delivery_key(scope.arena, id), &value),
                  ST_NOT_FOUND);
    scope_free(&scope);
    fixture_close();
}

static status put_body(struct kv_txn *txn, void *context) {
    const kv_pair *pair = context;
    kv_txn_put(txn, pair->key, pair->value);
    return ST_OK;
}

static void a_cursor_of_a_later_version_and_one_that_is_damaged_are_told_apart(void **state) {
    (void)state;
    static const struct {
        str value;
        status st;
    } rows[] = {{STR_INIT("\x02\x01"), ST_NEWER},
                {STR_INIT("\x01\x04"), ST_CORRUPT},
                {STR_INIT("\x01"), ST_CORRUPT},
                {STR_INIT("\x01\x01 0123456789abcdef"), ST_CORRUPT},
                {STR_INIT("\x01\x01"
                          "0123456789abcdef"),
                 ST_OK}};
    fixture_open(SECOND, 0);
    struct scope scope = scope_new(clock_wall_us());
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        kv_pair pair = {delivery_key(scope.arena, 7), rows[i].value};
        struct kv_keys keys = {.exclusive = &pair.key, .exclusive_count = 1};
        struct delivery delivery;
        uint64_t ticket;
        assert_status(kv_update(database->kv, &keys, put_body, &pair, &ticket), ST_OK);
        assert_status(kv_ticket_wait(database->kv, ticket), ST_OK);
        assert_status(delivery_open(database, &scope, 7, 1, &delivery), rows[i].st);
    }
    scope_free(&scope);
    fixture_close();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_read_in_order_over_shards_that_roll_and_cursors_that_are_kept),
        cmocka_unit_test(a_lane_ends_behind_the_last_record_of_a_log_that_is_closed),
        cmocka_unit_test(shards_that_were_trimmed_are_skipped_and_the_cursor_goes_with_its_log),
        cmocka_unit_test(a_cursor_of_a_later_version_and_one_that_is_damaged_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
