#include "api/throttling.h"

bool throttling_is(enum error_code error) {
    return error == ERROR_ProvisionedThroughputExceededException ||
           error == ERROR_RequestLimitExceeded || error == ERROR_ThrottlingException;
}

void reply_throttling(struct reply *reply, enum error_code error,
                      const struct throttling *throttling) {
    reply_open_list(reply, error == ERROR_ThrottlingException ? STR("throttlingReasons")
                                                              : STR("ThrottlingReasons"));
    for (size_t i = 0; i < throttling->count; i++) {
        reply_open(reply, ANON);
        reply_str(reply, STR("reason"), throttling->reasons[i].reason);
        reply_str(reply, STR("resource"), throttling->reasons[i].resource);
        reply_close(reply);
    }
    reply_close_list(reply);
}

const struct throttling *throttling_by_fault(struct request *request, enum error_code error,
                                             str table_name) {
    struct arena *arena = request->scope->arena;
    const char *kind = request->operation->effect == EFFECT_WRITE ? "Write" : "Read";
    if (!throttling_is(error))
        return NULL;
    const char *what = error == ERROR_RequestLimitExceeded  ? "AccountLimitExceeded"
                       : error == ERROR_ThrottlingException ? "KeyRangeThroughputExceeded"
                                                            : "ProvisionedThroughputExceeded";
    struct throttling *throttling = arena_struct(arena, struct throttling);
    struct throttling_reason *reason = arena_struct(arena, struct throttling_reason);
    reason->reason = arena_printf(arena, "Table%s%s", kind, what);
    reason->resource = table_arn(request, &(struct table){.name = table_name});
    *throttling = (struct throttling){reason, 1};
    return throttling;
}
