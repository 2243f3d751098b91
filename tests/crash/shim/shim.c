/* A disk between the server and the kernel, put there by LD_PRELOAD. It keeps a journal of every
 * mutation of the files in the data directory, ends the process after a given number of them, and
 * makes calls fail by rules that may change while the server runs.
 *
 * What a power cut would have left is not made here: lib/disk.mjs makes it from the journal. So an
 * fsync need not reach a disk; it takes as long as the driver says, outside of the lock, which is
 * what makes updates meet in groups. Its begin and its end are two records: what is written
 * between them is not saved by it.
 *
 * Streams of stdio (RocksDB's own LOG) are not seen. */
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

enum { FDS_MAX = 1 << 16, NAMES_MAX = 512 };

struct file {
    uint32_t class; /* 0: not ours */
    uint64_t inode; /* 0: the directory */
};

static struct {
    int (*open)(const char *, int, ...);
    int (*close)(int);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*writev)(int, const struct iovec *, int);
    ssize_t (*pwrite)(int, const void *, size_t, off_t);
    ssize_t (*pread)(int, void *, size_t, off_t);
    int (*ftruncate)(int, off_t);
    int (*fallocate)(int, int, off_t, off_t);
    int (*rename)(const char *, const char *);
    int (*link)(const char *, const char *);
    int (*unlink)(const char *);
    int (*clock_gettime)(clockid_t, struct timespec *);
} real;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct control none;
static struct control *control = &none;
static const char *directory;
static size_t directory_len;
static int journal = -1;
static struct file files[FDS_MAX];

static void *next(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

static void begin(void) {
#define REAL(name) *(void **)&real.name = next(#name)
    REAL(open), REAL(close), REAL(write), REAL(writev), REAL(pwrite), REAL(pread);
    REAL(ftruncate), REAL(fallocate), REAL(rename), REAL(link), REAL(unlink), REAL(clock_gettime);
#undef REAL
    const char *control_name = getenv("STATOR_DISK_CONTROL");
    const char *journal_name = getenv("STATOR_DISK_JOURNAL");
    directory = getenv("STATOR_DISK_DIRECTORY");
    if (directory == NULL || control_name == NULL)
        return;
    directory_len = strlen(directory);
    int fd = real.open(control_name, O_RDWR | O_CLOEXEC);
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || mapped == MAP_FAILED)
        abort();
    control = mapped;
    real.close(fd);
    if (journal_name != NULL)
        journal = real.open(journal_name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void ready(void) {
    pthread_once(&once, begin);
}

/* ---- files ---- */

/* The name of a file directly in the data directory, "" for itself, NULL for any other. */
static const char *name_of(const char *path) {
    if (directory == NULL || strncmp(path, directory, directory_len) != 0)
        return NULL;
    const char *name = path + directory_len;
    if (*name != '\0' && *name != '/')
        return NULL;
    while (*name == '/')
        name++;
    return strchr(name, '/') != NULL || strcmp(name, "..") == 0 ? NULL : name;
}

static bool ends_with(const char *name, const char *end) {
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

static uint32_t class_of(const char *name) {
    if (*name == '\0')
        return FILE_DIRECTORY;
    if (ends_with(name, ".log"))
        return FILE_LOG;
    if (ends_with(name, ".sst"))
        return FILE_TABLE;
    return strncmp(name, "MANIFEST", 8) == 0 ? FILE_MANIFEST : FILE_OTHER;
}

static struct file file_of(int fd) {
    return fd >= 0 && fd < FDS_MAX ? files[fd] : (struct file){};
}

/* ---- rules ---- */

/* The rule that hits this call, or NULL; counts. */
static const struct rule *hit(uint32_t call, uint32_t class) {
    for (size_t i = 0; i < RULES_MAX; i++) {
        struct rule *rule = &control->rules[i];
        if (!(rule->calls & call) || !(rule->files & class))
            continue;
        if (__atomic_load_n(&rule->skip, __ATOMIC_RELAXED) > 0) {
            __atomic_fetch_sub(&rule->skip, 1, __ATOMIC_RELAXED);
        } else if (__atomic_load_n(&rule->times, __ATOMIC_RELAXED) > 0) {
            __atomic_fetch_sub(&rule->times, 1, __ATOMIC_RELAXED);
            __atomic_fetch_add(&rule->hits, 1, __ATOMIC_RELAXED);
            return rule;
        }
    }
    return NULL;
}

static bool fails(uint32_t call, uint32_t class) {
    const struct rule *rule = class ? hit(call, class) : NULL;
    if (rule != NULL)
        errno = (int)rule->error;
    return rule != NULL;
}

/* ---- journal ---- */

static void put(const void *bytes, size_t len) {
    for (const char *at = bytes; len > 0;) {
        ssize_t written = real.write(journal, at, len);
        if (written < 0)
            abort();
        at += written;
        len -= (size_t)written;
    }
}

/* The lock is held. The number of the record; the process ends here when its time has come. */
static uint64_t record(struct record head, const char *names, const void *data) {
    int kept = errno;
    head.number = ++control->count;
    if (journal >= 0) {
        put(&head, sizeof head);
        put(names, head.name_len);
        put(data, head.len);
    }
    if (control->crash_at != 0 && head.number >= control->crash_at)
        for (;;) /* the sandbox refuses kill(2), and lets this one pass */
            tgkill(getpid(), gettid(), SIGKILL);
    errno = kept;
    return head.number;
}

static void record_names(uint32_t kind, const char *name, const char *other, uint64_t inode) {
    char names[NAMES_MAX];
    int len = other != NULL ? snprintf(names, sizeof names, "%s%c%s", name, 0, other)
                            : snprintf(names, sizeof names, "%s", name);
    if (len < 0 || len >= NAMES_MAX)
        abort();
    record((struct record){.kind = kind, .name_len = (uint32_t)len, .inode = inode}, names, NULL);
}

/* ---- calls ---- */

static int open_ours(const char *name, const char *path, int flags, mode_t mode) {
    struct stat before, now;
    if (fails(CALL_OPEN, class_of(name)))
        return -1;
    pthread_mutex_lock(&lock);
    bool was_there = stat(path, &before) == 0;
    int fd = real.open(path, flags, mode);
    if (fd >= FDS_MAX || (fd >= 0 && fstat(fd, &now) != 0))
        abort();
    if (fd >= 0) {
        files[fd] = (struct file){class_of(name), *name ? now.st_ino : 0};
        if (!was_there)
            record_names(RECORD_CREATE, name, NULL, now.st_ino);
        else if ((flags & O_TRUNC) && before.st_size > 0)
            record((struct record){.kind = RECORD_TRUNCATE, .inode = now.st_ino}, NULL, NULL);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

EXPORTED int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    ready();
    if (flags & (O_CREAT | O_TMPFILE)) {
        va_list list;
        va_start(list, flags);
        mode = va_arg(list, mode_t);
        va_end(list);
    }
    const char *name = name_of(path);
    return name != NULL ? open_ours(name, path, flags, mode) : real.open(path, flags, mode);
}

EXPORTED int open64(const char *path, int flags, ...) __attribute__((alias("open")));

EXPORTED int close(int fd) {
    ready();
    if (fd >= 0 && fd < FDS_MAX)
        files[fd] = (struct file){};
    return real.close(fd);
}

/* At an offset, or (-1) where the file stands. */
static ssize_t write_ours(int fd, struct file file, const void *data, size_t len, off_t offset) {
    const struct rule *rule = hit(CALL_WRITE, file.class);
    if (rule != NULL && rule->mode == MODE_SHORT && len < 2)
        rule = NULL; /* there is no half of one byte */
    if (rule != NULL && (rule->mode == MODE_FAIL || len < 2)) {
        errno = (int)rule->error;
        return -1;
    }
    if (rule != NULL)
        len /= 2;
    pthread_mutex_lock(&lock);
    ssize_t written = offset < 0 ? real.write(fd, data, len) : real.pwrite(fd, data, len, offset);
    if (written > 0) {
        off_t at = offset < 0 ? lseek(fd, 0, SEEK_CUR) - written : offset;
        record((struct record){.kind = RECORD_WRITE,
                               .inode = file.inode,
                               .offset = (uint64_t)at,
                               .len = (uint64_t)written},
               NULL, data);
    }
    pthread_mutex_unlock(&lock);
    if (rule == NULL || rule->mode == MODE_SHORT)
        return written;
    errno = (int)rule->error;
    return -1;
}

EXPORTED ssize_t write(int fd, const void *data, size_t len) {
    ready();
    struct file file = file_of(fd);
    return file.class ? write_ours(fd, file, data, len, -1) : real.write(fd, data, len);
}

EXPORTED ssize_t pwrite(int fd, const void *data, size_t len, off_t offset) {
    ready();
    struct file file = file_of(fd);
    return file.class ? write_ours(fd, file, data, len, offset)
                      : real.pwrite(fd, data, len, offset);
}

EXPORTED ssize_t pwrite64(int fd, const void *data, size_t len, off_t offset)
    __attribute__((alias("pwrite")));

/* A short answer is allowed, so the first part will do. */
EXPORTED ssize_t writev(int fd, const struct iovec *parts, int count) {
    ready();
    struct file file = file_of(fd);
    if (file.class == 0)
        return real.writev(fd, parts, count);
    return count > 0 ? write_ours(fd, file, parts[0].iov_base, parts[0].iov_len, -1) : 0;
}

EXPORTED ssize_t pread(int fd, void *data, size_t len, off_t offset) {
    ready();
    struct file file = file_of(fd);
    const struct rule *rule = file.class ? hit(CALL_READ, file.class) : NULL;
    if (rule == NULL)
        return real.pread(fd, data, len, offset);
    if (rule->mode == MODE_SHORT && len > 1)
        return real.pread(fd, data, len / 2, offset);
    errno = (int)rule->error;
    return -1;
}

EXPORTED ssize_t pread64(int fd, void *data, size_t len, off_t offset)
    __attribute__((alias("pread")));

static uint64_t record_sync(uint32_t kind, struct file file, uint64_t begun) {
    pthread_mutex_lock(&lock);
    uint64_t number =
        record((struct record){.kind = kind, .inode = file.inode, .offset = begun}, NULL, NULL);
    pthread_mutex_unlock(&lock);
    return number;
}

static int sync_ours(struct file file) {
    uint64_t begun = record_sync(RECORD_SYNC_BEGIN, file, 0);
    if (control->sync_us > 0)
        usleep((useconds_t)control->sync_us);
    bool failed = fails(CALL_SYNC, file.class);
    record_sync(failed ? RECORD_SYNC_LOST : RECORD_SYNC_END, file, begun);
    return failed ? -1 : 0;
}

EXPORTED int fsync(int fd) {
    ready();
    struct file file = file_of(fd);
    return file.class ? sync_ours(file) : 0;
}

EXPORTED int fdatasync(int fd) __attribute__((alias("fsync")));

/* Promises nothing about a power cut. */
EXPORTED int sync_file_range(int fd, off_t offset, off_t len, unsigned int flags) {
    (void)fd, (void)offset, (void)len, (void)flags;
    return 0;
}

static int resize(int fd, struct file file, uint32_t kind, off_t size, int result) {
    if (result == 0 && file.class)
        record((struct record){.kind = kind, .inode = file.inode, .offset = (uint64_t)size}, NULL,
               NULL);
    (void)fd;
    return result;
}

EXPORTED int ftruncate(int fd, off_t size) {
    ready();
    pthread_mutex_lock(&lock);
    int result = resize(fd, file_of(fd), RECORD_TRUNCATE, size, real.ftruncate(fd, size));
    pthread_mutex_unlock(&lock);
    return result;
}

EXPORTED int ftruncate64(int fd, off_t size) __attribute__((alias("ftruncate")));

EXPORTED int fallocate(int fd, int mode, off_t offset, off_t len) {
    ready();
    struct file file = file_of(fd);
    if (file.class && mode != 0) /* space that is kept or given back shows nowhere */
        return 0;
    pthread_mutex_lock(&lock);
    int result =
        resize(fd, file, RECORD_EXTEND, offset + len, real.fallocate(fd, mode, offset, len));
    pthread_mutex_unlock(&lock);
    return result;
}

EXPORTED int posix_fallocate(int fd, off_t offset, off_t len) {
    return fallocate(fd, 0, offset, len) == 0 ? 0 : errno;
}

static int two_names(uint32_t kind, int (*call)(const char *, const char *), const char *from,
                     const char *to) {
    const char *from_name = name_of(from), *to_name = name_of(to);
    if (from_name == NULL || to_name == NULL)
        return call(from, to);
    if (fails(CALL_RENAME, class_of(to_name)))
        return -1;
    pthread_mutex_lock(&lock);
    int result = call(from, to);
    if (result == 0)
        record_names(kind, from_name, to_name, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

EXPORTED int rename(const char *from, const char *to) {
    ready();
    return two_names(RECORD_RENAME, real.rename, from, to);
}

EXPORTED int link(const char *from, const char *to) {
    ready();
    return two_names(RECORD_LINK, real.link, from, to);
}

EXPORTED int unlink(const char *path) {
    ready();
    const char *name = name_of(path);
    if (name == NULL)
        return real.unlink(path);
    if (fails(CALL_UNLINK, class_of(name)))
        return -1;
    pthread_mutex_lock(&lock);
    int result = real.unlink(path);
    if (result == 0)
        record_names(RECORD_UNLINK, name, NULL, 0);
    pthread_mutex_unlock(&lock);
    return result;
}

/* ---- the wall clock ---- */

EXPORTED int clock_gettime(clockid_t id, struct timespec *out) {
    ready();
    int result = real.clock_gettime(id, out);
    if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
        int64_t us = __atomic_load_n(&control->clock_us, __ATOMIC_RELAXED) + out->tv_nsec / 1000;
        int64_t seconds = us / 1000000 - (us % 1000000 < 0);
        out->tv_sec += seconds;
        out->tv_nsec = (us - seconds * 1000000) * 1000 + out->tv_nsec % 1000;
    }
    return result;
}

EXPORTED int gettimeofday(struct timeval *restrict out, void *restrict zone) {
    struct timespec now;
    (void)zone;
    int result = clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return result;
}

EXPORTED time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}
