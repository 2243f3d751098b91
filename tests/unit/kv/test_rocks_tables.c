/* The two tables in memory that the durable engine keeps beside RocksDB. */
#include "kv/rocks/counters.h"
#include "kv/rocks/overlay.h"
#include "lib/test.h"

static int64_t value_of(struct counters *counters, const char *key, bool want_new) {
    bool fresh;
    struct counter *counter = counters_at(counters, str_from_c(key), &fresh);
    assert_int_equal(fresh, want_new);
    return counter->value;
}

static void counters_are_found_again(void **state) {
    (void)state;
    struct counters counters = {};
    for (int i = 0; i < 2000; i++) {
        char key[16];
        bool fresh;
        snprintf(key, sizeof key, "%04d", i);
        counters_at(&counters, str_from_c(key), &fresh)->value = i;
        assert_true(fresh);
    }
    assert_int_equal(value_of(&counters, "0000", false), 0);
    assert_int_equal(value_of(&counters, "1999", false), 1999);
    assert_int_equal(value_of(&counters, "none", true), 0);
    counters_clear(&counters);
    assert_int_equal(counters.count, 0);
    assert_int_equal(value_of(&counters, "1999", true), 0);
    counters_done(&counters);
}

static void dropped_counters_are_new_again(void **state) {
    (void)state;
    struct counters counters = {};
    for (char c = 'a'; c <= 'e'; c++)
        counters_at(&counters, (str){&c, 1}, &(bool){false})->value = c;
    counters_drop(&counters, STR("b"), STR("d"));
    counters_drop(&counters, STR("x"), STR("z"));
    assert_int_equal(counters.count, 3);
    assert_int_equal(value_of(&counters, "a", false), 'a');
    assert_int_equal(value_of(&counters, "d", false), 'd');
    assert_int_equal(value_of(&counters, "e", false), 'e');
    assert_int_equal(value_of(&counters, "b", true), 0);
    assert_int_equal(value_of(&counters, "c", true), 0);
    counters_done(&counters);
}

static struct overlay overlay;

static void released_groups_leave_newer_values(void **state) {
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    struct kept_value *first = NULL, *second = NULL;
    str value;
    uint64_t group;
    overlay_init(&overlay);
    overlay_put(&overlay, STR("a"), 1, STR("old"), 1, &first);
    overlay_put(&overlay, STR("b"), 1, STR("same hash"), 1, &first);
    overlay_put(&overlay, STR("a"), 1, STR("newer"), 1, &first);
    overlay_put(&overlay, STR("c"), 2, STR(""), 1, &first);
    overlay_put(&overlay, STR("a"), 1, (str){}, 2, &second);
    assert_true(overlay_find(&overlay, arena, STR("a"), 1, &value, &group));
    assert_null(value.ptr); /* deleted */
    assert_int_equal(group, 2);
    assert_true(overlay_find(&overlay, arena, STR("c"), 2, &value, &group));
    assert_non_null(value.ptr); /* empty */
    assert_int_equal(value.len, 0);

    overlay_release(&overlay, &first, NULL);
    assert_null(first);
    assert_true(overlay_find(&overlay, arena, STR("a"), 1, &value, &group));
    assert_false(overlay_find(&overlay, arena, STR("b"), 1, &value, &group));
    assert_false(overlay_find(&overlay, arena, STR("c"), 2, &value, &group));
    overlay_release(&overlay, &second, NULL);
    assert_false(overlay_find(&overlay, arena, STR("a"), 1, &value, &group));
    overlay_done(&overlay);
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counters_are_found_again),
        cmocka_unit_test(dropped_counters_are_new_again),
        cmocka_unit_test(released_groups_leave_newer_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
