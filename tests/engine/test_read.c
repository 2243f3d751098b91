/* Finding and scanning: order, pages, bounds, snapshots. */
#include "engine/engine.h"

static void many_keys_are_found_position_by_position(void **state) {
    struct engine *e = *state;
    engine_put(e->kv, STR("a"), STR("1"));
    engine_put(e->kv, STR("b"), STR(""));
    engine_put(e->kv, STR("c\0d"), STR("x\0y"));
    const str keys[] = {STR("c\0d"), STR("nothing"), STR("b"), STR("a"), STR("a"), STR("")};
    str values[6];
    assert_status(kv_find_many(e->kv, NULL, e->arena, keys, 6, values), ST_OK);
    assert_str(values[0], "x\0y");
    assert_null(values[1].ptr);
    assert_non_null(values[2].ptr);
    assert_int_equal(values[2].len, 0);
    assert_str(values[3], "1");
    assert_str(values[4], "1");
    assert_null(values[5].ptr);
    assert_status(kv_find(e->kv, NULL, e->arena, STR("c"), &values[0]), ST_NOT_FOUND);
    assert_str(values[0], "x\0y"); /* untouched */
}

static struct kv_page scan(struct engine *e, struct kv_read *read, str from, str to, bool backward,
                           size_t count_max, size_t bytes_max) {
    struct kv_page page;
    struct kv_range range = {from, to, backward};
    assert_status(kv_scan(e->kv, read, e->arena, &range, count_max, bytes_max, &page), ST_OK);
    return page;
}

static void keys_come_in_the_order_of_unsigned_bytes(void **state) {
    struct engine *e = *state;
    const str keys[] = {STR("\0"),   STR("\0\0"), STR("\x01"),   STR("a"),
                        STR("a\0"),  STR("aa"),   STR("b"),      STR("\x7f"),
                        STR("\x80"), STR("\xff"), STR("\xff\0"), STR("\xff\xff")};
    enum { COUNT = sizeof keys / sizeof keys[0] };
    for (size_t i = 0; i < COUNT; i++)
        engine_put(e->kv, keys[(i * 5) % COUNT], STR("v"));
    struct kv_page page = scan(e, NULL, (str){}, (str){}, false, 100, SIZE_MAX);
    assert_int_equal(page.count, COUNT);
    assert_false(page.more);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(str_eq(page.pairs[i].key, keys[i]));
    page = scan(e, NULL, (str){}, (str){}, true, 100, SIZE_MAX);
    assert_int_equal(page.count, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        assert_true(str_eq(page.pairs[i].key, keys[COUNT - 1 - i]));
}

static void pages_forward_meet_every_key_once(void **state) {
    struct engine *e = *state;
    engine_fill(e->kv, 1000);
    str from = STR("k000100");
    int next = 100;
    for (bool more = true; more;) {
        struct kv_page page = scan(e, NULL, from, STR("k000900"), false, 7, SIZE_MAX);
        for (size_t i = 0; i < page.count; i++) {
            char key[16];
            snprintf(key, sizeof key, "k%06d", next++);
            assert_true(str_eq(page.pairs[i].key, str_from_c(key)));
        }
        more = page.more;
        assert_int_equal(page.count, more ? 7 : (900 - 100) % 7);
        str last = page.pairs[page.count - 1].key;
        char *after = arena_alloc(e->arena, last.len + 1);
        memcpy(after, last.ptr, last.len);
        after[last.len] = 0;
        from = (str){after, last.len + 1};
    }
    assert_int_equal(next, 900);
}

static void pages_backward_meet_every_key_once(void **state) {
    struct engine *e = *state;
    engine_fill(e->kv, 1000);
    str to = STR("k000900"); /* exclusive */
    int next = 899;
    for (bool more = true; more;) {
        struct kv_page page = scan(e, NULL, STR("k000100"), to, true, 10, SIZE_MAX);
        for (size_t i = 0; i < page.count; i++) {
            char key[16];
            snprintf(key, sizeof key, "k%06d", next--);
            assert_true(str_eq(page.pairs[i].key, str_from_c(key)));
        }
        more = page.more;
        to = page.pairs[page.count - 1].key;
    }
    assert_int_equal(next, 99);
}

static void more_is_said_only_when_keys_are_left(void **state) {
    struct engine *e = *state;
    engine_fill(e->kv, 20);
    assert_false(scan(e, NULL, STR("k"), (str){}, false, 20, SIZE_MAX).more);
    assert_true(scan(e, NULL, STR("k"), (str){}, false, 19, SIZE_MAX).more);
    assert_false(scan(e, NULL, STR("k"), STR("k000010"), false, 10, SIZE_MAX).more);
    assert_false(scan(e, NULL, STR("k000010"), (str){}, true, 10, SIZE_MAX).more);
    assert_true(scan(e, NULL, STR("k000009"), (str){}, true, 10, SIZE_MAX).more);
}

static void a_page_ends_by_bytes_but_has_one_pair(void **state) {
    struct engine *e = *state;
    char *large = arena_alloc_zero(e->arena, 100000);
    for (int i = 0; i < 4; i++)
        engine_put(e->kv, (str){(const char[]){(char)('a' + i)}, 1}, (str){large, 100000});
    struct kv_page page = scan(e, NULL, (str){}, (str){}, false, 100, 1);
    assert_int_equal(page.count, 1);
    assert_true(page.more);
    page = scan(e, NULL, (str){}, (str){}, false, 100, 250000);
    assert_int_equal(page.count, 2);
    assert_true(page.more);
    assert_int_equal(page.pairs[1].value.len, 100000);
}

static void empty_ranges_are_empty_pages(void **state) {
    struct engine *e = *state;
    engine_fill(e->kv, 10);
    const str bounds[][2] = {
        {STR("k000005"), STR("k000005")},
        {STR("k000005"), STR("k000002")},
        {STR("l"), {}},
        {STR("a"), STR("b")},
        {STR("k000005a"), STR("k000006")},
        {{}, STR("k000000")},
    };
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++)
        for (int backward = 0; backward < 2; backward++) {
            struct kv_page page = scan(e, NULL, bounds[i][0], bounds[i][1], backward, 5, SIZE_MAX);
            assert_int_equal(page.count, 0);
            assert_false(page.more);
        }
}

static void a_snapshot_sees_what_was_when_it_began(void **state) {
    struct engine *e = *state;
    engine_put(e->kv, STR("changed"), STR("old"));
    engine_put(e->kv, STR("deleted"), STR("old"));
    scoped_kv_read struct kv_read *read = NULL, *later = NULL;
    assert_status(kv_read_begin(e->kv, &read), ST_OK);
    engine_put(e->kv, STR("changed"), STR("new"));
    engine_put(e->kv, STR("added"), STR("new"));
    assert_status(kv_read_begin(e->kv, &later), ST_OK);
    engine_delete(e->kv, STR("deleted"));
    for (int i = 0; i < 30; i++)
        engine_put(e->kv, STR("changed"), STR("newest"));

    const str keys[] = {STR("changed"), STR("deleted"), STR("added")};
    str values[3];
    assert_status(kv_find_many(e->kv, read, e->arena, keys, 3, values), ST_OK);
    assert_str(values[0], "old");
    assert_str(values[1], "old");
    assert_null(values[2].ptr);
    assert_status(kv_find_many(e->kv, later, e->arena, keys, 3, values), ST_OK);
    assert_str(values[0], "new");
    assert_str(values[1], "old");
    assert_str(values[2], "new");
    struct kv_page page = scan(e, read, (str){}, (str){}, false, 10, SIZE_MAX);
    assert_int_equal(page.count, 2);
    assert_str(page.pairs[0].value, "old");
    page = scan(e, read, (str){}, (str){}, true, 10, SIZE_MAX);
    assert_int_equal(page.count, 2);
    assert_str(page.pairs[0].key, "deleted");
    assert_found(e, STR("changed"), "newest");
    assert_missing(e, STR("deleted"));
}

static void snapshots_end_in_any_order(void **state) {
    struct engine *e = *state;
    struct kv_read *reads[3];
    for (int i = 0; i < 3; i++) {
        engine_put(e->kv, STR("k"), (str){(const char[]){(char)('0' + i)}, 1});
        assert_status(kv_read_begin(e->kv, &reads[i]), ST_OK);
    }
    engine_delete(e->kv, STR("k"));
    kv_read_end(reads[1]);
    engine_fill(e->kv, 50); /* some room for an engine to tidy up */
    str value;
    assert_status(kv_find(e->kv, reads[0], e->arena, STR("k"), &value), ST_OK);
    assert_str(value, "0");
    kv_read_end(reads[0]);
    for (int i = 0; i < 20; i++)
        engine_put(e->kv, STR("other"), STR("x"));
    assert_status(kv_find(e->kv, reads[2], e->arena, STR("k"), &value), ST_OK);
    assert_str(value, "2");
    kv_read_end(reads[2]);
    for (int i = 0; i < 20; i++)
        engine_put(e->kv, STR("other"), STR("x"));
    assert_missing(e, STR("k"));
    engine_put(e->kv, STR("k"), STR("back"));
    assert_found(e, STR("k"), "back");
    kv_read_end(NULL);
}

static void dropped_ranges_are_gone_and_their_neighbours_stay(void **state) {
    struct engine *e = *state;
    engine_fill(e->kv, 1000);
    engine_add(e->kv, STR("k000500c"), 5);
    struct kv_read *before = NULL;
    assert_status(kv_read_begin(e->kv, &before), ST_OK);
    assert_status(kv_drop_range(e->kv, STR("k000200"), STR("k000800")), ST_OK);
    assert_int_equal(scan(e, NULL, (str){}, (str){}, false, 2000, SIZE_MAX).count, 400);
    assert_int_equal(scan(e, before, (str){}, (str){}, false, 2000, SIZE_MAX).count, 1001);
    kv_read_end(before);
    assert_found(e, STR("k000199"), "v199");
    assert_missing(e, STR("k000200"));
    assert_missing(e, STR("k000799"));
    assert_found(e, STR("k000800"), "v800");
    engine_add(e->kv, STR("k000500c"), 2); /* a counter in it begins at 0 again */
    str value;
    assert_status(kv_find(e->kv, NULL, e->arena, STR("k000500c"), &value), ST_OK);
    assert_int_equal(kv_counter_value(value), 2);
    engine_put(e->kv, STR("k000300"), STR("again"));
    engine_reopen(e);
    if (engine_is_rocks) {
        assert_found(e, STR("k000300"), "again");
        assert_missing(e, STR("k000301"));
    }
}

int main(int argc, char **argv) {
    engine_arguments(argc, argv);
#define CASE(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)
    const struct CMUnitTest tests[] = {
        CASE(many_keys_are_found_position_by_position),
        CASE(keys_come_in_the_order_of_unsigned_bytes),
        CASE(pages_forward_meet_every_key_once),
        CASE(pages_backward_meet_every_key_once),
        CASE(more_is_said_only_when_keys_are_left),
        CASE(a_page_ends_by_bytes_but_has_one_pair),
        CASE(empty_ranges_are_empty_pages),
        CASE(a_snapshot_sees_what_was_when_it_began),
        CASE(snapshots_end_in_any_order),
        CASE(dropped_ranges_are_gone_and_their_neighbours_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
