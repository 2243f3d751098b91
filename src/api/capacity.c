#include "api/request.h"
#include "table/table_write.h"

enum { READ_UNIT_BYTES = 4096 };

enum capacity_detail capacity_detail_of(str text) {
    if (str_eq(text, STR("TOTAL")))
        return CAPACITY_TOTAL;
    return str_eq(text, STR("INDEXES")) ? CAPACITY_INDEXES : CAPACITY_NONE;
}

double capacity_read_units(size_t bytes, bool consistent) {
    size_t steps = bytes == 0 ? 1 : (bytes + READ_UNIT_BYTES - 1) / READ_UNIT_BYTES;
    return (double)steps * (consistent ? 1.0 : 0.5);
}

void capacity_add_cost(struct capacity *capacity, const struct write_cost *cost) {
    capacity->table_units += (double)cost->table;
    for (size_t i = 0; i < capacity->table->index_count; i++)
        capacity->index_units[i] += (double)cost->indexes[i];
}

/* The members of a total, or of an arm of it. */
static void reply_unit_members(struct reply *reply, enum capacity_kind kind, double units) {
    reply_double(reply, STR("CapacityUnits"), units);
    switch (kind) {
    case CAPACITY_UNITS:
        break;
    case CAPACITY_READ_UNITS:
        reply_double(reply, STR("ReadCapacityUnits"), units);
        break;
    case CAPACITY_WRITE_UNITS:
        reply_double(reply, STR("WriteCapacityUnits"), units);
        break;
    }
}

static void reply_index_units(struct reply *reply, const struct capacity *capacity, str name,
                              bool global) {
    bool open = false;
    for (size_t i = 0; i < capacity->table->index_count; i++) {
        const struct index *index = &capacity->table->indexes[i];
        if (index->global != global || capacity->index_units[i] <= 0)
            continue;
        if (!open)
            reply_open(reply, name);
        open = true;
        reply_open(reply, index->name);
        reply_unit_members(reply, capacity->kind, capacity->index_units[i]);
        reply_close(reply);
    }
    if (open)
        reply_close(reply);
}

static void reply_units(struct request *request, str name, enum capacity_detail detail,
                        const struct capacity *capacity) {
    struct reply *reply = &request->reply;
    double total = capacity->table_units;
    for (size_t i = 0; i < capacity->table->index_count; i++)
        total += capacity->index_units[i];
    reply_open(reply, name);
    reply_str(reply, STR("TableName"), capacity->table->name);
    reply_unit_members(reply, capacity->kind, total);
    if (detail == CAPACITY_INDEXES) {
        reply_open(reply, STR("Table"));
        reply_unit_members(reply, capacity->kind, capacity->table_units);
        reply_close(reply);
        reply_index_units(reply, capacity, STR("LocalSecondaryIndexes"), false);
        reply_index_units(reply, capacity, STR("GlobalSecondaryIndexes"), true);
    }
    reply_close(reply);
}

void reply_capacity(struct request *request, enum capacity_detail detail,
                    const struct capacity *capacity) {
    if (detail != CAPACITY_NONE)
        reply_units(request, STR("ConsumedCapacity"), detail, capacity);
}

void reply_capacity_element(struct request *request, enum capacity_detail detail,
                            const struct capacity *capacity) {
    reply_units(request, ANON, detail, capacity);
}

static bool is_first_of_table(const struct capacity *capacities, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (capacities[i].table == capacities[at].table)
            return false;
    return true;
}

void reply_capacities(struct request *request, enum capacity_detail detail,
                      const struct capacity *capacities, size_t count) {
    if (detail == CAPACITY_NONE)
        return;
    reply_open_list(&request->reply, STR("ConsumedCapacity"));
    for (size_t i = 0; i < count; i++) {
        if (!is_first_of_table(capacities, i))
            continue;
        struct capacity sum = capacities[i];
        for (size_t other = i + 1; other < count; other++) {
            if (capacities[other].table != sum.table)
                continue;
            sum.table_units += capacities[other].table_units;
            for (size_t at = 0; at < sum.table->index_count; at++)
                sum.index_units[at] += capacities[other].index_units[at];
        }
        reply_units(request, ANON, detail, &sum);
    }
    reply_close_list(&request->reply);
}
