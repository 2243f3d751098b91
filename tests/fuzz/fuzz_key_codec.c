/* Bytes as two values of keys, and as an encoding. The first byte says where the second value
 * starts, the second one of which kind they are. Laws: what is encoded is decoded, with whatever
 * follows left alone; encodings are in the order of values, and none begins with another; all that
 * begins with a prefix lies between the prefix and its end; bytes that are decoded are encoded
 * to what they were. */
#include "base/check.h"
#include "item/item_key.h"
#include "item/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int sign(int order) {
    return (order > 0) - (order < 0);
}

static str encode(enum value_kind kind, str bytes, struct arena *arena) {
    struct buf out;
    buf_init(&out, arena, 64);
    key_part_encode(kind, bytes, &out);
    return buf_str(&out);
}

static void check_value(enum value_kind kind, str bytes, struct arena *arena) {
    struct buf both;
    str back, text;
    buf_init(&both, arena, 64);
    key_part_encode(kind, bytes, &both);
    size_t len = both.len;
    buf_add_lit(&both, "\x01\xff more");
    str rest = buf_str(&both);
    CHECK(key_part_decode(kind, &rest, arena, &back));
    CHECK(str_eq(back, bytes));
    CHECK(rest.len == both.len - len);
    CHECK(key_part_text(kind, bytes, arena, &text));
}

static void check_pair(enum value_kind kind, str a, str b, struct arena *arena) {
    str first = encode(kind, a, arena), second = encode(kind, b, arena);
    CHECK(sign(str_cmp(first, second)) == sign(str_cmp(a, b))); /* numbers: order is their bytes' */
    if (!str_eq(a, b))
        CHECK(!str_starts_with(first, second) && !str_starts_with(second, first));
    if (kind == VALUE_NUMBER || !str_starts_with(a, b))
        return;
    struct buf prefix;
    buf_init(&prefix, arena, 64);
    key_part_encode_prefix(b, &prefix);
    str end = key_prefix_end(buf_str(&prefix), arena);
    CHECK(str_starts_with(first, buf_str(&prefix)));
    CHECK(end.ptr == NULL || str_cmp(first, end) < 0);
}

static void check_encoding(enum value_kind kind, str bytes, struct arena *arena) {
    str rest = bytes, value;
    if (!key_part_decode(kind, &rest, arena, &value))
        return;
    str again = encode(kind, value, arena);
    CHECK(again.len == bytes.len - rest.len);
    CHECK(memcmp(again.ptr, bytes.ptr, again.len) == 0);
}

/* A number's value is its encoding: the text, where it is one. */
static bool number_of(str text, struct arena *arena, str *out) {
    unsigned char *bytes = arena_alloc(arena, NUMBER_BYTES_MAX);
    size_t len;
    if (number_from_text(text, bytes, &len) != NUMBER_OK)
        return false;
    *out = (str){(const char *)bytes, len};
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const enum value_kind kinds[] = {VALUE_STRING, VALUE_BINARY, VALUE_NUMBER};
    if (size < 2)
        return 0;
    struct arena *arena = arena_new(1 << 20);
    str rest = {(const char *)data + 2, size - 2};
    size_t cut = data[0] < rest.len ? data[0] : rest.len;
    enum value_kind kind = kinds[data[1] % 3];
    str a = str_slice(rest, 0, cut), b = str_slice(rest, cut, rest.len);
    check_encoding(kind, rest, arena);
    if (kind != VALUE_NUMBER || (number_of(a, arena, &a) && number_of(b, arena, &b))) {
        check_value(kind, a, arena);
        check_value(kind, b, arena);
        check_pair(kind, a, b, arena);
    }
    arena_free(arena);
    return 0;
}
