#include "api/request.h"

enum { LIST_TABLES_MAX = 100 };

status op_list_tables(struct request *request) {
    const struct in_ListTablesInput *in = request->input;
    const struct catalogue_snapshot *tables = request->tables;
    size_t from = catalogue_after(tables, in->ExclusiveStartTableName);
    size_t limit = in->Limit.given ? (size_t)in->Limit.value : LIST_TABLES_MAX;
    size_t to = tables->count - from > limit ? from + limit : tables->count;
    reply_open_list(&request->reply, STR("TableNames"));
    for (size_t i = from; i < to; i++)
        reply_str(&request->reply, ANON, tables->tables[i]->name);
    reply_close_list(&request->reply);
    if (to < tables->count)
        reply_str(&request->reply, STR("LastEvaluatedTableName"), tables->tables[to - 1]->name);
    return ST_OK;
}
