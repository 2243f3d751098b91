/* The dispatch of kv.h, and what every engine would otherwise write again: the update under way
 * (a list of ops in its own arena), keys held by latches around a body, and pages. */
#include "kv/kv.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/hash.h"
#include "kv/kv_int.h"

#include <pthread.h>
#include <stdlib.h>

/* What an op costs besides its bytes, so that a flood of tiny ones is bounded, too. */
enum { OP_COST = 64, TXN_ARENA_MAX = 4 * KV_UPDATE_BYTES_MAX, TXN_ARENA_KEEP = 64 * 1024 };
enum { POOL_MAX = 64 };

/* ---- dispatch ---- */

void kv_close(struct kv *kv) {
    if (kv != NULL)
        kv->engine->close(kv);
}

status kv_read_begin(struct kv *kv, struct kv_read **out) {
    return kv->engine->read_begin(kv, out);
}

void kv_read_end(struct kv_read *read) {
    if (read != NULL)
        read->kv->engine->read_end(read);
}

status kv_find_many(struct kv *kv, struct kv_read *read, struct arena *arena, const str *keys,
                    size_t count, str *out_values) {
    return kv->engine->find_many(kv, read, arena, keys, count, out_values);
}

status kv_find(struct kv *kv, struct kv_read *read, struct arena *arena, str key, str *out_value) {
    str value;
    TRY(kv->engine->find_many(kv, read, arena, &key, 1, &value));
    if (value.ptr == NULL)
        return ST_NOT_FOUND;
    *out_value = value;
    return ST_OK;
}

status kv_scan(struct kv *kv, struct kv_read *read, struct arena *arena,
               const struct kv_range *range, size_t count_max, size_t bytes_max,
               struct kv_page *out) {
    CHECK(count_max > 0);
    if (range->to.ptr != NULL && str_cmp(range->from, range->to) >= 0) {
        *out = (struct kv_page){};
        return ST_OK;
    }
    return kv->engine->scan(kv, read, arena, range, count_max, bytes_max, out);
}

status kv_update(struct kv *kv, const struct kv_keys *keys, kv_body *body, void *context,
                 uint64_t *out_ticket) {
    *out_ticket = 0;
    if (keys->exclusive_count + keys->shared_count > KV_UPDATE_KEYS_MAX)
        return ST_TOO_BIG;
    return kv->engine->update(kv, keys, body, context, out_ticket);
}

status kv_drop_range(struct kv *kv, str from, str to) {
    CHECK(to.ptr != NULL);
    return str_cmp(from, to) >= 0 ? ST_OK : kv->engine->drop_range(kv, from, to);
}

enum kv_ticket_state kv_ticket_state(struct kv *kv, uint64_t ticket) {
    return ticket == 0 ? KV_DURABLE : kv->engine->ticket_state(kv, ticket);
}

status kv_ticket_wait(struct kv *kv, uint64_t ticket) {
    return ticket == 0 ? ST_OK : kv->engine->ticket_wait(kv, ticket);
}

void kv_on_settled(struct kv *kv, void (*notify)(void *context), void *context) {
    kv->engine->on_settled(kv, notify, context);
}

status kv_checkpoint(struct kv *kv, const char *directory) {
    return kv->engine->checkpoint(kv, directory);
}

void kv_stats(struct kv *kv, struct kv_stats *out) {
    *out = (struct kv_stats){};
    kv->engine->stats(kv, out);
}

int64_t kv_counter_value(str value) {
    if (value.ptr == NULL)
        return 0;
    CHECK(value.len == KV_COUNTER_LEN);
    return (int64_t)get_be64(value.ptr);
}

/* ---- what a body may do ---- */

static bool is_exclusive(const struct kv_txn *txn, str key, uint64_t hash) {
    for (size_t i = 0; i < txn->exclusive_count; i++)
        if (txn->named[i].hash == hash && str_eq(txn->named[i].key, key))
            return true;
    return false;
}

status kv_txn_find(struct kv_txn *txn, struct arena *arena, str key, str *out_value) {
    uint64_t hash = hash_bytes(key);
    CHECK(is_exclusive(txn, key, hash));
    return txn->kv->engine->txn_find(txn, arena, key, hash, out_value);
}

/* NULL when the update has become too big; it then fails as a whole. */
static struct kv_op *op_add(struct kv_txn *txn, enum kv_op_kind kind, size_t key_len,
                            size_t value_len) {
    CHECK(key_len > 0); /* the empty key is the engines' own */
    size_t bytes = key_len + value_len + OP_COST;
    if (key_len > KV_KEY_MAX || value_len > KV_VALUE_MAX ||
        txn->op_bytes + bytes > KV_UPDATE_BYTES_MAX)
        txn->too_big = true;
    if (txn->too_big)
        return NULL;
    struct kv_op *op = arena_struct(txn->arena, struct kv_op);
    op->kind = kind;
    *txn->end_op = op;
    txn->end_op = &op->next;
    txn->op_count++;
    txn->op_bytes += bytes;
    return op;
}

static void op_set_key(struct kv_txn *txn, struct kv_op *op, str key) {
    op->key = arena_copy(txn->arena, key);
    op->hash = hash_bytes(key);
    op->named = is_exclusive(txn, key, op->hash);
}

void kv_txn_put(struct kv_txn *txn, str key, str value) {
    struct kv_op *op = op_add(txn, KV_OP_PUT, key.len, value.len);
    if (op == NULL)
        return;
    op_set_key(txn, op, key);
    op->value = arena_copy(txn->arena, value);
}

void kv_txn_delete(struct kv_txn *txn, str key) {
    struct kv_op *op = op_add(txn, KV_OP_DELETE, key.len, 0);
    if (op != NULL)
        op_set_key(txn, op, key);
}

void kv_txn_put_stamped(struct kv_txn *txn, str head, str tail, str value) {
    struct kv_op *op = op_add(txn, KV_OP_PUT, head.len + KV_STAMP_LEN + tail.len, value.len);
    if (op == NULL)
        return;
    char *key = arena_bytes(txn->arena, head.len + KV_STAMP_LEN + tail.len);
    if (head.len)
        memcpy(key, head.ptr, head.len);
    op->stamp = key + head.len;
    if (tail.len)
        memcpy(op->stamp + KV_STAMP_LEN, tail.ptr, tail.len);
    op->key = (str){key, head.len + KV_STAMP_LEN + tail.len};
    op->value = arena_copy(txn->arena, value);
    txn->stamped = true;
}

void kv_txn_add(struct kv_txn *txn, str key, int64_t delta) {
    struct kv_op *op = op_add(txn, KV_OP_ADD, key.len, KV_COUNTER_LEN);
    if (op == NULL)
        return;
    op_set_key(txn, op, key);
    op->delta = delta;
}

void kv_txn_set_stamp(struct kv_txn *txn, uint64_t stamp) {
    for (struct kv_op *op = txn->first_op; op != NULL; op = op->next)
        if (op->stamp != NULL)
            put_be64(op->stamp, stamp);
}

/* ---- the pool ---- */

void kv_txn_pool_init(struct kv_txn_pool *pool) {
    *pool = (struct kv_txn_pool){};
    pthread_mutex_init(&pool->lock, NULL);
}

static void txn_free(struct kv_txn *txn) {
    arena_free(txn->arena);
    free(txn);
}

void kv_txn_pool_done(struct kv_txn_pool *pool) {
    while (pool->free != NULL) {
        struct kv_txn *txn = pool->free;
        pool->free = txn->next_free;
        txn_free(txn);
    }
    pthread_mutex_destroy(&pool->lock);
}

static struct kv_txn *txn_take(struct kv_txn_pool *pool, struct kv *kv) {
    pthread_mutex_lock(&pool->lock);
    struct kv_txn *txn = pool->free;
    if (txn != NULL) {
        pool->free = txn->next_free;
        pool->free_count--;
    }
    pthread_mutex_unlock(&pool->lock);
    if (txn == NULL) {
        txn = malloc(sizeof *txn);
        CHECK(txn != NULL);
        txn->arena = arena_new(TXN_ARENA_MAX);
    }
    txn->kv = kv;
    txn->first_op = NULL;
    txn->end_op = &txn->first_op;
    txn->op_count = txn->op_bytes = 0;
    txn->stamped = txn->too_big = false;
    txn->ticket_seen = 0;
    latch_set_init(&txn->latches);
    return txn;
}

static void txn_give(struct kv_txn_pool *pool, struct kv_txn *txn) {
    arena_reset(txn->arena, TXN_ARENA_KEEP);
    pthread_mutex_lock(&pool->lock);
    bool keep = pool->free_count < POOL_MAX;
    if (keep) {
        txn->next_free = pool->free;
        pool->free = txn;
        pool->free_count++;
    }
    pthread_mutex_unlock(&pool->lock);
    if (!keep)
        txn_free(txn);
}

/* ---- latched updates ---- */

_Static_assert((int)KV_UPDATE_KEYS_MAX <= (int)LATCH_SET_MAX, "a set holds all keys of an update");

static void txn_name_keys(struct kv_txn *txn, const struct kv_keys *keys) {
    txn->exclusive_count = keys->exclusive_count;
    for (size_t i = 0; i < keys->exclusive_count; i++) {
        txn->named[i].key = keys->exclusive[i];
        txn->named[i].hash = hash_bytes(keys->exclusive[i]);
        latch_set_add(&txn->latches, txn->named[i].hash, false);
    }
    for (size_t i = 0; i < keys->shared_count; i++)
        latch_set_add(&txn->latches, hash_bytes(keys->shared[i]), true);
}

status kv_update_latched(struct kv *kv, struct kv_txn_pool *pool, struct latches *latches,
                         const struct kv_keys *keys, kv_body *body, void *context,
                         kv_accept *accept, uint64_t *out_ticket) {
    struct kv_txn *txn = txn_take(pool, kv);
    txn_name_keys(txn, keys);
    txn->frees_space = keys->frees_space;
    status st = latches_take(latches, &txn->latches);
    if (st == ST_OK) {
        uint64_t ticket = 0;
        st = body(txn, context);
        if (st == ST_OK && txn->too_big)
            st = ST_TOO_BIG;
        if (st == ST_OK && txn->op_count > 0)
            st = accept(txn, &ticket);
        latches_release(latches, &txn->latches);
        *out_ticket = ticket > txn->ticket_seen ? ticket : txn->ticket_seen;
    }
    txn_give(pool, txn);
    return st;
}

/* ---- pages ---- */

void kv_page_begin(struct kv_page_fill *fill, struct arena *arena, size_t count_max,
                   size_t bytes_max) {
    *fill = (struct kv_page_fill){.arena = arena, .count_max = count_max, .bytes_max = bytes_max};
}

bool kv_page_add(struct kv_page_fill *fill, str key, str value) {
    struct kv_page *page = &fill->page;
    size_t bytes = key.len + value.len;
    if (page->count > 0 &&
        (page->count >= fill->count_max || fill->bytes + bytes > fill->bytes_max)) {
        page->more = true;
        return false;
    }
    if (page->count == fill->size) {
        size_t size = fill->size ? fill->size * 2 : fill->count_max < 16 ? fill->count_max : 16;
        page->pairs = arena_grow(fill->arena, page->pairs, fill->size * sizeof(kv_pair),
                                 size * sizeof(kv_pair));
        fill->size = size;
    }
    page->pairs[page->count++] =
        (kv_pair){arena_copy(fill->arena, key), arena_copy(fill->arena, value)};
    fill->bytes += bytes;
    return true;
}
