/* kv.h - the storage seam: an ordered map of bytes.
 *
 * Purpose:   the only view of storage for the rest of the server.
 * Ownership: keys and values passed in are copied before a call returns; results live in the
 *            arena that the caller hands in.
 * Threads:   an engine is shared by all threads; a read or a txn belongs to one. On an I/O loop
 *            (base/thread.h) a call that would wait for a disk, a latch or a commit answers
 *            ST_WOULD_WAIT and has had no effect.
 * Errors:    NOT_FOUND, WOULD_WAIT, TOO_BIG, FULL (writes are refused until space returns), IO,
 *            READ_ONLY (a commit failed: no more until the engine is opened anew), CORRUPT,
 *            NEWER, IN_USE; whatever a body answers.
 * Limits:    key 1 to KV_KEY_MAX bytes (the empty key is the engines' own), value KV_VALUE_MAX, an
 *            update KV_UPDATE_KEYS_MAX keys and 128 MB (4 MB of items with entries in 25 indexes).
 *
 * Reads see committed state only. An update's body sees, for the keys it named, the newest
 * accepted value, durable or not; whatever was decided by it carries a ticket and may be told to
 * the outside once the ticket is durable.
 */
#pragma once

#include "base/arena.h"
#include "base/histogram.h"
#include "base/status.h"

enum {
    KV_KEY_MAX = 32 * 1024,
    KV_VALUE_MAX = 1024 * 1024,
    KV_ENCRYPTION_KEY_LEN = 32,
    /* A transaction of 100 items with 100 keys of indexes under construction, in 100 tables. */
    KV_UPDATE_KEYS_MAX = 320,
};

struct kv;
struct kv_read; /* one snapshot */
struct kv_txn;  /* an update under way */

typedef struct kv_pair {
    str key, value;
} kv_pair;

/* ---- opening ---- */

struct kv_options {
    size_t cache_bytes;        /* of engines that read from a disk; 0: 64 MiB */
    size_t write_buffer_bytes; /* 0: 32 MiB */
    uint64_t free_bytes_min;   /* writes are refused below this much free disk */
    /* KV_ENCRYPTION_KEY_LEN bytes, read while opening; NULL: not encrypted. */
    const unsigned char *encryption_key;
    /* May be NULL. Set to a sentence when a status that opening answers does not say enough. */
    const char **out_problem;
};

/* In memory; nothing outlives kv_close. */
status kv_mem_open(struct kv **out);
/* Durable, in a directory that is made when missing. */
status kv_rocks_open(const char *directory, const struct kv_options *options, struct kv **out);
/* A directory that nobody has open: seals its data keys by `new_key` from now on, instead of
 * options->encryption_key. When rotating, new files get a new data key; when rewriting, too, all
 * files are written anew and keys that no file uses any more are forgotten. Each step is one
 * rename: whenever it is interrupted, either of the keys opens the directory, and all data is
 * there. */
enum kv_rekey { KV_REKEY_ONLY, KV_REKEY_ROTATE, KV_REKEY_REWRITE };
status kv_rocks_rekey(const char *directory, const struct kv_options *options,
                      const unsigned char *new_key, enum kv_rekey what);
struct kv_copied {
    uint64_t files, bytes;
    bool begun;           /* `to` was made, and is no database unless the answer is OK */
    char failed_at[4096]; /* the file, when there is one to blame */
};
/* A directory that nobody has open, copied into a new or empty one, which is encrypted by a new
 * data key under `to_key`, or plain when that is NULL. What was written is read again and compared.
 * Until all of that has succeeded, `to` is refused when opened. */
status kv_rocks_copy(const char *from, const struct kv_options *options, const char *to,
                     const unsigned char *to_key, struct kv_copied *out);
/* Waits for what was accepted, then frees. Accepts NULL. */
void kv_close(struct kv *kv);

/* ---- reading ---- */

/* A snapshot of what is committed now. */
status kv_read_begin(struct kv *kv, struct kv_read **out);
void kv_read_end(struct kv_read *read); /* accepts NULL */

static inline void kv_read_endp(struct kv_read **read) {
    kv_read_end(*read);
}
#define scoped_kv_read __attribute__((cleanup(kv_read_endp)))

/* Values of `keys`, position by position; ptr is NULL where there is none. `read` may be NULL:
 * then each key is read from the newest committed state, which is cheaper. */
status kv_find_many(struct kv *kv, struct kv_read *read, struct arena *arena, const str *keys,
                    size_t count, str *out_values);
/* ST_NOT_FOUND when there is none. */
status kv_find(struct kv *kv, struct kv_read *read, struct arena *arena, str key, str *out_value);

struct kv_range {
    str from, to;  /* from ≤ key < to; an absent `to` (NULL) means the end */
    bool backward; /* from the last key down */
};

struct kv_page {
    kv_pair *pairs;
    size_t count;
    bool more; /* the page ended by count or bytes, and keys are left */
};

/* One page of a range: at least one pair where there is one, then up to count_max pairs and
 * about bytes_max bytes of keys and values. `read` may be NULL as above. To go on, move `from`
 * behind (or `to` onto) the last key. */
status kv_scan(struct kv *kv, struct kv_read *read, struct arena *arena,
               const struct kv_range *range, size_t count_max, size_t bytes_max,
               struct kv_page *out);

/* ---- writing ---- */

/* All that an update relies on, named before it runs. Duplicates are allowed. */
struct kv_keys {
    const str *exclusive; /* found and written by the body; nobody else touches them meanwhile */
    size_t exclusive_count;
    const str *shared; /* relied on; nobody changes them meanwhile */
    size_t shared_count;
    /* Accepted though space is below kv_options.free_bytes_min, as kv_drop_range is: a small write
     * on the way to freeing much. */
    bool frees_space;
};

typedef status kv_body(struct kv_txn *txn, void *context);

/* Runs `body` with the keys held still; all or nothing. The body may run more than once (an
 * engine that retries), so it must be free of other effects. If it answers anything but ST_OK,
 * nothing is written and that status is returned. *out_ticket is set in every case: what the
 * body wrote, and what it found, is durable once that ticket is (0: already). */
status kv_update(struct kv *kv, const struct kv_keys *keys, kv_body *body, void *context,
                 uint64_t *out_ticket);

/* Only for exclusive keys of this update; not what this body itself has put. */
status kv_txn_find(struct kv_txn *txn, struct arena *arena, str key, str *out_value);
/* Keys that were not named may be written too, if only holders of a named key write them (index
 * entries of an item). The last write of a key in one body wins. */
void kv_txn_put(struct kv_txn *txn, str key, str value);
void kv_txn_delete(struct kv_txn *txn, str key);
/* Puts head ‖ stamp ‖ tail, where the stamp is eight big-endian bytes that grow with every
 * update that uses one, in the order of commits, across restarts. */
void kv_txn_put_stamped(struct kv_txn *txn, str head, str tail, str value);
/* Adds to a counter (eight big-endian bytes, two's complement, missing counts as 0) without
 * reading it. Counters are read with kv_find and written by nothing else but kv_drop_range. */
void kv_txn_add(struct kv_txn *txn, str key, int64_t delta);

int64_t kv_counter_value(str value); /* 0 for an absent one */

/* Everything in from ≤ key < to (which must be there), at once and durably; nobody may be writing
 * there. May wait, so not on a loop. */
status kv_drop_range(struct kv *kv, str from, str to);

/* ---- durability ---- */

enum kv_ticket_state { KV_PENDING, KV_DURABLE, KV_LOST };

enum kv_ticket_state kv_ticket_state(struct kv *kv, uint64_t ticket);
/* Waits. ST_IO or ST_FULL when it was lost. */
status kv_ticket_wait(struct kv *kv, uint64_t ticket);
/* `notify` is called, on a thread of the engine, whenever tickets have been settled. Set once,
 * before the first update. It must be quick. */
void kv_on_settled(struct kv *kv, void (*notify)(void *context), void *context);

/* ---- keeping ---- */

/* A consistent copy in a new directory; ST_INVALID for engines without a disk. May wait. */
status kv_checkpoint(struct kv *kv, const char *directory);

enum { KV_LEVELS = 7 };

/* What an engine without a disk has not is 0. */
struct kv_stats {
    uint64_t groups, group_updates; /* groups committed, updates in them */
    uint64_t commit_us;             /* time spent committing them */
    struct histogram group_sizes;   /* updates of a group */
    struct histogram commit_times;  /* microseconds of a group */
    uint64_t bytes_on_disk;
    bool refusing_writes;
    bool read_only;              /* it refuses because a commit failed, until it is opened anew */
    uint64_t memory_table_bytes; /* in the log, not yet in files */
    uint64_t cache_bytes, cache_bytes_max;
    uint64_t cache_misses;                           /* reads that were told to wait for the disk */
    uint64_t read_cache_bytes, read_cache_bytes_max; /* values and pages in front of the engine */
    uint64_t read_cache_hits;
    uint64_t flushes_running, compactions_running, compaction_pending_bytes;
    bool compaction_pending;
    uint64_t files_at_level[KV_LEVELS];
    uint64_t delayed_write_rate; /* bytes a second; 0: writes are not slowed down */
    bool writes_stopped;         /* until compactions have caught up */
};
void kv_stats(struct kv *kv, struct kv_stats *out);
