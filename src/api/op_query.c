#include "api/legacy.h"
#include "api/page_request.h"
#include "item/item_json.h"
#include "table/table_check.h"
#include "table/table_key.h"

#define INVALID "One or more parameter values were invalid: "

/* ---- key conditions against the schema ---- */

struct key_search {
    const struct key_schema *schema; /* set once the table is known */
    const struct key_condition *conditions;
    size_t count;
};

static const struct key_condition *find_condition(const struct key_search *search, str name) {
    for (size_t i = 0; i < search->count; i++)
        if (str_eq(search->conditions[i].name, name))
            return &search->conditions[i];
    return NULL;
}

static status check_kind(struct scope *scope, const struct key_attribute *part, view value) {
    if (view_kind(value) == part->kind)
        return ST_OK;
    return fail_validation(scope, INVALID "Condition parameter type does not match schema type");
}

static status check_value(struct scope *scope, const struct key_attribute *part, view value,
                          bool hash) {
    if (view_bytes(value).len == 0)
        return fail_validation(scope,
                               "One or more parameter values are not valid. The AttributeValue for "
                               "a key attribute cannot contain an empty %s value. Key: %.*s",
                               table_empty_word(part->kind), STR_ARG(part->name));
    return table_check_key_size(scope, view_bytes(value), hash);
}

static status check_condition(struct scope *scope, const struct key_attribute *part,
                              const struct key_condition *condition, bool hash) {
    if (condition->not_indexable)
        return fail_validation(scope,
                               "Attempted conditional constraint is not an indexable operation");
    TRY(check_kind(scope, part, condition->value));
    if (condition->op == KEY_BETWEEN)
        TRY(check_kind(scope, part, condition->value_to));
    if (hash && condition->op != KEY_EQ)
        return fail_validation(scope, "Query key condition not supported");
    TRY(check_value(scope, part, condition->value, hash));
    if (condition->op == KEY_BETWEEN)
        TRY(check_value(scope, part, condition->value_to, hash));
    return ST_OK;
}

static status hash_parts(struct scope *scope, const struct key_search *search,
                         struct table_range *range, size_t *used) {
    const struct key_schema *schema = search->schema;
    str *parts = arena_array(scope->arena, str, schema->hash_count);
    for (size_t i = 0; i < schema->hash_count; i++) {
        const struct key_condition *condition = find_condition(search, schema->hash[i].name);
        if (condition == NULL)
            return fail_validation(scope, "Query condition missed key schema element: %.*s",
                                   STR_ARG(schema->hash[i].name));
        TRY(check_condition(scope, &schema->hash[i], condition, true));
        parts[i] = view_bytes(condition->value);
        (*used)++;
    }
    range->hash_parts = parts;
    return ST_OK;
}

/* Left to right without a gap: equalities, then at most one other condition. */
static status range_parts(struct scope *scope, const struct key_search *search,
                          struct table_range *range, size_t *used) {
    const struct key_schema *schema = search->schema;
    str *equal = arena_array(scope->arena, str, KEY_PARTS_MAX);
    for (size_t i = 0; i < schema->range_count; i++) {
        const struct key_condition *condition = find_condition(search, schema->range[i].name);
        if (condition == NULL)
            break;
        TRY(check_condition(scope, &schema->range[i], condition, false));
        (*used)++;
        if (condition->op == KEY_EQ) {
            equal[range->equal_count++] = view_bytes(condition->value);
            continue;
        }
        range->has_condition = true;
        range->op = condition->op;
        range->value = view_bytes(condition->value);
        range->value_to = view_bytes(condition->value_to);
        break;
    }
    range->equal_parts = equal;
    return ST_OK;
}

static status fail_count(struct scope *scope) {
    return fail_validation(scope, "Conditions can be of length 1 or 2 only");
}

static status key_range(struct request *request, struct key_search *search,
                        struct table_range *range) {
    struct scope *scope = request->scope;
    const struct key_schema *schema = range->index ? &range->index->key : &range->table->key;
    size_t used = 0;
    search->schema = schema;
    if (search->count > 2 && schema->hash_count == 1 && schema->range_count <= 1)
        return fail_count(scope);
    if (search->count > key_schema_count(schema))
        return fail_validation(scope, "Query key condition not supported");
    TRY(hash_parts(scope, search, range, &used));
    TRY(range_parts(scope, search, range, &used));
    if (used == search->count)
        return ST_OK;
    /* A condition that fits nowhere: the first sort key without one is what was missed. */
    size_t missed = range->equal_count + range->has_condition;
    if (missed < schema->range_count && !range->has_condition)
        return fail_validation(scope, "Query condition missed key schema element: %.*s",
                               STR_ARG(schema->range[missed].name));
    return fail_validation(scope, "Query key condition not supported");
}

/* ---- ExclusiveStartKey against the conditions ---- */

static status check_start_in_range(struct request *request, const struct table_range *range) {
    struct scope *scope = request->scope;
    const struct key_schema *schema = range->index ? &range->index->key : &range->table->key;
    if (range->start_after == NULL)
        return ST_OK;
    if (range->index == NULL && schema->range_count == 0)
        return fail_validation(scope,
                               "The query can return at most one row and cannot be restarted");
    /* The condition on the sort key comes first: whether it holds in the start key's partition. */
    struct table_range own = *range;
    str *parts = arena_array(scope->arena, str, schema->hash_count);
    for (size_t i = 0; i < schema->hash_count; i++)
        parts[i] = item_find(range->start_after, schema->hash[i].name)->bytes;
    own.hash_parts = parts;
    if (!table_range_holds(scope, &own, range->start_after))
        return fail_validation(scope,
                               "The provided starting key does not match the range key predicate");
    if (!table_range_holds(scope, range, range->start_after))
        return fail_validation(scope, "The provided starting key is outside query boundaries based "
                                      "on provided conditions");
    return ST_OK;
}

static status check_filter(struct request *request, const struct page_request *page) {
    const struct table_range *range = &page->range;
    const struct key_schema *schema = range->index ? &range->index->key : &range->table->key;
    for (size_t k = 0; page->filter != NULL && k < key_schema_count(schema); k++)
        for (size_t i = 0; i < page->filter->top_name_count; i++)
            if (str_eq(page->filter->top_names[i], key_schema_part(schema, k)->name))
                return fail_validation(
                    request->scope,
                    "%s can only contain non-primary key attributes: Primary key attribute: %.*s",
                    page->members->conditions ? "QueryFilter" : "Filter Expression",
                    STR_ARG(page->filter->top_names[i]));
    return ST_OK;
}

/* From whichever form they came in; `parsed` is that of KeyConditionExpression. */
static status key_conditions(struct request *request, const struct in_QueryInput *in,
                             const struct expr_condition *parsed, struct key_search *out) {
    if (in->KeyConditionExpression.ptr != NULL)
        return expr_key_conditions(request->scope, parsed, &out->conditions, &out->count);
    TRY(legacy_key_conditions(request, in->KeyConditions, &out->conditions, &out->count));
    return out->count == 0 ? fail_count(request->scope) : ST_OK;
}

static status query(struct request *request, const struct in_QueryInput *in,
                    const struct parameters *parameters, const struct page_members *members) {
    struct page_request page = {.members = members, .is_query = true};
    struct expr_condition condition;
    struct key_search search = {};
    TRY(page_check_select(request, members, in->IndexName.ptr != NULL));
    TRY(page_legacy_filter(request, &page));
    TRY(page_legacy_projection(request, &page));
    TRY(page_check_start_value(request, members));
    if (in->KeyConditionExpression.ptr == NULL && in->KeyConditions == NULL)
        return fail_validation(request->scope,
                               "Either the KeyConditions or KeyConditionExpression parameter must "
                               "be specified in the request.");
    TRY(request_placeholders(request, parameters, &page.placeholders));
    if (in->KeyConditionExpression.ptr != NULL)
        TRY(expr_parse_condition(request->scope, EXPR_KEY_CONDITION, in->KeyConditionExpression,
                                 &page.placeholders, &condition));
    TRY(page_parse(request, members, &page));
    TRY(key_conditions(request, in, &condition, &search));
    TRY(page_find_table(request, in->TableName, in->IndexName, &page));
    page.range.backward = in->ScanIndexForward.given && !in->ScanIndexForward.value;
    TRY(page_check_start_key(request, &page));
    TRY(key_range(request, &search, &page.range));
    TRY(check_start_in_range(request, &page.range));
    TRY(request_check_projection(request, page.range.table, page.projection));
    TRY(check_filter(request, &page));
    TRY(page_check_projection(request, &page));
    TRY(page_check_filter(request, &page));
    return page_reply(request, &page);
}

status op_query(struct request *request) {
    const struct in_QueryInput *in = request->input;
    const struct parameter legacy[] = {
        {"AttributesToGet", in->AttributesToGet != NULL, false},
        {"QueryFilter", in->QueryFilter != NULL, false},
        {"ConditionalOperator", in->ConditionalOperator.ptr != NULL, false},
        {"KeyConditions", in->KeyConditions != NULL, false},
    };
    const struct parameter expressions[] = {
        {"ProjectionExpression", in->ProjectionExpression.ptr != NULL, false},
        {"FilterExpression", in->FilterExpression.ptr != NULL, true},
        {"KeyConditionExpression", in->KeyConditionExpression.ptr != NULL, true},
    };
    /* KeyConditions may stand beside expressions, but not beside KeyConditionExpression. */
    size_t legacy_count = in->KeyConditionExpression.ptr != NULL ? 4 : 3;
    const struct parameters parameters = {legacy,
                                          legacy_count,
                                          expressions,
                                          3,
                                          in->ExpressionAttributeNames,
                                          in->ExpressionAttributeValues};
    const struct page_members members = {
        .select = in->Select,
        .projection = in->ProjectionExpression,
        .filter = in->FilterExpression,
        .names = in->AttributesToGet,
        .conditions = in->QueryFilter,
        .conditional_operator = in->ConditionalOperator,
        .start_key = in->ExclusiveStartKey,
        .limit = in->Limit,
        .consistent = in->ConsistentRead.value,
        .return_capacity = in->ReturnConsumedCapacity,
    };
    TRY(request_check_parameters(request, &parameters));
    return query(request, in, &parameters, &members);
}
