/* expr_int.h - the tree of an expression, and what its parsers and checks share.
 *
 * Purpose:   nodes are made by the expr_node_* constructors only, so that conditions which arrive
 *            in another form than text (legacy parameters) become the same trees.
 * Ownership: nodes live in the scope's arena and borrow from the expression text.
 * Threads:   one at a time while parsing; read-only after.
 * Errors:    ST_FAILED, through expr_fail.
 * Limits:    a tree that passed its checks has at most EXPR_OPERATORS_MAX operators and functions,
 *            which bounds its depth and with it every recursion over it.
 */
#pragma once

#include "base/check.h"
#include "expr/expr.h"
#include "expr/lex_int.h"

#include <assert.h>
#include <inttypes.h>

enum {
    EXPR_TEXT_MAX = 4096,
    EXPR_OPERATORS_MAX = 300,
    EXPR_IN_OPERANDS_MAX = 100, /* the one on the left counted */
    EXPR_PATH_PARTS_MAX = 32,
    EXPR_PLACEHOLDER_MAX = 255,
    EXPR_SUBSTITUTION_MAX = 2 * 1024 * 1024,
    /* Of all values an update stores: an item holds 400 KiB, and each list that list_append joins
     * is counted with its own few bytes. */
    EXPR_RESULT_MAX = 400 * 1024 + 3 * EXPR_OPERATORS_MAX,
};

enum node_kind {
    /* operands */
    NODE_PATH,
    NODE_VALUE,
    NODE_CALL, /* a function; some are operands, some conditions */
    /* conditions */
    NODE_COMPARE,
    NODE_BETWEEN,
    NODE_IN,
    NODE_NOT,
    NODE_AND,
    NODE_OR,
    /* right-hand sides of SET */
    NODE_PLUS,
    NODE_MINUS,
};

enum comparator { COMPARE_EQ, COMPARE_NE, COMPARE_LT, COMPARE_LE, COMPARE_GT, COMPARE_GE };

enum function {
    FUNCTION_UNKNOWN,
    FUNCTION_ATTRIBUTE_EXISTS,
    FUNCTION_ATTRIBUTE_NOT_EXISTS,
    FUNCTION_ATTRIBUTE_TYPE,
    FUNCTION_BEGINS_WITH,
    FUNCTION_CONTAINS,
    FUNCTION_SIZE,
    FUNCTION_IF_NOT_EXISTS,
    FUNCTION_LIST_APPEND,
};

struct expr_node {
    enum node_kind kind;
    union {
        enum comparator comparator; /* NODE_COMPARE */
        enum function function;     /* NODE_CALL */
    };
    bool in_parentheses;     /* the text had them right around this node */
    str text;                /* NODE_CALL: the name as written; NODE_VALUE: the placeholder */
    struct expr_path path;   /* NODE_PATH */
    view value;              /* NODE_VALUE: what the placeholder stands for */
    enum value_kind wanted;  /* attribute_type: the kind it asks for */
    struct expr_node *first; /* operands, linked by next */
    struct expr_node *last;
    struct expr_node *next;
    size_t count;
};

/* ---- node.c ---- */

struct expr_node *expr_node_path(struct arena *arena, struct expr_path path);
struct expr_node *expr_node_value(struct arena *arena, str placeholder, view value);
struct expr_node *expr_node_call(struct arena *arena, str name);
struct expr_node *expr_node_compare(struct arena *arena, enum comparator comparator,
                                    struct expr_node *left, struct expr_node *right);
/* A node of another kind without operands yet. */
struct expr_node *expr_node_new(struct arena *arena, enum node_kind kind);
void expr_node_add(struct expr_node *node, struct expr_node *operand);
/* Paths at and below a node; and the distinct top-level names of them, or (`nested`) of those with
 * more than one part, added to names[]. */
size_t expr_node_path_count(const struct expr_node *node);
void expr_node_names(const struct expr_node *node, bool nested, str *names, size_t *count);
/* "=", "BETWEEN", "begins_with": how texts name it. */
str expr_node_name(const struct expr_node *node);
static inline bool expr_node_is_operand(const struct expr_node *node) {
    return node->kind == NODE_PATH || node->kind == NODE_VALUE;
}

/* ---- parser.c ---- */

struct parser {
    struct scope *scope;
    const char *member; /* "FilterExpression": every text starts by it; NULL: there was no text */
    bool is_condition;  /* AND, OR, NOT, IN, BETWEEN are no names */
    struct expr_placeholders *placeholders;
    str text;
    size_t at; /* behind `next` */
    struct token previous, token, next;
    size_t operator_count;
    bool redundant_parentheses;
};

/* Whether names and placeholders are still as written. A tree from build.h has none. */
static inline bool expr_is_text(const struct parser *parser) {
    return parser->member != NULL;
}
/* Refuses an empty or too long text; then parser->token is the first token. */
status expr_parser_init(struct parser *parser, struct scope *scope, const char *member,
                        bool is_condition, str text, struct expr_placeholders *placeholders);
void expr_advance(struct parser *parser);
/* Consumes a token of that kind or fails. */
status expr_expect(struct parser *parser, enum token_kind kind);
/* "Invalid FilterExpression: …" */
[[gnu::format(printf, 2, 3)]] status expr_fail(struct parser *parser, const char *format, ...);
/* Syntax error at the current token. */
status expr_fail_syntax(struct parser *parser);
status expr_check_operator_count(struct parser *parser);

/* The path that starts at the current token; names are as written until expr_resolve_path. */
status expr_parse_path(struct parser *parser, struct expr_path *out);
/* A path, a value, a function with its operands, any of them in parentheses. Uses no recursion. */
status expr_parse_operand(struct parser *parser, struct expr_node **out);

/* ---- check.c: steps that conditions, updates and projections share ---- */

typedef status node_check(struct parser *parser, struct expr_node *node);
/* Operands first, in the order of the text. */
status expr_check_each(struct parser *parser, struct expr_node *node, node_check *check);
/* Reserved words in a path that is still as written. */
status expr_check_path_words(struct parser *parser, const struct expr_path *path);
status expr_check_words(struct parser *parser, struct expr_node *node);
/* Puts names in the place of #names, numbers in the place of index texts. */
status expr_resolve_path(struct parser *parser, struct expr_path *path);
status expr_resolve_value(struct parser *parser, struct expr_node *node);
status expr_resolve(struct parser *parser, struct expr_node *node);
status expr_fail_operand_count(struct parser *parser, const struct expr_node *node, size_t count);
/* "operator or function: NAME, operand type: TYPE" */
status expr_fail_operand_type(struct parser *parser, const struct expr_node *node, str type);
/* The kind an operand has whatever the item holds; VALUE_NONE when that depends on the item. */
enum value_kind expr_constant_kind(const struct expr_node *node);

/* check_condition.c */
status expr_check_condition(struct parser *parser, struct expr_node *root);
/* Fills in the names that a checked condition mentions. */
void expr_condition_init(struct arena *arena, const struct expr_node *root,
                         struct expr_condition *out);

/* ---- placeholders.c ---- */

struct expr_name *expr_find_name(struct expr_placeholders *placeholders, str placeholder);
struct expr_value *expr_find_value(struct expr_placeholders *placeholders, str placeholder);

/* ---- path.c ---- */

/* [a, b, [1]]: how texts show a path. */
str expr_path_text(struct arena *arena, const struct expr_path *path);
bool expr_path_equal(const struct expr_path *a, const struct expr_path *b);
/* Refuses paths of which one holds the other, and paths that need one place to be both list and
 * map. Overlaps come before conflicts. */
status expr_check_paths_distinct(struct parser *parser, const struct expr_path *paths,
                                 const struct expr_path *sorted, size_t count);
/* Order in which paths of one parent stand together: indexes ascending, then names. */
int expr_path_compare(const struct expr_path *a, const struct expr_path *b);
struct expr_path *expr_paths_sorted(struct arena *arena, const struct expr_path *paths,
                                    size_t count);
/* How many of the sorted paths, from the first on, share its part at `level`. */
size_t expr_paths_group(const struct expr_path *paths, size_t count, size_t level);
bool expr_part_equal(const struct expr_path_part *a, const struct expr_path_part *b);
view expr_part_find(const struct expr_path_part *part, view container);
/* Members by ascending names, in one walk over the map: there may be as many of either as fit in
 * a request and in an item. */
view_cursor expr_members(view map);
view expr_next_member(view_cursor *cursor, str name);
/* The parts of a map under `paths` (sorted by expr_path_compare), as an item. */
struct item expr_project_paths(const struct expr_path *paths, size_t count, view map,
                               struct arena *arena);
/* Adds a name once. */
void expr_names_add(str *names, size_t *count, str name);

/* ---- reserved_words.c ---- */

bool expr_is_reserved(str name);
size_t expr_reserved_count(void);
str expr_reserved_word(size_t index);
