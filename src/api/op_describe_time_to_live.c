#include "api/time_to_live.h"

status op_describe_time_to_live(struct request *request) {
    const struct in_DescribeTimeToLiveInput *in = request->input;
    const struct table *table;
    TRY(request_table(request, in->TableName, true, &table));
    const struct time_to_live *ttl = &table->ttl;
    bool on = ttl->attribute.ptr != NULL, changing = time_to_live_changing(request, table);
    str status_name = on ? STR("ENABLED") : STR("DISABLED");
    if (on && (changing || !ttl->indexed))
        status_name = STR("ENABLING");
    else if (!on && changing)
        status_name = STR("DISABLING");
    reply_open(&request->reply, STR("TimeToLiveDescription"));
    reply_str(&request->reply, STR("TimeToLiveStatus"), status_name);
    if (on || changing)
        reply_str(&request->reply, STR("AttributeName"), on ? ttl->attribute : ttl->former);
    reply_close(&request->reply);
    return ST_OK;
}
