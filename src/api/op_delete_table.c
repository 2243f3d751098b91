#include "api/table_reply.h"
#include "traffic/traffic.h"

status op_delete_table(struct request *request) {
    const struct in_DeleteTableInput *in = request->input;
    const struct table *table;
    TRY(request_table(request, in->TableName, true, &table));
    if (table->deletion_protection)
        return fail_validation(request->scope,
                               "Resource cannot be deleted as it is currently protected against "
                               "deletion. Disable deletion protection first.");
    TRY(catalogue_delete(request->database, request->scope, table));
    if (request->traffic != NULL)
        traffic_forget(request->traffic, table->id);
    reply_open(&request->reply, STR("TableDescription"));
    table_reply_deleted(request, table);
    reply_close(&request->reply);
    return ST_OK;
}
