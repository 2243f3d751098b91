/* Literals and parameters → values.
 *
 *     'text'  12.5  -3  true  false  null  ?  [value, …]  {'name': value, …}  <<member, …>>  */
#include "item/item_codec.h"
#include "item/number.h"
#include "partiql/partiql_int.h"

static status read_value(struct parser *parser, unsigned level, struct value *out);

bool partiql_starts_value(const struct parser *parser) {
    const struct token *token = &parser->token;
    switch (token->kind) {
    case TOKEN_STRING:
    case TOKEN_NUMBER:
    case TOKEN_MINUS:
    case TOKEN_PLUS:
    case TOKEN_PARAMETER:
    case TOKEN_OPEN_INDEX:
    case TOKEN_OPEN_MAP:
    case TOKEN_OPEN_SET:
        return true;
    case TOKEN_WORD:
        return partiql_is_word(token, STR("TRUE")) || partiql_is_word(token, STR("FALSE")) ||
               partiql_is_word(token, STR("NULL"));
    case TOKEN_END:
    case TOKEN_QUOTED:
    case TOKEN_OPEN:
    case TOKEN_CLOSE:
    case TOKEN_CLOSE_INDEX:
    case TOKEN_CLOSE_MAP:
    case TOKEN_CLOSE_SET:
    case TOKEN_DOT:
    case TOKEN_COMMA:
    case TOKEN_COLON:
    case TOKEN_SEMICOLON:
    case TOKEN_STAR:
    case TOKEN_EQ:
    case TOKEN_NE:
    case TOKEN_LT:
    case TOKEN_LE:
    case TOKEN_GT:
    case TOKEN_GE:
        return false;
    }
    CHECK(false);
}

/* ---- scalars ---- */

static status check_number(struct parser *parser, enum number_fault fault, str text) {
    switch (fault) {
    case NUMBER_OK:
        return ST_OK;
    case NUMBER_NOT_NUMERIC:
        return fail_validation(parser->scope,
                               "The parameter cannot be converted to a numeric value: %.*s",
                               STR_ARG(text));
    case NUMBER_TOO_MANY_DIGITS:
        return fail_validation(parser->scope,
                               "Attempting to store more than 38 significant digits in a Number");
    case NUMBER_OVERFLOW:
        return fail_validation(parser->scope,
                               "Number overflow. Attempting to store a number with magnitude "
                               "larger than supported range");
    case NUMBER_UNDERFLOW:
        return fail_validation(parser->scope,
                               "Number underflow. Attempting to store a number with magnitude "
                               "smaller than supported range");
    }
    CHECK(false);
}

static status read_number(struct parser *parser, struct value *out) {
    bool minus = parser->token.kind == TOKEN_MINUS;
    if (minus || parser->token.kind == TOKEN_PLUS)
        TRY(partiql_advance(parser));
    if (parser->token.kind != TOKEN_NUMBER)
        return partiql_fail_expected(parser, STR("number"));
    struct arena *arena = parser->scope->arena;
    str text = parser->token.text;
    if (minus)
        text = arena_printf(arena, "-%.*s", STR_ARG(text));
    unsigned char bytes[NUMBER_BYTES_MAX];
    size_t len = 0;
    TRY(check_number(parser, number_from_text(text, bytes, &len), text));
    *out = (struct value){.kind = VALUE_NUMBER,
                          .bytes = arena_copy(arena, (str){(const char *)bytes, len})};
    return partiql_advance(parser);
}

/* One too few for a question mark is told at the end, when the form is known to be right. */
static status read_parameter(struct parser *parser, struct value *out) {
    size_t at = parser->parameters_seen++;
    *out =
        at < parser->parameter_count ? parser->parameters[at] : (struct value){.kind = VALUE_NULL};
    return partiql_advance(parser);
}

static status read_word(struct parser *parser, struct value *out) {
    if (partiql_is_word(&parser->token, STR("NULL")))
        *out = (struct value){.kind = VALUE_NULL};
    else
        *out = (struct value){.kind = VALUE_BOOL,
                              .boolean = partiql_is_word(&parser->token, STR("TRUE"))};
    return partiql_advance(parser);
}

/* ---- lists, maps, sets ---- */

static void *grow(struct parser *parser, void *old, uint32_t count, size_t size) {
    if (count != 0 && (count < 4 || (count & (count - 1)) != 0))
        return old; /* there is room up to the next power of two, 4 at least */
    size_t room = count ? (size_t)count * 2 : 4;
    return arena_grow(parser->scope->arena, old, count * size, room * size);
}

/* Behind an element: true in *more when a comma says that another follows. */
static status next_element(struct parser *parser, enum token_kind end, const char *what,
                           bool *more) {
    *more = parser->token.kind == TOKEN_COMMA;
    return *more ? partiql_advance(parser) : partiql_expect(parser, end, what);
}

static status read_list(struct parser *parser, unsigned level, struct value *out) {
    *out = (struct value){.kind = VALUE_LIST};
    TRY(partiql_advance(parser));
    if (parser->token.kind == TOKEN_CLOSE_INDEX)
        return partiql_advance(parser);
    for (bool more = true; more;) {
        struct value element;
        TRY(read_value(parser, level + 1, &element));
        out->list = grow(parser, out->list, out->count, sizeof *out->list);
        out->list[out->count++] = element;
        TRY(next_element(parser, TOKEN_CLOSE_INDEX, "']'", &more));
    }
    return ST_OK;
}

static int compare_names(const void *a, const void *b) {
    return str_cmp(((const struct attribute *)a)->name, ((const struct attribute *)b)->name);
}

static status check_names(struct parser *parser, struct value *map) {
    if (map->count > 1)
        qsort(map->map, map->count, sizeof *map->map, compare_names);
    for (uint32_t i = 1; i < map->count; i++)
        if (str_eq(map->map[i - 1].name, map->map[i].name))
            return partiql_fail(parser, "Duplicate attribute '%.*s'", STR_ARG(map->map[i].name));
    return ST_OK;
}

static status read_member(struct parser *parser, unsigned level, struct attribute *out) {
    if (parser->token.kind != TOKEN_STRING)
        return partiql_fail_expected(parser, STR("attribute name in single quotes"));
    out->name = partiql_unquote(parser->scope->arena, parser->token.text);
    if (out->name.len == 0)
        return fail_validation(parser->scope, "One or more parameter values were invalid: "
                                              "Attribute name must not be empty");
    TRY(partiql_advance(parser));
    TRY(partiql_expect(parser, TOKEN_COLON, "':'"));
    return read_value(parser, level + 1, &out->value);
}

static status read_map(struct parser *parser, unsigned level, struct value *out) {
    *out = (struct value){.kind = VALUE_MAP};
    TRY(partiql_advance(parser));
    if (parser->token.kind == TOKEN_CLOSE_MAP)
        return partiql_advance(parser);
    for (bool more = true; more;) {
        struct attribute member;
        TRY(read_member(parser, level, &member));
        out->map = grow(parser, out->map, out->count, sizeof *out->map);
        out->map[out->count++] = member;
        TRY(next_element(parser, TOKEN_CLOSE_MAP, "'}'", &more));
    }
    return check_names(parser, out);
}

static enum value_kind set_of(enum value_kind member) {
    return member == VALUE_STRING   ? VALUE_STRING_SET
           : member == VALUE_NUMBER ? VALUE_NUMBER_SET
           : member == VALUE_BINARY ? VALUE_BINARY_SET
                                    : VALUE_NONE;
}

static int compare_members(const void *a, const void *b) {
    return str_cmp(*(const str *)a, *(const str *)b);
}

static status check_members(struct parser *parser, struct value *set) {
    qsort(set->set, set->count, sizeof *set->set, compare_members);
    for (uint32_t i = 1; i < set->count; i++)
        if (str_eq(set->set[i - 1], set->set[i]))
            return fail_validation(parser->scope, "Input collection contains duplicates");
    return ST_OK;
}

static status read_set(struct parser *parser, unsigned level, struct value *out) {
    *out = (struct value){};
    TRY(partiql_advance(parser));
    if (parser->token.kind == TOKEN_CLOSE_SET)
        return fail_validation(parser->scope, "One or more parameter values were invalid: An set  "
                                              "may not be empty");
    for (bool more = true; more;) {
        struct value member;
        TRY(read_value(parser, level + 1, &member));
        enum value_kind kind = set_of(member.kind);
        if (kind == VALUE_NONE || (out->count > 0 && kind != out->kind))
            return fail_validation(
                parser->scope, "One or more parameter values were invalid: A set holds strings, "
                               "numbers or binaries, all of one type");
        out->kind = kind;
        out->set = grow(parser, out->set, out->count, sizeof *out->set);
        out->set[out->count++] = member.bytes;
        TRY(next_element(parser, TOKEN_CLOSE_SET, "'>>'", &more));
    }
    return check_members(parser, out);
}

/* ---- any of them ---- */

static status read_value(struct parser *parser, unsigned level, struct value *out) {
    if (level > VALUE_DEPTH_MAX)
        return fail_validation(parser->scope,
                               "Nesting Levels have exceeded supported limits: Attributes in the "
                               "item have nested levels beyond supported limit");
    if (!partiql_starts_value(parser))
        return partiql_fail_expected(parser, STR("value"));
    if (parser->token.kind == TOKEN_PARAMETER)
        return read_parameter(parser, out);
    if (parser->token.kind == TOKEN_OPEN_INDEX)
        return read_list(parser, level, out);
    if (parser->token.kind == TOKEN_OPEN_MAP)
        return read_map(parser, level, out);
    if (parser->token.kind == TOKEN_OPEN_SET)
        return read_set(parser, level, out);
    if (parser->token.kind == TOKEN_WORD)
        return read_word(parser, out);
    if (parser->token.kind != TOKEN_STRING)
        return read_number(parser, out);
    *out = (struct value){.kind = VALUE_STRING,
                          .bytes = partiql_unquote(parser->scope->arena, parser->token.text)};
    return partiql_advance(parser);
}

status partiql_value(struct parser *parser, struct value *out) {
    return read_value(parser, 0, out);
}

view partiql_encode(struct parser *parser, const struct value *value) {
    struct buf bytes;
    struct value copy = *value; /* encoding sorts; the order of members is no one's */
    buf_init(&bytes, parser->scope->arena, 64);
    value_encode(&copy, &bytes);
    return view_from_encoding(buf_str(&bytes));
}

view partiql_encode_text(struct parser *parser, str text) {
    return partiql_encode(parser, &(struct value){.kind = VALUE_STRING, .bytes = text});
}

bool partiql_is_map(const struct value *value) {
    return value->kind == VALUE_MAP;
}
