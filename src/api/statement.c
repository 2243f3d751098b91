#include "api/statement.h"

#include "api/access.h"
#include "api/admission.h"
#include "api/write_request.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "table/table_check.h"

/* ---- parsing ---- */

status statement_parse(struct request *request, str text,
                       const struct in_PreparedStatementParameters *parameters,
                       struct statement *out) {
    struct scope *scope = request->scope;
    size_t count = parameters ? parameters->count : 0;
    struct value *values = arena_array(scope->arena, struct value, count);
    *out = (struct statement){.text = text, .parameters = parameters};
    for (size_t i = 0; i < count; i++) {
        if (parameters->at[i]->fault.ptr != NULL)
            return fail_validation(scope, "%.*s", STR_ARG(parameters->at[i]->fault));
        values[i] = parameters->at[i]->value;
    }
    TRY(partiql_parse(scope, text, values, count, &out->parsed));
    out->shown = arena_array(scope->arena, view, out->parsed.column_count);
    return access_check_statement(request, out);
}

void statement_add_content(const struct statement *statement, struct buf *out) {
    buf_add_str(out, statement->text);
    buf_add_byte(out, 0);
    for (size_t i = 0; statement->parameters != NULL && i < statement->parameters->count; i++) {
        struct value value = statement->parameters->at[i]->value;
        value_encode(&value, out);
    }
}

/* ---- the key that WHERE names ---- */

static struct partiql_term *equality_on(const struct statement *statement, str name) {
    for (struct partiql_term *term = statement->parsed.terms; term; term = term->next)
        if (term->test == TEST_KEY && term->key.op == KEY_EQ && str_eq(term->key.name, name))
            return term;
    return NULL;
}

/* NULL when WHERE does not fix all of the key. */
static const struct item *find_key(struct request *request, const struct statement *statement) {
    const struct key_schema *schema = &statement->table->key;
    struct arena *arena = request->scope->arena;
    struct item *key = arena_struct(arena, struct item);
    key->attributes = arena_array(arena, struct attribute, key_schema_count(schema));
    for (size_t i = 0; i < key_schema_count(schema); i++) {
        str name = key_schema_part(schema, i)->name;
        const struct partiql_term *term = equality_on(statement, name);
        if (term == NULL)
            return NULL;
        key->attributes[key->count++] =
            (struct attribute){.name = name, .value = value_thaw(term->key.value, arena)};
    }
    return key;
}

static void use_key_terms(const struct statement *statement) {
    const struct key_schema *schema = &statement->table->key;
    for (size_t i = 0; i < key_schema_count(schema); i++)
        equality_on(statement, key_schema_part(schema, i)->name)->used = true;
}

/* ---- conditions ---- */

/* The unused terms joined by AND, behind `first` if there is one; NULL: nothing at all. */
static struct expr_node *join_terms(struct arena *arena, const struct statement *statement,
                                    struct expr_node *first) {
    struct expr_node *joined = first;
    bool is_and = false;
    for (struct partiql_term *term = statement->parsed.terms; term; term = term->next) {
        if (term->used)
            continue;
        if (joined == NULL) {
            joined = term->node;
            continue;
        }
        if (!is_and) {
            struct expr_node *and = expr_build_operator(arena, EXPR_AND);
            expr_build_add(and, joined);
            joined = and;
            is_and = true;
        }
        expr_build_add(joined, term->node);
    }
    return joined;
}

static status build(struct request *request, struct expr_node *root,
                    const struct expr_condition **out) {
    *out = NULL;
    if (root == NULL)
        return ST_OK;
    struct expr_condition *condition = arena_struct(request->scope->arena, struct expr_condition);
    TRY(expr_build_condition(request->scope, root, condition));
    *out = condition;
    return ST_OK;
}

status statement_filter(struct request *request, const struct statement *statement,
                        const struct expr_condition **out) {
    return build(request, join_terms(request->scope->arena, statement, NULL), out);
}

status statement_key_filter(struct request *request, struct statement *statement,
                            const struct expr_condition **out) {
    use_key_terms(statement);
    return statement_filter(request, statement, out);
}

/* attribute_exists(hash key): whether there is an item. */
static struct expr_node *item_exists(struct arena *arena, const struct table *table, bool exists) {
    struct expr_path path = {.parts = arena_array(arena, struct expr_path_part, 1), .count = 1};
    path.parts[0].name = table->key.hash[0].name;
    struct expr_node *node =
        expr_build_function(arena, exists ? STR("attribute_exists") : STR("attribute_not_exists"));
    expr_build_add(node, expr_build_path(arena, path));
    return node;
}

/* Of an item that is not there nothing is deleted, and no condition on it is false. */
static struct expr_node *delete_condition(struct arena *arena, const struct statement *statement) {
    struct expr_node *rest = join_terms(arena, statement, NULL);
    if (rest == NULL)
        return NULL;
    struct expr_node *either = expr_build_operator(arena, EXPR_OR);
    expr_build_add(either, item_exists(arena, statement->table, false));
    expr_build_add(either, rest);
    return either;
}

/* ---- writes ---- */

static status bind_insert(struct request *request, struct statement *statement) {
    struct scope *scope = request->scope;
    const struct item *item = &statement->parsed.item;
    TRY(table_check_item(scope, statement->table, item));
    if (item_tree_size(item) > ITEM_BYTES_MAX)
        return fail_validation(scope, "Item size has exceeded the maximum allowed size");
    statement->key = item;
    statement->write =
        (struct write){.kind = WRITE_PUT, .table = statement->table, .item = statement->key};
    return build(request, item_exists(scope->arena, statement->table, false),
                 &statement->write.condition);
}

/* UPDATE, DELETE and EXISTS: on one item, which WHERE names. */
static status bind_keyed(struct request *request, struct statement *statement) {
    struct scope *scope = request->scope;
    struct write *write = &statement->write;
    struct expr_node *condition = NULL;
    statement->key = find_key(request, statement);
    if (statement->key == NULL)
        return fail_validation(
            scope, "Where clause does not contain a mandatory equality on all key attributes");
    TRY(table_check_key(scope, statement->table, statement->key));
    use_key_terms(statement);
    *write = (struct write){.table = statement->table, .item = statement->key};
    if (statement->parsed.kind == PARTIQL_DELETE) {
        write->kind = WRITE_DELETE;
        condition = delete_condition(scope->arena, statement);
    } else {
        condition =
            join_terms(scope->arena, statement, item_exists(scope->arena, statement->table, true));
        write->kind = statement->parsed.kind == PARTIQL_UPDATE ? WRITE_UPDATE : WRITE_CHECK;
    }
    if (write->kind == WRITE_UPDATE) {
        write->update = statement->parsed.update;
        TRY(write_check_targets(request, write));
    }
    return build(request, condition, &write->condition);
}

status statement_bind(struct request *request, struct statement *statement) {
    const struct partiql_statement *parsed = &statement->parsed;
    TRY(request_table(request, parsed->table_name, false, &statement->table));
    TRY(request_index(request, statement->table, parsed->index_name, &statement->index));
    switch (parsed->kind) {
    case PARTIQL_INSERT:
        return bind_insert(request, statement);
    case PARTIQL_UPDATE:
    case PARTIQL_DELETE:
    case PARTIQL_EXISTS:
        return bind_keyed(request, statement);
    case PARTIQL_SELECT:
        break;
    }
    if (statement->index == NULL)
        statement->key = find_key(request, statement);
    return statement->key ? table_check_key(request->scope, statement->table, statement->key)
                          : ST_OK;
}

status statement_outcome(struct request *request, const struct statement *statement,
                         bool return_old) {
    const struct write *write = &statement->write;
    switch (write->outcome) {
    case WRITE_DONE:
        return ST_OK;
    case WRITE_CONDITION_FAILED:
        if (write->kind == WRITE_PUT)
            return fail(request->scope, ERROR_DuplicateItemException,
                        "Duplicate primary key exists in table");
        if (return_old)
            request->scope->error_item = write->before;
        return fail(request->scope, ERROR_ConditionalCheckFailedException,
                    "The conditional request failed");
    case WRITE_INVALID:
        return fail_validation(request->scope, "%.*s", STR_ARG(write->error_text));
    case WRITE_THROTTLED:
        return admission_index_refused(request, write);
    }
    return ST_CORRUPT;
}

/* ---- replies ---- */

str statement_error_code(enum error_code error) {
    static const str names[ERROR_COUNT] = {
        [ERROR_ValidationException] = STR_INIT("ValidationError"),
        [ERROR_ConditionalCheckFailedException] = STR_INIT("ConditionalCheckFailed"),
        [ERROR_ResourceNotFoundException] = STR_INIT("ResourceNotFound"),
        [ERROR_DuplicateItemException] = STR_INIT("DuplicateItem"),
        [ERROR_TransactionConflictException] = STR_INIT("TransactionConflict"),
        [ERROR_AccessDeniedException] = STR_INIT("AccessDenied"),
        [ERROR_ItemCollectionSizeLimitExceededException] =
            STR_INIT("ItemCollectionSizeLimitExceeded"),
        [ERROR_ProvisionedThroughputExceededException] = STR_INIT("ProvisionedThroughputExceeded"),
        [ERROR_RequestLimitExceeded] = STR_INIT("RequestLimitExceeded"),
        [ERROR_ThrottlingException] = STR_INIT("ThrottlingError"),
    };
    return names[error].ptr ? names[error] : STR("InternalServerError");
}

status statement_reply_columns(struct request *request, const struct statement *statement, str name,
                               str stored) {
    struct reply *reply = &request->reply;
    const struct partiql_statement *parsed = &statement->parsed;
    if (parsed->column_count == 0) {
        reply_stored(reply, name, stored, NULL, NULL);
        return ST_OK;
    }
    for (size_t i = 0; i < parsed->column_count; i++) {
        const struct partiql_column *column = &parsed->columns[i];
        view found = expr_path_find(&column->path, item_map(stored));
        if (view_exists(found) || column->place == i)
            statement->shown[column->place] = found;
    }
    reply_open(reply, name);
    for (size_t i = 0; i < parsed->column_count; i++) {
        const struct partiql_column *column = &parsed->columns[i];
        if (column->place == i && view_exists(statement->shown[i]))
            reply_attribute(reply, column->name, statement->shown[i]);
        if (reply->body.len > COLUMNS_BYTES_MAX)
            return fail_validation(request->scope,
                                   "The columns overlap and show more than an answer may hold");
    }
    reply_close(reply);
    return ST_OK;
}

bool statement_reply_returning(struct request *request, const struct statement *statement,
                               str name) {
    enum partiql_returning returning = statement->parsed.returning;
    const struct write *write = &statement->write;
    bool old = returning == RETURN_ALL_OLD || returning == RETURN_OLD;
    str image = old ? write->before : write->after;
    if (returning == RETURN_NONE || image.ptr == NULL)
        return false;
    if (returning == RETURN_ALL_OLD || returning == RETURN_ALL_NEW) {
        reply_stored(&request->reply, name, image, NULL, NULL);
        return true;
    }
    struct item touched =
        expr_update_project(write->update, item_map(image), request->scope->arena);
    if (touched.count > 0)
        reply_tree(&request->reply, name, &touched);
    return touched.count > 0;
}
