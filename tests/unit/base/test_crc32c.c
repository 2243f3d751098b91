#include "base/crc32c.h"
#include "lib/test.h"

/* Bit by bit, as the polynomial says. */
static uint32_t slowly(const char *bytes, size_t len) {
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    return crc ^ UINT32_MAX;
}

static void known_sums_come_out(void **state) {
    (void)state;
    if (!crc32c_is_fast())
        skip();
    char zeros[32] = {}; /* RFC 3720, B.4 */
    assert_int_equal(crc32c_extend(0, zeros, sizeof zeros), 0x8a9136aa);
    assert_int_equal(crc32c_extend(0, "123456789", 9), 0xe3069283);
    assert_int_equal(crc32c_extend(0, "", 0), 0);
}

static void any_length_and_any_cut_are_one_sum(void **state) {
    (void)state;
    if (!crc32c_is_fast())
        skip();
    char bytes[300];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 37 + 11);
    for (size_t len = 0; len < sizeof bytes; len++) {
        assert_int_equal(crc32c_extend(0, bytes, len), slowly(bytes, len));
        size_t cut = len / 3;
        assert_int_equal(crc32c_extend(crc32c_extend(0, bytes, cut), bytes + cut, len - cut),
                         slowly(bytes, len));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_sums_come_out),
        cmocka_unit_test(any_length_and_any_cut_are_one_sum),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
