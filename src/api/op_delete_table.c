#include "api/table_reply.h"
#include "traffic/traffic.h"

/* A table under change stays; one that is going may be deleted again, to no effect. */
static status check_state(struct request *request, const struct table *table) {
    if (table->status == TABLE_DELETING)
        return ST_OK;
    if (table_index_under_way(table) != NULL)
        return fail(request->scope, ERROR_ResourceInUseException,
                    "Attempt to change a resource which is still in use: Cannot delete table while "
                    "indexes are being created, updated, or deleted.");
    return request_check_active(request, table);
}

status op_delete_table(struct request *request) {
    const struct in_DeleteTableInput *in = request->input;
    const struct table *table;
    TRY(request_table(request, in->TableName, true, &table));
    TRY(check_state(request, table));
    if (table->deletion_protection)
        return fail_validation(request->scope,
                               "Resource cannot be deleted as it is currently protected against "
                               "deletion. Disable deletion protection first.");
    if (table->status != TABLE_DELETING)
        TRY(catalogue_delete(request->database, request->scope, table));
    if (request->traffic != NULL)
        traffic_forget(request->traffic, table->id);
    reply_open(&request->reply, STR("TableDescription"));
    table_reply_deleted(request, table);
    reply_close(&request->reply);
    return ST_OK;
}
