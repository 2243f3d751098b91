/* The heaviest keys of a stream, against exact counts of the same stream. */
#include "traffic/sketch.h"

#include <math.h>
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

enum { STREAM_KEYS = 20000, STREAM_LEN = 400000 };

static struct arena *arena;

static int setup(void **state) {
    (void)state;
    arena = arena_new(16 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static uint64_t next_random(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

static str key_of(size_t number, char text[24]) {
    return (str){text, (size_t)snprintf(text, 24, "user#%zu", number)};
}

/* How often each key comes: rank r with a probability of 1/r. */
static int64_t *zipf_stream(struct sketch *sketch) {
    double *sums = arena_array(arena, double, STREAM_KEYS);
    int64_t *exact = arena_array(arena, int64_t, STREAM_KEYS);
    uint64_t seed = 42;
    char text[24];
    for (size_t i = 0; i < STREAM_KEYS; i++)
        sums[i] = (i > 0 ? sums[i - 1] : 0) + 1.0 / (double)(i + 1);
    for (size_t i = 0; i < STREAM_LEN; i++) {
        double at =
            (double)next_random(&seed) / (double)(UINT64_C(1) << 31) * sums[STREAM_KEYS - 1];
        size_t low = 0, high = STREAM_KEYS - 1;
        while (low < high) {
            size_t middle = (low + high) / 2;
            if (sums[middle] < at)
                low = middle + 1;
            else
                high = middle;
        }
        exact[low]++;
        sketch_add(sketch, key_of(low, text), 1);
    }
    return exact;
}

static void a_zipf_stream_is_known_within_its_bounds(void **state) {
    (void)state;
    struct sketch *sketch = sketch_new();
    int64_t *exact = zipf_stream(sketch);
    struct sketch_entry *top;
    size_t count = sketch_top(sketch, arena, &top);
    char text[24];
    assert_int_equal(count, SKETCH_KEYS);
    for (size_t i = 0; i < count; i++) {
        size_t number = strtoul(arena_printf(arena, "%.*s", STR_ARG(top[i].key)).ptr + 5, NULL, 10);
        assert_true(top[i].weight >= exact[number]);
        assert_true(top[i].weight - top[i].error <= exact[number]);
        assert_true(top[i].error <= STREAM_LEN / SKETCH_KEYS);
    }
    for (size_t number = 0; number < STREAM_KEYS; number++) {
        bool found = false;
        for (size_t i = 0; i < count; i++)
            found |= str_eq(top[i].key, key_of(number, text));
        assert_true(found || exact[number] <= STREAM_LEN / SKETCH_KEYS);
    }
    for (size_t i = 0; i < 10; i++) { /* in their order, within two in a hundred */
        assert_true(str_eq(top[i].key, key_of(i, text)));
        assert_true(fabs((double)(top[i].weight - exact[i])) <= 0.02 * (double)exact[i]);
    }
    sketch_free(sketch);
}

static void few_keys_are_counted_exactly(void **state) {
    (void)state;
    struct sketch *sketch = sketch_new();
    char text[24];
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < SKETCH_KEYS; i++)
            sketch_add(sketch, key_of(i, text), (int64_t)i + 1);
    struct sketch_entry *top;
    assert_int_equal(sketch_top(sketch, arena, &top), SKETCH_KEYS);
    for (size_t i = 0; i < SKETCH_KEYS; i++) {
        assert_int_equal(top[i].weight, 3 * (SKETCH_KEYS - i));
        assert_int_equal(top[i].error, 0);
    }
    sketch_free(sketch);
}

static void the_past_fades(void **state) {
    (void)state;
    struct sketch *sketch = sketch_new();
    sketch_add(sketch, STR("old"), 1000);
    sketch_add(sketch, STR("small"), 1);
    sketch_halve(sketch, 2);
    sketch_add(sketch, STR("new"), 300);
    struct sketch_entry *top;
    assert_int_equal(sketch_top(sketch, arena, &top), 2);
    assert_str(top[0].key, "new");
    assert_str(top[1].key, "old");
    assert_int_equal(top[1].weight, 250);
    sketch_halve(sketch, 1000);
    assert_int_equal(sketch_top(sketch, arena, &top), 0);
    sketch_free(sketch);
}

static void keys_of_any_length_and_bytes_are_told_apart(void **state) {
    (void)state;
    struct sketch *sketch = sketch_new();
    char *large = arena_alloc_zero(arena, 3072);
    sketch_add(sketch, (str){large, 3072}, 5);
    sketch_add(sketch, (str){large, 3071}, 4);
    sketch_add(sketch, (str){large, 1}, 3);
    sketch_add(sketch, STR(""), 2);
    sketch_add(sketch, STR("zero weighs nothing"), 0);
    struct sketch_entry *top;
    assert_int_equal(sketch_top(sketch, arena, &top), 4);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(top[i].weight, 5 - i);
    assert_int_equal(top[3].key.len, 0);
    sketch_free(sketch);
}

static void no_sketch_has_no_keys(void **state) {
    (void)state;
    struct sketch_entry *top;
    assert_int_equal(sketch_top(NULL, arena, &top), 0);
    sketch_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_zipf_stream_is_known_within_its_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(few_keys_are_counted_exactly, setup, teardown),
        cmocka_unit_test_setup_teardown(the_past_fades, setup, teardown),
        cmocka_unit_test_setup_teardown(keys_of_any_length_and_bytes_are_told_apart, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(no_sketch_has_no_keys, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
