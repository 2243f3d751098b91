/* Bytes as number text and as encodings. The first byte says where the second number starts.
 * Laws: an accepted text has one encoding, whose text gives it back; bytes that have a length as
 * an encoding are the encoding of their text; sums are symmetric and can be taken back; the order
 * of encodings is the sign of the difference. */
#include "base/check.h"
#include "item/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_encoding(str number, struct arena *arena) {
    const unsigned char *at = (const unsigned char *)number.ptr;
    CHECK(number_len(at, at + number.len) == number.len);
    for (size_t cut = 0; cut < number.len; cut++)
        CHECK(number_len(at, at + cut) == 0);

    struct buf text;
    unsigned char again[NUMBER_BYTES_MAX];
    size_t len = 0;
    buf_init(&text, arena, 0);
    number_to_text(number, &text);
    CHECK(text.len <= NUMBER_TEXT_MAX);
    CHECK(number_from_text(buf_str(&text), again, &len) == NUMBER_OK);
    CHECK(str_eq(number, (str){(const char *)again, len}));
    size_t bytes = number_size(number);
    CHECK(bytes >= 1 && bytes <= 22);

    int64_t whole;
    if (number_to_i64(number, &whole)) {
        number_from_i64(whole, again, &len);
        CHECK(str_eq(number, (str){(const char *)again, len}));
    }
}

static void check_pair(str a, str b) {
    unsigned char sum[NUMBER_BYTES_MAX], other[NUMBER_BYTES_MAX];
    size_t sum_len = 0, other_len = 0;
    enum number_fault fault = number_add(a, b, sum, &sum_len);
    CHECK(number_add(b, a, other, &other_len) == fault);
    if (fault == NUMBER_OK) {
        str total = {(const char *)sum, sum_len};
        CHECK(str_eq(total, (str){(const char *)other, other_len}));
        CHECK(number_len(sum, sum + sum_len) == sum_len);
        CHECK(number_subtract(total, b, other, &other_len) == NUMBER_OK);
        CHECK(str_eq(a, (str){(const char *)other, other_len}));
    }
    if (number_subtract(a, b, sum, &sum_len) == NUMBER_OK) {
        int order = str_cmp(a, b); /* 1 is below zero, 2 zero, 3 above */
        CHECK(sum[0] == (order > 0 ? 3 : order < 0 ? 1 : 2));
    }
}

/* The number that `bytes` begin with as an encoding, or are as a text. */
static bool take_number(str bytes, struct arena *arena, str *out) {
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    size_t len = number_len(at, at + bytes.len);
    unsigned char encoding[NUMBER_BYTES_MAX];
    if (len) {
        *out = str_slice(bytes, 0, len);
        return true;
    }
    if (number_from_text(bytes, encoding, &len) != NUMBER_OK)
        return false;
    *out = arena_copy(arena, (str){(const char *)encoding, len});
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    struct arena *arena = arena_new((size_t)1 << 24);
    str all = {(const char *)data + 1, size - 1}, a, b;
    size_t middle = data[0] < all.len ? data[0] : all.len;
    bool has_a = take_number(str_slice(all, 0, middle), arena, &a);
    bool has_b = take_number(str_slice(all, middle, all.len), arena, &b);
    if (has_a)
        check_encoding(a, arena);
    if (has_b)
        check_encoding(b, arena);
    if (has_a && has_b)
        check_pair(a, b);
    arena_free(arena);
    return 0;
}
