#include "api/table_input.h"
#include "api/table_reply.h"

status op_create_table(struct request *request) {
    const struct in_CreateTableInput *in = request->input;
    struct table *table = table_new();
    status st = table_input_check(request, in);
    if (st == ST_OK)
        st = table_input_fill(request, in, table);
    if (st != ST_OK) {
        table_unref(table);
        return st;
    }
    atomic_fetch_add(&table->references, 1); /* for the reply */
    st = catalogue_create(request->database, request->scope, table);
    if (st == ST_OK) {
        reply_open(&request->reply, STR("TableDescription"));
        st = table_reply_changing(request, table);
        reply_close(&request->reply);
    }
    table_unref(table);
    return st;
}
