#include "api/tags.h"

static bool is_named(const struct in_TagKeyList *keys, str key) {
    for (size_t i = 0; i < keys->count; i++)
        if (str_eq(keys->at[i], key))
            return true;
    return false;
}

status op_untag_resource(struct request *request) {
    const struct in_UntagResourceInput *in = request->input;
    struct scope *scope = request->scope;
    const struct table *table;
    TRY(request_check_arn(scope, in->ResourceArn));
    if (in->TagKeys->count == 0)
        return fail_validation(scope, "Atleast one Tag Key needs to be provided as Input.");
    TRY(tags_table(request, in->ResourceArn, STR("Requested resource not found"), &table));
    struct tag *tags = arena_array(scope->arena, struct tag, table->tag_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < table->tag_count; i++)
        if (!is_named(in->TagKeys, table->tags[i].key))
            tags[count++] = table->tags[i];
    if (count < table->tag_count)
        TRY(tags_replace(request, table, tags, count));
    reply_nothing(&request->reply);
    return ST_OK;
}
