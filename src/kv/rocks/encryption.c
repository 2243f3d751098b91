/* Whether a directory is encrypted, its keys, and their replacement. The mark says whether, and is
 * written first; KEYS is made before RocksDB makes a file. So a directory that is marked as
 * encrypted holds nothing in plain, and one that is ready has its keys, or nothing in it can be
 * read any more. */
#include "base/check.h"
#include "base/clock.h"
#include "kv/rocks/file_cipher.h"
#include "kv/rocks/rocks_int.h"
#include "kv/rocks/seal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEYS_FILE "KEYS"

_Static_assert((int)KV_ENCRYPTION_KEY_LEN == (int)KEY_LEN, "one kind of key");

static status library_load(const struct kv_options *options) {
    return crypto_load() == ST_OK
               ? ST_OK
               : rocks_problem(options, ST_IO,
                               "encryption needs libcrypto.so.3, which can't be loaded");
}

static status keys_read(const char *directory, const struct kv_options *options,
                        struct key_ring *out) {
    char bytes[KEY_FILE_MAX + 1];
    size_t len;
    status st = directory_get(directory, KEYS_FILE, bytes, sizeof bytes, &len);
    if (st == ST_OK)
        st = key_file_read(bytes, len, options->encryption_key, out);
    if (st == ST_CORRUPT)
        return rocks_problem(options, st, "its file KEYS is damaged: put back a copy of that file");
    if (st == ST_INVALID)
        return rocks_problem(options, st, "the encryption key is not the one it is encrypted with");
    return st;
}

static status keys_write(const char *directory, const struct key_ring *ring,
                         const unsigned char *key) {
    unsigned char bytes[KEY_FILE_MAX];
    size_t len = key_file_write(ring, key, bytes);
    return directory_put(directory, KEYS_FILE, (str){(char *)bytes, len}, 0600);
}

static status key_is_fitting(const struct directory_mark *mark, const struct kv_options *options) {
    if (mark->encrypted && options->encryption_key == NULL)
        return rocks_problem(options, ST_INVALID,
                             "it is encrypted: give its key by --encryption-key-file or "
                             "--encryption-key-command");
    if (!mark->encrypted && options->encryption_key != NULL)
        return rocks_problem(
            options, ST_INVALID,
            "it is not encrypted, but an encryption key is given: leave that out, or "
            "make an encrypted copy of it by stator copy (docs/encryption.md)");
    return ST_OK;
}

status encryption_keys_open(const char *directory, const struct directory_mark *mark,
                            const struct kv_options *options, struct key_ring *out) {
    TRY(key_is_fitting(mark, options));
    if (!mark->encrypted)
        return ST_OK;
    TRY(library_load(options));
    status st = keys_read(directory, options, out);
    if (st == ST_NOT_FOUND && mark->ready)
        return rocks_problem(options, ST_CORRUPT,
                             "it is encrypted, and its file KEYS is missing, without which nothing "
                             "in it can be read: put back a copy of that file");
    return st;
}

status encryption_keys_make(const char *directory, const struct kv_options *options,
                            struct key_ring *out) {
    TRY(library_load(options));
    *out = (struct key_ring){};
    CHECK(key_ring_add(out, clock_wall_us()) == ST_OK);
    return keys_write(directory, out, options->encryption_key);
}

status encryption_begin(const char *directory, const struct directory_mark *mark,
                        const struct kv_options *options, struct encrypted_files **out) {
    struct key_ring ring = {};
    status st = encryption_keys_open(directory, mark, options, &ring);
    if (st == ST_NOT_FOUND)
        st = encryption_keys_make(directory, options, &ring);
    if (st == ST_OK && mark->encrypted)
        *out = encrypted_files_new(&ring);
    key_wipe(&ring, sizeof ring);
    return st;
}

status encryption_copy_keys(const char *from_directory, const char *to_directory) {
    char bytes[KEY_FILE_MAX + 1];
    size_t len;
    TRY(directory_get(from_directory, KEYS_FILE, bytes, sizeof bytes, &len));
    return directory_put(to_directory, KEYS_FILE, (str){bytes, len}, 0600);
}

/* ---- other keys ---- */

/* The data key that a file's header names; 0 when it has none. */
static status key_id_of(int directory_fd, const char *name, uint32_t *out_id) {
    unsigned char head[FILE_HEADER_ID_LEN];
    struct stat stat;
    *out_id = 0;
    if (fstatat(directory_fd, name, &stat, AT_SYMLINK_NOFOLLOW) != 0)
        return ST_IO;
    if (!S_ISREG(stat.st_mode))
        return ST_OK;
    int fd = openat(directory_fd, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return ST_IO;
    ssize_t len = read(fd, head, sizeof head);
    int kept = errno;
    close(fd);
    errno = kept;
    if (len == (ssize_t)sizeof head)
        *out_id = file_header_key_id(head);
    return len < 0 ? ST_IO : ST_OK;
}

/* Keeps the newest key and those that a file still names. */
static status ring_prune(const char *directory, struct key_ring *ring) {
    bool used[KEY_RING_MAX] = {};
    status st = ST_OK;
    DIR *files = opendir(directory);
    if (files == NULL)
        return ST_IO;
    /* A key that seems unused because the reading ended early would be lost with its files. */
    const char *name;
    while (st == ST_OK && (st = directory_next(files, &name)) == ST_OK && name != NULL) {
        uint32_t id = 0;
        st = key_id_of(dirfd(files), name, &id);
        for (size_t i = 0; i < ring->count; i++)
            used[i] = used[i] || ring->keys[i].id == id;
    }
    closedir(files);
    TRY(st);
    size_t kept = 0;
    for (size_t i = 0; i < ring->count; i++)
        if (used[i] || i + 1 == ring->count)
            ring->keys[kept++] = ring->keys[i];
    ring->count = kept;
    return ST_OK;
}

/* Empty logs of earlier starts stay until something is flushed: so something is, the engine's own
 * record as it is. */
static status logs_flush(struct rocks_parts *parts) {
    char *error = NULL, nothing[KV_STAMP_LEN] = {};
    size_t len = 0;
    char *stamp = rocksdb_get(parts->db, parts->read_any, "", 0, &len, &error);
    TRY(rocks_status(&error));
    rocksdb_put(parts->db, parts->write_synced, "", 0, stamp ? stamp : nothing,
                stamp ? len : sizeof nothing, &error);
    rocksdb_free(stamp);
    TRY(rocks_status(&error));
    rocksdb_flushoptions_t *wait = rocksdb_flushoptions_create();
    rocksdb_flush(parts->db, wait, &error);
    rocksdb_flushoptions_destroy(wait);
    return rocks_status(&error);
}

/* Has RocksDB write all of its files anew. */
static status files_rewrite(const char *directory, const struct kv_options *options,
                            const struct key_ring *ring) {
    char identity[4096];
    status st = ST_OK;
    struct encrypted_files *files = encrypted_files_new(ring);
    /* Made once in a directory's life, unless it is missing. */
    int len = snprintf(identity, sizeof identity, "%s/IDENTITY", directory);
    if (len > 0 && len < (int)sizeof identity)
        (void)unlink(identity); /* RocksDB finds what is wrong with the directory, if anything is */
    /* Of the files of options the last two are kept: with the second start, both are new. */
    for (int start = 0; start < 2 && st == ST_OK; start++) {
        struct rocks_parts parts = {};
        st = rocks_parts_open(&parts, directory, options, files, false);
        if (st == ST_OK && start == 0)
            st = logs_flush(&parts);
        if (st == ST_OK && start == 0) {
            enum { FORCE = 2 }; /* the lowest level, too */
            rocksdb_compactoptions_t *all = rocksdb_compactoptions_create();
            rocksdb_compactoptions_set_bottommost_level_compaction(all, FORCE);
            rocksdb_compact_range_opt(parts.db, all, NULL, 0, NULL, 0);
            rocksdb_compactoptions_destroy(all);
        }
        rocks_parts_close(&parts);
    }
    encrypted_files_free(files);
    return st;
}

static status rekey(const char *directory, const struct kv_options *options,
                    const unsigned char *new_key, enum kv_rekey what, struct key_ring *ring) {
    if (what != KV_REKEY_ONLY) {
        TRY(ring_prune(directory, ring));
        if (key_ring_add(ring, clock_wall_us()) != ST_OK)
            return rocks_problem(options, ST_TOO_BIG,
                                 "it has as many data keys in use as there may be: add --rewrite");
    }
    TRY(keys_write(directory, ring, new_key));
    if (what != KV_REKEY_REWRITE)
        return ST_OK;
    TRY(files_rewrite(directory, options, ring));
    TRY(ring_prune(directory, ring));
    TRY(keys_write(directory, ring, new_key));
    /* Compacting has no way to say that it failed, for want of space for instance. */
    return ring->count == 1 ? ST_OK
                            : rocks_problem(options, ST_IO,
                                            "some files keep an older data key: they could not be "
                                            "written anew (is there as much free space as data?)");
}

status kv_rocks_rekey(const char *directory, const struct kv_options *options,
                      const unsigned char *new_key, enum kv_rekey what) {
    struct directory_mark mark;
    struct key_ring ring = {};
    int lock_fd;
    status st = directory_read_mark(directory, &mark);
    if (st == ST_NOT_FOUND || (st == ST_OK && !mark.encrypted))
        return rocks_problem(options, ST_INVALID, "it is not an encrypted data directory");
    TRY(st);
    TRY(directory_hold(directory, options, &lock_fd, &mark));
    st = encryption_keys_open(directory, &mark, options, &ring);
    if (st == ST_OK)
        st = rekey(directory, options, new_key, what, &ring);
    if (st == ST_NOT_FOUND)
        st = rocks_problem(options, ST_CORRUPT,
                           "its file KEYS is missing: put back a copy of that file");
    key_wipe(&ring, sizeof ring);
    int kept = errno;
    close(lock_fd);
    errno = kept;
    return st;
}
