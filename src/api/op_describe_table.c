#include "api/table_reply.h"

status op_describe_table(struct request *request) {
    const struct in_DescribeTableInput *in = request->input;
    const struct table *table;
    TRY(request_table(request, in->TableName, true, &table));
    reply_open(&request->reply, STR("Table"));
    TRY(table_reply(request, table));
    reply_close(&request->reply);
    return ST_OK;
}
