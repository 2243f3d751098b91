/* Group commit, the committer's side: one thread that turns groups into synced writes.
 *
 * A failed write is never tried again as if nothing had happened: after a failed fsync the kernel
 * may have dropped the very pages, and a second fsync would succeed over the gap. The accepted
 * groups are lost, and writes are refused:
 *
 *   ACCEPTING ──less free space than the reserve──► REFUSING_LOW ──space──► ACCEPTING
 *       │
 *       ├──commit: no space──► REFUSING_FULL ──space, and RocksDB opened anew──► ACCEPTING
 *       └──commit: any other error──► REFUSING_IO (until a restart replays the log)
 *
 * RocksDB would go on by itself a few seconds after space has returned, but not with a new log if
 * its memory table happens to be empty: the next write then meets the failed log file, and an
 * assertion that Debian's build has on ends the process. So nothing is ever written to a handle
 * that failed. Reads go on with it; once there is room for what opening may write, it is closed
 * and opened in a moment when nobody reads. Replay ends at the torn record, so a lost group is
 * gone, unless all its bytes reached the file before its fsync failed. Those who wrote it were
 * told that it is lost, and what they keep in memory says so. So before they are told, the file
 * LOST says durably where the log ended before the group (kv/rocks/lost_file.h), and whoever opens
 * the database, after whatever end, replays it up to there:
 *
 *   fsync fails ──► LOST is written ──► clients are told ──► opened anew, without the lost part,
 *   which RocksDB's manifest says durably ──► LOST is cleared ──► writes are accepted
 *
 * Where that file can't be written either, the group may come back if the server is killed before
 * the disk works again. The answer to a write that was lost promises neither. */
#include "base/bytes.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "kv/rocks/rocks_int.h"

#include <time.h>
#include <unistd.h>

/* ---- space ---- */

static void accepting_set(struct groups *groups, enum accepting accepting) {
    pthread_mutex_lock(&groups->lock);
    if ((int)accepting != atomic_load(&groups->accepting))
        log_debug("event=kv_accepting from=%d to=%d", atomic_load(&groups->accepting),
                  (int)accepting);
    atomic_store(&groups->accepting, accepting);
    pthread_cond_broadcast(&groups->room); /* those who wait for room are refused, or go on */
    pthread_mutex_unlock(&groups->lock);
}

static status write_synced(struct rocks *rocks, rocksdb_writebatch_t *batch) {
    char *error = NULL;
    rocksdb_write(rocks->parts.db, rocks->parts.write_synced, batch, &error);
    return rocks_status(&error);
}

static void own_record_put(rocksdb_writebatch_t *batch, uint64_t stamp) {
    char bytes[KV_STAMP_LEN];
    put_be64(bytes, stamp);
    rocksdb_writebatch_put(batch, ROCKS_OWN_KEY.ptr, ROCKS_OWN_KEY.len, bytes, sizeof bytes);
}

/* What replaying the log may write before it can delete anything. */
static uint64_t space_to_open(const struct rocks *rocks) {
    enum { SPARE = 4 << 20 };
    uint64_t wanted = 2 * (uint64_t)rocks->options.write_buffer_bytes + SPARE;
    return wanted > rocks->options.free_bytes_min ? wanted : rocks->options.free_bytes_min;
}

/* Takes the handle for itself if a moment without readers comes soon. Waiting for it in the lock's
 * queue would keep out a reader that must begin a second read to end its first. */
static bool handle_take(struct rocks *rocks) {
    enum { TRIES = 1000, PAUSE_US = 50 };
    for (int i = 0; i < TRIES; i++) {
        if (pthread_rwlock_trywrlock(&rocks->handle) == 0)
            return true;
        usleep(PAUSE_US);
    }
    return false;
}

/* Once it is durable, every next start leaves out what was lost. */
static status loss_record(struct rocks *rocks) {
    struct groups *groups = &rocks->groups;
    if (groups->lost_recorded)
        return ST_OK;
    if (groups->lost_part.last_log == 0)
        groups->lost_part.last_log = log_number(rocks->parts.db);
    if (groups->lost_part.last_log == 0)
        return ST_IO;
    if (rocks->lost_fd < 0)
        TRY(lost_file_open(rocks->directory, &rocks->lost_fd));
    TRY(lost_file_write(rocks->lost_fd, &groups->lost_part));
    groups->lost_recorded = true;
    return ST_OK;
}

/* FULL means: try again later. */
static status reopen(struct rocks *rocks) {
    TRY(loss_record(rocks));
    if (!handle_take(rocks))
        return ST_FULL;
    rocks_parts_close(&rocks->parts);
    status st =
        rocks_parts_open(&rocks->parts, rocks->directory, &rocks->options, rocks->files, false);
    read_cache_forget(rocks->read_cache);
    if (st == ST_OK)
        rocks->groups.lost_recorded = false;
    else
        rocks_parts_close(&rocks->parts);
    pthread_rwlock_unlock(&rocks->handle);
    return st;
}

/* Looks at the disk, at most every SPACE_CHECK_US. */
static void space_check(struct rocks *rocks) {
    struct groups *groups = &rocks->groups;
    int64_t now = clock_monotonic_us();
    enum accepting accepting = (enum accepting)atomic_load(&groups->accepting);
    if (now - groups->space_checked_us < SPACE_CHECK_US || accepting == REFUSING_IO)
        return;
    groups->space_checked_us = now;
    if (accepting != REFUSING_FULL) {
        bool low = disk_free(rocks->directory) < rocks->options.free_bytes_min;
        if (low != (accepting == REFUSING_LOW))
            accepting_set(groups, low ? REFUSING_LOW : ACCEPTING);
    } else if (disk_free(rocks->directory) >= space_to_open(rocks)) {
        status st = reopen(rocks);
        if (st != ST_FULL)
            accepting_set(groups, st == ST_OK ? ACCEPTING : REFUSING_IO);
    }
}

/* ---- committing ---- */

static bool was_dropped(const struct group *group, str key) {
    for (size_t i = 0; i < group->dropped_count; i++) {
        const struct dropped *dropped = &group->dropped[i];
        if (str_cmp(key, (str){dropped->bytes, dropped->from_len}) >= 0 &&
            str_cmp(key, (str){dropped->bytes + dropped->from_len, dropped->to_len}) < 0)
            return true;
    }
    return false;
}

static status total_load(struct rocks *rocks, str key, int64_t *out_total) {
    char *error = NULL;
    rocksdb_pinnableslice_t *pinned =
        rocksdb_get_pinned(rocks->parts.db, rocks->parts.read_any, key.ptr, key.len, &error);
    TRY(rocks_status(&error));
    *out_total = 0;
    if (pinned == NULL)
        return ST_OK;
    str value;
    value.ptr = rocksdb_pinnableslice_value(pinned, &value.len);
    status st = value.len == KV_COUNTER_LEN ? ST_OK : ST_CORRUPT;
    if (st == ST_OK)
        *out_total = kv_counter_value(value);
    rocksdb_pinnableslice_destroy(pinned);
    return st;
}

/* Turns what the group adds into totals, and writes those. */
static status totals_put(struct rocks *rocks, struct group *group) {
    struct counters *totals = &rocks->groups.totals;
    if (totals->count > COUNTERS_KEEP_MAX)
        counters_clear(totals);
    for (size_t i = 0; i < group->dropped_count; i++) {
        const struct dropped *dropped = &group->dropped[i];
        counters_drop(totals, (str){dropped->bytes, dropped->from_len},
                      (str){dropped->bytes + dropped->from_len, dropped->to_len});
    }
    for (size_t i = 0; i < group->deltas.count; i++) {
        const struct counter *delta = &group->deltas.list[i];
        bool fresh;
        struct counter *total = counters_at(totals, delta->key, &fresh);
        if (fresh && !was_dropped(group, delta->key))
            TRY(total_load(rocks, delta->key, &total->value));
        total->value = (int64_t)((uint64_t)total->value + (uint64_t)delta->value);
        char bytes[KV_COUNTER_LEN];
        put_be64(bytes, (uint64_t)total->value);
        rocksdb_writebatch_put(group->batch, delta->key.ptr, delta->key.len, bytes, sizeof bytes);
        touched_add(&group->touched, delta->key, delta->hash);
    }
    return ST_OK;
}

static status group_write(struct rocks *rocks, struct group *group, uint64_t stamp) {
    if (group->stamped)
        own_record_put(group->batch, stamp);
    for (size_t i = 0; i < group->dropped_count; i++) {
        const struct dropped *dropped = &group->dropped[i];
        rocksdb_writebatch_delete_range(group->batch, dropped->bytes, dropped->from_len,
                                        dropped->bytes + dropped->from_len, dropped->to_len);
    }
    TRY(totals_put(rocks, group));
    read_cache_writing(rocks->read_cache, &group->touched);
    status st = write_synced(rocks, group->batch);
    read_cache_written(rocks->read_cache, &group->touched);
    return st;
}

/* The lock is held. The oldest two losses become one when the list is full: nobody asks for
 * tickets that old. */
static void lost_add(struct groups *groups, uint64_t from, uint64_t to, status why) {
    size_t count = atomic_load(&groups->lost_count);
    if (count == LOST_MAX) {
        groups->lost[0].to = groups->lost[1].to;
        count--;
        memmove(&groups->lost[1], &groups->lost[2], (count - 1) * sizeof groups->lost[0]);
    }
    groups->lost[count] = (struct lost){from, to, why};
    atomic_store(&groups->lost_count, count + 1);
}

/* `group` could not be written; the open one goes with it. */
static void group_lose(struct rocks *rocks, struct group *group, status why) {
    struct groups *groups = &rocks->groups;
    groups->lost_part = (struct lost_writes){.last_sequence = groups->last_sequence};
    bool told_truly = loss_record(rocks) == ST_OK;
    why = why == ST_FULL ? ST_FULL : ST_IO;
    counters_clear(&groups->totals);
    pthread_mutex_lock(&groups->lock);
    struct group *open = groups->open;
    /* First the refusal, then the loss, then the values: an update that still finds one of them
     * finds its loss, too, when it wants to be accepted. */
    atomic_store(&groups->accepting, why == ST_FULL ? REFUSING_FULL : REFUSING_IO);
    lost_add(groups, group->number, open->number, told_truly ? why : ST_IO);
    overlay_release(&rocks->overlay, &group->entries, NULL);
    overlay_release(&rocks->overlay, &open->entries, NULL);
    group_clear(open);
    open->number++;
    pthread_cond_broadcast(&groups->room);
    pthread_cond_broadcast(&groups->settled[0]);
    pthread_cond_broadcast(&groups->settled[1]);
    pthread_mutex_unlock(&groups->lock);
}

static void group_settle(struct rocks *rocks, struct group *group, int64_t took_us) {
    struct groups *groups = &rocks->groups;
    /* RocksDB shows the values from now on, so they may leave the overlay. A dropped range may
     * have taken some of them along. */
    overlay_release(&rocks->overlay, &group->entries,
                    group->dropped_count == 0 ? rocks->read_cache : NULL);
    pthread_mutex_lock(&groups->lock);
    atomic_store(&groups->durable, group->number);
    groups->group_count++;
    groups->update_count += group->updates;
    groups->commit_us += (uint64_t)took_us;
    histogram_add(&groups->group_sizes, group->updates);
    histogram_add(&groups->commit_times, (uint64_t)took_us);
    pthread_cond_broadcast(&groups->settled[group->number & 1]);
    pthread_mutex_unlock(&groups->lock);
}

static void group_commit(struct rocks *rocks, struct group *group, uint64_t stamp) {
    struct groups *groups = &rocks->groups;
    int64_t began_us = clock_monotonic_us();
    groups->last_sequence = rocksdb_get_latest_sequence_number(rocks->parts.db);
    status st = group_write(rocks, group, stamp);
    if (st == ST_OK)
        group_settle(rocks, group, clock_monotonic_us() - began_us);
    else
        group_lose(rocks, group, st);
    group_clear(group);
    pthread_mutex_lock(&groups->lock); /* it may just be being set, by who starts the server */
    void (*notify)(void *context) = groups->notify;
    void *context = groups->notify_context;
    pthread_mutex_unlock(&groups->lock);
    if (notify != NULL)
        notify(context);
}

/* ---- the thread ---- */

/* The lock is held. While writes are refused it wakes up now and then to look again. */
static void work_wait(struct groups *groups) {
    groups->committer_sleeps = true;
    if (atomic_load(&groups->accepting) == ACCEPTING) {
        pthread_cond_wait(&groups->work, &groups->lock);
    } else {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += SPACE_CHECK_US * 1000L;
        until.tv_sec += until.tv_nsec / 1000000000;
        until.tv_nsec %= 1000000000;
        pthread_cond_timedwait(&groups->work, &groups->lock, &until);
    }
    groups->committer_sleeps = false;
}

void *committer_main(void *argument) {
    struct rocks *rocks = argument;
    struct groups *groups = &rocks->groups;
    thread_set_name("kv-commit");
    pthread_mutex_lock(&groups->lock);
    for (;;) {
        struct group *group = groups->open;
        if (group->updates == 0 && groups->stopping)
            break;
        if (group->updates == 0)
            work_wait(groups);
        uint64_t stamp = groups->stamp;
        bool commit = group->updates > 0;
        if (commit) {
            groups->open = group == &groups->pair[0] ? &groups->pair[1] : &groups->pair[0];
            groups->open->number = group->number + 1;
            pthread_cond_broadcast(&groups->room);
        }
        pthread_mutex_unlock(&groups->lock);
        if (commit)
            group_commit(rocks, group, stamp);
        space_check(rocks);
        pthread_mutex_lock(&groups->lock);
    }
    pthread_mutex_unlock(&groups->lock);
    /* The last moment to write down what could not be when it was lost. */
    int accepting = atomic_load(&groups->accepting);
    if ((accepting == REFUSING_FULL || accepting == REFUSING_IO) && loss_record(rocks) != ST_OK)
        log_warn("event=lost_writes_may_return reason=\"the disk takes no write, and the server "
                 "ends\"");
    return NULL;
}
