/* What outlives a close, a kill and a mistake: only engines with a disk. */
#include "base/check.h"
#include "base/thread.h"
#include "engine/engine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void a_reopened_engine_has_everything_acknowledged(void **state) {
    struct engine *e = *state;
    engine_fill(e->kv, 3000);
    engine_put(e->kv, STR("k000001"), STR("changed"));
    engine_delete(e->kv, STR("k000002"));
    for (int i = 0; i < 3; i++)
        engine_reopen(e);
    assert_found(e, STR("k000000"), "v0");
    assert_found(e, STR("k000001"), "changed");
    assert_missing(e, STR("k000002"));
    assert_found(e, STR("k002999"), "v2999");
    assert_missing(e, STR(""));
    struct kv_page page;
    assert_status(kv_scan(e->kv, NULL, e->arena, &(struct kv_range){}, 5000, SIZE_MAX, &page),
                  ST_OK);
    assert_int_equal(page.count, 2999);
}

static status put_k(struct kv_txn *txn, void *context) {
    kv_txn_put(txn, STR("k"), str_from_c(context));
    return ST_OK;
}

static status put_pair(struct kv_txn *txn, void *context) {
    const str *pair = context;
    kv_txn_put(txn, pair[0], pair[1]);
    return ST_OK;
}

static void closing_waits_for_what_was_accepted(void **state) {
    struct engine *e = *state;
    char text[16];
    for (int i = 0; i < 50; i++) {
        uint64_t ticket;
        snprintf(text, sizeof text, "%d", i);
        assert_status(kv_update(e->kv, &(struct kv_keys){}, put_k, text, &ticket), ST_OK);
        assert_int_not_equal(ticket, 0);
        engine_reopen(e);
        str value;
        assert_status(kv_find(e->kv, NULL, e->arena, STR("k"), &value), ST_OK);
        assert_true(str_eq(value, str_from_c(text)));
    }
}

static status delete_filled(struct kv_txn *txn, void *context) {
    for (int i = 0; i < 20000; i++)
        kv_txn_delete(txn, arena_printf(context, "k%06d", i));
    return ST_OK;
}

static void *scan_as_a_loop(void *context) {
    struct engine *e = context;
    struct kv_page page;
    thread_mark_loop();
    return (void *)(intptr_t)kv_scan(e->kv, NULL, e->arena, &(struct kv_range){}, 1, 1, &page);
}

static void a_loop_does_not_pass_over_all_that_was_deleted(void **state) {
    struct engine *e = *state;
    struct kv_page page;
    uint64_t ticket;
    pthread_t thread;
    void *st;
    engine_fill(e->kv, 20001);
    assert_status(kv_update(e->kv, &(struct kv_keys){}, delete_filled, e->arena, &ticket), ST_OK);
    assert_status(kv_ticket_wait(e->kv, ticket), ST_OK);
    CHECK(pthread_create(&thread, NULL, scan_as_a_loop, e) == 0);
    pthread_join(thread, &st);
    assert_status((status)(intptr_t)st, ST_WOULD_WAIT);
    assert_status(kv_scan(e->kv, NULL, e->arena, &(struct kv_range){}, 1, 1, &page), ST_OK);
    assert_int_equal(page.count, 1);
    assert_str(page.pairs[0].key, "k020000");
}

static void count_call(void *context) {
    atomic_fetch_add((atomic_int *)context, 1);
}

static void settled_tickets_are_told(void **state) {
    struct engine *e = *state;
    atomic_int calls = 0;
    kv_on_settled(e->kv, count_call, &calls);
    for (int i = 0; i < 3; i++)
        engine_put(e->kv, STR("k"), STR("v"));
    kv_close(e->kv); /* the last call may come after its ticket was waited for */
    assert_int_equal(calls, 3);
    e->kv = NULL;
}

static atomic_int strangers, friends;
static int first_context, second_context;

static void told_first(void *context) {
    atomic_fetch_add(context == &first_context ? &friends : &strangers, 1);
}

static void told_second(void *context) {
    atomic_fetch_add(context == &second_context ? &friends : &strangers, 1);
}

static void *write_on(void *context) {
    struct engine *e = context;
    for (int i = 0; i < 2000; i++)
        engine_put(e->kv, STR("k"), STR("v"));
    return NULL;
}

/* As at a start, where groups of the engine's own may settle while it is said who is told. */
static void who_is_told_may_be_named_while_groups_settle(void **state) {
    struct engine *e = *state;
    pthread_t writer;
    CHECK(pthread_create(&writer, NULL, write_on, e) == 0);
    while (pthread_tryjoin_np(writer, NULL) != 0)
        for (int i = 0; i < 100; i++) {
            kv_on_settled(e->kv, told_first, &first_context);
            kv_on_settled(e->kv, told_second, &second_context);
        }
    assert_true(friends > 0);
    assert_int_equal(strangers, 0);
}

static void statistics_count_groups(void **state) {
    struct engine *e = *state;
    struct kv_stats stats;
    engine_fill(e->kv, 2000);
    kv_stats(e->kv, &stats);
    assert_int_equal(stats.group_updates, 4);
    assert_true(stats.groups >= 1 && stats.groups <= 4);
    assert_true(stats.bytes_on_disk > 2000 * 10);
    assert_false(stats.refusing_writes);
}

/* ---- loops and the disk ---- */

enum cold_call { COLD_FIND = 1, COLD_SCAN = 2, COLD_UPDATE = 4, COLD_ALL = 7 };

struct cold {
    struct engine *e;
    int calls; /* enum cold_call */
    status find, scan, update;
};

static status find_cold(struct kv_txn *txn, void *context) {
    struct cold *cold = context;
    return kv_txn_find(txn, cold->e->arena, STR("k000500"), &(str){});
}

/* What the kernel keeps of the directory's files. */
static void forget_pages(const char *directory) {
    DIR *files = opendir(directory);
    assert_non_null(files);
    for (struct dirent *entry; (entry = readdir(files)) != NULL;) {
        int file = openat(dirfd(files), entry->d_name, O_RDONLY);
        (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
        close(file);
    }
    closedir(files);
}

static void *read_as_a_loop(void *context) {
    struct cold *cold = context;
    struct engine *e = cold->e;
    const str key = STR("k000500");
    struct kv_keys keys = {.exclusive = &key, .exclusive_count = 1};
    struct kv_page page;
    uint64_t ticket;
    thread_mark_loop();
    if (cold->calls & COLD_FIND)
        cold->find = kv_find(e->kv, NULL, e->arena, key, &(str){});
    if (cold->calls & COLD_SCAN)
        cold->scan = kv_scan(e->kv, NULL, e->arena, &(struct kv_range){}, 10, 10000, &page);
    if (cold->calls & COLD_UPDATE)
        cold->update = kv_update(e->kv, &keys, find_cold, cold, &ticket);
    return NULL;
}

static void look(struct cold *cold, int calls) {
    cold->calls = calls;
    pthread_t loop;
    assert_int_equal(pthread_create(&loop, NULL, read_as_a_loop, cold), 0);
    pthread_join(loop, NULL);
}

/* Not every file system does. */
static bool kernel_reads_without_waiting(const char *directory) {
    char name[PATH_MAX], byte;
    snprintf(name, sizeof name, "%s/CURRENT", directory);
    int file = open(name, O_RDONLY);
    ssize_t got = preadv2(file, &(struct iovec){&byte, 1}, 1, 0, RWF_NOWAIT);
    close(file);
    return got == 1;
}

/* The kernel may fetch what it was told to forget before the loop asks: RocksDB tidies up after
 * opening. A loop that waits never answers so. */
static bool would_wait(struct cold *cold, enum cold_call call, const status *st) {
    for (int i = 0; i < 50; i++) {
        engine_reopen(cold->e);
        forget_pages(cold->e->directory);
        look(cold, call);
        if (*st == ST_WOULD_WAIT)
            return true;
        assert_status(*st, ST_OK);
    }
    return false;
}

/* Opening replays the log into a table, whose blocks nobody has read. */
static void a_loop_does_not_wait_for_the_disk(void **state) {
    struct engine *e = *state;
    struct cold cold = {.e = e};
    engine_fill(e->kv, 1000);
    assert_true(would_wait(&cold, COLD_FIND, &cold.find));
    assert_true(would_wait(&cold, COLD_SCAN, &cold.scan));
    assert_true(would_wait(&cold, COLD_UPDATE, &cold.update));
    assert_found(e, STR("k000500"), "v500"); /* on this thread, which may wait */
    assert_found(e, STR("k000000"), "v0");
    look(&cold, COLD_ALL);
    assert_status(cold.find, ST_OK);
    assert_status(cold.scan, ST_OK);
    assert_status(cold.update, ST_OK);
}

static void a_loop_reads_what_the_kernel_still_has(void **state) {
    struct engine *e = *state;
    struct cold cold = {.e = e};
    engine_fill(e->kv, 1000);
    engine_reopen(e);
    if (!kernel_reads_without_waiting(e->directory))
        skip();
    look(&cold, COLD_ALL); /* the table was written just now */
    assert_status(cold.find, ST_OK);
    assert_status(cold.scan, ST_OK);
    assert_status(cold.update, ST_OK);
}

struct wait_as_loop {
    struct engine *e;
    bool met_pending;
};

static void *wait_on_a_loop(void *context) {
    struct wait_as_loop *wait = context;
    uint64_t ticket;
    thread_mark_loop();
    for (int i = 0; i < 100 && !wait->met_pending; i++) {
        CHECK(kv_update(wait->e->kv, &(struct kv_keys){}, put_k, (char[]){"v"}, &ticket) == ST_OK);
        status st = kv_ticket_wait(wait->e->kv, ticket);
        CHECK(st == ST_OK || st == ST_WOULD_WAIT);
        wait->met_pending = st == ST_WOULD_WAIT;
    }
    return NULL;
}

static void a_loop_does_not_wait_for_a_ticket(void **state) {
    struct wait_as_loop wait = {*state, false};
    pthread_t loop;
    assert_int_equal(pthread_create(&loop, NULL, wait_on_a_loop, &wait), 0);
    pthread_join(loop, NULL);
    assert_true(wait.met_pending);
}

/* ---- copies ---- */

static void a_checkpoint_opens_as_an_engine(void **state) {
    struct engine *e = *state;
    char parent[80], copy[100];
    engine_fill(e->kv, 2000);
    engine_new_directory(parent);
    snprintf(copy, sizeof copy, "%s/copy", parent);
    assert_status(kv_checkpoint(e->kv, copy), ST_OK);
    assert_status(kv_checkpoint(e->kv, copy), ST_INVALID); /* it is there already */
    engine_put(e->kv, STR("k000000"), STR("later"));

    struct engine other = {.arena = e->arena};
    assert_status(kv_rocks_open(copy, &engine_options, &other.kv), ST_OK);
    assert_found(&other, STR("k000000"), "v0");
    assert_found(&other, STR("k001999"), "v1999");
    engine_put(other.kv, STR("only"), STR("there"));
    kv_close(other.kv);
    assert_missing(e, STR("only"));
    assert_found(e, STR("k000000"), "later");
    engine_remove(parent);
}

/* ---- the directory ---- */

static void write_file(const char *directory, const char *name, const char *text) {
    char path[200];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static status open_again(const char *directory) {
    struct kv *kv = NULL;
    status st = kv_rocks_open(directory, &engine_options, &kv);
    kv_close(kv);
    return st;
}

static void a_held_directory_is_in_use(void **state) {
    struct engine *e = *state;
    assert_status(open_again(e->directory), ST_IN_USE);
    engine_put(e->kv, STR("k"), STR("unharmed"));
    engine_reopen(e);
    assert_found(e, STR("k"), "unharmed");
}

static void a_directory_of_others_is_left_alone(void **state) {
    char directory[80], path[200];
    (void)state;
    engine_new_directory(directory);
    write_file(directory, "letter.txt", "dear");
    assert_status(open_again(directory), ST_INVALID);
    snprintf(path, sizeof path, "%s/LOCK.stator", directory);
    assert_int_equal(access(path, F_OK), -1);
    engine_remove(directory);
}

static void write_mark(const char *directory, const char *rest) {
    char text[200];
    snprintf(text, sizeof text, "stator-data %s\nengine rocks\n%s",
             engine_is_encrypted ? "2\nencryption aes-256" : "1", rest);
    write_file(directory, "STATOR", text);
}

static void newer_and_broken_marks_are_told_apart(void **state) {
    char directory[80];
    (void)state;
    engine_new_directory(directory);
    write_file(directory, "STATOR", "stator-data 3\nengine comet\n");
    assert_status(open_again(directory), ST_NEWER);
    write_file(directory, "STATOR", "stator-data 1\nengine comet\nstate ready\n");
    assert_status(open_again(directory), ST_INVALID);
    write_file(directory, "STATOR", "nonsense");
    assert_status(open_again(directory), ST_CORRUPT);
    write_mark(directory, "state ready\n");
    assert_status(open_again(directory), ST_CORRUPT); /* the data itself is missing */
    write_mark(directory, "state new\n");
    assert_status(open_again(directory), ST_OK); /* a first start that was cut short */
    assert_status(open_again(directory), ST_OK);
    engine_remove(directory);
}

static void directories_are_made_one_level_deep(void **state) {
    char parent[80], path[200];
    (void)state;
    engine_new_directory(parent);
    snprintf(path, sizeof path, "%s/data", parent);
    assert_status(open_again(path), ST_OK);
    snprintf(path, sizeof path, "%s/no/such", parent);
    errno = 0;
    assert_status(open_again(path), ST_IO);
    assert_int_equal(errno, ENOENT);
    write_file(parent, "file", "");
    snprintf(path, sizeof path, "%s/file", parent);
    assert_status(open_again(path), ST_IO);
    assert_int_equal(errno, ENOTDIR);
    engine_remove(parent);
}

/* ---- a failing disk ---- */

static void files_limit(rlim_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes < limit.rlim_max ? bytes : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static status put_large(struct engine *e, int number) {
    static char bytes[30000];
    char key[16];
    snprintf(key, sizeof key, "%06d", number);
    memset(bytes, number, sizeof bytes);
    const str pair[] = {str_from_c(key), {bytes, sizeof bytes}};
    uint64_t ticket;
    TRY(kv_update(e->kv, &(struct kv_keys){.exclusive = pair, .exclusive_count = 1}, put_pair,
                  (void *)pair, &ticket));
    status st = kv_ticket_wait(e->kv, ticket);
    assert_int_equal(kv_ticket_state(e->kv, ticket), st == ST_OK ? KV_DURABLE : KV_LOST);
    return st;
}

/* A log that may not grow stands for a disk that fails: the record is cut in its middle. */
static void a_failed_commit_refuses_writes_until_a_restart(void **state) {
    struct engine *e = *state;
    int count = 0;
    status st;
    signal(SIGXFSZ, SIG_IGN);
    files_limit(1000000);
    while ((st = put_large(e, count)) == ST_OK)
        count++;
    files_limit(RLIM_INFINITY);
    assert_status(st, ST_IO);
    assert_true(count > 10 && count < 40);
    usleep(300000);
    assert_status(put_large(e, count), ST_READ_ONLY);
    assert_status(kv_drop_range(e->kv, STR("0"), STR("1")), ST_READ_ONLY);
    struct kv_stats stats;
    kv_stats(e->kv, &stats);
    assert_true(stats.refusing_writes);
    for (int round = 0; round < 2; round++) {
        struct kv_page page;
        assert_status(kv_scan(e->kv, NULL, e->arena, &(struct kv_range){}, 99, SIZE_MAX, &page),
                      ST_OK);
        assert_int_equal(page.count, count);
        engine_reopen(e);
    }
    assert_status(put_large(e, count), ST_OK);
}

/* ---- kill -9 ---- */

enum { WRITERS = 4, ACKNOWLEDGED_BEFORE_KILL = 400, KILLS = 3 };

struct writer {
    struct kv *kv;
    int report;
    uint32_t first;
};

static status put_number(struct kv_txn *txn, void *context) {
    char key[16];
    snprintf(key, sizeof key, "n%010u", *(uint32_t *)context);
    kv_txn_put(txn, str_from_c(key), STR("a value of some length, so that records span pages"));
    kv_txn_add(txn, STR("count"), 1);
    return ST_OK;
}

/* Says a number only when it is durable. */
static void write_numbers(int number, void *context) {
    const struct writer *writer = context;
    for (uint32_t n = writer->first + (uint32_t)number;; n += WRITERS) {
        uint64_t ticket;
        CHECK(kv_update(writer->kv, &(struct kv_keys){}, put_number, &n, &ticket) == ST_OK);
        CHECK(kv_ticket_wait(writer->kv, ticket) == ST_OK);
        if (write(writer->report, &n, sizeof n) != sizeof n)
            return;
    }
}

static int writer_main(const char *directory, const char *report, const char *first) {
    struct writer writer = {.report = (int)strtol(report, NULL, 10),
                            .first = (uint32_t)strtoul(first, NULL, 10)};
    if (kv_rocks_open(directory, &engine_options, &writer.kv) != ST_OK)
        return 1;
    engine_threads(WRITERS, write_numbers, &writer);
    return 0;
}

static pid_t writer_start(const char *directory, uint32_t first, int *out_reports) {
    int ends[2];
    char report[16], first_text[16];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    snprintf(report, sizeof report, "%d", ends[1]);
    snprintf(first_text, sizeof first_text, "%u", first);
    pid_t child = fork();
    if (child == 0) {
        fcntl(ends[1], F_SETFD, 0);
        execl("/proc/self/exe", "writer", "--writer", directory, report, first_text, engine_name(),
              NULL);
        _exit(127);
    }
    close(ends[1]);
    *out_reports = ends[0];
    return child;
}

static void everything_acknowledged_survives_a_kill(void **state) {
    struct engine *e = *state;
    uint32_t acknowledged[20000], count = 0, next = 0;
    for (int round = 0; round < KILLS; round++) {
        int reports, exit_status;
        kv_close(e->kv);
        pid_t child = writer_start(e->directory, next, &reports);
        uint32_t stop = count + ACKNOWLEDGED_BEFORE_KILL, n;
        while (read(reports, &n, sizeof n) == sizeof n) {
            assert_true(count < sizeof acknowledged / sizeof acknowledged[0]);
            acknowledged[count++] = n;
            next = n >= next ? n + WRITERS : next;
            if (count == stop)
                assert_int_equal(kill(child, SIGKILL), 0);
        }
        close(reports);
        assert_int_equal(waitpid(child, &exit_status, 0), child);
        assert_true(WIFSIGNALED(exit_status));
        assert_true(count >= stop);
        next += 1000;

        assert_status(kv_rocks_open(e->directory, &engine_options, &e->kv), ST_OK);
        for (uint32_t i = 0; i < count; i++) {
            char key[16];
            snprintf(key, sizeof key, "n%010u", acknowledged[i]);
            assert_status(kv_find(e->kv, NULL, e->arena, str_from_c(key), &(str){}), ST_OK);
        }
        /* Items and their counter came in one update: they agree, acknowledged or not. */
        struct kv_page page;
        struct kv_range range = {STR("n"), STR("o"), false};
        str counter;
        assert_status(kv_scan(e->kv, NULL, e->arena, &range, SIZE_MAX, SIZE_MAX, &page), ST_OK);
        assert_status(kv_find(e->kv, NULL, e->arena, STR("count"), &counter), ST_OK);
        assert_int_equal(kv_counter_value(counter), page.count);
    }
}

int main(int argc, char **argv) {
    if (argc == 6 && strcmp(argv[1], "--writer") == 0 && engine_choose(argv[5]))
        return writer_main(argv[2], argv[3], argv[4]);
    engine_arguments(argc, argv);
#define CASE(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)
    const struct CMUnitTest tests[] = {
        CASE(a_reopened_engine_has_everything_acknowledged),
        CASE(closing_waits_for_what_was_accepted),
        CASE(settled_tickets_are_told),
        CASE(who_is_told_may_be_named_while_groups_settle),
        CASE(statistics_count_groups),
        CASE(a_loop_does_not_wait_for_the_disk),
        CASE(a_loop_reads_what_the_kernel_still_has),
        CASE(a_loop_does_not_wait_for_a_ticket),
        CASE(a_loop_does_not_pass_over_all_that_was_deleted),
        CASE(a_checkpoint_opens_as_an_engine),
        CASE(a_held_directory_is_in_use),
        CASE(a_directory_of_others_is_left_alone),
        CASE(newer_and_broken_marks_are_told_apart),
        CASE(directories_are_made_one_level_deep),
        CASE(a_failed_commit_refuses_writes_until_a_restart),
        CASE(everything_acknowledged_survives_a_kill),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
