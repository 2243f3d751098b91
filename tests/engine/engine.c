#include "engine/engine.h"

#include "base/check.h"

#include <ftw.h>
#include <pthread.h>
#include <unistd.h>

static const unsigned char users_key[KV_ENCRYPTION_KEY_LEN] = "a key that is no secret";

bool engine_is_rocks, engine_is_encrypted;
struct kv_options engine_options = {
    .cache_bytes = 8 << 20,
    .write_buffer_bytes = 8 << 20,
    .free_bytes_min = 1 << 20,
};

void engine_arguments(int argc, char **argv) {
    if (argc < 2 || !engine_choose(argv[1])) {
        fprintf(stderr, "usage: %s mem|rocks|encrypted [case]\n", argv[0]);
        exit(2);
    }
    if (argc > 2)
        cmocka_set_test_filter(argv[2]);
}

bool engine_choose(const char *name) {
    engine_is_encrypted = strcmp(name, "encrypted") == 0;
    engine_is_rocks = engine_is_encrypted || strcmp(name, "rocks") == 0;
    engine_options.encryption_key = engine_is_encrypted ? users_key : NULL;
    return engine_is_rocks || strcmp(name, "mem") == 0;
}

const char *engine_name(void) {
    return engine_is_encrypted ? "encrypted" : engine_is_rocks ? "rocks" : "mem";
}

void engine_new_directory(char out[80]) {
    const char *root = getenv("TMPDIR");
    snprintf(out, 80, "%s/stator-engine-XXXXXX", root && strlen(root) < 50 ? root : "/tmp");
    CHECK(mkdtemp(out) != NULL);
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw) {
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

void engine_remove(const char *directory) {
    CHECK(nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

static void engine_open(struct engine *engine) {
    status st = engine_is_rocks ? kv_rocks_open(engine->directory, &engine_options, &engine->kv)
                                : kv_mem_open(&engine->kv);
    CHECK(st == ST_OK);
}

int engine_setup(void **state) {
    struct engine *engine = calloc(1, sizeof *engine);
    CHECK(engine != NULL);
    engine->arena = arena_new(ENGINE_ARENA_MAX);
    if (engine_is_rocks)
        engine_new_directory(engine->directory);
    engine_open(engine);
    *state = engine;
    return 0;
}

int engine_teardown(void **state) {
    struct engine *engine = *state;
    kv_close(engine->kv);
    if (engine_is_rocks)
        engine_remove(engine->directory);
    arena_free(engine->arena);
    free(engine);
    return 0;
}

void engine_reopen(struct engine *engine) {
    kv_close(engine->kv);
    engine_open(engine);
}

enum change_kind { CHANGE_PUT, CHANGE_DELETE, CHANGE_ADD };

struct change {
    enum change_kind kind;
    str key, value;
    int64_t delta;
};

static status change_body(struct kv_txn *txn, void *context) {
    const struct change *change = context;
    switch (change->kind) {
    case CHANGE_PUT:
        kv_txn_put(txn, change->key, change->value);
        break;
    case CHANGE_DELETE:
        kv_txn_delete(txn, change->key);
        break;
    case CHANGE_ADD:
        kv_txn_add(txn, change->key, change->delta);
        break;
    }
    return ST_OK;
}

static void change_run(struct kv *kv, struct change *change) {
    struct kv_keys keys = {.exclusive = &change->key,
                           .exclusive_count = change->kind != CHANGE_ADD};
    uint64_t ticket;
    CHECK(kv_update(kv, &keys, change_body, change, &ticket) == ST_OK);
    CHECK(kv_ticket_wait(kv, ticket) == ST_OK);
    CHECK(kv_ticket_state(kv, ticket) == KV_DURABLE);
}

void engine_put(struct kv *kv, str key, str value) {
    change_run(kv, &(struct change){CHANGE_PUT, key, value});
}

void engine_delete(struct kv *kv, str key) {
    change_run(kv, &(struct change){CHANGE_DELETE, key});
}

void engine_add(struct kv *kv, str key, int64_t delta) {
    change_run(kv, &(struct change){CHANGE_ADD, key, .delta = delta});
}

struct fill {
    int from, to;
};

static status fill_body(struct kv_txn *txn, void *context) {
    const struct fill *fill = context;
    for (int i = fill->from; i < fill->to; i++) {
        char key[16], value[16];
        snprintf(key, sizeof key, "k%06d", i);
        snprintf(value, sizeof value, "v%d", i);
        kv_txn_put(txn, str_from_c(key), str_from_c(value));
    }
    return ST_OK;
}

void engine_fill(struct kv *kv, int count) {
    uint64_t ticket = 0;
    for (int from = 0; from < count; from += 500) {
        struct fill fill = {from, from + 500 < count ? from + 500 : count};
        CHECK(kv_update(kv, &(struct kv_keys){}, fill_body, &fill, &ticket) == ST_OK);
    }
    CHECK(kv_ticket_wait(kv, ticket) == ST_OK);
}

struct thread {
    pthread_t id;
    int number;
    void (*body)(int number, void *context);
    void *context;
};

static void *thread_main(void *argument) {
    const struct thread *thread = argument;
    thread->body(thread->number, thread->context);
    return NULL;
}

void engine_threads(int count, void (*body)(int number, void *context), void *context) {
    struct thread threads[64];
    CHECK(count <= 64);
    for (int i = 0; i < count; i++) {
        threads[i] = (struct thread){.number = i, .body = body, .context = context};
        CHECK(pthread_create(&threads[i].id, NULL, thread_main, &threads[i]) == 0);
    }
    for (int i = 0; i < count; i++)
        pthread_join(threads[i].id, NULL);
}
