#include "base/crc32c.h"

#include "base/check.h"

#include <string.h>

#ifdef __x86_64__

#include <nmmintrin.h>

bool crc32c_is_fast(void) {
    return __builtin_cpu_supports("sse4.2") != 0;
}

[[gnu::target("sse4.2")]] uint32_t crc32c_extend(uint32_t crc, const char *bytes, size_t len) {
    uint64_t state = crc ^ UINT32_MAX, word;
    for (; len >= sizeof word; bytes += sizeof word, len -= sizeof word) {
        memcpy(&word, bytes, sizeof word);
        state = _mm_crc32_u64(state, word);
    }
    for (; len > 0; bytes++, len--)
        state = _mm_crc32_u8((uint32_t)state, (unsigned char)*bytes);
    return (uint32_t)state ^ UINT32_MAX;
}

#else

bool crc32c_is_fast(void) {
    return false;
}

uint32_t crc32c_extend(uint32_t crc, const char *bytes, size_t len) {
    (void)bytes;
    CHECK(len == 0);
    return crc;
}

#endif
