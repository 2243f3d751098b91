/* What the directory's own calls may do: a list of files that ends in an error, a parent that has
 * to be saved. Two calls of the C library are taken over here, for the program as a whole. */
#include "base/check.h"
#include "engine/engine.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

static const unsigned char other_key[KV_ENCRYPTION_KEY_LEN] = "another key";
static int entries_until_error = -1; /* negative: there is none */
static _Atomic ino_t watched;        /* a directory, and how often it was saved */
static _Atomic int watched_saved;

struct dirent *readdir(DIR *directory) {
    static struct dirent *(*next)(DIR *);
    if (next == NULL)
        next = (struct dirent * (*)(DIR *)) dlsym(RTLD_NEXT, "readdir64");
    CHECK(next != NULL);
    if (entries_until_error == 0) {
        errno = EIO;
        return NULL;
    }
    entries_until_error -= entries_until_error > 0;
    return next(directory);
}

int fsync(int fd) {
    static _Atomic(int (*)(int)) next;
    struct stat stat;
    int (*call)(int) = atomic_load(&next);
    if (call == NULL)
        atomic_store(&next, call = (int (*)(int))dlsym(RTLD_NEXT, "fsync"));
    CHECK(call != NULL);
    if (fstat(fd, &stat) == 0 && stat.st_ino == atomic_load(&watched))
        atomic_fetch_add(&watched_saved, 1);
    return call(fd);
}

static void close_kv(struct engine *e) {
    kv_close(e->kv);
    e->kv = NULL;
}

static status rekey(struct engine *e, const unsigned char *new_key, enum kv_rekey what,
                    const char **problem) {
    struct kv_options options = engine_options;
    *problem = NULL;
    options.out_problem = problem;
    return kv_rocks_rekey(e->directory, &options, new_key, what);
}

static void path_of(char out[200], const struct engine *e, const char *name) {
    snprintf(out, 200, "%s/%s", e->directory, name);
}

/* ---- reading it ---- */

static void an_error_among_the_names_forgets_no_key(void **state) {
    struct engine *e = *state;
    const char *problem;
    engine_fill(e->kv, 2000);
    close_kv(e);
    for (int entries = 0; entries < 3; entries++) {
        entries_until_error = entries;
        assert_status(rekey(e, engine_options.encryption_key, KV_REKEY_ROTATE, &problem), ST_IO);
    }
    entries_until_error = -1;
    assert_status(rekey(e, engine_options.encryption_key, KV_REKEY_ROTATE, &problem), ST_OK);
    assert_status(kv_rocks_open(e->directory, &engine_options, &e->kv), ST_OK);
    assert_found(e, STR("k001999"), "v1999");
}

static void an_error_among_the_names_is_no_empty_directory(void **state) {
    struct engine *e = *state;
    char foreign[80], name[100];
    struct kv *kv = NULL;
    (void)e;
    engine_new_directory(foreign);
    snprintf(name, sizeof name, "%s/letters", foreign);
    int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    entries_until_error = 0;
    assert_status(kv_rocks_open(foreign, &engine_options, &kv), ST_IO);
    entries_until_error = -1;
    assert_status(kv_rocks_open(foreign, &engine_options, &kv), ST_INVALID);
    engine_remove(foreign);
}

static void rewriting_says_which_it_did_not_reach(void **state) {
    struct engine *e = *state;
    char from[200], to[200], bytes[8192];
    const char *problem;
    engine_fill(e->kv, 2000);
    close_kv(e);
    /* Nothing rewrites a file that is not RocksDB's. */
    path_of(from, e, "CURRENT");
    path_of(to, e, "left");
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(in >= 0 && out >= 0);
    ssize_t len = read(in, bytes, sizeof bytes);
    assert_true(len > 0 && write(out, bytes, (size_t)len) == len);
    close(in);
    close(out);
    assert_status(rekey(e, other_key, KV_REKEY_REWRITE, &problem), ST_IO);
    assert_non_null(problem);
    assert_non_null(strstr(problem, "older data key"));
    assert_int_equal(unlink(to), 0);
    struct kv_options options = engine_options;
    options.encryption_key = other_key;
    options.out_problem = &problem;
    assert_status(kv_rocks_rekey(e->directory, &options, other_key, KV_REKEY_REWRITE), ST_OK);
    assert_status(kv_rocks_open(e->directory, &options, &e->kv), ST_OK);
    assert_found(e, STR("k001999"), "v1999");
}

/* ---- its name ---- */

static void a_directory_that_was_there_gets_its_name_saved(void **state) {
    struct engine *e = *state;
    char parent[80], made[100];
    struct kv *kv = NULL;
    struct stat stat_of;
    (void)e;
    engine_new_directory(parent);
    snprintf(made, sizeof made, "%s/made", parent);
    assert_int_equal(mkdir(made, 0700), 0);
    assert_int_equal(stat(parent, &stat_of), 0);
    atomic_store(&watched_saved, 0);
    atomic_store(&watched, stat_of.st_ino);
    assert_status(kv_rocks_open(made, &engine_options, &kv), ST_OK);
    atomic_store(&watched, 0);
    assert_int_equal(atomic_load(&watched_saved), 1);
    kv_close(kv);
    engine_remove(parent);
}

int main(int argc, char **argv) {
    engine_arguments(argc, argv);
#define CASE(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)
    const struct CMUnitTest tests[] = {
        CASE(an_error_among_the_names_forgets_no_key),
        CASE(an_error_among_the_names_is_no_empty_directory),
        CASE(rewriting_says_which_it_did_not_reach),
        CASE(a_directory_that_was_there_gets_its_name_saved),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
