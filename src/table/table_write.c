#include "table/table_write.h"

#include "base/check.h"
#include "item/item_codec.h"
#include "table/expiry.h"
#include "table/loop_work.h"
#include "table/table_check.h"
#include "table/table_key.h"
#include "table/table_sink.h"

static table_sink *const sinks[] = {index_sink, counter_sink, expiry_sink, change_sink};

struct batch {
    struct scope *scope;
    struct write *writes;
    size_t count;
    struct request_token *token; /* NULL: none */
    struct loop_work work;
};

static void invalid(struct scope *scope, struct write *write) {
    write->outcome = WRITE_INVALID;
    write->error_text = scope->error_text;
    scope->error = ERROR_NONE;
}

/* What is held against the largest size: the item, or what is not its key and the update itself. */
static size_t updated_size(const struct write *write) {
    size_t whole = item_size(write->after);
    if (write->update == NULL)
        return whole;
    size_t changed = whole - item_tree_size(write->item) + expr_update_overhead(write->update);
    return whole > changed ? whole : changed;
}

static status apply_update(struct scope *scope, struct write *write) {
    bool exists = write->before.ptr != NULL;
    view before = exists ? item_map(write->before) : VIEW_NONE;
    if (!exists && write->update != NULL && expr_update_only_removes(write->update))
        return ST_OK; /* removing from nothing makes nothing */
    struct item item;
    if (exists) {
        item = item_thaw(before, scope->arena);
    } else {
        item = (struct item){.count = write->item->count};
        item.attributes = arena_array(scope->arena, struct attribute, item.count);
        memcpy(item.attributes, write->item->attributes, item.count * sizeof *item.attributes);
    }
    if (write->update != NULL)
        TRY(expr_update_apply(scope, write->update, before, &item));
    TRY(table_check_index_keys(scope, write->table, &(struct key_source){.tree = &item}, &before));
    write->after = item_encode(&item, &(struct item_stamp){.time_us = scope->now_us}, scope->arena);
    if (updated_size(write) > ITEM_BYTES_MAX)
        return fail_validation(scope, "Item size to update has exceeded the maximum allowed size");
    return ST_OK;
}

static int64_t table_units(const struct write *write) {
    size_t before = write->before.ptr ? item_size(write->before) : 0;
    size_t after = write->after.ptr ? item_size(write->after) : 0;
    size_t larger = before > after ? before : after;
    return larger == 0 ? 1 : (int64_t)((larger + 1023) / 1024);
}

static status find_before(struct kv_txn *txn, struct scope *scope, struct write *write,
                          view *out_map) {
    write->outcome = WRITE_DONE;
    write->after = write->before = (str){};
    write->cost = (struct write_cost){};
    *out_map = VIEW_NONE;
    str stored;
    status st = kv_txn_find(txn, scope->arena, write->key, &stored);
    if (st == ST_NOT_FOUND)
        return ST_OK;
    TRY(st);
    write->before = stored;
    return item_open(stored, out_map);
}

/* Finds out what a write comes to; nothing is written yet. */
static status decide(struct kv_txn *txn, struct scope *scope, struct write *write,
                     struct loop_work *work) {
    view before;
    status st;
    TRY(find_before(txn, scope, write, &before));
    if (write->condition != NULL)
        TRY(loop_work_add(work, write->before.len, write->condition));
    if (write->condition != NULL && !expr_condition_true(write->condition, before)) {
        write->outcome = WRITE_CONDITION_FAILED;
        write->cost.table = table_units(write);
        return ST_OK;
    }
    switch (write->kind) {
    case WRITE_PUT:
        write->after = write->encoded;
        break;
    case WRITE_UPDATE:
        st = apply_update(scope, write);
        if (st == ST_FAILED)
            invalid(scope, write);
        else if (st != ST_OK)
            return st;
        break;
    case WRITE_DELETE:
        break;
    case WRITE_CHECK:
        write->after = write->before;
        break;
    case WRITE_EXPIRE:
        if (!expiry_due(write->table, write->before, scope->now_us))
            write->after = write->before;
        break;
    }
    write->cost.table = table_units(write);
    return ST_OK;
}

/* What a write comes to in indexes is only known when their sinks have seen it. */
static bool changes_closed_index(const struct write *write) {
    for (size_t i = 0; write->closed_indexes >> i != 0; i++)
        if ((write->closed_indexes >> i & 1) && write->cost.indexes[i] > 0)
            return true;
    return false;
}

static status apply(struct kv_txn *txn, struct scope *scope, struct write *write, size_t at) {
    bool existed = write->before.ptr != NULL, exists = write->after.ptr != NULL;
    if (write->kind == WRITE_CHECK || (!existed && !exists))
        return ST_OK;
    /* The same attributes again change nothing, and nothing follows from it. */
    if (existed && exists && view_equal(item_map(write->before), item_map(write->after)))
        return ST_OK;
    if (exists)
        kv_txn_put(txn, write->key, write->after);
    else
        kv_txn_delete(txn, write->key);
    struct change change = {.table = write->table,
                            .key = write->key,
                            .before = write->before,
                            .after = write->after,
                            .time_us = scope->now_us,
                            .cause = write->kind == WRITE_EXPIRE ? CAUSE_EXPIRY : CAUSE_USER,
                            .at = (uint16_t)at};
    for (size_t i = 0; i < sizeof sinks / sizeof sinks[0]; i++)
        TRY(sinks[i](txn, scope, &change, &write->cost));
    if (!changes_closed_index(write))
        return ST_OK;
    write->outcome = WRITE_THROTTLED;
    return ST_FAILED;
}

static status write_all(struct kv_txn *txn, struct batch *batch) {
    bool failed = false;
    batch->work = (struct loop_work){};
    for (size_t i = 0; i < batch->count; i++) {
        TRY(decide(txn, batch->scope, &batch->writes[i], &batch->work));
        failed |= batch->writes[i].outcome != WRITE_DONE;
    }
    if (failed)
        return ST_FAILED;
    for (size_t i = 0; i < batch->count; i++)
        TRY(apply(txn, batch->scope, &batch->writes[i], i));
    if (batch->token != NULL)
        request_token_put(txn, batch->scope, batch->token);
    return ST_OK;
}

static status write_body(struct kv_txn *txn, void *context) {
    struct batch *batch = context;
    view before;
    for (size_t i = 0; i < batch->count; i++)
        if (atomic_load(&((struct table *)batch->writes[i].table)->superseded))
            return ST_CONFLICT;
    if (batch->token == NULL)
        return write_all(txn, batch);
    TRY(request_token_find(txn, batch->scope, batch->token));
    switch (batch->token->outcome) {
    case TOKEN_FIRST:
        return write_all(txn, batch);
    case TOKEN_OF_ANOTHER:
        return ST_FAILED;
    case TOKEN_REPEATED:
        break;
    }
    for (size_t i = 0; i < batch->count; i++)
        TRY(find_before(txn, batch->scope, &batch->writes[i], &before));
    return ST_OK;
}

static void prepare(struct scope *scope, struct write *write) {
    if (write->kind == WRITE_EXPIRE)
        return;
    struct buf key;
    buf_init(&key, scope->arena, 128);
    bool whole = item_key(write->table, &(struct key_source){.tree = write->item}, &key);
    CHECK(whole); /* checked against the schema before */
    write->key = buf_str(&key);
    if (write->kind == WRITE_PUT) {
        struct item copy = *write->item; /* encoding sorts; the order of attributes is no one's */
        write->encoded =
            item_encode(&copy, &(struct item_stamp){.time_us = scope->now_us}, scope->arena);
    }
}

/* What index_sink finds in indexes under construction. */
static size_t marker_count(struct scope *scope, const struct write *writes, size_t count) {
    size_t markers = 0;
    for (size_t i = 0; i < count; i++)
        markers += index_marker_keys(scope, writes[i].table, writes[i].key, NULL);
    return markers;
}

status table_write_once(struct database *database, struct scope *scope, struct write *writes,
                        size_t count, struct request_token *token, uint64_t *out_ticket) {
    CHECK(count > 0 && count < KV_UPDATE_KEYS_MAX);
    size_t markers = marker_count(scope, writes, count);
    str *exclusive = arena_array(scope->arena, str, count + markers + 1);
    str *shared = arena_array(scope->arena, str, count);
    size_t exclusive_count = 0, shared_count = 0;
    for (size_t i = 0; i < count; i++) {
        prepare(scope, &writes[i]);
        exclusive[exclusive_count++] = writes[i].key;
        if (markers > 0)
            exclusive_count += index_marker_keys(scope, writes[i].table, writes[i].key,
                                                 &exclusive[exclusive_count]);
        if (i == 0 || writes[i].table != writes[i - 1].table)
            shared[shared_count++] = catalogue_key(scope->arena, writes[i].table->name);
    }
    if (token != NULL) {
        request_token_prepare(scope->arena, token);
        exclusive[exclusive_count++] = token->key;
    }
    struct kv_keys keys = {.exclusive = exclusive,
                           .exclusive_count = exclusive_count,
                           .shared = shared,
                           .shared_count = shared_count};
    struct batch batch = {scope, writes, count, token, {}};
    return kv_update(database->kv, &keys, write_body, &batch, out_ticket);
}

status table_write(struct database *database, struct scope *scope, struct write *writes,
                   size_t count, uint64_t *out_ticket) {
    return table_write_once(database, scope, writes, count, NULL, out_ticket);
}
