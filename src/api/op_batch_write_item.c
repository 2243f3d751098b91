/* A batch is checked as a whole before anything is written. It is then written in updates of a
 * bounded size, each all or nothing. More than one update must not start on an I/O loop: running
 * the request again from its start would write the first ones twice, over what others wrote
 * between. For the same reason what meets a change of its table behind the first update isn't run
 * again, but handed back as unprocessed; so is what capacity refuses. */
#include "api/admission.h"
#include "api/fault_int.h"
#include "api/write_request.h"
#include "base/thread.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "table/table_check.h"
#include "table/table_key.h"

enum { BATCH_WRITES_MAX = 25, UPDATE_BYTES_MAX = 4 * 1024 * 1024 };

struct batch_write {
    struct write writes[BATCH_WRITES_MAX];
    str table_names[BATCH_WRITES_MAX]; /* as the request has them */
    str keys[BATCH_WRITES_MAX];
    size_t sizes[BATCH_WRITES_MAX]; /* with the entries in indexes */
    struct collection collections[BATCH_WRITES_MAX];
    size_t count;
    size_t wanted; /* those behind are left by a fault */
    size_t done;   /* the rest is unprocessed */
    bool refused[BATCH_WRITES_MAX];
    size_t refused_count;
};

/* Neither is said in the same words as both. */
static status check_kinds(struct scope *scope, const struct in_WriteRequests *list) {
    for (size_t i = 0; i < list->count; i++)
        if ((list->at[i]->PutRequest != NULL) == (list->at[i]->DeleteRequest != NULL))
            return fail_validation(scope, "Supplied AttributeValue has more than one datatypes "
                                          "set, must contain exactly one of the supported "
                                          "datatypes");
    return ST_OK;
}

static status check_request(struct scope *scope, const struct in_WriteRequest *in) {
    if (in->PutRequest == NULL)
        return item_check(scope, in->DeleteRequest->Key);
    TRY(item_check(scope, in->PutRequest->Item));
    if (item_tree_size(in->PutRequest->Item) > ITEM_BYTES_MAX)
        return fail_validation(scope, "Item size has exceeded the maximum allowed size");
    return ST_OK;
}

static status check_requests(struct scope *scope, const struct in_BatchWriteItemRequestMap *in) {
    size_t total = 0;
    for (size_t t = 0; t < in->count; t++) {
        TRY(check_kinds(scope, in->at[t]));
        for (size_t i = 0; i < in->at[t]->count; i++)
            TRY(check_request(scope, in->at[t]->at[i]));
        total += in->at[t]->count;
    }
    if (total > BATCH_WRITES_MAX)
        return fail_validation(scope, "Too many items requested for the BatchWriteItem call");
    return ST_OK;
}

/* Against those before it: a key twice is told before what is wrong behind it. */
static status check_new_key(struct scope *scope, struct batch_write *batch) {
    const struct write *write = &batch->writes[batch->count];
    struct buf key;
    buf_init(&key, scope->arena, 128);
    (void)item_key(write->table, &(struct key_source){.tree = write->item},
                   &key); /* whole: checked */
    batch->keys[batch->count] = buf_str(&key);
    for (size_t i = 0; i < batch->count; i++)
        if (str_eq(batch->keys[i], batch->keys[batch->count]))
            return fail_validation(scope, "Provided list of item keys contains duplicates");
    return ST_OK;
}

static status add_write(struct request *request, const struct table *table, str table_name,
                        const struct in_WriteRequest *in, struct batch_write *batch) {
    struct write *write = &batch->writes[batch->count];
    batch->table_names[batch->count] = table_name;
    *write = (struct write){.table = table};
    if (in->PutRequest != NULL) {
        write->kind = WRITE_PUT;
        write->item = in->PutRequest->Item;
        if (!table_has_key(table, write->item)) /* PutItem says which attribute it is */
            return fail_validation(request->scope,
                                   "The provided key element does not match the schema");
        TRY(table_check_item(request->scope, table, write->item));
    } else {
        write->kind = WRITE_DELETE;
        write->item = in->DeleteRequest->Key;
        TRY(table_check_key(request->scope, table, write->item));
    }
    TRY(check_new_key(request->scope, batch));
    batch->sizes[batch->count++] = item_tree_size(write->item) * (1 + table->index_count);
    return ST_OK;
}

/* The writes that a fault leaves unprocessed go to the end. */
static void leave_writes(struct request *request, struct batch_write *batch) {
    batch->wanted = batch->count;
    if (request->fault == NULL)
        return;
    struct batch_write *all = arena_struct(request->scope->arena, struct batch_write);
    *all = *batch;
    size_t end = all->count;
    batch->wanted = 0;
    for (size_t i = 0; i < all->count; i++) {
        size_t to = fault_leaves(request, all->table_names[i], i) ? --end : batch->wanted++;
        batch->writes[to] = all->writes[i];
        batch->table_names[to] = all->table_names[i];
        batch->sizes[to] = all->sizes[i];
    }
}

static size_t chunk_end(const struct batch_write *batch, size_t from) {
    size_t bytes = 0, to = from;
    while (to < batch->wanted && (to == from || bytes + batch->sizes[to] <= UPDATE_BYTES_MAX))
        bytes += batch->sizes[to++];
    return to;
}

/* ---- under limits: an update each, so that the ones behind it find less left ---- */

static status write_admitted(struct request *request, struct write *write) {
    uint64_t ticket = 0;
    TRY(admission_write(request, write));
    status st = table_write(request->database, request->scope, write, 1, &ticket);
    if (ticket > request->ticket)
        request->ticket = ticket;
    if (st == ST_FAILED && write->outcome == WRITE_THROTTLED) {
        st = admission_index_refused(request, write);
        write->cost = (struct write_cost){};
    }
    TRY(st);
    admission_wrote(request, write, 1, 1);
    admission_settle(request);
    return ST_OK;
}

/* Only when everything is refused does the batch as a whole fail, with the first reason. */
static status write_within_limits(struct request *request, struct batch_write *batch) {
    struct scope *scope = request->scope;
    if (batch->wanted > 1 && !thread_may_wait())
        return ST_WOULD_WAIT;
    for (; batch->done < batch->wanted; batch->done++) {
        size_t at = batch->done;
        status st = write_admitted(request, &batch->writes[at]);
        if (st == ST_CONFLICT && at > 0)
            break;
        if (st != ST_FAILED)
            TRY(st);
        batch->refused[at] = st == ST_FAILED;
        batch->refused_count += batch->refused[at];
        if (batch->refused[at])
            batch->collections[at] = (struct collection){};
    }
    if (batch->refused_count == batch->wanted && batch->wanted > 0)
        return ST_FAILED;
    scope->error = ERROR_NONE;
    scope->error_detail = NULL;
    return ST_OK;
}

static status write_all(struct request *request, struct batch_write *batch) {
    if (admission_enforced(request))
        return write_within_limits(request, batch);
    if (chunk_end(batch, 0) < batch->wanted && !thread_may_wait())
        return ST_WOULD_WAIT;
    while (batch->done < batch->wanted) {
        size_t from = batch->done, to = chunk_end(batch, from);
        uint64_t ticket = 0;
        status st = table_write(request->database, request->scope, batch->writes + from, to - from,
                                &ticket);
        if (ticket > request->ticket)
            request->ticket = ticket;
        if (st == ST_CONFLICT && from > 0)
            break;
        TRY(st);
        admission_wrote(request, batch->writes + from, to - from, 1);
        batch->done = to;
    }
    return ST_OK;
}

static bool is_unprocessed(const struct batch_write *batch, size_t at) {
    return at >= batch->done || batch->refused[at];
}

static void reply_write(struct reply *reply, const struct write *write) {
    bool put = write->kind == WRITE_PUT;
    reply_open(reply, ANON);
    reply_open(reply, put ? STR("PutRequest") : STR("DeleteRequest"));
    reply_tree(reply, put ? STR("Item") : STR("Key"), write->item);
    reply_close(reply);
    reply_close(reply);
}

/* Those of one table need not stand together. */
static void reply_unprocessed(struct reply *reply, const struct batch_write *batch) {
    bool told[BATCH_WRITES_MAX] = {};
    reply_open(reply, STR("UnprocessedItems"));
    for (size_t i = 0; i < batch->count; i++) {
        str table_name = batch->table_names[i];
        if (told[i] || !is_unprocessed(batch, i))
            continue;
        reply_open_list(reply, table_name);
        for (size_t j = i; j < batch->count; j++) {
            if (!str_eq(batch->table_names[j], table_name) || !is_unprocessed(batch, j))
                continue;
            reply_write(reply, &batch->writes[j]);
            told[j] = true;
        }
        reply_close_list(reply);
    }
    reply_close(reply);
}

static void reply_batch(struct request *request, enum capacity_detail detail,
                        const struct batch_write *batch) {
    struct reply *reply = &request->reply;
    reply_unprocessed(reply, batch);
    reply_collections(request, batch->collections, batch->done);
    if (detail == CAPACITY_NONE)
        return;
    reply_open_list(reply, STR("ConsumedCapacity"));
    for (size_t i = 0; i < batch->wanted;) {
        struct capacity capacity = {.table = batch->writes[i].table};
        for (; i < batch->wanted && batch->writes[i].table == capacity.table; i++)
            capacity_add_cost(&capacity, &batch->writes[i].cost);
        reply_capacity_element(request, detail, &capacity);
    }
    reply_close_list(reply);
}

status op_batch_write_item(struct request *request) {
    const struct in_BatchWriteItemInput *in = request->input;
    const struct in_BatchWriteItemRequestMap *tables = in->RequestItems;
    struct batch_write *batch = arena_struct(request->scope->arena, struct batch_write);
    TRY(check_requests(request->scope, tables));
    for (size_t t = 0; t < tables->count; t++) {
        const struct table *table;
        TRY(request_table(request, tables->keys[t], false, &table));
        for (size_t i = 0; i < tables->at[t]->count; i++)
            TRY(add_write(request, table, tables->keys[t], tables->at[t]->at[i], batch));
    }
    leave_writes(request, batch);
    for (size_t i = 0; i < batch->count; i++)
        TRY(collection_read(request, in->ReturnItemCollectionMetrics, &batch->writes[i],
                            &batch->collections[i]));
    TRY(write_all(request, batch));
    reply_batch(request, capacity_detail_of(in->ReturnConsumedCapacity), batch);
    return ST_OK;
}
