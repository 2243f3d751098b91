/* Updates one after another: all or nothing, what a body sees, stamps, counters, limits. */
#include "base/bytes.h"
#include "base/thread.h"
#include "engine/engine.h"

#include <pthread.h>

static status several_writes(struct kv_txn *txn, void *context) {
    kv_txn_put(txn, STR("a"), STR("first"));
    kv_txn_put(txn, STR("a"), STR("second"));
    kv_txn_delete(txn, STR("b"));
    kv_txn_put(txn, STR("b"), STR("back"));
    kv_txn_put(txn, STR("c"), STR("lost"));
    kv_txn_delete(txn, STR("c"));
    kv_txn_put(txn, STR("not named"), STR("written"));
    kv_txn_delete(txn, STR("never there"));
    kv_txn_add(txn, STR("count"), 1);
    return *(status *)context;
}

static const str abc[] = {STR_INIT("a"), STR_INIT("b"), STR_INIT("c"), STR_INIT("a")};

static void the_last_write_of_a_key_wins(void **state) {
    struct engine *e = *state;
    engine_put(e->kv, STR("b"), STR("old"));
    engine_put(e->kv, STR("c"), STR("old"));
    struct kv_keys keys = {.exclusive = abc, .exclusive_count = 4};
    status answer = ST_OK;
    uint64_t ticket;
    assert_status(kv_update(e->kv, &keys, several_writes, &answer, &ticket), ST_OK);
    assert_status(kv_ticket_wait(e->kv, ticket), ST_OK);
    assert_found(e, STR("a"), "second");
    assert_found(e, STR("b"), "back");
    assert_missing(e, STR("c"));
    assert_found(e, STR("not named"), "written");
}

static void a_body_that_fails_writes_nothing(void **state) {
    struct engine *e = *state;
    struct kv_keys keys = {.exclusive = abc, .exclusive_count = 3};
    const status answers[] = {ST_FAILED, ST_NOT_FOUND, ST_CORRUPT, ST_WOULD_WAIT};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        status answer = answers[i];
        uint64_t ticket = 77;
        assert_status(kv_update(e->kv, &keys, several_writes, &answer, &ticket), answers[i]);
        assert_int_equal(ticket, 0);
    }
    struct kv_page page;
    assert_status(kv_scan(e->kv, NULL, e->arena, &(struct kv_range){}, 10, 1000, &page), ST_OK);
    assert_int_equal(page.count, 0);
}

struct seen {
    struct arena *arena;
    status st, answer;
    str value;
};

static status look(struct kv_txn *txn, void *context) {
    struct seen *seen = context;
    seen->st = kv_txn_find(txn, seen->arena, STR("k"), &seen->value);
    return seen->answer;
}

static status write_k(struct kv_txn *txn, void *context) {
    const str *value = context;
    if (value->ptr == NULL)
        kv_txn_delete(txn, STR("k"));
    else
        kv_txn_put(txn, STR("k"), *value);
    return ST_OK;
}

static const str k_key[] = {STR_INIT("k")};
static const struct kv_keys k_named = {.exclusive = k_key, .exclusive_count = 1};

/* The second update follows so fast that the first is mostly not durable yet; either way the
 * value must be the newest, and what failed because of it is told only with its ticket. */
static void a_body_sees_the_newest_accepted_value(void **state) {
    struct engine *e = *state;
    int pending = 0;
    for (int i = 0; i < 200; i++) {
        char text[8];
        snprintf(text, sizeof text, "%d", i);
        str value = i % 5 == 4 ? (str){} : str_from_c(text);
        uint64_t wrote, failed;
        struct seen seen = {.arena = e->arena, .answer = ST_FAILED};
        assert_status(kv_update(e->kv, &k_named, write_k, &value, &wrote), ST_OK);
        assert_status(kv_update(e->kv, &k_named, look, &seen, &failed), ST_FAILED);
        if (value.ptr == NULL) {
            assert_status(seen.st, ST_NOT_FOUND);
        } else {
            assert_status(seen.st, ST_OK);
            assert_true(str_eq(seen.value, value));
        }
        assert_true(failed == wrote || failed == 0);
        if (failed == 0)
            assert_int_equal(kv_ticket_state(e->kv, wrote), KV_DURABLE);
        pending += failed != 0;
        assert_status(kv_ticket_wait(e->kv, failed), ST_OK);
        assert_int_equal(kv_ticket_state(e->kv, wrote), KV_DURABLE);
    }
    if (engine_is_rocks)
        assert_true(pending > 0);
}

static status put_stamped(struct kv_txn *txn, void *context) {
    (void)context;
    kv_txn_put_stamped(txn, STR("s/"), STR("/1"), STR("one"));
    kv_txn_put_stamped(txn, STR("s/"), STR("/2"), STR("two"));
    return ST_OK;
}

static void stamps_grow_with_every_update(void **state) {
    struct engine *e = *state;
    uint64_t ticket;
    for (int i = 0; i < 100; i++) {
        if (i == 50 && engine_is_rocks)
            engine_reopen(e);
        assert_status(kv_update(e->kv, &(struct kv_keys){}, put_stamped, NULL, &ticket), ST_OK);
    }
    assert_status(kv_ticket_wait(e->kv, ticket), ST_OK);
    struct kv_range range = {STR("s/"), STR("s0"), false};
    struct kv_page page;
    assert_status(kv_scan(e->kv, NULL, e->arena, &range, 1000, SIZE_MAX, &page), ST_OK);
    assert_int_equal(page.count, 200);
    uint64_t last = 0;
    for (size_t i = 0; i < 200; i += 2) {
        str a = page.pairs[i].key, b = page.pairs[i + 1].key;
        assert_int_equal(a.len, 2 + 8 + 2);
        uint64_t stamp = get_be64(a.ptr + 2);
        assert_true(stamp > last);
        assert_true(get_be64(b.ptr + 2) == stamp);
        assert_str(str_slice(a, 10, 12), "/1");
        assert_str(str_slice(b, 10, 12), "/2");
        assert_str(page.pairs[i].value, "one");
        last = stamp;
    }
}

static void counters_begin_at_zero_and_may_go_below(void **state) {
    struct engine *e = *state;
    assert_int_equal(kv_counter_value((str){}), 0);
    engine_add(e->kv, STR("n"), 5);
    engine_add(e->kv, STR("n"), -12);
    str value;
    assert_status(kv_find(e->kv, NULL, e->arena, STR("n"), &value), ST_OK);
    assert_int_equal(kv_counter_value(value), -7);
    if (engine_is_rocks)
        engine_reopen(e);
    engine_add(e->kv, STR("n"), INT64_MAX);
    assert_status(kv_find(e->kv, NULL, e->arena, STR("n"), &value), ST_OK);
    assert_true(kv_counter_value(value) == INT64_MAX - 7);
}

/* ---- limits ---- */

struct sizes {
    struct arena *arena;
    size_t key, value;
    int count;
};

static status put_sizes(struct kv_txn *txn, void *context) {
    const struct sizes *sizes = context;
    char *bytes = arena_alloc_zero(sizes->arena, sizes->key + sizes->value);
    for (int i = 0; i < sizes->count; i++) {
        put_be32(bytes, (uint32_t)i);
        kv_txn_put(txn, (str){bytes, sizes->key}, (str){bytes, sizes->value});
    }
    return ST_OK;
}

static void limits_are_answered_with_too_big(void **state) {
    struct engine *e = *state;
    static const struct {
        size_t key, value;
        int count;
        status want;
    } rows[] = {
        {KV_KEY_MAX, KV_VALUE_MAX, 1, ST_OK},  {KV_KEY_MAX + 1, 1, 1, ST_TOO_BIG},
        {10, KV_VALUE_MAX + 1, 1, ST_TOO_BIG}, {10, 1000000, 100, ST_OK},
        {10, 1000000, 140, ST_TOO_BIG},        {10, 0, 2000000, ST_TOO_BIG},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct sizes sizes = {e->arena, rows[i].key, rows[i].value, rows[i].count};
        uint64_t ticket;
        assert_status(kv_update(e->kv, &(struct kv_keys){}, put_sizes, &sizes, &ticket),
                      rows[i].want);
        assert_status(kv_ticket_wait(e->kv, ticket), ST_OK);
    }
    str keys[KV_UPDATE_KEYS_MAX + 1];
    for (size_t i = 0; i <= KV_UPDATE_KEYS_MAX; i++)
        keys[i] = arena_printf(e->arena, "key %zu", i);
    struct kv_keys named = {.exclusive = keys, .exclusive_count = KV_UPDATE_KEYS_MAX};
    str value = STR("v");
    uint64_t ticket;
    keys[0] = STR("k");
    assert_status(kv_update(e->kv, &named, write_k, &value, &ticket), ST_OK);
    named.shared = keys + KV_UPDATE_KEYS_MAX;
    named.shared_count = 1;
    assert_status(kv_update(e->kv, &named, write_k, &value, &ticket), ST_TOO_BIG);
}

/* ---- loops ---- */

static void *write_as_a_loop(void *context) {
    struct engine *e = context;
    str value = STR("by a loop");
    uint64_t ticket;
    thread_mark_loop();
    status st = kv_update(e->kv, &k_named, write_k, &value, &ticket);
    return (void *)(intptr_t)st;
}

static status on_a_loop(void *(*body)(void *context), struct engine *e) {
    pthread_t loop;
    void *answer;
    assert_int_equal(pthread_create(&loop, NULL, body, e), 0);
    pthread_join(loop, &answer);
    return (status)(intptr_t)answer;
}

static status hold_k(struct kv_txn *txn, void *context) {
    (void)txn;
    assert_status(on_a_loop(write_as_a_loop, context), ST_WOULD_WAIT);
    return ST_OK;
}

static void a_loop_does_not_wait_for_a_held_key(void **state) {
    struct engine *e = *state;
    uint64_t ticket;
    assert_status(kv_update(e->kv, &k_named, hold_k, e, &ticket), ST_OK);
    assert_missing(e, STR("k"));
    struct kv_keys shared = {.shared = k_key, .shared_count = 1};
    assert_status(kv_update(e->kv, &shared, hold_k, e, &ticket), ST_OK);
    assert_missing(e, STR("k"));
    assert_status(on_a_loop(write_as_a_loop, e), ST_OK);
    str value = STR("by a worker");
    assert_status(kv_update(e->kv, &k_named, write_k, &value, &ticket), ST_OK);
    assert_status(kv_ticket_wait(e->kv, ticket), ST_OK);
    assert_found(e, STR("k"), "by a worker");
}

static void *drop_as_a_loop(void *context) {
    struct engine *e = context;
    thread_mark_loop();
    return (void *)(intptr_t)kv_drop_range(e->kv, STR("a"), STR("z"));
}

static void a_loop_does_not_wait_for_a_drop(void **state) {
    struct engine *e = *state;
    engine_put(e->kv, STR("k"), STR("kept"));
    assert_status(on_a_loop(drop_as_a_loop, e), ST_WOULD_WAIT);
    assert_found(e, STR("k"), "kept");
}

static void a_closed_null_is_fine(void **state) {
    (void)state;
    kv_close(NULL);
    kv_read_end(NULL);
    assert_int_equal(kv_ticket_state(NULL, 0), KV_DURABLE);
    assert_status(kv_ticket_wait(NULL, 0), ST_OK);
}

int main(int argc, char **argv) {
    engine_arguments(argc, argv);
#define CASE(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)
    const struct CMUnitTest tests[] = {
        CASE(the_last_write_of_a_key_wins),
        CASE(a_body_that_fails_writes_nothing),
        CASE(a_body_sees_the_newest_accepted_value),
        CASE(stamps_grow_with_every_update),
        CASE(counters_begin_at_zero_and_may_go_below),
        CASE(limits_are_answered_with_too_big),
        CASE(a_loop_does_not_wait_for_a_held_key),
        CASE(a_loop_does_not_wait_for_a_drop),
        CASE(a_closed_null_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
