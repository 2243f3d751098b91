/* What is peculiar to each legacy parameter is here; what they share is in expr/legacy.h. */
#include "api/legacy.h"

#include "expr/legacy.h"

#define INVALID "One or more parameter values were invalid: "

static struct legacy_value value_of(const struct in_AttributeValue *in) {
    return (struct legacy_value){.value = in->value, .fault = in->fault};
}

static void take_list(struct request *request, const struct in_AttributeValueList *list,
                      struct legacy_condition *out) {
    if (list == NULL)
        return;
    out->value_count = list->count;
    out->values = arena_array(request->scope->arena, struct legacy_value, list->count);
    for (size_t i = 0; i < list->count; i++)
        out->values[i] = value_of(list->at[i]);
}

static void take_value(struct request *request, const struct in_AttributeValue *value,
                       struct legacy_condition *out) {
    out->value_count = 1;
    out->values = arena_struct(request->scope->arena, struct legacy_value);
    out->values[0] = value_of(value);
}

/* ---- Expected ---- */

static status compared(struct request *request, str name,
                       const struct in_ExpectedAttributeValue *in, struct legacy_condition *out) {
    str op = in->ComparisonOperator;
    if (in->Exists.given)
        return fail_validation(
            request->scope,
            INVALID "Exists and ComparisonOperator cannot be used together for Attribute: %.*s",
            STR_ARG(name));
    if (in->AttributeValueList == NULL && in->Value == NULL && !str_eq(op, STR("NULL")) &&
        !str_eq(op, STR("NOT_NULL")))
        return fail_validation(request->scope,
                               INVALID "Value or AttributeValueList must be used with "
                                       "ComparisonOperator: %.*s for Attribute: %.*s",
                               STR_ARG(op), STR_ARG(name));
    out->operator_name = op;
    if (in->Value != NULL)
        take_value(request, in->Value, out);
    else
        take_list(request, in->AttributeValueList, out);
    return ST_OK;
}

/* Without an operator: equal to Value, or not there. */
static status existing(struct request *request, str name,
                       const struct in_ExpectedAttributeValue *in, struct legacy_condition *out) {
    bool exists = !in->Exists.given || in->Exists.value;
    if (in->AttributeValueList != NULL)
        return fail_validation(request->scope,
                               INVALID "AttributeValueList can only be used with a "
                                       "ComparisonOperator for Attribute: %.*s",
                               STR_ARG(name));
    if (exists && in->Value == NULL)
        return fail_validation(
            request->scope, INVALID "Value must be provided when Exists is %s for Attribute: %.*s",
            in->Exists.given ? "true" : "null", STR_ARG(name));
    if (!exists && in->Value != NULL)
        return fail_validation(
            request->scope, INVALID "Value cannot be used when Exists is false for Attribute: %.*s",
            STR_ARG(name));
    out->operator_name = exists ? STR("EQ") : STR("NULL");
    if (exists)
        take_value(request, in->Value, out);
    return ST_OK;
}

static status expect(struct request *request, str name, const struct in_ExpectedAttributeValue *in,
                     struct legacy_condition *out) {
    out->name = name;
    if (in->AttributeValueList != NULL && in->Value != NULL)
        return fail_validation(
            request->scope,
            INVALID "Value and AttributeValueList cannot be used together for Attribute: %.*s",
            STR_ARG(name));
    return in->ComparisonOperator.ptr != NULL ? compared(request, name, in, out)
                                              : existing(request, name, in, out);
}

/* ---- conditions ---- */

static status check_operator(struct request *request, str conditional_operator, size_t count) {
    if (conditional_operator.ptr == NULL || count > 0)
        return ST_OK;
    return fail_validation(request->scope,
                           "ConditionalOperator cannot be used without Filter or Expected");
}

static status condition_of(struct request *request, const struct legacy_condition *conditions,
                           size_t count, str conditional_operator,
                           const struct expr_condition **out) {
    struct expr_condition *condition = arena_struct(request->scope->arena, struct expr_condition);
    bool any = str_eq(conditional_operator, STR("OR"));
    TRY(expr_condition_from_legacy(request->scope, conditions, count, any, condition));
    *out = condition;
    return ST_OK;
}

status legacy_expected(struct request *request, const struct in_ExpectedAttributeMap *expected,
                       str conditional_operator, const struct expr_condition **out) {
    size_t count = expected ? expected->count : 0;
    struct legacy_condition *conditions =
        arena_array(request->scope->arena, struct legacy_condition, count);
    *out = NULL;
    TRY(check_operator(request, conditional_operator, count));
    for (size_t i = 0; i < count; i++) {
        TRY(expect(request, expected->keys[i], expected->at[i], &conditions[i]));
        TRY(expr_legacy_check(request->scope, &conditions[i]));
    }
    if (count == 0)
        return ST_OK;
    return condition_of(request, conditions, count, conditional_operator, out);
}

/* FilterConditionMap and KeyConditions hold the same. */
static struct legacy_condition *take_conditions(struct request *request, const str *names,
                                                const struct in_Condition *const *in,
                                                size_t count) {
    struct legacy_condition *conditions =
        arena_array(request->scope->arena, struct legacy_condition, count);
    for (size_t i = 0; i < count; i++) {
        conditions[i].name = names[i];
        conditions[i].operator_name = in[i]->ComparisonOperator;
        take_list(request, in[i]->AttributeValueList, &conditions[i]);
    }
    return conditions;
}

status legacy_filter(struct request *request, const struct in_FilterConditionMap *filter,
                     str conditional_operator, const struct expr_condition **out) {
    size_t count = filter ? filter->count : 0;
    *out = NULL;
    TRY(check_operator(request, conditional_operator, count));
    if (count == 0)
        return ST_OK;
    return condition_of(request, take_conditions(request, filter->keys, filter->at, count), count,
                        conditional_operator, out);
}

status legacy_key_conditions(struct request *request, const struct in_KeyConditions *conditions,
                             const struct key_condition **out, size_t *out_count) {
    size_t count = conditions->count;
    TRY(expr_key_conditions_from_legacy(
        request->scope, take_conditions(request, conditions->keys, conditions->at, count), count,
        out));
    *out_count = count;
    return ST_OK;
}

/* ---- updates and projections ---- */

status legacy_update(struct request *request, const struct in_AttributeUpdates *updates,
                     const struct expr_update **out) {
    struct arena *arena = request->scope->arena;
    size_t count = updates ? updates->count : 0;
    struct legacy_update *list = arena_array(arena, struct legacy_update, count);
    struct expr_update *update = NULL;
    for (size_t i = 0; i < count; i++) {
        list[i].name = updates->keys[i];
        list[i].action = updates->at[i]->Action;
        if (updates->at[i]->Value == NULL)
            continue;
        list[i].value = arena_struct(arena, struct legacy_value);
        *list[i].value = value_of(updates->at[i]->Value);
    }
    TRY(expr_update_from_legacy(request->scope, list, count, &update));
    *out = update;
    return ST_OK;
}

status legacy_projection(struct request *request, const struct in_AttributeNameList *names,
                         const struct expr_projection **out) {
    *out = NULL;
    if (names == NULL)
        return ST_OK;
    struct expr_projection *projection =
        arena_struct(request->scope->arena, struct expr_projection);
    TRY(expr_projection_from_names(request->scope, names->at, names->count, projection));
    *out = projection;
    return ST_OK;
}
