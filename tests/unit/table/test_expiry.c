/* Items that expire: the index of expiry times under writes of all kinds, turning it on and off,
 * deleting, starting again in the middle of each, and what verify makes of it. */
#include "item/item_codec.h"
#include "item/number.h"
#include "kv/mem/mem.h"
#include "table/catalogue.h"
#include "table/expiry.h"
#include "table/table_read.h"
#include "table/table_write.h"
#include "table/verify.h"

#include <pthread.h>
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

static const int64_t second_us = 1000000;
static const int64_t start_s = 1700000000;

static struct database *database;
static struct scope scope;
static struct expiry_filing filing;
static struct expiry_sweep sweep;
static const struct catalogue_snapshot *held; /* of the table that was named last */

/* ---- a database, and starting it again ---- */

static status open_on(struct kv *kv) {
    memset(&filing, 0, sizeof filing);
    memset(&sweep, 0, sizeof sweep);
    struct database_options options = {.region = STR("us-east-1"),
                                       .account_id = STR("000000000000")};
    return database_open(kv, &options, &database);
}

static int setup(void **state) {
    (void)state;
    struct kv *kv;
    scope = (struct scope){.arena = arena_new(64 << 20),
                           .scratch = arena_new(64 << 20),
                           .now_us = start_s * second_us};
    return kv_mem_open(&kv) == ST_OK && open_on(kv) == ST_OK ? 0 : 1;
}

static void let_go(void) {
    catalogue_release(held);
    held = NULL;
}

static int teardown(void **state) {
    (void)state;
    let_go();
    database_close(database);
    arena_free(scope.arena);
    arena_free(scope.scratch);
    return 0;
}

/* What is stored stays, what was in memory is gone. */
static void start_again(void) {
    struct kv *kv = database->kv;
    let_go();
    kv_mem_faults(kv, &(struct kv_mem_faults){});
    catalogue_close(database->catalogue);
    arena_free(database->arena);
    assert_status(open_on(kv), ST_OK);
}

/* ---- tables and items ---- */

/* Valid until the next is named. */
static const struct table *table_named(const char *name) {
    let_go();
    held = catalogue_acquire(database);
    return catalogue_find(held, str_from_c(name));
}

static void make_table(const char *name) {
    struct table *table = table_new();
    table->name = arena_copy(table->arena, str_from_c(name));
    table->on_demand = true;
    table->key.hash[0] = (struct key_attribute){STR("id"), VALUE_STRING};
    table->key.hash_count = 1;
    table->attributes = table->key.hash;
    table->attribute_count = 1;
    struct index *index = arena_struct(table->arena, struct index);
    index->name = STR("by_end");
    index->id = 1;
    index->global = true;
    index->key.hash[0] = (struct key_attribute){STR("end"), VALUE_NUMBER};
    index->key.hash_count = 1;
    table->indexes = index;
    table->index_count = 1;
    assert_status(catalogue_create(database, &scope, table), ST_OK);
}

static struct value number_of(int64_t number, struct arena *arena) {
    unsigned char *bytes = arena_alloc(arena, NUMBER_BYTES_MAX);
    size_t len;
    number_from_i64(number, bytes, &len);
    return (struct value){.kind = VALUE_NUMBER, .bytes = {(char *)bytes, len}};
}

/* {id, end, pad}; no `end` for 0. */
static struct item *item_of(struct arena *arena, const char *id, int64_t end, size_t pad) {
    struct item *item = arena_struct(arena, struct item);
    struct attribute *at = arena_array(arena, struct attribute, 3);
    at[0] = (struct attribute){STR("id"),
                               {.kind = VALUE_STRING, .bytes = arena_copy(arena, str_from_c(id))}};
    item->count = 1;
    if (end != 0)
        at[item->count++] = (struct attribute){STR("end"), number_of(end, arena)};
    char *bytes = arena_alloc_zero(arena, pad + 1);
    at[item->count++] =
        (struct attribute){STR("pad"), {.kind = VALUE_BINARY, .bytes = {bytes, pad}}};
    item->attributes = at;
    return item;
}

static status write_one(struct scope *with, const char *table, enum write_kind kind,
                        const struct item *item) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    struct write write = {
        .kind = kind, .table = catalogue_find(tables, str_from_c(table)), .item = item};
    uint64_t ticket;
    status st = table_write(database, with, &write, 1, &ticket);
    catalogue_release(tables);
    return st;
}

static void put(const char *id, int64_t end) {
    assert_status(write_one(&scope, "things", WRITE_PUT, item_of(scope.arena, id, end, 1)), ST_OK);
}

static void delete (const char *id) {
    struct item *key = item_of(scope.arena, id, 0, 0);
    key->count = 1;
    assert_status(write_one(&scope, "things", WRITE_DELETE, key), ST_OK);
}

static bool there(const char *id) {
    const struct item *key = item_of(scope.arena, id, 0, 0);
    str stored;
    assert_status(table_find_many(database, &scope, table_named("things"), &key, 1, &stored),
                  ST_OK);
    return stored.ptr != NULL;
}

/* ---- settings, walks ---- */

static void turn(const char *table, const char *attribute) {
    str name = attribute ? str_from_c(attribute) : (str){};
    assert_status(expiry_change(database, &scope, table_named(table), name), ST_OK);
}

static void tidy(void) {
    bool more = true;
    while (more)
        assert_status(expiry_tidy(database, &scope, &filing, &more), ST_OK);
}

static size_t sweep_at(int64_t now_s) {
    size_t deleted, total = 0;
    bool more = true;
    scope.now_us = now_s * second_us;
    for (; more; total += deleted)
        assert_status(expiry_sweep(database, &scope, &sweep, &deleted, &more), ST_OK);
    return total;
}

static size_t entries(void) {
    struct kv_page page;
    struct kv_range range = {.from = STR("\x07"), .to = STR("\x08")};
    assert_status(kv_scan(database->kv, NULL, scope.arena, &range, 100000, 64 << 20, &page), ST_OK);
    return page.count;
}

static void count_finding(void *context, str what) {
    ++*(size_t *)context;
    print_message("# %.*s\n", STR_ARG(what));
}

static size_t findings(void) {
    size_t count = 0;
    struct verify_totals totals;
    assert_status(verify_database(database, count_finding, &count, &totals), ST_OK);
    return count;
}

static void things_that_expire(void) {
    make_table("things");
    turn("things", "end");
    tidy();
}

/* ---- what is filed ---- */

static void every_write_files_its_time(void **state) {
    (void)state;
    things_that_expire();
    put("a", start_s + 10);
    put("b", start_s + 10);
    put("never", 0);
    assert_int_equal(entries(), 2);
    put("a", start_s + 20);
    assert_int_equal(entries(), 2);
    put("b", 0);
    assert_int_equal(entries(), 1);
    delete ("a");
    assert_int_equal(entries(), 0);
    assert_int_equal(findings(), 0);
}

static void times_out_of_range_are_not_filed(void **state) {
    (void)state;
    things_that_expire();
    put("negative", -5);
    put("zero", 0);
    put("far", expiry_seconds_max + 1);
    assert_int_equal(entries(), 0);
    put("farthest", expiry_seconds_max);
    put("first", 1);
    assert_int_equal(entries(), 2);
    assert_int_equal(sweep_at(start_s), 0);
    assert_int_equal(findings(), 0);
}

static void tables_without_the_setting_file_nothing(void **state) {
    (void)state;
    make_table("things");
    put("a", start_s + 10);
    assert_int_equal(entries(), 0);
    assert_int_equal(sweep_at(start_s + 100), 0);
    assert_true(there("a"));
}

/* ---- what is deleted ---- */

static void item_goes_when_its_second_is_over(void **state) {
    (void)state;
    things_that_expire();
    put("a", start_s + 10);
    assert_int_equal(sweep_at(start_s + 10), 0);
    assert_true(there("a"));
    assert_int_equal(sweep_at(start_s + 11), 1);
    assert_false(there("a"));
    assert_int_equal(entries(), 0);
    assert_int_equal(findings(), 0);
}

static void delay_keeps_items_longer(void **state) {
    (void)state;
    things_that_expire();
    put("a", start_s);
    database->ttl_delay_us = 60 * second_us;
    assert_int_equal(sweep_at(start_s + 60), 0);
    assert_int_equal(sweep_at(start_s + 61), 1);
}

static void items_of_five_years_ago_stay(void **state) {
    (void)state;
    things_that_expire();
    put("mistake", start_s - expiry_age_max_s - 1);
    put("old", start_s - expiry_age_max_s);
    assert_int_equal(sweep_at(start_s), 1);
    assert_true(there("mistake"));
    assert_false(there("old"));
    assert_int_equal(findings(), 0);
}

static void clock_that_jumps_does_no_harm(void **state) {
    (void)state;
    things_that_expire();
    put("a", start_s + 10);
    put("b", start_s + 1000);
    assert_int_equal(sweep_at(start_s + 100), 1);
    assert_int_equal(sweep_at(start_s - 100000), 0);
    assert_int_equal(sweep_at(-5), 0);
    put("c", start_s - 200);
    assert_int_equal(sweep_at(start_s - 100), 1);
    assert_int_equal(sweep_at(start_s + 1001), 1);
    assert_int_equal(entries(), 0);
}

/* Writes between the walk's look at the entries and its update. */
static void whoever_moves_the_time_keeps_the_item(void **state) {
    (void)state;
    things_that_expire();
    put("moved", start_s);
    put("freed", start_s);
    put("gone", start_s);
    put("due", start_s);
    scope.now_us = (start_s + 10) * second_us;
    const struct table *table = table_named("things");
    static const char *const ids[] = {"moved", "freed", "gone", "due"};
    struct write writes[4];
    struct kv_page page;
    struct kv_range range = {.from = STR("\x07"), .to = STR("\x08")};
    assert_status(kv_scan(database->kv, NULL, scope.arena, &range, 10, 1 << 20, &page), ST_OK);
    assert_int_equal(page.count, 4);
    int64_t second;
    for (size_t i = 0; i < 4; i++)
        writes[i] = (struct write){.kind = WRITE_EXPIRE,
                                   .table = table,
                                   .key = expiry_entry_item(page.pairs[i].key, &second)};
    put("moved", start_s + 11);
    put("freed", 0);
    delete ("gone");
    uint64_t ticket;
    assert_status(table_write(database, &scope, writes, 4, &ticket), ST_OK);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(there(ids[i]), i < 2);
    assert_int_equal(entries(), 1);
    assert_int_equal(findings(), 0);
}

/* Milliseconds and smaller units, as they are put by mistake: none of them comes for ages. */
static void time_moved_far_ahead_keeps_the_item(void **state) {
    (void)state;
    const int64_t seconds[] = {1700000000000, 9223372036855, 18446744073710, 36893488147420,
                               expiry_seconds_max};
    things_that_expire();
    scope.now_us = (start_s + 10) * second_us;
    for (size_t i = 0; i < sizeof seconds / sizeof seconds[0]; i++) {
        put("moved", start_s);
        struct kv_page page;
        struct kv_range range = {.from = STR("\x07"), .to = STR("\x08")};
        assert_status(kv_scan(database->kv, NULL, scope.arena, &range, 1, 1 << 20, &page), ST_OK);
        assert_int_equal(page.count, 1);
        int64_t second;
        struct write write = {.kind = WRITE_EXPIRE,
                              .table = table_named("things"),
                              .key = expiry_entry_item(page.pairs[0].key, &second)};
        put("moved", seconds[i]);
        uint64_t ticket;
        assert_status(table_write(database, &scope, &write, 1, &ticket), ST_OK);
        assert_true(there("moved"));
    }
    assert_int_equal(findings(), 0);
}

static void backlog_goes_batch_by_batch(void **state) {
    (void)state;
    things_that_expire();
    make_table("others");
    turn("others", "end");
    for (int i = 0; i < 2000; i++) {
        char id[16];
        snprintf(id, sizeof id, "i%d", i);
        put(id, start_s + i % 7);
        assert_status(write_one(&scope, "others", WRITE_PUT, item_of(scope.arena, id, start_s, 1)),
                      ST_OK);
        arena_reset(scope.arena, 1 << 20);
    }
    scope.now_us = (start_s + 100) * second_us;
    size_t deleted;
    bool more;
    for (size_t steps = 0, most = 0; steps < 5; steps++) {
        assert_status(expiry_sweep(database, &scope, &sweep, &deleted, &more), ST_OK);
        assert_true(more && deleted > 0 && deleted <= EXPIRY_PAGE && deleted >= most);
        most = deleted;
    }
    sweep_at(start_s + 100);
    assert_int_equal(entries(), 0);
    int64_t items, bytes;
    assert_status(table_counters(database, &scope, table_named("things"), NULL, &items, &bytes),
                  ST_OK);
    assert_int_equal(items + bytes, 0);
    assert_int_equal(findings(), 0);
}

static void large_items_go_in_small_batches(void **state) {
    (void)state;
    things_that_expire();
    for (int i = 0; i < 60; i++) {
        char id[16];
        snprintf(id, sizeof id, "i%d", i);
        assert_status(
            write_one(&scope, "things", WRITE_PUT, item_of(scope.arena, id, start_s, 300 * 1024)),
            ST_OK);
        arena_reset(scope.arena, 1 << 20);
    }
    scope.now_us = (start_s + 1) * second_us;
    size_t deleted, largest = 0, total = 0;
    bool more = true;
    for (size_t steps = 0; more; steps++, total += deleted) {
        assert_status(expiry_sweep(database, &scope, &sweep, &deleted, &more), ST_OK);
        if (steps > 0 && deleted > largest)
            largest = deleted;
    }
    assert_int_equal(total, 60);
    assert_true(largest <= 8);
}

static void batches_too_large_for_one_write_become_smaller(void **state) {
    (void)state;
    things_that_expire();
    for (int i = 0; i < 300; i++) {
        char id[16];
        snprintf(id, sizeof id, "i%d", i);
        put(id, start_s + i / 150);
    }
    sweep_at(start_s + 1); /* the first half, in batches as large as may be */
    kv_mem_faults(database->kv, &(struct kv_mem_faults){.update_keys_max = 12});
    scope.now_us = (start_s + 100) * second_us;
    size_t deleted, total = 0;
    for (int walks = 0; walks < 100 && total < 150; walks++, total += deleted) {
        bool more;
        status st = expiry_sweep(database, &scope, &sweep, &deleted, &more);
        assert_true(st == ST_OK || st == ST_TOO_BIG);
    }
    assert_int_equal(total, 150);
    assert_int_equal(entries(), 0);
    assert_int_equal(findings(), 0);
}

/* ---- turning on and off ---- */

static void put_many(int from, int to) {
    for (int i = from; i < to; i++) {
        char id[16];
        snprintf(id, sizeof id, "i%d", i);
        put(id, i % 3 ? start_s + i : 0);
    }
}

static void items_from_before_are_filed(void **state) {
    (void)state;
    make_table("things");
    put_many(0, 350);
    turn("things", "end");
    assert_false(table_named("things")->ttl.indexed);
    assert_int_equal(entries(), 0);
    bool more;
    assert_status(expiry_tidy(database, &scope, &filing, &more), ST_OK);
    assert_true(more && entries() > 0 && entries() <= EXPIRY_PAGE);
    put_many(100, 200); /* which files them, once */
    tidy();
    assert_true(table_named("things")->ttl.indexed);
    assert_int_equal(entries(), 233);
    assert_int_equal(findings(), 0);
    assert_int_equal(sweep_at(start_s + 1000), 233);
}

static void filing_begins_again_after_a_restart(void **state) {
    (void)state;
    make_table("things");
    put_many(0, 350);
    turn("things", "end");
    bool more;
    for (int page = 0; page < 2; page++)
        assert_status(expiry_tidy(database, &scope, &filing, &more), ST_OK);
    start_again();
    assert_false(table_named("things")->ttl.indexed);
    delete ("i1");
    put("i2", start_s + 5000);
    tidy();
    assert_int_equal(entries(), 232);
    assert_int_equal(findings(), 0);
}

static void table_that_fails_keeps_no_other_from_being_filed(void **state) {
    (void)state;
    make_table("things");
    make_table("zebras");
    put("a", start_s);
    assert_status(write_one(&scope, "zebras", WRITE_PUT, item_of(scope.arena, "z", start_s, 1)),
                  ST_OK);
    turn("things", "end");
    turn("zebras", "end");
    bool more;
    kv_mem_faults(database->kv, &(struct kv_mem_faults){.update_full = 1});
    assert_status(expiry_tidy(database, &scope, &filing, &more), ST_FULL);
    assert_status(expiry_tidy(database, &scope, &filing, &more), ST_OK);
    assert_true(table_named("zebras")->ttl.indexed);
    assert_false(table_named("things")->ttl.indexed);
    tidy();
    assert_true(table_named("things")->ttl.indexed);
    assert_int_equal(findings(), 0);
}

static void turning_off_leaves_no_entries(void **state) {
    (void)state;
    things_that_expire();
    put_many(0, 150);
    turn("things", NULL);
    put("i1", start_s + 7000); /* nobody files it */
    delete ("i2");
    assert_int_equal(findings(), 0); /* what is left is known to be left */
    start_again();
    assert_int_equal(sweep_at(start_s + 1000), 0);
    tidy();
    assert_int_equal(entries(), 0);
    assert_false(table_named("things")->ttl.indexed);
    assert_true(str_eq(table_named("things")->ttl.former, STR("end")));
    assert_int_equal(findings(), 0);
}

static void another_attribute_starts_from_nothing(void **state) {
    (void)state;
    things_that_expire();
    put_many(0, 150);
    turn("things", NULL);
    turn("things", "other"); /* before anybody tidied */
    assert_int_equal(entries(), 0);
    tidy();
    assert_int_equal(entries(), 0);
    assert_int_equal(sweep_at(start_s + 1000), 0);
    assert_int_equal(findings(), 0);
}

static void filing_of_an_older_setting_does_not_count(void **state) {
    (void)state;
    make_table("things");
    put_many(0, 350);
    turn("things", "end");
    bool more;
    for (int page = 0; page < 3; page++)
        assert_status(expiry_tidy(database, &scope, &filing, &more), ST_OK);
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    const struct table *older = catalogue_find(tables, STR("things"));
    turn("things", NULL);
    turn("things", "end"); /* in the same microsecond */
    bool done;
    assert_status(expiry_file(database, &scope, older, &filing, &done), ST_CONFLICT);
    catalogue_release(tables);
    tidy();
    assert_int_equal(entries(), 233);
    assert_int_equal(findings(), 0);
}

static void deleted_table_leaves_no_entries(void **state) {
    (void)state;
    things_that_expire();
    put_many(0, 50);
    assert_status(catalogue_delete(database, &scope, table_named("things")), ST_OK);
    assert_int_equal(entries(), 0);
    assert_int_equal(findings(), 0);
}

/* ---- all of it, in any order, cut short anywhere ---- */

enum { ITEMS = 40 };

struct model {
    int64_t end[ITEMS]; /* -1: no such item; 0: no time */
    bool on;
    int64_t now_s;
};

static unsigned next_random(unsigned *seed) {
    *seed = *seed * 1103515245u + 12345u;
    return *seed >> 16;
}

static void check_model(const struct model *model) {
    for (int i = 0; i < ITEMS; i++) {
        char id[16];
        snprintf(id, sizeof id, "i%d", i);
        assert_int_equal(there(id), model->end[i] >= 0);
    }
    assert_int_equal(findings(), 0);
}

static void write_in_model(struct model *model, unsigned *seed) {
    int i = (int)(next_random(seed) % ITEMS);
    char id[16];
    snprintf(id, sizeof id, "i%d", i);
    switch (next_random(seed) % 4) {
    case 0:
        delete (id);
        model->end[i] = -1;
        return;
    case 1:
        model->end[i] = 0;
        break;
    default:
        model->end[i] = model->now_s + next_random(seed) % 50;
    }
    put(id, model->end[i]);
}

static void sweep_in_model(struct model *model, unsigned *seed) {
    model->now_s += next_random(seed) % 20;
    tidy();
    sweep_at(model->now_s);
    for (int i = 0; i < ITEMS; i++)
        if (model->on && model->end[i] > 0 && model->end[i] < model->now_s)
            model->end[i] = -1;
}

/* The update after `skip` others fails, as when the process ends there. */
static void fail_in_model(struct model *model, unsigned *seed) {
    bool more = true;
    size_t deleted;
    unsigned skip = next_random(seed) % 4;
    bool change = next_random(seed) % 2 == 0;
    kv_mem_faults(database->kv, &(struct kv_mem_faults){.update_io = skip + 1});
    status st = ST_OK;
    if (change)
        st = expiry_change(database, &scope, table_named("things"),
                           model->on ? (str){} : STR("end"));
    if (change && st == ST_OK)
        model->on = !model->on;
    while (st == ST_OK && more)
        st = expiry_tidy(database, &scope, &filing, &more);
    more = st == ST_OK;
    while (st == ST_OK && more)
        st = expiry_sweep(database, &scope, &sweep, &deleted, &more);
    start_again();
    if (next_random(seed) % 2)
        assert_int_equal(findings(), 0);
    sweep_in_model(model, seed);
}

static void any_order_of_things_ends_well(void **state) {
    (void)state;
    struct model model = {.now_s = start_s};
    unsigned seed = 7;
    for (int i = 0; i < ITEMS; i++)
        model.end[i] = -1;
    make_table("things");
    for (int step = 0; step < 3000; step++) {
        scope.now_us = model.now_s * second_us;
        switch (next_random(&seed) % 16) {
        case 0:
            turn("things", model.on ? NULL : "end");
            model.on = !model.on;
            break;
        case 1:
            sweep_in_model(&model, &seed);
            check_model(&model);
            break;
        case 2:
            fail_in_model(&model, &seed);
            check_model(&model);
            break;
        case 3: {
            bool more;
            assert_status(expiry_tidy(database, &scope, &filing, &more), ST_OK);
            break;
        }
        default:
            write_in_model(&model, &seed);
        }
        arena_reset(scope.arena, 1 << 20);
    }
}

/* ---- at the same time ---- */

struct writer {
    pthread_t thread;
    unsigned seed;
    status worst;
};

static void *writer_main(void *argument) {
    struct writer *writer = argument;
    struct scope own = {.arena = arena_new(16 << 20), .now_us = start_s * second_us};
    own.scratch = own.arena;
    for (int i = 0; i < 3000 && writer->worst == ST_OK; i++) {
        char id[16];
        snprintf(id, sizeof id, "i%u", next_random(&writer->seed) % 100);
        unsigned what = next_random(&writer->seed) % 4;
        struct item *item = item_of(own.arena, id, what == 1 ? 0 : start_s - 5 + (int)what * 3, 1);
        item->count = what == 0 ? 1 : item->count;
        status st = write_one(&own, "things", what == 0 ? WRITE_DELETE : WRITE_PUT, item);
        writer->worst = st == ST_CONFLICT ? ST_OK : st;
        arena_reset(own.arena, 1 << 20);
    }
    arena_free(own.arena);
    return NULL;
}

static void writers_and_jobs_meet_without_harm(void **state) {
    (void)state;
    struct writer writers[4];
    size_t deleted;
    bool more;
    make_table("things");
    put_many(0, 100);
    for (unsigned i = 0; i < 4; i++) {
        writers[i] = (struct writer){.seed = i + 1};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, writer_main, &writers[i]), 0);
    }
    for (int round = 0; round < 300; round++) {
        scope.now_us = start_s * second_us + round;
        if (round % 20 == 0)
            turn("things", round % 40 ? NULL : "end");
        assert_status(expiry_tidy(database, &scope, &filing, &more), ST_OK);
        for (more = true; more;)
            assert_status(expiry_sweep(database, &scope, &sweep, &deleted, &more), ST_OK);
        arena_reset(scope.arena, 1 << 20);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(writers[i].thread, NULL);
        assert_status(writers[i].worst, ST_OK);
    }
    assert_int_equal(findings(), 0);
    tidy();
    assert_int_equal(findings(), 0);
}

/* ---- verify ---- */

static status put_pair(struct kv_txn *txn, void *context) {
    const kv_pair *pair = context;
    if (pair->value.ptr != NULL)
        kv_txn_put(txn, pair->key, pair->value);
    else
        kv_txn_delete(txn, pair->key);
    return ST_OK;
}

static void put_raw(str key, str value) {
    kv_pair pair = {key, value};
    struct kv_keys keys = {.exclusive = &pair.key, .exclusive_count = 1};
    uint64_t ticket;
    assert_status(kv_update(database->kv, &keys, put_pair, &pair, &ticket), ST_OK);
}

static void verify_finds_what_is_wrong(void **state) {
    (void)state;
    things_that_expire();
    put("a", start_s);
    struct kv_page page;
    struct kv_range range = {.from = STR("\x07"), .to = STR("\x08")};
    assert_status(kv_scan(database->kv, NULL, scope.arena, &range, 10, 1 << 20, &page), ST_OK);
    str key = page.pairs[0].key;
    put_raw(key, STR("?"));
    assert_int_equal(findings(), 2); /* no entry, and one that is none */
    put_raw(key, (str){});
    assert_int_equal(findings(), 1);
    int64_t second;
    uint32_t id = table_named("things")->id;
    str item_key = expiry_entry_item(key, &second);
    put_raw(key, STR("\x01"));
    put_raw(expiry_entry_key(scope.arena, id, second + 1, item_key), STR("\x01"));
    put_raw(expiry_entry_key(scope.arena, id, second, STR("no item")), STR("\x01"));
    assert_int_equal(findings(), 2);
    put_raw(expiry_entry_key(scope.arena, id + 1, second, item_key), STR("\x01"));
    assert_int_equal(findings(), 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        CASE(every_write_files_its_time),
        CASE(times_out_of_range_are_not_filed),
        CASE(tables_without_the_setting_file_nothing),
        CASE(item_goes_when_its_second_is_over),
        CASE(delay_keeps_items_longer),
        CASE(items_of_five_years_ago_stay),
        CASE(clock_that_jumps_does_no_harm),
        CASE(whoever_moves_the_time_keeps_the_item),
        CASE(time_moved_far_ahead_keeps_the_item),
        CASE(backlog_goes_batch_by_batch),
        CASE(large_items_go_in_small_batches),
        CASE(batches_too_large_for_one_write_become_smaller),
        CASE(items_from_before_are_filed),
        CASE(filing_begins_again_after_a_restart),
        CASE(table_that_fails_keeps_no_other_from_being_filed),
        CASE(turning_off_leaves_no_entries),
        CASE(another_attribute_starts_from_nothing),
        CASE(filing_of_an_older_setting_does_not_count),
        CASE(deleted_table_leaves_no_entries),
        CASE(any_order_of_things_ends_well),
        CASE(writers_and_jobs_meet_without_harm),
        CASE(verify_finds_what_is_wrong),
    };
    return cmocka_run_group_tests_name("expiry", tests, NULL, NULL);
}
