/* Statements: the clauses and their order. */
#include "item/item_codec.h"
#include "partiql/partiql_int.h"

enum { ORDER_MAX = 8 };

/* ---- FROM, INTO, UPDATE: the source ---- */

static status parse_source(struct parser *parser, struct partiql_statement *out) {
    struct token first = parser->token;
    if (!partiql_is_name(&first) && first.kind != TOKEN_WORD)
        return first.kind == TOKEN_END ? partiql_fail(parser, "Expected table name")
                                       : partiql_fail(parser, "Unexpected from source");
    TRY(partiql_name(parser, "table name", &out->table_name));
    if (parser->token.kind != TOKEN_DOT)
        return ST_OK;
    TRY(partiql_advance(parser));
    TRY(partiql_name(parser, "index name after '.'", &out->index_name));
    if (parser->token.kind == TOKEN_DOT)
        return partiql_fail_at(
            parser, STR("A path may contain at most 2 components in the FROM clause"), &first);
    if (out->kind != PARTIQL_SELECT)
        return partiql_fail_at(parser,
                               STR("FROM clause may only contain a single table name in data "
                                   "manipulation statements"),
                               &first);
    return ST_OK;
}

/* Clauses that the language has and the service has not. */
static status check_unsupported(struct parser *parser) {
    static const str clauses[] = {STR_INIT("GROUP"), STR_INIT("HAVING"), STR_INIT("LIMIT"),
                                  STR_INIT("OFFSET"), STR_INIT("UNION")};
    const struct token *token = &parser->token;
    for (size_t i = 0; i < sizeof clauses / sizeof clauses[0]; i++)
        if (partiql_is_word(token, clauses[i]))
            return partiql_fail_at(
                parser,
                arena_printf(parser->scope->arena, "Unsupported clause: %.*s", STR_ARG(clauses[i])),
                token);
    return ST_OK;
}

/* What stands behind the source of a SELECT and is none of its clauses. */
static status check_behind_source(struct parser *parser) {
    const struct token *token = &parser->token;
    if (token->kind == TOKEN_COMMA || partiql_is_word(token, STR("JOIN")))
        return fail_validation(parser->scope,
                               "Only select from a single table or index is supported.");
    if (partiql_is_word(token, STR("AS")) || partiql_is_name(token))
        return fail_validation(parser->scope, "Aliasing is not supported.");
    if (token->kind == TOKEN_MINUS || token->kind == TOKEN_COLON)
        return partiql_fail(parser, "Unexpected from source"); /* a name that needs quotes */
    return ST_OK;
}

/* ---- SELECT ---- */

/* The last name of the path with the indexes behind it: b[0] of a.b[0]. */
static str column_name(struct arena *arena, const struct expr_path *path) {
    size_t last = path->count - 1;
    while (path->parts[last].is_index)
        last--;
    if (last == path->count - 1)
        return path->parts[last].name;
    struct buf name;
    buf_init(&name, arena, 32);
    buf_add_str(&name, path->parts[last].name);
    for (size_t i = last + 1; i < path->count; i++)
        buf_printf(&name, "[%u]", path->parts[i].index);
    return buf_str(&name);
}

static status parse_column(struct parser *parser, struct partiql_column *out) {
    if (parser->token.kind == TOKEN_WORD && parser->next.kind == TOKEN_OPEN)
        return partiql_fail_at(parser, STR("Unexpected path component"), &parser->token);
    TRY(partiql_path(parser, &out->path));
    if (partiql_is_word(&parser->token, STR("AS")))
        return fail_validation(parser->scope, "Aliasing is not supported.");
    out->name = column_name(parser->scope->arena, &out->path);
    return ST_OK;
}

static int compare_columns(const void *a, const void *b) {
    const struct partiql_column *left = *(struct partiql_column *const *)a;
    const struct partiql_column *right = *(struct partiql_column *const *)b;
    int order = str_cmp(left->name, right->name);
    return order ? order : (left > right) - (left < right);
}

static void find_places(struct arena *arena, struct partiql_column *columns, size_t count) {
    struct partiql_column **sorted = arena_array(arena, struct partiql_column *, count);
    for (size_t i = 0; i < count; i++) {
        columns[i].place = i;
        sorted[i] = &columns[i];
    }
    qsort(sorted, count, sizeof *sorted, compare_columns);
    for (size_t i = 1; i < count; i++)
        if (str_eq(sorted[i - 1]->name, sorted[i]->name))
            sorted[i]->place = sorted[i - 1]->place;
}

static status parse_columns(struct parser *parser, struct partiql_statement *out) {
    struct partiql_column *columns = NULL;
    size_t count = 0, room = 0;
    if (parser->token.kind == TOKEN_STAR)
        return partiql_advance(parser);
    for (bool more = true; more;) {
        if (count == room) {
            room = room ? room * 2 : 8;
            columns = arena_grow(parser->scope->arena, columns, count * sizeof *columns,
                                 room * sizeof *columns);
        }
        TRY(parse_column(parser, &columns[count]));
        count++;
        more = parser->token.kind == TOKEN_COMMA;
        if (more)
            TRY(partiql_advance(parser));
    }
    out->columns = columns;
    out->column_count = count;
    find_places(parser->scope->arena, columns, count);
    return ST_OK;
}

static status parse_where(struct parser *parser, struct partiql_statement *out) {
    TRY(partiql_accept_word(parser, STR("WHERE"), &out->has_where));
    return out->has_where ? partiql_condition(parser, &out->terms) : ST_OK;
}

static status parse_order_part(struct parser *parser, struct partiql_order *out) {
    struct expr_path path;
    bool ascending;
    TRY(partiql_path(parser, &path));
    if (path.count > 1)
        return partiql_fail(parser, "ORDER BY takes names of key attributes");
    *out = (struct partiql_order){.name = path.parts[0].name};
    TRY(partiql_accept_word(parser, STR("ASC"), &ascending));
    return ascending ? ST_OK : partiql_accept_word(parser, STR("DESC"), &out->descending);
}

static status parse_order(struct parser *parser, struct partiql_statement *out) {
    bool found;
    TRY(partiql_accept_word(parser, STR("ORDER"), &found));
    if (!found)
        return ST_OK;
    TRY(partiql_expect_word(parser, STR("BY")));
    struct partiql_order *order =
        arena_array(parser->scope->arena, struct partiql_order, ORDER_MAX);
    for (bool more = true; more;) {
        if (out->order_count == ORDER_MAX)
            return partiql_fail(parser, "Too many names in ORDER BY");
        TRY(parse_order_part(parser, &order[out->order_count++]));
        more = parser->token.kind == TOKEN_COMMA;
        if (more)
            TRY(partiql_advance(parser));
    }
    out->order = order;
    return ST_OK;
}

static status parse_select(struct parser *parser, struct partiql_statement *out) {
    TRY(parse_columns(parser, out));
    TRY(partiql_expect_word(parser, STR("FROM")));
    TRY(parse_source(parser, out));
    TRY(check_behind_source(parser));
    TRY(parse_where(parser, out));
    TRY(parse_order(parser, out));
    return check_unsupported(parser);
}

static status parse_exists(struct parser *parser, struct partiql_statement *out) {
    TRY(partiql_expect(parser, TOKEN_OPEN, "'('"));
    TRY(partiql_expect_word(parser, STR("SELECT")));
    out->kind = PARTIQL_SELECT; /* while it is parsed as one */
    TRY(parse_select(parser, out));
    out->kind = PARTIQL_EXISTS;
    return partiql_expect(parser, TOKEN_CLOSE, "')'");
}

/* ---- writes ---- */

static status parse_insert(struct parser *parser, struct partiql_statement *out) {
    struct value value;
    TRY(partiql_expect_word(parser, STR("INTO")));
    TRY(parse_source(parser, out));
    TRY(partiql_expect_word(parser, STR("VALUE")));
    if (parser->token.kind != TOKEN_OPEN_MAP && parser->token.kind != TOKEN_PARAMETER)
        return partiql_fail_expected(parser, STR("'{'"));
    bool given = parser->token.kind == TOKEN_PARAMETER;
    TRY(partiql_value(parser, &value));
    if (!partiql_is_map(&value) && !(given && parser->parameters_seen > parser->parameter_count))
        return partiql_fail(parser, "The item to insert must be a map");
    if (partiql_is_map(&value))
        out->item = (struct item){.attributes = value.map, .count = value.count};
    if (item_tree_depth(&out->item) > VALUE_DEPTH_MAX)
        return fail_validation(parser->scope,
                               "Nesting Levels have exceeded supported limits: Attributes in the "
                               "item have nested levels beyond supported limit");
    return ST_OK;
}

/* RETURNING (ALL | MODIFIED) (OLD | NEW) * */
static status parse_returning(struct parser *parser, struct partiql_statement *out) {
    bool found, all, modified, old, new;
    TRY(partiql_accept_word(parser, STR("RETURNING"), &found));
    if (!found)
        return ST_OK;
    TRY(partiql_accept_word(parser, STR("ALL"), &all));
    TRY(partiql_accept_word(parser, STR("MODIFIED"), &modified));
    TRY(partiql_accept_word(parser, STR("OLD"), &old));
    TRY(partiql_accept_word(parser, STR("NEW"), &new));
    if (all == modified || old == new)
        return partiql_fail(parser, "Expected returning variant after RETURNING");
    TRY(partiql_expect(parser, TOKEN_STAR, "'*' in RETURNING clause"));
    out->returning =
        all ? (old ? RETURN_ALL_OLD : RETURN_ALL_NEW) : (old ? RETURN_OLD : RETURN_NEW);
    if (out->kind == PARTIQL_DELETE && out->returning != RETURN_ALL_OLD)
        return fail_validation(parser->scope,
                               "Invalid returning clause: RETURNING %s %s *. Only RETURNING ALL "
                               "OLD * is allowed in DELETE statements.",
                               all ? "ALL" : "MODIFIED", old ? "OLD" : "NEW");
    return ST_OK;
}

static status parse_update(struct parser *parser, struct partiql_statement *out) {
    TRY(parse_source(parser, out));
    TRY(partiql_update(parser, &out->update));
    TRY(parse_where(parser, out));
    return parse_returning(parser, out);
}

static status parse_delete(struct parser *parser, struct partiql_statement *out) {
    TRY(partiql_expect_word(parser, STR("FROM")));
    TRY(parse_source(parser, out));
    TRY(parse_where(parser, out));
    return parse_returning(parser, out);
}

/* ---- any of them ---- */

typedef status clause_parser(struct parser *parser, struct partiql_statement *out);

static const struct {
    str word;
    enum partiql_kind kind;
    clause_parser *parse;
} statements[] = {
    {STR_INIT("SELECT"), PARTIQL_SELECT, parse_select},
    {STR_INIT("INSERT"), PARTIQL_INSERT, parse_insert},
    {STR_INIT("UPDATE"), PARTIQL_UPDATE, parse_update},
    {STR_INIT("DELETE"), PARTIQL_DELETE, parse_delete},
    {STR_INIT("EXISTS"), PARTIQL_EXISTS, parse_exists},
};

static status parse_end(struct parser *parser) {
    if (parser->token.kind == TOKEN_SEMICOLON) {
        TRY(partiql_advance(parser));
        if (parser->token.kind != TOKEN_END)
            return partiql_fail(parser,
                                "Unexpected token after semicolon. (Only one query is allowed.)");
    }
    return parser->token.kind == TOKEN_END
               ? ST_OK
               : partiql_fail(parser, "Unexpected token after expression");
}

static status parse_text(struct parser *parser, struct partiql_statement *out) {
    TRY(partiql_advance(parser));
    TRY(partiql_advance(parser));
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        bool found;
        TRY(partiql_accept_word(parser, statements[i].word, &found));
        if (!found)
            continue;
        out->kind = statements[i].kind;
        TRY(statements[i].parse(parser, out));
        return parse_end(parser);
    }
    return partiql_fail(parser, "Expected data manipulation");
}

/* How many question marks the text has; it has been seen to consist of tokens. */
static status count_parameters(struct parser *parser, size_t *out) {
    struct token token;
    *out = 0;
    for (size_t at = 0;;) {
        TRY(partiql_lex(parser, &at, &token));
        if (token.kind == TOKEN_END)
            return ST_OK;
        *out += token.kind == TOKEN_PARAMETER;
    }
}

status partiql_parse(struct scope *scope, str text, const struct value *parameters,
                     size_t parameter_count, struct partiql_statement *out) {
    struct parser parser = {
        .scope = scope, .text = text, .parameters = parameters, .parameter_count = parameter_count};
    struct partiql_statement parsed = {};
    size_t wanted;
    CHECK(text.len <= PARTIQL_TEXT_MAX);
    TRY(count_parameters(&parser, &wanted));
    status st = parse_text(&parser, &parsed);
    if (wanted != parameter_count && !parser.malformed) {
        scope->error = ERROR_NONE; /* what was made of absent values is of no interest */
        return fail_validation(scope, "Number of parameters in request and statement don't match.");
    }
    TRY(st);
    *out = parsed;
    return ST_OK;
}
