#include "base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t hash_bytes(str bytes) {
    return XXH3_64bits(bytes.ptr, bytes.len);
}
