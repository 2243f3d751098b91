/* buf_printf and arena_printf: every conversion that texts use, and bytes of any kind in them. */
#include "base/buf.h"
#include "lib/test.h"

#include <limits.h>
#include <stdint.h>

static int make_arena(void **state) {
    *state = arena_new(1 << 20);
    return 0;
}

static int free_arena(void **state) {
    arena_free(*state);
    return 0;
}

static void a_slice_is_printed_with_its_nuls(void **state) {
    str name = {"a\0b", 3}, only_nul = {"", 1};
    assert_str(arena_printf(*state, "<%.*s|%.*s>", STR_ARG(name), STR_ARG(only_nul)), "<a\0b|\0>");
}

static void absent_and_empty_slices_print_nothing(void **state) {
    str absent = *arena_struct(*state, str); /* which gcc cannot see to be NULL */
    assert_str(arena_printf(*state, "<%.*s%.*s>", STR_ARG(absent), STR_ARG(STR(""))), "<>");
    assert_str(arena_printf(*state, "%s", ""), "");
}

static void a_slice_may_be_of_any_length(void **state) {
    char *bytes = arena_bytes(*state, 70000);
    memset(bytes, 0, 70000);
    bytes[69999] = 'z';
    str text = arena_printf(*state, "%.*s!", 70000, bytes);
    assert_int_equal(text.len, 70001);
    assert_memory_equal(text.ptr, bytes, 70000);
    assert_int_equal(text.ptr[70000], '!');
}

#define NUMBERS                                                                                    \
    "%d %d %u %lld %llu %zu %ld %.17g %g %5.1f|%04d|%-4d|%+d|%08x|%02X|%020llu|%03zu", INT32_MIN,  \
        0, UINT32_MAX, (long long)INT64_MIN, (unsigned long long)UINT64_MAX, SIZE_MAX, LONG_MIN,   \
        0.1, -1e300, 2.25, 7, 7, 7, 0xbeefu, 10u, 12345ull, (size_t)5

static void numbers_are_printed_as_the_c_library_does(void **state) {
    char want[300];
    snprintf(want, sizeof want, NUMBERS);
    assert_string_equal(arena_printf(*state, NUMBERS).ptr, want);
}

static void widths_pad_with_zeros_or_blanks(void **state) {
    char want[600];
    snprintf(want, sizeof want, "%03d %06d %09d %5u %05zu %04x %d %ld %lu %.3f %.0f", -7, 1234567,
             42, 7U, (size_t)3, 0xabcU, -1, -5L, 5UL, 2.0 / 3, -1e300);
    str text = arena_printf(*state, "%03d %06d %09d %5u %05zu %04x %d %ld %lu %.3f %.0f", -7,
                            1234567, 42, 7U, (size_t)3, 0xabcU, -1, -5L, 5UL, 2.0 / 3, -1e300);
    assert_string_equal(text.ptr, want);
}

static void bytes_strings_and_percent_signs(void **state) {
    assert_str(arena_printf(*state, "%c%c %02x%02x %s 100%%", 'x', 0, 0x0f, 0xff, "text"),
               "x\0 0fff text 100%");
}

static void a_buffer_keeps_what_it_had_and_may_print_itself(void **state) {
    struct buf buf;
    buf_init(&buf, *state, 1);
    buf_printf(&buf, "one%.*s", 1, "\0");
    buf_printf(&buf, "[%.*s]", STR_ARG(buf_str(&buf)));
    assert_str(buf_str(&buf), "one\0[one\0]");
}

static void a_nul_stands_behind_the_text(void **state) {
    str text = arena_printf(*state, "%.*s", 3, "abcdef");
    assert_int_equal(text.len, 3);
    assert_int_equal(text.ptr[3], 0);
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, make_arena, free_arena)
    const struct CMUnitTest tests[] = {
        CASE(a_slice_is_printed_with_its_nuls),
        CASE(absent_and_empty_slices_print_nothing),
        CASE(a_slice_may_be_of_any_length),
        CASE(numbers_are_printed_as_the_c_library_does),
        CASE(widths_pad_with_zeros_or_blanks),
        CASE(bytes_strings_and_percent_signs),
        CASE(a_buffer_keeps_what_it_had_and_may_print_itself),
        CASE(a_nul_stands_behind_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
