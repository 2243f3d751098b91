/* rocks_int.h - the parts of the RocksDB engine; private to kv/rocks.
 *
 * Purpose:   what rocks.c (opening, reading) and groups.c (writing) share.
 * Ownership: kv_rocks_open makes all of it, kv_close frees it.
 * Threads:   said at each field; the committer is one thread of the engine.
 * Errors:    rocks_status is the only place that looks at RocksDB's error texts.
 * Limits:    GROUP_*.
 */
#pragma once

#include "kv/kv_int.h"
#include "kv/rocks/counters.h"
#include "kv/rocks/encrypted_files.h"
#include "kv/rocks/log_filter.h"
#include "kv/rocks/overlay.h"
#include "kv/rocks/read_cache.h"

#include <dirent.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>

enum {
    GROUP_BYTES_MAX = 4 << 20, /* a larger update is a group of its own */
    GROUP_UPDATES_MAX = 16 * 1024,
    GROUP_KEEP_BYTES = 1 << 20, /* a batch that grew beyond is not kept for the next group */
    LOST_MAX = 16,
    SPACE_CHECK_US = 100 * 1000,
    CACHE_DEFAULT = 64 << 20,
    READ_CACHE_PART = 2, /* of the cache: one in so many bytes */
    WRITE_BUFFER_DEFAULT = 32 << 20,
    ROCKS_OPEN_BYTES = 1 << 20, /* RocksDB is not opened with less free */
};

/* The engine's own record, under the empty key: eight big-endian bytes, the last stamp used. */
#define ROCKS_OWN_KEY ((str){"", 0})
/* The smallest key a caller may have; ranges begin here, not at the engine's record. */
#define ROCKS_FIRST_KEY ((str){"\0", 1})

struct dropped {
    char *bytes; /* from, then to */
    size_t from_len, to_len;
};

/* Updates that become durable together. One is open, the other is being committed. */
struct group {
    uint64_t number; /* its ticket */
    rocksdb_writebatch_t *batch;
    size_t updates, bytes;
    bool stamped;
    struct counters deltas;  /* what was added, to be turned into totals by the committer */
    struct dropped *dropped; /* goes behind what the batch holds: nobody else writes there */
    size_t dropped_count;
    struct kept_value *entries; /* values that leave the overlay once durable */
    struct touched touched;     /* what the read cache must forget */
};

enum accepting {
    ACCEPTING,
    REFUSING_LOW,  /* below the reserve of free space; nothing has failed */
    REFUSING_FULL, /* a commit met a full disk; accepts again once RocksDB was opened anew */
    REFUSING_IO,   /* a commit failed otherwise: what is on disk is unknown until a restart */
};

struct lost {
    uint64_t from, to; /* tickets, both included */
    status why;
};

struct rocks_parts { /* RocksDB's objects */
    rocksdb_t *db;
    rocksdb_options_t *options;
    rocksdb_block_based_table_options_t *table;
    rocksdb_cache_t *cache;
    rocksdb_readoptions_t *read_any;
    rocksdb_writeoptions_t *write_synced;
    struct log_filter *filter; /* NULL: all of the log was replayed */
};

struct groups {
    pthread_mutex_t lock; /* short: never held across I/O. Guards all but what says otherwise */
    pthread_cond_t work, room;
    pthread_cond_t settled[2]; /* by the lowest bit of the ticket: a group wakes its own waiters */
    struct group pair[2], *open;
    bool committer_sleeps, stopping;
    uint64_t stamp;           /* the last one given */
    _Atomic uint64_t durable; /* highest durable ticket; written by the committer */
    _Atomic int accepting;    /* enum accepting; written under the lock */
    _Atomic size_t lost_count;
    struct lost lost[LOST_MAX];
    struct counters totals;       /* the committer's alone; emptied when a group is lost */
    int64_t space_checked_us;     /* the committer's alone */
    uint64_t last_sequence;       /* the committer's alone: the log's, before what it writes now */
    struct lost_writes lost_part; /* likewise: since the database was opened */
    bool lost_recorded;           /* likewise: the file LOST says so durably */
    void (*notify)(void *context);
    void *notify_context;
    uint64_t group_count, update_count, commit_us;
    struct histogram group_sizes, commit_times;
    pthread_t committer;
};

/* What the directory says of itself. */
struct directory_mark {
    bool ready; /* the engine's own files exist; else no data was ever put there */
    bool encrypted;
    bool copying; /* a copy that has not come to its end: not ready, and never opened */
};

struct rocks {
    struct kv base;
    /* Held shared while `parts` is read from, by all but the committer, which alone replaces them
     * (after a full disk). It only ever tries: a reader that holds it may take it again. */
    pthread_rwlock_t handle;
    struct rocks_parts parts; /* db is NULL when it could not be opened again */
    char *directory;
    int lock_fd, lost_fd; /* the latter is -1 when LOST could not be made yet */
    struct directory_mark mark;
    struct encrypted_files *files; /* NULL: plain */
    struct kv_options options;     /* with defaults filled in */
    struct latches *latches;
    struct kv_txn_pool pool;
    _Atomic uint64_t cache_misses;
    struct overlay overlay;
    struct read_cache *read_cache;
    struct groups groups;
};

/* rocks.c */
status rocks_status(char **error); /* frees it */
/* Keeps `parts` as they are until the handle's lock is released. WOULD_WAIT, or IO when there is
 * no database. */
status rocks_handle_hold(struct rocks *rocks);
/* ptr is NULL when there is none. */
status rocks_get(struct rocks *rocks, rocksdb_readoptions_t *options, struct arena *arena, str key,
                 str *out_value);

/* options.c */
/* Without what was lost, of which the directory says nothing any more when the answer is OK. */
status rocks_parts_open(struct rocks_parts *parts, const char *directory,
                        const struct kv_options *options, struct encrypted_files *files,
                        bool create);
void rocks_parts_close(struct rocks_parts *parts); /* accepts half-built ones */

/* groups.c */
void groups_init(struct rocks *rocks, uint64_t last_stamp);
void groups_done(struct rocks *rocks); /* commits what was accepted */
status groups_accept(struct kv_txn *txn, uint64_t *out_ticket);
status groups_drop_range(struct rocks *rocks, str from, str to);
enum kv_ticket_state groups_ticket_state(struct rocks *rocks, uint64_t ticket);
status groups_ticket_wait(struct rocks *rocks, uint64_t ticket);

/* commit.c: the committer's side */
void *committer_main(void *rocks);
void group_clear(struct group *group);

/* directory.c */
/* Makes or checks the directory and holds it; a new one is marked as encrypted when a key is
 * given. */
status directory_hold(const char *path, const struct kv_options *options, int *out_lock_fd,
                      struct directory_mark *out);
/* Or it exists. Its name survives a power cut, unless the parent may not be read. */
status directory_make(const char *path);
status directory_next(DIR *directory, const char **out_name); /* NULL: the end; IO: an error */
enum { DIRECTORY_PATH_SIZE = 4096 };
status directory_join(char out[DIRECTORY_PATH_SIZE], const char *directory, const char *name);
status directory_sync(const char *path); /* its names survive a power cut */
/* Holds one that must be empty (else INVALID), and marks it. */
status directory_hold_new(const char *path, const struct directory_mark *mark, int *out_lock_fd);
/* The file that says "ours". Reading answers NOT_FOUND when there is none. */
status directory_mark(const char *path, const struct directory_mark *mark);
status directory_read_mark(const char *path, struct directory_mark *out);
/* A small file of our own, replaced as a whole, and durable; or read, NOT_FOUND when missing. */
status directory_put(const char *path, const char *file, str bytes, unsigned mode);
status directory_get(const char *path, const char *file, char *out, size_t size, size_t *out_len);
/* Bytes that may still be written; UINT64_MAX when nobody knows. */
uint64_t disk_free(const char *path);

/* What a status that opening answers does not say. */
static inline status rocks_problem(const struct kv_options *options, status st,
                                   const char *sentence) {
    if (options->out_problem != NULL)
        *options->out_problem = sentence;
    return st;
}

/* encryption.c */
/* The keys of an encrypted directory; of a plain one, none. NOT_FOUND when it is new and has none
 * yet. INVALID, CORRUPT: *options->out_problem says why. */
status encryption_keys_open(const char *directory, const struct directory_mark *mark,
                            const struct kv_options *options, struct key_ring *out);
/* Random ones, for a new directory. */
status encryption_keys_make(const char *directory, const struct kv_options *options,
                            struct key_ring *out);
/* What opening an encrypted directory begins with: its keys, made when it is a new one; *out stays
 * NULL for a plain one. INVALID, CORRUPT: *options->out_problem says why. */
status encryption_begin(const char *directory, const struct directory_mark *mark,
                        const struct kv_options *options, struct encrypted_files **out);
/* What a copy of the files needs to be opened. */
status encryption_copy_keys(const char *from_directory, const char *to_directory);
