#include "api/tags.h"

static void put_tag(struct tag *tags, size_t *count, const struct in_Tag *tag) {
    size_t at = 0;
    while (at < *count && !str_eq(tags[at].key, tag->Key))
        at++;
    tags[at] = (struct tag){tag->Key, tag->Value};
    *count += at == *count;
}

status op_tag_resource(struct request *request) {
    const struct in_TagResourceInput *in = request->input;
    struct scope *scope = request->scope;
    const struct table *table;
    TRY(request_check_arn(scope, in->ResourceArn));
    if (in->Tags->count == 0)
        return fail_validation(scope, "Atleast one Tag needs to be provided as Input.");
    TRY(tags_check(scope, in->Tags));
    TRY(tags_table(request, in->ResourceArn, tags_missing(request, in->ResourceArn), &table));
    struct tag *tags = arena_array(scope->arena, struct tag, table->tag_count + in->Tags->count);
    size_t count = table->tag_count;
    for (size_t i = 0; i < count; i++)
        tags[i] = table->tags[i];
    for (size_t i = 0; i < in->Tags->count; i++)
        put_tag(tags, &count, in->Tags->at[i]);
    if (count > TAGS_MAX)
        return fail_validation(scope,
                               "One or more parameter values were invalid: Too many tags: tag "
                               "limit is %d",
                               TAGS_MAX);
    TRY(tags_replace(request, table, tags, count));
    reply_nothing(&request->reply);
    return ST_OK;
}
