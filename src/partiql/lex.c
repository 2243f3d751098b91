/* Text → tokens, and what the parsers say of a token that they did not want. */
#include "base/utf8.h"
#include "partiql/partiql_int.h"

#include <stdarg.h>

status partiql_fail(struct parser *parser, const char *format, ...) {
    va_list args;
    va_start(args, format);
    str text = arena_vprintf(parser->scope->arena, format, args);
    va_end(args);
    parser->malformed = true;
    return fail_validation(parser->scope, "Statement wasn't well formed, can't be processed: %.*s",
                           STR_ARG(text));
}

status partiql_fail_at(struct parser *parser, str text, const struct token *token) {
    size_t line = 1;
    const char *line_start = parser->text.ptr;
    for (const char *at = parser->text.ptr; at < token->text.ptr; at++)
        if (*at == '\n') {
            line++;
            line_start = at + 1;
        }
    str before = {line_start, (size_t)(token->text.ptr - line_start)};
    parser->malformed = true;
    return fail_validation(parser->scope, "%.*s at %zu:%zu:%zu", STR_ARG(text), line,
                           utf8_characters(before) + 1, utf8_characters(token->text));
}

/* ---- characters ---- */

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static char char_at(str text, size_t at) {
    return at < text.len ? text.ptr[at] : 0;
}

/* ---- blanks and comments ---- */

static status skip_comment(struct parser *parser, size_t *at) {
    str text = parser->text;
    if (text.ptr[*at] == '-') {
        while (*at < text.len && text.ptr[*at] != '\n')
            ++*at;
        return ST_OK;
    }
    for (*at += 2; *at + 1 < text.len; ++*at)
        if (text.ptr[*at] == '*' && text.ptr[*at + 1] == '/') {
            *at += 2;
            return ST_OK;
        }
    return partiql_fail(parser, "Unterminated comment");
}

static status skip_blanks(struct parser *parser, size_t *at) {
    str text = parser->text;
    while (*at < text.len) {
        char c = text.ptr[*at], behind = char_at(text, *at + 1);
        if (is_blank(c))
            ++*at;
        else if ((c == '-' && behind == '-') || (c == '/' && behind == '*'))
            TRY(skip_comment(parser, at));
        else
            break;
    }
    return ST_OK;
}

/* ---- tokens ---- */

static size_t word_end(str text, size_t at) {
    while (at < text.len && (is_letter(text.ptr[at]) || is_digit(text.ptr[at])))
        at++;
    return at;
}

static size_t digits_end(str text, size_t at) {
    while (at < text.len && is_digit(text.ptr[at]))
        at++;
    return at;
}

static size_t number_end(str text, size_t at) {
    at = digits_end(text, at);
    if (char_at(text, at) == '.')
        at = digits_end(text, at + 1);
    if (char_at(text, at) != 'e' && char_at(text, at) != 'E')
        return at;
    size_t exponent = at + 1;
    if (char_at(text, exponent) == '+' || char_at(text, exponent) == '-')
        exponent++;
    return is_digit(char_at(text, exponent)) ? digits_end(text, exponent) : at;
}

/* A doubled quote stands for one. 0: there is no end. */
static size_t quoted_end(str text, size_t at) {
    char quote = text.ptr[at++];
    for (; at < text.len; at++) {
        if (text.ptr[at] != quote)
            continue;
        if (char_at(text, at + 1) != quote)
            return at + 1;
        at++;
    }
    return 0;
}

static const struct {
    str text;
    enum token_kind kind;
} marks[] = {
    /* Longer ones first. */
    {STR_INIT("<<"), TOKEN_OPEN_SET},   {STR_INIT(">>"), TOKEN_CLOSE_SET},
    {STR_INIT("<>"), TOKEN_NE},         {STR_INIT("!="), TOKEN_NE},
    {STR_INIT("<="), TOKEN_LE},         {STR_INIT(">="), TOKEN_GE},
    {STR_INIT("<"), TOKEN_LT},          {STR_INIT(">"), TOKEN_GT},
    {STR_INIT("="), TOKEN_EQ},          {STR_INIT("("), TOKEN_OPEN},
    {STR_INIT(")"), TOKEN_CLOSE},       {STR_INIT("["), TOKEN_OPEN_INDEX},
    {STR_INIT("]"), TOKEN_CLOSE_INDEX}, {STR_INIT("{"), TOKEN_OPEN_MAP},
    {STR_INIT("}"), TOKEN_CLOSE_MAP},   {STR_INIT("."), TOKEN_DOT},
    {STR_INIT(","), TOKEN_COMMA},       {STR_INIT(":"), TOKEN_COLON},
    {STR_INIT(";"), TOKEN_SEMICOLON},   {STR_INIT("*"), TOKEN_STAR},
    {STR_INIT("+"), TOKEN_PLUS},        {STR_INIT("-"), TOKEN_MINUS},
    {STR_INIT("?"), TOKEN_PARAMETER},
};

static status lex_mark(struct parser *parser, size_t at, enum token_kind *kind, size_t *end) {
    str rest = str_slice(parser->text, at, parser->text.len);
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (str_starts_with(rest, marks[i].text)) {
            *kind = marks[i].kind;
            *end = at + marks[i].text.len;
            return ST_OK;
        }
    size_t len = 1; /* of the character: the bytes that continue it stay with it */
    while (len < rest.len && ((unsigned char)rest.ptr[len] & 0xc0) == 0x80)
        len++;
    return partiql_fail(parser, "Unexpected character: '%.*s'", (int)len, rest.ptr);
}

status partiql_lex(struct parser *parser, size_t *at, struct token *out) {
    TRY(skip_blanks(parser, at));
    str text = parser->text;
    size_t from = *at, end = from;
    char c = char_at(text, from);
    enum token_kind kind = TOKEN_END;
    if (from == text.len) {
        end = from;
    } else if (is_letter(c)) {
        kind = TOKEN_WORD;
        end = word_end(text, from);
    } else if (is_digit(c) || (c == '.' && is_digit(char_at(text, from + 1)))) {
        kind = TOKEN_NUMBER;
        end = number_end(text, from);
    } else if (c == '"' || c == '\'') {
        kind = c == '"' ? TOKEN_QUOTED : TOKEN_STRING;
        end = quoted_end(text, from);
        if (end == 0)
            return partiql_fail(parser, "Unterminated %s",
                                c == '"' ? "quoted identifier" : "string literal");
    } else {
        TRY(lex_mark(parser, from, &kind, &end));
    }
    *out = (struct token){.kind = kind, .text = str_slice(text, from, end)};
    *at = end;
    return ST_OK;
}

status partiql_advance(struct parser *parser) {
    struct token next;
    TRY(partiql_lex(parser, &parser->at, &next));
    parser->token = parser->next;
    parser->next = next;
    return ST_OK;
}

/* ---- limits ---- */

status partiql_enter(struct parser *parser) {
    if (++parser->depth > PARTIQL_DEPTH_MAX)
        return partiql_fail(parser, "Expression is nested too deeply");
    return ST_OK;
}

status partiql_check_operators(struct parser *parser) {
    if (parser->operator_count <= EXPR_BUILD_OPERATORS_MAX)
        return ST_OK;
    return fail_validation(parser->scope,
                           "The expression contains too many operators; operator count: %zu",
                           parser->operator_count);
}

/* ---- what is wanted next ---- */

bool partiql_is_word(const struct token *token, str word) {
    return token->kind == TOKEN_WORD && str_eq_nocase(token->text, word);
}

status partiql_accept_word(struct parser *parser, str word, bool *out_found) {
    *out_found = partiql_is_word(&parser->token, word);
    return *out_found ? partiql_advance(parser) : ST_OK;
}

status partiql_fail_expected(struct parser *parser, str what) {
    if (parser->token.kind == TOKEN_END)
        return partiql_fail(parser, "Expected %.*s", STR_ARG(what));
    return partiql_fail(parser, "Expected %.*s but got '%.*s'", STR_ARG(what),
                        STR_ARG(parser->token.text));
}

status partiql_expect_word(struct parser *parser, str word) {
    if (!partiql_is_word(&parser->token, word))
        return partiql_fail_expected(parser, word);
    return partiql_advance(parser);
}

status partiql_expect(struct parser *parser, enum token_kind kind, const char *what) {
    if (parser->token.kind != kind)
        return partiql_fail_expected(parser, str_from_c(what));
    return partiql_advance(parser);
}

str partiql_unquote(struct arena *arena, str quoted) {
    str inner = str_slice(quoted, 1, quoted.len - 1);
    char quote = quoted.ptr[0];
    if (str_find(inner, quote) == inner.len)
        return inner;
    char *out = arena_bytes(arena, inner.len);
    size_t len = 0;
    for (size_t i = 0; i < inner.len; i++) {
        out[len++] = inner.ptr[i];
        if (inner.ptr[i] == quote)
            i++; /* the second of the two */
    }
    return (str){out, len};
}
