/* A disk that fills up, for real: a small tmpfs, which only root may mount. */
#include "base/check.h"
#include "base/clock.h"
#include "engine/engine.h"
#include "kv/rocks/lost_file.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { DISK_BYTES = 64 << 20, RESERVE = 16 << 20, RECOVERY_US = 30 * 1000000 };

struct disk {
    struct engine e;
    char mount[80], ballast[100];
    int acknowledged, refused; /* keys "n<i>" below `acknowledged` are durable */
};

static bool disk_mount(struct disk *disk) {
    engine_new_directory(disk->mount);
    snprintf(disk->ballast, sizeof disk->ballast, "%s/ballast", disk->mount);
    memcpy(disk->e.directory, disk->mount, sizeof disk->mount);
    if (geteuid() == 0 && mount("tmpfs", disk->mount, "tmpfs", 0, "size=64m") == 0)
        return true;
    print_message("# skipped: mounting a small tmpfs needs root\n");
    engine_remove(disk->mount);
    return false;
}

static void disk_open(struct disk *disk, uint64_t free_bytes_min) {
    struct kv_options options = engine_options;
    options.write_buffer_bytes = 4 << 20;
    options.free_bytes_min = free_bytes_min;
    assert_status(kv_rocks_open(disk->e.directory, &options, &disk->e.kv), ST_OK);
    disk->e.arena = arena_new(ENGINE_ARENA_MAX);
}

static void disk_done(struct disk *disk) {
    kv_close(disk->e.kv);
    arena_free(disk->e.arena);
    assert_int_equal(umount(disk->mount), 0);
    engine_remove(disk->mount);
}

/* Takes `bytes`, or what there is. */
static void ballast_add(struct disk *disk, off_t bytes) {
    struct statvfs fs;
    int fd = open(disk->ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && fstatvfs(fd, &fs) == 0);
    off_t left = (off_t)(fs.f_bavail * fs.f_frsize);
    bytes = bytes < left ? bytes : left;
    while (bytes > 0 && posix_fallocate(fd, 0, bytes) != 0)
        bytes -= bytes / 16 + 4096; /* others take space meanwhile */
    close(fd);
}

static str bytes_of(struct disk *disk, int number) {
    /* Hardly to be compressed, so that it takes the space it seems to. */
    enum { SIZE = 100000 };
    uint32_t *bytes = arena_alloc(disk->e.arena, SIZE);
    uint32_t x = (uint32_t)number * 2654435761u + 1;
    for (size_t i = 0; i < SIZE / 4; i++)
        bytes[i] = x = x * 1664525 + 1013904223;
    return (str){(char *)bytes, SIZE};
}

struct number {
    struct disk *disk;
    int number;
};

static str key_of(struct disk *disk, int number) {
    return arena_printf(disk->e.arena, "n%06d", number);
}

static status put_number(struct kv_txn *txn, void *context) {
    struct number *number = context;
    str key = key_of(number->disk, number->number), found;
    status st = kv_txn_find(txn, number->disk->e.arena, key, &found);
    CHECK(st == ST_OK || st == ST_NOT_FOUND);
    kv_txn_put(txn, key, bytes_of(number->disk, number->number));
    if (st == ST_NOT_FOUND)
        kv_txn_add(txn, STR("count"), 1);
    return ST_OK;
}

/* One durable write, or why not. */
static status put_next(struct disk *disk, int number) {
    struct number next = {disk, number};
    str key = key_of(disk, number);
    struct kv_keys keys = {.exclusive = &key, .exclusive_count = 1};
    uint64_t ticket;
    arena_mark mark = arena_get_mark(disk->e.arena);
    status st = kv_update(disk->e.kv, &keys, put_number, &next, &ticket);
    if (st == ST_OK) {
        st = kv_ticket_wait(disk->e.kv, ticket);
        assert_int_equal(kv_ticket_state(disk->e.kv, ticket), st == ST_OK ? KV_DURABLE : KV_LOST);
    }
    arena_rewind(disk->e.arena, mark);
    return st;
}

static void write_until_refused(struct disk *disk) {
    status st = ST_OK;
    while (st == ST_OK && disk->acknowledged < 2000) {
        st = put_next(disk, disk->acknowledged);
        disk->acknowledged += st == ST_OK;
    }
    assert_status(st, ST_FULL);
}

/* All that was acknowledged is there, nothing else is, and the counter agrees. */
static void disk_verify(struct disk *disk) {
    struct kv_page page;
    struct kv_range range = {STR("n"), STR("o"), false};
    str counter;
    arena_mark mark = arena_get_mark(disk->e.arena);
    assert_status(kv_scan(disk->e.kv, NULL, disk->e.arena, &range, SIZE_MAX, SIZE_MAX, &page),
                  ST_OK);
    assert_int_equal(page.count, disk->acknowledged);
    for (int i = 0; i < disk->acknowledged; i++) {
        str value;
        assert_status(kv_find(disk->e.kv, NULL, disk->e.arena, key_of(disk, i), &value), ST_OK);
        assert_true(str_eq(value, bytes_of(disk, i)));
        assert_true(str_eq(page.pairs[i].value, value));
    }
    assert_status(kv_find(disk->e.kv, NULL, disk->e.arena, STR("count"), &counter), ST_OK);
    assert_int_equal(kv_counter_value(counter), disk->acknowledged);
    arena_rewind(disk->e.arena, mark);
}

static void write_when_accepted_again(struct disk *disk) {
    int64_t until = clock_monotonic_us() + RECOVERY_US;
    status st;
    while ((st = put_next(disk, disk->acknowledged)) == ST_FULL && clock_monotonic_us() < until) {
        disk_verify(disk); /* reads go on all the while */
        usleep(20000);
    }
    assert_status(st, ST_OK);
    disk->acknowledged++;
}

static bool is_refusing(struct disk *disk) {
    struct kv_stats stats;
    kv_stats(disk->e.kv, &stats);
    return stats.refusing_writes;
}

static void fill_and_recover(uint64_t free_bytes_min, off_t ballast) {
    struct disk disk = {};
    if (!disk_mount(&disk))
        return;
    disk_open(&disk, free_bytes_min);
    for (int i = 0; i < 30; i++)
        assert_status(put_next(&disk, disk.acknowledged++), ST_OK);
    ballast_add(&disk, ballast);
    write_until_refused(&disk);
    disk_verify(&disk);
    struct lost_writes lost;
    assert_status(lost_file_read(disk.e.directory, &lost), ST_OK);
    assert_true(lost.last_log != 0 || free_bytes_min != 0); /* writing that needed no room */
    if (free_bytes_min == 0) { /* it stays so; above a reserve a compaction may have made room */
        usleep(300000);
        assert_status(put_next(&disk, disk.acknowledged), ST_FULL);
        disk_verify(&disk);
    }

    assert_int_equal(unlink(disk.ballast), 0);
    write_when_accepted_again(&disk);
    assert_false(is_refusing(&disk));
    assert_status(lost_file_read(disk.e.directory, &lost), ST_OK);
    assert_int_equal(lost.last_log, 0);
    for (int i = 0; i < 10; i++)
        assert_status(put_next(&disk, disk.acknowledged++), ST_OK);
    disk_verify(&disk);
    kv_close(disk.e.kv);
    arena_free(disk.e.arena);
    disk_open(&disk, free_bytes_min);
    disk_verify(&disk);
    assert_status(put_next(&disk, disk.acknowledged++), ST_OK);
    disk_done(&disk);
}

static void below_the_reserve_writes_are_refused_until_space_returns(void **state) {
    (void)state;
    fill_and_recover(RESERVE, DISK_BYTES / 2);
}

static void a_full_disk_loses_nothing_acknowledged_and_recovers(void **state) {
    (void)state;
    fill_and_recover(0, DISK_BYTES * 3 / 4);
}

static void a_disk_that_is_full_at_the_start_refuses_writes_only(void **state) {
    (void)state;
    struct disk disk = {};
    if (!disk_mount(&disk))
        return;
    disk_open(&disk, RESERVE);
    assert_status(put_next(&disk, disk.acknowledged++), ST_OK);
    kv_close(disk.e.kv);
    arena_free(disk.e.arena);
    ballast_add(&disk, DISK_BYTES - RESERVE / 2);
    disk_open(&disk, RESERVE);
    assert_status(put_next(&disk, disk.acknowledged), ST_FULL);
    disk_verify(&disk);
    /* What frees space is let through. */
    assert_status(kv_drop_range(disk.e.kv, STR("m"), STR("n")), ST_OK);
    engine_delete(disk.e.kv, STR("m"));
    assert_status(put_next(&disk, disk.acknowledged), ST_FULL);
    unlink(disk.ballast);
    write_when_accepted_again(&disk);
    disk_done(&disk);
}

/* ---- many at once ---- */

/* All numbers together fit the disk several times over, so that the crowd cannot fill it by itself,
 * however late the thread that gives space back is. */
enum { THREADS = 4, NUMBERS_MAX = 4000, CROWD_BYTES = 4000, BEFORE_FULL = 300, PAUSE_US = 1000 };

enum outcome { UNTRIED, DURABLE, NOT_WRITTEN };

struct crowd {
    struct kv *kv;
    char bytes[CROWD_BYTES];
    atomic_int next;
    atomic_bool stop;
    enum outcome outcomes[NUMBERS_MAX]; /* each written by one thread */
};

struct crowd_put {
    struct crowd *crowd;
    int number;
};

static status crowd_body(struct kv_txn *txn, void *context) {
    const struct crowd_put *put = context;
    char key[16];
    snprintf(key, sizeof key, "n%06d", put->number);
    kv_txn_put(txn, str_from_c(key), (str){put->crowd->bytes, sizeof put->crowd->bytes});
    kv_txn_add(txn, STR("count"), 1);
    return ST_OK;
}

/* A number is tried once: it is there afterwards if and only if that worked. */
static void crowd_write(int number, void *context) {
    struct crowd *crowd = context;
    (void)number;
    while (!atomic_load(&crowd->stop)) {
        struct crowd_put put = {crowd, atomic_fetch_add(&crowd->next, 1)};
        uint64_t ticket;
        if (put.number >= NUMBERS_MAX)
            return;
        status st = kv_update(crowd->kv, &(struct kv_keys){}, crowd_body, &put, &ticket);
        if (st == ST_OK)
            st = kv_ticket_wait(crowd->kv, ticket);
        CHECK(st == ST_OK || st == ST_FULL);
        crowd->outcomes[put.number] = st == ST_OK ? DURABLE : NOT_WRITTEN;
        usleep(st == ST_OK ? PAUSE_US : 10 * PAUSE_US);
    }
}

static void crowd_verify(struct disk *disk, const struct crowd *crowd) {
    int64_t durable = 0;
    str counter;
    arena_mark mark = arena_get_mark(disk->e.arena);
    for (int i = 0; i < NUMBERS_MAX; i++) {
        status want = crowd->outcomes[i] == DURABLE ? ST_OK : ST_NOT_FOUND;
        assert_status(kv_find(disk->e.kv, NULL, disk->e.arena, key_of(disk, i), &(str){}), want);
        durable += want == ST_OK;
    }
    assert_status(kv_find(disk->e.kv, NULL, disk->e.arena, STR("count"), &counter), ST_OK);
    assert_int_equal(kv_counter_value(counter), durable);
    arena_rewind(disk->e.arena, mark);
}

/* Another thread of the crowd: takes the space away, gives it back, ends the run. */
static void crowd_or_disk(int number, void *context) {
    struct disk *disk = ((void **)context)[0];
    struct crowd *crowd = ((void **)context)[1];
    if (number < THREADS) {
        crowd_write(number, crowd);
        return;
    }
    while (atomic_load(&crowd->next) < BEFORE_FULL)
        usleep(PAUSE_US);
    ballast_add(disk, DISK_BYTES);
    int64_t until = clock_monotonic_us() + RECOVERY_US;
    while (!is_refusing(disk) && clock_monotonic_us() < until)
        usleep(1000);
    CHECK(unlink(disk->ballast) == 0);
    while (is_refusing(disk) && clock_monotonic_us() < until)
        usleep(1000);
    usleep(50000);
    atomic_store(&crowd->stop, true);
}

static void what_a_crowd_was_told_about_a_full_disk_is_true(void **state) {
    (void)state;
    struct disk disk = {};
    static struct crowd crowd;
    if (!disk_mount(&disk))
        return;
    disk_open(&disk, 0);
    crowd.kv = disk.e.kv;
    str bytes = bytes_of(&disk, 7);
    memcpy(crowd.bytes, bytes.ptr, sizeof crowd.bytes);
    engine_threads(THREADS + 1, crowd_or_disk, (void *[]){&disk, &crowd});
    assert_false(is_refusing(&disk));
    crowd_verify(&disk, &crowd);
    kv_close(disk.e.kv);
    arena_free(disk.e.arena);
    disk_open(&disk, 0);
    crowd_verify(&disk, &crowd);
    disk_done(&disk);
}

int main(int argc, char **argv) {
    engine_arguments(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_the_reserve_writes_are_refused_until_space_returns),
        cmocka_unit_test(a_full_disk_loses_nothing_acknowledged_and_recovers),
        cmocka_unit_test(what_a_crowd_was_told_about_a_full_disk_is_true),
        cmocka_unit_test(a_disk_that_is_full_at_the_start_refuses_writes_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
