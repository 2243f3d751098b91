/* xoshiro256** per thread, seeded by getrandom(2). */
#include "base/random.h"

#include "base/check.h"

#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

static _Thread_local uint64_t state[4];
static _Thread_local bool seeded;

static uint64_t rotate_left(uint64_t x, int k) {
    return x << k | x >> (64 - k);
}

uint64_t random_u64(void) {
    if (__builtin_expect(!seeded, 0)) {
        ssize_t got = getrandom(state, sizeof state, 0);
        CHECK(got == (ssize_t)sizeof state);
        seeded = true;
    }
    uint64_t result = rotate_left(state[1] * 5, 7) * 9;
    uint64_t t = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotate_left(state[3], 45);
    return result;
}

void random_bytes(void *out, size_t len) {
    unsigned char *at = out;
    while (len) {
        uint64_t r = random_u64();
        size_t n = len < sizeof r ? len : sizeof r;
        memcpy(at, &r, n);
        at += n;
        len -= n;
    }
}

void random_uuid(char out[36]) {
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[16];
    random_bytes(bytes, sizeof bytes);
    bytes[6] = (unsigned char)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (unsigned char)((bytes[8] & 0x3f) | 0x80);
    size_t at = 0;
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[at++] = '-';
        out[at++] = hex[bytes[i] >> 4];
        out[at++] = hex[bytes[i] & 15];
    }
}
