/* The queue and the thread between loops and the file. */
#include "lib/test.h"
#include "server/audit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/stator-audit-XXXXXX";

static int fresh_file(void **state) {
    (void)state;
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
        audit_add(audit, STR("{\"line\":1}\n"));
    audit_close(audit);
    assert_int_equal(read_file(path, text, sizeof text), 11 * 1000);
}

static void a_file_that_was_moved_away_is_followed_by_a_new_one(void **state) {
    (void)state;
    char moved[sizeof path + 2], text[64];
    struct audit *audit;
    snprintf(moved, sizeof moved, "%s.1", path);
    assert_status(audit_open(path, false, &audit), ST_OK);
    audit_add(audit, STR("before\n"));
    assert_int_equal(rename(path, moved), 0);
    audit_reopen(audit);
    while (access(path, F_OK) != 0)
        usleep(1000);
    audit_add(audit, STR("behind\n"));
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
        audit_add(audit, (str){line, sizeof line});
    assert_true(audit_ready(audit)); /* not strict: nothing is refused */
    assert_int_equal(unlink(path), 0);
    audit_reopen(audit);
    while (access(path, F_OK) != 0)
        usleep(1000);
    audit_add(audit, STR("later\n"));
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

static void a_strict_log_is_not_ready_while_its_file_takes_nothing(void **state) {
    (void)state;
    struct audit *audit;
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/dev/full", path), 0);
    assert_status(audit_open(path, true, &audit), ST_OK);
    assert_true(audit_ready(audit));
    audit_add(audit, STR("a line\n"));
    while (audit_ready(audit))
        usleep(1000);
    assert_int_equal(unlink(path), 0);
    audit_reopen(audit);
    while (!audit_ready(audit))
        usleep(1000);
    audit_close(audit);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_queued_is_written_before_it_closes, fresh_file,
                                        remove_file),
        cmocka_unit_test_setup_teardown(a_file_that_was_moved_away_is_followed_by_a_new_one,
                                        fresh_file, remove_file),
        cmocka_unit_test_setup_teardown(lines_that_a_full_disk_keeps_out_are_counted_in_the_file,
                                        fresh_file, remove_file),
        cmocka_unit_test_setup_teardown(a_strict_log_is_not_ready_while_its_file_takes_nothing,
                                        fresh_file, remove_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
