/* SELECT: from the terms of WHERE to ranges of a table or an index, and one page of them.
 *
 * Equality on the partition key makes a range, IN on it (or equalities joined by OR) one range a
 * value, anything else makes the whole table the range; a condition on the sort key narrows it.
 * What no range says is the filter. Ranges are read one after the other; a NextToken says in which
 * one the page ended, and where. */
#include "api/admission.h"
#include "api/page_request.h"
#include "api/statement.h"
#include "base/base64.h"
#include "base/bytes.h"
#include "base/hash.h"
#include "item/item_codec.h"
#include "table/loop_work.h"
#include "table/table_check.h"

struct selection {
    struct statement *statement;
    struct page_members members;
    struct page_request page;
    const struct key_schema *schema;
    view *hash_values; /* several of the only partition key attribute: a range each; or NULL */
    size_t range_count;
    bool single; /* a range holds one item at most */
    size_t first_range;
};

/* ---- keys ---- */

static struct partiql_term *find_term(const struct statement *statement, str name,
                                      enum partiql_test test, bool equality) {
    for (struct partiql_term *term = statement->parsed.terms; term; term = term->next)
        if (term->test == test && str_eq(term->key.name, name) && !term->used &&
            (!equality || term->key.op == KEY_EQ))
            return term;
    return NULL;
}

static status check_value(struct scope *scope, const struct key_attribute *part, view value,
                          bool hash) {
    if (view_kind(value) != part->kind)
        return fail_validation(scope, "One or more parameter values were invalid: Condition "
                                      "parameter type does not match schema type");
    if (view_bytes(value).len == 0)
        return fail_validation(scope,
                               "One or more parameter values are not valid. The AttributeValue for "
                               "a key attribute cannot contain an empty %s value. Key: %.*s",
                               table_empty_word(part->kind), STR_ARG(part->name));
    return table_check_key_size(scope, view_bytes(value), hash);
}

/* The term that names several values of the only partition key attribute. An OR of more than there
 * may be ranges is a filter like any other: nobody asked for ranges. */
static struct partiql_term *find_choice(const struct statement *statement,
                                        const struct key_schema *schema) {
    if (schema->hash_count != 1)
        return NULL;
    struct partiql_term *in = find_term(statement, schema->hash[0].name, TEST_IN, false);
    if (in != NULL)
        return in;
    struct partiql_term *either = find_term(statement, schema->hash[0].name, TEST_OR, false);
    return either != NULL && either->value_count <= STATEMENT_KEYS_MAX ? either : NULL;
}

/* The terms that make each partition key attribute equal to a constant; false: one has none. */
static bool find_hash(const struct statement *statement, const struct key_schema *schema,
                      struct partiql_term *terms[KEY_PARTS_MAX]) {
    bool all = true;
    for (size_t i = 0; i < schema->hash_count; i++) {
        terms[i] = find_term(statement, schema->hash[i].name, TEST_KEY, true);
        all &= terms[i] != NULL;
    }
    return all;
}

bool statement_names_partitions(const struct statement *statement,
                                const struct key_schema *schema) {
    struct partiql_term *terms[KEY_PARTS_MAX];
    return find_hash(statement, schema, terms) || find_choice(statement, schema) != NULL;
}

/* A range each; values that are there twice count once. */
static status take_choice(struct request *request, struct selection *selection,
                          struct partiql_term *term) {
    struct scope *scope = request->scope;
    if (term->value_count > STATEMENT_KEYS_MAX)
        return fail_validation(scope, "The IN operator takes at most %d values of a partition key",
                               STATEMENT_KEYS_MAX);
    view *values = arena_array(scope->arena, view, term->value_count);
    size_t count = 0;
    for (size_t i = 0; i < term->value_count; i++) {
        bool known = false;
        TRY(check_value(scope, &selection->schema->hash[0], term->values[i], true));
        for (size_t j = 0; j < count; j++)
            known |= view_equal(values[j], term->values[i]);
        if (!known)
            values[count++] = term->values[i];
    }
    term->used = true;
    selection->hash_values = values;
    selection->range_count = count;
    return ST_OK;
}

/* False in *out_found: WHERE does not fix the partition key. */
static status take_hash(struct request *request, struct selection *selection, bool *out_found) {
    const struct key_schema *schema = selection->schema;
    struct partiql_term *terms[KEY_PARTS_MAX];
    str *parts = arena_array(request->scope->arena, str, KEY_PARTS_MAX);
    *out_found = statement_names_partitions(selection->statement, schema);
    if (!*out_found)
        return ST_OK;
    selection->page.range.hash_parts = parts;
    if (!find_hash(selection->statement, schema, terms)) /* parts are filled in for each range */
        return take_choice(request, selection, find_choice(selection->statement, schema));
    for (size_t i = 0; i < schema->hash_count; i++) {
        TRY(check_value(request->scope, &schema->hash[i], terms[i]->key.value, true));
        parts[i] = view_bytes(terms[i]->key.value);
        terms[i]->used = true;
    }
    return ST_OK;
}

/* Left to right without a gap: equalities, then at most one other condition. */
static status take_range(struct request *request, struct selection *selection) {
    const struct key_schema *schema = selection->schema;
    struct table_range *range = &selection->page.range;
    str *equal = arena_array(request->scope->arena, str, KEY_PARTS_MAX);
    range->equal_parts = equal;
    for (size_t i = 0; i < schema->range_count; i++) {
        const struct key_attribute *part = &schema->range[i];
        struct partiql_term *term = find_term(selection->statement, part->name, TEST_KEY, true);
        if (term == NULL)
            term = find_term(selection->statement, part->name, TEST_KEY, false);
        if (term == NULL)
            return ST_OK;
        TRY(check_value(request->scope, part, term->key.value, false));
        if (term->key.op == KEY_BETWEEN)
            TRY(check_value(request->scope, part, term->key.value_to, false));
        term->used = true;
        if (term->key.op == KEY_EQ) {
            equal[range->equal_count++] = view_bytes(term->key.value);
            continue;
        }
        range->has_condition = true;
        range->op = term->key.op;
        range->value = view_bytes(term->key.value);
        range->value_to = view_bytes(term->key.value_to);
        return ST_OK;
    }
    selection->single = range->index == NULL;
    return ST_OK;
}

/* ---- ORDER BY ---- */

static void sort_values(view *values, size_t count, bool descending) {
    for (size_t i = 1; i < count; i++) /* STATEMENT_KEYS_MAX at most */
        for (size_t j = i; j > 0; j--) {
            int order = 0;
            (void)view_compare(values[j - 1], values[j], &order); /* of one kind: they compare */
            if (descending ? order >= 0 : order <= 0)
                break;
            view swap = values[j];
            values[j] = values[j - 1];
            values[j - 1] = swap;
        }
}

static status check_order(struct request *request, const struct statement *statement) {
    if (statement->parsed.order_count > 0 && !statement->parsed.has_where)
        return fail_validation(
            request->scope, "Must have WHERE clause in the statement when using ORDER BY clause.");
    return ST_OK;
}

static bool is_hash_part(const struct key_schema *schema, str name) {
    for (size_t i = 0; i < schema->hash_count; i++)
        if (str_eq(schema->hash[i].name, name))
            return true;
    return false;
}

/* Ranges follow each other in the order of the partition key, and within one there is the order of
 * the sort key, forward or backward as a whole. What all items of a range have in common may stand
 * anywhere. *next: how many sort key attributes have their place. */
static status take_order_part(struct request *request, struct selection *selection,
                              const struct partiql_order *order, bool *by_hash, size_t *next) {
    const struct key_schema *schema = selection->schema;
    struct table_range *range = &selection->page.range;
    if (!key_schema_has(schema, order->name))
        return fail_validation(request->scope,
                               "Variable reference %.*s in ORDER BY clause must be part of the "
                               "primary key.",
                               STR_ARG(order->name));
    if (is_hash_part(schema, order->name)) {
        if (selection->range_count > 1 && !*by_hash)
            sort_values(selection->hash_values, selection->range_count, order->descending);
        *by_hash = true;
        return ST_OK;
    }
    if (selection->range_count > 1 && !*by_hash)
        return fail_validation(request->scope,
                               "ORDER BY must begin with the partition key when the WHERE "
                               "clause names more than one value of it");
    for (size_t i = 0; i < *next; i++)
        if (str_eq(schema->range[i].name, order->name))
            return ST_OK; /* it is equal to a constant, or was named before */
    bool first = *next == range->equal_count;
    if (!str_eq(schema->range[*next].name, order->name) ||
        (!first && range->backward != order->descending))
        return fail_validation(request->scope,
                               "ORDER BY must name sort key attributes in the order of the key, "
                               "all of them ascending or all descending");
    range->backward = order->descending;
    ++*next;
    return ST_OK;
}

static status take_order(struct request *request, struct selection *selection, bool has_hash) {
    const struct partiql_statement *parsed = &selection->statement->parsed;
    size_t next = selection->page.range.equal_count;
    bool by_hash = false;
    if (parsed->order_count > 0 && !has_hash)
        return fail_validation(request->scope,
                               "Must have at least one non-optional hash key condition in WHERE "
                               "clause when using ORDER BY clause.");
    for (size_t i = 0; i < parsed->order_count; i++)
        TRY(take_order_part(request, selection, &parsed->order[i], &by_hash, &next));
    return ST_OK;
}

/* ---- NextToken: version, what it is bound to, range, key of the last entry ---- */

enum { TOKEN_VERSION = 1, TOKEN_HEAD_BYTES = 1 + 8 + 2 };

static uint64_t bound_to(struct request *request, const struct statement *statement) {
    struct buf all;
    buf_init(&all, request->scope->arena, statement->text.len + 256);
    statement_add_content(statement, &all);
    return hash_bytes(buf_str(&all));
}

static status fail_token(struct request *request) {
    return fail_validation(request->scope, "Invalid NextToken");
}

static status open_token(struct request *request, str token, str *out_bytes) {
    char *bytes = arena_bytes(request->scope->arena, token.len + 1);
    size_t len = 0;
    if (!base64_decode(token, bytes, &len) || len < TOKEN_HEAD_BYTES || bytes[0] != TOKEN_VERSION)
        return fail_token(request);
    *out_bytes = (str){bytes, len};
    return ST_OK;
}

static status take_token(struct request *request, struct selection *selection, str token) {
    struct scope *scope = request->scope;
    str bytes = {};
    if (token.ptr == NULL)
        return ST_OK;
    TRY(open_token(request, token, &bytes));
    if (get_be64(bytes.ptr + 1) != bound_to(request, selection->statement))
        return fail_validation(scope, "NextToken does not match request");
    selection->first_range = get_be16(bytes.ptr + 9);
    str stored = str_slice(bytes, TOKEN_HEAD_BYTES, bytes.len);
    if (item_check_stored(stored) != ST_OK || selection->first_range >= selection->range_count)
        return fail_token(request);
    struct item *key = arena_struct(scope->arena, struct item);
    *key = item_thaw(item_map(stored), scope->arena);
    selection->members.start_key = key;
    return page_check_start_key(request, &selection->page);
}

static str make_token(struct request *request, const struct selection *selection, size_t range,
                      struct item *key) {
    struct arena *arena = request->scope->arena;
    char head[TOKEN_HEAD_BYTES] = {TOKEN_VERSION};
    struct buf bytes;
    put_be64(head + 1, bound_to(request, selection->statement));
    put_be16(head + 9, (uint16_t)range);
    buf_init(&bytes, arena, 128);
    buf_add(&bytes, head, sizeof head);
    buf_add_str(&bytes, item_encode(key, &(struct item_stamp){}, arena));
    size_t len = base64_encoded_len(bytes.len);
    char *text = arena_bytes(arena, len);
    base64_encode(buf_str(&bytes), text);
    return (str){text, len};
}

/* ---- the page ---- */

/* JSON; a page whose columns do not overlap has less. */
enum { SHOWN_BYTES_MAX = 16 * 1024 * 1024 };

struct progress {
    size_t limit, examined;
    size_t bytes;       /* of what the ranges hold */
    size_t fetch_bytes; /* of items fetched to complete entries */
    double index_units, fetch_units;
    struct loop_work work;
    struct item *last; /* key of the entry at which the page ended; NULL: everything was read */
    size_t last_range;
};

static void add_key(struct item *key, str name, view map, struct arena *arena) {
    if (item_find(key, name) == NULL)
        key->attributes[key->count++] =
            (struct attribute){.name = name, .value = value_thaw(view_member(map, name), arena)};
}

static struct item *key_of(struct arena *arena, const struct table_range *range, str entry) {
    struct item *key = arena_struct(arena, struct item);
    view map = item_map(arena_copy(arena, entry));
    key->attributes = arena_array(arena, struct attribute, (size_t)4 * KEY_PARTS_MAX);
    for (size_t i = 0; i < key_schema_count(&range->table->key); i++)
        add_key(key, key_schema_part(&range->table->key, i)->name, map, arena);
    for (size_t i = 0; range->index && i < key_schema_count(&range->index->key); i++)
        add_key(key, key_schema_part(&range->index->key, i)->name, map, arena);
    return key;
}

static status take(struct request *request, const struct selection *selection,
                   struct progress *progress, str entry, str item) {
    const struct page_request *page = &selection->page;
    progress->examined++;
    progress->bytes += item_size(entry);
    if (page->whole_items) {
        progress->fetch_bytes += item_size(item);
        progress->fetch_units +=
            capacity_read_units(item_size(item), selection->members.consistent);
    }
    if (page->filter != NULL && !expr_condition_true(page->filter, item_map(item)))
        return ST_OK;
    request->counts.items++;
    /* An item that was fetched for the filter alone is not what the index answers. */
    return statement_reply_columns(request, selection->statement, ANON,
                                   page->projection ? item : entry);
}

static bool page_is_full(const struct request *request, const struct progress *progress) {
    return progress->examined == progress->limit ||
           progress->bytes + progress->fetch_bytes >= PAGE_BYTES_MAX ||
           request->reply.body.len >= SHOWN_BYTES_MAX;
}

static status read_range(struct request *request, struct selection *selection,
                         struct progress *progress) {
    struct page_request *page = &selection->page;
    scoped_table_cursor struct table_cursor cursor = {};
    str entry, item;
    size_t before = progress->bytes;
    TRY(table_cursor_open(request->database, request->scope, &page->range, page->whole_items,
                          progress->limit - progress->examined, &cursor));
    while (progress->last == NULL) {
        status st = table_cursor_next(&cursor, &entry, &item);
        if (st == ST_NOT_FOUND)
            break;
        TRY(st);
        TRY(loop_work_add(&progress->work, item_size(item), page->filter));
        TRY(take(request, selection, progress, entry, item));
        if (page_is_full(request, progress))
            progress->last = key_of(request->scope->arena, &page->range, entry);
    }
    progress->index_units +=
        capacity_read_units(progress->bytes - before, selection->members.consistent);
    return ST_OK;
}

/* The range at `at`; false when nothing of it is left to read. */
static bool set_range(struct selection *selection, size_t at, str *hash_part) {
    struct table_range *range = &selection->page.range;
    if (selection->hash_values != NULL) {
        *hash_part = view_bytes(selection->hash_values[at]);
        range->hash_parts = hash_part;
    }
    bool resumed = at == selection->first_range && selection->members.start_key != NULL;
    range->start_after = resumed ? selection->members.start_key : NULL;
    return !(resumed && selection->single);
}

static status read_ranges(struct request *request, struct selection *selection,
                          struct progress *progress) {
    str hash_part;
    for (size_t at = selection->first_range; at < selection->range_count; at++) {
        if (!set_range(selection, at, &hash_part))
            continue;
        const struct item *start = selection->page.range.start_after;
        if (start != NULL && !table_range_holds(request->scope, &selection->page.range, start))
            return fail_token(request);
        TRY(read_range(request, selection, progress));
        progress->last_range = at;
        if (progress->last != NULL)
            break;
    }
    /* Behind the only item of the last range there is nothing. */
    if (selection->single && progress->last_range + 1 == selection->range_count)
        progress->last = NULL;
    return ST_OK;
}

static void reply_units(struct request *request, const struct selection *selection,
                        const struct progress *progress, const struct traffic_visit *visit) {
    const struct table_range *range = &selection->page.range;
    struct capacity capacity = {.table = range->table, .table_units = progress->fetch_units};
    if (range->index != NULL)
        capacity.index_units[range->index - range->table->indexes] = progress->index_units;
    else
        capacity.table_units += progress->index_units;
    admission_used(request, visit, progress->index_units + progress->fetch_units);
    reply_capacity(request, capacity_detail_of(selection->members.return_capacity), &capacity);
}

static status reply_page(struct request *request, struct selection *selection) {
    struct reply *reply = &request->reply;
    const struct given_integer *limit = &selection->members.limit;
    struct progress progress = {.limit = limit->given ? (size_t)limit->value : SIZE_MAX};
    /* Ranges of several partition keys lie in no one place. */
    struct table_range where = selection->page.range;
    if (selection->hash_values != NULL)
        where.hash_parts = NULL;
    struct traffic_visit visit = admission_page(request, &where);
    TRY(admission_read(request, &visit, 0));
    reply_open_list(reply, STR("Items"));
    TRY(read_ranges(request, selection, &progress));
    reply_close_list(reply);
    if (progress.last != NULL) {
        reply_str(reply, STR("NextToken"),
                  make_token(request, selection, progress.last_range, progress.last));
        reply_tree(reply, STR("LastEvaluatedKey"), progress.last);
    }
    reply_units(request, selection, &progress, &visit);
    return ST_OK;
}

/* ---- all of it ---- */

/* What an index must project: the columns, as page_check_projection knows them. */
static void take_columns(struct request *request, struct selection *selection) {
    const struct partiql_statement *parsed = &selection->statement->parsed;
    if (parsed->column_count == 0)
        return;
    struct expr_projection *projection =
        arena_struct(request->scope->arena, struct expr_projection);
    projection->paths = arena_array(request->scope->arena, struct expr_path, parsed->column_count);
    projection->count = parsed->column_count;
    for (size_t i = 0; i < parsed->column_count; i++)
        projection->paths[i] = parsed->columns[i].path;
    selection->page.projection = projection;
}

status statement_select(struct request *request, struct statement *statement,
                        const struct select_members *members) {
    const struct partiql_statement *parsed = &statement->parsed;
    struct selection selection = {.statement = statement, .range_count = 1};
    struct page_request *page = &selection.page;
    bool has_hash;
    selection.members = (struct page_members){.limit = members->limit,
                                              .consistent = members->consistent,
                                              .return_capacity = members->return_capacity};
    page->members = &selection.members;
    TRY(check_order(request, statement));
    TRY(page_find_table(request, parsed->table_name, parsed->index_name, page));
    selection.schema = page->range.index ? &page->range.index->key : &page->range.table->key;
    TRY(take_hash(request, &selection, &has_hash));
    if (has_hash)
        TRY(take_range(request, &selection));
    TRY(take_order(request, &selection, has_hash));
    TRY(statement_filter(request, statement, &page->filter));
    take_columns(request, &selection);
    TRY(page_check_projection(request, page));
    TRY(take_token(request, &selection, members->next_token));
    return reply_page(request, &selection);
}
