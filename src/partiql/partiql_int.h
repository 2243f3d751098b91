/* partiql_int.h - what the parts of the parser share.
 *
 * Purpose:   a two-token window over the statement, and the parsers of what statements are made of.
 * Ownership: tokens are slices of the statement; the rest lives in the scope's arena.
 * Threads:   one at a time.
 * Errors:    ST_FAILED, mostly through partiql_fail.
 * Limits:    recursion goes PARTIQL_DEPTH_MAX (conditions) or VALUE_DEPTH_MAX (values) deep.
 */
#pragma once

#include "base/check.h"
#include "partiql/partiql.h"

#include <assert.h>

enum token_kind {
    TOKEN_END,
    TOKEN_WORD,
    TOKEN_QUOTED, /* "name" */
    TOKEN_STRING, /* 'text' */
    TOKEN_NUMBER,
    TOKEN_PARAMETER,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_OPEN_INDEX,
    TOKEN_CLOSE_INDEX,
    TOKEN_OPEN_MAP,
    TOKEN_CLOSE_MAP,
    TOKEN_OPEN_SET,
    TOKEN_CLOSE_SET,
    TOKEN_DOT,
    TOKEN_COMMA,
    TOKEN_COLON,
    TOKEN_SEMICOLON,
    TOKEN_STAR,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
};

struct token {
    enum token_kind kind;
    str text; /* as written, quotes included */
};

struct parser {
    struct scope *scope;
    str text;
    size_t at; /* behind `next` */
    struct token token, next;
    const struct value *parameters;
    size_t parameter_count, parameters_seen;
    size_t operator_count;
    unsigned depth;
    bool malformed; /* the error is one of form: it is told before a wrong count of parameters */
};

/* ---- lex.c ---- */

/* The token at or behind *at, blanks and comments skipped; moves *at behind it. */
status partiql_lex(struct parser *parser, size_t *at, struct token *out);
status partiql_advance(struct parser *parser);
bool partiql_is_word(const struct token *token, str word); /* in any case, unquoted */
/* Consumes that word, or answers false in *out_found. */
status partiql_accept_word(struct parser *parser, str word, bool *out_found);
/* "Expected VALUE" */
status partiql_expect_word(struct parser *parser, str word);
status partiql_expect(struct parser *parser, enum token_kind kind, const char *what);
/* "Expected VALUE but got '…'" */
status partiql_fail_expected(struct parser *parser, str what);
/* Before recursion; whoever leaves lowers parser->depth again. */
status partiql_enter(struct parser *parser);
/* After a clause with operators: bounds what expr is given. */
status partiql_check_operators(struct parser *parser);
/* What a quoted token says. */
str partiql_unquote(struct arena *arena, str quoted);
/* "Statement wasn't well formed, can't be processed: …" */
[[gnu::format(printf, 2, 3)]] status partiql_fail(struct parser *parser, const char *format, ...);
/* "… at line:column:length" of the token. */
status partiql_fail_at(struct parser *parser, str text, const struct token *token);

/* ---- names and paths: path.c ---- */

bool partiql_is_name(const struct token *token);
status partiql_name(struct parser *parser, const char *what, str *out);
status partiql_path(struct parser *parser, struct expr_path *out);

/* ---- values: value.c ---- */

bool partiql_starts_value(const struct parser *parser);
status partiql_value(struct parser *parser, struct value *out);
view partiql_encode(struct parser *parser, const struct value *value);
view partiql_encode_text(struct parser *parser, str text);
bool partiql_is_map(const struct value *value);

/* ---- conditions: condition.c ---- */

struct operand {
    struct expr_node *node;
    bool is_path;
    struct expr_path path;
    view value; /* VIEW_NONE: no constant */
};

/* A path, a value or size(), in parentheses or not. */
status partiql_operand(struct parser *parser, struct operand *out);
status partiql_condition(struct parser *parser, struct partiql_term **out);

/* ---- SET and REMOVE: update.c ---- */

status partiql_update(struct parser *parser, struct expr_update **out);
