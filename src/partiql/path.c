/* Names, and paths into items: a.b, "a b"."c", a[0].b, a['b']. */
#include "partiql/partiql_int.h"

/* Words that the grammar needs and that are therefore names in double quotes only. */
static const str keywords[] = {
    STR_INIT("AND"),    STR_INIT("AS"),        STR_INIT("BETWEEN"), STR_INIT("BY"),
    STR_INIT("DELETE"), STR_INIT("DISTINCT"),  STR_INIT("EXISTS"),  STR_INIT("FALSE"),
    STR_INIT("FROM"),   STR_INIT("GROUP"),     STR_INIT("HAVING"),  STR_INIT("IN"),
    STR_INIT("INSERT"), STR_INIT("INTO"),      STR_INIT("IS"),      STR_INIT("JOIN"),
    STR_INIT("LIKE"),   STR_INIT("LIMIT"),     STR_INIT("MISSING"), STR_INIT("NOT"),
    STR_INIT("NULL"),   STR_INIT("OFFSET"),    STR_INIT("OR"),      STR_INIT("ORDER"),
    STR_INIT("REMOVE"), STR_INIT("RETURNING"), STR_INIT("SELECT"),  STR_INIT("SET"),
    STR_INIT("TRUE"),   STR_INIT("UNION"),     STR_INIT("UPDATE"),  STR_INIT("VALUE"),
    STR_INIT("VALUES"), STR_INIT("WHERE"),
};

static bool is_keyword(const struct token *token) {
    for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
        if (partiql_is_word(token, keywords[i]))
            return true;
    return false;
}

bool partiql_is_name(const struct token *token) {
    return token->kind == TOKEN_QUOTED || (token->kind == TOKEN_WORD && !is_keyword(token));
}

status partiql_name(struct parser *parser, const char *what, str *out) {
    const struct token *token = &parser->token;
    if (token->kind == TOKEN_WORD && is_keyword(token))
        return partiql_fail(parser, "Unexpected keyword '%.*s'", STR_ARG(token->text));
    if (!partiql_is_name(token))
        return partiql_fail_expected(parser, str_from_c(what));
    *out = token->kind == TOKEN_QUOTED ? partiql_unquote(parser->scope->arena, token->text)
                                       : token->text;
    if (out->len == 0)
        return partiql_fail(parser, "Path component cannot be an empty string");
    return partiql_advance(parser);
}

static status index_part(struct parser *parser, struct expr_path_part *out) {
    const struct token *token = &parser->token;
    uint64_t index = 0;
    if (token->kind == TOKEN_STRING) {
        out->name = partiql_unquote(parser->scope->arena, token->text);
        if (out->name.len == 0)
            return partiql_fail(parser, "Path component cannot be an empty string");
    } else if (token->kind != TOKEN_NUMBER || !str_to_u64(token->text, &index)) {
        return partiql_fail(parser, "Expected index in '[]'");
    } else if (index > INT32_MAX) {
        return fail_validation(parser->scope,
                               "List index is not within the allowable range; index: [%.*s]",
                               STR_ARG(token->text));
    } else {
        *out = (struct expr_path_part){.is_index = true, .index = (uint32_t)index};
    }
    TRY(partiql_advance(parser));
    return partiql_expect(parser, TOKEN_CLOSE_INDEX, "']'");
}

/* Behind a dot any word is a name: a.value needs no quotes. */
static status dot_part(struct parser *parser, struct expr_path_part *out) {
    if (parser->token.kind == TOKEN_QUOTED)
        return partiql_name(parser, "name", &out->name);
    if (parser->token.kind != TOKEN_WORD)
        return partiql_fail(parser, "Invalid path dot component");
    out->name = parser->token.text;
    return partiql_advance(parser);
}

status partiql_path(struct parser *parser, struct expr_path *out) {
    struct expr_path_part parts[PARTIQL_PATH_PARTS_MAX] = {};
    size_t count = 1;
    TRY(partiql_name(parser, "identifier for simple path", &parts[0].name));
    while (parser->token.kind == TOKEN_DOT || parser->token.kind == TOKEN_OPEN_INDEX) {
        bool index = parser->token.kind == TOKEN_OPEN_INDEX;
        if (count == PARTIQL_PATH_PARTS_MAX)
            return fail_validation(parser->scope,
                                   "The document path has too many nesting elements; "
                                   "nesting levels: %zu",
                                   count + 1);
        TRY(partiql_advance(parser));
        TRY(index ? index_part(parser, &parts[count]) : dot_part(parser, &parts[count]));
        count++;
    }
    out->parts = arena_array(parser->scope->arena, struct expr_path_part, count);
    memcpy(out->parts, parts, count * sizeof parts[0]);
    out->count = count;
    return ST_OK;
}
