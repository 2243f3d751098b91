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
#include <time.h>
#include <unistd.h>

enum { DROPPED_LINE_MAX = 128, GATHER_US = 5000 };

/* `filling` is where lines go, `leaving` what the thread writes; they change places. */
struct audit {
    pthread_t thread;
    const char *path;
    bool strict;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t more;
    char *filling;
    size_t filled;
    uint64_t dropped;
    bool stopping, reopen, failing, waiting;
    /* the thread's own */
    int fd;
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

/* The old file stays when there can be no new one. */
static void swap_file(struct audit *audit) {
    int fd = open_file(audit->path);
    if (fd < 0) {
        log_error("event=audit_log_kept file=\"%s\" problem=\"%s\"", audit->path, strerror(errno));
        return;
    }
    close(audit->fd);
    audit->fd = fd;
    log_info("event=audit_log_opened file=\"%s\"", audit->path);
}

static void tell(struct audit *audit, bool failing) {
    if (failing && !audit->failing)
        log_error("event=audit_log_failing file=\"%s\" problem=\"%s\"", audit->path,
                  strerror(errno));
    else if (!failing && audit->failing)
        log_info("event=audit_log_works file=\"%s\"", audit->path);
}

/* Locked. There is room: `filling` has just become empty. */
static void add_dropped(struct audit *audit) {
    if (audit->dropped == 0)
        return;
    int len = snprintf(audit->filling, DROPPED_LINE_MAX, "{\"time_us\":%lld,\"dropped\":%llu}\n",
                       (long long)clock_wall_us(), (unsigned long long)audit->dropped);
    audit->filled = (size_t)len;
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
    bool failing = !fine;
    tell(audit, failing);
    if (reopen)
        swap_file(audit);
    pthread_mutex_lock(&audit->lock);
    audit->failing = failing;
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
        if (audit->stopping && (idle || audit->failing))
            break;
        if (idle || audit->failing) {
            audit->waiting = idle;
            if (idle)
                pthread_cond_wait(&audit->more, &audit->lock);
            else
                second_passes(audit);
            audit->waiting = false;
        }
        if (!audit->stopping)
            gather(audit);
        write_out(audit);
    }
    pthread_mutex_unlock(&audit->lock);
    return NULL;
}

status audit_open(const char *path, bool strict, struct audit **out) {
    int fd = open_file(path);
    if (fd < 0)
        return ST_IO;
    struct audit *audit = calloc(1, sizeof *audit);
    CHECK(audit != NULL);
    audit->path = path;
    audit->strict = strict;
    audit->fd = fd;
    audit->filling = malloc(AUDIT_QUEUE_BYTES);
    audit->leaving = malloc(AUDIT_QUEUE_BYTES);
    CHECK(audit->filling != NULL && audit->leaving != NULL);
    pthread_mutex_init(&audit->lock, NULL);
    pthread_cond_init(&audit->more, NULL);
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
    close(audit->fd);
    pthread_mutex_destroy(&audit->lock);
    pthread_cond_destroy(&audit->more);
    free(audit->filling);
    free(audit->leaving);
    free(audit);
}

void audit_add(struct audit *audit, str line) {
    pthread_mutex_lock(&audit->lock);
    if (AUDIT_QUEUE_BYTES - audit->filled >= line.len) {
        memcpy(audit->filling + audit->filled, line.ptr, line.len);
        audit->filled += line.len;
    } else {
        audit->dropped++;
    }
    if (audit->waiting) {
        audit->waiting = false;
        pthread_cond_signal(&audit->more);
    }
    pthread_mutex_unlock(&audit->lock);
}

/* Half a queue is for the lines of requests that were let in before. */
bool audit_ready(struct audit *audit) {
    if (!audit->strict)
        return true;
    pthread_mutex_lock(&audit->lock);
    bool ready = !audit->failing && audit->filled < AUDIT_QUEUE_BYTES / 2;
    pthread_mutex_unlock(&audit->lock);
    return ready;
}

void audit_reopen(struct audit *audit) {
    pthread_mutex_lock(&audit->lock);
    audit->reopen = true;
    pthread_cond_signal(&audit->more);
    pthread_mutex_unlock(&audit->lock);
}
