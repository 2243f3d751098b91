#include "api/admission.h"
#include "api/fault_int.h"
#include "api/legacy.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "table/loop_work.h"
#include "table/table_check.h"
#include "table/table_read.h"

enum { BATCH_KEYS_MAX = 100, BATCH_REPLY_BYTES_MAX = 16 * 1024 * 1024 };

/* One table's part of the batch. */
struct part {
    const struct in_KeysAndAttributes *in;
    str table_name;
    const struct table *table;
    const struct expr_projection *projection; /* NULL: everything there is */
    str *stored;
    size_t wanted; /* keys to be found; those behind are left, by capacity or a fault */
    size_t done;   /* keys answered; the rest is unprocessed */
    struct capacity capacity;
};

static int compare_keys(const void *a, const void *b) {
    return str_cmp(*(const str *)a, *(const str *)b);
}

/* Equal keys have equal bytes, whatever the schema says of them: it is asked later. */
static status check_distinct(struct request *request, const struct in_KeyList *list) {
    str *keys = arena_array(request->scope->arena, str, list->count);
    for (size_t i = 0; i < list->count; i++) {
        struct item key = *list->at[i];
        keys[i] = item_encode(&key, &(struct item_stamp){}, request->scope->arena);
    }
    qsort(keys, list->count, sizeof keys[0], compare_keys);
    for (size_t i = 1; i < list->count; i++)
        if (str_eq(keys[i - 1], keys[i]))
            return fail_validation(request->scope,
                                   "Provided list of item keys contains duplicates");
    return ST_OK;
}

static status parse_part(struct request *request, struct part *part) {
    const struct in_KeysAndAttributes *in = part->in;
    const struct parameter legacy[] = {{"AttributesToGet", in->AttributesToGet != NULL, false}};
    const struct parameter expressions[] = {
        {"ProjectionExpression", in->ProjectionExpression.ptr != NULL, false}};
    const struct parameters parameters = {legacy, 1, expressions, 1, in->ExpressionAttributeNames,
                                          NULL};
    struct expr_placeholders placeholders;
    TRY(request_check_parameters(request, &parameters));
    TRY(request_placeholders(request, &parameters, &placeholders));
    TRY(request_projection(request, in->ProjectionExpression, &placeholders, &part->projection));
    if (part->projection == NULL)
        TRY(legacy_projection(request, in->AttributesToGet, &part->projection));
    TRY(expr_placeholders_all_used(request->scope, &placeholders));
    for (size_t i = 0; i < in->Keys->count; i++)
        TRY(item_check(request->scope, in->Keys->at[i]));
    return check_distinct(request, in->Keys);
}

static status check_keys(struct request *request, struct part *part) {
    const struct in_KeyList *list = part->in->Keys;
    for (size_t i = 0; i < list->count; i++)
        TRY(table_check_key(request->scope, part->table, list->at[i]));
    return request_check_projection(request, part->table, part->projection);
}

/* `promised` grows by what the key costs at least. */
static bool is_admitted(struct request *request, const struct part *part, const struct item *key,
                        double *promised) {
    struct traffic_visit visit = admission_item(request, part->table, key);
    if (admission_read(request, &visit, *promised) != ST_OK)
        return false;
    *promised += capacity_read_units(0, part->in->ConsistentRead.value);
    return true;
}

/* The keys that capacity or a fault leaves unprocessed go to the end. */
static void leave_keys(struct request *request, struct part *part) {
    const struct in_KeyList *all = part->in->Keys;
    part->wanted = all->count;
    if (request->fault == NULL && !admission_enforced(request))
        return;
    struct arena *arena = request->scope->arena;
    struct in_KeysAndAttributes *in = arena_struct(arena, struct in_KeysAndAttributes);
    struct in_KeyList *list = arena_struct(arena, struct in_KeyList);
    size_t end = all->count;
    double promised = 0;
    *in = *part->in;
    *list = (struct in_KeyList){all->count, arena_array(arena, const struct item *, all->count)};
    part->wanted = 0;
    for (size_t i = 0; i < all->count; i++) {
        bool left = fault_leaves(request, part->table_name, i) ||
                    !is_admitted(request, part, all->at[i], &promised);
        list->at[left ? --end : part->wanted++] = all->at[i];
    }
    in->Keys = list;
    part->in = in;
}

/* Only when nothing can be read for want of capacity does the batch as a whole fail, with the first
 * reason. */
static status leave_all_keys(struct request *request, struct part *parts, size_t count) {
    struct scope *scope = request->scope;
    size_t wanted = 0;
    for (size_t i = 0; i < count; i++) {
        leave_keys(request, &parts[i]);
        wanted += parts[i].wanted;
    }
    if (wanted == 0 && scope->error != ERROR_NONE)
        return ST_FAILED;
    scope->error = ERROR_NONE;
    scope->error_detail = NULL;
    return ST_OK;
}

static status find_part(struct request *request, struct part *part, struct loop_work *work) {
    const struct in_KeyList *list = part->in->Keys;
    part->stored = arena_array(request->scope->arena, str, list->count);
    TRY(table_find_many(request->database, request->scope, part->table,
                        (const struct item *const *)list->at, part->wanted, part->stored));
    for (size_t i = 0; i < part->wanted; i++)
        if (part->stored[i].ptr != NULL)
            TRY(loop_work_add(work, item_size(part->stored[i]), NULL));
    return ST_OK;
}

static void reply_part(struct request *request, struct part *part, size_t *bytes_left) {
    part->capacity.table = part->table;
    reply_open_list(&request->reply, part->table_name);
    for (size_t i = 0; i < part->wanted; i++) {
        str stored = part->stored[i];
        size_t size = stored.ptr != NULL ? item_size(stored) : 0;
        if (size > *bytes_left)
            break;
        *bytes_left -= size;
        part->done++;
        double units = capacity_read_units(size, part->in->ConsistentRead.value);
        struct traffic_visit visit = admission_item(request, part->table, part->in->Keys->at[i]);
        admission_used(request, &visit, units);
        part->capacity.table_units += units;
        if (stored.ptr != NULL)
            reply_stored(&request->reply, ANON, stored, part->projection, request->scope->scratch);
    }
    reply_close_list(&request->reply);
}

static void reply_unprocessed_part(struct reply *reply, const struct part *part) {
    const struct in_KeysAndAttributes *in = part->in;
    reply_open(reply, part->table_name);
    reply_open_list(reply, STR("Keys"));
    for (size_t i = part->done; i < in->Keys->count; i++)
        reply_tree(reply, ANON, in->Keys->at[i]);
    reply_close_list(reply);
    if (in->ConsistentRead.given)
        reply_bool(reply, STR("ConsistentRead"), in->ConsistentRead.value);
    if (in->ProjectionExpression.ptr != NULL)
        reply_str(reply, STR("ProjectionExpression"), in->ProjectionExpression);
    if (in->AttributesToGet != NULL) {
        reply_open_list(reply, STR("AttributesToGet"));
        for (size_t i = 0; i < in->AttributesToGet->count; i++)
            reply_str(reply, ANON, in->AttributesToGet->at[i]);
        reply_close_list(reply);
    }
    if (in->ExpressionAttributeNames != NULL) {
        reply_open(reply, STR("ExpressionAttributeNames"));
        for (size_t i = 0; i < in->ExpressionAttributeNames->count; i++)
            reply_str(reply, in->ExpressionAttributeNames->keys[i],
                      in->ExpressionAttributeNames->at[i]);
        reply_close(reply);
    }
    reply_close(reply);
}

static void reply_batch(struct request *request, enum capacity_detail detail, struct part *parts,
                        size_t count) {
    struct reply *reply = &request->reply;
    size_t bytes_left = BATCH_REPLY_BYTES_MAX;
    reply_open(reply, STR("Responses"));
    for (size_t i = 0; i < count; i++)
        reply_part(request, &parts[i], &bytes_left);
    reply_close(reply);
    reply_open(reply, STR("UnprocessedKeys"));
    for (size_t i = 0; i < count; i++)
        if (parts[i].done < parts[i].in->Keys->count)
            reply_unprocessed_part(reply, &parts[i]);
    reply_close(reply);
    if (detail == CAPACITY_NONE)
        return;
    reply_open_list(reply, STR("ConsumedCapacity"));
    for (size_t i = 0; i < count; i++)
        reply_capacity_element(request, detail, &parts[i].capacity);
    reply_close_list(reply);
}

status op_batch_get_item(struct request *request) {
    const struct in_BatchGetItemInput *in = request->input;
    const struct in_BatchGetRequestMap *tables = in->RequestItems;
    struct part *parts = arena_array(request->scope->arena, struct part, tables->count);
    size_t total = 0;
    struct loop_work work = {};
    for (size_t i = 0; i < tables->count; i++) {
        parts[i].in = tables->at[i];
        parts[i].table_name = tables->keys[i];
        TRY(parse_part(request, &parts[i]));
        total += tables->at[i]->Keys->count;
    }
    if (total > BATCH_KEYS_MAX)
        return fail_validation(request->scope,
                               "Too many items requested for the BatchGetItem call");
    for (size_t i = 0; i < tables->count; i++)
        TRY(request_table(request, parts[i].table_name, false, &parts[i].table));
    for (size_t i = 0; i < tables->count; i++)
        TRY(check_keys(request, &parts[i]));
    TRY(leave_all_keys(request, parts, tables->count));
    for (size_t i = 0; i < tables->count; i++)
        TRY(find_part(request, &parts[i], &work));
    reply_batch(request, capacity_detail_of(in->ReturnConsumedCapacity), parts, tables->count);
    return ST_OK;
}
