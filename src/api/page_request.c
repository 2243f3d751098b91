#include "api/page_request.h"

#include "api/admission.h"
#include "api/legacy.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "table/loop_work.h"
#include "table/table_check.h"

#define INVALID "One or more parameter values were invalid: "
#define START_INVALID "The provided starting key is invalid"

/* ---- what to show ---- */

status page_check_select(struct request *request, const struct page_members *members,
                         bool has_index) {
    str select = members->select;
    bool specific = str_eq(select, STR("SPECIFIC_ATTRIBUTES"));
    bool names = members->names != NULL, projected = names || members->projection.ptr != NULL;
    if (specific && !projected)
        return fail_validation(request->scope, "Must specify the AttributesToGet or "
                                               "ProjectionExpression when choosing to get "
                                               "SPECIFIC_ATTRIBUTES");
    if (str_eq(select, STR("ALL_PROJECTED_ATTRIBUTES")) && !has_index)
        return fail_validation(
            request->scope,
            "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
    if (select.ptr != NULL && !specific && projected)
        return fail_validation(request->scope, "Cannot specify the %s when choosing to get %s",
                               names ? "AttributesToGet" : "ProjectionExpression",
                               str_eq(select, STR("COUNT")) ? "only the Count"
                               : str_eq(select, STR("ALL_ATTRIBUTES"))
                                   ? "ALL_ATTRIBUTES"
                                   : "ALL_PROJECTED_ATTRIBUTES");
    return ST_OK;
}

status page_legacy_projection(struct request *request, struct page_request *page) {
    return legacy_projection(request, page->members->names, &page->projection);
}

status page_legacy_filter(struct request *request, struct page_request *page) {
    return legacy_filter(request, page->members->conditions, page->members->conditional_operator,
                         &page->filter);
}

status page_parse(struct request *request, const struct page_members *members,
                  struct page_request *page) {
    struct scope *scope = request->scope;
    if (members->filter.ptr != NULL) {
        struct expr_condition *filter = arena_struct(scope->arena, struct expr_condition);
        TRY(expr_parse_condition(scope, EXPR_FILTER, members->filter, &page->placeholders, filter));
        page->filter = filter;
    }
    if (members->projection.ptr != NULL)
        TRY(request_projection(request, members->projection, &page->placeholders,
                               &page->projection));
    return expr_placeholders_all_used(scope, &page->placeholders);
}

status page_find_table(struct request *request, str table_name, str index_name,
                       struct page_request *page) {
    TRY(request_table(request, table_name, false, &page->range.table));
    TRY(request_index(request, page->range.table, index_name, &page->range.index));
    if (page->range.index != NULL && page->range.index->global && page->members->consistent)
        return fail_validation(request->scope,
                               "Consistent reads are not supported on global secondary indexes");
    return ST_OK;
}

/* What a local index has not is fetched from the table; a global one names all it has not. */
static status check_projected_names(struct request *request, struct page_request *page) {
    const struct index *index = page->range.index;
    const struct expr_projection *projection = page->projection;
    str missing = {}, last = {};
    for (size_t i = 0; projection != NULL && i < projection->count; i++) {
        str name = projection->paths[i].parts[0].name; /* in their order, so equal ones meet */
        if (index_projects(page->range.table, index, name) || str_eq(name, last))
            continue;
        page->whole_items = true;
        missing = missing.ptr == NULL ? name
                                      : arena_printf(request->scope->arena, "%.*s, %.*s",
                                                     STR_ARG(missing), STR_ARG(name));
        last = name;
    }
    if (missing.ptr == NULL || !index->global)
        return ST_OK;
    return fail_validation(request->scope,
                           INVALID "Global secondary index %.*s does not project [%.*s]",
                           STR_ARG(index->name), STR_ARG(missing));
}

status page_check_projection(struct request *request, struct page_request *page) {
    const struct index *index = page->range.index;
    if (index == NULL || index->projection == PROJECT_ALL)
        return ST_OK;
    if (str_eq(page->members->select, STR("ALL_ATTRIBUTES"))) {
        if (index->global)
            return fail_validation(request->scope,
                                   INVALID
                                   "Select type ALL_ATTRIBUTES is not supported for global "
                                   "secondary index %.*s because its projection type is not ALL",
                                   STR_ARG(index->name));
        page->whole_items = true;
    }
    TRY(check_projected_names(request, page));
    /* To a filter on a global index what isn't projected is missing; a local index fetches it. */
    for (size_t i = 0; page->filter != NULL && i < page->filter->top_name_count; i++)
        if (!index->global && !index_projects(page->range.table, index, page->filter->top_names[i]))
            page->whole_items = true;
    return ST_OK;
}

status page_check_filter(struct request *request, const struct page_request *page) {
    if (page->filter == NULL)
        return ST_OK;
    return table_check_nested(request->scope, page->range.table, page->filter->nested_names,
                              page->filter->nested_name_count);
}

/* ---- where to start ---- */

/* A fault of the key itself, told as one of the starting key. */
static status say_start(struct request *request, status st) {
    struct scope *scope = request->scope;
    if (st == ST_FAILED)
        scope->error_text =
            arena_printf(scope->arena, START_INVALID ": %.*s", STR_ARG(scope->error_text));
    return st;
}

status page_check_start_value(struct request *request, const struct page_members *members) {
    static const str plain[] = {STR_INIT("contains duplicates"), STR_INIT("number set"),
                                STR_INIT("numeric value"), STR_INIT("significant digits"),
                                STR_INIT("number with magnitude")};
    const struct item *key = members->start_key;
    if (key == NULL)
        return ST_OK;
    status st = item_check(request->scope, key);
    for (size_t i = 0; st == ST_FAILED && i < sizeof plain / sizeof plain[0]; i++)
        if (memmem(key->fault.ptr, key->fault.len, plain[i].ptr, plain[i].len) != NULL)
            return st;
    return say_start(request, st);
}

static status check_start_count(struct request *request, const struct page_request *page) {
    const struct table *table = page->range.table;
    const struct index *index = page->range.index;
    size_t expected = key_schema_count(&table->key);
    for (size_t i = 0; index != NULL && i < key_schema_count(&index->key); i++)
        expected += !key_schema_has(&table->key, key_schema_part(&index->key, i)->name);
    if (page->members->start_key->count == expected)
        return ST_OK;
    bool scans_table = index == NULL && !page->is_query;
    return fail_validation(request->scope, "%s",
                           scans_table ? START_INVALID
                               ": The provided key element does not match the schema"
                                       : START_INVALID);
}

/* The key of what is queried, or of the index that is scanned. */
static status check_start_parts(struct request *request, const struct key_schema *schema,
                                const struct item *key) {
    for (size_t i = 0; i < key_schema_count(schema); i++) {
        const struct key_attribute *part = key_schema_part(schema, i);
        const struct value *value = item_find(key, part->name);
        if (value == NULL)
            return fail_validation(request->scope, START_INVALID);
        TRY(table_check_key_part(request->scope, part, value, i < schema->hash_count));
    }
    return ST_OK;
}

status page_check_start_key(struct request *request, struct page_request *page) {
    const struct item *key = page->members->start_key;
    const struct key_schema *table_key = &page->range.table->key;
    const struct index *index = page->range.index;
    if (key == NULL)
        return ST_OK;
    TRY(check_start_count(request, page));
    if (index != NULL || page->is_query)
        TRY(check_start_parts(request, index ? &index->key : table_key, key));
    for (size_t i = 0; i < key_schema_count(table_key); i++) {
        const struct key_attribute *part = key_schema_part(table_key, i);
        TRY(say_start(request,
                      table_check_key_part(request->scope, part, item_find(key, part->name),
                                           i < table_key->hash_count)));
    }
    page->range.start_after = key;
    return ST_OK;
}

/* ---- the page ---- */

struct progress {
    size_t limit;
    int64_t examined, returned;
    size_t entry_bytes; /* of what the range holds */
    size_t fetch_bytes; /* of items fetched to complete entries */
    double fetch_units; /* the same in units, each item rounded alone */
    str last;           /* the entry at which the page ended; ptr NULL: at the end of the range */
};

static void take(struct request *request, struct page_request *page, struct progress *progress,
                 str entry, str item) {
    progress->examined++;
    progress->entry_bytes += item_size(entry);
    if (page->whole_items) {
        progress->fetch_bytes += item_size(item);
        progress->fetch_units += capacity_read_units(item_size(item), page->members->consistent);
    }
    if (page->filter != NULL && !expr_condition_true(page->filter, item_map(item)))
        return;
    progress->returned++;
    if (str_eq(page->members->select, STR("COUNT")))
        return;
    /* An item that was fetched for the filter alone is not what the index answers. */
    bool whole = page->projection != NULL || str_eq(page->members->select, STR("ALL_ATTRIBUTES"));
    reply_stored(&request->reply, ANON, whole ? item : entry, page->projection,
                 request->scope->scratch);
}

static status read_page(struct request *request, struct page_request *page,
                        struct progress *progress) {
    scoped_table_cursor struct table_cursor cursor = {};
    struct loop_work work = {};
    str entry, item;
    TRY(table_cursor_open(request->database, request->scope, &page->range, page->whole_items,
                          progress->limit, &cursor));
    for (;;) {
        status st = table_cursor_next(&cursor, &entry, &item);
        if (st == ST_NOT_FOUND)
            return ST_OK;
        TRY(st);
        TRY(loop_work_add(&work, item_size(item), page->filter));
        take(request, page, progress, entry, item);
        if ((size_t)progress->examined == progress->limit ||
            progress->entry_bytes + progress->fetch_bytes >= PAGE_BYTES_MAX) {
            progress->last = arena_copy(request->scope->arena, entry);
            return ST_OK;
        }
    }
}

static void reply_last_key(struct request *request, const struct page_request *page, str last) {
    struct reply *reply = &request->reply;
    const struct key_schema *table_key = &page->range.table->key;
    view map = item_map(last);
    reply_open(reply, STR("LastEvaluatedKey"));
    for (size_t i = 0; i < key_schema_count(table_key); i++) {
        str name = key_schema_part(table_key, i)->name;
        reply_attribute(reply, name, view_member(map, name));
    }
    const struct index *index = page->range.index;
    for (size_t i = 0; index != NULL && i < key_schema_count(&index->key); i++) {
        str name = key_schema_part(&index->key, i)->name;
        if (!key_schema_has(table_key, name))
            reply_attribute(reply, name, view_member(map, name));
    }
    reply_close(reply);
}

static void reply_page_capacity(struct request *request, const struct page_request *page,
                                const struct progress *progress,
                                const struct traffic_visit *visit) {
    struct capacity capacity = {.table = page->range.table};
    double units = capacity_read_units(progress->entry_bytes, page->members->consistent);
    if (page->range.index != NULL)
        capacity.index_units[page->range.index - page->range.table->indexes] = units;
    else
        capacity.table_units = units;
    capacity.table_units += progress->fetch_units;
    admission_used(request, visit, units + progress->fetch_units);
    reply_capacity(request, capacity_detail_of(page->members->return_capacity), &capacity);
}

status page_reply(struct request *request, struct page_request *page) {
    struct reply *reply = &request->reply;
    bool count_only = str_eq(page->members->select, STR("COUNT"));
    struct progress progress = {
        .limit = page->members->limit.given ? (size_t)page->members->limit.value : SIZE_MAX};
    struct traffic_visit visit = admission_page(request, &page->range);
    TRY(admission_read(request, &visit, 0));
    if (!count_only)
        reply_open_list(reply, STR("Items"));
    TRY(read_page(request, page, &progress));
    if (!count_only)
        reply_close_list(reply);
    request->counts.items += (uint32_t)progress.returned;
    reply_i64(reply, STR("Count"), progress.returned);
    reply_i64(reply, STR("ScannedCount"), progress.examined);
    if (progress.last.ptr != NULL)
        reply_last_key(request, page, progress.last);
    reply_page_capacity(request, page, &progress, &visit);
    return ST_OK;
}
