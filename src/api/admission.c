#include "api/admission.h"

#include "api/throttling.h"
#include "item/item_codec.h"
#include "item/item_key.h"
#include "table/table_key.h"

bool admission_enforced(const struct request *request) {
    return request->traffic != NULL && traffic_enforces(request->traffic);
}

/* ---- notes ---- */

static void note(struct request *request, const struct traffic_visit *visit, unsigned refusals) {
    struct admission_note *made = arena_struct(request->scope->arena, struct admission_note);
    *made = (struct admission_note){request->notes, *visit, refusals};
    request->notes = made;
}

void admission_settle(struct request *request) {
    int64_t now_us = request->scope->now_us;
    for (const struct admission_note *n = request->notes; n != NULL; n = n->next)
        if (n->refusals != 0)
            traffic_refuse(request->traffic, &n->visit, n->refusals, now_us);
        else
            traffic_charge(request->traffic, &n->visit, now_us);
    request->notes = NULL;
}

/* ---- where a visit goes ---- */

/* How far `count` parts reach in a storage key. */
static size_t parts_end(struct request *request, const struct key_schema *schema, str key,
                        size_t count) {
    arena_mark mark = arena_get_mark(request->scope->arena);
    str rest = str_slice(key, TABLE_KEY_HASH_END, key.len), bytes;
    for (size_t i = 0; i < count; i++)
        if (!key_part_decode(key_schema_part(schema, i)->kind, &rest, request->scope->arena,
                             &bytes))
            break;
    arena_rewind(request->scope->arena, mark);
    return key.len - rest.len;
}

/* Only insights want to know partition and sort key apart. */
static void set_table_key(struct request *request, struct traffic_visit *visit, str key) {
    const struct key_schema *schema = &visit->table->key;
    visit->key = key;
    visit->partition_len = visit->table->insights_count > 0
                               ? parts_end(request, schema, key, schema->hash_count)
                               : key.len;
}

struct traffic_visit admission_item(struct request *request, const struct table *table,
                                    const struct item *key) {
    struct traffic_visit visit = {.table = table};
    if (request->traffic == NULL)
        return visit;
    struct buf bytes;
    buf_init(&bytes, request->scope->arena, 128);
    if (item_key(table, &(struct key_source){.tree = key}, &bytes))
        set_table_key(request, &visit, buf_str(&bytes));
    return visit;
}

struct traffic_visit admission_page(struct request *request, const struct table_range *range) {
    const struct index *index = range->index != NULL && range->index->global ? range->index : NULL;
    struct traffic_visit visit = {.table = range->table, .index = index};
    if (request->traffic == NULL || range->hash_parts == NULL)
        return visit;
    struct buf bytes;
    buf_init(&bytes, request->scope->arena, 128);
    partition_prefix(range->table->id, index != NULL ? index->id : TABLE_INDEX_ID,
                     index != NULL ? &index->key : &range->table->key, range->hash_parts, &bytes);
    visit.key = buf_str(&bytes);
    visit.partition_len = bytes.len;
    return visit;
}

/* ---- refusals ---- */

static str arn_of(struct request *request, const struct traffic_visit *visit) {
    str arn = table_arn(request, visit->table);
    if (visit->index == NULL)
        return arn;
    return arena_printf(request->scope->arena, "%.*s/index/%.*s", STR_ARG(arn),
                        STR_ARG(visit->index->name));
}

static struct throttling *reasons_of(struct request *request, const struct traffic_visit *visit,
                                     unsigned refusals) {
    static const char *const limits[] = {
        [LIMIT_PROVISIONED] = "ProvisionedThroughputExceeded",
        [LIMIT_ACCOUNT] = "AccountLimitExceeded",
        [LIMIT_KEY_RANGE] = "KeyRangeThroughputExceeded",
        [LIMIT_MAX_ON_DEMAND] = "MaxOnDemandThroughputExceeded",
    };
    struct arena *arena = request->scope->arena;
    struct throttling *made = arena_struct(arena, struct throttling);
    struct throttling_reason *reasons =
        arena_array(arena, struct throttling_reason, LANE_LIMIT_COUNT);
    str resource = arn_of(request, visit);
    made->reasons = reasons;
    for (int limit = 0; limit < LANE_LIMIT_COUNT; limit++)
        if (refusals >> limit & 1)
            reasons[made->count++] = (struct throttling_reason){
                arena_printf(arena, "%s%s%s", visit->index ? "Index" : "Table",
                             visit->kind == TRAFFIC_READ ? "Read" : "Write", limits[limit]),
                resource};
    return made;
}

static status fail_refused(struct request *request, const struct traffic_visit *visit,
                           unsigned refusals) {
    struct scope *scope = request->scope;
    note(request, visit, refusals);
    if (scope->error == ERROR_NONE)
        scope->error_detail = reasons_of(request, visit, refusals);
    if (refusals >> LIMIT_ACCOUNT & 1)
        return fail(scope, ERROR_RequestLimitExceeded,
                    "Throughput exceeds the current throughput limit for your account. Please "
                    "contact AWS Support at https://aws.amazon.com/support request a limit "
                    "increase");
    if (refusals >> LIMIT_MAX_ON_DEMAND & 1)
        return fail(scope, ERROR_ThrottlingException,
                    "Throughput exceeds the maximum OnDemandThroughput configured on table or "
                    "index");
    if (visit->table->on_demand && visit->index != NULL && visit->kind == TRAFFIC_WRITE)
        return fail(scope, ERROR_ThrottlingException,
                    "Throughput exceeds the current capacity for one or more global secondary "
                    "indexes. DynamoDB is automatically scaling your index so please try again "
                    "shortly.");
    if (visit->table->on_demand)
        return fail(scope, ERROR_ThrottlingException,
                    "Throughput exceeds the current capacity of your table or index. DynamoDB is "
                    "automatically scaling your table or index so please try again shortly. If "
                    "exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/"
                    "amazondynamodb/latest/developerguide/bp-partition-key-design.html.");
    if (visit->index != NULL)
        return fail(scope, ERROR_ProvisionedThroughputExceededException,
                    "The level of configured provisioned throughput for one or more global "
                    "secondary indexes of the table was exceeded. Consider increasing your "
                    "provisioning level for the under-provisioned global secondary indexes with "
                    "the UpdateTable API.");
    return fail(scope, ERROR_ProvisionedThroughputExceededException,
                "The level of configured provisioned throughput for the table was exceeded. "
                "Consider increasing your provisioning level with the UpdateTable API.");
}

/* ---- admission ---- */

static unsigned admit(struct request *request, const struct traffic_visit *visit) {
    struct scope *scope = request->scope;
    int64_t items, bytes;
    if (traffic_wants_size(request->traffic, visit, scope->now_us) &&
        table_counters(request->database, scope, visit->table, visit->index, &items, &bytes) ==
            ST_OK) /* else the size that was known will do */
        traffic_set_size(request->traffic, visit, bytes, scope->now_us);
    return traffic_admit(request->traffic, visit, scope->now_us);
}

status admission_read(struct request *request, const struct traffic_visit *visit, double promised) {
    if (!admission_enforced(request))
        return ST_OK;
    struct traffic_visit asked = *visit;
    asked.units = promised;
    unsigned refusals = admit(request, &asked);
    return refusals != 0 ? fail_refused(request, visit, refusals) : ST_OK;
}

void admission_used(struct request *request, const struct traffic_visit *visit, double units) {
    if (request->traffic == NULL)
        return;
    struct traffic_visit used = *visit;
    used.units = units;
    note(request, &used, 0);
}

status admission_write(struct request *request, struct write *write) {
    if (!admission_enforced(request))
        return ST_OK;
    struct traffic_visit visit = admission_item(request, write->table, write->item);
    visit.kind = TRAFFIC_WRITE;
    unsigned refusals = admit(request, &visit);
    if (refusals != 0)
        return fail_refused(request, &visit, refusals);
    write->closed_indexes = 0;
    for (size_t i = 0; write->kind != WRITE_CHECK && i < write->table->index_count; i++) {
        struct traffic_visit of_index = {
            .table = write->table, .index = &write->table->indexes[i], .kind = TRAFFIC_WRITE};
        if (of_index.index->global && admit(request, &of_index) != 0)
            write->closed_indexes |= 1u << i;
    }
    return ST_OK;
}

status admission_index_refused(struct request *request, const struct write *write) {
    struct traffic_visit visit = {.table = write->table, .kind = TRAFFIC_WRITE};
    for (size_t i = 0; i < write->table->index_count; i++)
        if ((write->closed_indexes >> i & 1) && write->cost.indexes[i] > 0)
            visit.index = &write->table->indexes[i];
    unsigned refusals = admit(request, &visit);
    if (refusals == 0) /* it opened just now */
        refusals = 1u << (write->table->on_demand ? LIMIT_KEY_RANGE : LIMIT_PROVISIONED);
    return fail_refused(request, &visit, refusals);
}

/* ---- what writes came to ---- */

static void set_index_key(struct request *request, struct traffic_visit *visit, str stored) {
    const struct key_schema *schema = &visit->index->key;
    struct buf key;
    buf_init(&key, request->scope->arena, 128);
    if (!index_entry_key(visit->table, visit->index, &(struct key_source){.map = item_map(stored)},
                         &key))
        return;
    str whole = buf_str(&key);
    visit->partition_len = parts_end(request, schema, whole, schema->hash_count);
    visit->key = str_slice(whole, 0, parts_end(request, schema, whole, key_schema_count(schema)));
}

static void wrote_index(struct request *request, const struct write *write, size_t at) {
    const struct index *index = &write->table->indexes[at];
    struct traffic_visit visit = {.table = write->table,
                                  .index = index,
                                  .kind = TRAFFIC_WRITE,
                                  .units = (double)write->cost.indexes[at]};
    str images[2] = {write->after, write->before}; /* an entry that moved counts where it is now */
    bool wanted = admission_enforced(request) || write->table->insights_count > 0;
    for (size_t i = 0; wanted && visit.key.ptr == NULL && i < 2; i++)
        if (images[i].ptr != NULL)
            set_index_key(request, &visit, images[i]);
    note(request, &visit, 0);
}

static void wrote_one(struct request *request, const struct write *write, double table_times) {
    struct traffic_visit visit = {.table = write->table,
                                  .kind = TRAFFIC_WRITE,
                                  .units = (double)write->cost.table * table_times};
    for (size_t i = 0; i < write->table->index_count; i++) {
        if (write->cost.indexes[i] == 0)
            continue;
        if (write->table->indexes[i].global)
            wrote_index(request, write, i);
        else
            visit.units += (double)write->cost.indexes[i];
    }
    if (visit.units == 0)
        return;
    set_table_key(request, &visit, write->key);
    note(request, &visit, 0);
}

void admission_wrote(struct request *request, const struct write *writes, size_t count,
                     double table_times) {
    if (request->traffic == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        if (writes[i].outcome == WRITE_THROTTLED)
            return; /* nothing happened, and not for what the request was */
    for (size_t i = 0; i < count; i++)
        wrote_one(request, &writes[i], table_times);
}
