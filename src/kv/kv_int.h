/* kv_int.h - what an engine implements; private to kv.
 *
 * Purpose:   the table of entries behind kv.h. Contracts are those of kv.h.
 * Ownership: an engine embeds `struct kv` first in its own struct.
 * Threads:   as kv.h.
 * Errors:    as kv.h.
 * Limits:    an entry is added only if it cannot be written with the others, or would cost ten
 *            times more on one engine, with the measurement in the commit.
 */
#pragma once

#include "kv/kv.h"

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
    status (*txn_find)(struct kv_txn *txn, struct arena *arena, str key, str *out_value);
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
