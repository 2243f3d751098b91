/* encrypted_files.h - RocksDB's files, encrypted: what its C API has no name for.
 *
 * Purpose:   makes RocksDB keep every file it writes by kv/rocks/file_cipher.h, and no log.
 * Ownership: made from a ring, which it copies; freed after the last database that uses it.
 * Threads:   RocksDB's.
 * Errors:    as RocksDB's statuses: Corruption names the file whose header does not open.
 * Limits:    no direct I/O, no memory-mapped reads, no writing in place: refused as NotSupported.
 */
#pragma once

#include "kv/rocks/key_file.h"

#include <rocksdb/c.h>

#ifdef __cplusplus
extern "C" {
#endif

struct encrypted_files;

struct encrypted_files *encrypted_files_new(const struct key_ring *ring);
void encrypted_files_use(struct encrypted_files *files, rocksdb_options_t *options);
void encrypted_files_free(struct encrypted_files *files); /* accepts NULL */

#ifdef __cplusplus
}
#endif
