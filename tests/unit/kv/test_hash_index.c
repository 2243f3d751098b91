/* Entries are found in every state of the index, while it grows and while they go. */
#include "kv/mem/hash_index.h"
#include "lib/test.h"

enum { ENTRIES = 5000 };

static struct hash_entry entries[ENTRIES];

static bool is_there(const struct hash_index *index, const struct hash_entry *wanted) {
    const struct hash_entry *entry = hash_index_first(index, wanted->hash);
    while (entry != NULL && entry != wanted)
        entry = entry->next;
    return entry != NULL;
}

static uint64_t spread(size_t i) {
    return (i + 1) * 0x9e3779b97f4a7c15u;
}

static void play(uint64_t (*hash_of)(size_t i)) {
    struct hash_index index;
    hash_index_init(&index);
    for (size_t i = 0; i < ENTRIES; i++) {
        entries[i].hash = hash_of(i);
        hash_index_add(&index, &entries[i]);
        /* Right behind each growth: all of them; else some. */
        for (size_t j = i % 512 == 0 ? 0 : i / 2; j <= i; j += i % 512 == 0 ? 1 : 97)
            assert_true(is_there(&index, &entries[j]));
    }
    assert_int_equal(index.count, ENTRIES);
    assert_true(index.buckets >= ENTRIES - 1);
    for (size_t i = 0; i < ENTRIES; i += 2)
        hash_index_remove(&index, &entries[i]);
    for (size_t i = 0; i < ENTRIES; i++)
        assert_int_equal(is_there(&index, &entries[i]), i % 2);
    for (size_t i = 0; i < ENTRIES; i += 2)
        hash_index_add(&index, &entries[i]);
    for (size_t i = 0; i < ENTRIES; i++)
        assert_true(is_there(&index, &entries[i]));
    hash_index_done(&index);
}

static void all_are_found_while_it_grows_and_shrinks(void **state) {
    (void)state;
    play(spread);
}

static uint64_t few(size_t i) {
    return i % 7;
}

static void equal_hashes_share_a_bucket(void **state) {
    (void)state;
    play(few);
}

static uint64_t count_up(size_t i) {
    return i;
}

static void chains_stay_short(void **state) {
    (void)state;
    struct hash_index index;
    hash_index_init(&index);
    for (size_t i = 0; i < ENTRIES; i++) {
        entries[i].hash = count_up(i);
        hash_index_add(&index, &entries[i]);
    }
    for (size_t i = 0; i < ENTRIES; i++) {
        size_t length = 0;
        for (const struct hash_entry *at = hash_index_first(&index, i); at != NULL; at = at->next)
            length++;
        assert_true(length <= 2);
    }
    hash_index_done(&index);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_found_while_it_grows_and_shrinks),
        cmocka_unit_test(equal_hashes_share_a_bucket),
        cmocka_unit_test(chains_stay_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
