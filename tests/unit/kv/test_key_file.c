#include "base/bytes.h"
#include "base/hash.h"
#include "kv/rocks/key_file.h"
#include "kv/rocks/seal.h"
#include "lib/test.h"

static const unsigned char user_key[KEY_LEN] = "mine", other_key[KEY_LEN] = "somebody else's";

static struct key_ring ring_of(size_t count) {
    struct key_ring ring = {};
    for (size_t i = 0; i < count; i++)
        assert_status(key_ring_add(&ring, (int64_t)i * 1000), ST_OK);
    return ring;
}

static void a_ring_comes_back_as_it_was(void **state) {
    static const size_t counts[] = {1, 2, KEY_RING_MAX};
    unsigned char bytes[KEY_FILE_MAX];
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct key_ring ring = ring_of(counts[i]), read = {};
        size_t len = key_file_write(&ring, user_key, bytes);
        assert_int_equal(len, KEY_FILE_HEAD_LEN + counts[i] * KEY_FILE_ENTRY_LEN + SEAL_TAG_LEN);
        assert_status(key_file_read(bytes, len, user_key, &read), ST_OK);
        assert_memory_equal(&read, &ring, sizeof ring);
    }
}

static void keys_do_not_show_in_the_file(void **state) {
    unsigned char bytes[KEY_FILE_MAX];
    struct key_ring ring = ring_of(3);
    (void)state;
    size_t len = key_file_write(&ring, user_key, bytes);
    for (size_t i = 0; i < ring.count; i++)
        assert_null(memmem(bytes, len, ring.keys[i].key, 8));
    assert_null(memmem(bytes, len, user_key, 4));
}

static void a_wrong_key_is_told_from_damage(void **state) {
    unsigned char bytes[KEY_FILE_MAX];
    struct key_ring ring = ring_of(2), none = {};
    (void)state;
    size_t len = key_file_write(&ring, user_key, bytes);
    assert_status(key_file_read(bytes, len, other_key, &none), ST_INVALID);
    for (size_t bit = 0; bit < len * 8; bit++) {
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        status st = key_file_read(bytes, len, user_key, &none);
        assert_true(st == ST_CORRUPT || (st == ST_NEWER && bit / 8 >= 8 && bit / 8 < 12));
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    for (size_t shorter = 0; shorter < len; shorter++)
        assert_status(key_file_read(bytes, shorter, user_key, &none), ST_CORRUPT);
    assert_int_equal(none.count, 0);
}

/* Somebody who computes the sum anew still has no key. */
static void a_mended_sum_does_not_help(void **state) {
    unsigned char bytes[KEY_FILE_MAX];
    struct key_ring ring = ring_of(1), none = {};
    (void)state;
    size_t len = key_file_write(&ring, user_key, bytes);
    bytes[40] ^= 1;
    put_be64(bytes + 16, 0);
    put_be64(bytes + 16, hash_bytes((str){(char *)bytes, len}));
    assert_status(key_file_read(bytes, len, user_key, &none), ST_INVALID);
}

static void a_ring_has_a_limit(void **state) {
    struct key_ring ring = ring_of(KEY_RING_MAX);
    (void)state;
    assert_status(key_ring_add(&ring, 0), ST_TOO_BIG);
    assert_int_equal(key_ring_find(&ring, KEY_RING_MAX)->id, KEY_RING_MAX);
    assert_null(key_ring_find(&ring, KEY_RING_MAX + 1));
    ring = (struct key_ring){.count = 1, .keys = {{.id = UINT32_MAX}}};
    assert_status(key_ring_add(&ring, 0), ST_TOO_BIG);
}

static void keys_are_read_in_three_forms(void **state) {
    static const char hex[] = "6d696e65206d696e65206d696e65206d696e65206d696e65206d696e65202121";
    static const char base64[] = "bWluZSBtaW5lIG1pbmUgbWluZSBtaW5lIG1pbmUgISE=";
    static const char raw[] = "mine mine mine mine mine mine !!";
    unsigned char key[KEY_LEN];
    char text[100];
    (void)state;
    assert_true(key_parse(raw, KEY_LEN, key));
    assert_memory_equal(key, raw, KEY_LEN);
    const char *forms[] = {hex, base64,
                           "6D696E65206d696e65206d696e65206d696e65206d696e65206d696e65202121"};
    for (size_t i = 0; i < 3; i++) {
        memset(key, 0, sizeof key);
        snprintf(text, sizeof text, " %s\r\n", forms[i]);
        assert_true(key_parse(text, strlen(text), key));
        assert_memory_equal(key, raw, KEY_LEN);
    }
    assert_false(key_parse(raw, KEY_LEN - 1, key));
    assert_false(key_parse(hex, sizeof hex - 2, key));
    assert_false(key_parse("", 0, key));
    snprintf(text, sizeof text, "%s", hex);
    text[9] = 'g';
    assert_false(key_parse(text, strlen(text), key));
    snprintf(text, sizeof text, "%s", base64);
    text[9] = '!';
    assert_false(key_parse(text, strlen(text), key));
    assert_memory_equal(key, raw, KEY_LEN); /* as it was */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_ring_comes_back_as_it_was),
        cmocka_unit_test(keys_do_not_show_in_the_file),
        cmocka_unit_test(a_wrong_key_is_told_from_damage),
        cmocka_unit_test(a_mended_sum_does_not_help),
        cmocka_unit_test(a_ring_has_a_limit),
        cmocka_unit_test(keys_are_read_in_three_forms),
    };
    if (crypto_load() != ST_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
