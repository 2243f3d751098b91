/* log_filter.h - RocksDB's replay of its log without what was lost: what its C API has no name for.
 *
 * Purpose:   leaves out the part of the log that kv/rocks/lost_file.h speaks of. It works above the
 *            files, so it is the same whether they are encrypted.
 * Ownership: the filter is the caller's, and outlives the database that was opened with it.
 * Threads:   RocksDB calls it while it opens, on the thread that opens.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#include "kv/rocks/lost_file.h"

#include <rocksdb/c.h>

#ifdef __cplusplus
extern "C" {
#endif

struct log_filter;

struct log_filter *log_filter_use(const struct lost_writes *lost, rocksdb_options_t *options);
void log_filter_free(struct log_filter *filter); /* accepts NULL */
/* The log that is written to now, or a later one; 0 when RocksDB can't say. */
uint64_t log_number(rocksdb_t *db);

#ifdef __cplusplus
}
#endif
