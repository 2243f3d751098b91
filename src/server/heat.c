#include "server/heat.h"

#include "base/clock.h"
#include "table/catalogue.h"

/* Names of tables and indexes need no escapes in a query. */
static str parameter(str query, str name) {
    while (query.len > 0) {
        size_t end = str_find(query, '&');
        str one = str_slice(query, 0, end);
        size_t equals = str_find(one, '=');
        if (equals < one.len && str_eq(str_slice(one, 0, equals), name))
            return str_slice(one, equals + 1, one.len);
        query = str_slice(query, end < query.len ? end + 1 : end, query.len);
    }
    return (str){};
}

void heat_reply(struct database *database, struct traffic *traffic,
                const struct http_request *request, struct http_reply *reply) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    str index_name = parameter(request->query, STR("index"));
    const struct table *table = catalogue_find(tables, parameter(request->query, STR("table")));
    const struct index *index =
        table != NULL && index_name.ptr != NULL ? table_index(table, index_name) : NULL;
    struct buf body;
    buf_init(&body, request->arena, 4096);
    bool known = index_name.ptr == NULL || (index != NULL && index->global);
    if (table == NULL || !known) { /* a local index is part of its table */
        buf_add_lit(&body, "{\"message\":\"There is no such table or index.\"}");
        reply->status = 404;
    } else {
        traffic_heat(traffic, table, index, clock_wall_us(), &body);
        reply->status = 200;
    }
    catalogue_release(tables);
    reply->content_type = STR("application/json");
    reply->body = buf_str(&body);
}
