#include "base/bytes.h"
#include "base/check.h"
#include "base/str.h"
#include "kv/rocks/file_cipher.h"
#include "kv/rocks/seal.h"
#include "lib/test.h"

#include <pthread.h>

static void from_hex(const char *hex, unsigned char *out) {
    for (size_t i = 0; hex[2 * i] != '\0'; i++) {
        unsigned byte = 0;
        CHECK(sscanf(hex + 2 * i, "%2x", &byte) == 1);
        out[i] = (unsigned char)byte;
    }
}

/* NIST SP 800-38A, F.5.5. */
static const char plain_hex[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                                "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
static const char cipher_hex[] = "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
                                 "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6";

static struct file_cipher *nist_cipher(void) {
    unsigned char key[KEY_LEN], counter[COUNTER_BLOCK_LEN];
    from_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", key);
    from_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", counter);
    return file_cipher_make(key, counter);
}

static void contents_are_as_the_standard_has_them(void **state) {
    unsigned char plain[64], expected[64], out[64];
    (void)state;
    from_hex(plain_hex, plain);
    from_hex(cipher_hex, expected);
    struct file_cipher *cipher = nist_cipher();
    file_cipher_apply(cipher, 0, plain, out, sizeof out);
    assert_memory_equal(out, expected, sizeof out);
    file_cipher_free(cipher);
}

static void any_part_is_decrypted_by_itself(void **state) {
    unsigned char plain[64], bytes[64], out[64];
    (void)state;
    from_hex(plain_hex, plain);
    from_hex(cipher_hex, bytes);
    struct file_cipher *cipher = nist_cipher();
    for (size_t from = 0; from < sizeof bytes; from++)
        for (size_t to = from; to <= sizeof bytes; to++) {
            memcpy(out, bytes, sizeof out);
            file_cipher_apply(cipher, from, out + from, out + from, to - from);
            assert_memory_equal(out, bytes, from);
            assert_memory_equal(out + from, plain + from, to - from);
            assert_memory_equal(out + to, bytes + to, sizeof out - to);
        }
    file_cipher_free(cipher);
}

/* The stream behind the last counter block goes on with block 0, and offsets beyond 4 GB count. */
static void counters_carry_and_wrap(void **state) {
    unsigned char key[KEY_LEN] = "k", ones[COUNTER_BLOCK_LEN], zero[COUNTER_BLOCK_LEN] = {},
                  half[COUNTER_BLOCK_LEN] = {}, far[COUNTER_BLOCK_LEN] = {};
    unsigned char nothing[48] = {}, a[48], b[48];
    const uint64_t far_offset = (uint64_t)5 << 40;
    (void)state;
    memset(ones, 0xff, sizeof ones);
    memset(half + 8, 0xff, 8);
    put_be64(far + 8, far_offset / COUNTER_BLOCK_LEN);
    struct file_cipher *from_ones = file_cipher_make(key, ones),
                       *from_zero = file_cipher_make(key, zero),
                       *from_half = file_cipher_make(key, half),
                       *from_far = file_cipher_make(key, far);
    file_cipher_apply(from_ones, COUNTER_BLOCK_LEN, nothing, a, sizeof a);
    file_cipher_apply(from_zero, 0, nothing, b, sizeof b);
    assert_memory_equal(a, b, sizeof a);
    file_cipher_apply(from_zero, far_offset, nothing, a, sizeof a);
    file_cipher_apply(from_far, 0, nothing, b, sizeof b);
    assert_memory_equal(a, b, sizeof a);
    /* One call over the carry, and one that begins behind it. */
    file_cipher_apply(from_half, 0, nothing, a, sizeof a);
    file_cipher_apply(from_half, COUNTER_BLOCK_LEN, nothing, b, sizeof b - COUNTER_BLOCK_LEN);
    assert_memory_equal(a + COUNTER_BLOCK_LEN, b, sizeof b - COUNTER_BLOCK_LEN);
    file_cipher_free(from_ones);
    file_cipher_free(from_zero);
    file_cipher_free(from_half);
    file_cipher_free(from_far);
}

/* McGrew and Viega, test case 16. */
static void seals_open_as_the_standard_has_them(void **state) {
    unsigned char key[KEY_LEN], nonce[SEAL_NONCE_LEN], tag[SEAL_TAG_LEN], about[20], bytes[60],
        plain[60], expected[60];
    (void)state;
    from_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key);
    from_hex("cafebabefacedbaddecaf888", nonce);
    from_hex("76fc6ece0f4e1768cddf8853bb2d551b", tag);
    from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2", about);
    from_hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b0"
             "8b1056828838c5f61e6393ba7a0abcc9f662",
             bytes);
    from_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf"
             "0e2449a6b525b16aedf5aa0de657ba637b39",
             expected);
    struct sealed sealed = {about, sizeof about, nonce, tag};
    assert_true(seal_open(key, &sealed, bytes, sizeof bytes, plain));
    assert_memory_equal(plain, expected, sizeof plain);
    tag[0] ^= 1;
    assert_false(seal_open(key, &sealed, bytes, sizeof bytes, plain));
}

static void a_header_gives_back_its_cipher(void **state) {
    struct key_ring ring = {};
    unsigned char header[FILE_HEADER_LEN], bytes[100], out[100];
    struct file_cipher *opened;
    (void)state;
    assert_status(key_ring_add(&ring, 1), ST_OK);
    assert_status(key_ring_add(&ring, 2), ST_OK);
    struct file_cipher *made = file_cipher_new(&ring, header);
    assert_int_equal(file_header_key_id(header), 2);
    assert_status(key_ring_add(&ring, 3), ST_OK); /* an older key stays good */
    assert_status(file_cipher_open(&ring, header, &opened), ST_OK);
    memset(bytes, 'x', sizeof bytes);
    file_cipher_apply(made, 7, bytes, out, sizeof out);
    assert_memory_not_equal(out, bytes, sizeof out);
    file_cipher_apply(opened, 7, out, out, sizeof out);
    assert_memory_equal(out, bytes, sizeof out);
    file_cipher_free(made);
    file_cipher_free(opened);
}

static void two_files_have_different_streams(void **state) {
    struct key_ring ring = {};
    unsigned char header[2][FILE_HEADER_LEN], nothing[32] = {}, out[2][32];
    (void)state;
    assert_status(key_ring_add(&ring, 1), ST_OK);
    for (int i = 0; i < 2; i++) {
        struct file_cipher *cipher = file_cipher_new(&ring, header[i]);
        file_cipher_apply(cipher, 0, nothing, out[i], sizeof out[i]);
        file_cipher_free(cipher);
    }
    assert_memory_not_equal(out[0], out[1], sizeof out[0]);
    assert_memory_not_equal(header[0], header[1], FILE_HEADER_LEN);
}

static void a_header_with_a_flipped_bit_does_not_open(void **state) {
    struct key_ring ring = {};
    unsigned char header[FILE_HEADER_LEN];
    struct file_cipher *none = NULL;
    (void)state;
    assert_status(key_ring_add(&ring, 1), ST_OK);
    file_cipher_free(file_cipher_new(&ring, header));
    for (size_t bit = 0; bit < (size_t)FILE_HEADER_LEN * 8; bit++) {
        header[bit / 8] ^= (unsigned char)(1 << bit % 8);
        status st = file_cipher_open(&ring, header, &none);
        assert_true(st == ST_CORRUPT || st == ST_NEWER);
        assert_null(none);
        header[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    header[9] = 2;
    assert_status(file_cipher_open(&ring, header, &none), ST_NEWER);
    header[9] = 1;
    assert_status(file_cipher_open(&ring, header, &none), ST_OK);
    file_cipher_free(none);
}

static void a_header_of_another_key_does_not_open(void **state) {
    struct key_ring ring = {}, other = {};
    unsigned char header[FILE_HEADER_LEN];
    struct file_cipher *none = NULL;
    (void)state;
    assert_status(key_ring_add(&ring, 1), ST_OK);
    assert_status(key_ring_add(&other, 1), ST_OK);
    file_cipher_free(file_cipher_new(&ring, header));
    assert_status(file_cipher_open(&other, header, &none), ST_CORRUPT);
    assert_status(file_cipher_open(&(struct key_ring){}, header, &none), ST_CORRUPT);
    assert_null(none);
}

enum { THREADS = 8, ROUNDS = 2000 };

static void *apply_main(void *cipher) {
    unsigned char plain[64], bytes[64], out[64];
    from_hex(plain_hex, plain);
    from_hex(cipher_hex, bytes);
    for (size_t i = 0; i < ROUNDS; i++) {
        size_t from = i % 60;
        file_cipher_apply(cipher, from, bytes + from, out, sizeof bytes - from);
        if (memcmp(out, plain + from, sizeof bytes - from) != 0)
            return cipher;
    }
    return NULL;
}

static void threads_share_a_cipher(void **state) {
    struct file_cipher *cipher = nist_cipher();
    pthread_t threads[THREADS];
    (void)state;
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, apply_main, cipher) == 0);
    for (int i = 0; i < THREADS; i++) {
        void *failed = NULL;
        pthread_join(threads[i], &failed);
        assert_null(failed);
    }
    file_cipher_free(cipher);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents_are_as_the_standard_has_them),
        cmocka_unit_test(any_part_is_decrypted_by_itself),
        cmocka_unit_test(counters_carry_and_wrap),
        cmocka_unit_test(seals_open_as_the_standard_has_them),
        cmocka_unit_test(a_header_gives_back_its_cipher),
        cmocka_unit_test(two_files_have_different_streams),
        cmocka_unit_test(a_header_with_a_flipped_bit_does_not_open),
        cmocka_unit_test(a_header_of_another_key_does_not_open),
        cmocka_unit_test(threads_share_a_cipher),
    };
    if (crypto_load() != ST_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
