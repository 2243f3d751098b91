/* An index is built while threads write to its table, on an engine that commits in groups: nobody
 * sees what another has only accepted, and nothing is filed twice or forgotten for it. */
#include "base/check.h"
#include "table/catalogue.h"
#include "table/index_build.h"
#include "table/table_read.h"
#include "table/table_write.h"
#include "table/verify.h"
/* Ours come first: cmocka has a macro fail(). */
#include "engine/engine.h"

#include <stdatomic.h>
#include <unistd.h>

enum { WRITERS = 4, KEYS = 400, STEPS = 7, LIVES = 2 };

static const struct database_options options = {.region = STR_INIT("us-east-1"),
                                                .account_id = STR_INIT("000000000000")};
static const int64_t now_us = 1700000000000000;

struct game {
    struct database *database;
    struct index_build build;
    atomic_bool stepped; /* the builder has done its steps: writers end */
    uint32_t seeds[WRITERS];
    bool has_g[WRITERS * KEYS]; /* each is written by one thread */
};

static const struct catalogue_snapshot *snapshot_of(struct game *game, const struct table **out) {
    const struct catalogue_snapshot *tables = catalogue_acquire(game->database);
    *out = catalogue_find(tables, STR("things"));
    CHECK(*out != NULL);
    return tables;
}

static void make_table(struct game *game, struct scope *scope) {
    struct table *table = table_new();
    static const struct key_attribute id = {STR_INIT("id"), VALUE_STRING};
    table->name = STR("things");
    table->key.hash[0] = id;
    table->key.hash_count = 1;
    table->next_index_id = 1;
    CHECK(catalogue_create(game->database, scope, table) == ST_OK);
}

static void change_index(struct game *game, struct scope *scope, enum index_status to) {
    const struct table *table;
    const struct catalogue_snapshot *tables = snapshot_of(game, &table);
    struct table *changed;
    CHECK(table_copy(table, &changed) == ST_OK);
    struct index *index = arena_struct(changed->arena, struct index);
    *index = (struct index){.name = STR("byG"),
                            .id = to == INDEX_CREATING ? changed->next_index_id++
                                                       : changed->indexes[0].id,
                            .global = true,
                            .key = {.hash[0] = {STR("g"), VALUE_STRING}, .hash_count = 1},
                            .status = to};
    changed->indexes = index;
    changed->index_count = 1;
    CHECK(catalogue_update(game->database, scope, table, changed, NULL) == ST_OK);
    catalogue_release(tables);
}

/* ---- who writes ---- */

static uint32_t next(uint32_t *seed, uint32_t below) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed % below;
}

static void fill_write(struct scope *scope, struct write *write, uint32_t key, uint32_t version,
                       bool deletes, bool has_g) {
    struct item *item = arena_struct(scope->arena, struct item);
    item->attributes = arena_array(scope->arena, struct attribute, 3);
    str texts[3] = {arena_printf(scope->arena, "item%u", key),
                    arena_printf(scope->arena, "v%u", version),
                    arena_printf(scope->arena, "g%u", version % 10)};
    static const str names[3] = {STR_INIT("id"), STR_INIT("v"), STR_INIT("g")};
    for (size_t i = 0; i < 3; i++)
        item->attributes[i] =
            (struct attribute){names[i], {.kind = VALUE_STRING, .bytes = texts[i]}};
    item->count = deletes ? 1 : has_g ? 3 : 2;
    *write = (struct write){.kind = deletes ? WRITE_DELETE : WRITE_PUT, .item = item};
}

/* As a request does: with the newest description, and again after a conflict. */
static void write_all(struct game *game, struct scope *scope, struct write *writes, size_t count,
                      bool wait) {
    uint64_t ticket;
    status st;
    do {
        const struct table *table;
        const struct catalogue_snapshot *tables = snapshot_of(game, &table);
        for (size_t i = 0; i < count; i++)
            writes[i].table = table;
        st = table_write(game->database, scope, writes, count, &ticket);
        catalogue_release(tables);
        if (st == ST_CONFLICT)
            catalogue_wait(game->database);
    } while (st == ST_CONFLICT);
    CHECK(st == ST_OK);
    if (wait)
        CHECK(kv_ticket_wait(game->database->kv, ticket) == ST_OK);
}

static void writer(int number, struct game *game) {
    struct scope scope = {
        .arena = arena_new(16 << 20), .scratch = arena_new(1 << 20), .now_us = now_us};
    uint32_t *seed = &game->seeds[number];
    for (int round = 1; !atomic_load(&game->stepped); round++) {
        struct write writes[6];
        size_t count = 1 + next(seed, 6);
        uint32_t first = (uint32_t)number * KEYS + next(seed, KEYS - 6);
        for (size_t i = 0; i < count; i++) {
            bool deletes = next(seed, 3) == 0, has_g = !deletes && next(seed, 4) > 0;
            fill_write(&scope, &writes[i], first + (uint32_t)i, *seed, deletes, has_g);
            game->has_g[first + i] = has_g;
        }
        write_all(game, &scope, writes, count, round % 8 == 0);
        arena_reset(scope.arena, 64 * 1024);
    }
    arena_free(scope.arena);
    arena_free(scope.scratch);
}

static bool step(struct game *game) {
    status st = index_build_step(game->database, &game->build, now_us);
    CHECK(st == ST_OK || st == ST_CONFLICT);
    if (st == ST_CONFLICT)
        catalogue_wait(game->database);
    return st == ST_CONFLICT || game->build.did != STEP_NOTHING;
}

static void writers_and_a_builder(int number, void *context) {
    struct game *game = context;
    if (number < WRITERS) {
        writer(number, game);
        return;
    }
    for (int i = 0; i < STEPS; i++)
        (void)step(game);
    atomic_store(&game->stepped, true);
}

/* ---- what is there ---- */

static void print_finding(void *context, str what) {
    (void)context;
    print_message("%.*s\n", STR_ARG(what));
}

static void assert_whole(struct game *game) {
    struct verify_totals totals;
    assert_status(verify_database(game->database, print_finding, NULL, &totals), ST_OK);
    assert_int_equal(totals.findings, 0);
}

static void assert_counted(struct game *game, struct scope *scope) {
    const struct table *table;
    const struct catalogue_snapshot *tables = snapshot_of(game, &table);
    int64_t items, bytes, expected = 0;
    assert_int_equal(table->indexes[0].status, INDEX_ACTIVE);
    assert_status(table_counters(game->database, scope, table, &table->indexes[0], &items, &bytes),
                  ST_OK);
    catalogue_release(tables);
    for (int i = 0; i < WRITERS * KEYS; i++)
        expected += game->has_g[i];
    assert_int_equal(items, expected);
}

static void play(struct engine *e, struct game *game) {
    atomic_store(&game->stepped, false);
    engine_threads(WRITERS + 1, writers_and_a_builder, game);
    if (engine_is_rocks) { /* all that is in memory is gone in between */
        database_close(game->database);
        e->kv = NULL;
        engine_reopen(e);
        CHECK(database_open(e->kv, &options, &game->database) == ST_OK);
        game->build = (struct index_build){};
    }
    assert_whole(game);
}

static void writers_meanwhile_lose_nothing(void **state) {
    struct engine *e = *state;
    static struct game game;
    struct scope scope = {.arena = e->arena, .scratch = arena_new(1 << 20), .now_us = now_us};
    game = (struct game){};
    for (uint32_t i = 0; i < WRITERS; i++)
        game.seeds[i] = 12345 + i;
    CHECK(database_open(e->kv, &options, &game.database) == ST_OK);
    make_table(&game, &scope);
    play(e, &game); /* what was there before the index */
    for (int life = 0; life < LIVES; life++) {
        change_index(&game, &scope, INDEX_CREATING);
        for (int i = 0; i < 3; i++)
            play(e, &game);
        while (step(&game))
            ;
        assert_counted(&game, &scope);
        play(e, &game);
        assert_counted(&game, &scope);
        change_index(&game, &scope, INDEX_DELETING);
        play(e, &game);
        while (step(&game))
            ;
        assert_whole(&game);
    }
    database_close(game.database);
    e->kv = NULL;
    arena_free(scope.scratch);
}

/* ---- little space ---- */

/* To drop an index gives space back, so it must not wait for space. */
static void index_goes_though_space_is_low(void **state) {
    struct engine *e = *state;
    static struct game game;
    struct scope scope = {.arena = e->arena, .scratch = arena_new(1 << 20), .now_us = now_us};
    struct kv_options low = engine_options;
    low.free_bytes_min = UINT64_MAX;
    struct write writes[100];
    game = (struct game){};
    CHECK(database_open(e->kv, &options, &game.database) == ST_OK);
    make_table(&game, &scope);
    for (uint32_t i = 0; i < 100; i++)
        fill_write(&scope, &writes[i], i, i, false, true);
    write_all(&game, &scope, writes, 100, true);
    change_index(&game, &scope, INDEX_CREATING);
    while (step(&game))
        ;
    change_index(&game, &scope, INDEX_DELETING);
    if (engine_is_rocks) {
        database_close(game.database);
        assert_status(kv_rocks_open(e->directory, &low, &e->kv), ST_OK);
        CHECK(database_open(e->kv, &options, &game.database) == ST_OK);
        game.build = (struct index_build){};
    }
    assert_status(index_build_step(game.database, &game.build, now_us), ST_OK);
    assert_int_equal(game.build.did, STEP_DROPPED);
    assert_whole(&game);
    database_close(game.database);
    e->kv = NULL;
    arena_free(scope.scratch);
}

/* ---- a table that goes ---- */

static void a_builder_and_a_deleter(int number, void *context) {
    struct game *game = context;
    if (number == 0) {
        while (!atomic_load(&game->stepped))
            (void)step(game);
        return;
    }
    struct scope scope = {
        .arena = arena_new(1 << 20), .scratch = arena_new(1 << 20), .now_us = now_us};
    const struct table *table;
    status st;
    usleep(next(&game->seeds[0], 3000));
    do {
        const struct catalogue_snapshot *tables = snapshot_of(game, &table);
        st = catalogue_delete(game->database, &scope, table);
        catalogue_release(tables);
    } while (st == ST_CONFLICT);
    CHECK(st == ST_OK);
    atomic_store(&game->stepped, true);
    arena_free(scope.arena);
    arena_free(scope.scratch);
}

static void table_deleted_under_the_builder_leaves_nothing(void **state) {
    enum { ROUNDS = 30, ITEMS = 400 };
    struct engine *e = *state;
    static struct game game;
    struct scope scope = {.arena = e->arena, .scratch = arena_new(1 << 20), .now_us = now_us};
    struct write writes[100];
    game = (struct game){.seeds = {4711}};
    CHECK(database_open(e->kv, &options, &game.database) == ST_OK);
    for (int round = 0; round < ROUNDS; round++) {
        make_table(&game, &scope);
        for (uint32_t i = 0; i < ITEMS; i++) {
            fill_write(&scope, &writes[i % 100], i, i, false, true);
            if (i % 100 == 99)
                write_all(&game, &scope, writes, 100, true);
        }
        change_index(&game, &scope, INDEX_CREATING);
        atomic_store(&game.stepped, false);
        engine_threads(2, a_builder_and_a_deleter, &game);
        struct kv_page page;
        struct kv_range range = {.from = STR("\x04")};
        assert_status(kv_scan(e->kv, NULL, e->arena, &range, 1, SIZE_MAX, &page), ST_OK);
        assert_int_equal(page.count, 0);
    }
    database_close(game.database);
    e->kv = NULL;
    arena_free(scope.scratch);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)

int main(int argc, char **argv) {
    engine_arguments(argc, argv);
    const struct CMUnitTest tests[] = {
        CASE(writers_meanwhile_lose_nothing),
        CASE(index_goes_though_space_is_low),
        CASE(table_deleted_under_the_builder_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
