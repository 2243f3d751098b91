#include "api/tags.h"

#define INVALID "One or more parameter values were invalid: "

/* Letters of any script are allowed: of ASCII all that is neither letter, digit nor listed is not.
 */
static bool text_valid(str text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        bool fine = c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                    (c >= 'a' && c <= 'z') || (c != 0 && strchr(" +-=._:/@", c) != NULL);
        if (!fine)
            return false;
    }
    return true;
}

static status check_tag(struct scope *scope, const struct in_Tag *tag) {
    if (tag->Key.len >= 4 && str_eq_nocase(str_slice(tag->Key, 0, 4), STR("aws:")))
        return fail_validation(scope, INVALID "Tag keys starting with aws: are reserved: %.*s",
                               STR_ARG(tag->Key));
    if (!text_valid(tag->Key) || !text_valid(tag->Value))
        return fail_validation(scope, INVALID "Tag %.*s has characters that are not allowed",
                               STR_ARG(tag->Key));
    return ST_OK;
}

status tags_check(struct scope *scope, const struct in_TagList *tags) {
    if (tags == NULL)
        return ST_OK;
    if (tags->count > TAGS_MAX)
        return fail_validation(scope, INVALID "Too many tags: tag limit is %d", TAGS_MAX);
    for (size_t i = 0; i < tags->count; i++) {
        TRY(check_tag(scope, tags->at[i]));
        for (size_t j = 0; j < i; j++)
            if (str_eq(tags->at[j]->Key, tags->at[i]->Key))
                return fail_validation(scope, INVALID "Duplicate tag key: %.*s",
                                       STR_ARG(tags->at[i]->Key));
    }
    return ST_OK;
}

/* ---- resources ---- */

str tags_missing(struct request *request, str arn) {
    /* The misspelling is the service's. */
    return arena_printf(request->scope->arena,
                        "Requested resource not found: ResourcArn: %.*s not found", STR_ARG(arn));
}

status tags_table(struct request *request, str arn, str missing, const struct table **out) {
    str name = str_slice(arn, str_find(arn, '/') + 1, arn.len);
    const struct table *table = catalogue_find(request->tables, name);
    if (table == NULL || !str_eq(arn, table_arn(request, table)))
        return fail(request->scope, ERROR_ResourceNotFoundException, "%.*s", STR_ARG(missing));
    *out = table;
    return ST_OK;
}

/* ---- changing ---- */

status tags_replace(struct request *request, const struct table *table, const struct tag *tags,
                    size_t count) {
    struct table *changed;
    if (!table_serves_items(table, request_clock(request)))
        return request_check_active(request, table);
    TRY(table_copy(table, &changed));
    struct tag *copy = arena_array(changed->arena, struct tag, count + 1);
    for (size_t i = 0; i < count; i++)
        copy[i] = (struct tag){arena_copy(changed->arena, tags[i].key),
                               arena_copy(changed->arena, tags[i].value)};
    changed->tags = copy;
    changed->tag_count = count;
    return catalogue_update(request->database, request->scope, table, changed, NULL);
}
