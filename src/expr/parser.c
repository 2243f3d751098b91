/* What the parsers of conditions, updates and projections share: the three-token window, syntax
 * errors, paths and operands.
 *
 * No parser recurses: nesting that the text opens is kept on a list in the arena, so 4096 opening
 * parentheses cost memory in proportion and no stack, and the error is the one that a parser
 * without limits would give. */
#include "expr/expr_int.h"

#include <stdarg.h>

status expr_fail(struct parser *parser, const char *format, ...) {
    va_list args;
    va_start(args, format);
    str text = arena_vprintf(parser->scope->arena, format, args);
    va_end(args);
    if (!expr_is_text(parser))
        return fail_validation(parser->scope, "%.*s", STR_ARG(text));
    return fail_validation(parser->scope, "Invalid %s: %.*s", parser->member, STR_ARG(text));
}

/* `near` is the text from the token before to the token behind. */
status expr_fail_syntax(struct parser *parser) {
    const struct token *token = &parser->token;
    const char *from =
        parser->previous.kind == TOKEN_NONE ? token->text.ptr : parser->previous.text.ptr;
    const struct token *last = parser->next.kind == TOKEN_END ? token : &parser->next;
    if (token->kind == TOKEN_END)
        last = parser->previous.kind == TOKEN_NONE ? token : &parser->previous;
    str near = {from, (size_t)(last->text.ptr + last->text.len - from)};
    str shown = token->kind == TOKEN_END ? STR("<EOF>") : token->text;
    return expr_fail(parser, "Syntax error; token: \"%.*s\", near: \"%.*s\"", STR_ARG(shown),
                     STR_ARG(near));
}

void expr_advance(struct parser *parser) {
    parser->previous = parser->token;
    parser->token = parser->next;
    parser->next = expr_lex(parser->text, &parser->at);
    enum keyword keyword = parser->next.keyword;
    if (parser->is_condition && keyword >= KEYWORD_AND && keyword <= KEYWORD_BETWEEN)
        parser->next.kind = TOKEN_KEYWORD;
}

status expr_expect(struct parser *parser, enum token_kind kind) {
    if (parser->token.kind != kind)
        return expr_fail_syntax(parser);
    expr_advance(parser);
    return ST_OK;
}

status expr_parser_init(struct parser *parser, struct scope *scope, const char *member,
                        bool is_condition, str text, struct expr_placeholders *placeholders) {
    *parser = (struct parser){.scope = scope,
                              .member = member,
                              .is_condition = is_condition,
                              .placeholders = placeholders,
                              .text = text};
    if (text.len == 0)
        return expr_fail(parser, "The expression can not be empty;");
    if (text.len > EXPR_TEXT_MAX)
        return expr_fail(parser,
                         "Expression size has exceeded the maximum allowed size; expression size: "
                         "%zu",
                         text.len);
    expr_advance(parser);
    expr_advance(parser);
    return ST_OK;
}

status expr_check_operator_count(struct parser *parser) {
    if (parser->operator_count > EXPR_OPERATORS_MAX)
        return expr_fail(parser, "The expression contains too many operators; operator count: %zu",
                         parser->operator_count);
    return ST_OK;
}

/* ---- paths ---- */

static void path_add(struct arena *arena, struct expr_path *path, size_t *room,
                     struct expr_path_part part) {
    if (path->count == *room) {
        size_t more = *room ? *room * 2 : 4;
        path->parts = arena_grow(arena, path->parts, *room * sizeof(part), more * sizeof(part));
        *room = more;
    }
    path->parts[path->count++] = part;
}

static status parse_path_name(struct parser *parser, struct expr_path *path, size_t *room) {
    if (parser->token.kind != TOKEN_WORD && parser->token.kind != TOKEN_NAME_VARIABLE)
        return expr_fail_syntax(parser);
    path_add(parser->scope->arena, path, room, (struct expr_path_part){.name = parser->token.text});
    expr_advance(parser);
    return ST_OK;
}

status expr_parse_path(struct parser *parser, struct expr_path *out) {
    struct expr_path path = {};
    size_t room = 0;
    TRY(parse_path_name(parser, &path, &room));
    for (;;) {
        if (parser->token.kind == TOKEN_DOT) {
            expr_advance(parser);
            TRY(parse_path_name(parser, &path, &room));
        } else if (parser->token.kind == TOKEN_OPEN_INDEX) {
            expr_advance(parser);
            str digits = parser->token.text;
            TRY(expr_expect(parser, TOKEN_DIGITS));
            TRY(expr_expect(parser, TOKEN_CLOSE_INDEX));
            path_add(parser->scope->arena, &path, &room,
                     (struct expr_path_part){.is_index = true, .name = digits});
        } else {
            break;
        }
    }
    *out = path;
    return ST_OK;
}

/* ---- operands ---- */

/* An open parenthesis inside an operand: of a function's operands, or around an operand. */
struct open_operand {
    struct open_operand *outer;
    struct expr_node *call; /* NULL: plain parentheses */
};

static struct open_operand *open_new(struct parser *parser, struct open_operand *outer,
                                     struct expr_node *call) {
    struct open_operand *open = arena_struct(parser->scope->arena, struct open_operand);
    *open = (struct open_operand){.outer = outer, .call = call};
    return open;
}

/* Reads what starts an operand. *out stays NULL when that opened a parenthesis only. */
static status parse_operand_start(struct parser *parser, struct open_operand **open,
                                  struct expr_node **out) {
    struct arena *arena = parser->scope->arena;
    if (parser->token.kind == TOKEN_OPEN) {
        *open = open_new(parser, *open, NULL);
        expr_advance(parser);
        return ST_OK;
    }
    if (parser->token.kind == TOKEN_VARIABLE) {
        *out = expr_node_value(arena, parser->token.text, VIEW_NONE);
        expr_advance(parser);
        return ST_OK;
    }
    if (parser->token.kind == TOKEN_WORD && parser->next.kind == TOKEN_OPEN) {
        *open = open_new(parser, *open, expr_node_call(arena, parser->token.text));
        parser->operator_count++;
        expr_advance(parser);
        expr_advance(parser);
        return ST_OK;
    }
    struct expr_path path;
    TRY(expr_parse_path(parser, &path));
    *out = expr_node_path(arena, path);
    return ST_OK;
}

/* An operand is complete: closes what closes behind it. *operand is NULL when another operand of
 * a function must follow. */
static status close_operands(struct parser *parser, struct open_operand **open,
                             struct expr_node **operand) {
    while (*open) {
        struct expr_node *call = (*open)->call;
        if (call && parser->token.kind == TOKEN_COMMA) {
            expr_node_add(call, *operand);
            *operand = NULL;
            expr_advance(parser);
            return ST_OK;
        }
        TRY(expr_expect(parser, TOKEN_CLOSE));
        if (call) {
            expr_node_add(call, *operand);
            *operand = call;
        } else {
            parser->redundant_parentheses |= (*operand)->in_parentheses;
            (*operand)->in_parentheses = true;
        }
        *open = (*open)->outer;
    }
    return ST_OK;
}

status expr_parse_operand(struct parser *parser, struct expr_node **out) {
    struct open_operand *open = NULL;
    struct expr_node *operand = NULL;
    while (!operand) {
        TRY(parse_operand_start(parser, &open, &operand));
        if (operand)
            TRY(close_operands(parser, &open, &operand));
    }
    *out = operand;
    return ST_OK;
}
