#include "api/table_reply.h"
#include "api/table_update.h"

/* Whoever is short of space may give up an index, or a stream: without it deletes write nothing. */
static bool gives_up_space(const struct table *before, const struct table *after) {
    const struct index *was = table_index_under_way(before), *is = table_index_under_way(after);
    bool index = is != NULL && is->status == INDEX_DELETING &&
                 (was == NULL || was->status != INDEX_DELETING);
    return index || (before->stream.id != 0 && after->stream.id == 0);
}

status op_update_table(struct request *request) {
    const struct in_UpdateTableInput *in = request->input;
    const struct table *table;
    TRY(table_update_check(request, in));
    TRY(request_table(request, in->TableName, true, &table));
    struct table_change change = {request, in, table, NULL,
                                  request->scope->now_us + request->database->status_delay_us};
    TRY(table_copy(table, &change.changed));
    struct table *changed = change.changed;
    status st = table_update_apply(&change);
    if (st != ST_OK) {
        table_unref(changed);
        return st;
    }
    atomic_fetch_add(&changed->references, 1); /* for the reply */
    struct catalogue_also also = {.frees_space = gives_up_space(table, changed)};
    st = catalogue_update(request->database, request->scope, table, changed, &also);
    if (st == ST_OK) {
        reply_open(&request->reply, STR("TableDescription"));
        st = table_reply_changing(request, changed);
        reply_close(&request->reply);
    }
    table_unref(changed);
    return st;
}
