#include "base/check.h"
#include "iam/decisions_int.h"

#include <sys/random.h>

enum { DECISION_BITS = 4, DECISION_MASK = (1 << DECISION_BITS) - 1 };

struct decisions {
    uint64_t key[2];
    struct {
        _Atomic uint64_t low, high; /* 0 and 0: empty; of high, DECISION_BITS are the decision */
    } places[DECISIONS_KEPT];
};

struct decisions *decisions_new(struct arena *arena) {
    struct decisions *decisions = arena_struct(arena, struct decisions);
    CHECK(getrandom(decisions->key, sizeof decisions->key, 0) == (ssize_t)sizeof decisions->key);
    return decisions;
}

/* ---- SipHash-2-4 with 128 bits of output, over words: each text as its length and its bytes,
 * padded to words, which no other texts share. ---- */

struct sip {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate_left(uint64_t x, int k) {
    return x << k | x >> (64 - k);
}

static inline void sip_round(struct sip *s) {
    s->v0 += s->v1;
    s->v1 = rotate_left(s->v1, 13) ^ s->v0;
    s->v0 = rotate_left(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate_left(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate_left(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate_left(s->v1, 17) ^ s->v2;
    s->v2 = rotate_left(s->v2, 32);
}

static inline void sip_word(struct sip *s, uint64_t word) {
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

static void sip_text(struct sip *s, str text) {
    uint64_t word;
    sip_word(s, text.len);
    for (; text.len >= sizeof word; text = str_slice(text, sizeof word, text.len)) {
        memcpy(&word, text.ptr, sizeof word);
        sip_word(s, word);
    }
    if (text.len) {
        word = 0;
        memcpy(&word, text.ptr, text.len);
        sip_word(s, word);
    }
}

static uint64_t sip_output(struct sip *s) {
    for (int i = 0; i < 4; i++)
        sip_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

struct decision_tag decision_tag_of(const struct decisions *decisions, str action, str resource,
                                    uint64_t generation) {
    const uint64_t *key = decisions->key;
    struct decision_tag tag;
    struct sip s = {key[0] ^ 0x736f6d6570736575u, key[1] ^ 0x646f72616e646f6du ^ 0xee,
                    key[0] ^ 0x6c7967656e657261u, key[1] ^ 0x7465646279746573u};
    sip_word(&s, generation);
    sip_text(&s, action);
    sip_text(&s, resource);
    s.v2 ^= 0xee;
    tag.low = sip_output(&s);
    s.v1 ^= 0xdd;
    tag.high = sip_output(&s);
    return tag;
}

/* ---- the table ---- */

bool decisions_find(struct decisions *decisions, struct decision_tag tag, unsigned *out) {
    size_t at = tag.low % DECISIONS_KEPT;
    uint64_t low = atomic_load_explicit(&decisions->places[at].low, memory_order_relaxed);
    uint64_t high = atomic_load_explicit(&decisions->places[at].high, memory_order_relaxed);
    if (low != tag.low || (high ^ tag.high) & ~(uint64_t)DECISION_MASK)
        return false;
    *out = (unsigned)(high & DECISION_MASK);
    return true;
}

void decisions_put(struct decisions *decisions, struct decision_tag tag, unsigned decision) {
    size_t at = tag.low % DECISIONS_KEPT;
    CHECK(decision <= DECISION_MASK);
    atomic_store_explicit(&decisions->places[at].low, tag.low, memory_order_relaxed);
    atomic_store_explicit(&decisions->places[at].high,
                          (tag.high & ~(uint64_t)DECISION_MASK) | decision, memory_order_relaxed);
}
