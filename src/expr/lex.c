/* Text → tokens. Any bytes are fine here: what is no token becomes one TOKEN_OTHER a character, so
 * that a syntax error can quote it whole. */
#include "expr/lex_int.h"

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

static bool is_word_part(char c) {
    return is_letter(c) || is_digit(c) || c == '_';
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static enum keyword keyword_of(str word) {
    static const struct {
        str text;
        enum keyword keyword;
    } keywords[] = {
        {STR_INIT("AND"), KEYWORD_AND},         {STR_INIT("OR"), KEYWORD_OR},
        {STR_INIT("NOT"), KEYWORD_NOT},         {STR_INIT("IN"), KEYWORD_IN},
        {STR_INIT("BETWEEN"), KEYWORD_BETWEEN}, {STR_INIT("SET"), KEYWORD_SET},
        {STR_INIT("REMOVE"), KEYWORD_REMOVE},   {STR_INIT("ADD"), KEYWORD_ADD},
        {STR_INIT("DELETE"), KEYWORD_DELETE},
    };
    for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
        if (word.len == keywords[i].text.len &&
            (word.ptr[0] | 0x20) == (keywords[i].text.ptr[0] | 0x20) &&
            str_eq_nocase(word, keywords[i].text))
            return keywords[i].keyword;
    return KEYWORD_NONE;
}

/* Bytes of the UTF-8 character that starts there; 1 for a stray byte. */
static size_t character_len(str text, size_t at) {
    size_t end = at + 1;
    if ((unsigned char)text.ptr[at] >= 0xc0)
        while (end < text.len && end < at + 4 && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
            end++;
    return end - at;
}

static enum token_kind punctuation(char c) {
    switch (c) {
    case '(':
        return TOKEN_OPEN;
    case ')':
        return TOKEN_CLOSE;
    case '[':
        return TOKEN_OPEN_INDEX;
    case ']':
        return TOKEN_CLOSE_INDEX;
    case '.':
        return TOKEN_DOT;
    case ',':
        return TOKEN_COMMA;
    case '+':
        return TOKEN_PLUS;
    case '-':
        return TOKEN_MINUS;
    case '=':
        return TOKEN_EQ;
    case '<':
        return TOKEN_LT;
    case '>':
        return TOKEN_GT;
    default: /* a char, not one of our enums */
        return TOKEN_OTHER;
    }
}

static size_t comparator_len(str text, size_t at, enum token_kind *kind) {
    char second = at + 1 < text.len ? text.ptr[at + 1] : '\0';
    if (*kind == TOKEN_LT && second == '=')
        *kind = TOKEN_LE;
    else if (*kind == TOKEN_LT && second == '>')
        *kind = TOKEN_NE;
    else if (*kind == TOKEN_GT && second == '=')
        *kind = TOKEN_GE;
    else
        return 1;
    return 2;
}

struct token expr_lex(str text, size_t *at) {
    size_t begin = *at;
    while (begin < text.len && is_blank(text.ptr[begin]))
        begin++;
    if (begin == text.len) {
        *at = begin;
        return (struct token){.kind = TOKEN_END, .text = str_slice(text, begin, begin)};
    }
    char c = text.ptr[begin];
    size_t end = begin + 1;
    struct token token = {.kind = punctuation(c)};
    if (is_letter(c) || c == '#' || c == ':') {
        while (end < text.len && is_word_part(text.ptr[end]))
            end++;
        if (is_letter(c))
            token.kind = TOKEN_WORD;
        else if (end > begin + 1)
            token.kind = c == '#' ? TOKEN_NAME_VARIABLE : TOKEN_VARIABLE;
    } else if (is_digit(c)) {
        token.kind = TOKEN_DIGITS;
        while (end < text.len && is_digit(text.ptr[end]))
            end++;
    } else if (token.kind == TOKEN_LT || token.kind == TOKEN_GT) {
        end = begin + comparator_len(text, begin, &token.kind);
    } else if (token.kind == TOKEN_OTHER) {
        end = begin + character_len(text, begin);
    }
    token.text = str_slice(text, begin, end);
    if (token.kind == TOKEN_WORD)
        token.keyword = keyword_of(token.text);
    *at = end;
    return token;
}
