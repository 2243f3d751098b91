#include "api/insights_reply.h"
#include "base/base64.h"

enum { LIST_MAX = 100 };

/* Tables by name, each with its indexes behind it: a token is the place to go on at. */
struct place {
    str table_name;
    size_t index; /* 0: the table; else the position in table->indexes, from 1 on */
};

struct listing {
    size_t limit, count;
    bool more;
    struct place last; /* shown */
};

static str make_token(struct request *request, const struct place *place) {
    struct arena *arena = request->scope->arena;
    str plain = arena_printf(arena, "%zu/%.*s", place->index, STR_ARG(place->table_name));
    size_t len = base64_encoded_len(plain.len);
    char *text = arena_bytes(arena, len);
    base64_encode(plain, text);
    return (str){text, len};
}

static status read_token(struct request *request, str token, struct place *out) {
    char *bytes = arena_bytes(request->scope->arena, token.len + 1);
    size_t len = 0;
    uint64_t index = 0;
    bool good = base64_decode(token, bytes, &len);
    str plain = {bytes, good ? len : 0};
    size_t slash = str_find(plain, '/');
    if (slash == plain.len || !str_to_u64(str_slice(plain, 0, slash), &index))
        return fail_validation(request->scope, "Invalid NextToken");
    *out = (struct place){str_slice(plain, slash + 1, plain.len), (size_t)index};
    return ST_OK;
}

/* The resources of one table, from a position on. */
static void list_table(struct request *request, const struct table *table, size_t from,
                       struct listing *listing) {
    for (size_t i = from; i <= table->index_count && !listing->more; i++) {
        struct insights_target target = {table, i > 0 ? &table->indexes[i - 1] : NULL};
        if ((target.index != NULL && !target.index->global) || !insights_listed(request, &target))
            continue;
        listing->more = listing->count == listing->limit;
        if (listing->more)
            break;
        reply_open(&request->reply, ANON);
        insights_reply(request, &target);
        reply_close(&request->reply);
        listing->last = (struct place){table->name, i};
        listing->count++;
    }
}

static status list_all(struct request *request, const struct table *only, str token,
                       struct listing *listing) {
    const struct catalogue_snapshot *tables = request->tables;
    struct place behind = {};
    if (token.ptr != NULL)
        TRY(read_token(request, token, &behind));
    reply_open_list(&request->reply, STR("ContributorInsightsSummaries"));
    for (size_t i = 0; i < tables->count && !listing->more; i++) {
        const struct table *table = tables->tables[i];
        int order = behind.table_name.ptr != NULL ? str_cmp(table->name, behind.table_name) : 1;
        if ((only != NULL && table != only) || order < 0)
            continue;
        list_table(request, table, order == 0 ? behind.index + 1 : 0, listing);
    }
    reply_close_list(&request->reply);
    if (listing->more)
        reply_str(&request->reply, STR("NextToken"), make_token(request, &listing->last));
    return ST_OK;
}

status op_list_contributor_insights(struct request *request) {
    const struct in_ListContributorInsightsInput *in = request->input;
    struct listing listing = {.limit = LIST_MAX};
    const struct table *only = NULL;
    if (in->MaxResults.given && in->MaxResults.value < 1)
        return fail_validation(request->scope,
                               "1 validation error detected: Value '%lld' at 'maxResults' failed "
                               "to satisfy constraint: Member must have value greater than or "
                               "equal to 1",
                               (long long)in->MaxResults.value);
    if (in->MaxResults.given)
        listing.limit = (size_t)in->MaxResults.value;
    if (in->TableName.ptr != NULL)
        TRY(request_table(request, in->TableName, true, &only));
    return list_all(request, only, in->NextToken, &listing);
}
