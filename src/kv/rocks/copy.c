/* A directory copied into a new one, from plain to encrypted, back, or to other keys.
 *
 * It goes file by file, not key by key. RocksDB's files have the same contents whatever encrypts
 * them (kv/rocks/encrypted_files.cc moves places by a header, and that is all), so contents that
 * are equal to the last byte are the same database, sequence numbers and log included. It costs
 * a read and a write of each byte, and one more read of both to compare; key by key each would be
 * written to a log, flushed and compacted, too, and only what the iterators on both sides say could
 * be compared.
 *
 * The order makes it safe. The new directory is marked as a copy that is not finished, which nobody
 * opens; then come its keys, the files, each synced, and their names; then all of it is read
 * again, by the keys as they are on the disk, and compared; and only then it is marked as ready.
 * Of the source, the lock file is all that is opened for writing.
 *
 * RocksDB's text log, its locks and what it had begun to delete or to write are left behind: it
 * reads none of them. So is what is not the engine's. */
#include "base/check.h"
#include "base/read.h"
#include "kv/rocks/file_cipher.h"
#include "kv/rocks/rocks_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 18 };

struct side {
    const char *path;
    int lock_fd;
    struct directory_mark mark;
    struct key_ring ring;
    char *block; /* BLOCK bytes */
};

struct copy {
    struct side from, to;
    struct kv_copied *out;
};

/* A file that is read from its begin to its end. */
struct contents {
    const char *name;
    int fd;
    struct file_cipher *cipher; /* NULL: plain */
    uint64_t at;
};

static status failed(struct copy *copy, const struct side *side, const char *name, status st) {
    snprintf(copy->out->failed_at, sizeof copy->out->failed_at, "%s/%s", side->path, name);
    return st == ST_IO && (errno == ENOSPC || errno == EDQUOT) ? ST_FULL : st;
}

static int file_open(const struct side *side, const char *name, int flags, mode_t mode) {
    char path[DIRECTORY_PATH_SIZE];
    return directory_join(path, side->path, name) == ST_OK ? open(path, flags | O_CLOEXEC, mode)
                                                           : -1;
}

static bool is_of_the_database(const char *name) {
    str text = str_from_c(name);
    bool numbered = name[0] >= '0' && name[0] <= '9';
    size_t dot = str_find(text, '.');
    str kind = str_slice(text, dot, text.len);
    if (numbered)
        return str_eq(kind, STR(".sst")) || str_eq(kind, STR(".log"));
    return str_eq(text, STR("CURRENT")) || str_eq(text, STR("IDENTITY")) ||
           str_starts_with(text, STR("MANIFEST-")) ||
           (str_starts_with(text, STR("OPTIONS-")) && kind.len == 0);
}

/* ---- reading ---- */

/* As the engine reads it: without a whole header, or with a damaged one and nothing behind it, a
 * file is empty. */
static status header_read(const struct side *side, struct contents *contents) {
    unsigned char header[FILE_HEADER_LEN];
    struct stat stat;
    if (!side->mark.encrypted)
        return ST_OK;
    ssize_t len = read_whole(contents->fd, header, sizeof header);
    if (len < 0 || fstat(contents->fd, &stat) != 0)
        return ST_IO;
    if (len < FILE_HEADER_LEN)
        return ST_OK;
    status st = file_cipher_open(&side->ring, header, &contents->cipher);
    return stat.st_size == FILE_HEADER_LEN ? ST_OK : st;
}

static void contents_close(struct contents *contents) {
    int kept = errno;
    file_cipher_free(contents->cipher);
    if (contents->fd >= 0)
        close(contents->fd);
    errno = kept;
}

static status contents_open(struct copy *copy, const struct side *side, const char *name,
                            struct contents *out) {
    *out = (struct contents){.name = name};
    out->fd = file_open(side, name, O_RDONLY, 0);
    status st = out->fd < 0 ? ST_IO : header_read(side, out);
    if (st == ST_OK)
        return ST_OK;
    contents_close(out);
    return failed(copy, side, name, st);
}

/* The next ones, in the side's block; fewer than BLOCK at the end only. */
static status contents_next(struct copy *copy, struct side *side, struct contents *contents,
                            size_t *out_len) {
    ssize_t len = read_whole(contents->fd, side->block, BLOCK);
    if (len < 0)
        return failed(copy, side, contents->name, ST_IO);
    if (contents->cipher != NULL)
        file_cipher_apply(contents->cipher, contents->at, side->block, side->block, (size_t)len);
    contents->at += (uint64_t)len;
    *out_len = (size_t)len;
    return ST_OK;
}

/* ---- writing ---- */

static status write_whole(int fd, const void *bytes, size_t len) {
    while (len > 0) {
        ssize_t written = write(fd, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return ST_IO;
        bytes = (const char *)bytes + written;
        len -= (size_t)written;
    }
    return ST_OK;
}

static status file_write(struct copy *copy, int fd, struct contents *source,
                         struct file_cipher *cipher) {
    size_t len = BLOCK;
    for (uint64_t at = 0; len == BLOCK; at += len) {
        TRY(contents_next(copy, &copy->from, source, &len));
        if (cipher != NULL)
            file_cipher_apply(cipher, at, copy->from.block, copy->from.block, len);
        if (write_whole(fd, copy->from.block, len) != ST_OK)
            return failed(copy, &copy->to, source->name, ST_IO);
    }
    /* Forgotten by the kernel when it is synced: it is to be compared as the disk has it. */
    if (fsync(fd) != 0)
        return failed(copy, &copy->to, source->name, ST_IO);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    copy->out->files++;
    copy->out->bytes += source->at;
    return ST_OK;
}

static status file_make(struct copy *copy, struct contents *source) {
    unsigned char header[FILE_HEADER_LEN];
    struct file_cipher *cipher = NULL;
    struct stat stat;
    if (fstat(source->fd, &stat) != 0)
        return failed(copy, &copy->from, source->name, ST_IO);
    int fd = file_open(&copy->to, source->name, O_WRONLY | O_CREAT | O_EXCL,
                       stat.st_mode & (S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH));
    if (fd < 0)
        return failed(copy, &copy->to, source->name, ST_IO);
    status st = ST_OK;
    if (copy->to.mark.encrypted) {
        cipher = file_cipher_new(&copy->to.ring, header);
        if (write_whole(fd, header, sizeof header) != ST_OK)
            st = failed(copy, &copy->to, source->name, ST_IO);
    }
    if (st == ST_OK)
        st = file_write(copy, fd, source, cipher);
    struct contents written = {.fd = fd, .cipher = cipher};
    contents_close(&written);
    return st;
}

static status file_copy(struct copy *copy, const char *name) {
    struct contents source;
    TRY(contents_open(copy, &copy->from, name, &source));
    status st = file_make(copy, &source);
    contents_close(&source);
    return st;
}

/* ---- comparing ---- */

static status contents_compare(struct copy *copy, struct contents *source,
                               struct contents *written) {
    size_t len = BLOCK, written_len;
    while (len == BLOCK) {
        TRY(contents_next(copy, &copy->from, source, &len));
        TRY(contents_next(copy, &copy->to, written, &written_len));
        if (len != written_len || memcmp(copy->from.block, copy->to.block, len) != 0)
            return failed(copy, &copy->to, source->name, ST_CORRUPT);
    }
    return ST_OK;
}

static status file_compare(struct copy *copy, const char *name) {
    struct contents source, written;
    TRY(contents_open(copy, &copy->from, name, &source));
    status st = contents_open(copy, &copy->to, name, &written);
    if (st == ST_OK) {
        st = contents_compare(copy, &source, &written);
        contents_close(&written);
    }
    contents_close(&source);
    return st;
}

/* ---- a directory ---- */

typedef status file_visit(struct copy *copy, const char *name);

static status file_visit_one(struct copy *copy, DIR *files, const char *name, file_visit *visit) {
    struct stat stat;
    if (!is_of_the_database(name))
        return ST_OK;
    if (fstatat(dirfd(files), name, &stat, 0) != 0)
        return failed(copy, &copy->from, name, ST_IO);
    return S_ISREG(stat.st_mode) ? visit(copy, name) : ST_OK;
}

static status files_each(struct copy *copy, file_visit *visit) {
    const char *name;
    DIR *files = opendir(copy->from.path);
    if (files == NULL)
        return failed(copy, &copy->from, "", ST_IO);
    status st = ST_OK;
    while (st == ST_OK && (st = directory_next(files, &name)) == ST_OK && name != NULL)
        st = file_visit_one(copy, files, name, visit);
    if (st != ST_OK && name == NULL)
        st = failed(copy, &copy->from, "", ST_IO);
    int kept = errno;
    closedir(files);
    errno = kept;
    return st;
}

static status copy_and_compare(struct copy *copy, const struct kv_options *to_options) {
    struct side *to = &copy->to;
    if (to->mark.encrypted)
        TRY(encryption_keys_make(to->path, to_options, &to->ring));
    TRY(files_each(copy, file_copy));
    status lost = lost_file_copy(copy->from.path, to->path); /* it has the same log */
    if (lost != ST_OK)
        return failed(copy, to, "LOST", lost);
    if (directory_sync(to->path) != ST_OK)
        return failed(copy, to, "", ST_IO);
    TRY(encryption_keys_open(to->path, &to->mark, to_options, &to->ring));
    status st = files_each(copy, file_compare);
    if (st == ST_CORRUPT)
        return rocks_problem(to_options, st, "what was written is not what can be read again");
    TRY(st);
    to->mark.copying = false;
    to->mark.ready = true;
    return directory_mark(to->path, &to->mark);
}

/* ---- both sides ---- */

static void side_open(struct side *side, const char *path) {
    *side = (struct side){.path = path, .lock_fd = -1, .block = malloc(BLOCK)};
    CHECK(side->block != NULL);
}

static void side_close(struct side *side) {
    int kept = errno;
    free(side->block);
    key_wipe(&side->ring, sizeof side->ring);
    if (side->lock_fd >= 0)
        close(side->lock_fd); /* only now may another process have it */
    errno = kept;
}

static status source_hold(struct side *from, const struct kv_options *options) {
    status st = directory_read_mark(from->path, &from->mark);
    if (st == ST_NOT_FOUND || (st == ST_OK && !from->mark.ready && !from->mark.copying))
        return rocks_problem(options, ST_INVALID, "it is not a data directory, or holds nothing");
    TRY(st);
    TRY(directory_hold(from->path, options, &from->lock_fd, &from->mark));
    return encryption_keys_open(from->path, &from->mark, options, &from->ring);
}

/* A copy inside its source would go when the source is deleted. */
static status is_outside(const struct side *from, const struct side *to) {
    char source[PATH_MAX], target[PATH_MAX];
    if (realpath(from->path, source) == NULL || realpath(to->path, target) == NULL)
        return ST_IO;
    size_t len = strlen(source);
    return strncmp(source, target, len) == 0 && (target[len] == '/' || target[len] == '\0')
               ? ST_INVALID
               : ST_OK;
}

static status target_make(struct copy *copy, const struct kv_options *to_options) {
    struct side *to = &copy->to;
    bool is_new = access(to->path, F_OK) != 0;
    to->mark =
        (struct directory_mark){.copying = true, .encrypted = to_options->encryption_key != NULL};
    status st = directory_make(to->path);
    if (st == ST_OK)
        st = is_outside(&copy->from, to);
    if (st != ST_OK && is_new)
        (void)rmdir(to->path); /* nobody asked for an empty one */
    if (st == ST_INVALID)
        return rocks_problem(to_options, st, "the new directory would be inside of it");
    if (st == ST_OK)
        st = directory_hold_new(to->path, &to->mark, &to->lock_fd);
    if (st == ST_INVALID)
        return rocks_problem(to_options, st, "the new directory is not empty");
    if (st != ST_OK)
        return failed(copy, to, "", st);
    copy->out->begun = true;
    return ST_OK;
}

status kv_rocks_copy(const char *from, const struct kv_options *options, const char *to,
                     const unsigned char *to_key, struct kv_copied *out) {
    const struct kv_options to_options = {.encryption_key = to_key,
                                          .out_problem = options->out_problem};
    struct copy copy = {.out = out};
    *out = (struct kv_copied){};
    side_open(&copy.from, from);
    side_open(&copy.to, to);
    status st = source_hold(&copy.from, options);
    if (st == ST_OK)
        st = target_make(&copy, &to_options);
    if (st == ST_OK)
        st = copy_and_compare(&copy, &to_options);
    side_close(&copy.to);
    side_close(&copy.from);
    return st;
}
