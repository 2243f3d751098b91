/* What the file LOST says of the log, as starts find it: kills, torn files, copies, other keys.
 * That it is written in time is for tests/crash/faults.test.mjs. */
#include "base/bytes.h"
#include "base/check.h"
#include "base/crc32c.h"
#include "base/log.h"
#include "engine/engine.h"
#include "kv/rocks/lost_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_LEN = 512, HEAD_LEN = 36, VERSION_AT = 8, CHECKSUM_AT = 32 };

static const unsigned char other_key[KV_ENCRYPTION_KEY_LEN] = "the key of the copy";

/* ---- the file ---- */

static void path_of(char out[120], const char *directory) {
    snprintf(out, 120, "%s/LOST", directory);
}

static void file_put(const char *directory, const void *bytes, size_t len) {
    char path[120];
    path_of(path, directory);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && close(fd) == 0);
}

static void file_get(const char *directory, unsigned char out[FILE_LEN]) {
    char path[120];
    path_of(path, directory);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && read(fd, out, FILE_LEN) == FILE_LEN && close(fd) == 0);
}

static void lost_put(const char *directory, struct lost_writes lost) {
    int fd;
    assert_status(lost_file_open(directory, &fd), ST_OK);
    assert_status(lost_file_write(fd, &lost), ST_OK);
    close(fd);
}

static void assert_lost(const char *directory, struct lost_writes wanted) {
    struct lost_writes lost;
    assert_status(lost_file_read(directory, &lost), ST_OK);
    assert_int_equal(lost.last_sequence, wanted.last_sequence);
    assert_int_equal(lost.last_log, wanted.last_log);
}

/* ---- a directory with a lost write ---- */

static uint64_t newest_log(const char *directory) {
    uint64_t newest = 0, number;
    DIR *files = opendir(directory);
    CHECK(files != NULL);
    for (const struct dirent *entry; (entry = readdir(files)) != NULL;) {
        str name = str_from_c(entry->d_name);
        size_t dot = str_find(name, '.');
        if (str_eq(str_slice(name, dot, name.len), STR(".log")) &&
            str_to_u64(str_slice(name, 0, dot), &number) && number > newest)
            newest = number;
    }
    closedir(files);
    assert_int_not_equal(newest, 0);
    return newest;
}

static void close_kv(struct engine *e) {
    kv_close(e->kv);
    e->kv = NULL;
}

static void open_kv(struct engine *e) {
    assert_status(kv_rocks_open(e->directory, &engine_options, &e->kv), ST_OK);
}

/* Closed, and all in the log: two keys that were acknowledged, and what a lost group did to them
 * and to others. The answer is what LOST says of such a group. */
static struct lost_writes lose(struct engine *e) {
    engine_put(e->kv, STR("kept"), STR("acknowledged"));
    engine_put(e->kv, STR("changed"), STR("before"));
    engine_add(e->kv, STR("count"), 3);
    engine_put(e->kv, STR("changed"), STR("lost"));
    engine_delete(e->kv, STR("kept"));
    engine_put(e->kv, STR("new"), STR("lost"));
    engine_add(e->kv, STR("count"), 4);
    close_kv(e);
    /* Each of the writes has one sequence number, from 1. */
    return (struct lost_writes){.last_sequence = 3, .last_log = newest_log(e->directory)};
}

static int64_t count_of(struct engine *e) {
    str value;
    assert_status(kv_find(e->kv, NULL, e->arena, STR("count"), &value), ST_OK);
    return kv_counter_value(value);
}

static void assert_left_out(struct engine *e) {
    assert_found(e, STR("kept"), "acknowledged");
    assert_found(e, STR("changed"), "before");
    assert_missing(e, STR("new"));
    assert_int_equal(count_of(e), 3);
}

static void assert_replayed(struct engine *e) {
    assert_missing(e, STR("kept"));
    assert_found(e, STR("changed"), "lost");
    assert_found(e, STR("new"), "lost");
    assert_int_equal(count_of(e), 7);
}

/* ---- cases ---- */

static void what_was_told_as_lost_is_left_out_once_and_for_good(void **state) {
    struct engine *e = *state;
    lost_put(e->directory, lose(e));
    open_kv(e);
    assert_left_out(e);
    assert_lost(e->directory, (struct lost_writes){});
    engine_reopen(e); /* without a write since, which would have made tables of the log */
    assert_left_out(e);
    engine_put(e->kv, STR("later"), STR("has the same sequence number"));
    for (int i = 0; i < 2; i++) {
        engine_reopen(e);
        assert_left_out(e);
        assert_found(e, STR("later"), "has the same sequence number");
    }
}

static void without_such_a_file_all_of_the_log_is_replayed(void **state) {
    struct engine *e = *state;
    char path[120];
    struct stat stat_of;
    path_of(path, e->directory);
    lose(e);
    assert_int_equal(unlink(path), 0);
    open_kv(e);
    assert_replayed(e);
    /* And there is one again, which has its room. */
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_size, FILE_LEN);
    assert_true(stat_of.st_blocks > 0);
    assert_lost(e->directory, (struct lost_writes){});
}

/* A program that knows no such file may have opened the directory since. */
static void what_a_later_log_has_is_not_left_out(void **state) {
    struct engine *e = *state;
    struct lost_writes lost = lose(e);
    lost.last_log--;
    lost_put(e->directory, lost);
    open_kv(e);
    assert_replayed(e);
}

static void a_torn_or_damaged_file_says_nothing_and_opens(void **state) {
    struct engine *e = *state;
    struct lost_writes lost = lose(e);
    unsigned char none[FILE_LEN], some[FILE_LEN], torn[FILE_LEN];
    file_get(e->directory, none);
    lost_put(e->directory, lost);
    file_get(e->directory, some);
    for (size_t cut = VERSION_AT; cut <= FILE_LEN; cut++) {
        struct lost_writes found;
        memcpy(torn, none, FILE_LEN);
        memcpy(torn, some, cut);
        file_put(e->directory, torn, FILE_LEN);
        assert_status(lost_file_read(e->directory, &found), ST_OK);
        assert_int_equal(found.last_log, cut >= HEAD_LEN ? lost.last_log : 0);
        file_put(e->directory, some, cut);
        assert_status(lost_file_read(e->directory, &found), ST_OK);
        assert_int_equal(found.last_log, cut >= HEAD_LEN ? lost.last_log : 0);
    }
    for (size_t bit = 0; bit < HEAD_LEN * (size_t)8; bit++) {
        memcpy(torn, some, FILE_LEN);
        torn[bit / 8] ^= (unsigned char)(1 << bit % 8);
        file_put(e->directory, torn, FILE_LEN);
        assert_lost(e->directory, (struct lost_writes){});
    }
    open_kv(e);
    assert_replayed(e);
    engine_put(e->kv, STR("later"), STR("v"));
    engine_reopen(e);
    assert_found(e, STR("later"), "v");
}

static void a_newer_file_is_refused(void **state) {
    struct engine *e = *state;
    struct lost_writes lost = lose(e);
    unsigned char bytes[FILE_LEN];
    lost_put(e->directory, lost);
    file_get(e->directory, bytes);
    if (!crc32c_is_fast()) {
        open_kv(e);
        skip();
    }
    /* The checksum is that of everybody else, too. */
    assert_int_equal(get_be32(bytes + CHECKSUM_AT), crc32c_extend(0, (char *)bytes, CHECKSUM_AT));
    put_be32(bytes + VERSION_AT, 2);
    put_be32(bytes + CHECKSUM_AT, crc32c_extend(0, (char *)bytes, CHECKSUM_AT));
    file_put(e->directory, bytes, FILE_LEN);
    assert_status(kv_rocks_open(e->directory, &engine_options, &e->kv), ST_NEWER);
    lost_put(e->directory, lost);
    open_kv(e);
    assert_left_out(e);
}

static void a_file_of_another_size_is_replaced(void **state) {
    struct engine *e = *state;
    char path[120];
    struct stat stat_of;
    path_of(path, e->directory);
    close_kv(e);
    file_put(e->directory, "", 0);
    open_kv(e);
    assert_int_equal(stat(path, &stat_of), 0);
    assert_int_equal(stat_of.st_size, FILE_LEN);
}

static void a_copy_leaves_the_same_out(void **state) {
    struct engine *e = *state;
    struct engine copy = *e;
    struct kv_copied copied;
    engine_new_directory(copy.directory);
    lost_put(e->directory, lose(e));
    const char *problem = "";
    struct kv_options options = engine_options;
    options.out_problem = &problem;
    const unsigned char *to_key = engine_is_encrypted ? NULL : other_key;
    assert_status(kv_rocks_copy(e->directory, &options, copy.directory, to_key, &copied), ST_OK);
    options.encryption_key = to_key;
    assert_status(kv_rocks_open(copy.directory, &options, &copy.kv), ST_OK);
    assert_left_out(&copy);
    kv_close(copy.kv);
    engine_remove(copy.directory);
    open_kv(e);
    assert_left_out(e);
}

static void a_checkpoint_takes_it_along(void **state) {
    struct engine *e = *state;
    char parent[80], directory[90];
    const struct lost_writes lost = {.last_sequence = 1000, .last_log = 1000};
    engine_new_directory(parent);
    snprintf(directory, sizeof directory, "%s/c", parent);
    engine_put(e->kv, STR("k"), STR("v"));
    lost_put(e->directory, lost);
    assert_status(kv_checkpoint(e->kv, directory), ST_OK);
    assert_lost(directory, lost);
    lost_put(e->directory, (struct lost_writes){});
    engine_remove(parent);
}

static void new_files_for_other_keys_are_without_it(void **state) {
    struct engine *e = *state;
    if (!engine_is_encrypted)
        skip();
    lost_put(e->directory, lose(e));
    assert_status(kv_rocks_rekey(e->directory, &engine_options, engine_options.encryption_key,
                                 KV_REKEY_REWRITE),
                  ST_OK);
    assert_lost(e->directory, (struct lost_writes){});
    open_kv(e);
    assert_left_out(e);
}

int main(int argc, char **argv) {
    engine_arguments(argc, argv);
    log_set_level(LOG_ERROR); /* damaged files are told of, and some hundred are made here */
#define CASE(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)
    const struct CMUnitTest tests[] = {
        CASE(what_was_told_as_lost_is_left_out_once_and_for_good),
        CASE(without_such_a_file_all_of_the_log_is_replayed),
        CASE(what_a_later_log_has_is_not_left_out),
        CASE(a_torn_or_damaged_file_says_nothing_and_opens),
        CASE(a_newer_file_is_refused),
        CASE(a_file_of_another_size_is_replaced),
        CASE(a_copy_leaves_the_same_out),
        CASE(a_checkpoint_takes_it_along),
        CASE(new_files_for_other_keys_are_without_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
