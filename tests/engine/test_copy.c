/* A stopped directory copied into a new one, each way: all of it, or nothing that opens. */
#include "base/check.h"
#include "engine/engine.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEYS = 3000, FILE_MAX = 8 << 20, SMALL_DISK = 1 << 16 };

static const unsigned char other_key[KV_ENCRYPTION_KEY_LEN] = "the key of the copy";

struct copying {
    struct engine *e;
    char parent[80], to[100];
    const char *problem;
    struct kv_copied copied;
};

/* Keys in tables and in the log, overwritten and deleted ones, and a stamp. */
static void fill(struct engine *e) {
    engine_fill(e->kv, KEYS);
    engine_reopen(e);
    engine_put(e->kv, STR("k000007"), STR("written over"));
    engine_delete(e->kv, STR("k000008"));
    engine_add(e->kv, STR("counter"), 5);
    engine_put(e->kv, STR("secret-key"), STR("secret-value"));
}

static struct copying copying_of(void **state) {
    struct copying c = {.e = *state};
    fill(c.e);
    kv_close(c.e->kv);
    c.e->kv = NULL;
    engine_new_directory(c.parent);
    snprintf(c.to, sizeof c.to, "%s/copy", c.parent);
    return c;
}

static void copying_done(struct copying *c) {
    engine_remove(c->parent);
    CHECK(kv_rocks_open(c->e->directory, &engine_options, &c->e->kv) == ST_OK);
}

static status copy_from(struct copying *c, const char *from, const unsigned char *key,
                        const unsigned char *to_key) {
    struct kv_options options = {.encryption_key = key, .out_problem = &c->problem};
    c->problem = "";
    return kv_rocks_copy(from, &options, c->to, to_key, &c->copied);
}

static status copy(struct copying *c, const unsigned char *to_key) {
    return copy_from(c, c->e->directory, engine_options.encryption_key, to_key);
}

static status open_with(struct copying *c, const char *directory, const unsigned char *key,
                        struct kv **out) {
    struct kv_options options = engine_options;
    options.encryption_key = key;
    options.out_problem = &c->problem;
    c->problem = "";
    return kv_rocks_open(directory, &options, out);
}

static void assert_opens_not(struct copying *c, const char *directory, const unsigned char *key,
                             const char *words) {
    struct kv *kv = NULL;
    assert_status(open_with(c, directory, key, &kv), ST_INVALID);
    assert_non_null(strstr(c->problem, words));
}

/* ---- the same ---- */

static void assert_same_pairs(struct engine *e, struct kv *a, struct kv *b) {
    struct kv_page left, right;
    struct kv_range all = {.from = STR("")};
    assert_status(kv_scan(a, NULL, e->arena, &all, 2 * KEYS, 64 << 20, &left), ST_OK);
    assert_status(kv_scan(b, NULL, e->arena, &all, 2 * KEYS, 64 << 20, &right), ST_OK);
    assert_int_equal(left.count, KEYS + 1); /* one deleted, a counter and a secret added */
    assert_int_equal(right.count, left.count);
    assert_false(left.more || right.more);
    for (size_t i = 0; i < left.count; i++) {
        assert_true(str_eq(left.pairs[i].key, right.pairs[i].key));
        assert_true(str_eq(left.pairs[i].value, right.pairs[i].value));
    }
}

static void assert_same(struct copying *c, const unsigned char *key) {
    struct kv *source = NULL, *made = NULL;
    assert_status(open_with(c, c->e->directory, engine_options.encryption_key, &source), ST_OK);
    assert_status(open_with(c, c->to, key, &made), ST_OK);
    assert_same_pairs(c->e, source, made);
    engine_put(made, STR("and it"), STR("is written")); /* the copy is one's own */
    assert_status(kv_find(source, NULL, c->e->arena, STR("and it"), &(str){}), ST_NOT_FOUND);
    kv_close(source);
    kv_close(made);
}

static bool is_readable(const char *directory, const char *word) {
    static char bytes[FILE_MAX];
    bool found = false;
    DIR *files = opendir(directory);
    assert_non_null(files);
    for (struct dirent *entry; (entry = readdir(files)) != NULL;) {
        int fd = openat(dirfd(files), entry->d_name, O_RDONLY | O_CLOEXEC);
        ssize_t len = read(fd, bytes, sizeof bytes);
        close(fd);
        assert_true(len < FILE_MAX);
        found = found || (len > 0 && memmem(bytes, (size_t)len, word, strlen(word)) != NULL);
    }
    closedir(files);
    return found;
}

static void an_encrypted_copy_holds_the_same_and_shows_none_of_it(void **state) {
    struct copying c = copying_of(state);
    assert_status(copy(&c, other_key), ST_OK);
    assert_true(c.copied.files >= 4);
    assert_int_equal(is_readable(c.e->directory, "secret-value"), !engine_is_encrypted);
    assert_false(is_readable(c.to, "secret-value"));
    assert_false(is_readable(c.to, "leveldb."));
    assert_opens_not(&c, c.to, NULL, "encrypted");
    assert_opens_not(&c, c.to, (const unsigned char *)"a wrong key, which opens nothing",
                     "not the one");
    assert_same(&c, other_key);
    assert_false(is_readable(c.to, "is written"));
    copying_done(&c);
}

static void a_plain_copy_holds_the_same_and_takes_no_key(void **state) {
    struct copying c = copying_of(state);
    assert_status(copy(&c, NULL), ST_OK);
    assert_true(is_readable(c.to, "secret-value"));
    assert_opens_not(&c, c.to, other_key, "not encrypted");
    assert_same(&c, NULL);
    copying_done(&c);
}

static void a_copy_of_a_copy_of_a_copy_is_as_the_first(void **state) {
    struct copying c = copying_of(state);
    char second[100], third[100];
    snprintf(second, sizeof second, "%s/second", c.parent);
    snprintf(third, sizeof third, "%s/third", c.parent);
    assert_status(copy(&c, other_key), ST_OK);
    struct copying again = c;
    memcpy(again.to, second, sizeof second);
    assert_status(copy_from(&again, c.to, other_key, NULL), ST_OK);
    memcpy(again.to, third, sizeof third);
    assert_status(copy_from(&again, second, NULL, other_key), ST_OK);
    assert_same(&again, other_key);
    copying_done(&c);
}

/* ---- refused ---- */

static void what_is_no_source_or_no_target_is_refused(void **state) {
    struct copying c = copying_of(state);
    char inside[100];
    const unsigned char *wrong = (const unsigned char *)"a wrong key, which opens nothing";
    assert_status(copy_from(&c, c.parent, NULL, other_key), ST_INVALID);
    assert_non_null(strstr(c.problem, "not a data directory"));
    assert_status(copy_from(&c, c.e->directory, wrong, other_key), ST_INVALID);
    assert_non_null(strstr(c.problem, engine_is_encrypted ? "not the one" : "not encrypted"));
    assert_int_equal(access(c.to, F_OK), -1); /* nothing was begun */
    assert_int_equal(mkdir(c.to, 0700), 0);
    assert_status(copy(&c, NULL), ST_OK); /* into an empty one */
    assert_status(copy(&c, NULL), ST_INVALID);
    assert_non_null(strstr(c.problem, "not empty"));
    assert_false(c.copied.begun);
    struct copying within = c;
    snprintf(inside, sizeof inside, "%s/copy", c.e->directory);
    memcpy(within.to, inside, sizeof inside);
    assert_status(copy(&within, NULL), ST_INVALID);
    assert_non_null(strstr(within.problem, "inside"));
    assert_int_equal(access(inside, F_OK), -1);
    copying_done(&c);
}

static void a_directory_in_use_is_not_copied(void **state) {
    struct copying c = copying_of(state);
    struct kv *kv = NULL;
    assert_status(open_with(&c, c.e->directory, engine_options.encryption_key, &kv), ST_OK);
    assert_status(copy(&c, other_key), ST_IN_USE);
    kv_close(kv);
    assert_status(copy(&c, other_key), ST_OK);
    copying_done(&c);
}

/* ---- not finished ---- */

static void assert_unfinished(struct copying *c, const unsigned char *key) {
    char more[100];
    struct copying again = *c;
    assert_true(c->copied.begun);
    assert_opens_not(c, c->to, key, "not finished");
    snprintf(more, sizeof more, "%s/more", c->parent);
    memcpy(again.to, more, sizeof more);
    assert_status(copy_from(&again, c->to, key, NULL), ST_INVALID);
    assert_non_null(strstr(again.problem, "not finished"));
    if (key != NULL)
        assert_status(kv_rocks_rekey(c->to, &(struct kv_options){.encryption_key = key}, key,
                                     KV_REKEY_ROTATE),
                      ST_INVALID);
}

static void a_copy_onto_a_full_disk_is_no_database(void **state) {
    struct copying c = copying_of(state);
    char size[32];
    snprintf(size, sizeof size, "size=%d", SMALL_DISK);
    assert_int_equal(mkdir(c.to, 0700), 0);
    if (geteuid() != 0 || mount("tmpfs", c.to, "tmpfs", 0, size) != 0) {
        print_message("# skipped: mounting a small tmpfs needs root\n");
        copying_done(&c);
        return;
    }
    assert_status(copy(&c, other_key), ST_FULL);
    assert_non_null(strstr(c.copied.failed_at, c.to));
    assert_unfinished(&c, other_key);
    assert_int_equal(umount(c.to), 0);
    assert_status(copy(&c, other_key), ST_OK);
    assert_same(&c, other_key);
    copying_done(&c);
}

static void flip_last_table(const char *directory, off_t at) {
    char path[400] = "", byte;
    DIR *files = opendir(directory);
    for (struct dirent *entry; (entry = readdir(files)) != NULL;)
        if (strstr(entry->d_name, ".sst") != NULL)
            snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
    closedir(files);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void a_source_whose_header_does_not_open_ends_the_copy(void **state) {
    struct copying c = copying_of(state);
    if (engine_is_encrypted) {
        flip_last_table(c.e->directory, 40);
        assert_status(copy(&c, NULL), ST_CORRUPT);
        assert_non_null(strstr(c.copied.failed_at, ".sst"));
        assert_unfinished(&c, NULL);
        flip_last_table(c.e->directory, 40);
        engine_remove(c.to);
    }
    assert_status(copy(&c, NULL), ST_OK);
    assert_same(&c, NULL);
    copying_done(&c);
}

/* A log that a crash cut in its header counts as empty, and is so in the copy. */
static void a_log_that_ends_in_its_header_is_copied_as_an_empty_one(void **state) {
    struct copying c = copying_of(state);
    char path[120];
    struct stat stat_of;
    snprintf(path, sizeof path, "%s/000999.log", c.e->directory);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "StatorEF", engine_is_encrypted ? 8 : 0),
                     engine_is_encrypted ? 8 : 0);
    close(fd);
    assert_status(copy(&c, NULL), ST_OK);
    snprintf(path, sizeof path, "%s/000999.log", c.to);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_size, 0);
    assert_int_equal(stat_of.st_mode & 0777, 0600);
    assert_same(&c, NULL);
    copying_done(&c);
}

int main(int argc, char **argv) {
    engine_arguments(argc, argv);
#define CASE(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)
    const struct CMUnitTest tests[] = {
        CASE(an_encrypted_copy_holds_the_same_and_shows_none_of_it),
        CASE(a_plain_copy_holds_the_same_and_takes_no_key),
        CASE(a_copy_of_a_copy_of_a_copy_is_as_the_first),
        CASE(what_is_no_source_or_no_target_is_refused),
        CASE(a_directory_in_use_is_not_copied),
        CASE(a_copy_onto_a_full_disk_is_no_database),
        CASE(a_source_whose_header_does_not_open_ends_the_copy),
        CASE(a_log_that_ends_in_its_header_is_copied_as_an_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
