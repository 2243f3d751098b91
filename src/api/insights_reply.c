#include "api/insights_reply.h"

#include "traffic/traffic.h"

status insights_target_find(struct request *request, str table_name, str index_name,
                            struct insights_target *out) {
    *out = (struct insights_target){};
    TRY(request_table(request, table_name, true, &out->table));
    if (out->table->status == TABLE_DELETING)
        return fail(request->scope, ERROR_ResourceNotFoundException,
                    "Requested resource not found: Table: %.*s not found",
                    STR_ARG(out->table->name));
    if (index_name.ptr == NULL)
        return ST_OK;
    out->index = table_index(out->table, index_name);
    if (out->index != NULL && out->index->global)
        return ST_OK;
    return fail(request->scope, ERROR_ResourceNotFoundException,
                "Requested resource not found: Table: %.*s, Index: %.*s not found",
                STR_ARG(out->table->name), STR_ARG(index_name));
}

void insights_drop(struct table *table, str index_name) {
    struct insights *kept = arena_array(table->arena, struct insights, table->insights_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < table->insights_count; i++) {
        str other = table->insights[i].index_name;
        if ((other.ptr == NULL) != (index_name.ptr == NULL) || !str_eq(other, index_name))
            kept[count++] = table->insights[i];
    }
    table->insights = kept;
    table->insights_count = count;
}

/* A change shows as under way for as long as other changes of tables do. */
static bool is_changing(struct request *request, const struct insights *insights) {
    return request->scope->now_us < insights->changed_us + request->database->status_delay_us;
}

static str status_of(struct request *request, const struct insights *insights) {
    if (insights == NULL)
        return STR("DISABLED");
    if (insights->mode == INSIGHTS_OFF)
        return is_changing(request, insights) ? STR("DISABLING") : STR("DISABLED");
    return is_changing(request, insights) ? STR("ENABLING") : STR("ENABLED");
}

bool insights_listed(struct request *request, const struct insights_target *target) {
    return !str_eq(status_of(request, traffic_insights(target->table, target->index)),
                   STR("DISABLED"));
}

static void reply_members(struct reply *reply, const struct insights_target *target,
                          str status_name, enum insights_mode mode) {
    reply_str(reply, STR("TableName"), target->table->name);
    if (target->index != NULL)
        reply_str(reply, STR("IndexName"), target->index->name);
    reply_str(reply, STR("ContributorInsightsStatus"), status_name);
    switch (mode) {
    case INSIGHTS_OFF:
        return;
    case INSIGHTS_ACCESSED:
        reply_str(reply, STR("ContributorInsightsMode"), STR("ACCESSED_AND_THROTTLED_KEYS"));
        return;
    case INSIGHTS_THROTTLED:
        reply_str(reply, STR("ContributorInsightsMode"), STR("THROTTLED_KEYS"));
        return;
    }
}

void insights_reply(struct request *request, const struct insights_target *target) {
    const struct insights *insights = traffic_insights(target->table, target->index);
    reply_members(&request->reply, target, status_of(request, insights),
                  insights != NULL ? insights->mode : INSIGHTS_OFF);
}

void insights_reply_changing(struct request *request, const struct insights_target *target,
                             enum insights_mode mode) {
    reply_members(&request->reply, target,
                  mode == INSIGHTS_OFF ? STR("DISABLING") : STR("ENABLING"), mode);
}
