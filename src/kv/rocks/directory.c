/* The data directory: whose it is, and that only one process uses it.
 *
 *   STATOR       text; says that the directory is ours, and in which format
 *   KEYS         of an encrypted one; kv/rocks/key_file.h
 *   LOST         which part of the log was told as lost; kv/rocks/lost_file.h
 *   LOCK.stator  held by flock(2) for as long as the engine is open
 *   the rest     RocksDB's
 *
 * Format 1 is plain, format 2 encrypted: a program that knows no encryption refuses it as newer.
 * STATOR is written before RocksDB makes its files ("state new") and again afterwards ("state
 * ready"). So a crash in between is a directory that can be opened, and a ready directory whose
 * data is missing is an error, not a new database. A copy (kv/rocks/copy.c) is "state copying"
 * until all of it is there, and is not opened before. */
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

enum { FORMAT_PLAIN = 1, FORMAT_ENCRYPTED = 2, MARK_MAX = 512 };

#define MARK_FILE "STATOR"
#define ENCRYPTION "aes-256"
#define LOCK_FILE "LOCK.stator"

static void close_keeping_errno(int fd) {
    int kept = errno;
    close(fd);
    errno = kept;
}

status directory_sync(const char *path) {
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return ST_IO;
    status st = fsync(fd) == 0 ? ST_OK : ST_IO;
    close_keeping_errno(fd);
    return st;
}

status directory_join(char out[DIRECTORY_PATH_SIZE], const char *directory, const char *name) {
    int len = snprintf(out, DIRECTORY_PATH_SIZE, "%s/%s", directory, name);
    if (len >= 0 && len < DIRECTORY_PATH_SIZE)
        return ST_OK;
    errno = ENAMETOOLONG;
    return ST_IO;
}

uint64_t disk_free(const char *path) {
    struct statvfs fs;
    return statvfs(path, &fs) == 0 ? (uint64_t)fs.f_bavail * fs.f_frsize : UINT64_MAX;
}

/* ---- files of our own ---- */

static status write_synced(int fd, str bytes) {
    ssize_t written = write(fd, bytes.ptr, bytes.len);
    if (written >= 0 && (size_t)written != bytes.len)
        errno = ENOSPC;
    return written == (ssize_t)bytes.len && fsync(fd) == 0 ? ST_OK : ST_IO;
}

status directory_put(const char *path, const char *file, str bytes, unsigned mode) {
    char name[DIRECTORY_PATH_SIZE], name_new[DIRECTORY_PATH_SIZE];
    TRY(directory_join(name, path, file));
    int len = snprintf(name_new, sizeof name_new, "%s.new", name);
    if (len >= DIRECTORY_PATH_SIZE) {
        errno = ENAMETOOLONG;
        return ST_IO;
    }
    int fd = open(name_new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (fd < 0)
        return errno == ENOSPC ? ST_FULL : ST_IO;
    status st = write_synced(fd, bytes);
    close_keeping_errno(fd);
    TRY(st);
    if (rename(name_new, name) != 0)
        return ST_IO;
    return directory_sync(path);
}

status directory_get(const char *path, const char *file, char *out, size_t size, size_t *out_len) {
    char name[DIRECTORY_PATH_SIZE];
    TRY(directory_join(name, path, file));
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? ST_NOT_FOUND : ST_IO;
    ssize_t len = read(fd, out, size);
    close_keeping_errno(fd);
    if (len < 0)
        return ST_IO;
    *out_len = (size_t)len;
    return ST_OK;
}

/* ---- the mark ---- */

status directory_mark(const char *path, const struct directory_mark *mark) {
    char text[MARK_MAX], time_text[32];
    time_t seconds = (time_t)(clock_wall_us() / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    strftime(time_text, sizeof time_text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    int len = snprintf(text, sizeof text, "stator-data %d\nengine rocks\n%sstate %s\ncreated %s\n",
                       mark->encrypted ? FORMAT_ENCRYPTED : FORMAT_PLAIN,
                       mark->encrypted ? "encryption " ENCRYPTION "\n" : "",
                       mark->ready     ? "ready"
                       : mark->copying ? "copying"
                                       : "new",
                       time_text);
    CHECK(len > 0 && len < MARK_MAX);
    return directory_put(path, MARK_FILE, (str){text, (size_t)len}, 0644);
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

status directory_read_mark(const char *path, struct directory_mark *out) {
    char text[MARK_MAX];
    size_t len;
    TRY(directory_get(path, MARK_FILE, text, sizeof text, &len));
    str mark = {text, len};
    uint64_t version;
    str state = mark_line(mark, STR("state"));
    if (!str_to_u64(mark_line(mark, STR("stator-data")), &version))
        return ST_CORRUPT;
    if (version > FORMAT_ENCRYPTED)
        return ST_NEWER;
    if (!str_eq(mark_line(mark, STR("engine")), STR("rocks")))
        return ST_INVALID;
    if (!str_eq(state, STR("ready")) && !str_eq(state, STR("new")) &&
        !str_eq(state, STR("copying")))
        return ST_CORRUPT;
    if (version == FORMAT_ENCRYPTED && !str_eq(mark_line(mark, STR("encryption")), STR(ENCRYPTION)))
        return ST_CORRUPT;
    *out = (struct directory_mark){.ready = str_eq(state, STR("ready")),
                                   .encrypted = version == FORMAT_ENCRYPTED,
                                   .copying = str_eq(state, STR("copying"))};
    return ST_OK;
}

/* ---- holding it ---- */

static bool is_harmless(const char *name) {
    static const char *const names[] = {".", "..", "lost+found", LOCK_FILE, MARK_FILE ".new"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

status directory_next(DIR *directory, const char **out_name) {
    errno = 0;
    const struct dirent *entry = readdir(directory);
    *out_name = entry != NULL ? entry->d_name : NULL;
    return entry == NULL && errno != 0 ? ST_IO : ST_OK;
}

/* INVALID when it holds files that we did not put there. */
static status directory_is_empty(const char *path) {
    DIR *directory = opendir(path);
    if (directory == NULL)
        return ST_IO;
    const char *name;
    status st;
    while ((st = directory_next(directory, &name)) == ST_OK && name != NULL && is_harmless(name))
        ;
    int kept = errno;
    closedir(directory);
    errno = kept;
    TRY(st);
    return name == NULL ? ST_OK : ST_INVALID;
}

status directory_make(const char *path) {
    char parent[DIRECTORY_PATH_SIZE];
    bool made = mkdir(path, 0755) == 0;
    if (!made && errno != EEXIST)
        return ST_IO;
    /* Whoever made an existing one may have been cut off before its name was saved. */
    TRY(directory_join(parent, path, ".."));
    status st = directory_sync(parent);
    return st != ST_OK && !made && errno == EACCES ? ST_OK : st;
}

static status lock_take(const char *path, int *out_fd) {
    char name[DIRECTORY_PATH_SIZE];
    TRY(directory_join(name, path, LOCK_FILE));
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

status directory_hold(const char *path, const struct kv_options *options, int *out_lock_fd,
                      struct directory_mark *out) {
    struct directory_mark mark = {};
    int fd;
    TRY(directory_make(path));
    /* Before a file is made in what may be somebody else's directory. */
    status st = directory_read_mark(path, &mark);
    if (st == ST_NOT_FOUND)
        st = directory_is_empty(path);
    TRY(st);
    TRY(lock_take(path, &fd));
    st = directory_read_mark(path, &mark); /* again: another process may just have made it */
    if (st == ST_NOT_FOUND) {
        mark = (struct directory_mark){.encrypted = options->encryption_key != NULL};
        st = directory_mark(path, &mark);
    }
    if (st == ST_OK && mark.copying)
        st = rocks_problem(options, ST_INVALID,
                           "it is a copy that was not finished: delete it, and copy again");
    if (st != ST_OK) {
        close_keeping_errno(fd);
        return st;
    }
    *out_lock_fd = fd;
    *out = mark;
    return ST_OK;
}

status directory_hold_new(const char *path, const struct directory_mark *mark, int *out_lock_fd) {
    int fd;
    TRY(directory_is_empty(path));
    TRY(lock_take(path, &fd));
    status st = directory_is_empty(path); /* again: another process may just have filled it */
    if (st == ST_OK)
        st = directory_mark(path, mark);
    if (st == ST_OK)
        *out_lock_fd = fd;
    else
        close_keeping_errno(fd);
    return st;
}
