/* crc32c.h - the checksum of Castagnoli, by the processor's own instruction where it has one.
 *
 * Purpose:   RocksDB checks each record of its log by it. Debian's build of RocksDB computes it in
 *            software, which took 4 % of a durable write of 1 KiB.
 * Ownership: none.
 * Threads:   any.
 * Errors:    none.
 * Limits:    none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether this processor has the instruction; the other function may be called only then. */
bool crc32c_is_fast(void);
/* The checksum of what `crc` is that of (0: nothing), followed by these bytes. */
uint32_t crc32c_extend(uint32_t crc, const char *bytes, size_t len);
