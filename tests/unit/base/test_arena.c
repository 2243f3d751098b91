#include "base/buf.h"
#include "lib/test.h"

static void memory_is_aligned_and_distinct(void **state) {
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    char *a = arena_alloc(arena, 3), *b = arena_alloc(arena, 5);
    assert_int_equal((uintptr_t)a % 16, 0);
    assert_int_equal((uintptr_t)b % 16, 0);
    assert_true(b >= a + 3);
    arena_free(arena);
}

static void rewind_gives_back_what_came_after_the_mark(void **state) {
    (void)state;
    struct arena *arena = arena_new(64 << 20);
    str kept = arena_copy(arena, STR("kept"));
    size_t used = arena_used(arena);
    arena_mark mark = arena_get_mark(arena);
    for (int i = 0; i < 100; i++)
        memset(arena_alloc(arena, 100000), i, 100000);
    assert_true(arena_used(arena) > used + 9000000);
    arena_rewind(arena, mark);
    assert_int_equal(arena_used(arena), used);
    assert_str(kept, "kept");
    arena_free(arena);
}

static void reset_keeps_little(void **state) {
    (void)state;
    struct arena *arena = arena_new(64 << 20);
    for (int i = 0; i < 50; i++)
        arena_alloc(arena, 200000);
    arena_reset(arena, 64 * 1024);
    assert_int_equal(arena_used(arena), 0);
    memset(arena_alloc(arena, 1000000), 1, 1000000);
    arena_free(arena);
}

static void what_is_given_back_is_used_again(void **state) {
    (void)state;
    struct arena *arena = arena_new(64 << 20);
    size_t before = arena_used(arena);
    char *bytes = arena_bytes(arena, 20 << 20);
    memset(bytes, 7, 100);
    arena_give_back(arena, bytes, 20 << 20, 100);
    assert_in_range(arena_used(arena), before + 100, before + 200);
    for (int i = 0; i < 50000; i++)
        memset(arena_alloc(arena, 1000), 1, 1000); /* 70 MB would be too much */
    assert_int_equal(bytes[99], 7);
    arena_free(arena);
}

static void buf_grows_and_keeps_its_bytes(void **state) {
    (void)state;
    struct arena *arena = arena_new(64 << 20);
    struct buf buf;
    buf_init(&buf, arena, 4);
    for (int i = 0; i < 1000; i++) {
        buf_add_u64(&buf, (uint64_t)i);
        buf_add_lit(&buf, ",");
        arena_alloc(arena, 1); /* so that it can't always grow in place */
    }
    str text = buf_str(&buf);
    assert_int_equal(text.len, 10 * 2 + 90 * 3 + 900 * 4);
    assert_str(str_slice(text, 0, 6), "0,1,2,");
    assert_str(str_slice(text, text.len - 8, text.len), "998,999,");
    buf_init(&buf, arena, 4);
    buf_add_i64(&buf, INT64_MIN);
    assert_str(buf_str(&buf), "-9223372036854775808");
    arena_free(arena);
}

static void messages_hold_slices_with_nuls(void **state) {
    (void)state;
    struct arena *arena = arena_new(1 << 20);
    str nul = {"a\0b", 3}, none = STR("");
    str text = arena_printf(arena, "<%.*s|%.*s|%s> %d%c %zu %u %lld", STR_ARG(nul), STR_ARG(none),
                            "s", -5, '!', (size_t)7, 8U, -9LL);
    assert_int_equal(text.len, 19);
    assert_memory_equal(text.ptr, "<a\0b||s> -5! 7 8 -9", text.len + 1);
    text = arena_printf(arena, "%03d %.*s", 7, STR_ARG(STR("other conversions are printf's")));
    assert_string_equal(text.ptr, "007 other conversions are printf's");
    arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_aligned_and_distinct),
        cmocka_unit_test(rewind_gives_back_what_came_after_the_mark),
        cmocka_unit_test(reset_keeps_little),
        cmocka_unit_test(what_is_given_back_is_used_again),
        cmocka_unit_test(buf_grows_and_keeps_its_bytes),
        cmocka_unit_test(messages_hold_slices_with_nuls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
