#include "api/insights_reply.h"
#include "traffic/traffic.h"

static enum insights_mode wanted_mode(const struct in_UpdateContributorInsightsInput *in) {
    if (str_eq(in->ContributorInsightsAction, STR("DISABLE")))
        return INSIGHTS_OFF;
    return str_eq(in->ContributorInsightsMode, STR("THROTTLED_KEYS")) ? INSIGHTS_THROTTLED
                                                                      : INSIGHTS_ACCESSED;
}

static void set_insights(struct table *table, const struct insights_target *target,
                         enum insights_mode mode, int64_t now_us) {
    str name = target->index != NULL ? arena_copy(table->arena, target->index->name) : (str){};
    insights_drop(table, name);
    struct insights *all = arena_array(table->arena, struct insights, table->insights_count + 1);
    for (size_t i = 0; i < table->insights_count; i++)
        all[i] = table->insights[i];
    all[table->insights_count++] =
        (struct insights){.index_name = name, .mode = mode, .changed_us = now_us};
    table->insights = all;
}

status op_update_contributor_insights(struct request *request) {
    const struct in_UpdateContributorInsightsInput *in = request->input;
    struct insights_target target;
    struct table *changed;
    enum insights_mode mode = wanted_mode(in);
    TRY(insights_target_find(request, in->TableName, in->IndexName, &target));
    const struct insights *now = traffic_insights(target.table, target.index);
    if ((now != NULL ? now->mode : INSIGHTS_OFF) == mode) {
        insights_reply(request, &target);
        return ST_OK;
    }
    TRY(table_copy(target.table, &changed));
    set_insights(changed, &target, mode, request->scope->now_us);
    TRY(catalogue_update(request->database, request->scope, target.table, changed, NULL));
    insights_reply_changing(request, &target, mode);
    return ST_OK;
}
