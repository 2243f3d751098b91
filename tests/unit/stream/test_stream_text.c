/* Labels, ARNs, shard ids, sequence numbers and iterators: both ways, and nothing else is read. */
#include "stream/stream_text.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

static const int64_t second_us = 1000000;
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

static void a_label_is_the_time_to_the_millisecond(void **state) {
    (void)state;
    assert_str(stream_label_write(arena, 1795354666123000), "2026-11-22T13:37:46.123");
    assert_str(stream_label_write(arena, 0), "1970-01-01T00:00:00.000");
}

static void labels_read_back_over_four_centuries(void **state) {
    (void)state;
    for (int64_t day = 0; day < 146097; day++) {
        int64_t us = (day * 86400 + day % 86400) * second_us + day % 1000 * 1000, read = -1;
        assert_true(stream_label_read(stream_label_write(arena, us), &read));
        assert_int_equal(read, us);
        arena_reset(arena, 4096);
    }
}

static void what_has_not_the_form_of_a_label_is_refused(void **state) {
    (void)state;
    const char *const bad[] = {"",
                               "2026-11-22T13:37:46.12",
                               "2026-11-22T13:37:46.1234",
                               "2026-11-22 13:37:46.123",
                               "2026-13-22T13:37:46.123",
                               "2026-00-22T13:37:46.123",
                               "2026-11-32T13:37:46.123",
                               "2026-11-22T24:37:46.123",
                               "2026-11-22T13:60:46.123",
                               "2026-11-22T13:37:60.123",
                               "1969-11-22T13:37:46.123",
                               "2026-11-22T13:37:46,123",
                               "2026-11-22T13:37:4x.123",
                               "+026-11-22T13:37:46.123"};
    int64_t us;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(stream_label_read(str_from_c(bad[i]), &us));
}

static void an_arn_is_taken_apart(void **state) {
    (void)state;
    struct database database = {.region = STR("eu-west-1"), .account_id = STR("123456789012")};
    str arn = stream_arn_write(arena, &database, STR("a.b-C_1"), STR("2026-11-22T13:37:46.123"));
    assert_str(arn, "arn:aws:dynamodb:eu-west-1:123456789012:table/a.b-C_1/stream/"
                    "2026-11-22T13:37:46.123");
    struct stream_arn parts;
    assert_true(stream_arn_read(arn, &parts));
    assert_str(parts.account, "arn:aws:dynamodb:eu-west-1:123456789012");
    assert_str(parts.table_name, "a.b-C_1");
    assert_str(parts.label, "2026-11-22T13:37:46.123");
}

static void what_is_no_stream_arn_is_refused(void **state) {
    (void)state;
    const char *const bad[] = {"",
                               "sdfadfsdfnlfkajakfgjalksfgklasjklasdjfklasdfasdfgasf",
                               "arn:aws:dynamodb:eu-west-1:123456789012",
                               "arn:aws:dynamodb:eu-west-1:123456789012:",
                               "arn:aws:dynamodb:eu-west-1:123456789012:table/t",
                               "arn:aws:dynamodb:eu-west-1:123456789012:table/t/stream/",
                               "arn:aws:dynamodb:eu-west-1:123456789012:table//stream/x",
                               "arn:aws:dynamodb:eu-west-1:123456789012:table/t/index/x",
                               "arn:aws:dynamodb:eu-west-1:123456789012:stream/t/stream/x",
                               "arn:aws:kinesis:eu-west-1:123456789012:table/t/stream/x"};
    struct stream_arn parts;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(stream_arn_read(str_from_c(bad[i]), &parts));
}

static void a_shard_id_has_the_services_form_and_reads_back(void **state) {
    (void)state;
    struct log_shard shard = {.number = 0xc0ffee04, .opened_us = 1795354666123456};
    str id = shard_id_write(arena, &shard);
    assert_str(id, "shardId-00000001795354666123-c0ffee04");
    uint32_t number;
    int64_t opened_ms;
    assert_true(shard_id_read(id, &number, &opened_ms));
    assert_int_equal(number, shard.number);
    assert_int_equal(opened_ms, 1795354666123);
    for (size_t len = 0; len < id.len; len++)
        assert_false(shard_id_read(str_slice(id, 0, len), &number, &opened_ms));
    assert_false(shard_id_read(STR("shardId-00000001795354666123-C0FFEE04"), &number, &opened_ms));
    assert_false(shard_id_read(STR("shardId-0000000179535466612x-c0ffee04"), &number, &opened_ms));
    assert_false(shard_id_read(STR("ShardId-00000001795354666123-c0ffee04"), &number, &opened_ms));
}

static void sequence_numbers_order_as_text_like_positions(void **state) {
    (void)state;
    const struct log_position rising[] = {{0, 0},
                                          {0, 1},
                                          {1, 0},
                                          {1, 99999 % 65536},
                                          {9, 65535},
                                          {10, 0},
                                          {99, 65535},
                                          {100, 1},
                                          {UINT32_MAX, 0},
                                          {1ull << 33, 7},
                                          {UINT64_MAX - 1, 0},
                                          {UINT64_MAX, 0},
                                          {UINT64_MAX, UINT16_MAX}};
    str last = STR("");
    for (size_t i = 0; i < sizeof rising / sizeof rising[0]; i++) {
        str number = sequence_number_write(arena, rising[i]);
        assert_true(number.len >= 21 && number.len <= 40);
        assert_int_equal(number.len, SEQUENCE_NUMBER_CHARS);
        assert_true(str_cmp(last, number) < 0);
        struct log_position read;
        assert_true(sequence_number_read(number, &read));
        assert_true(read.stamp == rising[i].stamp && read.at == rising[i].at);
        last = number;
    }
}

static void other_numbers_are_no_sequence_numbers(void **state) {
    (void)state;
    const char *const bad[] = {"",
                               "100000000000000000000",
                               "20000000000000000000100000",
                               "1000000000000000000010000",
                               "100000000000000000001000000",
                               "1000000000000000000010000x",
                               "10000000000000000000165536",
                               "19999999999999999999900000",
                               "-0000000000000000000100000"};
    struct log_position position;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(sequence_number_read(str_from_c(bad[i]), &position));
}

static struct shard_iterator sample(void) {
    return (struct shard_iterator){.stream_arn =
                                       STR("arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/"
                                           "2026-11-22T13:37:46.123"),
                                   .log_id = 7,
                                   .shard = 12,
                                   .trim_horizon = true,
                                   .position = {123456789, 321},
                                   .issued_us = 1795354666123456};
}

static void an_iterator_reads_back(void **state) {
    (void)state;
    struct shard_iterator iterator = sample(), read;
    str text = shard_iterator_write(arena, &iterator);
    assert_true(text.len <= 2048);
    assert_true(
        str_starts_with(text, arena_printf(arena, "%.*s|1|", STR_ARG(iterator.stream_arn))));
    assert_true(shard_iterator_read(arena, text, &read));
    assert_true(str_eq(read.stream_arn, iterator.stream_arn));
    assert_int_equal(read.log_id, 7);
    assert_int_equal(read.shard, 12);
    assert_true(read.trim_horizon);
    assert_true(read.position.stamp == 123456789 && read.position.at == 321);
    assert_int_equal(read.issued_us, iterator.issued_us);
}

static void behind_the_last_place_of_an_update_is_the_next_update(void **state) {
    (void)state;
    struct shard_iterator iterator = sample(), read;
    iterator.position = (struct log_position){41, UINT16_MAX + 1};
    assert_true(shard_iterator_read(arena, shard_iterator_write(arena, &iterator), &read));
    assert_true(read.position.stamp == 42 && read.position.at == 0);
}

static void behind_the_last_place_of_all_is_no_place_at_the_front(void **state) {
    (void)state;
    struct shard_iterator read,
        iterator = {.stream_arn = STR("arn:x"), .position = {UINT64_MAX, UINT16_MAX + 1}};
    assert_true(shard_iterator_read(arena, shard_iterator_write(arena, &iterator), &read));
    assert_true(read.position.stamp == UINT64_MAX && read.position.at == UINT16_MAX);
}

static void no_part_of_an_iterator_is_one(void **state) {
    (void)state;
    struct shard_iterator iterator = sample(), read;
    str text = shard_iterator_write(arena, &iterator);
    for (size_t from = 0; from < text.len; from++)
        for (size_t to = from; to <= text.len; to++)
            if (to - from < text.len)
                assert_false(shard_iterator_read(arena, str_slice(text, from, to), &read));
}

static void an_iterator_with_any_byte_changed_is_none(void **state) {
    (void)state;
    struct shard_iterator iterator = sample(), read;
    str text = shard_iterator_write(arena, &iterator);
    char *changed = (char *)arena_copy(arena, text).ptr;
    for (size_t i = 0; i < text.len; i++) {
        for (int byte = 0; byte < 256; byte++) {
            changed[i] = (char)byte;
            bool same = changed[i] == text.ptr[i];
            assert_int_equal(shard_iterator_read(arena, (str){changed, text.len}, &read), same);
        }
        changed[i] = text.ptr[i];
        arena_reset(arena, 1 << 20);
        text = shard_iterator_write(arena, &iterator);
        changed = (char *)arena_copy(arena, text).ptr;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_label_is_the_time_to_the_millisecond),
        cmocka_unit_test(labels_read_back_over_four_centuries),
        cmocka_unit_test(what_has_not_the_form_of_a_label_is_refused),
        cmocka_unit_test(an_arn_is_taken_apart),
        cmocka_unit_test(what_is_no_stream_arn_is_refused),
        cmocka_unit_test(a_shard_id_has_the_services_form_and_reads_back),
        cmocka_unit_test(sequence_numbers_order_as_text_like_positions),
        cmocka_unit_test(other_numbers_are_no_sequence_numbers),
        cmocka_unit_test(an_iterator_reads_back),
        cmocka_unit_test(behind_the_last_place_of_an_update_is_the_next_update),
        cmocka_unit_test(behind_the_last_place_of_all_is_no_place_at_the_front),
        cmocka_unit_test(no_part_of_an_iterator_is_one),
        cmocka_unit_test(an_iterator_with_any_byte_changed_is_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
