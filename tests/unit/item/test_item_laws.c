/* Laws that hold for all values, tried on seeded random ones. */
#include "item/item_codec.h"
#include "item/item_json.h"
#include "item/item_key.h"
#include "item/number.h"
#include "lib/test.h"

enum { ROUNDS = 3000 };

static struct arena *arena;
static uint64_t seed;

static int setup(void **state) {
    (void)state;
    arena = arena_new(256 << 20);
    seed = 20120810;
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

/* splitmix64: the same sequence everywhere. */
static uint64_t next_random(void) {
    uint64_t z = seed += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static size_t below(size_t bound) {
    return (size_t)(next_random() % bound);
}

static str random_text(size_t len_max) {
    static const str pieces[] = {STR_INIT("a"),        STR_INIT("b"),
                                 STR_INIT("\0"),       STR_INIT("\""),
                                 STR_INIT("\\"),       STR_INIT("\n"),
                                 STR_INIT("\xc3\xa9"), STR_INIT("\xf0\x9f\x98\x80"),
                                 STR_INIT("\x7f"),     STR_INIT("longer piece")};
    struct buf buf;
    buf_init(&buf, arena, 64);
    for (size_t n = below(len_max + 1); n > 0; n--)
        buf_add_str(&buf, pieces[below(sizeof pieces / sizeof pieces[0])]);
    return buf_str(&buf);
}

static str random_bytes_of(size_t len_max) {
    size_t len = below(len_max + 1);
    char *bytes = arena_bytes(arena, len + 1);
    for (size_t i = 0; i < len; i++)
        bytes[i] = below(3) ? (char)next_random() : 0;
    return (str){bytes, len};
}

/* A number as a sign, digits and an exponent, and its text in a form chosen at random. */
struct sample {
    bool negative;
    int exponent; /* of the first digit */
    size_t count;
    char digits[NUMBER_DIGITS_MAX];
    str text;
};

static struct sample random_sample(void) {
    struct sample s = {.negative = below(2), .count = 1 + below(below(2) ? 38 : 4)};
    s.exponent = below(2) ? (int)below(256) - 130 : (int)below(7) - 3;
    for (size_t i = 0; i < s.count; i++)
        s.digits[i] = (char)('0' + below(10));
    s.digits[0] = (char)('1' + below(9));
    struct buf buf;
    buf_init(&buf, arena, 64);
    buf_add_str(&buf, s.negative ? STR("-") : below(2) ? STR("+") : STR(""));
    for (size_t zeros = below(3); zeros; zeros--)
        buf_add_byte(&buf, '0');
    size_t whole = below(s.count + 1); /* digits before the point */
    buf_add(&buf, s.digits, whole);
    buf_add_byte(&buf, '.');
    buf_add(&buf, s.digits + whole, s.count - whole);
    for (size_t zeros = below(3); zeros; zeros--)
        buf_add_byte(&buf, '0');
    buf_printf(&buf, "%c%d", below(2) ? 'e' : 'E', s.exponent + 1 - (int)whole);
    s.text = buf_str(&buf);
    return s;
}

static str encode(str text) {
    unsigned char out[NUMBER_BYTES_MAX];
    size_t len = 0;
    if (number_from_text(text, out, &len) != NUMBER_OK)
        fail_msg("refused: %.*s", STR_ARG(text));
    return arena_copy(arena, (str){(const char *)out, len});
}

/* Fixed point with a place for every digit that can be: a second opinion on order. */
static int sample_cmp(const struct sample *a, const struct sample *b) {
    enum { PLACES = 126 + 130 + NUMBER_DIGITS_MAX };
    char wide[2][PLACES];
    const struct sample *samples[] = {a, b};
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    memset(wide, '0', sizeof wide);
    for (size_t i = 0; i < 2; i++)
        memcpy(wide[i] + (125 - samples[i]->exponent), samples[i]->digits, samples[i]->count);
    int order = memcmp(wide[0], wide[1], PLACES);
    return a->negative ? -order : order;
}

static int sign(int order) {
    return (order > 0) - (order < 0);
}

static void order_of_number_encodings_is_order_of_numbers(void **state) {
    (void)state;
    for (size_t i = 0; i < 20 * ROUNDS; i++) {
        arena_mark mark = arena_get_mark(arena);
        struct sample a = random_sample(), b = random_sample();
        if (below(4) == 0) { /* neighbours */
            b = a;
            b.digits[below(b.count)] = '5';
            b.text = arena_printf(arena, "%s%.*se%d", b.negative ? "-" : "", (int)b.count, b.digits,
                                  b.exponent + 1 - (int)b.count);
            if (b.digits[0] == '0')
                continue;
        }
        int order = str_cmp(encode(a.text), encode(b.text));
        if (sign(order) != sign(sample_cmp(&a, &b)))
            fail_msg("%.*s and %.*s", STR_ARG(a.text), STR_ARG(b.text));
        arena_rewind(arena, mark);
    }
}

static void number_text_comes_back(void **state) {
    (void)state;
    for (size_t i = 0; i < 20 * ROUNDS; i++) {
        arena_mark mark = arena_get_mark(arena);
        struct sample s = random_sample();
        str number = encode(s.text);
        struct buf buf;
        buf_init(&buf, arena, 0);
        number_to_text(number, &buf);
        assert_true(buf.len <= NUMBER_TEXT_MAX);
        assert_true(str_eq(encode(buf_str(&buf)), number));
        assert_int_equal(number_len((const unsigned char *)number.ptr,
                                    (const unsigned char *)number.ptr + number.len),
                         number.len);
        arena_rewind(arena, mark);
    }
}

static str text_of_i128(__int128 value, int exponent) {
    char text[64];
    size_t at = sizeof text;
    bool negative = value < 0;
    unsigned __int128 magnitude = negative ? -(unsigned __int128)value : (unsigned __int128)value;
    do
        text[--at] = (char)('0' + (int)(magnitude % 10));
    while (magnitude /= 10);
    return arena_printf(arena, "%s%.*se%d", negative ? "-" : "", (int)(sizeof text - at), text + at,
                        exponent);
}

static void sums_agree_with_wide_integers(void **state) {
    (void)state;
    for (size_t i = 0; i < 20 * ROUNDS; i++) {
        arena_mark mark = arena_get_mark(arena);
        int exponent = (int)below(60) - 30;
        __int128 a = (int64_t)next_random() >> below(60), b = (int64_t)next_random() >> below(60);
        for (size_t scale = below(18); scale; scale--)
            a *= 10;
        str left = encode(text_of_i128(a, exponent)), right = encode(text_of_i128(b, exponent));
        unsigned char out[NUMBER_BYTES_MAX];
        size_t len = 0;
        assert_int_equal(number_add(left, right, out, &len), NUMBER_OK);
        assert_true(str_eq(encode(text_of_i128(a + b, exponent)), (str){(char *)out, len}));
        assert_int_equal(number_subtract(left, right, out, &len), NUMBER_OK);
        assert_true(str_eq(encode(text_of_i128(a - b, exponent)), (str){(char *)out, len}));
        arena_rewind(arena, mark);
    }
}

static void adding_and_taking_away_again_changes_nothing(void **state) {
    (void)state;
    size_t exact = 0;
    for (size_t i = 0; i < 20 * ROUNDS; i++) {
        arena_mark mark = arena_get_mark(arena);
        str a = encode(random_sample().text), b = encode(random_sample().text);
        unsigned char sum[NUMBER_BYTES_MAX], other[NUMBER_BYTES_MAX];
        size_t sum_len = 0, len = 0;
        enum number_fault fault = number_add(a, b, sum, &sum_len);
        assert_int_equal(number_add(b, a, other, &len), fault);
        if (fault == NUMBER_OK) {
            exact++;
            assert_true(len == sum_len && memcmp(sum, other, len) == 0);
            assert_int_equal(number_subtract((str){(char *)sum, sum_len}, b, other, &len),
                             NUMBER_OK);
            assert_true(str_eq((str){(char *)other, len}, a));
        }
        arena_rewind(arena, mark);
    }
    assert_true(exact > ROUNDS);
}

/* ---- trees ---- */

static str random_member(enum value_kind kind) {
    if (kind == VALUE_NUMBER)
        return encode(random_sample().text);
    return kind == VALUE_STRING ? random_text(6) : random_bytes_of(8);
}

static struct value random_value(unsigned depth);

static struct value random_set(enum value_kind kind) {
    struct value v = {.kind = kind};
    size_t wanted = 1 + below(below(8) ? 5 : 60);
    v.set = arena_array(arena, str, wanted);
    for (size_t i = 0; i < wanted; i++) {
        str member = random_member((enum value_kind)(kind - VALUE_STRING_SET + VALUE_STRING));
        bool seen = false;
        for (uint32_t j = 0; j < v.count; j++)
            seen |= str_eq(v.set[j], member);
        if (!seen)
            v.set[v.count++] = member;
    }
    return v;
}

static struct attribute *random_attributes(unsigned depth, uint32_t *out_count) {
    uint32_t wanted = (uint32_t)below(below(8) ? 5 : 40), count = 0;
    struct attribute *attributes = arena_array(arena, struct attribute, wanted);
    for (uint32_t i = 0; i < wanted; i++) {
        str name = random_text(4);
        bool seen = name.len == 0;
        for (uint32_t j = 0; j < count; j++)
            seen |= str_eq(attributes[j].name, name);
        if (!seen)
            attributes[count++] = (struct attribute){name, random_value(depth + 1)};
    }
    *out_count = count;
    return attributes;
}

static struct value random_value(unsigned depth) {
    struct value v = {.kind = (enum value_kind)(1 + below(VALUE_BINARY_SET))};
    if (depth > 4 && (v.kind == VALUE_LIST || v.kind == VALUE_MAP))
        v.kind = VALUE_STRING;
    switch (v.kind) {
    case VALUE_STRING:
    case VALUE_NUMBER:
    case VALUE_BINARY:
        v.bytes = random_member(v.kind);
        break;
    case VALUE_BOOL:
        v.boolean = below(2);
        break;
    case VALUE_LIST:
        v.count = (uint32_t)below(5);
        v.list = arena_array(arena, struct value, v.count);
        for (uint32_t i = 0; i < v.count; i++)
            v.list[i] = random_value(depth + 1);
        break;
    case VALUE_MAP:
        v.map = random_attributes(depth, &v.count);
        break;
    case VALUE_STRING_SET:
    case VALUE_NUMBER_SET:
    case VALUE_BINARY_SET:
        return random_set(v.kind);
    case VALUE_NULL:
    case VALUE_NONE:
        break;
    }
    return v;
}

static struct item random_item(void) {
    uint32_t count;
    struct item item = {};
    item.attributes = random_attributes(0, &count);
    item.count = count;
    return item;
}

/* Another order of members at every level; the value stays the same. */
static void shuffle(struct value *v) {
    for (uint32_t i = 0; i < v->count; i++) {
        size_t other = below(v->count);
        if (v->kind == VALUE_LIST) {
            shuffle(&v->list[i]);
        } else if (v->kind == VALUE_MAP) {
            struct attribute kept = v->map[i];
            v->map[i] = v->map[other];
            v->map[other] = kept;
        } else if (value_kind_is_set(v->kind)) {
            str kept = v->set[i];
            v->set[i] = v->set[other];
            v->set[other] = kept;
        }
    }
    for (uint32_t i = 0; v->kind == VALUE_MAP && i < v->count; i++)
        shuffle(&v->map[i].value);
}

static const struct item_stamp stamp = {.time_us = 1710000000000000, .origin = 1};

static str json_of(const struct item *item) {
    struct buf buf;
    struct json_writer w;
    buf_init(&buf, arena, 256);
    json_writer_init(&w, &buf);
    item_to_json(item, &w);
    json_writer_finish(&w);
    return buf_str(&buf);
}

static struct item item_of(str json) {
    struct scope scope = {.arena = arena, .scratch = arena};
    struct json_reader reader;
    struct item item;
    json_reader_init(&reader, json, arena);
    assert_status(item_from_json(&scope, &reader, &item), ST_OK);
    assert_true(json_finish(&reader));
    assert_status(item_check(&scope, &item), ST_OK);
    return item;
}

static void encoding_comes_back_and_is_canonical(void **state) {
    (void)state;
    for (size_t i = 0; i < ROUNDS; i++) {
        arena_mark mark = arena_get_mark(arena);
        struct item item = random_item();
        struct value as_map = {
            .kind = VALUE_MAP, .count = (uint32_t)item.count, .map = item.attributes};
        str stored = item_encode(&item, &stamp, arena);
        assert_status(item_check_stored(stored), ST_OK);
        assert_int_equal(item_size(stored), item_tree_size(&item));
        assert_int_equal(view_size(item_map(stored)), value_size(&as_map));

        shuffle(&as_map);
        assert_true(str_eq(item_encode(&item, &stamp, arena), stored));
        struct item thawed = item_thaw(item_map(stored), arena);
        assert_true(str_eq(item_encode(&thawed, &stamp, arena), stored));
        for (size_t j = 0; j < item.count; j++)
            assert_int_equal(view_kind(view_member(item_map(stored), item.attributes[j].name)),
                             item.attributes[j].value.kind);
        arena_rewind(arena, mark);
    }
}

static void json_is_stable_and_the_same_from_tree_and_view(void **state) {
    (void)state;
    for (size_t i = 0; i < ROUNDS; i++) {
        arena_mark mark = arena_get_mark(arena);
        struct item item = random_item();
        str any_order = json_of(&item);
        str stored = item_encode(&item, &stamp, arena);
        struct item read = item_of(any_order);
        assert_true(str_eq(item_encode(&read, &stamp, arena), stored));
        str sorted = json_of(&read);
        struct item again = item_of(sorted);
        assert_true(str_eq(json_of(&again), sorted));
        struct buf buf;
        struct json_writer w;
        buf_init(&buf, arena, 256);
        json_writer_init(&w, &buf);
        item_view_to_json(item_map(stored), &w);
        assert_true(str_eq(buf_str(&buf), sorted));
        arena_rewind(arena, mark);
    }
}

static view view_of_member(enum value_kind kind, str bytes) {
    struct value value = {.kind = kind, .bytes = bytes};
    struct buf buf;
    buf_init(&buf, arena, 64);
    value_encode(&value, &buf);
    return view_from_encoding(buf_str(&buf));
}

static void keys_sort_as_values_compare(void **state) {
    (void)state;
    for (size_t i = 0; i < 10 * ROUNDS; i++) {
        arena_mark mark = arena_get_mark(arena);
        enum value_kind kind = (enum value_kind)(VALUE_STRING + below(3));
        str a = random_member(kind), b = random_member(kind), back;
        struct buf left, right;
        buf_init(&left, arena, 0);
        buf_init(&right, arena, 0);
        key_part_encode(kind, a, &left);
        key_part_encode(kind, b, &right);
        int order;
        assert_true(view_compare(view_of_member(kind, a), view_of_member(kind, b), &order));
        assert_int_equal(sign(str_cmp(buf_str(&left), buf_str(&right))), sign(order));
        buf_add_lit(&left, "rest");
        str rest = buf_str(&left);
        assert_true(key_part_decode(kind, &rest, arena, &back));
        assert_true(str_eq(back, a));
        assert_str(rest, "rest");
        arena_rewind(arena, mark);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_of_number_encodings_is_order_of_numbers),
        cmocka_unit_test(number_text_comes_back),
        cmocka_unit_test(sums_agree_with_wide_integers),
        cmocka_unit_test(adding_and_taking_away_again_changes_nothing),
        cmocka_unit_test(encoding_comes_back_and_is_canonical),
        cmocka_unit_test(json_is_stable_and_the_same_from_tree_and_view),
        cmocka_unit_test(keys_sort_as_values_compare),
    };
    return cmocka_run_group_tests_name("item_laws", tests, setup, teardown);
}
