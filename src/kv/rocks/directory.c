/* The data directory: whose it is, and that only one process uses it.
 *
 *   STATOR       text; says that the directory is ours, and in which format
 *   LOCK.stator  held by flock(2) for as long as the engine is open
 *   the rest     RocksDB's
 *
 * STATOR is written before RocksDB makes its files ("state new") and again afterwards ("state
 * ready"). So a crash in between is a directory that can be opened, and a ready directory whose
 * data is missing is an error, not a new database. */
#include "base/check.h"
#include "base/clock.h"
#include "kv/rocks/rocks_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { FORMAT_VERSION = 1, MARK_MAX = 512, PATH_SIZE = 4096 };

#define MARK_FILE "STATOR"
#define MARK_FILE_NEW "STATOR.new"
#define LOCK_FILE "LOCK.stator"

static void close_keeping_errno(int fd) {
    int kept = errno;
    close(fd);
    errno = kept;
}

/* Makes names in a directory survive a power cut. */
static status directory_sync(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ST_IO;
    status st = fsync(fd) == 0 ? ST_OK : ST_IO;
    close_keeping_errno(fd);
    return st;
}

static status path_join(char out[PATH_SIZE], const char *directory, const char *name) {
    int len = snprintf(out, PATH_SIZE, "%s/%s", directory, name);
    if (len >= 0 && len < PATH_SIZE)
        return ST_OK;
    errno = ENAMETOOLONG;
    return ST_IO;
}

uint64_t disk_free(const char *path) {
    struct statvfs fs;
    return statvfs(path, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : UINT64_MAX;
}

/* ---- the mark ---- */

static status mark_write(int fd, bool ready) {
    char text[MARK_MAX], time_text[32];
    time_t seconds = (time_t)(clock_wall_us() / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    int len = snprintf(text, sizeof text, "stator-data %d\nengine rocks\nstate %s\ncreated %s\n",
                       FORMAT_VERSION, ready ? "ready" : "new", time_text);
    CHECK(len > 0 && len < MARK_MAX);
    ssize_t written = write(fd, text, (size_t)len);
    if (written >= 0 && written != len)
        errno = ENOSPC;
    return written == len && fsync(fd) == 0 ? ST_OK : ST_IO;
}

status directory_mark(const char *path, bool ready) {
    char name[PATH_SIZE], name_new[PATH_SIZE];
    TRY(path_join(name, path, MARK_FILE));
    TRY(path_join(name_new, path, MARK_FILE_NEW));
    int fd = open(name_new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return errno == ENOSPC ? ST_FULL : ST_IO;
    status st = mark_write(fd, ready);
    close_keeping_errno(fd);
    TRY(st);
    if (rename(name_new, name) != 0)
        return ST_IO;
    return directory_sync(path);
}

/* A line "name value" of the mark; absent when there is none. */
static str mark_line(str text, str name) {
    while (text.len > 0) {
        size_t end = str_find(text, '\n');
        str line = str_slice(text, 0, end);
        if (str_starts_with(line, name) && line.len > name.len && line.ptr[name.len] == ' ')
            return str_slice(line, name.len + 1, line.len);
        text = str_slice(text, end < text.len ? end + 1 : end, text.len);
    }
    return (str){};
}

/* NOT_FOUND when there is no mark. */
static status mark_read(const char *path, bool *out_ready) {
    char name[PATH_SIZE], text[MARK_MAX];
    TRY(path_join(name, path, MARK_FILE));
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ST_NOT_FOUND : ST_IO;
    ssize_t len = read(fd, text, sizeof text);
    close_keeping_errno(fd);
    if (len < 0)
        return ST_IO;
    str mark = {text, (size_t)len};
    uint64_t version;
    str state = mark_line(mark, STR("state"));
    if (!str_to_u64(mark_line(mark, STR("stator-data")), &version))
        return ST_CORRUPT;
    if (version > FORMAT_VERSION)
        return ST_NEWER;
    if (!str_eq(mark_line(mark, STR("engine")), STR("rocks")))
        return ST_INVALID;
    if (!str_eq(state, STR("ready")) && !str_eq(state, STR("new")))
        return ST_CORRUPT;
    *out_ready = str_eq(state, STR("ready"));
    return ST_OK;
}

/* ---- holding it ---- */

static bool is_harmless(const char *name) {
    static const char *const names[] = {".", "..", "lost+found", LOCK_FILE, MARK_FILE_NEW};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* INVALID when it holds files that we did not put there. */
static status directory_is_empty(const char *path) {
    DIR *directory = opendir(path);
    if (directory == NULL)
        return ST_IO;
    bool empty = true;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        empty = empty && is_harmless(entry->d_name);
    closedir(directory);
    return empty ? ST_OK : ST_INVALID;
}

static status directory_make(const char *path) {
    char parent[PATH_SIZE];
    if (mkdir(path, 0755) != 0)
        return errno == EEXIST ? ST_OK : ST_IO;
    TRY(path_join(parent, path, ".."));
    return directory_sync(parent);
}

static status lock_take(const char *path, int *out_fd) {
    char name[PATH_SIZE];
    TRY(path_join(name, path, LOCK_FILE));
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return ST_IO;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        status st = errno == EWOULDBLOCK ? ST_IN_USE : ST_IO;
        close_keeping_errno(fd);
        return st;
    }
    *out_fd = fd;
    return ST_OK;
}

status directory_hold(const char *path, int *out_lock_fd, bool *out_fresh) {
    bool ready = false;
    int fd;
    TRY(directory_make(path));
    /* Before a file is made in what may be somebody else's directory. */
    status st = mark_read(path, &ready);
    if (st == ST_NOT_FOUND)
        st = directory_is_empty(path);
    TRY(st);
    TRY(lock_take(path, &fd));
    st = mark_read(path, &ready); /* again: another process may just have made it */
    if (st == ST_NOT_FOUND)
        st = directory_mark(path, false);
    if (st != ST_OK) {
        close_keeping_errno(fd);
        return st;
    }
    *out_lock_fd = fd;
    *out_fresh = !ready;
    return ST_OK;
}
