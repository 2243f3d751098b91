/* What is stored of change logs: it reads back, and nothing that was cut or bent does, or it stays
 * within its bytes. */
#include "base/bytes.h"
#include "item/item_codec.h"
#include "table/change_log.h"
/* Ours come first: cmocka has a macro fail(). */
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

static struct log_description description(void) {
    return (struct log_description){.table_name = STR("table"),
                                    .created_us = 1795354666123000,
                                    .closed_us = 1795354666124000,
                                    .id = 9,
                                    .kind = LOG_OF_STREAM,
                                    .view = VIEW_OLD_IMAGE,
                                    .key = {.hash = {{STR("id"), VALUE_STRING}},
                                            .hash_count = 1,
                                            .range = {{STR("a longer name"), VALUE_NUMBER}},
                                            .range_count = 1}};
}

static void a_description_reads_back(void **state) {
    (void)state;
    struct log_description log = description(), read;
    str key = log_description_key(arena, log.kind, log.table_name, log.created_us);
    assert_status(log_description_decode(key, log_description_encode(arena, &log), &read), ST_OK);
    assert_true(str_eq(read.table_name, log.table_name));
    assert_int_equal(read.created_us, log.created_us);
    assert_int_equal(read.closed_us, log.closed_us);
    assert_int_equal(read.id, 9);
    assert_int_equal(read.kind, LOG_OF_STREAM);
    assert_int_equal(read.view, VIEW_OLD_IMAGE);
    assert_int_equal(read.key.hash_count, 1);
    assert_str(read.key.hash[0].name, "id");
    assert_str(read.key.range[0].name, "a longer name");
    assert_int_equal(read.key.range[0].kind, VALUE_NUMBER);
}

static void a_description_that_was_cut_or_has_a_tail_is_corrupt(void **state) {
    (void)state;
    struct log_description log = description(), read;
    str key = log_description_key(arena, log.kind, log.table_name, log.created_us);
    str value = log_description_encode(arena, &log);
    for (size_t len = 0; len < value.len; len++) {
        str cut = arena_copy(arena, str_slice(value, 0, len));
        assert_status(log_description_decode(key, cut, &read), ST_CORRUPT);
    }
    for (size_t len = 0; len < 12; len++)
        assert_status(log_description_decode(str_slice(key, 0, len), value, &read), ST_CORRUPT);
    str tail = arena_printf(arena, "%.*sx", STR_ARG(value));
    assert_status(log_description_decode(key, tail, &read), ST_CORRUPT);
    ((char *)value.ptr)[0] = 2;
    assert_status(log_description_decode(key, value, &read), ST_NEWER);
}

/* 06 02 log 7, shard 3, what, stamp. */
static kv_pair mark(char what, uint64_t stamp, size_t value_len) {
    char *key = arena_bytes(arena, 19), *value = arena_bytes(arena, value_len);
    memset(value, 0, value_len);
    str prefix = log_shard_key(arena, 7, 3);
    memcpy(key, prefix.ptr, prefix.len);
    key[10] = what;
    put_be64(key + 11, stamp);
    value[0] = 1;
    put_be64(value + 1, 1000 + stamp);
    if (value_len == 21) {
        put_be32(value + 9, 2);
        put_be64(value + 13, 900);
    }
    return (kv_pair){{key, 19}, {value, value_len}};
}

static void a_shard_reads_back_from_its_marks(void **state) {
    (void)state;
    kv_pair pairs[] = {mark(1, 5, 21), mark(2, 8, 9)};
    struct log_shard shard;
    size_t used;
    assert_status(log_shard_decode(pairs, 1, &shard, &used), ST_OK);
    assert_int_equal(used, 1);
    assert_int_equal(shard.closed_us, 0);
    assert_status(log_shard_decode(pairs, 2, &shard, &used), ST_OK);
    assert_int_equal(used, 2);
    assert_true(shard.log_id == 7 && shard.number == 3 && shard.parent == 2);
    assert_true(shard.parent_opened_us == 900 && shard.opened_us == 1005);
    assert_true(shard.first_stamp == 5 && shard.end_stamp == 8 && shard.closed_us == 1008);
}

static void marks_that_do_not_belong_together_are_corrupt(void **state) {
    (void)state;
    struct log_shard shard;
    size_t used;
    kv_pair only_end[] = {mark(2, 8, 9)}, twice[] = {mark(1, 5, 21), mark(1, 6, 21)};
    kv_pair reversed[] = {mark(1, 8, 21), mark(2, 5, 9)}, cut[] = {mark(1, 5, 20)};
    assert_status(log_shard_decode(only_end, 1, &shard, &used), ST_CORRUPT);
    assert_status(log_shard_decode(twice, 2, &shard, &used), ST_CORRUPT);
    assert_status(log_shard_decode(reversed, 2, &shard, &used), ST_CORRUPT);
    assert_status(log_shard_decode(cut, 1, &shard, &used), ST_CORRUPT);
}

static str stored(const char *text) {
    struct attribute attribute = {STR("id"), {.kind = VALUE_STRING, .bytes = str_from_c(text)}};
    struct item item = {.attributes = &attribute, .count = 1};
    return item_encode(&item, &(struct item_stamp){.time_us = 1}, arena);
}

static str record_value(unsigned images, const str *image, size_t count) {
    struct buf out;
    buf_init(&out, arena, 256);
    char head[RECORD_BYTES] = {1, LOG_MODIFY, LOG_BY_EXPIRY, (char)images};
    put_be64(head + 4, 1795354666123000);
    buf_add(&out, head, sizeof head);
    for (size_t i = 0; i < count; i++) {
        char len[4];
        put_be32(len, (uint32_t)image[i].len);
        buf_add(&out, len, sizeof len);
        buf_add_str(&out, image[i]);
    }
    return buf_str(&out);
}

static void a_record_reads_back(void **state) {
    (void)state;
    str images[] = {stored("new"), stored("old")};
    str key = log_record_key(arena, 7, 3, (struct log_position){77, 2});
    struct log_record record;
    str value = record_value(IMAGE_AFTER | IMAGE_BEFORE, images, 2);
    assert_status(log_record_decode(arena, key, value, &record), ST_OK);
    assert_true(record.position.stamp == 77 && record.position.at == 2);
    assert_true(record.event == LOG_MODIFY && record.cause == LOG_BY_EXPIRY);
    assert_int_equal(record.time_us, 1795354666123000);
    assert_true(str_eq(record.after, images[0]) && str_eq(record.before, images[1]));
    assert_null(record.keys.ptr);
    assert_false(record.before_apart);
}

static void a_record_that_was_cut_is_corrupt(void **state) {
    (void)state;
    str images[] = {stored("new"), stored("old")};
    str key = log_record_key(arena, 7, 3, (struct log_position){77, 2});
    str value = record_value(IMAGE_AFTER | IMAGE_BEFORE, images, 2);
    struct log_record record;
    for (size_t len = 0; len < value.len; len++) {
        str cut = arena_copy(arena, str_slice(value, 0, len));
        assert_status(log_record_decode(arena, key, cut, &record), ST_CORRUPT);
    }
    for (size_t len = 0; len < key.len; len++)
        assert_status(log_record_decode(arena, str_slice(key, 0, len), value, &record), ST_CORRUPT);
}

/* Any single byte: it decodes or it doesn't, and what decodes lies within the value. */
static void a_record_with_any_byte_changed_stays_within_its_bytes(void **state) {
    (void)state;
    str images[] = {stored("new"), stored("old")};
    str key = log_record_key(arena, 7, 3, (struct log_position){77, 2});
    str value = record_value(IMAGE_AFTER | IMAGE_BEFORE, images, 2);
    size_t decoded = 0;
    for (size_t i = 0; i < value.len; i++) {
        for (int byte = 0; byte < 256; byte++) {
            char *changed = (char *)malloc(value.len); /* so that a sanitizer sees its end */
            memcpy(changed, value.ptr, value.len);
            changed[i] = (char)byte;
            struct log_record record;
            if (log_record_decode(arena, key, (str){changed, value.len}, &record) == ST_OK) {
                decoded++;
                const str parts[] = {record.keys, record.after, record.before};
                for (size_t p = 0; p < 3; p++)
                    if (parts[p].ptr != NULL)
                        assert_true(parts[p].ptr >= changed &&
                                    parts[p].ptr + parts[p].len <= changed + value.len);
            }
            free(changed);
        }
    }
    assert_true(decoded >= value.len); /* unchanged, it did each time */
}

static str stored_of(const char *names, int64_t time_us) {
    struct attribute attributes[16];
    struct item item = {.attributes = attributes};
    for (const char *c = names; c[0] != 0; c += 2) {
        char *text = arena_bytes(arena, 80);
        memset(text, c[1], 80);
        attributes[item.count++] =
            (struct attribute){{c, 1}, {.kind = VALUE_STRING, .bytes = {text, 80}}};
    }
    return item_encode(&item, &(struct item_stamp){.time_us = time_us}, arena);
}

/* Names and values, a letter each: "a1b2" is {a: "111…", b: "222…"}. */
static void an_old_image_comes_back_from_the_difference(void **state) {
    (void)state;
    const struct {
        const char *before, *after;
        bool made;
    } cases[] = {{"a1b2c3", "a1b2c3", true},
                 {"a1b2c3", "a1b9c3", true},
                 {"a1b2c3", "a1c3", true},
                 {"a1c3", "a1b2c3", true},
                 {"b2", "a1b2c3", true},
                 {"a1b2c3", "b2", true},
                 {"a1b2c3d4", "c3e5", true},
                 {"a1z9", "b1z9", true},
                 {"b1z9", "a1z9", true},
                 {"a1", "b1", false},
                 {"a1b2c3d4e5f6g7h8i9", "a1b2c3d4e5f6g7h8i0", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        str before = stored_of(cases[i].before, 1000), after = stored_of(cases[i].after, 2000);
        struct image_difference difference;
        str again;
        assert_int_equal(image_difference_make(arena, before, after, &difference), cases[i].made);
        if (!cases[i].made)
            continue;
        assert_true(difference.rest.len < before.len);
        assert_status(image_difference_apply(arena, after, &difference, &again), ST_OK);
        assert_true(str_eq(again, before));
    }
}

static void a_difference_that_fits_no_image_is_corrupt(void **state) {
    (void)state;
    str before = stored_of("a1b2c3", 1), after = stored_of("a1b9c3", 2), again;
    struct image_difference difference;
    assert_true(image_difference_make(arena, before, after, &difference));
    char all = 7; /* b is shared and in the rest, too */
    struct image_difference twice = {{&all, 1}, difference.rest};
    assert_status(image_difference_apply(arena, after, &twice, &again), ST_CORRUPT);
    struct image_difference cut = {STR(""), difference.rest};
    assert_status(image_difference_apply(arena, after, &cut, &again), ST_CORRUPT);
}

static void records_sort_by_shard_then_by_position(void **state) {
    (void)state;
    str a = log_record_key(arena, 7, 3, (struct log_position){77, 2});
    assert_true(str_cmp(a, log_record_key(arena, 7, 3, (struct log_position){77, 3})) < 0);
    assert_true(str_cmp(a, log_record_key(arena, 7, 3, (struct log_position){78, 0})) < 0);
    assert_true(str_cmp(a, log_record_key(arena, 7, 4, (struct log_position){})) < 0);
    assert_true(str_cmp(a, log_record_key(arena, 8, 0, (struct log_position){})) < 0);
    str behind = log_record_key(arena, 7, 3, (struct log_position){77, UINT16_MAX + 1});
    assert_true(str_eq(behind, log_record_key(arena, 7, 3, (struct log_position){78, 0})));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_description_reads_back),
        cmocka_unit_test(a_description_that_was_cut_or_has_a_tail_is_corrupt),
        cmocka_unit_test(a_shard_reads_back_from_its_marks),
        cmocka_unit_test(marks_that_do_not_belong_together_are_corrupt),
        cmocka_unit_test(a_record_reads_back),
        cmocka_unit_test(a_record_that_was_cut_is_corrupt),
        cmocka_unit_test(a_record_with_any_byte_changed_stays_within_its_bytes),
        cmocka_unit_test(an_old_image_comes_back_from_the_difference),
        cmocka_unit_test(a_difference_that_fits_no_image_is_corrupt),
        cmocka_unit_test(records_sort_by_shard_then_by_position),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
