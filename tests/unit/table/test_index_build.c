/* An index that comes or goes while its table is written to: whatever the order of writes, steps
 * and restarts, in the end every item has the entry it should have, once, and the counters say so.
 */
#include "base/bytes.h"
#include "item/number.h"
#include "kv/mem/mem.h"
#include "table/catalogue.h"
#include "table/index_build.h"
#include "table/table_key.h"
#include "table/table_read.h"
#include "table/table_write.h"
#include "table/verify.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

enum { ITEMS_MAX = 400, STEPS_MAX = 1000 };

static const int64_t now_us = 1700000000000000;

static struct database *database;
static struct kv *kv;
static struct scope scope;
static struct index_build build;

/* What an item's g may be. */
enum kind { NO_G, GOOD_G, NUMBER_G, EMPTY_G, LONG_G, KINDS };

static struct model {
    bool there;
    enum kind kind;
} model[ITEMS_MAX];

static const struct database_options options = {.region = STR_INIT("us-east-1"),
                                                .account_id = STR_INIT("000000000000"),
                                                .status_delay_us = 1000};

static int setup(void **state) {
    (void)state;
    scope = (struct scope){
        .arena = arena_new(256 << 20), .scratch = arena_new(64 << 20), .now_us = now_us};
    build = (struct index_build){};
    memset(model, 0, sizeof model);
    return kv_mem_open(&kv) == ST_OK && database_open(kv, &options, &database) == ST_OK ? 0 : 1;
}

static int teardown(void **state) {
    (void)state;
    database_close(database);
    arena_free(scope.arena);
    arena_free(scope.scratch);
    return 0;
}

/* A kill between two steps: nothing is left but what is in the engine. */
static void restart(void) {
    catalogue_close(database->catalogue);
    arena_free(database->arena);
    build = (struct index_build){};
    assert_status(database_open(kv, &options, &database), ST_OK);
}

/* ---- the table ---- */

static str table_name = STR_INIT("things"); /* of the_table and make_table */

static const struct table *the_table(void) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    const struct table *table = catalogue_find(tables, table_name);
    catalogue_release(tables); /* the database's own keeps it */
    assert_non_null(table);
    return table;
}

static void make_table(void) {
    static const struct key_attribute id = {STR_INIT("id"), VALUE_STRING};
    struct table *table = table_new();
    table->name = table_name;
    table->on_demand = true;
    table->key.hash[0] = id;
    table->key.hash_count = 1;
    table->attributes = &id;
    table->attribute_count = 1;
    table->next_index_id = 1;
    assert_status(catalogue_create(database, &scope, table), ST_OK);
}

/* On g, and on s as its sort key. */
static void add_index(int64_t until_us) {
    struct table *changed;
    assert_status(table_copy(the_table(), &changed), ST_OK);
    struct index *indexes = arena_array(changed->arena, struct index, changed->index_count + 1);
    memcpy(indexes, changed->indexes, changed->index_count * sizeof *indexes);
    indexes[changed->index_count++] = (struct index){.name = STR("byG"),
                                                     .id = changed->next_index_id++,
                                                     .global = true,
                                                     .key = {.hash[0] = {STR("g"), VALUE_STRING},
                                                             .hash_count = 1,
                                                             .range[0] = {STR("s"), VALUE_STRING},
                                                             .range_count = 1},
                                                     .status = INDEX_CREATING,
                                                     .updating_until_us = until_us};
    changed->indexes = indexes;
    assert_status(catalogue_update(database, &scope, the_table(), changed, NULL), ST_OK);
}

static void delete_index(void) {
    struct table *changed;
    assert_status(table_copy(the_table(), &changed), ST_OK);
    struct index *index = (struct index *)changed->indexes;
    index->status = INDEX_DELETING;
    index->updating_until_us = 0;
    assert_status(catalogue_update(database, &scope, the_table(), changed, NULL), ST_OK);
}

static enum index_step step_at(int64_t us) {
    assert_status(index_build_step(database, &build, us), ST_OK);
    return build.did;
}

static enum index_step step(void) {
    return step_at(now_us);
}

static void delete_table(void) {
    assert_status(catalogue_delete(database, &scope, the_table()), ST_OK);
    assert_int_equal(step(), STEP_NOTHING); /* not while it is shown as DELETING either */
    catalogue_finish_deletions(database, now_us + options.status_delay_us);
}

static void steps_until(enum index_step last) {
    for (int i = 0; step() != last; i++) {
        assert_true(i < STEPS_MAX);
        assert_int_not_equal(build.did, STEP_NOTHING);
    }
}

/* ---- writing ---- */

static str key_of(int i) {
    return arena_printf(scope.arena, "item%d", i);
}

static struct value string_value(str bytes) {
    return (struct value){.kind = VALUE_STRING, .bytes = bytes};
}

static struct value g_value(enum kind kind, int version) {
    static char digits[NUMBER_BYTES_MAX], many[HASH_KEY_BYTES_MAX + 1];
    size_t len;
    switch (kind) {
    case NUMBER_G:
        number_from_i64(version, (unsigned char *)digits, &len);
        return (struct value){.kind = VALUE_NUMBER,
                              .bytes = arena_copy(scope.arena, (str){digits, len})};
    case EMPTY_G:
        return string_value(STR(""));
    case LONG_G:
        memset(many, 'x', sizeof many);
        return string_value((str){many, sizeof many});
    case NO_G:
    case GOOD_G:
    case KINDS:
        break;
    }
    return string_value(arena_printf(scope.arena, "g%d", version % 7));
}

static struct item *item_of(int i, enum kind kind, int version) {
    struct item *item = arena_struct(scope.arena, struct item);
    item->attributes = arena_array(scope.arena, struct attribute, 4);
    item->attributes[0] = (struct attribute){STR("id"), string_value(key_of(i))};
    char s[80];
    int len = snprintf(s, sizeof s, "s%0*d", 1 + version % 50, version);
    item->attributes[1] =
        (struct attribute){STR("s"), string_value(arena_copy(scope.arena, (str){s, (size_t)len}))};
    item->attributes[2] = (struct attribute){STR("g"), g_value(kind, version)};
    item->count = kind == NO_G ? 2 : 3;
    return item;
}

static struct write write_of(enum write_kind kind, int i, enum kind g, int version) {
    struct write write = {.kind = kind, .table = the_table(), .item = item_of(i, g, version)};
    if (kind != WRITE_PUT)
        ((struct item *)write.item)->count = 1;
    return write;
}

static struct expr_update *update_of(const char *text, struct value value) {
    struct expr_placeholders p;
    struct expr_update *update;
    struct attribute v = {STR(":v"), value};
    struct item values = {.attributes = &v, .count = 1};
    assert_status(expr_placeholders_init(&scope, &values, NULL, NULL, 0, false, true, &p), ST_OK);
    assert_status(expr_parse_update(&scope, str_from_c(text), &p, &update), ST_OK);
    return update;
}

static status run(struct write *writes, size_t count) {
    uint64_t ticket;
    return table_write(database, &scope, writes, count, &ticket);
}

static void put(int i, enum kind kind, int version) {
    struct write write = write_of(WRITE_PUT, i, kind, version);
    assert_status(run(&write, 1), ST_OK);
    model[i] = (struct model){true, kind};
}

static void delete (int i) {
    struct write write = write_of(WRITE_DELETE, i, NO_G, 0);
    assert_status(run(&write, 1), ST_OK);
    model[i].there = false;
}

static status update(int i, const char *text, struct value value) {
    struct write write = write_of(WRITE_UPDATE, i, NO_G, 0);
    write.update = update_of(text, value);
    return run(&write, 1);
}

static void fill(int count, enum kind kind) {
    for (int i = 0; i < count; i++)
        put(i, kind, i);
}

/* ---- what is there ---- */

static size_t keys_from(char space) {
    char from[1] = {space}, to[1] = {(char)(space + 1)};
    struct kv_page page;
    struct kv_range range = {.from = {from, 1}, .to = {to, 1}};
    assert_status(kv_scan(kv, NULL, scope.arena, &range, 100000, 64 << 20, &page), ST_OK);
    return page.count;
}

static void print_finding(void *context, str what) {
    (void)context;
    print_message("%.*s\n", STR_ARG(what));
}

static size_t findings(void) {
    struct verify_totals totals;
    assert_status(verify_database(database, print_finding, NULL, &totals), ST_OK);
    return totals.findings;
}

static int64_t index_items(void) {
    int64_t items, bytes;
    assert_status(
        table_counters(database, &scope, the_table(), &the_table()->indexes[0], &items, &bytes),
        ST_OK);
    return items;
}

static int64_t model_items(void) {
    int64_t items = 0;
    for (int i = 0; i < ITEMS_MAX; i++)
        items += model[i].there && model[i].kind == GOOD_G;
    return items;
}

static void assert_complete(void) {
    assert_int_equal(the_table()->indexes[0].status, INDEX_ACTIVE);
    assert_false(the_table()->indexes[0].backfilling);
    assert_int_equal(keys_from(SPACE_BUILD), 0);
    assert_int_equal(findings(), 0);
    assert_int_equal(index_items(), model_items());
}

/* ---- an index that comes ---- */

static void index_of_an_empty_table_becomes_active(void **state) {
    (void)state;
    make_table();
    fill(0, GOOD_G);
    assert_int_equal(step(), STEP_NOTHING);
    add_index(0);
    assert_int_equal(step(), STEP_BEGUN);
    assert_true(the_table()->indexes[0].backfilling);
    assert_int_equal(step(), STEP_ACTIVE);
    assert_int_equal(step(), STEP_NOTHING);
    assert_complete();
}

static void index_is_filled_page_by_page(void **state) {
    (void)state;
    make_table();
    fill(ITEMS_MAX, GOOD_G);
    add_index(0);
    assert_int_equal(step(), STEP_BEGUN);
    for (int pages = 1; step() == STEP_FILED; pages++) {
        assert_int_equal(build.items, pages * BUILD_PAGE_ITEMS < ITEMS_MAX
                                          ? pages * BUILD_PAGE_ITEMS
                                          : ITEMS_MAX);
        assert_int_equal(build.of, ITEMS_MAX);
        assert_int_equal(index_items(), build.items);
        assert_int_equal(findings(), 0);
    }
    assert_int_equal(build.did, STEP_ACTIVE);
    assert_complete();
}

static void index_shows_its_status_as_long_as_it_must(void **state) {
    (void)state;
    make_table();
    fill(10, GOOD_G);
    add_index(now_us + 1000);
    steps_until(STEP_FILED);
    assert_int_equal(step(), STEP_NOTHING);
    put(20, GOOD_G, 1);
    (void)step(); /* it may lie behind the cursor */
    assert_int_equal(step(), STEP_NOTHING);
    assert_int_equal(step_at(now_us + 999), STEP_NOTHING);
    assert_int_equal(step_at(now_us + 1000), STEP_ACTIVE);
    assert_complete();
}

static void items_with_no_key_for_it_are_left_out(void **state) {
    (void)state;
    make_table();
    for (int i = 0; i < 100; i++)
        put(i, (enum kind)(i % KINDS), i);
    add_index(0);
    steps_until(STEP_ACTIVE);
    assert_complete();
    assert_int_equal(index_items(), 20);
}

static void items_with_no_key_for_it_can_be_updated_and_deleted(void **state) {
    (void)state;
    make_table();
    for (int i = 0; i < KINDS; i++)
        put(i, (enum kind)i, i);
    add_index(0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < KINDS; i++)
            assert_status(update(i, "SET v = :v", string_value(STR("new"))), ST_OK);
        steps_until(round == 0 ? STEP_FILED : STEP_ACTIVE);
        assert_int_equal(index_items(), 1);
    }
    assert_status(update(NUMBER_G, "SET g = :v", string_value(STR("now good"))), ST_OK);
    model[NUMBER_G].kind = GOOD_G;
    delete (EMPTY_G);
    delete (LONG_G);
    assert_complete();
    assert_int_equal(index_items(), 2);
}

static void updates_that_make_a_wrong_key_are_refused(void **state) {
    (void)state;
    make_table();
    fill(1, GOOD_G);
    put(1, EMPTY_G, 1);
    add_index(0);
    for (int i = 0; i < 2; i++) {
        assert_status(update(i, "SET g = :v", g_value(NUMBER_G, 1)), ST_FAILED);
        assert_status(update(i, "SET g = :v", g_value(LONG_G, 1)), ST_FAILED);
    }
    assert_status(update(0, "SET g = :v", g_value(EMPTY_G, 1)), ST_FAILED);
    steps_until(STEP_ACTIVE);
    assert_complete();
}

static void writes_meanwhile_are_filed_once(void **state) {
    (void)state;
    make_table();
    fill(200, GOOD_G);
    add_index(0);
    for (int i = 0; i < 200; i += 3) {
        put(i, i % 2 ? NO_G : GOOD_G, i + 1);
        delete ((i + 1) % 200);
        put(200 + i, GOOD_G, i);
    }
    assert_int_equal(findings(), 0);
    steps_until(STEP_FILED);
    for (int i = 0; i < 200; i += 5) {
        put(i, GOOD_G, i + 2);
        delete (i + 4);
    }
    assert_int_equal(findings(), 0);
    steps_until(STEP_ACTIVE);
    assert_complete();
}

/* Marker and value are two finds of one body. */
static void write_that_had_to_wait_changes_nothing(void **state) {
    (void)state;
    make_table();
    fill(10, GOOD_G);
    add_index(0);
    for (unsigned find = 1; find <= 2; find++) {
        struct write write = write_of(WRITE_PUT, 3, GOOD_G, 5);
        kv_mem_faults(kv, &(struct kv_mem_faults){.find_would_wait = find});
        assert_status(run(&write, 1), ST_WOULD_WAIT);
        assert_int_equal(keys_from(SPACE_BUILD), 0);
    }
    steps_until(STEP_ACTIVE);
    assert_complete();
}

static void transaction_of_a_hundred_items_fits(void **state) {
    (void)state;
    make_table();
    fill(50, GOOD_G);
    add_index(0);
    steps_until(STEP_FILED);
    struct write *writes = arena_array(scope.arena, struct write, 100);
    for (int i = 0; i < 100; i++) {
        writes[i] = write_of(WRITE_PUT, i, GOOD_G, i);
        model[i] = (struct model){true, GOOD_G};
    }
    assert_status(run(writes, 100), ST_OK);
    steps_until(STEP_ACTIVE);
    assert_complete();
}

/* ---- what goes wrong ---- */

static void build_goes_on_after_a_restart(void **state) {
    (void)state;
    make_table();
    fill(ITEMS_MAX, GOOD_G);
    add_index(0);
    step();
    step();
    step();
    restart();
    assert_int_equal(step(), STEP_FILED);
    assert_int_equal(build.items, 3 * BUILD_PAGE_ITEMS);
    assert_int_equal(index_items(), 3 * BUILD_PAGE_ITEMS);
    steps_until(STEP_ACTIVE);
    assert_complete();
}

static void page_that_was_refused_is_filed_later(void **state) {
    (void)state;
    make_table();
    fill(200, GOOD_G);
    add_index(0);
    steps_until(STEP_FILED);
    kv_mem_faults(kv, &(struct kv_mem_faults){.update_full = 1});
    assert_status(index_build_step(database, &build, now_us), ST_FULL);
    assert_int_equal(index_items(), BUILD_PAGE_ITEMS);
    steps_until(STEP_ACTIVE);
    assert_complete();
}

/* Two that know nothing of each other: the cursor tells. */
static void second_builder_is_told_of_the_conflict(void **state) {
    (void)state;
    static struct index_build other;
    make_table();
    fill(ITEMS_MAX, GOOD_G);
    add_index(0);
    steps_until(STEP_FILED);
    other = (struct index_build){};
    assert_status(index_build_step(database, &other, now_us), ST_OK);
    assert_int_equal(other.did, STEP_FILED);
    assert_status(index_build_step(database, &build, now_us), ST_CONFLICT);
    steps_until(STEP_ACTIVE);
    assert_complete();
}

static status put_pair(struct kv_txn *txn, void *context) {
    const kv_pair *pair = context;
    kv_txn_put(txn, pair->key, pair->value);
    return ST_OK;
}

static void put_raw(str key, str value) {
    kv_pair pair = {key, value};
    struct kv_keys keys = {.exclusive = &pair.key, .exclusive_count = 1};
    uint64_t ticket;
    assert_status(kv_update(kv, &keys, put_pair, &pair, &ticket), ST_OK);
}

/* As after a kill between ACTIVE and the dropping of markers. */
static void markers_of_a_finished_index_go_with_the_next_start(void **state) {
    (void)state;
    make_table();
    fill(10, GOOD_G);
    add_index(0);
    steps_until(STEP_ACTIVE);
    str item_key = STR("\x10\0\0\0\x01\0\0hashitem");
    put_raw(build_marker_key(scope.arena, the_table()->indexes[0].id, item_key), STR("\x01"));
    assert_int_equal(findings(), 0);
    restart();
    assert_int_equal(step(), STEP_NOTHING);
    assert_complete();
}

static void markers_of_an_index_under_way_outlive_a_start(void **state) {
    (void)state;
    make_table();
    fill(100, GOOD_G);
    add_index(0);
    steps_until(STEP_FILED);
    put(90, GOOD_G, 7);
    size_t keys = keys_from(SPACE_BUILD);
    restart();
    assert_int_equal(step(), STEP_FILED);
    assert_true(keys_from(SPACE_BUILD) > keys);
    steps_until(STEP_ACTIVE);
    assert_complete();
}

/* ---- an index that goes ---- */

static void deleted_index_leaves_nothing(void **state) {
    (void)state;
    make_table();
    fill(100, GOOD_G);
    add_index(0);
    steps_until(STEP_ACTIVE);
    delete_index();
    put(1, NUMBER_G, 1); /* its key is as good as any now */
    put(200, GOOD_G, 1);
    delete (2);
    assert_int_equal(findings(), 0);
    restart();
    assert_int_equal(step(), STEP_DROPPED);
    assert_int_equal(step(), STEP_NOTHING);
    assert_int_equal(the_table()->index_count, 0);
    assert_int_equal(keys_from(SPACE_ITEM), 100);
    assert_int_equal(keys_from(SPACE_COUNTER), 2);
    assert_int_equal(findings(), 0);
}

static void index_can_be_deleted_while_it_is_built(void **state) {
    (void)state;
    make_table();
    fill(200, GOOD_G);
    add_index(0);
    steps_until(STEP_FILED);
    put(3, GOOD_G, 1);
    delete_index();
    steps_until(STEP_DROPPED);
    assert_int_equal(keys_from(SPACE_BUILD), 0);
    assert_int_equal(keys_from(SPACE_ITEM), 200);
    assert_int_equal(findings(), 0);
    add_index(0);
    assert_int_equal(the_table()->indexes[0].id, 2);
    steps_until(STEP_ACTIVE);
    assert_complete();
}

static void table_can_be_deleted_while_its_index_is_built(void **state) {
    (void)state;
    make_table();
    fill(200, GOOD_G);
    add_index(0);
    steps_until(STEP_FILED);
    delete_table();
    assert_int_equal(step(), STEP_NOTHING);
    assert_int_equal(keys_from(SPACE_BUILD) + keys_from(SPACE_ITEM) + keys_from(SPACE_COUNTER), 0);
}

/* ---- several tables ---- */

/* Two tables that have an index each, empty but for the first one's items. */
static void two_tables_with_indexes(int items) {
    table_name = STR("zebras");
    make_table();
    add_index(0);
    table_name = STR("things");
    make_table();
    fill(items, GOOD_G);
    add_index(0);
}

static const struct index *index_of_zebras(void) {
    table_name = STR("zebras");
    const struct table *table = the_table();
    table_name = STR("things");
    return table->index_count > 0 ? &table->indexes[0] : NULL;
}

static void small_table_does_not_wait_for_a_large_one(void **state) {
    (void)state;
    two_tables_with_indexes(ITEMS_MAX);
    for (int i = 0; index_of_zebras()->status != INDEX_ACTIVE; i++) {
        assert_true(i < 6);
        assert_int_not_equal(step(), STEP_NOTHING);
    }
    assert_int_equal(the_table()->indexes[0].status, INDEX_CREATING);
    for (int i = 0; the_table()->indexes[0].status != INDEX_ACTIVE; i++) {
        assert_true(i < 2 * ITEMS_MAX / BUILD_PAGE_ITEMS);
        assert_int_not_equal(step(), STEP_NOTHING);
    }
    assert_complete();
    assert_int_equal(step(), STEP_NOTHING);
}

static void table_that_fails_keeps_no_other_from_its_index(void **state) {
    (void)state;
    two_tables_with_indexes(10);
    struct buf key;
    buf_init(&key, scope.arena, 16);
    items_prefix(the_table()->id, TABLE_INDEX_ID, &key);
    put_raw(arena_printf(scope.arena, "%.*sbroken", STR_ARG(buf_str(&key))), STR("?"));
    size_t failed = 0;
    for (int i = 0; i < 20; i++)
        failed += index_build_step(database, &build, now_us) != ST_OK;
    assert_true(failed > 0);
    assert_int_equal(the_table()->indexes[0].status, INDEX_CREATING);
    assert_int_equal(index_of_zebras()->status, INDEX_ACTIVE);
}

/* ---- verify ---- */

static void verify_tells_what_an_index_under_way_lacks(void **state) {
    (void)state;
    make_table();
    fill(100, GOOD_G);
    add_index(0);
    steps_until(STEP_FILED);
    assert_int_equal(findings(), 0);
    struct kv_page page;
    struct kv_range range = {.from = STR("\x08\0\0\0\x01\0\x01\x01"),
                             .to = STR("\x08\0\0\0\x01\0\x01\x02")};
    assert_status(kv_scan(kv, NULL, scope.arena, &range, 1, SIZE_MAX, &page), ST_OK);
    char to[64];
    memcpy(to, page.pairs[0].key.ptr, page.pairs[0].key.len);
    to[page.pairs[0].key.len] = 0;
    assert_status(kv_drop_range(kv, page.pairs[0].key, (str){to, page.pairs[0].key.len + 1}),
                  ST_OK);
    assert_int_equal(findings(), 1); /* an entry without a marker */
    put_raw(page.pairs[0].key, STR("?"));
    assert_int_equal(findings(), 1); /* no marker */
    put_raw(page.pairs[0].key, STR("\x01"));
    put_raw(STR("\x08\0\0\0\x01\0\x02\x01marker"), STR("\x01"));
    put_raw(STR("\x08\0\0\0\x02\0\x01\x01marker"), STR("\x01"));
    assert_int_equal(findings(), 2); /* markers of an index and of a table that are not there */
    put_raw(STR("\x08\0\0\0\x01\0\x01\0"), STR("?"));
    assert_int_equal(findings(), 4); /* a cursor that is none, told twice */
}

/* ---- any order ---- */

static uint32_t seed_state;

static int chance(int below) {
    seed_state ^= seed_state << 13;
    seed_state ^= seed_state >> 17;
    seed_state ^= seed_state << 5;
    return (int)(seed_state % (uint32_t)below);
}

static void random_transaction(int version) {
    struct write writes[8];
    int count = 1 + chance(8), first = chance(ITEMS_MAX - 8);
    for (int i = 0; i < count; i++) {
        bool deletes = chance(3) == 0;
        enum kind kind = chance(4) ? GOOD_G : NO_G;
        writes[i] = write_of(deletes ? WRITE_DELETE : WRITE_PUT, first + i, kind, version + i);
        model[first + i] = (struct model){!deletes, kind};
    }
    assert_status(run(writes, (size_t)count), ST_OK);
}

static void random_update(int version) {
    int i = chance(ITEMS_MAX);
    if (!model[i].there) /* it would make one without s */
        return;
    switch (chance(3)) {
    case 0:
        assert_status(update(i, "SET g = :v", g_value(GOOD_G, version)), ST_OK);
        model[i].kind = GOOD_G;
        break;
    case 1:
        assert_status(update(i, "SET v = :v REMOVE g", g_value(GOOD_G, version)), ST_OK);
        model[i].kind = NO_G;
        break;
    default:
        assert_status(update(i, "SET v = :v", g_value(GOOD_G, version)), ST_OK);
        break;
    }
}

static void random_writes(int version) {
    for (int n = chance(40); n > 0; n--, version++)
        switch (chance(4)) {
        case 0:
            random_transaction(version);
            break;
        case 1:
            random_update(version);
            break;
        case 2:
            delete (chance(ITEMS_MAX));
            break;
        default:
            put(chance(ITEMS_MAX), chance(4) ? GOOD_G : NO_G, version);
            break;
        }
}

static void random_trouble(void) {
    switch (chance(8)) {
    case 0:
        restart();
        break;
    case 1:
        kv_mem_faults(kv, &(struct kv_mem_faults){.update_full = 1});
        (void)index_build_step(database, &build, now_us);
        kv_mem_faults(kv, &(struct kv_mem_faults){});
        break;
    case 2:
        assert_int_equal(findings(), 0);
        break;
    default:
        break;
    }
}

static void one_life(uint32_t seed) {
    seed_state = seed * 2654435761u + 1;
    memset(model, 0, sizeof model);
    make_table();
    int count = chance(ITEMS_MAX), version = 0, life = 0;
    for (int i = 0; i < count; i++)
        put(chance(ITEMS_MAX), (enum kind)(chance(3) ? GOOD_G : chance(KINDS)), i);
    bool cancels = chance(4) == 0;
    add_index(chance(2) ? 0 : now_us + 10);
    do {
        random_writes(version += 100);
        random_trouble();
        if (cancels && life == 4 && the_table()->indexes[0].status == INDEX_CREATING) {
            delete_index();
            steps_until(STEP_DROPPED);
            assert_int_equal(keys_from(SPACE_BUILD), 0);
            add_index(0);
        }
        assert_true(life++ < STEPS_MAX);
    } while (step_at(now_us + life) != STEP_ACTIVE);
    random_writes(version);
    assert_complete();
    delete_table();
}

static void any_order_of_writes_and_steps_ends_complete(void **state) {
    (void)state;
    const char *given = getenv("SEED");
    uint32_t first = given ? (uint32_t)strtoul(given, NULL, 10) : 1;
    uint32_t count = given ? 1 : 40;
    for (uint32_t seed = first; seed < first + count; seed++) {
        print_message("# SEED=%u\n", seed);
        one_life(seed);
        arena_reset(scope.arena, 1 << 20);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(index_of_an_empty_table_becomes_active),
        CASE(index_is_filled_page_by_page),
        CASE(index_shows_its_status_as_long_as_it_must),
        CASE(items_with_no_key_for_it_are_left_out),
        CASE(items_with_no_key_for_it_can_be_updated_and_deleted),
        CASE(updates_that_make_a_wrong_key_are_refused),
        CASE(writes_meanwhile_are_filed_once),
        CASE(write_that_had_to_wait_changes_nothing),
        CASE(transaction_of_a_hundred_items_fits),
        CASE(build_goes_on_after_a_restart),
        CASE(page_that_was_refused_is_filed_later),
        CASE(second_builder_is_told_of_the_conflict),
        CASE(markers_of_a_finished_index_go_with_the_next_start),
        CASE(markers_of_an_index_under_way_outlive_a_start),
        CASE(deleted_index_leaves_nothing),
        CASE(index_can_be_deleted_while_it_is_built),
        CASE(table_can_be_deleted_while_its_index_is_built),
        CASE(small_table_does_not_wait_for_a_large_one),
        CASE(table_that_fails_keeps_no_other_from_its_index),
        CASE(verify_tells_what_an_index_under_way_lacks),
        CASE(any_order_of_writes_and_steps_ends_complete),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
