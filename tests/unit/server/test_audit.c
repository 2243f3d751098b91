/* The queue and the thread between loops and the file. */
#include "base/thread.h"
#include "server/audit.h"
#include "server/audit_line.h"

/* Last: cmocka has a macro named as a function of ours. */
#include "lib/test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char path[] = "/tmp/stator-audit-XXXXXX";

/* A disk that can be full: a file then takes what was reserved for it, and no more. These stand
 * before the library's calls of that name. */
static struct {
    atomic_bool full, unsupported, slow;
    atomic_llong reserved_to; /* of the file `inode`, the last for which that was asked */
    atomic_ullong inode;
    atomic_int files, reserved, truncated;
} disk;

int fallocate(int fd, int mode, off_t from, off_t bytes) {
    struct stat file;
    assert_int_equal(mode, FALLOC_FL_KEEP_SIZE);
    assert_int_equal(fstat(fd, &file), 0);
    if (disk.slow)
        usleep(200000);
    if (disk.unsupported || disk.full) {
        errno = disk.unsupported ? EOPNOTSUPP : ENOSPC;
        return -1;
    }
    if (disk.inode != file.st_ino) {
        disk.inode = file.st_ino;
        disk.files++;
        disk.reserved_to = 0;
    }
    if (disk.reserved_to < from + bytes)
        disk.reserved_to = from + bytes;
    disk.reserved++;
    return 0;
}

int ftruncate(int fd, off_t length) {
    disk.truncated++;
    return (int)syscall(SYS_ftruncate, fd, length);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    struct stat file;
    if (disk.full && fstat(fd, &file) == 0 && S_ISREG(file.st_mode) &&
        (disk.inode != file.st_ino || file.st_size + (off_t)count > disk.reserved_to)) {
        errno = ENOSPC;
        return -1;
    }
    return syscall(SYS_write, fd, bytes, count);
}

static int fresh_file(void **state) {
    (void)state;
    memset(&disk, 0, sizeof disk);
    snprintf(path, sizeof path, "/tmp/stator-audit-XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 || close(fd) != 0;
}

static int remove_file(void **state) {
    (void)state;
    return unlink(path);
}

static size_t read_file(const char *name, char *out, size_t size) {
    int fd = open(name, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t got = read(fd, out, size);
    assert_true(got >= 0);
    close(fd);
    return (size_t)got;
}

static void what_is_queued_is_written_before_it_closes(void **state) {
    (void)state;
    static char text[1 << 20];
    struct audit *audit;
    assert_status(audit_open(path, false, &audit), ST_OK);
    for (int i = 0; i < 1000; i++)
        audit_add(audit, STR("{\"line\":1}\n"), 0);
    audit_close(audit);
    assert_int_equal(read_file(path, text, sizeof text), 11 * 1000);
}

static void a_file_that_was_moved_away_is_followed_by_a_new_one(void **state) {
    (void)state;
    char moved[sizeof path + 2], text[64];
    struct audit *audit;
    snprintf(moved, sizeof moved, "%s.1", path);
    assert_status(audit_open(path, false, &audit), ST_OK);
    audit_add(audit, STR("before\n"), 0);
    assert_int_equal(rename(path, moved), 0);
    audit_reopen(audit);
    while (access(path, F_OK) != 0)
        usleep(1000);
    audit_add(audit, STR("behind\n"), 0);
    audit_close(audit);
    assert_int_equal(read_file(moved, text, sizeof text), 7);
    assert_memory_equal(text, "before\n", 7);
    assert_int_equal(read_file(path, text, sizeof text), 7);
    assert_memory_equal(text, "behind\n", 7);
    assert_int_equal(unlink(moved), 0);
}

/* /dev/full takes nothing; the name then leads to a file again. */
static void lines_that_a_full_disk_keeps_out_are_counted_in_the_file(void **state) {
    (void)state;
    static char line[64 * 1024], text[4 << 20];
    struct audit *audit;
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/full", path), 0);
    assert_status(audit_open(path, false, &audit), ST_OK);
    for (int i = 0; i < 100; i++)
        audit_add(audit, (str){line, sizeof line}, 0);
    assert_status(audit_reserve(audit, 1 << 30), ST_OK); /* not strict: nothing is refused */
    assert_int_equal(unlink(path), 0);
    audit_reopen(audit);
    while (access(path, F_OK) != 0)
        usleep(1000);
    audit_add(audit, STR("later\n"), 0);
    while (read_file(path, text, sizeof text) < 6 || strstr(text, "dropped") == NULL)
        usleep(10000);
    audit_close(audit);
    size_t len = read_file(path, text, sizeof text - 1), lines = 0;
    text[len] = '\0';
    const char *at = strstr(text, "\"dropped\":");
    assert_non_null(at);
    unsigned long dropped = strtoul(at + 10, NULL, 10);
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    assert_true(dropped > 0);
    assert_int_equal(lines - 1 + dropped, 101); /* none is lost without being counted */
}

static void wait_until(struct audit *audit, status wanted) {
    status st;
    while ((st = audit_reserve(audit, 1)) != wanted) {
        if (st == ST_OK)
            audit_release(audit, 1);
        usleep(1000);
    }
    if (wanted == ST_OK)
        audit_release(audit, 1);
}

static size_t count_lines(const char *name) {
    static char text[16 << 20];
    size_t len = read_file(name, text, sizeof text), lines = 0;
    for (size_t i = 0; i < len; i++)
        lines += text[i] == '\n';
    assert_true(len == 0 || text[len - 1] == '\n');
    return lines;
}

enum { ROOM = 4000 };

/* Requests begin until there is no room for their lines; answers how many. */
static size_t begin_until_refused(struct audit *audit) {
    size_t begun = 0;
    while (audit_reserve(audit, ROOM) == ST_OK)
        begun++;
    return begun;
}

static void end_all(struct audit *audit, size_t begun) {
    static char line[ROOM];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (size_t i = 0; i < begun; i++)
        audit_add(audit, (str){line, sizeof line}, ROOM);
}

static void a_strict_log_has_room_for_all_that_has_begun_when_the_disk_is_full(void **state) {
    (void)state;
    struct audit *audit;
    assert_status(audit_open(path, true, &audit), ST_OK);
    wait_until(audit, ST_OK);
    disk.full = true;
    size_t begun = begin_until_refused(audit);
    assert_true(begun > 100);
    wait_until(audit, ST_FULL);
    end_all(audit, begun);
    audit_close(audit);
    assert_int_equal(count_lines(path), begun);
}

static void a_strict_log_serves_again_when_there_is_space(void **state) {
    (void)state;
    struct audit *audit;
    disk.full = true;
    assert_status(audit_open(path, true, &audit), ST_OK); /* there may be space later */
    wait_until(audit, ST_FULL);
    disk.full = false;
    wait_until(audit, ST_OK);
    disk.full = true;
    size_t begun = begin_until_refused(audit);
    audit_release(audit, begun * ROOM); /* none of them leaves a line */
    wait_until(audit, ST_OK);
    audit_close(audit);
    assert_int_equal(count_lines(path), 0);
}

static void room_moves_with_a_strict_log_to_its_new_file(void **state) {
    (void)state;
    char moved[sizeof path + 2];
    struct audit *audit;
    snprintf(moved, sizeof moved, "%s.1", path);
    assert_status(audit_open(path, true, &audit), ST_OK);
    enum { BEGUN = 1000 };
    for (size_t i = 0; i < BEGUN; i++)
        assert_status(audit_reserve(audit, ROOM), ST_OK);
    assert_int_equal(rename(path, moved), 0);
    audit_reopen(audit);
    while (disk.files < 2)
        usleep(1000);
    disk.full = true;
    size_t more = begin_until_refused(audit);
    end_all(audit, BEGUN + more);
    audit_close(audit);
    assert_int_equal(count_lines(path) + count_lines(moved), BEGUN + more);
    assert_true(count_lines(path) > 0);
    assert_int_equal(unlink(moved), 0);
}

/* Then what was reserved is not given back with the old descriptor. */
static void a_strict_log_that_is_opened_anew_in_its_place_keeps_its_room(void **state) {
    (void)state;
    struct audit *audit;
    assert_status(audit_open(path, true, &audit), ST_OK);
    wait_until(audit, ST_OK);
    int truncated = disk.truncated, reserved = disk.reserved;
    audit_reopen(audit);
    while (disk.reserved == reserved)
        usleep(1000);
    disk.full = true;
    size_t begun = begin_until_refused(audit);
    assert_int_equal(disk.truncated, truncated);
    end_all(audit, begun);
    audit_close(audit);
    assert_int_equal(count_lines(path), begun);
}

static void a_strict_log_needs_a_file_in_which_space_can_be_reserved(void **state) {
    (void)state;
    struct audit *audit;
    disk.unsupported = true;
    assert_status(audit_open(path, true, &audit), ST_IO);
    assert_int_equal(errno, EOPNOTSUPP);
    assert_status(audit_open(path, false, &audit), ST_OK);
    audit_close(audit);
}

enum { STEP = AUDIT_STRICT_QUEUE_BYTES / 4 };

static void *reserve_on_a_loop(void *audit) {
    thread_mark_loop();
    static status st;
    st = audit_reserve(audit, STEP);
    return &st;
}

static void a_loop_does_not_wait_for_room(void **state) {
    (void)state;
    struct audit *audit;
    pthread_t loop;
    void *st;
    assert_status(audit_open(path, true, &audit), ST_OK);
    wait_until(audit, ST_OK);
    disk.slow = true;
    assert_status(audit_reserve(audit, STEP), ST_OK);
    assert_status(audit_reserve(audit, STEP), ST_OK);
    assert_int_equal(pthread_create(&loop, NULL, reserve_on_a_loop, audit), 0);
    pthread_join(loop, &st);
    assert_status(*(status *)st, ST_WOULD_WAIT);
    assert_status(audit_reserve(audit, STEP), ST_OK); /* a worker has waited */
    assert_status(audit_reserve(audit, STEP), ST_OK);
    assert_status(audit_reserve(audit, STEP), ST_FULL); /* the queue */
    audit_release(audit, 4 * STEP);
    audit_close(audit);
}

static void no_line_is_longer_than_its_room(void **state) {
    (void)state;
    static char ugly[AUDIT_TEXT_MAX + 1], names[AUDIT_TABLES_MAX][AUDIT_TEXT_MAX];
    memset(ugly, 1, sizeof ugly);
    str text = {ugly, sizeof ugly};
    struct arena *arena = arena_new(16 << 20);
    struct http_header headers[] = {{STR("User-Agent"), text}};
    struct call_note note = {.principal = text,
                             .audit = {.index = text},
                             .identity_action = text,
                             .identity_subject = text,
                             .identity_result = STR("NoSuchEntityException")};
    struct http_reply reply = {.status = 200};
    struct http_request request = {.arena = arena,
                                   .headers = headers,
                                   .header_count = 1,
                                   .peer = "1111:2222:3333:4444:5555:6666:7777:8888"};
    for (size_t count = 0; count <= AUDIT_TABLES_MAX; count++) {
        note.audit.table_count = count;
        request.body.len = count * AUDIT_TEXT_MAX * 6; /* there, too, each is escaped */
        str line = audit_line(&request, &reply, &note);
        assert_true(line.len <= audit_line_room(&request));
        arena_reset(arena, 0);
        if (count < AUDIT_TABLES_MAX) {
            memset(names[count], 1, sizeof names[count]);
            note.audit.tables[count] = (str){names[count], sizeof names[count]};
        }
    }
    arena_free(arena);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_queued_is_written_before_it_closes, fresh_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(a_file_that_was_moved_away_is_followed_by_a_new_one,
                                        fresh_file, remove_file),
        cmocka_unit_test_setup_teardown(lines_that_a_full_disk_keeps_out_are_counted_in_the_file,
                                        fresh_file, remove_file),
        cmocka_unit_test_setup_teardown(
            a_strict_log_has_room_for_all_that_has_begun_when_the_disk_is_full, fresh_file,
            remove_file),
        cmocka_unit_test_setup_teardown(a_strict_log_serves_again_when_there_is_space, fresh_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(room_moves_with_a_strict_log_to_its_new_file, fresh_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(
            a_strict_log_that_is_opened_anew_in_its_place_keeps_its_room, fresh_file, remove_file),
        cmocka_unit_test_setup_teardown(a_strict_log_needs_a_file_in_which_space_can_be_reserved,
                                        fresh_file, remove_file),
        cmocka_unit_test_setup_teardown(a_loop_does_not_wait_for_room, fresh_file, remove_file),
        cmocka_unit_test(no_line_is_longer_than_its_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
