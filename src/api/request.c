#include "api/request.h"

#include "api/audit_note.h"
#include "table/table_check.h"

/* ---- tables ---- */

str request_table_name(str name_or_arn) {
    if (!str_starts_with(name_or_arn, STR("arn:")))
        return name_or_arn;
    size_t slash = str_find(name_or_arn, '/');
    if (slash == name_or_arn.len)
        return name_or_arn;
    str name = str_slice(name_or_arn, slash + 1, name_or_arn.len);
    return str_slice(name, 0, str_find(name, '/'));
}

/* The next part of an ARN, and its rest. */
static str next_part(str *rest) {
    str part = str_slice(*rest, 0, str_find(*rest, ':'));
    *rest = part.len < rest->len ? str_slice(*rest, part.len + 1, rest->len) : (str){"", 0};
    return part;
}

static bool is_table_arn(str arn) {
    enum { NAME_LEN_MIN = 3 };
    uint64_t digits;
    str rest = arn, head[5];
    for (size_t i = 0; i < 5; i++)
        head[i] = next_part(&rest);
    return str_eq(head[0], STR("arn")) && head[1].len > 0 && str_eq(head[2], STR("dynamodb")) &&
           head[3].len > 0 && str_to_u64(head[4], &digits) &&
           str_starts_with(rest, STR("table/")) && rest.len >= 6 + NAME_LEN_MIN &&
           str_find(str_slice(rest, 6, rest.len), '/') == rest.len - 6;
}

status request_check_arn(struct scope *scope, str arn) {
    if (is_table_arn(arn))
        return ST_OK;
    return fail_validation(scope, "Invalid TableArn: Invalid ResourceArn provided as input %.*s",
                           STR_ARG(arn));
}

status request_table(struct request *request, str name_or_arn, bool says_name,
                     const struct table **out) {
    str name = request_table_name(name_or_arn);
    bool is_arn = str_starts_with(name_or_arn, STR("arn:"));
    audit_note_table(request->audit, name);
    if (is_arn)
        TRY(request_check_arn(request->scope, name_or_arn));
    const struct table *table = catalogue_find(request->tables, name);
    if (table != NULL && is_arn && !str_eq(name_or_arn, table_arn(request, table)))
        table = NULL; /* of another account or region */
    if (table != NULL && !says_name && !table_serves_items(table, request_clock(request)))
        table = NULL;
    if (table == NULL && says_name)
        return fail(request->scope, ERROR_ResourceNotFoundException,
                    "Requested resource not found: Table: %.*s not found", STR_ARG(name));
    if (table == NULL)
        return fail(request->scope, ERROR_ResourceNotFoundException,
                    "Requested resource not found");
    *out = table;
    return ST_OK;
}

status request_check_active(struct request *request, const struct table *table) {
    static const char *const words[] = {
        [SHOWN_CREATING] = "created", [SHOWN_UPDATING] = "updated", [SHOWN_DELETING] = "deleted"};
    enum shown_state state = table_shown(table, request_clock(request));
    if (state == SHOWN_ACTIVE)
        return ST_OK;
    return fail(request->scope, ERROR_ResourceInUseException, TABLE_IN_USE "%s: %.*s", words[state],
                STR_ARG(table->name));
}

status request_new_table_name(struct request *request, str name_or_arn, str *out) {
    struct table table = {.name = request_table_name(name_or_arn)};
    bool is_arn = str_starts_with(name_or_arn, STR("arn:"));
    if (is_arn)
        TRY(request_check_arn(request->scope, name_or_arn));
    if (is_arn && !str_eq(name_or_arn, table_arn(request, &table)))
        return fail_validation(request->scope,
                               "One or more parameter values were invalid: TableName is an ARN of "
                               "another account or region: %.*s",
                               STR_ARG(name_or_arn));
    *out = table.name;
    return ST_OK;
}

status request_index(struct request *request, const struct table *table, str name,
                     const struct index **out) {
    *out = NULL;
    if (name.ptr == NULL)
        return ST_OK;
    const struct index *index = table_index(table, name);
    if (index == NULL || index->status == INDEX_DELETING)
        return fail_validation(request->scope, "The table does not have the specified index: %.*s",
                               STR_ARG(name));
    if (index->status == INDEX_CREATING)
        return fail_validation(request->scope,
                               "Cannot read from backfilling global secondary index: %.*s",
                               STR_ARG(name));
    *out = index;
    return ST_OK;
}

struct state_clock request_clock(const struct request *request) {
    return (struct state_clock){request->scope->now_us, request->database->status_delay_us};
}

str table_arn(struct request *request, const struct table *table) {
    return arena_printf(request->scope->arena, "arn:aws:dynamodb:%.*s:%.*s:table/%.*s",
                        STR_ARG(request->database->region), STR_ARG(request->database->account_id),
                        STR_ARG(table->name));
}

/* ---- expressions ---- */

static void add_given(struct buf *out, const struct parameter *parameters, size_t count) {
    bool comma = false;
    for (size_t i = 0; i < count; i++) {
        if (!parameters[i].given)
            continue;
        if (comma)
            buf_add_lit(out, ", ");
        buf_add_str(out, str_from_c(parameters[i].name));
        comma = true;
    }
}

static bool any_given(const struct parameter *parameters, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (parameters[i].given)
            return true;
    return false;
}

static status check_mixing(struct request *request, const struct parameters *p) {
    struct buf text;
    buf_init(&text, request->scope->arena, 256);
    buf_add_lit(&text, "Can not use both expression and non-expression parameters in the same "
                       "request: Non-expression parameters: {");
    add_given(&text, p->legacy, p->legacy_count);
    buf_add_lit(&text, "} Expression parameters: {");
    add_given(&text, p->expressions, p->expression_count);
    buf_add_lit(&text, "}");
    return fail_validation(request->scope, "%.*s", STR_ARG(buf_str(&text)));
}

/* Values are of no use when none of the expressions that take them is there. */
static status check_values(struct request *request, const struct parameters *p) {
    struct buf names;
    buf_init(&names, request->scope->arena, 64);
    size_t takers = 0;
    for (size_t i = 0; i < p->expression_count; i++) {
        if (!p->expressions[i].takes_values)
            continue;
        if (p->expressions[i].given)
            return ST_OK;
        if (takers++ > 0)
            buf_add_lit(&names, " and ");
        buf_add_str(&names, str_from_c(p->expressions[i].name));
    }
    if (takers == 0)
        return ST_OK;
    return fail_validation(
        request->scope,
        "ExpressionAttributeValues can only be specified when using expressions: %.*s %s null",
        STR_ARG(buf_str(&names)), takers > 1 ? "are" : "is");
}

status request_check_parameters(struct request *request, const struct parameters *p) {
    bool any_expression = any_given(p->expressions, p->expression_count);
    if (any_expression && any_given(p->legacy, p->legacy_count))
        return check_mixing(request, p);
    if (p->names != NULL && !any_expression)
        return fail_validation(
            request->scope,
            "ExpressionAttributeNames can only be specified when using expressions");
    if (p->values != NULL)
        TRY(check_values(request, p));
    return ST_OK;
}

status request_placeholders(struct request *request, const struct parameters *p,
                            struct expr_placeholders *out) {
    return expr_placeholders_init(request->scope, p->values, p->names ? p->names->keys : NULL,
                                  p->names ? p->names->at : NULL, p->names ? p->names->count : 0,
                                  p->names != NULL, any_given(p->expressions, p->expression_count),
                                  out);
}

status request_projection(struct request *request, str text, struct expr_placeholders *placeholders,
                          const struct expr_projection **out) {
    *out = NULL;
    if (text.ptr == NULL)
        return ST_OK;
    struct expr_projection *projection =
        arena_struct(request->scope->arena, struct expr_projection);
    TRY(expr_parse_projection(request->scope, text, placeholders, projection));
    *out = projection;
    return ST_OK;
}

status request_check_projection(struct request *request, const struct table *table,
                                const struct expr_projection *projection) {
    if (projection == NULL)
        return ST_OK;
    str *nested = arena_array(request->scope->arena, str, projection->count);
    size_t count = 0;
    for (size_t i = 0; i < projection->count; i++)
        if (projection->paths[i].count > 1)
            nested[count++] = projection->paths[i].parts[0].name;
    return table_check_nested(request->scope, table, nested, count);
}
