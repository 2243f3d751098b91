/* RocksDB's checksum of log records: the linker sends its calls here (--wrap, in meson.build),
 * where RocksDB is linked statically. */
#include "base/crc32c.h"

uint32_t __real__ZN7rocksdb6crc32c6ExtendEjPKcm(uint32_t crc, const char *bytes, size_t len);
uint32_t __wrap__ZN7rocksdb6crc32c6ExtendEjPKcm(uint32_t crc, const char *bytes, size_t len);

uint32_t __wrap__ZN7rocksdb6crc32c6ExtendEjPKcm(uint32_t crc, const char *bytes, size_t len) {
    return crc32c_is_fast() ? crc32c_extend(crc, bytes, len)
                            : __real__ZN7rocksdb6crc32c6ExtendEjPKcm(crc, bytes, len);
}
