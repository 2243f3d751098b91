#include "api/request.h"

/* The quotas that an account of the service starts with. */
enum { ACCOUNT_UNITS_MAX = 80000, TABLE_UNITS_MAX = 40000 };

status op_describe_limits(struct request *request) {
    reply_i64(&request->reply, STR("AccountMaxReadCapacityUnits"), ACCOUNT_UNITS_MAX);
    reply_i64(&request->reply, STR("AccountMaxWriteCapacityUnits"), ACCOUNT_UNITS_MAX);
    reply_i64(&request->reply, STR("TableMaxReadCapacityUnits"), TABLE_UNITS_MAX);
    reply_i64(&request->reply, STR("TableMaxWriteCapacityUnits"), TABLE_UNITS_MAX);
    return ST_OK;
}
