#include "api/insights_reply.h"
#include "traffic/traffic.h"

/* As long as a rule's name may be, less what else is in it. */
enum { RULE_RESOURCE_LEN_MAX = 80 };

/* PK and SK: partition keys, and items by partition and sort key; C: consumed, T: throttled. */
static void reply_rules(struct request *request, const struct insights_target *target,
                        const struct insights *insights) {
    static const char *const kinds[] = {"PKC", "SKC", "PKT", "SKT"};
    const struct key_schema *key = target->index ? &target->index->key : &target->table->key;
    struct arena *arena = request->scope->arena;
    str resource = target->table->name;
    if (target->index != NULL)
        resource =
            arena_printf(arena, "%.*s-%.*s", STR_ARG(resource), STR_ARG(target->index->name));
    if (resource.len > RULE_RESOURCE_LEN_MAX)
        resource.len = RULE_RESOURCE_LEN_MAX;
    reply_open_list(&request->reply, STR("ContributorInsightsRuleList"));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        bool throttled = i >= 2, sorted = i % 2 == 1;
        if ((insights->mode == INSIGHTS_THROTTLED && !throttled) ||
            (sorted && key->range_count == 0))
            continue;
        reply_str(&request->reply, ANON,
                  arena_printf(arena, "DynamoDBContributorInsights-%s-%.*s-%lld", kinds[i],
                               STR_ARG(resource), (long long)(insights->changed_us / 1000)));
    }
    reply_close_list(&request->reply);
}

status op_describe_contributor_insights(struct request *request) {
    const struct in_DescribeContributorInsightsInput *in = request->input;
    struct insights_target target;
    TRY(insights_target_find(request, in->TableName, in->IndexName, &target));
    const struct insights *insights = traffic_insights(target.table, target.index);
    insights_reply(request, &target);
    if (insights == NULL)
        return ST_OK;
    if (insights->mode != INSIGHTS_OFF)
        reply_rules(request, &target, insights);
    reply_time(&request->reply, STR("LastUpdateDateTime"), insights->changed_us);
    return ST_OK;
}
