/* lex_int.h - the words of an expression.
 *
 * Purpose:   text → tokens, one at a time, with the neighbours that a syntax error quotes.
 * Ownership: tokens are slices of the expression.
 * Threads:   one at a time.
 * Errors:    what is no token is TOKEN_OTHER, which no grammar accepts.
 * Limits:    none of its own; the parsers bound the text.
 */
#pragma once

#include "base/str.h"

enum token_kind {
    TOKEN_NONE, /* before the first */
    TOKEN_END,
    TOKEN_WORD,          /* a letter, then letters, digits, _ */
    TOKEN_KEYWORD,       /* a word that is no name; the lexer leaves that to the parser */
    TOKEN_NAME_VARIABLE, /* #name */
    TOKEN_VARIABLE,      /* :value */
    TOKEN_DIGITS,
    TOKEN_OPEN,
    TOKEN_CLOSE,
    TOKEN_OPEN_INDEX,
    TOKEN_CLOSE_INDEX,
    TOKEN_DOT,
    TOKEN_COMMA,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_EQ,
    TOKEN_NE,
    TOKEN_LT,
    TOKEN_LE,
    TOKEN_GT,
    TOKEN_GE,
    TOKEN_OTHER,
};

/* What a TOKEN_WORD is where the grammar looks for a keyword; any case. */
enum keyword {
    KEYWORD_NONE,
    KEYWORD_AND,
    KEYWORD_OR,
    KEYWORD_NOT,
    KEYWORD_IN,
    KEYWORD_BETWEEN,
    KEYWORD_SET,
    KEYWORD_REMOVE,
    KEYWORD_ADD,
    KEYWORD_DELETE,
};

struct token {
    enum token_kind kind;
    enum keyword keyword;
    str text;
};

/* Reads the token at or behind *at and moves *at behind it. */
struct token expr_lex(str text, size_t *at);
