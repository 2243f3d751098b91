/* A latch is one word: how many share it, whether it is held exclusively, and whether anybody
 * waits. Taking a free one is a compare-and-swap; only those who have to wait touch a mutex.
 * They park in a lot chosen by the latch's place; the flags for waiters are changed under the
 * lot's mutex only, so a releaser that sees one and then takes the mutex cannot miss the sleeper.
 */
#include "kv/latch.h"

#include "base/check.h"
#include "base/thread.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { LOT_COUNT = 64 };

static const uint32_t EXCLUSIVE = 1u << 31;        /* held by one */
static const uint32_t WAITED = 1u << 30;           /* somebody sleeps */
static const uint32_t WAITED_EXCLUSIVE = 1u << 29; /* somebody sleeps who wants it alone */
static const uint32_t SHARERS = (1u << 29) - 1;

struct latch {
    _Atomic uint32_t word;
    uint16_t sleepers, sleepers_exclusive; /* under the lot's lock */
};

struct lot {
    _Alignas(64) pthread_mutex_t lock;
    pthread_cond_t released;
};

struct latches {
    struct lot lots[LOT_COUNT];
    struct latch table[LATCH_COUNT];
};

struct latches *latches_new(void) {
    struct latches *latches = aligned_alloc(_Alignof(struct latches), sizeof *latches);
    CHECK(latches != NULL);
    memset(latches, 0, sizeof *latches);
    for (size_t i = 0; i < LOT_COUNT; i++) {
        pthread_mutex_init(&latches->lots[i].lock, NULL);
        pthread_cond_init(&latches->lots[i].released, NULL);
    }
    return latches;
}

void latches_free(struct latches *latches) {
    if (latches == NULL)
        return;
    for (size_t i = 0; i < LATCH_COUNT; i++)
        CHECK(atomic_load(&latches->table[i].word) == 0);
    for (size_t i = 0; i < LOT_COUNT; i++) {
        pthread_mutex_destroy(&latches->lots[i].lock);
        pthread_cond_destroy(&latches->lots[i].released);
    }
    free(latches);
}

void latch_set_init(struct latch_set *set) {
    set->count = 0;
    set->sealed = false;
}

/* Kept sorted; exclusive sorts before shared, so the stronger wish comes first. */
void latch_set_add(struct latch_set *set, uint64_t hash, bool shared) {
    CHECK(set->count < LATCH_SET_MAX && !set->sealed);
    uint16_t entry = (uint16_t)((hash % LATCH_COUNT) * 2 + shared);
    size_t at = set->count++;
    while (at > 0 && set->entries[at - 1] > entry) {
        set->entries[at] = set->entries[at - 1];
        at--;
    }
    set->entries[at] = entry;
}

/* One entry a latch. */
static void set_seal(struct latch_set *set) {
    size_t kept = 0;
    for (size_t i = 0; i < set->count; i++)
        if (kept == 0 || set->entries[kept - 1] / 2 != set->entries[i] / 2)
            set->entries[kept++] = set->entries[i];
    set->count = kept;
    set->sealed = true;
}

static bool latch_try(struct latch *latch, bool shared) {
    uint32_t word = atomic_load_explicit(&latch->word, memory_order_relaxed);
    for (;;) {
        uint32_t in_the_way = shared ? EXCLUSIVE | WAITED_EXCLUSIVE : EXCLUSIVE | SHARERS;
        if (word & in_the_way)
            return false;
        uint32_t taken = shared ? word + 1 : word | EXCLUSIVE;
        if (atomic_compare_exchange_weak_explicit(&latch->word, &word, taken, memory_order_acquire,
                                                  memory_order_relaxed))
            return true;
    }
}

static struct lot *lot_of(struct latches *latches, struct latch *latch) {
    return &latches->lots[(size_t)(latch - latches->table) % LOT_COUNT];
}

/* A sleeper that wants the latch alone looks past its own WAITED_EXCLUSIVE; a shared one doesn't,
 * and is woken again by the exclusive holder's release. */
static void latch_wait(struct latches *latches, struct latch *latch, bool shared) {
    struct lot *lot = lot_of(latches, latch);
    pthread_mutex_lock(&lot->lock);
    latch->sleepers++;
    latch->sleepers_exclusive += !shared;
    atomic_fetch_or(&latch->word, shared ? WAITED : WAITED | WAITED_EXCLUSIVE);
    while (!latch_try(latch, shared))
        pthread_cond_wait(&lot->released, &lot->lock);
    latch->sleepers--;
    latch->sleepers_exclusive -= !shared;
    if (latch->sleepers == 0)
        atomic_fetch_and(&latch->word, ~WAITED);
    if (latch->sleepers_exclusive == 0)
        atomic_fetch_and(&latch->word, ~WAITED_EXCLUSIVE);
    pthread_mutex_unlock(&lot->lock);
}

static void latch_release(struct latches *latches, struct latch *latch, bool shared) {
    uint32_t before =
        shared ? atomic_fetch_sub_explicit(&latch->word, 1, memory_order_release)
               : atomic_fetch_and_explicit(&latch->word, ~EXCLUSIVE, memory_order_release);
    if (!(before & WAITED))
        return;
    struct lot *lot = lot_of(latches, latch);
    pthread_mutex_lock(&lot->lock);
    pthread_cond_broadcast(&lot->released);
    pthread_mutex_unlock(&lot->lock);
}

static void release_first(struct latches *latches, struct latch_set *set, size_t count) {
    for (size_t i = count; i-- > 0;)
        latch_release(latches, &latches->table[set->entries[i] / 2], set->entries[i] % 2);
}

status latches_take(struct latches *latches, struct latch_set *set) {
    bool may_wait = thread_may_wait();
    set_seal(set);
    for (size_t i = 0; i < set->count; i++) {
        struct latch *latch = &latches->table[set->entries[i] / 2];
        bool shared = set->entries[i] % 2;
        if (latch_try(latch, shared))
            continue;
        if (!may_wait) {
            release_first(latches, set, i);
            return ST_WOULD_WAIT;
        }
        latch_wait(latches, latch, shared);
    }
    return ST_OK;
}

void latches_release(struct latches *latches, struct latch_set *set) {
    release_first(latches, set, set->count);
    latch_set_init(set);
}
