/* engine.h - what the cases of the contract suite share: an open engine and short words for its
 * calls. The engine is chosen by the program's argument: mem, rocks, or encrypted, which is rocks
 * on an encrypted directory. */
#pragma once

#include "kv/kv.h"
#include "lib/test.h"

enum { ENGINE_ARENA_MAX = 256 << 20 };

struct engine {
    struct kv *kv;
    struct arena *arena;
    char directory[80];
};

extern bool engine_is_rocks, engine_is_encrypted;
extern struct kv_options engine_options;

int engine_setup(void **state);
int engine_teardown(void **state);
/* Closes and opens again; only rocks keeps anything. */
void engine_reopen(struct engine *engine);
/* Makes a name below the temporary directory; engine_remove removes it with all in it. */
void engine_new_directory(char out[80]);
void engine_remove(const char *directory);
/* Reads --engine; call it first in main. */
void engine_arguments(int argc, char **argv);
bool engine_choose(const char *name);
const char *engine_name(void);

/* All wait until it is durable, and CHECK that it worked (so threads may use them). */
void engine_put(struct kv *kv, str key, str value);
void engine_delete(struct kv *kv, str key);
void engine_add(struct kv *kv, str key, int64_t delta);
/* Many keys "k000000"… with values "v0"…, some hundred an update. */
void engine_fill(struct kv *kv, int count);

#define assert_found(engine, key, literal)                                                         \
    do {                                                                                           \
        str value_ = {};                                                                           \
        assert_status(kv_find((engine)->kv, NULL, (engine)->arena, (key), &value_), ST_OK);        \
        assert_str(value_, literal);                                                               \
    } while (0)
#define assert_missing(engine, key)                                                                \
    assert_status(kv_find((engine)->kv, NULL, (engine)->arena, (key), &(str){}), ST_NOT_FOUND)

/* Runs `count` threads of `main`, each given its number, and joins them. */
void engine_threads(int count, void (*body)(int number, void *context), void *context);
