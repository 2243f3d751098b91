/* kv_int.h - what an engine implements, and what is written once for all of them; private to kv.
 *
 * Purpose:   the table of entries behind kv.h (contracts are those of kv.h), the update under way
 *            and the page being filled.
 * Ownership: an engine embeds `struct kv` and `struct kv_read` first in its own structs.
 * Threads:   as kv.h.
 * Errors:    as kv.h.
 * Limits:    an entry is added only if it cannot be written with the others, or would cost ten
 *            times more on one engine, with the measurement in the commit.
 */
#pragma once

#include "kv/kv.h"
#include "kv/latch.h"

#include <pthread.h>

enum { KV_UPDATE_BYTES_MAX = 128 << 20, KV_STAMP_LEN = 8, KV_COUNTER_LEN = 8 };

struct kv_engine {
    void (*close)(struct kv *kv);
    status (*read_begin)(struct kv *kv, struct kv_read **out);
    void (*read_end)(struct kv_read *read);
    status (*find_many)(struct kv *kv, struct kv_read *read, struct arena *arena, const str *keys,
                        size_t count, str *out_values);
    status (*scan)(struct kv *kv, struct kv_read *read, struct arena *arena,
                   const struct kv_range *range, size_t count_max, size_t bytes_max,
                   struct kv_page *out);
    status (*update)(struct kv *kv, const struct kv_keys *keys, kv_body *body, void *context,
                     uint64_t *out_ticket);
    /* The key is exclusive, `hash` its hash_bytes. Raises txn->ticket_seen. */
    status (*txn_find)(struct kv_txn *txn, struct arena *arena, str key, uint64_t hash,
                       str *out_value);
    status (*drop_range)(struct kv *kv, str from, str to);
    enum kv_ticket_state (*ticket_state)(struct kv *kv, uint64_t ticket);
    status (*ticket_wait)(struct kv *kv, uint64_t ticket);
    void (*on_settled)(struct kv *kv, void (*notify)(void *context), void *context);
    status (*checkpoint)(struct kv *kv, const char *directory);
    void (*stats)(struct kv *kv, struct kv_stats *out);
};

struct kv {
    const struct kv_engine *engine;
};

struct kv_read {
    struct kv *kv;
};

/* ---- the update under way ---- */

enum kv_op_kind { KV_OP_PUT, KV_OP_DELETE, KV_OP_ADD };

struct kv_op {
    struct kv_op *next; /* in the order of the body */
    enum kv_op_kind kind;
    bool named; /* the key is one of the exclusive ones, `hash` its hash */
    uint64_t hash;
    str key;
    char *stamp;   /* the hole in the key for the stamp; NULL: not a stamped one */
    str value;     /* KV_OP_PUT */
    int64_t delta; /* KV_OP_ADD */
};

struct kv_named {
    str key; /* the caller's bytes: they outlive the update */
    uint64_t hash;
};

struct kv_txn {
    struct kv *kv;
    struct arena *arena;      /* ops and their bytes */
    struct kv_txn *next_free; /* in the pool */
    struct kv_op *first_op, **end_op;
    size_t op_count, op_bytes;
    bool stamped;
    bool frees_space;       /* the caller's */
    bool too_big;           /* a limit was passed by an entry that cannot say so */
    uint64_t ticket_seen;   /* newest ticket among the values found */
    size_t exclusive_count; /* of `named` */
    struct kv_named named[KV_UPDATE_KEYS_MAX];
    struct latch_set latches;
};

/* Fills the holes of all stamped keys. */
void kv_txn_set_stamp(struct kv_txn *txn, uint64_t stamp);

/* Idle transactions, kept with their arenas. */
struct kv_txn_pool {
    pthread_mutex_t lock;
    struct kv_txn *free;
    size_t free_count;
};

void kv_txn_pool_init(struct kv_txn_pool *pool);
void kv_txn_pool_done(struct kv_txn_pool *pool);

/* Takes the ops of a body that answered ST_OK, all or nothing, while the latches are held. */
typedef status kv_accept(struct kv_txn *txn, uint64_t *out_ticket);

/* The update entry of engines that hold keys still by latches. */
status kv_update_latched(struct kv *kv, struct kv_txn_pool *pool, struct latches *latches,
                         const struct kv_keys *keys, kv_body *body, void *context,
                         kv_accept *accept, uint64_t *out_ticket);

/* ---- a page being filled ---- */

struct kv_page_fill {
    struct kv_page page;
    struct arena *arena;
    size_t count_max, bytes_max, bytes, size;
};

void kv_page_begin(struct kv_page_fill *fill, struct arena *arena, size_t count_max,
                   size_t bytes_max);
/* Copies the pair; false when it has no room there, and then the page is over. */
bool kv_page_add(struct kv_page_fill *fill, str key, str value);
