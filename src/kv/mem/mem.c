/* The reference engine: a skip list of keys, each with a chain of versions, newest first.
 *
 *   head ─► key a ─► key b ─► key c        (levels above skip; level 0 is linked both ways)
 *             │        │
 *           seq 9    seq 4 (deleted)       a snapshot of seq 5 sees a = "old", b = nothing
 *             │        │
 *           seq 3    seq 1
 *
 * A snapshot is a sequence number. A version is needed while it is the newest, or some open
 * snapshot sees it; keys that hold more are queued as stale and swept by later updates. One
 * reader-writer lock is taken per call: an update applies its ops at once, so there are no
 * tickets to wait for. */
#include "kv/mem/mem.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "base/random.h"
#include "base/thread.h"
#include "kv/kv_int.h"
#include "kv/mem/hash_index.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { HEIGHT_MAX = 20, SWEEP_PER_UPDATE = 8 };

struct version {
    struct version *older;
    uint64_t seq;
    size_t len;
    bool deleted;
    char bytes[];
};

struct node {
    struct hash_entry entry; /* first; the head has none */
    struct version *newest;
    struct node *prev, *stale_next;
    size_t key_len;
    bool stale; /* in the queue */
    unsigned height;
    struct node *next[]; /* `height` of them, then the key */
};

struct mem_read {
    struct kv_read base;
    uint64_t seq;
    struct mem_read *newer, *older;
};

struct mem {
    struct kv base;
    pthread_rwlock_t lock; /* nodes, seq, stamp, the queue */
    struct node *head;
    struct hash_index by_hash; /* a find by key needs no walk */
    uint64_t seq, stamp, updates;
    struct node *stale_first, **stale_end;
    pthread_mutex_t reads_lock; /* never held across anything that waits */
    struct mem_read *oldest_read, *newest_read;
    struct latches *latches;
    struct kv_txn_pool pool;
    _Atomic unsigned find_would_wait, scan_would_wait, update_io, update_full, update_lost,
        update_keys_max;
};

/* ---- locking and faults ---- */

enum { LOST_TICKET = 1 }; /* of updates that a fault has lost; the others have none */

static bool lock_shared(struct mem *mem) {
    return thread_may_wait() ? pthread_rwlock_rdlock(&mem->lock) == 0
                             : pthread_rwlock_tryrdlock(&mem->lock) == 0;
}

static bool lock_alone(struct mem *mem) {
    return thread_may_wait() ? pthread_rwlock_wrlock(&mem->lock) == 0
                             : pthread_rwlock_trywrlock(&mem->lock) == 0;
}

/* Counts down to the call that fails. */
static bool fault_due(_Atomic unsigned *countdown) {
    return atomic_load(countdown) > 0 && atomic_fetch_sub(countdown, 1) == 1;
}

void kv_mem_faults(struct kv *kv, const struct kv_mem_faults *plan) {
    struct mem *mem = (struct mem *)kv;
    atomic_store(&mem->find_would_wait, plan->find_would_wait);
    atomic_store(&mem->scan_would_wait, plan->scan_would_wait);
    atomic_store(&mem->update_io, plan->update_io);
    atomic_store(&mem->update_full, plan->update_full);
    atomic_store(&mem->update_lost, plan->update_lost);
    atomic_store(&mem->update_keys_max, plan->update_keys_max);
}

/* ---- the list ---- */

static str node_key(const struct node *node) {
    return (str){(const char *)&node->next[node->height], node->key_len};
}

static struct node *node_new(unsigned height, str key) {
    size_t links = height * sizeof(struct node *);
    struct node *node = calloc(1, sizeof *node + links + key.len);
    CHECK(node != NULL);
    node->height = height;
    node->key_len = key.len;
    if (key.len)
        memcpy(&node->next[height], key.ptr, key.len);
    return node;
}

/* The last node below `key` (the head when there is none), and on each level, if asked. */
static struct node *node_below(struct mem *mem, str key, struct node **out_below) {
    struct node *at = mem->head;
    for (unsigned level = HEIGHT_MAX; level-- > 0;) {
        while (at->next[level] != NULL && str_cmp(node_key(at->next[level]), key) < 0)
            at = at->next[level];
        if (out_below != NULL)
            out_below[level] = at;
    }
    return at;
}

static struct node *node_find(struct mem *mem, str key, uint64_t hash) {
    struct hash_entry *entry = hash_index_first(&mem->by_hash, hash);
    while (entry != NULL && !(entry->hash == hash && str_eq(node_key((struct node *)entry), key)))
        entry = entry->next;
    return (struct node *)entry;
}

static struct node *node_add(struct mem *mem, str key) {
    uint64_t hash = hash_bytes(key);
    struct node *node = node_find(mem, key, hash), *below[HEIGHT_MAX];
    if (node != NULL)
        return node;
    node_below(mem, key, below);
    unsigned height = 1;
    for (uint64_t bits = random_u64(); height < HEIGHT_MAX && (bits & 3) == 0; bits >>= 2)
        height++;
    node = node_new(height, key);
    node->entry.hash = hash;
    hash_index_add(&mem->by_hash, &node->entry);
    for (unsigned level = 0; level < height; level++) {
        node->next[level] = below[level]->next[level];
        below[level]->next[level] = node;
    }
    node->prev = below[0];
    if (node->next[0] != NULL)
        node->next[0]->prev = node;
    return node;
}

static void versions_free(struct version *version) {
    while (version != NULL) {
        struct version *older = version->older;
        free(version);
        version = older;
    }
}

static void node_remove(struct mem *mem, struct node *node) {
    struct node *below[HEIGHT_MAX];
    node_below(mem, node_key(node), below);
    for (unsigned level = 0; level < node->height; level++)
        below[level]->next[level] = node->next[level];
    if (node->next[0] != NULL)
        node->next[0]->prev = node->prev;
    hash_index_remove(&mem->by_hash, &node->entry);
    versions_free(node->newest);
    free(node);
}

/* ---- versions ---- */

static const struct version *version_at(const struct node *node, uint64_t seq) {
    const struct version *version = node->newest;
    while (version != NULL && version->seq > seq)
        version = version->older;
    return version == NULL || version->deleted ? NULL : version;
}

static uint64_t oldest_seq(struct mem *mem) {
    pthread_mutex_lock(&mem->reads_lock);
    uint64_t seq = mem->oldest_read ? mem->oldest_read->seq : mem->seq;
    pthread_mutex_unlock(&mem->reads_lock);
    return seq;
}

/* Drops what nobody sees any more. True when the node holds no more than it must. */
static bool node_prune(struct node *node, uint64_t oldest) {
    struct version *version = node->newest;
    while (version != NULL && version->seq > oldest)
        version = version->older;
    if (version != NULL) {
        versions_free(version->older);
        version->older = NULL;
    }
    return node->newest->older == NULL && !(node->newest->deleted && node->newest->seq > oldest);
}

static void stale_add(struct mem *mem, struct node *node) {
    node->stale = true;
    node->stale_next = NULL;
    *mem->stale_end = node;
    mem->stale_end = &node->stale_next;
}

/* Settles a node after a change or from the queue: clean, gone, or (again) in the queue. */
static void node_settle(struct mem *mem, struct node *node, uint64_t oldest) {
    bool clean = node_prune(node, oldest);
    if (node->stale)
        return; /* its turn in the queue comes */
    if (!clean)
        stale_add(mem, node);
    else if (node->newest->deleted)
        node_remove(mem, node);
}

static void sweep(struct mem *mem, uint64_t oldest) {
    for (int i = 0; i < SWEEP_PER_UPDATE && mem->stale_first != NULL; i++) {
        struct node *node = mem->stale_first;
        mem->stale_first = node->stale_next;
        if (mem->stale_first == NULL)
            mem->stale_end = &mem->stale_first;
        node->stale = false;
        node_settle(mem, node, oldest);
    }
}

static void version_add(struct mem *mem, str key, str value, uint64_t oldest) {
    bool deleted = value.ptr == NULL;
    struct node *node = deleted ? node_find(mem, key, hash_bytes(key)) : node_add(mem, key);
    if (node == NULL)
        return;
    struct version *version = malloc(sizeof *version + value.len);
    CHECK(version != NULL);
    *version = (struct version){node->newest, mem->seq, value.len, deleted};
    if (value.len)
        memcpy(version->bytes, value.ptr, value.len);
    node->newest = version;
    if (version->older != NULL && version->older->seq == mem->seq) {
        /* The last write of a key in one body wins. */
        struct version *replaced = version->older;
        version->older = replaced->older;
        free(replaced);
    }
    node_settle(mem, node, oldest);
}

/* ---- reading ---- */

static status mem_read_begin(struct kv *kv, struct kv_read **out) {
    struct mem *mem = (struct mem *)kv;
    if (!lock_shared(mem))
        return ST_WOULD_WAIT;
    struct mem_read *read = calloc(1, sizeof *read);
    CHECK(read != NULL);
    read->base.kv = kv;
    read->seq = mem->seq; /* grows under the other lock: the list stays sorted */
    pthread_mutex_lock(&mem->reads_lock);
    read->older = mem->newest_read;
    *(mem->newest_read ? &mem->newest_read->newer : &mem->oldest_read) = read;
    mem->newest_read = read;
    pthread_mutex_unlock(&mem->reads_lock);
    pthread_rwlock_unlock(&mem->lock);
    *out = &read->base;
    return ST_OK;
}

static void mem_read_end(struct kv_read *base) {
    struct mem_read *read = (struct mem_read *)base;
    struct mem *mem = (struct mem *)base->kv;
    pthread_mutex_lock(&mem->reads_lock);
    *(read->older ? &read->older->newer : &mem->oldest_read) = read->newer;
    *(read->newer ? &read->newer->older : &mem->newest_read) = read->older;
    pthread_mutex_unlock(&mem->reads_lock);
    free(read);
}

static uint64_t seq_of(struct mem *mem, struct kv_read *read) {
    return read ? ((struct mem_read *)read)->seq : mem->seq;
}

static str value_at(struct mem *mem, struct arena *arena, str key, uint64_t hash, uint64_t seq) {
    const struct node *node = node_find(mem, key, hash);
    const struct version *version = node ? version_at(node, seq) : NULL;
    return version ? arena_copy(arena, (str){version->bytes, version->len}) : (str){};
}

static status mem_find_many(struct kv *kv, struct kv_read *read, struct arena *arena,
                            const str *keys, size_t count, str *out_values) {
    struct mem *mem = (struct mem *)kv;
    if (fault_due(&mem->find_would_wait) || !lock_shared(mem))
        return ST_WOULD_WAIT;
    for (size_t i = 0; i < count; i++)
        out_values[i] = value_at(mem, arena, keys[i], hash_bytes(keys[i]), seq_of(mem, read));
    pthread_rwlock_unlock(&mem->lock);
    return ST_OK;
}

static status mem_txn_find(struct kv_txn *txn, struct arena *arena, str key, uint64_t hash,
                           str *out_value) {
    struct mem *mem = (struct mem *)txn->kv;
    if (fault_due(&mem->find_would_wait) || !lock_shared(mem))
        return ST_WOULD_WAIT;
    str value = value_at(mem, arena, key, hash, mem->seq);
    pthread_rwlock_unlock(&mem->lock);
    if (value.ptr == NULL)
        return ST_NOT_FOUND;
    *out_value = value;
    return ST_OK;
}

static struct node *last_below(struct mem *mem, str to) {
    if (to.ptr != NULL)
        return node_below(mem, to, NULL);
    struct node *at = mem->head;
    for (unsigned level = HEIGHT_MAX; level-- > 0;)
        while (at->next[level] != NULL)
            at = at->next[level];
    return at;
}

static status mem_scan(struct kv *kv, struct kv_read *read, struct arena *arena,
                       const struct kv_range *range, size_t count_max, size_t bytes_max,
                       struct kv_page *out) {
    struct mem *mem = (struct mem *)kv;
    if (fault_due(&mem->scan_would_wait) || !lock_shared(mem))
        return ST_WOULD_WAIT;
    uint64_t seq = seq_of(mem, read);
    struct kv_page_fill fill;
    kv_page_begin(&fill, arena, count_max, bytes_max);
    struct node *node =
        range->backward ? last_below(mem, range->to) : node_below(mem, range->from, NULL)->next[0];
    while (node != NULL && node != mem->head) {
        str key = node_key(node);
        if (range->backward ? str_cmp(key, range->from) < 0
                            : range->to.ptr != NULL && str_cmp(key, range->to) >= 0)
            break;
        const struct version *version = version_at(node, seq);
        if (version != NULL && !kv_page_add(&fill, key, (str){version->bytes, version->len}))
            break;
        node = range->backward ? node->prev : node->next[0];
    }
    pthread_rwlock_unlock(&mem->lock);
    *out = fill.page;
    return ST_OK;
}

/* ---- writing ---- */

static void counter_add(struct mem *mem, const struct kv_op *op, uint64_t oldest) {
    const struct node *node = node_find(mem, op->key, op->named ? op->hash : hash_bytes(op->key));
    const struct version *version = node ? version_at(node, UINT64_MAX) : NULL;
    int64_t was = kv_counter_value(version ? (str){version->bytes, version->len} : (str){});
    char bytes[KV_COUNTER_LEN];
    put_be64(bytes, (uint64_t)was + (uint64_t)op->delta);
    version_add(mem, op->key, (str){bytes, sizeof bytes}, oldest);
}

static status mem_accept(struct kv_txn *txn, uint64_t *out_ticket) {
    struct mem *mem = (struct mem *)txn->kv;
    if (fault_due(&mem->update_io))
        return ST_IO;
    if (fault_due(&mem->update_full))
        return ST_FULL;
    if (fault_due(&mem->update_lost)) {
        *out_ticket = LOST_TICKET;
        return ST_OK;
    }
    if (!lock_alone(mem))
        return ST_WOULD_WAIT;
    mem->seq++;
    uint64_t oldest = oldest_seq(mem); /* without snapshots this very update: nothing old is kept */
    mem->updates++;
    if (txn->stamped)
        kv_txn_set_stamp(txn, ++mem->stamp);
    for (const struct kv_op *op = txn->first_op; op != NULL; op = op->next) {
        switch (op->kind) {
        case KV_OP_PUT:
            version_add(mem, op->key, op->value, oldest);
            break;
        case KV_OP_DELETE:
            version_add(mem, op->key, (str){}, oldest);
            break;
        case KV_OP_ADD:
            counter_add(mem, op, oldest);
            break;
        }
    }
    sweep(mem, oldest);
    pthread_rwlock_unlock(&mem->lock);
    *out_ticket = 0;
    return ST_OK;
}

static status mem_update(struct kv *kv, const struct kv_keys *keys, kv_body *body, void *context,
                         uint64_t *out_ticket) {
    struct mem *mem = (struct mem *)kv;
    unsigned keys_max = atomic_load(&mem->update_keys_max);
    if (keys_max > 0 && keys->exclusive_count > keys_max)
        return ST_TOO_BIG;
    return kv_update_latched(kv, &mem->pool, mem->latches, keys, body, context, mem_accept,
                             out_ticket);
}

static status mem_drop_range(struct kv *kv, str from, str to) {
    struct mem *mem = (struct mem *)kv;
    if (!thread_may_wait())
        return ST_WOULD_WAIT;
    pthread_rwlock_wrlock(&mem->lock);
    mem->seq++;
    uint64_t oldest = oldest_seq(mem);
    struct node *node = node_below(mem, from, NULL)->next[0];
    while (node != NULL && str_cmp(node_key(node), to) < 0) {
        struct node *next = node->next[0];
        if (!node->newest->deleted)
            version_add(mem, node_key(node), (str){}, oldest);
        node = next;
    }
    pthread_rwlock_unlock(&mem->lock);
    return ST_OK;
}

/* ---- the rest ---- */

static enum kv_ticket_state mem_ticket_state(struct kv *kv, uint64_t ticket) {
    (void)kv; /* all others are as durable as they will get */
    return ticket == LOST_TICKET ? KV_LOST : KV_DURABLE;
}

static status mem_ticket_wait(struct kv *kv, uint64_t ticket) {
    (void)kv;
    return ticket == LOST_TICKET ? ST_IO : ST_OK;
}

static void mem_on_settled(struct kv *kv, void (*notify)(void *context), void *context) {
    (void)kv, (void)notify, (void)context; /* no ticket is ever open */
}

static status mem_checkpoint(struct kv *kv, const char *directory) {
    (void)kv, (void)directory;
    return ST_INVALID;
}

static void mem_stats(struct kv *kv, struct kv_stats *out) {
    struct mem *mem = (struct mem *)kv;
    pthread_rwlock_rdlock(&mem->lock);
    out->groups = out->group_updates = mem->updates;
    out->group_sizes.buckets[0] = out->group_sizes.sum = mem->updates; /* each for itself */
    pthread_rwlock_unlock(&mem->lock);
}

static void mem_close(struct kv *kv) {
    struct mem *mem = (struct mem *)kv;
    CHECK(mem->oldest_read == NULL);
    for (struct node *node = mem->head; node != NULL;) {
        struct node *next = node->next[0];
        versions_free(node->newest);
        free(node);
        node = next;
    }
    hash_index_done(&mem->by_hash);
    kv_txn_pool_done(&mem->pool);
    latches_free(mem->latches);
    pthread_mutex_destroy(&mem->reads_lock);
    pthread_rwlock_destroy(&mem->lock);
    free(mem);
}

static const struct kv_engine mem_engine = {
    .close = mem_close,
    .read_begin = mem_read_begin,
    .read_end = mem_read_end,
    .find_many = mem_find_many,
    .scan = mem_scan,
    .update = mem_update,
    .txn_find = mem_txn_find,
    .drop_range = mem_drop_range,
    .ticket_state = mem_ticket_state,
    .ticket_wait = mem_ticket_wait,
    .on_settled = mem_on_settled,
    .checkpoint = mem_checkpoint,
    .stats = mem_stats,
};

status kv_mem_open(struct kv **out) {
    struct mem *mem = calloc(1, sizeof *mem);
    CHECK(mem != NULL);
    mem->base.engine = &mem_engine;
    mem->head = node_new(HEIGHT_MAX, (str){});
    hash_index_init(&mem->by_hash);
    mem->stale_end = &mem->stale_first;
    pthread_rwlock_init(&mem->lock, NULL);
    pthread_mutex_init(&mem->reads_lock, NULL);
    mem->latches = latches_new();
    kv_txn_pool_init(&mem->pool);
    *out = &mem->base;
    return ST_OK;
}
