/* ExpressionAttributeNames and ExpressionAttributeValues: checked by themselves, sorted for the
 * parsers, and in the end asked whether each was of use. */
#include "expr/expr_int.h"
#include "item/item_codec.h"

static bool is_placeholder(str key, char mark) {
    if (key.len < 2 || key.ptr[0] != mark)
        return false;
    size_t at = 0;
    struct token token = expr_lex(key, &at);
    return at == key.len && token.text.len == key.len;
}

static status check_key(struct scope *scope, const char *member, str key, char mark) {
    if (!is_placeholder(key, mark))
        return fail_validation(scope, "%s contains invalid key: Syntax error; key: \"%.*s\"",
                               member, STR_ARG(key));
    if (key.len > EXPR_PLACEHOLDER_MAX)
        return fail_validation(scope,
                               "%s contains invalid key: The expression attribute map contains a "
                               "key that is too long; key: %.*s, length: %zu",
                               member, STR_ARG(key), key.len);
    return ST_OK;
}

/* ---- names ---- */

static int compare_names(const void *a, const void *b) {
    return str_cmp(((const struct expr_name *)a)->placeholder,
                   ((const struct expr_name *)b)->placeholder);
}

static status init_names(struct scope *scope, const str *keys, const str *names, size_t count,
                         struct expr_placeholders *out) {
    if (count == 0)
        return fail_validation(scope, "ExpressionAttributeNames must not be empty");
    for (size_t i = 0; i < count; i++)
        TRY(check_key(scope, "ExpressionAttributeNames", keys[i], '#'));
    out->names = arena_array(scope->arena, struct expr_name, count);
    out->name_count = count;
    for (size_t i = 0; i < count; i++) {
        if (names[i].len == 0)
            return fail_validation(
                scope, "ExpressionAttributeNames contains invalid value: %s for key %.*s",
                names[i].ptr ? "Empty attribute name" : "null", STR_ARG(keys[i]));
        out->names[i] = (struct expr_name){.placeholder = keys[i], .name = names[i]};
    }
    qsort(out->names, count, sizeof(*out->names), compare_names);
    return ST_OK;
}

struct expr_name *expr_find_name(struct expr_placeholders *placeholders, str placeholder) {
    if (!placeholders || !placeholders->name_count)
        return NULL;
    struct expr_name wanted = {.placeholder = placeholder};
    return bsearch(&wanted, placeholders->names, placeholders->name_count, sizeof(wanted),
                   compare_names);
}

/* ---- values ---- */

static int compare_values(const void *a, const void *b) {
    return str_cmp(((const struct expr_value *)a)->placeholder,
                   ((const struct expr_value *)b)->placeholder);
}

/* Encoded once, so that conditions compare bytes. */
static void encode_values(struct scope *scope, const struct item *values,
                          struct expr_placeholders *out) {
    struct buf bytes;
    size_t *ends = arena_array(scope->arena, size_t, values->count);
    buf_init(&bytes, scope->arena, 64 * values->count);
    for (size_t i = 0; i < values->count; i++) {
        value_encode(&values->attributes[i].value, &bytes);
        ends[i] = bytes.len;
    }
    const unsigned char *base = (const unsigned char *)bytes.ptr;
    for (size_t i = 0; i < values->count; i++)
        out->values[i] = (struct expr_value){
            .placeholder = values->attributes[i].name,
            .value = {base + (i ? ends[i - 1] : 0), base + ends[i]},
        };
}

static status check_total_size(struct scope *scope, const struct expr_placeholders *placeholders) {
    size_t total = 0;
    for (size_t i = 0; i < placeholders->name_count; i++)
        total += placeholders->names[i].name.len;
    for (size_t i = 0; i < placeholders->value_count; i++)
        total += view_size(placeholders->values[i].value);
    if (total > EXPR_SUBSTITUTION_MAX)
        return fail_validation(scope, "The total size of ExpressionAttributeNames and "
                                      "ExpressionAttributeValues has exceeded the maximum allowed "
                                      "size");
    return ST_OK;
}

static status init_values(struct scope *scope, const struct item *values,
                          struct expr_placeholders *out) {
    if (values->count == 0)
        return fail_validation(scope, "ExpressionAttributeValues must not be empty");
    for (size_t i = 0; i < values->count; i++)
        TRY(check_key(scope, "ExpressionAttributeValues", values->attributes[i].name, ':'));
    if (values->fault.ptr)
        return fail_validation(scope,
                               "ExpressionAttributeValues contains invalid value: %.*s for key "
                               "%.*s",
                               STR_ARG(values->fault), STR_ARG(values->fault_name));
    out->values = arena_array(scope->arena, struct expr_value, values->count);
    out->value_count = values->count;
    encode_values(scope, values, out);
    qsort(out->values, out->value_count, sizeof(*out->values), compare_values);
    return ST_OK;
}

struct expr_value *expr_find_value(struct expr_placeholders *placeholders, str placeholder) {
    if (!placeholders || !placeholders->value_count)
        return NULL;
    struct expr_value wanted = {.placeholder = placeholder};
    return bsearch(&wanted, placeholders->values, placeholders->value_count, sizeof(wanted),
                   compare_values);
}

/* ---- both ---- */

status expr_placeholders_init(struct scope *scope, const struct item *values, const str *name_keys,
                              const str *names, size_t name_count, bool names_given,
                              bool any_expression, struct expr_placeholders *out) {
    *out = (struct expr_placeholders){.names_given = names_given, .values_given = values != NULL};
    if (names_given && !any_expression)
        return fail_validation(
            scope, "ExpressionAttributeNames can only be specified when using expressions");
    if (values && !any_expression)
        return fail_validation(
            scope, "ExpressionAttributeValues can only be specified when using expressions");
    if (names_given)
        TRY(init_names(scope, name_keys, names, name_count, out));
    if (values)
        TRY(init_values(scope, values, out));
    return check_total_size(scope, out);
}

static void list_key(struct buf *keys, str key) {
    if (keys->len)
        buf_add_lit(keys, ", ");
    buf_add_str(keys, key);
}

static status fail_unused(struct scope *scope, const char *member, const struct buf *keys) {
    if (keys->len == 0)
        return ST_OK;
    return fail_validation(scope, "Value provided in %s unused in expressions: keys: {%.*s}",
                           member, STR_ARG(buf_str(keys)));
}

status expr_placeholders_all_used(struct scope *scope, const struct expr_placeholders *p) {
    struct buf names, values;
    buf_init(&names, scope->arena, 0);
    buf_init(&values, scope->arena, 0);
    for (size_t i = 0; i < p->name_count; i++)
        if (!p->names[i].used)
            list_key(&names, p->names[i].placeholder);
    TRY(fail_unused(scope, "ExpressionAttributeNames", &names));
    for (size_t i = 0; i < p->value_count; i++)
        if (!p->values[i].used)
            list_key(&values, p->values[i].placeholder);
    return fail_unused(scope, "ExpressionAttributeValues", &values);
}
