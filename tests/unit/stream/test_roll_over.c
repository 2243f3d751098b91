/* Four writers on the same few keys while shards roll over again and again, and a consumer that
 * follows them: what it ends with is the table. */
#include "stream_fixture.h"

#include <pthread.h>
#include <sched.h>

enum { WRITERS = 4, WRITES = 400, ROLLS_MIN = 20, KEYS_MAX = 16, SHARDS_SEEN_MAX = 4096 };

/* ---- a consumer ---- */

struct consumer {
    str arn;
    struct arena *memory; /* of `last` and iterators */
    size_t records;
    str last[KEYS_MAX]; /* the newest image of each key */
    str next[SHARDS_SEEN_MAX];
    bool begun[SHARDS_SEEN_MAX], ended[SHARDS_SEEN_MAX];
    uint32_t lineage[KEYS_MAX]; /* 1 + slice that its records came from */
};

static int key_of_record(const struct log_record *record) {
    str id = view_bytes(view_member(item_map(record->after), STR("id")));
    uint64_t key = KEYS_MAX;
    assert_true(id.len > 1 && str_to_u64(str_slice(id, 1, id.len), &key) && key < KEYS_MAX);
    return (int)key;
}

/* A record's old image is the new one of the record before: nothing was lost, nothing came twice,
 * nothing out of order. */
static void take_record(struct consumer *consumer, const struct log_shard *shard,
                        const struct log_record *record) {
    int key = key_of_record(record);
    assert_true(str_eq(record->before, consumer->last[key]));
    assert_true((record->event == LOG_INSERT) == (consumer->last[key].ptr == NULL));
    consumer->last[key] = arena_copy(consumer->memory, record->after);
    consumer->records++;
    assert_true(record->position.stamp > shard->first_stamp);
    if (shard->closed_us != 0)
        assert_true(record->position.stamp < shard->end_stamp);
    uint32_t slice = 1 + shard->number % SHARD_COUNT;
    assert_true(consumer->lineage[key] == 0 || consumer->lineage[key] == slice);
    consumer->lineage[key] = slice;
}

/* Reads one page of a shard whose parent has been read to its end. */
static void read_shard(struct consumer *consumer, struct scope *scope, const struct stream *stream,
                       const struct log_shard *shard) {
    uint32_t n = shard->number;
    assert_true(n < SHARDS_SEEN_MAX);
    if (consumer->ended[n] || (shard->parent != no_shard && !consumer->ended[shard->parent]))
        return;
    str iterator = consumer->next[n];
    if (!consumer->begun[n])
        assert_status(stream_iterator_make(database, scope, stream,
                                           shard_id_write(scope->arena, shard), AT_TRIM_HORIZON,
                                           (str){}, &iterator),
                      ST_OK);
    struct record_page page;
    assert_status(stream_read(database, scope, iterator, 7, &page), ST_OK);
    for (size_t i = 0; i < page.count; i++)
        take_record(consumer, shard, &page.records[i]);
    consumer->begun[n] = true;
    consumer->ended[n] = page.next.ptr == NULL;
    consumer->next[n] = arena_copy(consumer->memory, page.next);
}

/* One round over all shards there are. */
static void consume(struct consumer *consumer) {
    struct scope scope = scope_new(clock_wall_us());
    struct stream stream;
    struct shard_page page = {.more = true};
    assert_status(stream_find(database, &scope, consumer->arn, &stream), ST_OK);
    for (uint32_t from = 0; page.more; from = page.shards[page.count - 1].number + 1) {
        assert_status(stream_shards(database, &scope, &stream, from, 3, &page), ST_OK);
        for (size_t i = 0; i < page.count; i++)
            read_shard(consumer, &scope, &stream, &page.shards[i]);
    }
    scope_free(&scope);
}

/* ---- the others ---- */

static atomic_int writers_left;
static atomic_int rolls;
static atomic_int acknowledged;

static void *writer_main(void *argument) {
    int64_t base = (int64_t)(intptr_t)argument << 32;
    for (int i = 0; i < WRITES || atomic_load(&rolls) < ROLLS_MIN; i++) {
        struct scope scope = scope_new(clock_wall_us());
        fixture_put(&scope, i * 7 % KEYS_MAX, base + i);
        atomic_fetch_add(&acknowledged, 1);
        scope_free(&scope);
    }
    atomic_fetch_sub(&writers_left, 1);
    return NULL;
}

static void *roller_main(void *argument) {
    (void)argument;
    bool more;
    while (atomic_load(&writers_left) > 0 &&
           atomic_load(&rolls) < SHARDS_SEEN_MAX / SHARD_COUNT / 2) {
        assert_status(streams_roll(database, clock_wall_us(), &more), ST_OK);
        atomic_fetch_add(&rolls, 1);
        for (int i = 0; i < 20; i++)
            sched_yield();
    }
    return NULL;
}

static size_t shards_there_are(str arn) {
    struct scope scope = scope_new(clock_wall_us());
    struct stream stream;
    struct shard_page page;
    assert_status(stream_find(database, &scope, arn, &stream), ST_OK);
    assert_status(stream_shards(database, &scope, &stream, 0, SHARDS_SEEN_MAX, &page), ST_OK);
    size_t open = 0;
    for (size_t i = 0; i < page.count; i++)
        open += page.shards[i].closed_us == 0;
    assert_int_equal(open, SHARD_COUNT);
    scope_free(&scope);
    return page.count;
}

static void assert_equals_table(const struct consumer *consumer) {
    struct scope scope = scope_new(clock_wall_us());
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    for (int i = 0; i < KEYS_MAX; i++) {
        struct buf key;
        buf_init(&key, scope.arena, 64);
        struct attribute id = {
            STR("id"), {.kind = VALUE_STRING, .bytes = arena_printf(scope.arena, "k%d", i)}};
        struct item item = {.attributes = &id, .count = 1};
        str stored;
        assert_true(item_key(tables->tables[0], &(struct key_source){.tree = &item}, &key));
        assert_status(kv_find(database->kv, NULL, scope.arena, buf_str(&key), &stored), ST_OK);
        assert_true(str_eq(stored, consumer->last[i]));
    }
    catalogue_release(tables);
    scope_free(&scope);
}

static void read_to_the_end(struct consumer *consumer) {
    for (size_t before = SIZE_MAX; before != consumer->records;) {
        before = consumer->records;
        for (int i = 0; i < 3; i++) /* a round may end shards only, and begin their children */
            consume(consumer);
    }
}

static void no_record_is_lost_doubled_or_out_of_its_shard(void **state) {
    (void)state;
    fixture_open(1, 0);
    struct scope scope = scope_new(clock_wall_us());
    static struct consumer during, after;
    during.arn = after.arn = table_with_stream(&scope, VIEW_NEW_AND_OLD_IMAGES);
    during.memory = arena_new(256 << 20);
    after.memory = arena_new(256 << 20);
    pthread_t writers[WRITERS], roller;
    atomic_store(&writers_left, WRITERS);
    for (intptr_t i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&writers[i], NULL, writer_main, (void *)i), 0);
    assert_int_equal(pthread_create(&roller, NULL, roller_main, NULL), 0);
    while (atomic_load(&writers_left) > 0)
        consume(&during);
    for (int i = 0; i < WRITERS; i++)
        pthread_join(writers[i], NULL);
    pthread_join(roller, NULL);
    for (int i = 0; i < 2 * atomic_load(&rolls); i++)
        consume(&during); /* a generation a round, at least */
    read_to_the_end(&during);
    for (int i = 0; i < 2 * atomic_load(&rolls); i++)
        consume(&after);
    read_to_the_end(&after);
    assert_true(shards_there_are(during.arn) > SHARD_COUNT * ROLLS_MIN / 2);
    assert_int_equal(during.records, atomic_load(&acknowledged));
    assert_int_equal(after.records, during.records);
    assert_equals_table(&during);
    assert_equals_table(&after);
    assert_verified();
    arena_free(during.memory);
    arena_free(after.memory);
    scope_free(&scope);
    fixture_close();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_record_is_lost_doubled_or_out_of_its_shard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
