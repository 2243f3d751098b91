#include "api/request.h"

/* On the service continuous backups are enabled with every table, and recovery to a point in time
 * is what can be turned on; it is not here, so it is off. */
status op_describe_continuous_backups(struct request *request) {
    const struct in_DescribeContinuousBackupsInput *in = request->input;
    const struct table *table;
    struct scope *scope = request->scope;
    status st = request_table(request, in->TableName, true, &table);
    if (st != ST_OK) {
        scope->error = ERROR_NONE; /* this operation has its own */
        return fail(scope, ERROR_TableNotFoundException, "Table not found: %.*s",
                    STR_ARG(in->TableName));
    }
    reply_open(&request->reply, STR("ContinuousBackupsDescription"));
    reply_str(&request->reply, STR("ContinuousBackupsStatus"), STR("ENABLED"));
    reply_open(&request->reply, STR("PointInTimeRecoveryDescription"));
    reply_str(&request->reply, STR("PointInTimeRecoveryStatus"), STR("DISABLED"));
    reply_close(&request->reply);
    reply_close(&request->reply);
    return ST_OK;
}
