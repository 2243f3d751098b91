#include "server/audit.h"

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    DROPPED_LINE_MAX = 128,
    GATHER_US = 5000,
    ROOM_STEP = 8 * 1024 * 1024, /* reserved on the disk at one time */
    ROOM_LOW = ROOM_STEP / 2,
};

/* `filling` is where lines go, `leaving` what the thread writes; they change places.
 *
 * Strict: the file has space reserved behind its end. Of that, what waits in both buffers and
 * `reserved` are spoken for, and `unclaimed` is the rest: writing moves the end through what is
 * spoken for, and changes nothing here. */
struct audit {
    pthread_t thread;
    const char *path;
    bool strict;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more;
    pthread_cond_t roomier; /* or failing: who waits for room looks again */
    char *filling;
    size_t filled, size; /* of a buffer */
    size_t reserved, unclaimed;
    uint64_t dropped;
    bool stopping, reopen, waiting;
    bool stuck;   /* a line could not be written */
    bool no_room; /* nothing could be reserved */
    /* the thread's own */
    int fd;
    off_t reserved_to; /* place in the file */
    char *leaving;
    size_t left, written;
};

static int open_file(const char *path) {
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void second_passes(struct audit *audit) {
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec++;
    pthread_cond_timedwait(&audit->more, &audit->lock, &until);
}

/* A torn last line of a full disk is completed when space returns. */
static bool write_some(struct audit *audit) {
    while (audit->written < audit->left) {
        ssize_t written =
            write(audit->fd, audit->leaving + audit->written, audit->left - audit->written);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        audit->written += (size_t)written;
    }
    audit->left = audit->written = 0;
    return true;
}

/* ---- room on the disk ---- */

/* Space of the file behind `from`; its length stays. */
static bool reserve_space(int fd, off_t from, off_t bytes) {
    int result;
    do
        result = fallocate(fd, FALLOC_FL_KEEP_SIZE, from, bytes);
    while (result != 0 && errno == EINTR);
    return result == 0;
}

static struct stat stat_of(int fd) {
    struct stat file;
    return fstat(fd, &file) == 0 ? file : (struct stat){};
}

static off_t length_of(int fd) {
    return stat_of(fd).st_size;
}

/* What was reserved and not written goes back, unless `next` (-1: none) is the same file. */
static void close_file(const struct audit *audit, int next) {
    struct stat old = stat_of(audit->fd), new = stat_of(next);
    if (audit->strict && (old.st_dev != new.st_dev || old.st_ino != new.st_ino))
        (void)!ftruncate(audit->fd, old.st_size);
    close(audit->fd);
}

/* Locked. */
static bool wants_room(const struct audit *audit) {
    return audit->strict && audit->unclaimed < ROOM_LOW;
}

/* Locked. */
static bool is_failing(const struct audit *audit) {
    return audit->stuck || audit->no_room;
}

/* Locked on entry and exit; errno says why something failed. */
static void set_trouble(struct audit *audit, bool stuck, bool no_room) {
    int why = errno;
    bool before = is_failing(audit);
    audit->stuck = stuck;
    audit->no_room = no_room;
    bool after = is_failing(audit);
    if (before == after)
        return;
    pthread_cond_broadcast(&audit->roomier);
    pthread_mutex_unlock(&audit->lock);
    if (after)
        log_error("event=audit_log_failing file=\"%s\" problem=\"%s\"", audit->path, strerror(why));
    else
        log_info("event=audit_log_works file=\"%s\"", audit->path);
    pthread_mutex_lock(&audit->lock);
}

/* Locked on entry and exit; unlocked while the disk is asked. */
static void make_room(struct audit *audit) {
    if (!wants_room(audit)) { /* if there was none, requests gave theirs back */
        set_trouble(audit, audit->stuck, false);
        return;
    }
    pthread_mutex_unlock(&audit->lock);
    bool made = reserve_space(audit->fd, audit->reserved_to, ROOM_STEP);
    pthread_mutex_lock(&audit->lock);
    if (made) {
        audit->reserved_to += ROOM_STEP;
        audit->unclaimed += ROOM_STEP;
        pthread_cond_broadcast(&audit->roomier);
    }
    set_trouble(audit, audit->stuck, !made);
}

/* As much behind the end of a new file as is spoken for and unclaimed in the old one. Meanwhile
 * others only move bytes between the parts of that sum. */
static bool move_room(struct audit *audit, int fd) {
    if (!audit->strict)
        return true;
    pthread_mutex_lock(&audit->lock);
    size_t ahead = (audit->left - audit->written) + audit->filled + audit->reserved +
                   audit->unclaimed + ROOM_STEP;
    pthread_mutex_unlock(&audit->lock);
    off_t from = length_of(fd);
    if (!reserve_space(fd, from, (off_t)ahead))
        return false;
    audit->reserved_to = from + (off_t)ahead;
    pthread_mutex_lock(&audit->lock);
    audit->unclaimed += ROOM_STEP;
    pthread_mutex_unlock(&audit->lock);
    return true;
}

/* The old file stays when there can be no new one. */
static void swap_file(struct audit *audit) {
    int fd = open_file(audit->path);
    if (fd < 0 || !move_room(audit, fd)) {
        log_error("event=audit_log_kept file=\"%s\" problem=\"%s\"", audit->path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return;
    }
    close_file(audit, fd);
    audit->fd = fd;
    log_info("event=audit_log_opened file=\"%s\"", audit->path);
}

/* ---- the thread ---- */

/* Locked. There is room: `filling` has just become empty. */
static void add_dropped(struct audit *audit) {
    if (audit->dropped == 0)
        return;
    int len = snprintf(audit->filling, DROPPED_LINE_MAX, "{\"time_us\":%lld,\"dropped\":%llu}\n",
                       (long long)clock_wall_us(), (unsigned long long)audit->dropped);
    audit->filled = (size_t)len;
    audit->unclaimed -= audit->unclaimed < audit->filled ? audit->unclaimed : audit->filled;
    audit->dropped = 0;
}

/* Locked on entry and exit; unlocked while it writes. */
static void write_out(struct audit *audit) {
    bool reopen = audit->reopen;
    if (audit->left == 0) {
        char *empty = audit->leaving;
        audit->leaving = audit->filling;
        audit->left = audit->filled;
        audit->filling = empty;
        audit->filled = 0;
        add_dropped(audit);
    }
    audit->reopen = false;
    pthread_mutex_unlock(&audit->lock);
    bool fine = write_some(audit); /* what came before the wish goes to the file before it */
    int why = errno;
    if (reopen)
        swap_file(audit);
    pthread_mutex_lock(&audit->lock);
    errno = why;
    set_trouble(audit, !fine, audit->no_room);
}

/* Locked. Lines that come close together leave together: one wake-up and one write for hundreds of
 * them. */
static void gather(struct audit *audit) {
    pthread_mutex_unlock(&audit->lock);
    usleep(GATHER_US);
    pthread_mutex_lock(&audit->lock);
}

static void *audit_main(void *argument) {
    struct audit *audit = argument;
    thread_set_name("audit");
    pthread_mutex_lock(&audit->lock);
    for (;;) {
        bool idle = audit->filled == 0 && audit->left == 0 && !audit->reopen;
        if (audit->stopping && (idle || audit->stuck))
            break;
        idle = idle && !wants_room(audit) && !audit->no_room;
        if (!audit->stopping && (idle || is_failing(audit))) {
            audit->waiting = idle;
            if (idle)
                pthread_cond_wait(&audit->more, &audit->lock);
            else
                second_passes(audit);
            audit->waiting = false;
        }
        if (!audit->stopping) {
            make_room(audit);
            gather(audit);
        }
        write_out(audit);
    }
    pthread_mutex_unlock(&audit->lock);
    return NULL;
}

/* Whether space can be reserved at all; a full disk may have some later. */
static bool can_reserve(int fd) {
    return reserve_space(fd, length_of(fd), ROOM_STEP) || errno == ENOSPC || errno == EDQUOT ||
           errno == EFBIG;
}

status audit_open(const char *path, bool strict, struct audit **out) {
    int fd = open_file(path);
    if (fd < 0)
        return ST_IO;
    if (strict && !can_reserve(fd)) {
        int why = errno;
        close(fd);
        errno = why;
        return ST_IO;
    }
    struct audit *audit = calloc(1, sizeof *audit);
    CHECK(audit != NULL);
    audit->path = path;
    audit->strict = strict;
    audit->fd = fd;
    audit->reserved_to = length_of(fd);
    audit->size = strict ? AUDIT_STRICT_QUEUE_BYTES : AUDIT_QUEUE_BYTES;
    audit->filling = malloc(audit->size);
    audit->leaving = malloc(audit->size);
    CHECK(audit->filling != NULL && audit->leaving != NULL);
    pthread_mutex_init(&audit->lock, NULL);
    pthread_cond_init(&audit->more, NULL);
    pthread_cond_init(&audit->roomier, NULL);
    CHECK(pthread_create(&audit->thread, NULL, audit_main, audit) == 0);
    *out = audit;
    return ST_OK;
}

void audit_close(struct audit *audit) {
    if (audit == NULL)
        return;
    pthread_mutex_lock(&audit->lock);
    audit->stopping = true;
    pthread_cond_signal(&audit->more);
    pthread_mutex_unlock(&audit->lock);
    pthread_join(audit->thread, NULL);
    close_file(audit, -1);
    pthread_mutex_destroy(&audit->lock);
    pthread_cond_destroy(&audit->more);
    pthread_cond_destroy(&audit->roomier);
    free(audit->filling);
    free(audit->leaving);
    free(audit);
}

bool audit_is_strict(const struct audit *audit) {
    return audit->strict;
}

/* Locked. */
static void wake(struct audit *audit) {
    if (audit->waiting) {
        audit->waiting = false;
        pthread_cond_signal(&audit->more);
    }
}

/* Locked. */
static void give_back(struct audit *audit, size_t bytes) {
    CHECK(bytes <= audit->reserved);
    audit->reserved -= bytes;
    audit->unclaimed += bytes;
}

/* Locked. Whether `bytes` more find their place, in the queue and on the disk. */
static bool has_room(const struct audit *audit, size_t bytes) {
    return audit->size - audit->filled - audit->reserved >= bytes &&
           (!audit->strict || audit->unclaimed >= bytes);
}

status audit_reserve(struct audit *audit, size_t bytes) {
    status st = ST_OK;
    if (!audit->strict)
        return ST_OK;
    CHECK(bytes <= ROOM_LOW); /* less makes the thread reserve more */
    pthread_mutex_lock(&audit->lock);
    while (audit->unclaimed < bytes && !is_failing(audit) && st == ST_OK) {
        wake(audit);
        if (thread_may_wait())
            pthread_cond_wait(&audit->roomier, &audit->lock);
        else
            st = ST_WOULD_WAIT;
    }
    if (st == ST_OK && (is_failing(audit) || !has_room(audit, bytes)))
        st = ST_FULL;
    if (st == ST_OK) {
        audit->reserved += bytes;
        audit->unclaimed -= bytes;
        if (wants_room(audit))
            wake(audit);
    }
    pthread_mutex_unlock(&audit->lock);
    return st;
}

void audit_release(struct audit *audit, size_t bytes) {
    if (bytes == 0)
        return;
    pthread_mutex_lock(&audit->lock);
    give_back(audit, bytes);
    pthread_mutex_unlock(&audit->lock);
}

void audit_add(struct audit *audit, str line, size_t reserved) {
    pthread_mutex_lock(&audit->lock);
    give_back(audit, reserved);
    if (has_room(audit, line.len)) {
        memcpy(audit->filling + audit->filled, line.ptr, line.len);
        audit->filled += line.len;
        audit->unclaimed -= audit->strict ? line.len : 0;
    } else {
        audit->dropped++;
    }
    wake(audit);
    pthread_mutex_unlock(&audit->lock);
}

void audit_reopen(struct audit *audit) {
    pthread_mutex_lock(&audit->lock);
    audit->reopen = true;
    pthread_cond_signal(&audit->more);
    pthread_mutex_unlock(&audit->lock);
}
