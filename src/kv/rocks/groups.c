/* Group commit, the side of those who write.
 *
 *   bodies ──accept──► open group ──swap──► committing group ──one synced write──► durable
 *                       (ticket n)            (ticket n - 1)
 *
 * An accepted update is in the open group's batch and its values are in the overlay; both happen
 * under one short lock, which is also where stamps are given, so their order is the order of
 * commits. The committer (commit.c) swaps groups and writes the full one while the other fills.
 *
 * When a commit fails, its group and the open one are lost together: what was accepted after it
 * may rest on it. Their tickets answer KV_LOST for good, and an update under way that has seen a
 * lost value is refused, too. */
#include "base/check.h"
#include "base/hash.h"
#include "base/thread.h"
#include "kv/rocks/rocks_int.h"

#include <stdlib.h>

/* ---- tickets ---- */

/* The lock is held. */
static const struct lost *lost_find(struct groups *groups, uint64_t ticket) {
    size_t count = atomic_load(&groups->lost_count);
    for (size_t i = 0; i < count; i++)
        if (ticket >= groups->lost[i].from && ticket <= groups->lost[i].to)
            return &groups->lost[i];
    return NULL;
}

enum kv_ticket_state groups_ticket_state(struct rocks *rocks, uint64_t ticket) {
    struct groups *groups = &rocks->groups;
    /* A later group is durable only after the loss was written down: look in this order. */
    bool durable = ticket <= atomic_load(&groups->durable);
    if (atomic_load(&groups->lost_count) > 0) {
        pthread_mutex_lock(&groups->lock);
        bool lost = lost_find(groups, ticket) != NULL;
        pthread_mutex_unlock(&groups->lock);
        if (lost)
            return KV_LOST;
    }
    return durable ? KV_DURABLE : KV_PENDING;
}

status groups_ticket_wait(struct rocks *rocks, uint64_t ticket) {
    struct groups *groups = &rocks->groups;
    bool may_wait = thread_may_wait();
    pthread_mutex_lock(&groups->lock);
    CHECK(ticket <= groups->open->number);
    const struct lost *lost;
    while ((lost = lost_find(groups, ticket)) == NULL && may_wait &&
           ticket > atomic_load(&groups->durable))
        pthread_cond_wait(&groups->settled[ticket & 1], &groups->lock);
    bool durable = ticket <= atomic_load(&groups->durable);
    status st = lost ? lost->why : durable ? ST_OK : ST_WOULD_WAIT;
    pthread_mutex_unlock(&groups->lock);
    return st;
}

/* ---- accepting ---- */

static status refusal(struct groups *groups, bool frees_space) {
    switch ((enum accepting)atomic_load(&groups->accepting)) {
    case ACCEPTING:
        return ST_OK;
    case REFUSING_LOW:
        return frees_space ? ST_OK : ST_FULL;
    case REFUSING_FULL:
        return ST_FULL;
    case REFUSING_IO:
        return ST_READ_ONLY;
    }
    return ST_READ_ONLY;
}

/* Waits for room in the open group; the lock is held. */
static status room_wait(struct groups *groups, size_t bytes, bool frees_space) {
    for (;;) {
        const struct group *open = groups->open;
        TRY(refusal(groups, frees_space));
        if (open->updates == 0 ||
            (open->updates < GROUP_UPDATES_MAX && open->bytes + bytes <= GROUP_BYTES_MAX))
            return ST_OK;
        if (!thread_may_wait())
            return ST_WOULD_WAIT;
        pthread_cond_wait(&groups->room, &groups->lock);
    }
}

static void op_put(struct rocks *rocks, struct group *group, const struct kv_op *op) {
    bool fresh;
    if (op->kind != KV_OP_ADD)
        touched_add(&group->touched, op->key, op->named ? op->hash : hash_bytes(op->key));
    switch (op->kind) {
    case KV_OP_PUT:
        rocksdb_writebatch_put(group->batch, op->key.ptr, op->key.len, op->value.ptr,
                               op->value.len);
        break;
    case KV_OP_DELETE:
        rocksdb_writebatch_delete(group->batch, op->key.ptr, op->key.len);
        break;
    case KV_OP_ADD: {
        struct counter *counter = counters_at(&group->deltas, op->key, &fresh);
        counter->value = (int64_t)((uint64_t)counter->value + (uint64_t)op->delta);
        return;
    }
    }
    if (op->named)
        overlay_put(&rocks->overlay, op->key, op->hash, op->value, group->number, &group->entries);
}

/* The lock is held; returns whether the committer must be woken. */
static bool group_count_update(struct groups *groups, size_t bytes) {
    groups->open->updates++;
    groups->open->bytes += bytes;
    return groups->committer_sleeps;
}

/* Deletes make space, sooner or later; refusing them would leave a full store full. */
static bool only_deletes(const struct kv_txn *txn) {
    for (const struct kv_op *op = txn->first_op; op != NULL; op = op->next)
        if (op->kind == KV_OP_PUT)
            return false;
    return true;
}

status groups_accept(struct kv_txn *txn, uint64_t *out_ticket) {
    struct rocks *rocks = (struct rocks *)txn->kv;
    struct groups *groups = &rocks->groups;
    pthread_mutex_lock(&groups->lock);
    status st = room_wait(groups, txn->op_bytes, txn->frees_space || only_deletes(txn));
    const struct lost *lost = lost_find(groups, txn->ticket_seen);
    if (st == ST_OK && lost != NULL)
        st = lost->why;
    bool wake = false;
    if (st == ST_OK) {
        struct group *group = groups->open;
        if (txn->stamped) {
            kv_txn_set_stamp(txn, ++groups->stamp);
            group->stamped = true;
        }
        for (const struct kv_op *op = txn->first_op; op != NULL; op = op->next)
            op_put(rocks, group, op);
        wake = group_count_update(groups, txn->op_bytes);
        *out_ticket = group->number;
    }
    pthread_mutex_unlock(&groups->lock);
    if (wake)
        pthread_cond_signal(&groups->work);
    return st;
}

static void dropped_add(struct group *group, str from, str to) {
    size_t bytes = (group->dropped_count + 1) * sizeof group->dropped[0];
    group->dropped = realloc(group->dropped, bytes);
    CHECK(group->dropped != NULL);
    struct dropped dropped = {malloc(from.len + to.len), from.len, to.len};
    CHECK(dropped.bytes != NULL);
    memcpy(dropped.bytes, from.ptr, from.len);
    memcpy(dropped.bytes + from.len, to.ptr, to.len);
    group->dropped[group->dropped_count++] = dropped;
}

/* One more update of the open group, behind all that was accepted before. It is let through when
 * space is low: it is how space is made. */
status groups_drop_range(struct rocks *rocks, str from, str to) {
    struct groups *groups = &rocks->groups;
    pthread_mutex_lock(&groups->lock);
    status st = room_wait(groups, from.len + to.len, true);
    uint64_t ticket = groups->open->number;
    if (st == ST_OK) {
        struct group *group = groups->open;
        counters_drop(&group->deltas, from, to);
        dropped_add(group, from, to);
        group->touched.all = true;
        if (group_count_update(groups, from.len + to.len))
            pthread_cond_signal(&groups->work);
    }
    pthread_mutex_unlock(&groups->lock);
    TRY(st);
    return groups_ticket_wait(rocks, ticket);
}

/* ---- beginning and end ---- */

void group_clear(struct group *group) {
    if (group->batch != NULL && group->bytes > GROUP_KEEP_BYTES) {
        rocksdb_writebatch_destroy(group->batch);
        group->batch = NULL;
    }
    if (group->batch == NULL)
        group->batch = rocksdb_writebatch_create();
    rocksdb_writebatch_clear(group->batch);
    for (size_t i = 0; i < group->dropped_count; i++)
        free(group->dropped[i].bytes);
    group->dropped_count = 0;
    counters_clear(&group->deltas);
    touched_clear(&group->touched);
    group->updates = group->bytes = 0;
    group->stamped = false;
    CHECK(group->entries == NULL);
}

void groups_init(struct rocks *rocks, uint64_t last_stamp) {
    struct groups *groups = &rocks->groups;
    pthread_mutex_init(&groups->lock, NULL);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&groups->work, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&groups->room, NULL);
    for (size_t i = 0; i < 2; i++) {
        pthread_cond_init(&groups->settled[i], NULL);
        group_clear(&groups->pair[i]);
    }
    groups->stamp = last_stamp;
    groups->open = &groups->pair[0];
    groups->open->number = 1;
    atomic_store(&groups->accepting, disk_free(rocks->directory) < rocks->options.free_bytes_min
                                         ? REFUSING_LOW
                                         : ACCEPTING);
    CHECK(pthread_create(&groups->committer, NULL, committer_main, rocks) == 0);
}

void groups_done(struct rocks *rocks) {
    struct groups *groups = &rocks->groups;
    pthread_mutex_lock(&groups->lock);
    groups->stopping = true;
    pthread_cond_signal(&groups->work);
    pthread_mutex_unlock(&groups->lock);
    pthread_join(groups->committer, NULL);
    for (size_t i = 0; i < 2; i++) {
        struct group *group = &groups->pair[i];
        group_clear(group);
        rocksdb_writebatch_destroy(group->batch);
        counters_done(&group->deltas);
        touched_free(&group->touched);
        free(group->dropped);
        pthread_cond_destroy(&groups->settled[i]);
    }
    counters_done(&groups->totals);
    pthread_cond_destroy(&groups->work);
    pthread_cond_destroy(&groups->room);
    pthread_mutex_destroy(&groups->lock);
}
