/* How RocksDB is set up. The aims, in this order: what was acknowledged survives; opening takes
 * less than a second; memory is bounded by the cache and two write buffers; a point read of an
 * item of 1 KiB touches little. */
#include "base/check.h"
#include "kv/rocks/loop_files.h"
#include "kv/rocks/rocks_int.h"

#include <errno.h>
#include <unistd.h>

enum {
    WAL_MAX = 64 << 20, /* replayed at about 70 MB a second when opened */
    FILES_MAX = 256,    /* open tables; with 64 MB each that is 16 GB without reopening any */
    BLOCK_SIZE = 4 * 1024,
    FILTER_BITS = 10, /* a bit less than 1 % of finds in vain read a block */
};

static void table_set(struct rocks_parts *parts, size_t cache_bytes) {
    parts->table = rocksdb_block_based_options_create();
    parts->cache = rocksdb_cache_create_lru(cache_bytes);
    rocksdb_block_based_options_set_block_cache(parts->table, parts->cache);
    /* Keys begin with a hash, so neighbours are strangers: a large block would fill the cache
     * with items nobody asked for. A hash in the block finds the item without a search (cached
     * find of 1 KiB: 3.6 µs; without it 4.8; blocks of 8 KiB 4.7 and 6.3). */
    enum { BINARY_AND_HASH = 1 };
    rocksdb_block_based_options_set_block_size(parts->table, BLOCK_SIZE);
    rocksdb_block_based_options_set_data_block_index_type(parts->table, BINARY_AND_HASH);
    rocksdb_block_based_options_set_data_block_hash_ratio(parts->table, 0.75);
    rocksdb_block_based_options_set_filter_policy(
        parts->table, rocksdb_filterpolicy_create_bloom_full(FILTER_BITS));
    rocksdb_block_based_options_set_whole_key_filtering(parts->table, 1);
    rocksdb_block_based_options_set_format_version(parts->table, 5);
    /* Index and filters count against the cache, or memory would grow with the data. */
    rocksdb_block_based_options_set_cache_index_and_filter_blocks(parts->table, 1);
    rocksdb_block_based_options_set_cache_index_and_filter_blocks_with_high_priority(parts->table,
                                                                                     1);
    rocksdb_block_based_options_set_pin_l0_filter_and_index_blocks_in_cache(parts->table, 1);
    /* In parts of a block each, or every find in a file of 64 MB would want all of its index: with
     * data of four times the cache a find took 1.1 ms, and takes 17 µs (no other change but LZ4
     * and loop_files.h: 50). */
    rocksdb_block_based_options_set_index_type(
        parts->table, rocksdb_block_based_table_index_type_two_level_index_search);
    rocksdb_block_based_options_set_partition_filters(parts->table, 1);
    rocksdb_block_based_options_set_metadata_block_size(parts->table, BLOCK_SIZE);
    rocksdb_block_based_options_set_pin_top_level_index_and_filter(parts->table, 1);
    rocksdb_options_set_block_based_table_factory(parts->options, parts->table);
}

static void files_set(rocksdb_options_t *options, size_t write_buffer) {
    rocksdb_options_set_write_buffer_size(options, write_buffer);
    rocksdb_options_set_max_write_buffer_number(options, 2);
    rocksdb_options_set_arena_block_size(options, 256 * 1024);
    /* A filter for the memory tables, too: most finds are of older items. */
    rocksdb_options_set_memtable_prefix_bloom_size_ratio(options, 0.02);
    rocksdb_options_set_memtable_whole_key_filtering(options, 1);
    rocksdb_options_set_max_total_wal_size(options, WAL_MAX);
    rocksdb_options_set_manifest_preallocation_size(options, 64 * 1024);
    rocksdb_options_set_max_open_files(options, FILES_MAX);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(options, 1);
    /* On all levels: most finds end on the last one, and there zstd took 46 % of the time of reads
     * that the block cache couldn't answer. */
    rocksdb_options_set_compression(options, rocksdb_lz4_compression);
    rocksdb_options_set_bytes_per_sync(options, 1 << 20); /* tables reach the disk bit by bit */
    rocksdb_options_set_max_background_jobs(options, 2);
}

/* RocksDB's writer of its log file ends the process (an assertion that Debian's build has on) when
 * a line follows one that could not be written, which is what happens on a full disk. So it writes
 * none after opening, and isn't opened on a full disk. What matters comes back as a status. */
static void log_set(rocksdb_options_t *options) {
    enum { FATAL_LEVEL = 4 };
    rocksdb_options_set_info_log_level(options, FATAL_LEVEL);
    rocksdb_options_set_keep_log_file_num(options, 2);
    rocksdb_options_set_stats_dump_period_sec(options, 0);
    rocksdb_options_set_stats_persist_period_sec(options, 0);
}

static void reads_set(struct rocks_parts *parts) {
    parts->read_any = rocksdb_readoptions_create();
    parts->write_synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(parts->write_synced, 1);
}

/* The database has left the lost part behind for good: what is written from now on must not be
 * taken for it. */
static status lost_clear(const char *directory) {
    int fd;
    TRY(lost_file_open(directory, &fd));
    status st = lost_file_write(fd, &(struct lost_writes){});
    int kept = errno;
    close(fd);
    errno = kept;
    return st;
}

status rocks_parts_open(struct rocks_parts *parts, const char *directory,
                        const struct kv_options *options, struct encrypted_files *files,
                        bool create) {
    char *error = NULL;
    struct lost_writes lost;
    TRY(lost_file_read(directory, &lost));
    if (disk_free(directory) < ROCKS_OPEN_BYTES)
        return ST_FULL;
    rocksdb_options_t *plain = rocksdb_options_create();
    parts->options = rocksdb_options_create();
    /* Not in the C API by itself. Preallocation would make an empty database 35 MB large, and
     * gains nothing: a commit of a growing log writes the file's size either way. */
    rocksdb_get_options_from_string(plain, "allow_fallocate=false", parts->options, &error);
    rocksdb_options_destroy(plain);
    TRY(rocks_status(&error));
    rocksdb_options_set_create_if_missing(parts->options, create);
    rocksdb_options_set_paranoid_checks(parts->options, 1);
    /* After a power cut the log may end in a record that is short or, since pages reach the disk
     * in any order, of the right length with a wrong checksum. Replay stops there. Nothing behind
     * that point was acknowledged, as a group is acknowledged only when it and all before it are
     * synced. (Tolerating only short records would refuse to open after such a power cut;
     * absolute consistency would refuse even after a kill.) */
    rocksdb_options_set_wal_recovery_mode(parts->options, rocksdb_point_in_time_recovery);
    /* Deleting of obsolete files is left to background threads: a loop must not wait for it. */
    rocksdb_options_set_avoid_unnecessary_blocking_io(parts->options, 1);
    files_set(parts->options, options->write_buffer_bytes);
    log_set(parts->options);
    table_set(parts, options->cache_bytes);
    reads_set(parts);
    if (files != NULL)
        encrypted_files_use(files, parts->options);
    else
        loop_files_use(parts->options);
    if (lost.last_log != 0)
        parts->filter = log_filter_use(&lost, parts->options);
    parts->db = rocksdb_open(parts->options, directory, &error);
    TRY(rocks_status(&error));
    return lost.last_log != 0 ? lost_clear(directory) : ST_OK;
}

void rocks_parts_close(struct rocks_parts *parts) {
    if (parts->db != NULL)
        rocksdb_close(parts->db);
    if (parts->write_synced != NULL)
        rocksdb_writeoptions_destroy(parts->write_synced);
    if (parts->read_any != NULL)
        rocksdb_readoptions_destroy(parts->read_any);
    if (parts->options != NULL)
        rocksdb_options_destroy(parts->options);
    if (parts->table != NULL)
        rocksdb_block_based_options_destroy(parts->table);
    if (parts->cache != NULL)
        rocksdb_cache_destroy(parts->cache);
    log_filter_free(parts->filter);
    *parts = (struct rocks_parts){};
}
