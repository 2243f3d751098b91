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
#include <rocksdb/options.h>

/* As RocksDB's c.cc has it. */
struct rocksdb_options_t {
    rocksdb::Options rep;
};

/* A file whose Read is not the one below: all other ways to read come to it, one after the other,
 * as the base class has it. What RocksDB's wrapper passes on would go past it. */
class OneReadFile : public rocksdb::FSRandomAccessFileOwnerWrapper {
  public:
    using FSRandomAccessFileOwnerWrapper::FSRandomAccessFileOwnerWrapper;

    rocksdb::IOStatus MultiRead(rocksdb::FSReadRequest *requests, size_t count,
                                const rocksdb::IOOptions &options,
                                rocksdb::IODebugContext *debug) override {
        return rocksdb::FSRandomAccessFile::MultiRead(requests, count, options, debug);
    }
    rocksdb::IOStatus ReadAsync(rocksdb::FSReadRequest &request, const rocksdb::IOOptions &options,
                                std::function<void(const rocksdb::FSReadRequest &, void *)> done,
                                void *context, void **handle, rocksdb::IOHandleDeleter *deleter,
                                rocksdb::IODebugContext *debug) override {
        return rocksdb::FSRandomAccessFile::ReadAsync(request, options, done, context, handle,
                                                      deleter, debug);
    }
};

std::shared_ptr<rocksdb::FileSystem> loop_file_system();

extern "C" {
#endif

void loop_files_use(rocksdb_options_t *options);

#ifdef __cplusplus
}
#endif
