#include "base/bytes.h"
#include "item/item_codec.h"
#include "item/number.h"
#include "lib/test.h"

static struct arena *arena;

static int setup(void **state) {
    (void)state;
    arena = arena_new(64 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static struct value string(const char *text) {
    return (struct value){.kind = VALUE_STRING, .bytes = str_from_c(text)};
}

static struct value number(const char *text) {
    unsigned char out[NUMBER_BYTES_MAX];
    size_t len = 0;
    assert_int_equal(number_from_text(str_from_c(text), out, &len), NUMBER_OK);
    return (struct value){.kind = VALUE_NUMBER,
                          .bytes = arena_copy(arena, (str){(const char *)out, len})};
}

static const struct item_stamp stamp = {.time_us = 0x0102030405060708, .origin = 0x0a0b};

/* {b: "xy", a: [1, NULL], s: SS{q, p}} */
static struct item small_item(void) {
    struct value *list = arena_array(arena, struct value, 2);
    list[0] = number("1");
    list[1] = (struct value){.kind = VALUE_NULL};
    str *set = arena_array(arena, str, 2);
    set[0] = STR("q");
    set[1] = STR("p");
    struct item item = {.attributes = arena_array(arena, struct attribute, 3), .count = 3};
    item.attributes[0] = (struct attribute){STR("b"), string("xy")};
    item.attributes[1] =
        (struct attribute){STR("a"), {.kind = VALUE_LIST, .count = 2, .list = list}};
    item.attributes[2] =
        (struct attribute){STR("s"), {.kind = VALUE_STRING_SET, .count = 2, .set = set}};
    return item;
}

static void the_stored_form_is_as_documented(void **state) {
    (void)state;
    struct item item = small_item();
    str stored = item_encode(&item, &stamp, arena);
    const unsigned char want[] = {
        1, 0,   0x0a, 0x0b, 1,   2,   3,   4,                           /* version, flags, origin */
        5, 6,   7,    8,    0,   0,   0,   15,                          /* time, size */
        7, 27,  3,    1,    'a', 6,   7,   2,  2,  3, 0x82, 0x0b, 0, 5, /* a: [1, NULL] */
        1, 'b', 1,    2,    'x', 'y',                                   /* b: "xy" */
        1, 's', 8,    5,    2,   1,   'p', 1,  'q'};                    /* s: {p, q} */
    assert_int_equal(stored.len, sizeof want);
    assert_memory_equal(stored.ptr, want, sizeof want);
    assert_status(item_check_stored(stored), ST_OK);
    assert_int_equal(item_size(stored), 1 + 3 + 2 + 2 + 1 + 1 + 2 + 1 + 2);
    assert_true(item_stamp_of(stored).time_us == stamp.time_us);
    assert_int_equal(item_stamp_of(stored).origin, stamp.origin);
}

static void any_single_byte_changed_is_noticed_or_harmless(void **state) {
    (void)state;
    struct item item = small_item();
    str stored = item_encode(&item, &stamp, arena);
    for (size_t i = 0; i < stored.len; i++) {
        for (int byte = 0; byte < 256; byte++) {
            str changed = arena_copy(arena, stored);
            ((char *)changed.ptr)[i] = (char)byte;
            if (item_check_stored(changed) != ST_OK)
                continue;
            struct item thawed = item_thaw(item_map(changed), arena);
            struct item_stamp changed_stamp = item_stamp_of(changed);
            assert_true(str_eq(item_encode(&thawed, &changed_stamp, arena), changed));
        }
    }
    for (size_t len = 0; len < stored.len; len++)
        assert_status(item_check_stored(arena_copy(arena, str_slice(stored, 0, len))), ST_CORRUPT);
}

static str with_map(str map) {
    struct buf buf;
    buf_init(&buf, arena, 64);
    buf_add_lit(&buf, "\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    buf_add_str(&buf, map);
    return buf_str(&buf);
}

static void a_form_that_is_not_canonical_is_corrupt(void **state) {
    (void)state;
    const str bad[] = {
        STR_INIT("\x05"),             /* not a map */
        STR_INIT("\x07\x80\x00"),     /* long varint */
        STR_INIT("\x07\x02\x80\x00"), /* long count */
        STR_INIT("\x07\x02\x00\x00"), /* a byte too many */
        STR_INIT("\x07\x07\x02\x01"
                 "b\x05\x01"
                 "a\x05"), /* names out of order */
        STR_INIT("\x07\x07\x02\x01"
                 "a\x05\x01"
                 "a\x05"),                    /* one name twice */
        STR_INIT("\x07\x03\x01\x00\x05"),     /* an empty name */
        STR_INIT("\x07\x04\x01\x01\xff\x05"), /* a name that is not UTF-8 */
        STR_INIT("\x07\x06\x01\x01"
                 "a\x01\x01\xff"), /* a string that is not */
        STR_INIT("\x07\x05\x01\x01"
                 "a\x04\x02"), /* a third boolean */
        STR_INIT("\x07\x04\x01\x01"
                 "a\x0b"), /* an unknown tag */
        STR_INIT("\x07\x04\x01\x01"
                 "a\x00"), /* no tag */
        STR_INIT("\x07\x06\x01\x01"
                 "a\x08\x01\x00"), /* an empty set */
        STR_INIT("\x07\x09\x01\x01"
                 "a\x08\x04\x02\x01q\x00"), /* members out of order */
        STR_INIT("\x07\x08\x01\x01"
                 "a\x09\x03\x02\x02\x02"), /* zero twice */
        STR_INIT("\x07\x08\x01\x01"
                 "a\x02\x03\x82\x0a\x00"), /* a number starting with 0 */
        STR_INIT("\x07\x04\x02\x01"
                 "a\x05"), /* a member missing */
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (item_check_stored(with_map(bad[i])) != ST_CORRUPT)
            fail_msg("case %zu passes", i);
    assert_status(item_check_stored(with_map(STR("\x07\x01\x00"))), ST_OK);
}

static void a_later_version_is_told_apart_from_damage(void **state) {
    (void)state;
    struct item item = small_item();
    str stored = arena_copy(arena, item_encode(&item, &stamp, arena));
    view map;
    assert_status(item_open(stored, &map), ST_OK);
    ((char *)stored.ptr)[0] = 2;
    assert_status(item_open(stored, &map), ST_NEWER);
    assert_status(item_check_stored(stored), ST_NEWER);
    ((char *)stored.ptr)[0] = 0;
    assert_status(item_open(stored, &map), ST_CORRUPT);
    ((char *)stored.ptr)[0] = 1;
    ((char *)stored.ptr)[1] = 1;
    assert_status(item_open(stored, &map), ST_CORRUPT);
}

static void a_wrong_size_in_the_header_is_corrupt(void **state) {
    (void)state;
    struct item item = small_item();
    str stored = arena_copy(arena, item_encode(&item, &stamp, arena));
    ((char *)stored.ptr)[15]++;
    assert_status(item_check_stored(stored), ST_CORRUPT);
}

static void lengths_of_any_size_are_shortest(void **state) {
    (void)state;
    const size_t lens[] = {0, 1, 120, 123, 124, 125, 126, 127, 128, 16370, 16384, 20000, 400000};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        char *bytes = arena_bytes(arena, lens[i] + 1);
        memset(bytes, 'x', lens[i]);
        struct attribute attribute = {STR("a"), {.kind = VALUE_BINARY, .bytes = {bytes, lens[i]}}};
        struct item item = {.attributes = &attribute, .count = 1};
        str stored = item_encode(&item, &stamp, arena);
        assert_status(item_check_stored(stored), ST_OK);
        assert_int_equal(item_size(stored), lens[i] + 1);
        str projected = item_encode_map(item_map(stored), &stamp, arena);
        assert_true(str_eq(projected, stored));
    }
}

static void members_of_a_map_encode_as_an_item_of_them_does(void **state) {
    (void)state;
    struct item item = small_item();
    view map = item_map(item_encode(&item, &stamp, arena));
    struct item_member members[3];
    for (unsigned kept = 0; kept < 8; kept++) { /* a bit a member */
        struct item part = {.attributes = arena_array(arena, struct attribute, 3)};
        unsigned bit = 1;
        for (view_cursor c = view_first(map); view_next(&c); bit <<= 1) {
            if (!(kept & bit))
                continue;
            members[part.count] = (struct item_member){c.name, c.value};
            part.attributes[part.count++] = (struct attribute){c.name, value_thaw(c.value, arena)};
        }
        str encoded = item_encode_members(members, part.count, &stamp, arena);
        assert_true(str_eq(encoded, item_encode(&part, &stamp, arena)));
        assert_status(item_check_stored(encoded), ST_OK);
    }
}

static void views_find_members_and_elements(void **state) {
    (void)state;
    struct item item = small_item();
    view map = item_map(item_encode(&item, &stamp, arena));
    assert_int_equal(view_count(map), 3);
    assert_str(view_bytes(view_member(map, STR("b"))), "xy");
    assert_false(view_exists(view_member(map, STR("aa"))));
    assert_false(view_exists(view_member(map, STR("z"))));
    assert_false(view_exists(view_member(view_member(map, STR("b")), STR("b"))));
    view list = view_member(map, STR("a"));
    assert_int_equal(view_kind(view_element(list, 1)), VALUE_NULL);
    assert_false(view_exists(view_element(list, 2)));
    assert_false(view_exists(view_element(list, (uint64_t)1 << 32)));
    assert_false(view_exists(view_element(map, 0)));
    assert_int_equal(view_count(view_element(list, 0)), 0);
    assert_null(view_bytes(list).ptr);
    view set = view_member(map, STR("s"));
    size_t members = 0;
    for (view_cursor c = view_first(set); view_next(&c); members++)
        assert_true(str_eq(c.member, members ? STR("q") : STR("p")));
    assert_int_equal(members, 2);
}

static view view_of_value(struct value value) {
    struct buf buf;
    buf_init(&buf, arena, 64);
    value_encode(&value, &buf);
    return view_from_encoding(buf_str(&buf));
}

static void containers_contain_what_is_equal(void **state) {
    (void)state;
    struct item item = small_item();
    view map = item_map(item_encode(&item, &stamp, arena));
    view set = view_member(map, STR("s")), list = view_member(map, STR("a"));
    assert_true(view_contains_element(set, view_of_value(string("q"))));
    assert_false(view_contains_element(set, view_of_value(string("r"))));
    assert_false(view_contains_element(
        set, view_of_value((struct value){.kind = VALUE_BINARY, .bytes = STR("q")})));
    assert_true(view_contains_element(list, view_of_value(number("1.0"))));
    assert_false(view_contains_element(list, view_of_value(string("1"))));
    assert_false(view_contains_element(list, VIEW_NONE));
    assert_false(view_contains_element(view_of_value(string("q")), view_of_value(string("q"))));
}

static void only_scalars_of_one_kind_have_an_order(void **state) {
    (void)state;
    int order = 7;
    assert_true(view_compare(view_of_value(number("-2")), view_of_value(number("10")), &order));
    assert_true(order < 0);
    assert_true(view_compare(view_of_value(string("b")), view_of_value(string("ab")), &order));
    assert_true(order > 0);
    assert_true(
        view_compare(view_of_value(string("\xc3\xa9")), view_of_value(string("z")), &order));
    assert_true(order > 0);
    assert_false(view_compare(view_of_value(string("1")), view_of_value(number("1")), &order));
    assert_false(view_compare(view_of_value((struct value){.kind = VALUE_NULL}),
                              view_of_value((struct value){.kind = VALUE_NULL}), &order));
    assert_false(view_compare(VIEW_NONE, VIEW_NONE, &order));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stored_form_is_as_documented),
        cmocka_unit_test(any_single_byte_changed_is_noticed_or_harmless),
        cmocka_unit_test(a_form_that_is_not_canonical_is_corrupt),
        cmocka_unit_test(a_later_version_is_told_apart_from_damage),
        cmocka_unit_test(a_wrong_size_in_the_header_is_corrupt),
        cmocka_unit_test(lengths_of_any_size_are_shortest),
        cmocka_unit_test(members_of_a_map_encode_as_an_item_of_them_does),
        cmocka_unit_test(views_find_members_and_elements),
        cmocka_unit_test(containers_contain_what_is_equal),
        cmocka_unit_test(only_scalars_of_one_kind_have_an_order),
    };
    return cmocka_run_group_tests_name("item_codec", tests, setup, teardown);
}
