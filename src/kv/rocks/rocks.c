/* The durable engine: opening, reading, and the table of entries. Writing is in groups.c. */
#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/thread.h"
#include "kv/rocks/rocks_int.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct rocks_read {
    struct kv_read base;
    const rocksdb_snapshot_t *snapshot;
    rocksdb_readoptions_t *options;
};

status rocks_status(char **error) {
    static const struct {
        str text;
        status st;
    } rows[] = {
        /* the first that stands in the text */
        {STR_INIT("Result incomplete"), ST_WOULD_WAIT}, {STR_INIT("No space left"), ST_FULL},
        {STR_INIT("Disk quota exceeded"), ST_FULL},     {STR_INIT("NoSpace"), ST_FULL},
        {STR_INIT("Corruption"), ST_CORRUPT},           {STR_INIT("lock file"), ST_IN_USE},
        {STR_INIT("lock hold by"), ST_IN_USE},          {STR_INIT("NotFound"), ST_NOT_FOUND},
        {STR_INIT("Invalid argument"), ST_INVALID},
    };
    if (*error == NULL)
        return ST_OK;
    str text = str_from_c(*error);
    status st = ST_IO;
    for (size_t i = sizeof rows / sizeof rows[0]; i-- > 0;)
        if (str_contains(text, rows[i].text))
            st = rows[i].st;
    if (st != ST_WOULD_WAIT)
        log_debug("event=rocksdb_error status=%d text=\"%.*s\"", (int)st, STR_ARG(text));
    rocksdb_free(*error);
    *error = NULL;
    return st;
}

/* ---- reading ---- */

status rocks_handle_hold(struct rocks *rocks) {
    if (thread_may_wait())
        pthread_rwlock_rdlock(&rocks->handle);
    else if (pthread_rwlock_tryrdlock(&rocks->handle) != 0)
        return ST_WOULD_WAIT;
    if (rocks->parts.db != NULL)
        return ST_OK;
    pthread_rwlock_unlock(&rocks->handle);
    return ST_IO;
}

static rocksdb_readoptions_t *options_of(struct rocks *rocks, struct kv_read *read) {
    return read == NULL ? rocks->parts.read_any : ((struct rocks_read *)read)->options;
}

status rocks_get(struct rocks *rocks, rocksdb_readoptions_t *options, struct arena *arena, str key,
                 str *out_value) {
    char *error = NULL;
    rocksdb_pinnableslice_t *pinned =
        rocksdb_get_pinned(rocks->parts.db, options, key.ptr, key.len, &error);
    TRY(rocks_status(&error));
    *out_value = (str){};
    if (pinned == NULL)
        return ST_OK;
    str value;
    value.ptr = rocksdb_pinnableslice_value(pinned, &value.len);
    *out_value = arena_copy(arena, value);
    rocksdb_pinnableslice_destroy(pinned);
    return ST_OK;
}

static void count_miss(struct rocks *rocks, status st) {
    if (__builtin_expect(st == ST_WOULD_WAIT, 0))
        atomic_fetch_add_explicit(&rocks->cache_misses, 1, memory_order_relaxed);
}

/* The newest committed value, past the read cache, which shall remember it if look->keep. */
static status newest_get(struct rocks *rocks, struct arena *arena, const struct cache_look *look,
                         str *out_value) {
    TRY(rocks_handle_hold(rocks));
    status st = rocks_get(rocks, options_of(rocks, NULL), arena, look->key, out_value);
    pthread_rwlock_unlock(&rocks->handle);
    count_miss(rocks, st);
    TRY(st);
    read_cache_keep(rocks->read_cache, look, *out_value);
    return ST_OK;
}

static status find_newest(struct rocks *rocks, struct arena *arena, str key, str *out_value) {
    struct cache_look look;
    read_cache_value(&look, key, hash_bytes(key));
    if (read_cache_find(rocks->read_cache, &look, arena, out_value))
        return ST_OK;
    return newest_get(rocks, arena, &look, out_value);
}

static status find_as_of(struct rocks *rocks, struct kv_read *read, struct arena *arena, str key,
                         str *out_value) {
    TRY(rocks_handle_hold(rocks));
    status st = rocks_get(rocks, options_of(rocks, read), arena, key, out_value);
    pthread_rwlock_unlock(&rocks->handle);
    count_miss(rocks, st);
    return st;
}

static status rocks_find_many(struct kv *kv, struct kv_read *read, struct arena *arena,
                              const str *keys, size_t count, str *out_values) {
    struct rocks *rocks = (struct rocks *)kv;
    for (size_t i = 0; i < count; i++) {
        if (keys[i].len == 0)
            out_values[i] = (str){}; /* the engine's own record is nobody's */
        else if (read == NULL)
            TRY(find_newest(rocks, arena, keys[i], &out_values[i]));
        else
            TRY(find_as_of(rocks, read, arena, keys[i], &out_values[i]));
    }
    return ST_OK;
}

static status rocks_txn_find(struct kv_txn *txn, struct arena *arena, str key, uint64_t hash,
                             str *out_value) {
    struct rocks *rocks = (struct rocks *)txn->kv;
    str value;
    uint64_t ticket;
    struct cache_look look;
    read_cache_value(&look, key, hash);
    if (overlay_find(&rocks->overlay, arena, key, hash, &value, &ticket)) {
        if (ticket > txn->ticket_seen)
            txn->ticket_seen = ticket;
    } else if (!read_cache_find(rocks->read_cache, &look, arena, &value)) {
        look.keep = false; /* it is about to be written */
        TRY(newest_get(rocks, arena, &look, &value));
    }
    if (value.ptr == NULL)
        return ST_NOT_FOUND;
    *out_value = value;
    return ST_OK;
}

static status rocks_read_begin(struct kv *kv, struct kv_read **out) {
    struct rocks *rocks = (struct rocks *)kv;
    TRY(rocks_handle_hold(rocks)); /* until it ends, on this same thread */
    struct rocks_read *read = calloc(1, sizeof *read);
    CHECK(read != NULL);
    read->base.kv = kv;
    read->snapshot = rocksdb_create_snapshot(rocks->parts.db);
    read->options = rocksdb_readoptions_create();
    rocksdb_readoptions_set_snapshot(read->options, read->snapshot);
    *out = &read->base;
    return ST_OK;
}

static void rocks_read_end(struct kv_read *base) {
    struct rocks_read *read = (struct rocks_read *)base;
    struct rocks *rocks = (struct rocks *)base->kv;
    rocksdb_readoptions_destroy(read->options);
    rocksdb_release_snapshot(rocks->parts.db, read->snapshot);
    pthread_rwlock_unlock(&rocks->handle);
    free(read);
}

static void fill_page(rocksdb_iterator_t *at, bool backward, struct kv_page_fill *fill) {
    if (backward)
        rocksdb_iter_seek_to_last(at); /* below the upper bound */
    else
        rocksdb_iter_seek_to_first(at); /* from the lower bound on */
    while (rocksdb_iter_valid(at)) {
        str key, value;
        key.ptr = rocksdb_iter_key(at, &key.len);
        value.ptr = rocksdb_iter_value(at, &value.len);
        if (!kv_page_add(fill, key, value))
            return;
        if (backward)
            rocksdb_iter_prev(at);
        else
            rocksdb_iter_next(at);
    }
}

static status scan_engine(struct rocks *rocks, struct kv_read *read, struct arena *arena,
                          const struct kv_range *range, size_t count_max, size_t bytes_max,
                          struct kv_page *out) {
    /* Where much was deleted a step may pass over any number of keys; "Incomplete" beyond this. */
    enum { LOOP_SKIP_MAX = 4096 };
    TRY(rocks_handle_hold(rocks));
    /* Options of its own: bounds belong to one scan. They are read as long as the iterator is. */
    rocksdb_readoptions_t *options = rocksdb_readoptions_create();
    str from = range->from.len ? range->from : ROCKS_FIRST_KEY;
    if (read != NULL)
        rocksdb_readoptions_set_snapshot(options, ((struct rocks_read *)read)->snapshot);
    if (!thread_may_wait())
        rocksdb_readoptions_set_max_skippable_internal_keys(options, LOOP_SKIP_MAX);
    rocksdb_readoptions_set_iterate_lower_bound(options, from.ptr, from.len);
    if (range->to.ptr != NULL)
        rocksdb_readoptions_set_iterate_upper_bound(options, range->to.ptr, range->to.len);
    rocksdb_readoptions_set_background_purge_on_iterator_cleanup(options, 1);

    struct kv_page_fill fill;
    kv_page_begin(&fill, arena, count_max, bytes_max);
    rocksdb_iterator_t *at = rocksdb_create_iterator(rocks->parts.db, options);
    fill_page(at, range->backward, &fill);
    /* An iterator that met an error, or a block that is not cached, just stops being valid. */
    char *error = NULL;
    rocksdb_iter_get_error(at, &error);
    rocksdb_iter_destroy(at);
    rocksdb_readoptions_destroy(options);
    pthread_rwlock_unlock(&rocks->handle);
    status st = rocks_status(&error);
    count_miss(rocks, st);
    if (st == ST_OK)
        *out = fill.page;
    return st;
}

static status rocks_scan(struct kv *kv, struct kv_read *read, struct arena *arena,
                         const struct kv_range *range, size_t count_max, size_t bytes_max,
                         struct kv_page *out) {
    struct rocks *rocks = (struct rocks *)kv;
    struct cache_look look;
    if (read != NULL || !read_cache_page(&look, range, count_max, bytes_max, arena))
        return scan_engine(rocks, read, arena, range, count_max, bytes_max, out);
    if (read_cache_find_page(rocks->read_cache, &look, arena, out))
        return ST_OK;
    TRY(scan_engine(rocks, NULL, arena, range, count_max, bytes_max, out));
    read_cache_keep_page(rocks->read_cache, &look, out, arena);
    return ST_OK;
}

/* ---- writing ---- */

static status rocks_update(struct kv *kv, const struct kv_keys *keys, kv_body *body, void *context,
                           uint64_t *out_ticket) {
    struct rocks *rocks = (struct rocks *)kv;
    return kv_update_latched(kv, &rocks->pool, rocks->latches, keys, body, context, groups_accept,
                             out_ticket);
}

static status rocks_drop_range(struct kv *kv, str from, str to) {
    if (!thread_may_wait())
        return ST_WOULD_WAIT;
    return groups_drop_range((struct rocks *)kv, from.len ? from : ROCKS_FIRST_KEY, to);
}

static enum kv_ticket_state rocks_ticket_state(struct kv *kv, uint64_t ticket) {
    return groups_ticket_state((struct rocks *)kv, ticket);
}

static status rocks_ticket_wait(struct kv *kv, uint64_t ticket) {
    return groups_ticket_wait((struct rocks *)kv, ticket);
}

static void rocks_on_settled(struct kv *kv, void (*notify)(void *context), void *context) {
    struct groups *groups = &((struct rocks *)kv)->groups;
    pthread_mutex_lock(&groups->lock);
    groups->notify = notify;
    groups->notify_context = context;
    pthread_mutex_unlock(&groups->lock);
}

/* ---- keeping ---- */

static status checkpoint_make(struct rocks *rocks, const char *directory) {
    char *error = NULL;
    rocksdb_checkpoint_t *checkpoint = rocksdb_checkpoint_object_create(rocks->parts.db, &error);
    TRY(rocks_status(&error));
    rocksdb_checkpoint_create(checkpoint, directory, 0, &error);
    rocksdb_checkpoint_object_destroy(checkpoint);
    return rocks_status(&error);
}

static status rocks_checkpoint(struct kv *kv, const char *directory) {
    struct rocks *rocks = (struct rocks *)kv;
    if (!thread_may_wait())
        return ST_WOULD_WAIT;
    TRY(rocks_handle_hold(rocks));
    status st = checkpoint_make(rocks, directory);
    pthread_rwlock_unlock(&rocks->handle);
    TRY(st);
    if (rocks->mark.encrypted)
        TRY(encryption_copy_keys(rocks->directory, directory));
    TRY(lost_file_copy(rocks->directory, directory)); /* it has the same log */
    return directory_mark(directory, &rocks->mark);   /* from here on it can be opened */
}

static uint64_t property(struct rocks *rocks, const char *name) {
    uint64_t value = 0;
    return rocksdb_property_int(rocks->parts.db, name, &value) == 0 ? value : 0;
}

static uint64_t files_at_level(struct rocks *rocks, size_t level) {
    char name[sizeof "rocksdb.num-files-at-level0"];
    uint64_t count = 0;
    snprintf(name, sizeof name, "rocksdb.num-files-at-level%d", (int)(level % 10));
    char *text = rocksdb_property_value(rocks->parts.db, name);
    if (text != NULL)
        (void)str_to_u64(str_from_c(text), &count); /* 0, then */
    rocksdb_free(text);
    return count;
}

/* Each takes the database's lock for a moment; none asks the disk. */
static void database_stats(struct rocks *rocks, struct kv_stats *out) {
    out->memory_table_bytes = property(rocks, "rocksdb.cur-size-all-mem-tables");
    /* Tables, and memory tables for the log that backs them. */
    out->bytes_on_disk = property(rocks, "rocksdb.total-sst-files-size") + out->memory_table_bytes;
    out->cache_bytes = rocksdb_cache_get_usage(rocks->parts.cache);
    out->cache_bytes_max = rocks->options.cache_bytes;
    out->flushes_running = property(rocks, "rocksdb.num-running-flushes");
    out->compactions_running = property(rocks, "rocksdb.num-running-compactions");
    out->compaction_pending = property(rocks, "rocksdb.compaction-pending") != 0;
    out->compaction_pending_bytes = property(rocks, "rocksdb.estimate-pending-compaction-bytes");
    out->delayed_write_rate = property(rocks, "rocksdb.actual-delayed-write-rate");
    out->writes_stopped = property(rocks, "rocksdb.is-write-stopped") != 0;
    for (size_t level = 0; level < KV_LEVELS; level++)
        out->files_at_level[level] = files_at_level(rocks, level);
}

static void rocks_stats(struct kv *kv, struct kv_stats *out) {
    struct rocks *rocks = (struct rocks *)kv;
    struct groups *groups = &rocks->groups;
    pthread_mutex_lock(&groups->lock);
    out->groups = groups->group_count;
    out->group_updates = groups->update_count;
    out->commit_us = groups->commit_us;
    out->group_sizes = groups->group_sizes;
    out->commit_times = groups->commit_times;
    pthread_mutex_unlock(&groups->lock);
    int accepting = atomic_load(&groups->accepting);
    out->refusing_writes = accepting != ACCEPTING;
    out->read_only = accepting == REFUSING_IO;
    struct read_cache_stats cache;
    read_cache_stats(rocks->read_cache, &cache);
    out->read_cache_bytes = cache.bytes;
    out->read_cache_bytes_max = cache.bytes_max;
    out->read_cache_hits = cache.hits;
    out->cache_misses = atomic_load_explicit(&rocks->cache_misses, memory_order_relaxed);
    if (rocks_handle_hold(rocks) != ST_OK)
        return;
    database_stats(rocks, out);
    pthread_rwlock_unlock(&rocks->handle);
}

/* ---- opening ---- */

static void rocks_free(struct rocks *rocks) {
    int kept = errno;
    rocks_parts_close(&rocks->parts);
    encrypted_files_free(rocks->files);
    if (rocks->lost_fd >= 0)
        close(rocks->lost_fd);
    if (rocks->lock_fd >= 0)
        close(rocks->lock_fd); /* only now may another process have it */
    pthread_rwlock_destroy(&rocks->handle);
    free(rocks->directory);
    free(rocks);
    errno = kept;
}

static void rocks_close(struct kv *kv) {
    struct rocks *rocks = (struct rocks *)kv;
    groups_done(rocks);
    overlay_done(&rocks->overlay);
    kv_txn_pool_done(&rocks->pool);
    latches_free(rocks->latches);
    read_cache_free(rocks->read_cache);
    rocks_free(rocks);
}

static const struct kv_engine rocks_engine = {
    .close = rocks_close,
    .read_begin = rocks_read_begin,
    .read_end = rocks_read_end,
    .find_many = rocks_find_many,
    .scan = rocks_scan,
    .update = rocks_update,
    .txn_find = rocks_txn_find,
    .drop_range = rocks_drop_range,
    .ticket_state = rocks_ticket_state,
    .ticket_wait = rocks_ticket_wait,
    .on_settled = rocks_on_settled,
    .checkpoint = rocks_checkpoint,
    .stats = rocks_stats,
};

static status stamp_read(struct rocks *rocks, uint64_t *out_stamp) {
    struct arena *arena = arena_new(1 << 16);
    str value;
    status st = rocks_get(rocks, rocks->parts.read_any, arena, ROCKS_OWN_KEY, &value);
    if (st == ST_OK && value.ptr != NULL && value.len != KV_STAMP_LEN)
        st = ST_CORRUPT;
    if (st == ST_OK)
        *out_stamp = value.ptr ? get_be64(value.ptr) : 0;
    arena_free(arena);
    return st;
}

static status files_open(struct rocks *rocks, uint64_t *out_stamp) {
    const struct kv_options *options = &rocks->options;
    struct directory_mark *mark = &rocks->mark;
    TRY(directory_hold(rocks->directory, options, &rocks->lock_fd, mark));
    TRY(encryption_begin(rocks->directory, mark, options, &rocks->files));
    rocks->options.encryption_key = NULL; /* the caller's, and not asked for again */
    status st =
        rocks_parts_open(&rocks->parts, rocks->directory, options, rocks->files, !mark->ready);
    if (st == ST_INVALID && mark->ready)
        st = ST_CORRUPT; /* there was a database, and it is no longer one */
    TRY(st);
    if (!mark->ready) {
        mark->ready = true;
        TRY(directory_mark(rocks->directory, mark));
    }
    /* Without room for it, it is tried again when it is needed. */
    (void)lost_file_open(rocks->directory, &rocks->lost_fd);
    return stamp_read(rocks, out_stamp);
}

status kv_rocks_open(const char *directory, const struct kv_options *options, struct kv **out) {
    struct rocks *rocks = aligned_alloc(_Alignof(struct rocks), sizeof *rocks);
    CHECK(rocks != NULL);
    memset(rocks, 0, sizeof *rocks);
    rocks->base.engine = &rocks_engine;
    rocks->lock_fd = rocks->lost_fd = -1;
    rocks->options = *options;
    if (rocks->options.cache_bytes == 0)
        rocks->options.cache_bytes = CACHE_DEFAULT;
    if (rocks->options.write_buffer_bytes == 0)
        rocks->options.write_buffer_bytes = WRITE_BUFFER_DEFAULT;
    size_t read_cache_bytes = rocks->options.cache_bytes / READ_CACHE_PART;
    rocks->options.cache_bytes -= read_cache_bytes; /* what is left is for blocks */
    pthread_rwlock_init(&rocks->handle, NULL);
    rocks->directory = strdup(directory);
    CHECK(rocks->directory != NULL);
    uint64_t stamp = 0;
    status st = files_open(rocks, &stamp);
    if (st != ST_OK) {
        rocks_free(rocks);
        return st;
    }
    rocks->latches = latches_new();
    kv_txn_pool_init(&rocks->pool);
    overlay_init(&rocks->overlay);
    rocks->read_cache = read_cache_new(read_cache_bytes);
    groups_init(rocks, stamp);
    *out = &rocks->base;
    return ST_OK;
}
