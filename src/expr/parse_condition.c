/* Text → tree of a condition, filter or key condition: one grammar for all three.
 *
 *     condition:  OR of ANDs of NOTs of: comparison | function | ( condition )
 *     comparison: operand = operand | operand BETWEEN operand AND operand
 *                 | operand IN ( operand, … )
 *     operand:    path | :value | function ( operand, … ) | ( operand )
 *
 * An opening parenthesis may start a condition or an operand, and only what follows tells which:
 * so both are read the same way, and a lone operand is accepted where ')' follows at once. Pending
 * NOTs, ANDs, ORs and parentheses wait on a list, innermost first. */
#include "expr/expr_int.h"

enum pending_kind { PENDING_NOT, PENDING_AND, PENDING_OR, PENDING_OPEN };

struct pending {
    struct pending *outer;
    enum pending_kind kind;
    struct expr_node *left; /* AND, OR */
};

static void push(struct parser *parser, struct pending **top, enum pending_kind kind,
                 struct expr_node *left) {
    struct pending *pending = arena_struct(parser->scope->arena, struct pending);
    *pending = (struct pending){.outer = *top, .kind = kind, .left = left};
    *top = pending;
}

static bool is_kind(const struct pending *top, enum pending_kind kind) {
    return top && top->kind == kind;
}

/* AND and OR take any number of operands, so that long chains make flat trees. */
static struct expr_node *join(struct parser *parser, enum node_kind kind, struct expr_node *left,
                              struct expr_node *right) {
    if (left->kind != kind || left->in_parentheses) {
        struct expr_node *node = expr_node_new(parser->scope->arena, kind);
        expr_node_add(node, left);
        left = node;
    }
    expr_node_add(left, right);
    return left;
}

/* Completes the pending operators that bind at least as tightly as AND (or OR). */
static struct expr_node *reduce(struct parser *parser, struct pending **top, bool or_too,
                                struct expr_node *condition) {
    while (*top) {
        if ((*top)->kind == PENDING_OPEN || ((*top)->kind == PENDING_OR && !or_too))
            break;
        if ((*top)->kind == PENDING_NOT) {
            struct expr_node *node = expr_node_new(parser->scope->arena, NODE_NOT);
            expr_node_add(node, condition);
            condition = node;
        } else {
            enum node_kind kind = (*top)->kind == PENDING_AND ? NODE_AND : NODE_OR;
            condition = join(parser, kind, (*top)->left, condition);
        }
        *top = (*top)->outer;
    }
    return condition;
}

static bool comparator_of(enum token_kind kind, enum comparator *out) {
    if (kind < TOKEN_EQ || kind > TOKEN_GE)
        return false;
    static_assert(TOKEN_GE - TOKEN_EQ == (int)COMPARE_GE - (int)COMPARE_EQ, "same order");
    *out = (enum comparator)(kind - TOKEN_EQ);
    return true;
}

static status parse_between(struct parser *parser, struct expr_node *node) {
    struct expr_node *bound = NULL;
    TRY(expr_parse_operand(parser, &bound));
    expr_node_add(node, bound);
    if (parser->token.keyword != KEYWORD_AND)
        return expr_fail_syntax(parser);
    expr_advance(parser);
    TRY(expr_parse_operand(parser, &bound));
    expr_node_add(node, bound);
    return ST_OK;
}

static status parse_in(struct parser *parser, struct expr_node *node) {
    TRY(expr_expect(parser, TOKEN_OPEN));
    for (;;) {
        struct expr_node *operand = NULL;
        TRY(expr_parse_operand(parser, &operand));
        expr_node_add(node, operand);
        if (parser->token.kind != TOKEN_COMMA)
            break;
        expr_advance(parser);
    }
    return expr_expect(parser, TOKEN_CLOSE);
}

/* What follows an operand: a comparison, if an operator stands there. */
static status parse_comparison(struct parser *parser, struct expr_node **node) {
    struct expr_node *left = *node;
    enum keyword keyword = parser->token.keyword;
    enum comparator comparator;
    if (comparator_of(parser->token.kind, &comparator)) {
        struct expr_node *right = NULL;
        expr_advance(parser);
        parser->operator_count++;
        TRY(expr_parse_operand(parser, &right));
        *node = expr_node_compare(parser->scope->arena, comparator, left, right);
    } else if (keyword == KEYWORD_BETWEEN || keyword == KEYWORD_IN) {
        bool between = keyword == KEYWORD_BETWEEN;
        *node = expr_node_new(parser->scope->arena, between ? NODE_BETWEEN : NODE_IN);
        expr_node_add(*node, left);
        expr_advance(parser);
        parser->operator_count++;
        return between ? parse_between(parser, *node) : parse_in(parser, *node);
    }
    return ST_OK;
}

static bool may_be_operand(const struct expr_node *node) {
    return expr_node_is_operand(node) || node->kind == NODE_CALL;
}

/* Reads NOTs and opening parentheses, then an operand. */
static status parse_start(struct parser *parser, struct pending **top, struct expr_node **out) {
    for (;;) {
        if (parser->token.keyword == KEYWORD_NOT) {
            push(parser, top, PENDING_NOT, NULL);
            parser->operator_count++;
        } else if (parser->token.kind == TOKEN_OPEN) {
            push(parser, top, PENDING_OPEN, NULL);
        } else {
            break;
        }
        expr_advance(parser);
    }
    return expr_parse_operand(parser, out);
}

/* Behind an operand or a condition: *node is taken as far as it goes. *more: another one must
 * follow (an AND or OR was read). */
static status parse_rest(struct parser *parser, struct pending **top, struct expr_node **node,
                         bool *more) {
    for (;;) {
        if (may_be_operand(*node))
            TRY(parse_comparison(parser, node));
        bool closes = parser->token.kind == TOKEN_CLOSE;
        if (expr_node_is_operand(*node) && !(closes && is_kind(*top, PENDING_OPEN)))
            return expr_fail_syntax(parser);
        enum keyword keyword = parser->token.keyword;
        if (keyword == KEYWORD_AND || keyword == KEYWORD_OR) {
            bool is_or = keyword == KEYWORD_OR;
            *node = reduce(parser, top, is_or, *node);
            push(parser, top, is_or ? PENDING_OR : PENDING_AND, *node);
            parser->operator_count++;
            expr_advance(parser);
            *more = true;
            return ST_OK;
        }
        *node = reduce(parser, top, true, *node);
        if (!closes || !*top) {
            *more = false;
            return *top ? expr_fail_syntax(parser) : ST_OK;
        }
        expr_advance(parser);
        *top = (*top)->outer;
        parser->redundant_parentheses |= (*node)->in_parentheses;
        (*node)->in_parentheses = true;
    }
}

static status parse_text(struct parser *parser, struct expr_node **out) {
    struct pending *top = NULL;
    bool more = true;
    while (more) {
        TRY(parse_start(parser, &top, out));
        TRY(parse_rest(parser, &top, out, &more));
    }
    return parser->token.kind == TOKEN_END ? ST_OK : expr_fail_syntax(parser);
}

/* ---- the parsed condition ---- */

void expr_condition_init(struct arena *arena, const struct expr_node *root,
                         struct expr_condition *out) {
    size_t paths = expr_node_path_count(root);
    str *names = arena_array(arena, str, paths);
    str *nested = arena_array(arena, str, paths);
    *out = (struct expr_condition){
        .root = root, .top_names = names, .nested_names = nested, .path_count = paths};
    expr_node_names(root, false, names, &out->top_name_count);
    expr_node_names(root, true, nested, &out->nested_name_count);
}

static const char *member_of(enum expr_use use) {
    switch (use) {
    case EXPR_CONDITION:
        return "ConditionExpression";
    case EXPR_FILTER:
        return "FilterExpression";
    case EXPR_KEY_CONDITION:
        return "KeyConditionExpression";
    }
    CHECK(false);
}

status expr_parse_condition(struct scope *scope, enum expr_use use, str text,
                            struct expr_placeholders *p, struct expr_condition *out) {
    struct parser parser;
    struct expr_node *root = NULL;
    TRY(expr_parser_init(&parser, scope, member_of(use), true, text, p));
    TRY(parse_text(&parser, &root));
    TRY(expr_check_condition(&parser, root));
    expr_condition_init(scope->arena, root, out);
    return ST_OK;
}
