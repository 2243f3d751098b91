/* What an encrypted directory refuses, how its keys are changed, and that nothing shows. */
#include "base/check.h"
#include "engine/engine.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_HEADER = 4096, FILE_MAX = 4 << 20 };

static const unsigned char other_key[KV_ENCRYPTION_KEY_LEN] = "another key";

static status open_with(const char *directory, const unsigned char *key, const char **problem) {
    struct kv_options options = engine_options;
    struct kv *kv = NULL;
    *problem = NULL;
    options.encryption_key = key;
    options.out_problem = problem;
    status st = kv_rocks_open(directory, &options, &kv);
    kv_close(kv);
    return st;
}

#define assert_refused(directory, key, want, words)                                                \
    do {                                                                                           \
        const char *problem_;                                                                      \
        assert_status(open_with(directory, key, &problem_), want);                                 \
        assert_non_null(problem_);                                                                 \
        assert_non_null(strstr(problem_, words));                                                  \
    } while (0)

static void path_of(char out[200], const struct engine *e, const char *name) {
    snprintf(out, 200, "%s/%s", e->directory, name);
}

static size_t file_read(const char *path, char *out, size_t size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t len = read(fd, out, size);
    close(fd);
    assert_true(len >= 0);
    return (size_t)len;
}

static void file_write(const char *path, const char *bytes, size_t len) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    close(fd);
}

static void close_kv(struct engine *e) {
    kv_close(e->kv);
    e->kv = NULL;
}

static void open_kv(struct engine *e, const unsigned char *key) {
    struct kv_options options = engine_options;
    options.encryption_key = key;
    assert_status(kv_rocks_open(e->directory, &options, &e->kv), ST_OK);
}

static status rekey(struct engine *e, const unsigned char *key, const unsigned char *new_key,
                    enum kv_rekey what) {
    struct kv_options options = engine_options;
    options.encryption_key = key;
    return kv_rocks_rekey(e->directory, &options, new_key, what);
}

/* ---- refusing ---- */

static void only_its_key_opens_a_directory(void **state) {
    struct engine *e = *state;
    engine_put(e->kv, STR("k"), STR("v"));
    close_kv(e);
    assert_refused(e->directory, other_key, ST_INVALID, "not the one");
    assert_refused(e->directory, NULL, ST_INVALID, "--encryption-key-file");
    open_kv(e, engine_options.encryption_key);
    assert_found(e, STR("k"), "v");
}

static void a_plain_directory_takes_no_key(void **state) {
    char directory[80];
    const char *problem;
    (void)state;
    engine_new_directory(directory);
    assert_status(open_with(directory, NULL, &problem), ST_OK);
    assert_refused(directory, other_key, ST_INVALID, "not encrypted");
    assert_status(open_with(directory, NULL, &problem), ST_OK);
    engine_remove(directory);
}

static void missing_and_damaged_keys_are_told_apart(void **state) {
    struct engine *e = *state;
    char path[200], bytes[4096];
    close_kv(e);
    path_of(path, e, "KEYS");
    size_t len = file_read(path, bytes, sizeof bytes);
    assert_int_equal(unlink(path), 0);
    assert_refused(e->directory, engine_options.encryption_key, ST_CORRUPT, "missing");
    file_write(path, bytes, len - 1);
    assert_refused(e->directory, engine_options.encryption_key, ST_CORRUPT, "damaged");
    bytes[50] ^= 1;
    file_write(path, bytes, len);
    assert_refused(e->directory, engine_options.encryption_key, ST_CORRUPT, "damaged");
    bytes[50] ^= 1;
    file_write(path, bytes, len);
    open_kv(e, engine_options.encryption_key);
}

/* Each file but our own, and the empty ones that are only locked. */
static void files_each(struct engine *e, void (*visit)(struct engine *e, const char *path)) {
    char names[64][64];
    size_t count = 0;
    DIR *directory = opendir(e->directory);
    assert_non_null(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        str name = str_from_c(entry->d_name);
        if (name.ptr[0] == '.' || str_starts_with(name, STR("STATOR")) ||
            str_starts_with(name, STR("KEYS")) || str_starts_with(name, STR("LOST")) ||
            str_starts_with(name, STR("LOCK")))
            continue;
        assert_true(count < 64);
        snprintf(names[count++], 64, "%s", entry->d_name);
    }
    closedir(directory);
    assert_true(count >= 4);
    for (size_t i = 0; i < count; i++) {
        char path[200];
        path_of(path, e, names[i]);
        visit(e, path);
    }
}

static void visit_flip(struct engine *e, const char *path) {
    static char bytes[FILE_MAX];
    const char *problem;
    size_t len = file_read(path, bytes, sizeof bytes);
    /* Of those that are read when opening. */
    if (len <= FILE_HEADER || (strstr(path, "CURRENT") == NULL && strstr(path, "MANIFEST") == NULL))
        return;
    static const size_t places[] = {0, 9, 11, 15, 20, 40, 80, 100, FILE_HEADER - 1};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        bytes[places[i]] ^= 1;
        file_write(path, bytes, len);
        assert_status(open_with(e->directory, engine_options.encryption_key, &problem), ST_CORRUPT);
        bytes[places[i]] ^= 1;
    }
    file_write(path, bytes, FILE_HEADER / 2); /* cut off: empty, so there is no database */
    assert_status(open_with(e->directory, engine_options.encryption_key, &problem), ST_CORRUPT);
    file_write(path, bytes, len);
}

static void flipped_and_cut_headers_are_refused(void **state) {
    struct engine *e = *state;
    engine_put(e->kv, STR("k"), STR("v"));
    close_kv(e);
    files_each(e, visit_flip);
    open_kv(e, engine_options.encryption_key);
    assert_found(e, STR("k"), "v");
}

/* A log that a crash left before its header was whole: nothing in it was acknowledged. */
static void a_log_that_ends_in_its_header_is_an_empty_one(void **state) {
    struct engine *e = *state;
    char path[200], none[100] = "StatorEF";
    engine_put(e->kv, STR("k"), STR("v"));
    close_kv(e);
    path_of(path, e, "000999.log");
    for (size_t len = 0; len <= sizeof none; len += 50) {
        file_write(path, none, len);
        open_kv(e, engine_options.encryption_key);
        assert_found(e, STR("k"), "v");
        close_kv(e);
    }
    open_kv(e, engine_options.encryption_key);
}

/* ---- nothing shows ---- */

static void visit_search(struct engine *e, const char *path) {
    static char bytes[FILE_MAX];
    static const char *const words[] = {"secret-key", "secret-value", "leveldb.",
                                        "rocksdb",    "MANIFEST",     "compression"};
    (void)e;
    size_t len = file_read(path, bytes, sizeof bytes);
    assert_true(len >= FILE_HEADER);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (memmem(bytes, len, words[i], strlen(words[i])) != NULL)
            fail_msg("%s holds \"%s\"", path, words[i]);
}

static void no_file_shows_what_is_in_it(void **state) {
    struct engine *e = *state;
    for (int i = 0; i < 300; i++) {
        char key[40], value[40];
        snprintf(key, sizeof key, "secret-key-%d", i);
        snprintf(value, sizeof value, "secret-value-%d", i);
        engine_put(e->kv, str_from_c(key), str_from_c(value));
        if (i % 100 == 50)
            engine_reopen(e); /* the log becomes tables */
    }
    files_each(e, visit_search);
    close_kv(e);
    files_each(e, visit_search);
    open_kv(e, engine_options.encryption_key);
    assert_found(e, STR("secret-key-299"), "secret-value-299");
}

/* ---- other keys ---- */

static uint32_t newest, oldest;

static void visit_key_id(struct engine *e, const char *path) {
    static char bytes[FILE_MAX];
    (void)e;
    size_t len = file_read(path, bytes, sizeof bytes);
    if (len < FILE_HEADER)
        return;
    uint32_t id = (uint32_t)(unsigned char)bytes[15];
    newest = id > newest ? id : newest;
    oldest = id < oldest ? id : oldest;
}

static void key_ids(struct engine *e) {
    newest = 0;
    oldest = UINT32_MAX;
    files_each(e, visit_key_id);
}

static size_t keys_kept(struct engine *e) {
    char path[200], bytes[4096];
    path_of(path, e, "KEYS");
    return (file_read(path, bytes, sizeof bytes) - 52) / 44;
}

static void another_key_takes_the_place_of_the_first(void **state) {
    struct engine *e = *state;
    const unsigned char *key = engine_options.encryption_key;
    engine_fill(e->kv, 2000);
    assert_status(rekey(e, key, other_key, KV_REKEY_ONLY), ST_IN_USE);
    close_kv(e);
    assert_status(rekey(e, other_key, key, KV_REKEY_ONLY), ST_INVALID);
    assert_status(rekey(e, key, other_key, KV_REKEY_ONLY), ST_OK);
    assert_refused(e->directory, key, ST_INVALID, "not the one");
    open_kv(e, other_key);
    assert_found(e, STR("k001999"), "v1999");
    close_kv(e);
    key_ids(e);
    assert_int_equal(newest, 1); /* the data key is the same */
    open_kv(e, other_key);
}

static void a_new_data_key_is_for_new_files(void **state) {
    struct engine *e = *state;
    const unsigned char *key = engine_options.encryption_key;
    engine_fill(e->kv, 2000);
    engine_reopen(e);
    close_kv(e);
    assert_status(rekey(e, key, key, KV_REKEY_ROTATE), ST_OK);
    assert_int_equal(keys_kept(e), 2);
    open_kv(e, key);
    assert_found(e, STR("k000007"), "v7");
    engine_put(e->kv, STR("k000007"), STR("later"));
    close_kv(e);
    key_ids(e);
    assert_int_equal(oldest, 1);
    assert_int_equal(newest, 2);
    open_kv(e, key);
    assert_found(e, STR("k000007"), "later");
}

static void rewriting_leaves_nothing_to_the_old_keys(void **state) {
    struct engine *e = *state;
    const unsigned char *key = engine_options.encryption_key;
    for (int round = 0; round < 3; round++) {
        engine_fill(e->kv, 2000);
        engine_put(e->kv, STR("stays"), STR("v"));
        close_kv(e);
        assert_status(rekey(e, key, key, KV_REKEY_ROTATE), ST_OK);
        open_kv(e, key);
    }
    close_kv(e);
    assert_status(rekey(e, key, other_key, KV_REKEY_REWRITE), ST_OK);
    assert_int_equal(keys_kept(e), 1);
    key_ids(e);
    assert_int_equal(oldest, newest);
    assert_int_equal(newest, 5);
    open_kv(e, other_key);
    assert_found(e, STR("k001999"), "v1999");
    assert_found(e, STR("stays"), "v");
}

/* What a crash in the middle of replacing KEYS can leave. */
static void half_a_new_file_of_keys_is_ignored(void **state) {
    struct engine *e = *state;
    const unsigned char *key = engine_options.encryption_key;
    char path[200], keys[200], bytes[4096];
    engine_put(e->kv, STR("k"), STR("v"));
    close_kv(e);
    path_of(path, e, "KEYS.new");
    path_of(keys, e, "KEYS");
    size_t len = file_read(keys, bytes, sizeof bytes);
    for (size_t cut = 0; cut <= len; cut += len / 3) {
        file_write(path, bytes, cut);
        open_kv(e, key);
        assert_found(e, STR("k"), "v");
        close_kv(e);
        assert_status(rekey(e, key, key, KV_REKEY_ONLY), ST_OK);
        assert_int_equal(access(path, F_OK), -1);
    }
    open_kv(e, key);
}

static void a_copy_has_the_keys_it_was_made_with(void **state) {
    struct engine *e = *state;
    const unsigned char *key = engine_options.encryption_key;
    char parent[80], copy[100];
    engine_fill(e->kv, 1000);
    engine_new_directory(parent);
    snprintf(copy, sizeof copy, "%s/copy", parent);
    assert_status(kv_checkpoint(e->kv, copy), ST_OK);
    close_kv(e);
    assert_status(rekey(e, key, other_key, KV_REKEY_REWRITE), ST_OK);
    assert_refused(copy, NULL, ST_INVALID, "encrypted");
    assert_refused(copy, other_key, ST_INVALID, "not the one");
    struct engine other = {.arena = e->arena};
    assert_status(kv_rocks_open(copy, &engine_options, &other.kv), ST_OK);
    assert_found(&other, STR("k000999"), "v999");
    kv_close(other.kv);
    engine_remove(parent);
    open_kv(e, other_key);
    assert_found(e, STR("k000999"), "v999");
}

static void keys_of_what_is_not_encrypted_are_not_changed(void **state) {
    struct engine plain = {};
    const char *problem;
    (void)state;
    engine_new_directory(plain.directory);
    assert_status(rekey(&plain, other_key, other_key, KV_REKEY_ONLY), ST_INVALID);
    assert_status(open_with(plain.directory, NULL, &problem), ST_OK);
    assert_status(rekey(&plain, other_key, other_key, KV_REKEY_ONLY), ST_INVALID);
    assert_status(open_with(plain.directory, NULL, &problem), ST_OK);
    engine_remove(plain.directory);
}

int main(int argc, char **argv) {
    engine_arguments(argc, argv);
#define CASE(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)
    const struct CMUnitTest tests[] = {
        CASE(only_its_key_opens_a_directory),
        cmocka_unit_test(a_plain_directory_takes_no_key),
        CASE(missing_and_damaged_keys_are_told_apart),
        CASE(flipped_and_cut_headers_are_refused),
        CASE(a_log_that_ends_in_its_header_is_an_empty_one),
        CASE(no_file_shows_what_is_in_it),
        CASE(another_key_takes_the_place_of_the_first),
        CASE(a_new_data_key_is_for_new_files),
        CASE(rewriting_leaves_nothing_to_the_old_keys),
        CASE(half_a_new_file_of_keys_is_ignored),
        CASE(a_copy_has_the_keys_it_was_made_with),
        cmocka_unit_test(keys_of_what_is_not_encrypted_are_not_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
