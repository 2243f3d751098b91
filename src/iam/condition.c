/* Condition operators.
 *
 * A value holds when some operand is like it; under a negated operator, when none is. What a
 * request without the key means follows from the modifiers: …IfExists and ForAllValues hold,
 * ForAnyValue does not, and else a negated operator holds.
 *
 * An operator without ForAllValues or ForAnyValue may meet a key with several values. The service
 * does not say what it means there, so it means what is safe: all values must hold where the
 * statement allows, one is enough where it denies. */
#include "base/base64.h"
#include "iam/policy_int.h"

static const struct condition_operator operators[] = {
    {STR_INIT("StringEquals"), FAMILY_TEXT, IS_EQUAL, false},
    {STR_INIT("StringNotEquals"), FAMILY_TEXT, IS_EQUAL, true},
    {STR_INIT("StringEqualsIgnoreCase"), FAMILY_TEXT_NOCASE, IS_EQUAL, false},
    {STR_INIT("StringNotEqualsIgnoreCase"), FAMILY_TEXT_NOCASE, IS_EQUAL, true},
    {STR_INIT("StringLike"), FAMILY_LIKE, IS_EQUAL, false},
    {STR_INIT("StringNotLike"), FAMILY_LIKE, IS_EQUAL, true},
    {STR_INIT("NumericEquals"), FAMILY_NUMBER, IS_EQUAL, false},
    {STR_INIT("NumericNotEquals"), FAMILY_NUMBER, IS_EQUAL, true},
    {STR_INIT("NumericLessThan"), FAMILY_NUMBER, IS_LESS, false},
    {STR_INIT("NumericLessThanEquals"), FAMILY_NUMBER, IS_LESS_OR_EQUAL, false},
    {STR_INIT("NumericGreaterThan"), FAMILY_NUMBER, IS_GREATER, false},
    {STR_INIT("NumericGreaterThanEquals"), FAMILY_NUMBER, IS_GREATER_OR_EQUAL, false},
    {STR_INIT("DateEquals"), FAMILY_DATE, IS_EQUAL, false},
    {STR_INIT("DateNotEquals"), FAMILY_DATE, IS_EQUAL, true},
    {STR_INIT("DateLessThan"), FAMILY_DATE, IS_LESS, false},
    {STR_INIT("DateLessThanEquals"), FAMILY_DATE, IS_LESS_OR_EQUAL, false},
    {STR_INIT("DateGreaterThan"), FAMILY_DATE, IS_GREATER, false},
    {STR_INIT("DateGreaterThanEquals"), FAMILY_DATE, IS_GREATER_OR_EQUAL, false},
    {STR_INIT("Bool"), FAMILY_BOOL, IS_EQUAL, false},
    {STR_INIT("BinaryEquals"), FAMILY_BINARY, IS_EQUAL, false},
    {STR_INIT("IpAddress"), FAMILY_ADDRESS, IS_EQUAL, false},
    {STR_INIT("NotIpAddress"), FAMILY_ADDRESS, IS_EQUAL, true},
    {STR_INIT("ArnEquals"), FAMILY_ARN, IS_EQUAL, false},
    {STR_INIT("ArnLike"), FAMILY_ARN, IS_EQUAL, false},
    {STR_INIT("ArnNotEquals"), FAMILY_ARN, IS_EQUAL, true},
    {STR_INIT("ArnNotLike"), FAMILY_ARN, IS_EQUAL, true},
    {STR_INIT("Null"), FAMILY_NULL, IS_EQUAL, false},
};

/* ---- reading ---- */

static bool drop_prefix(str *text, str prefix) {
    if (!str_starts_with(*text, prefix))
        return false;
    *text = str_slice(*text, prefix.len, text->len);
    return true;
}

static bool drop_suffix(str *text, str suffix) {
    if (text->len < suffix.len ||
        !str_eq(str_slice(*text, text->len - suffix.len, text->len), suffix))
        return false;
    text->len -= suffix.len;
    return true;
}

bool condition_operator_parse(str text, struct condition *out) {
    enum set_quantifier quantifier = drop_prefix(&text, STR("ForAllValues:"))  ? FOR_ALL_VALUES
                                     : drop_prefix(&text, STR("ForAnyValue:")) ? FOR_ANY_VALUE
                                                                               : QUANTIFIER_NONE;
    bool if_exists = drop_suffix(&text, STR("IfExists"));
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        const struct condition_operator *op = &operators[i];
        if (!str_eq(op->name, text))
            continue;
        if (op->family == FAMILY_NULL && (if_exists || quantifier != QUANTIFIER_NONE))
            return false;
        *out = (struct condition){op, quantifier, if_exists, {}, NULL, 0};
        return true;
    }
    return false;
}

static bool bool_parse(str text, bool *out) {
    *out = str_eq_nocase(text, STR("true"));
    return *out || str_eq_nocase(text, STR("false"));
}

static bool number_parse(str text, struct arena *arena, str *out) {
    unsigned char bytes[NUMBER_BYTES_MAX];
    size_t len;
    if (number_from_text(text, bytes, &len) != NUMBER_OK)
        return false;
    *out = arena_copy(arena, (str){(const char *)bytes, len});
    return true;
}

static bool network_compile(str text, struct arena *arena, const struct network **out) {
    struct network *network = arena_struct(arena, struct network);
    *out = network;
    return network_parse(text, network);
}

static bool binary_parse(str text, struct arena *arena, str *out) {
    char *bytes = arena_bytes(arena, text.len / 4 * 3 + 1);
    size_t len;
    if (!base64_decode(text, bytes, &len))
        return false;
    *out = (str){bytes, len};
    return true;
}

bool operand_compile(const struct condition_operator *op, str text, bool variables,
                     struct arena *arena, struct operand *out, context_set *asks) {
    unsigned syntax = variables ? PATTERN_VARIABLES : 0;
    switch (op->family) {
    case FAMILY_TEXT:
    case FAMILY_TEXT_NOCASE:
        return pattern_compile(text, syntax, arena, &out->pattern, asks);
    case FAMILY_LIKE:
        return pattern_compile(text, syntax | PATTERN_WILDCARDS, arena, &out->pattern, asks);
    case FAMILY_ARN:
        return pattern_compile(text, syntax | PATTERN_WILDCARDS | PATTERN_PARTS, arena,
                               &out->pattern, asks);
    case FAMILY_NUMBER:
        return number_parse(text, arena, &out->bytes);
    case FAMILY_DATE:
        return moment_parse(text, &out->time_us);
    case FAMILY_BOOL:
    case FAMILY_NULL:
        return bool_parse(text, &out->flag);
    case FAMILY_BINARY:
        return binary_parse(text, arena, &out->bytes);
    case FAMILY_ADDRESS:
        return network_compile(text, arena, &out->network);
    }
    return false;
}

/* ---- asking ---- */

static bool in_relation(enum relation relation, int order) {
    switch (relation) {
    case IS_EQUAL:
        return order == 0;
    case IS_LESS:
        return order < 0;
    case IS_LESS_OR_EQUAL:
        return order <= 0;
    case IS_GREATER:
        return order > 0;
    case IS_GREATER_OR_EQUAL:
        return order >= 0;
    }
    return false;
}

static bool text_is_like(enum operator_family family, const struct pattern *pattern, str value,
                         const struct access_context *context, struct arena *scratch) {
    str resolved;
    if (!pattern_resolve(pattern, context, scratch, &resolved))
        return false;
    if (family == FAMILY_TEXT)
        return str_eq(resolved, value);
    if (family == FAMILY_TEXT_NOCASE)
        return str_eq_nocase(resolved, value);
    return family == FAMILY_ARN ? pattern_match_parts(resolved, value)
                                : pattern_match(resolved, value);
}

/* A value that is not of the operator's type is like no operand. */
static bool is_like(const struct condition_operator *op, const struct operand *operand, str value,
                    const struct access_context *context, struct arena *scratch) {
    struct address address;
    int64_t time_us;
    bool flag;
    str bytes;
    switch (op->family) {
    case FAMILY_TEXT:
    case FAMILY_TEXT_NOCASE:
    case FAMILY_LIKE:
    case FAMILY_ARN:
        return text_is_like(op->family, &operand->pattern, value, context, scratch);
    case FAMILY_NUMBER:
        return number_parse(value, scratch, &bytes) &&
               in_relation(op->relation, str_cmp(bytes, operand->bytes));
    case FAMILY_DATE:
        return moment_parse(value, &time_us) &&
               in_relation(op->relation,
                           (time_us > operand->time_us) - (time_us < operand->time_us));
    case FAMILY_BOOL:
        return bool_parse(value, &flag) && flag == operand->flag;
    case FAMILY_BINARY:
        return str_eq(value, operand->bytes);
    case FAMILY_ADDRESS:
        return address_parse(value, &address) && network_holds(operand->network, &address);
    case FAMILY_NULL:
        break;
    }
    return false;
}

static bool value_holds(const struct condition *condition, str value,
                        const struct access_context *context, struct arena *scratch) {
    bool found = false;
    for (size_t i = 0; i < condition->operand_count && !found; i++) {
        arena_mark mark = arena_get_mark(scratch);
        found = is_like(condition->op, &condition->operands[i], value, context, scratch);
        arena_rewind(scratch, mark);
    }
    return found != condition->op->negated;
}

static bool absence_holds(const struct condition *condition) {
    switch (condition->quantifier) {
    case FOR_ALL_VALUES:
        return true;
    case FOR_ANY_VALUE:
        return condition->if_exists;
    case QUANTIFIER_NONE:
        return condition->if_exists || condition->op->negated;
    }
    return false;
}

static bool null_holds(const struct condition *condition, bool there) {
    for (size_t i = 0; i < condition->operand_count; i++)
        if (condition->operands[i].flag != there)
            return true;
    return false;
}

static bool values_hold(const struct condition *condition, enum policy_effect effect,
                        const struct context_values *values, const struct access_context *context,
                        struct arena *scratch) {
    bool all = condition->quantifier == FOR_ALL_VALUES ||
               (condition->quantifier == QUANTIFIER_NONE && effect == POLICY_ALLOWS);
    for (size_t i = 0; i < values->count; i++)
        if (value_holds(condition, values->values[i], context, scratch) != all)
            return !all;
    return all;
}

bool condition_holds(const struct condition *condition, enum policy_effect effect,
                     const struct access_context *context, struct arena *scratch) {
    arena_mark mark = arena_get_mark(scratch);
    str room;
    struct context_values values = key_fetch(&condition->key, context, scratch, &room);
    bool there = values.present && values.count > 0, holds;
    if (condition->op->family == FAMILY_NULL)
        holds = null_holds(condition, there);
    else if (!there)
        holds = absence_holds(condition);
    else
        holds = values_hold(condition, effect, &values, context, scratch);
    arena_rewind(scratch, mark);
    return holds;
}
