/* Writers, readers of snapshots and dropped ranges at the same time, held against what each writer
 * knows: memory is given back while others look, and nobody sees what is not there. */
#include "base/bytes.h"
#include "base/check.h"
#include "base/random.h"
#include "engine/engine.h"

#include <stdatomic.h>

enum { WRITERS = 4, READERS = 4, KEYS = 64, CHANGES_MAX = 6, ROUNDS_MEM = 1000, ROUNDS_DISK = 250 };
enum { ARENA_KEEP = 1 << 16, PAGE_PAIRS = 7, UNKNOWN = 255 };

struct crowd {
    struct kv *kv;
    int rounds;
    atomic_int writers;
};

/* What a writer has; all keys below its letter are its own. */
struct writer {
    struct crowd *crowd;
    struct arena *arena;
    char letter;
    uint32_t values[KEYS]; /* 0: none */
    uint32_t last;
};

static str key_at(struct arena *arena, char letter, int number) {
    return arena_printf(arena, "%c%03d", letter, number);
}

/* How many keys a writer has is in the same update as the keys. */
static str count_key(struct arena *arena, char letter) {
    return arena_printf(arena, "#%c", letter);
}

static int count_of(const struct writer *writer) {
    int count = 0;
    for (int i = 0; i < KEYS; i++)
        count += writer->values[i] != 0;
    return count;
}

struct change {
    struct writer *writer;
    int numbers[CHANGES_MAX];
    size_t count;
    int live; /* to be written */
};

/* Values of any length, so that their memory is used again by others. */
static str value_make(struct arena *arena, uint32_t number) {
    size_t len = 4 + number % 300;
    char *bytes = arena_bytes(arena, len);
    memset(bytes, (int)(number % 251), len);
    put_be32(bytes, number);
    return (str){bytes, len};
}

static void value_check(str value, uint32_t number) {
    CHECK(value.len == 4 + number % 300 && get_be32(value.ptr) == number);
    for (size_t i = 4; i < value.len; i++)
        CHECK((unsigned char)value.ptr[i] == number % 251);
}

static status change_body(struct kv_txn *txn, void *context) {
    const struct change *change = context;
    const struct writer *writer = change->writer;
    for (size_t i = 0; i < change->count; i++) {
        int number = change->numbers[i];
        str key = key_at(writer->arena, writer->letter, number), value = {};
        status st = kv_txn_find(txn, writer->arena, key, &value);
        CHECK(st == ST_OK || st == ST_NOT_FOUND);
        if (writer->values[number] != 0)
            kv_txn_put(txn, key, value_make(writer->arena, writer->values[number]));
        else
            kv_txn_delete(txn, key);
    }
    char live[1] = {(char)change->live};
    kv_txn_put(txn, count_key(writer->arena, writer->letter), (str){live, 1});
    kv_txn_add(txn, STR("*changes"), 1);
    return ST_OK;
}

/* The model first: its values are what is written. */
static uint64_t write_some(struct writer *writer, size_t count, bool unknown) {
    struct change change = {.writer = writer, .count = count};
    str keys[CHANGES_MAX + 1];
    for (size_t i = 0; i < count; i++) {
        int number = (int)(random_u64() % KEYS);
        change.numbers[i] = number;
        keys[i] = key_at(writer->arena, writer->letter, number);
        writer->values[number] = random_u64() % 3 == 0 ? 0 : ++writer->last;
    }
    change.live = unknown ? UNKNOWN : count_of(writer);
    keys[count] = count_key(writer->arena, writer->letter);
    struct kv_keys named = {.exclusive = keys, .exclusive_count = count + 1};
    uint64_t ticket = 0;
    CHECK(kv_update(writer->crowd->kv, &named, change_body, &change, &ticket) == ST_OK);
    return ticket;
}

static void compare(const struct writer *writer) {
    for (int i = 0; i < KEYS; i++) {
        str value = {};
        status st = kv_find(writer->crowd->kv, NULL, writer->arena,
                            key_at(writer->arena, writer->letter, i), &value);
        CHECK(st == (writer->values[i] ? ST_OK : ST_NOT_FOUND));
        if (st == ST_OK)
            value_check(value, writer->values[i]);
    }
}

/* While their number is said to be unknown. */
static void drop_some(struct writer *writer) {
    int from = (int)(random_u64() % KEYS), to = from + (int)(random_u64() % (KEYS - from));
    CHECK(kv_ticket_wait(writer->crowd->kv, write_some(writer, 0, true)) == ST_OK);
    CHECK(kv_drop_range(writer->crowd->kv, key_at(writer->arena, writer->letter, from),
                        key_at(writer->arena, writer->letter, to)) == ST_OK);
    for (int i = from; i < to; i++)
        writer->values[i] = 0;
    CHECK(kv_ticket_wait(writer->crowd->kv, write_some(writer, 0, false)) == ST_OK);
}

static void write_often(struct crowd *crowd, char letter) {
    struct writer writer = {.crowd = crowd, .arena = arena_new(16 << 20), .letter = letter};
    for (int i = 0; i < crowd->rounds; i++) {
        uint64_t ticket = write_some(&writer, 1 + random_u64() % CHANGES_MAX, false);
        if (i % 16 == 0) {
            CHECK(kv_ticket_wait(crowd->kv, ticket) == ST_OK);
            compare(&writer);
        }
        if (i % 50 == 49)
            drop_some(&writer);
        arena_reset(writer.arena, ARENA_KEEP);
    }
    arena_free(writer.arena);
    atomic_fetch_sub(&crowd->writers, 1);
}

/* Checks each pair, and returns how many there are from either end. */
static size_t walk(struct kv *kv, struct kv_read *read, struct arena *arena, char letter,
                   bool backward) {
    size_t count = 0;
    struct kv_range range = {arena_printf(arena, "%c", letter),
                             arena_printf(arena, "%c", letter + 1), backward};
    struct kv_page page;
    do {
        CHECK(kv_scan(kv, read, arena, &range, PAGE_PAIRS, SIZE_MAX, &page) == ST_OK);
        for (size_t i = 0; i < page.count; i++)
            value_check(page.pairs[i].value, get_be32(page.pairs[i].value.ptr));
        count += page.count;
        if (page.more && backward)
            range.to = page.pairs[page.count - 1].key;
        else if (page.more)
            range.from = arena_printf(arena, "%.*s!", STR_ARG(page.pairs[page.count - 1].key));
    } while (page.more);
    return count;
}

/* What a snapshot shows of a writer stays, and is of one moment. */
static void look_at(struct kv *kv, struct kv_read *read, struct arena *arena, char letter) {
    str live = {};
    status st = kv_find(kv, read, arena, count_key(arena, letter), &live);
    CHECK(st == ST_OK || st == ST_NOT_FOUND);
    size_t forward = walk(kv, read, arena, letter, false);
    CHECK(walk(kv, read, arena, letter, true) == forward);
    if (st == ST_NOT_FOUND)
        CHECK(forward == 0);
    else if ((unsigned char)live.ptr[0] != UNKNOWN)
        CHECK(forward == (unsigned char)live.ptr[0]);
}

static void look_often(struct crowd *crowd) {
    struct arena *arena = arena_new(64 << 20);
    while (atomic_load(&crowd->writers) > 0) {
        struct kv_read *older = NULL, *newer = NULL;
        CHECK(kv_read_begin(crowd->kv, &older) == ST_OK);
        look_at(crowd->kv, older, arena, (char)('a' + random_u64() % WRITERS));
        CHECK(kv_read_begin(crowd->kv, &newer) == ST_OK);
        if (random_u64() % 2 == 0) { /* they end in any order */
            kv_read_end(older);
            older = NULL;
        }
        look_at(crowd->kv, newer, arena, (char)('a' + random_u64() % WRITERS));
        kv_read_end(newer);
        kv_read_end(older);
        (void)walk(crowd->kv, NULL, arena, (char)('a' + random_u64() % WRITERS), false);
        arena_reset(arena, ARENA_KEEP);
    }
    arena_free(arena);
}

static void write_or_look(int number, void *context) {
    struct crowd *crowd = context;
    if (number < WRITERS)
        write_often(crowd, (char)('a' + number));
    else
        look_often(crowd);
}

static void a_crowd_sees_what_is_there(void **state) {
    struct engine *e = *state;
    struct crowd crowd = {e->kv, engine_is_rocks ? ROUNDS_DISK : ROUNDS_MEM, WRITERS};
    engine_threads(WRITERS + READERS, write_or_look, &crowd);
    str changes;
    assert_status(kv_find(e->kv, NULL, e->arena, STR("*changes"), &changes), ST_OK);
    assert_int_equal(kv_counter_value(changes), WRITERS * (crowd.rounds + crowd.rounds / 50 * 2));
    engine_reopen(e); /* closes while nothing is held */
    if (engine_is_rocks)
        for (int i = 0; i < WRITERS; i++)
            look_at(e->kv, NULL, e->arena, (char)('a' + i));
}

int main(int argc, char **argv) {
    engine_arguments(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_crowd_sees_what_is_there, engine_setup, engine_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
