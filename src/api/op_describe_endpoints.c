#include "api/request.h"

enum { CACHE_PERIOD_MINUTES = 1440 };

/* The one endpoint that is known to lead here is the one that was used. */
status op_describe_endpoints(struct request *request) {
    reply_open_list(&request->reply, STR("Endpoints"));
    reply_open(&request->reply, ANON);
    reply_str(&request->reply, STR("Address"),
              request->host.ptr ? request->host : STR("localhost"));
    reply_i64(&request->reply, STR("CachePeriodInMinutes"), CACHE_PERIOD_MINUTES);
    reply_close(&request->reply);
    reply_close_list(&request->reply);
    return ST_OK;
}
