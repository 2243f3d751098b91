/* When the read cache may answer, and what it holds. */
#include "base/hash.h"
#include "kv/rocks/read_cache.h"
#include "lib/test.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

static struct arena *arena;
static struct read_cache *cache;

static int set_up(void **state) {
    (void)state;
    arena = arena_new(64 << 20);
    cache = read_cache_new(1 << 20);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    read_cache_free(cache);
    arena_free(arena);
    return 0;
}

static struct cache_look look_for(const char *key) {
    struct cache_look look;
    read_cache_value(&look, str_from_c(key), hash_bytes(str_from_c(key)));
    return look;
}

/* What a reader does: looks, and keeps what the engine says otherwise. True: it was kept. */
static bool reads(const char *key, str engine_says) {
    struct cache_look look = look_for(key);
    str value;
    if (read_cache_find(cache, &look, arena, &value)) {
        assert_int_equal(value.ptr == NULL, engine_says.ptr == NULL);
        assert_true(str_eq(value, engine_says));
        return true;
    }
    read_cache_keep(cache, &look, engine_says);
    return false;
}

static void writes(const char *key, void (*in_the_middle)(void)) {
    struct touched touched = {};
    touched_add(&touched, str_from_c(key), hash_bytes(str_from_c(key)));
    read_cache_writing(cache, &touched);
    if (in_the_middle != NULL)
        in_the_middle();
    read_cache_written(cache, &touched);
    touched_free(&touched);
}

static void what_is_asked_for_twice_is_kept(void **state) {
    (void)state;
    assert_false(reads("a key", STR("value")));
    assert_false(reads("a key", STR("value")));
    assert_true(reads("a key", STR("value")));
    assert_false(reads("no key", (str){}));
    assert_false(reads("no key", (str){}));
    assert_true(reads("no key", (str){}));
    for (int i = 0; i < 2; i++)
        assert_false(reads("empty", STR("")));
    assert_true(reads("empty", STR("")));
}

static void a_write_ends_what_was_kept(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++)
        reads("a key", STR("old"));
    writes("a key", NULL);
    assert_false(reads("a key", STR("new")));
    assert_true(reads("a key", STR("new")));
}

static void find_nothing(void) {
    struct cache_look look = look_for("a key");
    str value;
    assert_false(read_cache_find(cache, &look, arena, &value));
    /* Nor is anything kept that was read meanwhile. */
    look.keep = true;
    read_cache_keep(cache, &look, STR("of one side or the other"));
}

static void nothing_is_found_or_kept_during_a_write(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++)
        reads("a key", STR("old"));
    writes("a key", find_nothing);
    assert_false(reads("a key", STR("new")));
}

static void what_was_read_before_a_write_is_not_kept_behind_it(void **state) {
    (void)state;
    struct cache_look look = look_for("a key");
    str value;
    assert_false(read_cache_find(cache, &look, arena, &value));
    look.keep = true;
    writes("a key", NULL);
    read_cache_keep(cache, &look, STR("old"));
    assert_false(reads("a key", STR("new")));
    assert_true(reads("a key", STR("new")));
}

static void a_group_that_names_a_slot_twice_leaves_it_even(void **state) {
    (void)state;
    struct touched touched = {};
    for (int i = 0; i < 3; i++)
        touched_add(&touched, STR("a key"), hash_bytes(STR("a key")));
    read_cache_writing(cache, &touched);
    read_cache_written(cache, &touched);
    touched_free(&touched);
    for (int i = 0; i < 2; i++)
        assert_false(reads("a key", STR("new")));
    assert_true(reads("a key", STR("new")));
}

static void dropping_a_range_ends_everything(void **state) {
    (void)state;
    for (int i = 0; i < 3; i++)
        reads("a key", STR("old"));
    struct touched touched = {.all = true};
    read_cache_writing(cache, &touched);
    find_nothing();
    read_cache_written(cache, &touched);
    assert_false(reads("a key", (str){}));
    for (int i = 0; i < 2; i++)
        reads("a key", (str){});
    read_cache_forget(cache);
    assert_false(reads("a key", STR("another")));
}

static void a_written_value_is_found_at_once(void **state) {
    (void)state;
    str key = STR("a key"), value = STR("written");
    struct kept_value *kept = calloc(1, sizeof *kept + key.len + value.len);
    kept->hash = hash_bytes(key);
    kept->key_len = (uint32_t)key.len;
    kept->value_len = (uint32_t)value.len;
    memcpy(kept->bytes, key.ptr, key.len);
    memcpy(kept->bytes + key.len, value.ptr, value.len);
    writes("a key", NULL);
    read_cache_take(cache, kept);
    assert_true(reads("a key", STR("written")));
    writes("a key", NULL);
    assert_false(reads("a key", STR("newer")));
}

/* ---- pages ---- */

static struct kv_range partition = {STR_INIT("12345678901from"), STR_INIT("12345678901to"), false};

static bool reads_page(size_t count_max, struct kv_page *page) {
    struct cache_look look;
    assert_true(read_cache_page(&look, &partition, count_max, 1 << 20, arena));
    struct kv_page found;
    if (!read_cache_find_page(cache, &look, arena, &found)) {
        read_cache_keep_page(cache, &look, page, arena);
        return false;
    }
    assert_int_equal(found.count, page->count);
    assert_int_equal(found.more, page->more);
    for (size_t i = 0; i < found.count; i++) {
        assert_true(str_eq(found.pairs[i].key, page->pairs[i].key));
        assert_true(str_eq(found.pairs[i].value, page->pairs[i].value));
    }
    return true;
}

static void a_page_ends_with_a_write_in_its_neighbourhood(void **state) {
    (void)state;
    kv_pair pairs[] = {{STR_INIT("12345678901g"), STR_INIT("one")},
                       {STR_INIT("12345678901h"), STR_INIT("")}};
    struct kv_page page = {.pairs = pairs, .count = 2, .more = true};
    assert_false(reads_page(10, &page));
    assert_false(reads_page(10, &page));
    assert_true(reads_page(10, &page));
    assert_false(reads_page(11, &page)); /* another question */
    writes("1234567890-x", NULL);        /* another neighbourhood */
    assert_true(reads_page(10, &page));
    writes("12345678901 is not in the range, and ends it all the same", NULL);
    assert_false(reads_page(10, &page));
    assert_true(reads_page(10, &page));
    struct kv_page none = {};
    for (int i = 0; i < 2; i++)
        assert_false(reads_page(3, &none));
    assert_true(reads_page(3, &none));
}

static void ranges_over_neighbourhoods_are_not_kept(void **state) {
    (void)state;
    struct cache_look look;
    struct kv_range wide[] = {{STR_INIT("12345678901"), STR_INIT("12345678902"), false},
                              {STR_INIT("12345678901"), {NULL, 0}, false},
                              {STR_INIT("short"), STR_INIT("shorter"), false}};
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        assert_false(read_cache_page(&look, &wide[i], 10, 1000, arena));
}

/* ---- room ---- */

static void the_cache_stays_within_its_bytes(void **state) {
    (void)state;
    static char filler[4000];
    char key[32];
    for (int i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "key %d", i);
        for (int again = 0; again < 2; again++)
            reads(key, (str){filler, sizeof filler});
    }
    struct read_cache_stats stats;
    read_cache_stats(cache, &stats);
    assert_true(stats.bytes <= stats.bytes_max);
    assert_true(stats.bytes > stats.bytes_max / 2);
}

static void what_is_used_outlives_what_is_not(void **state) {
    (void)state;
    static char filler[1000];
    char key[32];
    int found = 0;
    for (int again = 0; again < 2; again++)
        reads("used", STR("value"));
    for (int i = 0; i < 3000; i++) {
        snprintf(key, sizeof key, "key %d", i);
        for (int again = 0; again < 2; again++)
            reads(key, (str){filler, sizeof filler});
        found += reads("used", STR("value"));
    }
    assert_true(found > 2990);
    assert_false(reads("key 0", (str){filler, sizeof filler}));
}

static void large_values_are_left_alone(void **state) {
    (void)state;
    static char large[READ_CACHE_VALUE_MAX];
    for (int i = 0; i < 4; i++)
        assert_false(reads("a key", (str){large, sizeof large}));
}

/* ---- threads ---- */

/* The engine: one value, which only grows. */
static _Atomic uint64_t engine_value;
static atomic_bool over;

static void *read_on(void *argument) {
    (void)argument;
    struct arena *own = arena_new(1 << 20);
    uint64_t last = 0, found = 0;
    while (!atomic_load(&over)) {
        struct cache_look look = look_for("counter");
        uint64_t value;
        str bytes;
        arena_reset(own, 4096);
        if (read_cache_find(cache, &look, own, &bytes)) {
            memcpy(&value, bytes.ptr, sizeof value);
            found++;
        } else {
            value = atomic_load(&engine_value);
            read_cache_keep(cache, &look, (str){(char *)&value, sizeof value});
        }
        if (value < last)
            abort(); /* what was seen was taken back */
        last = value;
    }
    arena_free(own);
    return (void *)(uintptr_t)found;
}

static void no_reader_sees_an_older_value_than_before(void **state) {
    (void)state;
    enum { READERS = 3, WRITES = 1000 };
    pthread_t readers[READERS];
    uint64_t found = 0;
    atomic_store(&over, false);
    for (size_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_on, NULL), 0);
    struct touched touched = {};
    touched_add(&touched, STR("counter"), hash_bytes(STR("counter")));
    for (int i = 0; i < WRITES; i++) {
        read_cache_writing(cache, &touched);
        atomic_fetch_add(&engine_value, 1);
        sched_yield(); /* visible in the engine, and still being written */
        read_cache_written(cache, &touched);
        usleep(50); /* time to keep it, and to find it */
    }
    atomic_store(&over, true);
    for (size_t i = 0; i < READERS; i++) {
        void *result;
        pthread_join(readers[i], &result);
        found += (uintptr_t)result;
    }
    touched_free(&touched);
    assert_true(found > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        CASE(what_is_asked_for_twice_is_kept),
        CASE(a_write_ends_what_was_kept),
        CASE(nothing_is_found_or_kept_during_a_write),
        CASE(what_was_read_before_a_write_is_not_kept_behind_it),
        CASE(a_group_that_names_a_slot_twice_leaves_it_even),
        CASE(dropping_a_range_ends_everything),
        CASE(a_written_value_is_found_at_once),
        CASE(a_page_ends_with_a_write_in_its_neighbourhood),
        CASE(ranges_over_neighbourhoods_are_not_kept),
        CASE(the_cache_stays_within_its_bytes),
        CASE(what_is_used_outlives_what_is_not),
        CASE(large_values_are_left_alone),
        CASE(no_reader_sees_an_older_value_than_before),
#undef CASE
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
