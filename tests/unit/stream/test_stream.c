/* Reading, ageing and ending, with a clock of its own. */
#include "stream_fixture.h"

static const int64_t second_us = 1000000;
static const int64_t start_us = 1795354666123456;
static const int64_t retention_us = 100 * (int64_t)1000000;
static const int64_t shard_us = 10 * (int64_t)1000000;

static struct scope scope;
static str arn;

static void open_at_start(void) {
    fixture_open(shard_us, retention_us);
    scope = scope_new(start_us);
    arn = table_with_stream(&scope, VIEW_NEW_AND_OLD_IMAGES);
}

static void end(void) {
    scope_free(&scope);
    fixture_close();
}

/* What an operation that is told of an error goes on with. */
static void forget_error(void) {
    scope.error = ERROR_NONE;
    scope.error_text = (str){};
}

static struct stream the_stream(void) {
    struct stream stream;
    assert_status(stream_find(database, &scope, arn, &stream), ST_OK);
    return stream;
}

static struct shard_page all_shards(void) {
    struct stream stream = the_stream();
    struct shard_page page;
    assert_status(stream_shards(database, &scope, &stream, 0, 1000, &page), ST_OK);
    return page;
}

/* The open shard that key 0 is written to. */
static struct log_shard shard_of_key(void) {
    struct shard_page page = all_shards();
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    struct attribute id = {STR("id"), {.kind = VALUE_STRING, .bytes = STR("k0")}};
    struct item item = {.attributes = &id, .count = 1};
    struct buf key;
    buf_init(&key, scope.arena, 64);
    assert_true(item_key(tables->tables[0], &(struct key_source){.tree = &item}, &key));
    uint32_t slice = item_key_slice(buf_str(&key), SHARD_COUNT);
    catalogue_release(tables);
    return page.shards[page.count - SHARD_COUNT + slice];
}

static status make_iterator(const struct log_shard *shard, enum iterator_kind kind, str number,
                            str *out) {
    struct stream stream = the_stream();
    return stream_iterator_make(database, &scope, &stream, shard_id_write(scope.arena, shard), kind,
                                number, out);
}

static str iterator_at(const struct log_shard *shard, enum iterator_kind kind, str number) {
    str iterator;
    assert_status(make_iterator(shard, kind, number, &iterator), ST_OK);
    return iterator;
}

static struct record_page read_at(str iterator, size_t limit) {
    struct record_page page;
    assert_status(stream_read(database, &scope, iterator, limit, &page), ST_OK);
    return page;
}

static void assert_refused(status st, enum error_code code) {
    assert_status(st, ST_FAILED);
    assert_int_equal(scope.error, code);
    forget_error();
}

static void roll_at(int64_t now_us) {
    bool more;
    scope.now_us = now_us;
    assert_status(streams_roll(database, now_us, &more), ST_OK);
    assert_false(more);
}

/* A whole walk. Answers in how many parts. */
static size_t trim_at(int64_t now_us) {
    static struct stream_trim_walk walk;
    bool more = true;
    size_t parts = 0;
    for (; more; parts++)
        assert_status(streams_trim(database, &walk, now_us, &more), ST_OK);
    return parts;
}

static void an_open_shard_gives_pages_and_always_a_next_iterator(void **state) {
    (void)state;
    open_at_start();
    struct log_shard shard = shard_of_key();
    struct record_page page = read_at(iterator_at(&shard, AT_TRIM_HORIZON, (str){}), 10);
    assert_int_equal(page.count, 0);
    for (int i = 0; i < 5; i++)
        fixture_put(&scope, 0, i + 1);
    size_t counts[] = {2, 2, 1, 0, 0};
    for (size_t i = 0; i < 5; i++) {
        page = read_at(page.next, 2);
        assert_int_equal(page.count, counts[i]);
        assert_non_null(page.next.ptr);
    }
    end();
}

static void latest_is_behind_what_was_written_and_before_what_comes(void **state) {
    (void)state;
    open_at_start();
    struct log_shard shard = shard_of_key();
    str empty = iterator_at(&shard, AT_LATEST, (str){});
    fixture_put(&scope, 0, 1);
    str later = iterator_at(&shard, AT_LATEST, (str){});
    fixture_put(&scope, 0, 2);
    assert_int_equal(read_at(empty, 10).count, 2);
    assert_int_equal(read_at(later, 10).count, 1);
    end();
}

static void sequence_numbers_lead_to_a_record_or_behind_it(void **state) {
    (void)state;
    open_at_start();
    struct log_shard shard = shard_of_key();
    for (int i = 0; i < 3; i++)
        fixture_put(&scope, 0, i + 1);
    struct record_page all = read_at(iterator_at(&shard, AT_TRIM_HORIZON, (str){}), 10);
    assert_int_equal(all.count, 3);
    str middle = sequence_number_write(scope.arena, all.records[1].position);
    assert_int_equal(read_at(iterator_at(&shard, AT_SEQUENCE_NUMBER, middle), 10).count, 2);
    assert_int_equal(read_at(iterator_at(&shard, AFTER_SEQUENCE_NUMBER, middle), 10).count, 1);
    str start = sequence_number_write(scope.arena, shard_start(&shard));
    assert_int_equal(read_at(iterator_at(&shard, AT_SEQUENCE_NUMBER, start), 10).count, 3);
    end();
}

static void numbers_outside_of_the_shard_are_refused(void **state) {
    (void)state;
    open_at_start();
    struct log_shard parent = shard_of_key();
    fixture_put(&scope, 0, 1);
    roll_at(start_us + shard_us);
    struct log_shard child = shard_of_key();
    assert_int_equal(child.parent, parent.number);
    struct log_shard closed;
    assert_status(log_shard_find(database->kv, scope.arena, parent.log_id, parent.number, &closed),
                  ST_OK);
    str before = sequence_number_write(scope.arena, shard_end(&closed));
    str behind = sequence_number_write(scope.arena, shard_start(&child)), iterator;
    assert_refused(make_iterator(&child, AT_SEQUENCE_NUMBER, before, &iterator),
                   ERROR_ValidationException);
    assert_refused(make_iterator(&parent, AT_SEQUENCE_NUMBER, behind, &iterator),
                   ERROR_ValidationException);
    assert_refused(
        make_iterator(&child, AT_SEQUENCE_NUMBER, STR("200000000000000000000"), &iterator),
        ERROR_ValidationException);
    assert_refused(make_iterator(&child, AFTER_SEQUENCE_NUMBER, (str){}, &iterator),
                   ERROR_ValidationException);
    assert_status(make_iterator(&parent, AT_SEQUENCE_NUMBER, before, &iterator), ST_OK);
    assert_status(make_iterator(&child, AT_SEQUENCE_NUMBER, behind, &iterator), ST_OK);
    end();
}

static void a_closed_shard_ends_and_its_child_goes_on(void **state) {
    (void)state;
    open_at_start();
    struct log_shard parent = shard_of_key();
    fixture_put(&scope, 0, 1);
    str begun = iterator_at(&parent, AT_TRIM_HORIZON, (str){});
    roll_at(start_us + shard_us - 1);
    assert_int_equal(all_shards().count, SHARD_COUNT); /* not yet */
    roll_at(start_us + shard_us);
    assert_int_equal(all_shards().count, 2 * SHARD_COUNT);
    fixture_put(&scope, 0, 2);
    struct record_page page = read_at(begun, 1);
    assert_int_equal(page.count, 1);
    assert_null(page.next.ptr);
    struct log_shard child = shard_of_key();
    page = read_at(iterator_at(&child, AT_TRIM_HORIZON, (str){}), 10);
    assert_int_equal(page.count, 1);
    struct stream stream = the_stream();
    struct shard_page children;
    assert_status(stream_children(database, &scope, &stream, parent.number, &children), ST_OK);
    assert_int_equal(children.count, 1);
    assert_int_equal(children.shards[0].number, child.number);
    assert_status(stream_children(database, &scope, &stream, child.number, &children), ST_OK);
    assert_int_equal(children.count, 0);
    end();
}

/* Two images of over half a value each do not fit one. */
static void images_too_large_for_one_value_come_back_together(void **state) {
    (void)state;
    open_at_start();
    struct log_shard shard = shard_of_key();
    size_t len = 600 * 1024;
    char *pad = arena_bytes(scope.arena, len);
    for (int i = 0; i < 4; i++) {
        memset(pad, 'a' + i, len); /* or the images would share it */
        fixture_put_padded(&scope, 0, i + 1, (str){pad, len});
    }
    str next = iterator_at(&shard, AT_TRIM_HORIZON, (str){});
    str last = {};
    for (int i = 0; i < 4; i++) {
        struct record_page page = read_at(next, 2 - i % 2);
        assert_int_equal(page.count, 1);
        assert_int_equal(item_size(page.records[0].after) > len, true);
        assert_true(str_eq(page.records[0].before, last));
        last = page.records[0].after;
        next = page.next;
    }
    assert_int_equal(read_at(next, 10).count, 0);
    assert_verified();
    end();
}

static void an_iterator_lives_for_fifteen_minutes(void **state) {
    (void)state;
    fixture_open(0, 0);
    scope = scope_new(start_us);
    arn = table_with_stream(&scope, VIEW_KEYS_ONLY);
    struct log_shard shard = shard_of_key();
    str iterator = iterator_at(&shard, AT_LATEST, (str){});
    struct record_page page;
    scope.now_us = start_us + 15 * 60 * second_us;
    assert_status(stream_read(database, &scope, iterator, 1, &page), ST_OK);
    scope.now_us++;
    assert_refused(stream_read(database, &scope, iterator, 1, &page),
                   ERROR_ExpiredIteratorException);
    end();
}

static void old_records_of_an_open_shard_are_hidden(void **state) {
    (void)state;
    open_at_start();
    struct log_shard shard = shard_of_key();
    for (int i = 0; i < 50; i++) {
        scope.now_us = start_us + i * second_us;
        fixture_put(&scope, 0, i + 1);
    }
    scope.now_us = start_us + 49 * second_us;
    struct record_page all = read_at(iterator_at(&shard, AT_TRIM_HORIZON, (str){}), 1000);
    assert_int_equal(all.count, 50);
    str second = sequence_number_write(scope.arena, all.records[1].position), iterator;
    str last = sequence_number_write(scope.arena, all.records[49].position);
    str to_second = iterator_at(&shard, AT_SEQUENCE_NUMBER, second);
    for (int64_t age = 0; age <= 50; age++) {
        scope.now_us = start_us + retention_us + age * second_us;
        struct record_page page = read_at(iterator_at(&shard, AT_TRIM_HORIZON, (str){}), 1000);
        assert_int_equal(page.count, 50 - age);
    }
    assert_refused(make_iterator(&shard, AT_SEQUENCE_NUMBER, second, &iterator),
                   ERROR_TrimmedDataAccessException);
    assert_refused(make_iterator(&shard, AT_SEQUENCE_NUMBER, last, &iterator),
                   ERROR_TrimmedDataAccessException);
    assert_refused(stream_read(database, &scope, to_second, 10, &all),
                   ERROR_TrimmedDataAccessException);
    assert_status(make_iterator(&shard, AFTER_SEQUENCE_NUMBER, last, &iterator), ST_OK);
    end();
}

static void what_ended_long_ago_is_dropped(void **state) {
    (void)state;
    open_at_start();
    struct log_shard first = shard_of_key();
    fixture_put(&scope, 0, 1);
    str number = sequence_number_write(
        scope.arena, read_at(iterator_at(&first, AT_TRIM_HORIZON, (str){}), 1).records[0].position);
    str iterator = iterator_at(&first, AT_SEQUENCE_NUMBER, number), none;
    roll_at(start_us + shard_us);
    fixture_put(&scope, 0, 2);
    scope.now_us = start_us + shard_us + retention_us;
    assert_int_equal(all_shards().count, SHARD_COUNT); /* hidden, though it is there */
    struct record_page page;
    assert_refused(stream_read(database, &scope, iterator, 1, &page),
                   ERROR_TrimmedDataAccessException);
    assert_refused(make_iterator(&first, AT_SEQUENCE_NUMBER, number, &none),
                   ERROR_TrimmedDataAccessException);
    trim_at(scope.now_us - 1);
    struct log_shard found;
    assert_status(log_shard_find(database->kv, scope.arena, first.log_id, first.number, &found),
                  ST_OK);
    assert_verified();
    trim_at(scope.now_us);
    assert_status(log_shard_find(database->kv, scope.arena, first.log_id, first.number, &found),
                  ST_NOT_FOUND);
    assert_refused(stream_read(database, &scope, iterator, 1, &page),
                   ERROR_TrimmedDataAccessException);
    assert_refused(make_iterator(&first, AT_TRIM_HORIZON, (str){}, &none),
                   ERROR_ResourceNotFoundException);
    struct verify_totals totals;
    assert_status(verify_database(database, print_finding, NULL, &totals), ST_OK);
    assert_int_equal(totals.findings, 0);
    assert_int_equal(totals.change_records, 1); /* the child's */
    end();
}

static void switch_stream(bool on) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    struct table *changed;
    assert_status(table_copy(tables->tables[0], &changed), ST_OK);
    changed->stream = on ? (struct change_log){.id = CHANGE_LOG_NEW, .view = VIEW_NEW_IMAGE}
                         : (struct change_log){.created_us = changed->stream.created_us};
    assert_status(catalogue_update(database, &scope, tables->tables[0], changed, NULL), ST_OK);
    catalogue_release(tables);
}

static size_t streams_listed(void) {
    struct stream_page page;
    assert_status(stream_list(database, &scope, (str){}, (str){}, 100, &page), ST_OK);
    return page.count;
}

static void a_stream_that_was_switched_off_stays_until_it_is_old(void **state) {
    (void)state;
    open_at_start();
    fixture_put(&scope, 0, 1);
    struct log_shard shard = shard_of_key();
    switch_stream(false);
    fixture_put(&scope, 0, 2);
    struct record_page page = read_at(iterator_at(&shard, AT_TRIM_HORIZON, (str){}), 10);
    assert_int_equal(page.count, 1);
    assert_null(page.next.ptr);
    assert_int_equal(the_stream().log.closed_us, start_us);
    switch_stream(true); /* within the same millisecond: under another label */
    assert_int_equal(streams_listed(), 2);
    assert_verified();
    switch_stream(false);
    scope.now_us = start_us + retention_us;
    assert_int_equal(streams_listed(), 0);
    struct stream stream;
    assert_refused(stream_find(database, &scope, arn, &stream), ERROR_ResourceNotFoundException);
    trim_at(scope.now_us);
    struct kv_page left;
    struct kv_range logs = {.from = STR("\x05"), .to = STR("\x07")};
    assert_status(kv_scan(database->kv, NULL, scope.arena, &logs, 1, 1000, &left), ST_OK);
    assert_int_equal(left.count, 0);
    end();
}

/* Of the pairs of change logs. */
static size_t pairs_left(void) {
    struct kv_page left;
    struct kv_range logs = {.from = STR("\x05"), .to = STR("\x07")};
    assert_status(kv_scan(database->kv, NULL, scope.arena, &logs, 100000, 64 << 20, &left), ST_OK);
    return left.count;
}

static void much_is_trimmed_in_parts(void **state) {
    (void)state;
    enum { STREAMS = 150 };
    open_at_start();
    size_t open = pairs_left();
    for (int i = 0; i < STREAMS; i++) {
        fixture_put(&scope, i % 5, i + 1);
        switch_stream(false);
        switch_stream(true);
    }
    struct stream_trim_walk walk = {};
    bool more;
    size_t before = pairs_left(), parts = 0;
    do {
        assert_status(streams_trim(database, &walk, start_us + retention_us, &more), ST_OK);
        size_t left = pairs_left();
        /* Two marks a shard, five records, and descriptions. */
        assert_true(before - left <= (2 + 1) * 2 * UPKEEP_PART + 5 * UPKEEP_PART);
        before = left;
        parts++;
    } while (more);
    assert_true(parts > STREAMS * SHARD_COUNT / 2 / UPKEEP_PART);
    assert_int_equal(pairs_left(), open);
    assert_verified();
    end();
}

static status put_pair(struct kv_txn *txn, void *context) {
    const kv_pair *pair = context;
    kv_txn_put(txn, pair->key, pair->value);
    return ST_OK;
}

static void a_log_that_fails_keeps_no_other_from_being_trimmed(void **state) {
    (void)state;
    open_at_start();
    fixture_put(&scope, 0, 1);
    switch_stream(false);
    kv_pair bad = {log_description_key(scope.arena, LOG_OF_STREAM, STR("broken"), start_us),
                   STR("?")};
    struct kv_keys keys = {.exclusive = &bad.key, .exclusive_count = 1};
    uint64_t ticket;
    assert_status(kv_update(database->kv, &keys, put_pair, &bad, &ticket), ST_OK);
    struct stream_trim_walk walk = {};
    bool more = true;
    size_t failed = 0;
    while (more)
        failed += streams_trim(database, &walk, start_us + retention_us, &more) != ST_OK;
    assert_int_equal(failed, 1);
    assert_int_equal(pairs_left(), 1); /* the bad one */
    end();
}

static void a_table_that_fails_keeps_no_other_from_rolling_over(void **state) {
    (void)state;
    open_at_start();
    struct table *another = table_new();
    another->name = STR("another"); /* comes first */
    another->key.hash[0] = (struct key_attribute){STR("id"), VALUE_STRING};
    another->key.hash_count = 1;
    another->stream = (struct change_log){.id = CHANGE_LOG_NEW, .view = VIEW_KEYS_ONLY};
    assert_status(catalogue_create(database, &scope, another), ST_OK);
    scope.now_us = start_us + shard_us;
    bool more;
    kv_mem_faults(database->kv, &(struct kv_mem_faults){.update_io = 1});
    assert_status(streams_roll(database, scope.now_us, &more), ST_IO);
    assert_int_equal(all_shards().count, 2 * SHARD_COUNT);
    end();
}

/* A clock that was ahead for a while: what it opened does not stay open until it is right. */
static void shards_from_a_clock_set_back_are_replaced(void **state) {
    (void)state;
    fixture_open(shard_us, retention_us);
    scope = scope_new(start_us + 365 * 24 * 3600 * second_us);
    arn = table_with_stream(&scope, VIEW_KEYS_ONLY);
    roll_at(start_us);
    assert_int_equal(all_shards().count, 2 * SHARD_COUNT);
    roll_at(start_us - shard_us); /* a little is no reason */
    roll_at(start_us + shard_us - 1);
    assert_int_equal(all_shards().count, 2 * SHARD_COUNT);
    roll_at(start_us + shard_us);
    assert_int_equal(all_shards().count, 3 * SHARD_COUNT);
    assert_verified();
    end();
}

/* A clock that was behind for a while: what ended meanwhile is as new as it was. */
static void records_outlive_a_clock_that_was_behind(void **state) {
    (void)state;
    for (int ends = 0; ends < 2; ends++) {
        open_at_start();
        fixture_put(&scope, 0, 1);
        struct log_shard shard = shard_of_key();
        scope.now_us = start_us - 365 * 24 * 3600 * second_us;
        if (ends)
            switch_stream(false);
        else
            roll_at(scope.now_us);
        scope.now_us = start_us + 1;
        trim_at(scope.now_us);
        assert_int_equal(streams_listed(), 1);
        assert_int_equal(read_at(iterator_at(&shard, AT_TRIM_HORIZON, (str){}), 10).count, 1);
        assert_verified();
        end();
    }
}

static void the_stream_of_a_deleted_table_stays_until_it_is_old(void **state) {
    (void)state;
    open_at_start();
    fixture_put(&scope, 0, 1);
    struct log_shard shard = shard_of_key();
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    assert_status(catalogue_delete(database, &scope, tables->tables[0]), ST_OK);
    catalogue_release(tables);
    struct record_page page = read_at(iterator_at(&shard, AT_TRIM_HORIZON, (str){}), 10);
    assert_int_equal(page.count, 1);
    assert_null(page.next.ptr);
    assert_int_equal(streams_listed(), 1);
    assert_verified();
    str again = table_with_stream(&scope, VIEW_KEYS_ONLY); /* of the same name and time */
    assert_false(str_eq(again, arn));
    assert_int_equal(streams_listed(), 2);
    assert_verified();
    end();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_open_shard_gives_pages_and_always_a_next_iterator),
        cmocka_unit_test(latest_is_behind_what_was_written_and_before_what_comes),
        cmocka_unit_test(sequence_numbers_lead_to_a_record_or_behind_it),
        cmocka_unit_test(numbers_outside_of_the_shard_are_refused),
        cmocka_unit_test(a_closed_shard_ends_and_its_child_goes_on),
        cmocka_unit_test(images_too_large_for_one_value_come_back_together),
        cmocka_unit_test(an_iterator_lives_for_fifteen_minutes),
        cmocka_unit_test(old_records_of_an_open_shard_are_hidden),
        cmocka_unit_test(what_ended_long_ago_is_dropped),
        cmocka_unit_test(a_stream_that_was_switched_off_stays_until_it_is_old),
        cmocka_unit_test(much_is_trimmed_in_parts),
        cmocka_unit_test(a_log_that_fails_keeps_no_other_from_being_trimmed),
        cmocka_unit_test(a_table_that_fails_keeps_no_other_from_rolling_over),
        cmocka_unit_test(shards_from_a_clock_set_back_are_replaced),
        cmocka_unit_test(records_outlive_a_clock_that_was_behind),
        cmocka_unit_test(the_stream_of_a_deleted_table_stays_until_it_is_old),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
