#include "api/tags.h"

/* All tags fit on one page, so there is no token that could have come from here. */
status op_list_tags_of_resource(struct request *request) {
    const struct in_ListTagsOfResourceInput *in = request->input;
    const struct table *table;
    TRY(request_check_arn(request->scope, in->ResourceArn));
    if (in->NextToken.ptr != NULL)
        return fail_validation(request->scope, "Invalid NextToken: %.*s", STR_ARG(in->NextToken));
    TRY(tags_table(request, in->ResourceArn, tags_missing(request, in->ResourceArn), &table));
    reply_open_list(&request->reply, STR("Tags"));
    for (size_t i = 0; i < table->tag_count; i++) {
        reply_open(&request->reply, ANON);
        reply_str(&request->reply, STR("Key"), table->tags[i].key);
        reply_str(&request->reply, STR("Value"), table->tags[i].value);
        reply_close(&request->reply);
    }
    reply_close_list(&request->reply);
    return ST_OK;
}
