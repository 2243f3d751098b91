/* Updates at the same time: nothing is lost, nothing deadlocks, stamps follow commits. */
#include "base/bytes.h"
#include "base/check.h"
#include "engine/engine.h"

#include <stdatomic.h>

enum { THREADS = 8, ROUNDS = 200 };

static status increment(struct kv_txn *txn, void *context) {
    const struct kv_keys *keys = context;
    struct arena *arena = arena_new(1 << 20);
    for (size_t i = 0; i < keys->exclusive_count; i++) {
        str value = {};
        status st = kv_txn_find(txn, arena, keys->exclusive[i], &value);
        CHECK(st == ST_OK || st == ST_NOT_FOUND);
        uint64_t number = value.ptr ? get_be64(value.ptr) : 0;
        char bytes[8];
        put_be64(bytes, number + 1);
        kv_txn_put(txn, keys->exclusive[i], (str){bytes, 8});
    }
    arena_free(arena);
    return ST_OK;
}

static uint64_t number_at(struct engine *e, str key) {
    str value;
    assert_status(kv_find(e->kv, NULL, e->arena, key, &value), ST_OK);
    return get_be64(value.ptr);
}

static void increment_one(int number, void *context) {
    (void)number;
    struct engine *e = context;
    const str key = STR("n");
    struct kv_keys keys = {.exclusive = &key, .exclusive_count = 1};
    uint64_t ticket = 0;
    for (int i = 0; i < ROUNDS; i++)
        CHECK(kv_update(e->kv, &keys, increment, &keys, &ticket) == ST_OK);
    CHECK(kv_ticket_wait(e->kv, ticket) == ST_OK);
}

static void increments_of_one_key_lose_nothing(void **state) {
    struct engine *e = *state;
    engine_threads(THREADS, increment_one, e);
    assert_int_equal(number_at(e, STR("n")), THREADS * ROUNDS);
}

static void increment_pairs(int number, void *context) {
    struct engine *e = context;
    const str keys[] = {STR("a"), STR("b"), STR("c"), STR("a"), STR("b"), STR("c")};
    uint64_t ticket = 0;
    for (int i = 0; i < ROUNDS; i++) {
        str pair[2] = {keys[(number + i) % 3], keys[(number + i) % 3 + 1 + number % 2]};
        str shared[1] = {keys[(number + i) % 3 + 2]};
        struct kv_keys named = {pair, 2, shared, 1};
        CHECK(kv_update(e->kv, &named, increment, &named, &ticket) == ST_OK);
        if (i % 50 == 0)
            CHECK(kv_ticket_wait(e->kv, ticket) == ST_OK);
    }
    CHECK(kv_ticket_wait(e->kv, ticket) == ST_OK);
}

static void pairs_in_opposite_order_do_not_deadlock(void **state) {
    struct engine *e = *state;
    engine_threads(THREADS, increment_pairs, e);
    uint64_t sum = number_at(e, STR("a")) + number_at(e, STR("b")) + number_at(e, STR("c"));
    assert_int_equal(sum, 2 * THREADS * ROUNDS);
}

static status add_body(struct kv_txn *txn, void *context) {
    const int *number = context;
    kv_txn_add(txn, STR("all"), 1);
    kv_txn_add(txn, *number % 2 ? STR("odd") : STR("even"), *number);
    kv_txn_add(txn, STR("all"), 1);
    return ST_OK;
}

static void add_often(int number, void *context) {
    struct engine *e = context;
    uint64_t ticket = 0;
    for (int i = 0; i < ROUNDS; i++) {
        CHECK(kv_update(e->kv, &(struct kv_keys){}, add_body, &number, &ticket) == ST_OK);
        if (i % 20 == 0)
            CHECK(kv_ticket_wait(e->kv, ticket) == ST_OK);
    }
    CHECK(kv_ticket_wait(e->kv, ticket) == ST_OK);
}

static int64_t counter_at(struct engine *e, str key) {
    str value;
    assert_status(kv_find(e->kv, NULL, e->arena, key, &value), ST_OK);
    return kv_counter_value(value);
}

static void counters_of_many_threads_sum_up(void **state) {
    struct engine *e = *state;
    for (int i = 1; i <= 2; i++) {
        engine_threads(THREADS, add_often, e);
        assert_int_equal(counter_at(e, STR("all")), i * 2 * THREADS * ROUNDS);
        assert_int_equal(counter_at(e, STR("odd")), i * (1 + 3 + 5 + 7) * ROUNDS);
        assert_int_equal(counter_at(e, STR("even")), i * (0 + 2 + 4 + 6) * ROUNDS);
        if (engine_is_rocks)
            engine_reopen(e);
    }
}

struct stamped {
    const struct kv_keys *keys;
    int number;
};

/* A chain: each update finds the number of the one before it and files the next under a stamp. */
static status append(struct kv_txn *txn, void *context) {
    const struct stamped *stamped = context;
    status st = increment(txn, (void *)stamped->keys);
    struct arena *arena = arena_new(1 << 20);
    str value = {};
    char number[8] = {};
    if (kv_txn_find(txn, arena, stamped->keys->exclusive[0], &value) == ST_OK)
        memcpy(number, value.ptr, 8);
    kv_txn_put_stamped(txn, STR("log/"), (str){}, (str){number, 8});
    arena_free(arena);
    return st;
}

static void append_often(int number, void *context) {
    struct engine *e = context;
    const str key = STR("chain");
    struct kv_keys keys = {.exclusive = &key, .exclusive_count = 1};
    struct stamped stamped = {&keys, number};
    uint64_t ticket = 0;
    for (int i = 0; i < ROUNDS; i++)
        CHECK(kv_update(e->kv, &keys, append, &stamped, &ticket) == ST_OK);
    CHECK(kv_ticket_wait(e->kv, ticket) == ST_OK);
}

static void stamps_follow_the_order_of_commits(void **state) {
    struct engine *e = *state;
    engine_threads(THREADS, append_often, e);
    struct kv_range range = {STR("log/"), STR("log0"), false};
    struct kv_page page;
    assert_status(kv_scan(e->kv, NULL, e->arena, &range, SIZE_MAX, SIZE_MAX, &page), ST_OK);
    assert_int_equal(page.count, THREADS * ROUNDS);
    for (size_t i = 0; i < page.count; i++)
        assert_int_equal(get_be64(page.pairs[i].value.ptr), i);
}

struct transfer {
    struct engine *e;
    atomic_int writers;
};

static status move(struct kv_txn *txn, void *context) {
    const char *letters = context;
    kv_txn_put(txn, STR("left"), (str){letters, 1});
    kv_txn_put(txn, STR("right"), (str){letters, 1});
    return ST_OK;
}

static void move_or_look(int number, void *context) {
    struct transfer *transfer = context;
    struct kv *kv = transfer->e->kv;
    const str keys[] = {STR("left"), STR("right")};
    struct kv_keys named = {.exclusive = keys, .exclusive_count = 2};
    struct arena *arena = arena_new(16 << 20);
    uint64_t ticket = 0;
    if (number < 4) {
        for (int i = 0; i < ROUNDS; i++) {
            char letter[1] = {(char)('a' + (number * 5 + i) % 26)};
            CHECK(kv_update(kv, &named, move, letter, &ticket) == ST_OK);
        }
        CHECK(kv_ticket_wait(kv, ticket) == ST_OK);
        atomic_fetch_sub(&transfer->writers, 1);
    }
    while (number >= 4 && atomic_load(&transfer->writers) > 0) {
        scoped_kv_read struct kv_read *read = NULL;
        str left, right[1];
        CHECK(kv_read_begin(kv, &read) == ST_OK);
        CHECK(kv_find_many(kv, read, arena, &keys[0], 1, &left) == ST_OK);
        CHECK(kv_find_many(kv, read, arena, &keys[1], 1, right) == ST_OK);
        CHECK((left.ptr == NULL) == (right[0].ptr == NULL));
        CHECK(left.ptr == NULL || str_eq(left, right[0]));
        arena_reset(arena, 1 << 16);
    }
    arena_free(arena);
}

static void snapshots_never_see_half_an_update(void **state) {
    struct transfer transfer = {*state, 4};
    engine_threads(THREADS, move_or_look, &transfer);
    struct engine *e = *state;
    str values[2];
    const str keys[] = {STR("left"), STR("right")};
    assert_status(kv_find_many(e->kv, NULL, e->arena, keys, 2, values), ST_OK);
    assert_true(values[0].ptr != NULL && str_eq(values[0], values[1]));
}

int main(int argc, char **argv) {
    engine_arguments(argc, argv);
#define CASE(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)
    const struct CMUnitTest tests[] = {
        CASE(increments_of_one_key_lose_nothing), CASE(pairs_in_opposite_order_do_not_deadlock),
        CASE(counters_of_many_threads_sum_up),    CASE(stamps_follow_the_order_of_commits),
        CASE(snapshots_never_see_half_an_update),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
