/* loop_files.h - RocksDB's files, as an I/O loop may read them: from memory or not at all.
 *
 * Purpose:   a read that the block cache can't answer may still be in the kernel's page cache, and
 *            then costs 2 µs, not the 25 of a hand-over to a worker. On a loop reads answer
 *            Incomplete instead of waiting for a disk; elsewhere they are plain reads.
 * Ownership: the file system is the process's own and lives as long as it.
 * Threads:   any.
 * Errors:    as RocksDB's statuses.
 * Limits:    kernels and file systems without RWF_NOWAIT: each such read is a worker's.
 */
#pragma once

#include <rocksdb/c.h>

#ifdef __cplusplus
#include <memory>
#include <rocksdb/file_system.h>

std::shared_ptr<rocksdb::FileSystem> loop_file_system();

extern "C" {
#endif

void loop_files_use(rocksdb_options_t *options);

#ifdef __cplusplus
}
#endif
