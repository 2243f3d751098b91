#include "base/check.h"
#include "base/thread.h"
#include "kv/latch.h"
#include "lib/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static struct latch_set set_of(size_t count, const uint64_t *hashes, bool shared) {
    struct latch_set set;
    latch_set_init(&set);
    for (size_t i = 0; i < count; i++)
        latch_set_add(&set, hashes[i], shared);
    return set;
}

/* What a loop is told that wants these. */
struct wish {
    struct latches *latches;
    struct latch_set set;
};

static void *wish_main(void *context) {
    struct wish *wish = context;
    thread_mark_loop();
    status st = latches_take(wish->latches, &wish->set);
    if (st == ST_OK)
        latches_release(wish->latches, &wish->set);
    return (void *)(intptr_t)st;
}

static status set_as_a_loop(struct latches *latches, struct latch_set set) {
    struct wish wish = {latches, set};
    pthread_t thread;
    void *answer;
    assert_int_equal(pthread_create(&thread, NULL, wish_main, &wish), 0);
    pthread_join(thread, &answer);
    return (status)(intptr_t)answer;
}

static status as_a_loop(struct latches *latches, uint64_t hash, bool shared) {
    return set_as_a_loop(latches, set_of(1, &hash, shared));
}

static void exclusive_keeps_all_out_and_shared_only_exclusive(void **state) {
    (void)state;
    struct latches *latches = latches_new();
    struct latch_set set = set_of(1, (uint64_t[]){5}, false);
    assert_status(latches_take(latches, &set), ST_OK);
    assert_status(as_a_loop(latches, 5, false), ST_WOULD_WAIT);
    assert_status(as_a_loop(latches, 5, true), ST_WOULD_WAIT);
    assert_status(as_a_loop(latches, 6, false), ST_OK);
    latches_release(latches, &set);
    set = set_of(1, (uint64_t[]){5}, true);
    assert_status(latches_take(latches, &set), ST_OK);
    assert_status(as_a_loop(latches, 5, false), ST_WOULD_WAIT);
    assert_status(as_a_loop(latches, 5, true), ST_OK);
    latches_release(latches, &set);
    assert_status(as_a_loop(latches, 5, false), ST_OK);
    latches_free(latches); /* and nothing is left held */
}

static void a_key_named_twice_is_held_as_the_stronger_wish(void **state) {
    (void)state;
    struct latches *latches = latches_new();
    struct latch_set set = set_of(4, (uint64_t[]){9, 7, 9, 9 + LATCH_COUNT}, true);
    latch_set_add(&set, 9, false);
    assert_status(latches_take(latches, &set), ST_OK);
    assert_int_equal(set.count, 2);
    assert_status(as_a_loop(latches, 9, true), ST_WOULD_WAIT);
    assert_status(as_a_loop(latches, 7, true), ST_OK);
    latches_release(latches, &set);
    assert_status(as_a_loop(latches, 9, false), ST_OK);
    latches_free(latches);
}

static void a_loop_that_fails_holds_nothing(void **state) {
    (void)state;
    struct latches *latches = latches_new();
    struct latch_set set = set_of(1, (uint64_t[]){LATCH_COUNT - 1}, false);
    assert_status(latches_take(latches, &set), ST_OK);
    /* The first two are free, the last is not. */
    struct latch_set wanted = set_of(3, (uint64_t[]){3, LATCH_COUNT - 1, 4}, false);
    assert_status(set_as_a_loop(latches, wanted), ST_WOULD_WAIT);
    assert_status(as_a_loop(latches, 3, false), ST_OK);
    assert_status(as_a_loop(latches, 4, false), ST_OK);
    latches_release(latches, &set);
    latches_free(latches);
}

/* ---- fairness ---- */

struct crowd {
    struct latches *latches;
    atomic_bool stop;
    atomic_int shares;
    bool alone; /* written by the exclusive holder only */
};

static void *share_often(void *context) {
    struct crowd *crowd = context;
    while (!atomic_load(&crowd->stop)) {
        struct latch_set set = set_of(2, (uint64_t[]){1, 2}, true);
        CHECK(latches_take(crowd->latches, &set) == ST_OK);
        CHECK(!crowd->alone);
        atomic_fetch_add(&crowd->shares, 1);
        latches_release(crowd->latches, &set);
    }
    return NULL;
}

static void sharers_do_not_starve_who_wants_it_alone(void **state) {
    (void)state;
    enum { SHARERS = 4, TURNS = 200 };
    struct crowd crowd = {.latches = latches_new()};
    pthread_t threads[SHARERS];
    for (int i = 0; i < SHARERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, share_often, &crowd), 0);
    for (int i = 0; i < TURNS; i++) {
        struct latch_set set = set_of(1, (uint64_t[]){2}, false);
        assert_status(latches_take(crowd.latches, &set), ST_OK);
        crowd.alone = true;
        sched_yield();
        crowd.alone = false;
        latches_release(crowd.latches, &set);
    }
    int before = atomic_load(&crowd.shares);
    while (atomic_load(&crowd.shares) == before) /* and they go on afterwards */
        sched_yield();
    atomic_store(&crowd.stop, true);
    for (int i = 0; i < SHARERS; i++)
        pthread_join(threads[i], NULL);
    latches_free(crowd.latches);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exclusive_keeps_all_out_and_shared_only_exclusive),
        cmocka_unit_test(a_key_named_twice_is_held_as_the_stronger_wish),
        cmocka_unit_test(a_loop_that_fails_holds_nothing),
        cmocka_unit_test(sharers_do_not_starve_who_wants_it_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
