/* WHERE: text → the conditions that are joined by AND, each a tree of expr.
 *
 * A condition is parsed into the list of its ANDed parts; they are put together into one tree only
 * where an OR or NOT needs that. So WHERE ends as a list, from which those that fix keys are taken
 * by whoever knows the schema. */
#include "partiql/partiql_int.h"

/* A condition, or only an operand: what a parenthesis holds is known when it closes. */
struct branch {
    struct partiql_term *first, *last;
    bool is_operand;
    struct operand operand;
};

static status parse_or(struct parser *parser, bool in_parentheses, struct branch *out);

/* ---- branches ---- */

static void set_term(struct parser *parser, struct branch *branch, struct partiql_term term) {
    *branch = (struct branch){.first = arena_struct(parser->scope->arena, struct partiql_term)};
    *branch->first = term;
    branch->last = branch->first;
}

static struct expr_node *branch_node(struct parser *parser, const struct branch *branch) {
    if (branch->first == branch->last)
        return branch->first->node;
    struct expr_node *node = expr_build_operator(parser->scope->arena, EXPR_AND);
    for (struct partiql_term *term = branch->first; term; term = term->next)
        expr_build_add(node, term->node);
    return node;
}

static status not_operand(struct parser *parser, const struct branch *branch) {
    return branch->is_operand ? partiql_fail_expected(parser, STR("operator after operand"))
                              : ST_OK;
}

/* ---- operands ---- */

static status call_size(struct parser *parser, struct operand *out) {
    struct expr_path path;
    parser->operator_count++;
    TRY(partiql_advance(parser));
    TRY(partiql_expect(parser, TOKEN_OPEN, "'('"));
    TRY(partiql_path(parser, &path));
    TRY(partiql_expect(parser, TOKEN_CLOSE, "')'"));
    *out = (struct operand){.node = expr_build_function(parser->scope->arena, STR("size"))};
    expr_build_add(out->node, expr_build_path(parser->scope->arena, path));
    return ST_OK;
}

static bool is_call(const struct parser *parser) {
    return parser->token.kind == TOKEN_WORD && parser->next.kind == TOKEN_OPEN &&
           partiql_is_name(&parser->token);
}

static status read_operand(struct parser *parser, struct operand *out) {
    struct arena *arena = parser->scope->arena;
    *out = (struct operand){};
    if (partiql_starts_value(parser)) {
        struct value value;
        TRY(partiql_value(parser, &value));
        out->value = partiql_encode(parser, &value);
        out->node = expr_build_value(arena, out->value);
        return ST_OK;
    }
    if (is_call(parser)) {
        if (partiql_is_word(&parser->token, STR("size")))
            return call_size(parser, out);
        return partiql_fail_at(parser, STR("Unsupported function"), &parser->token);
    }
    if (!partiql_is_name(&parser->token) && parser->token.kind != TOKEN_WORD)
        return partiql_fail_expected(parser, STR("expression"));
    TRY(partiql_path(parser, &out->path));
    out->is_path = true;
    out->node = expr_build_path(arena, out->path);
    return ST_OK;
}

status partiql_operand(struct parser *parser, struct operand *out) {
    size_t open = 0;
    for (; parser->token.kind == TOKEN_OPEN; open++)
        TRY(partiql_advance(parser));
    TRY(read_operand(parser, out));
    for (; open > 0; open--)
        TRY(partiql_expect(parser, TOKEN_CLOSE, "')'"));
    return ST_OK;
}

/* ---- comparisons ---- */

static bool is_key(const struct operand *operand) {
    return operand->is_path && operand->path.count == 1;
}

static bool comparator_of(enum token_kind kind, enum expr_operator *out) {
    if (kind < TOKEN_EQ || kind > TOKEN_GE)
        return false;
    static_assert(TOKEN_GE - TOKEN_EQ == (int)EXPR_GE - (int)EXPR_EQ, "same order");
    *out = (enum expr_operator)(EXPR_EQ + (kind - TOKEN_EQ));
    return true;
}

/* flipped: the attribute stands on the right. False for <>. */
static bool key_operator_of(enum token_kind kind, bool flipped, enum key_operator *out) {
    static const enum key_operator straight[] = {KEY_EQ, KEY_EQ, KEY_LT, KEY_LE, KEY_GT, KEY_GE};
    static const enum key_operator turned[] = {KEY_EQ, KEY_EQ, KEY_GT, KEY_GE, KEY_LT, KEY_LE};
    *out = (flipped ? turned : straight)[kind - TOKEN_EQ];
    return kind != TOKEN_NE;
}

static status parse_compare(struct parser *parser, const struct operand *left,
                            struct partiql_term *out) {
    enum token_kind kind = parser->token.kind;
    enum expr_operator op;
    struct operand right;
    bool known = comparator_of(kind, &op);
    CHECK(known);
    parser->operator_count++;
    TRY(partiql_advance(parser));
    TRY(partiql_operand(parser, &right));
    out->node = expr_build_operator(parser->scope->arena, op);
    expr_build_add(out->node, left->node);
    expr_build_add(out->node, right.node);
    bool flipped = is_key(&right) && view_exists(left->value);
    const struct operand *key = flipped ? &right : left;
    view value = flipped ? left->value : right.value;
    if (is_key(key) && view_exists(value) && key_operator_of(kind, flipped, &out->key.op)) {
        out->test = TEST_KEY;
        out->key.name = key->path.parts[0].name;
        out->key.value = value;
    }
    return ST_OK;
}

static status parse_between(struct parser *parser, const struct operand *left,
                            struct partiql_term *out) {
    struct operand low, high;
    TRY(partiql_operand(parser, &low));
    if (!partiql_is_word(&parser->token, STR("AND")))
        return partiql_fail(parser, "Expected AND after BETWEEN");
    TRY(partiql_advance(parser));
    TRY(partiql_operand(parser, &high));
    out->node = expr_build_operator(parser->scope->arena, EXPR_BETWEEN);
    expr_build_add(out->node, left->node);
    expr_build_add(out->node, low.node);
    expr_build_add(out->node, high.node);
    if (is_key(left) && view_exists(low.value) && view_exists(high.value)) {
        out->test = TEST_KEY;
        out->key = (struct key_condition){.name = left->path.parts[0].name,
                                          .op = KEY_BETWEEN,
                                          .value = low.value,
                                          .value_to = high.value};
    }
    return ST_OK;
}

static status parse_in(struct parser *parser, const struct operand *left,
                       struct partiql_term *out) {
    bool brackets = parser->token.kind == TOKEN_OPEN_INDEX;
    if (!brackets && parser->token.kind != TOKEN_OPEN)
        return partiql_fail(parser, "Expected '(' or '[' after IN");
    enum token_kind end = brackets ? TOKEN_CLOSE_INDEX : TOKEN_CLOSE;
    view *values = arena_array(parser->scope->arena, view, PARTIQL_IN_VALUES_MAX);
    bool constant = true, more = true;
    out->node = expr_build_operator(parser->scope->arena, EXPR_IN);
    expr_build_add(out->node, left->node);
    while (more) {
        struct operand one;
        if (out->value_count == PARTIQL_IN_VALUES_MAX)
            return fail_validation(parser->scope, "The IN operator takes at most %d values",
                                   PARTIQL_IN_VALUES_MAX);
        TRY(partiql_advance(parser));
        TRY(partiql_operand(parser, &one));
        expr_build_add(out->node, one.node);
        constant &= view_exists(one.value);
        values[out->value_count++] = one.value;
        more = parser->token.kind == TOKEN_COMMA;
    }
    TRY(partiql_expect(parser, end, brackets ? "']'" : "')'"));
    if (is_key(left) && constant) {
        out->test = TEST_IN;
        out->key.name = left->path.parts[0].name;
        out->values = values;
    }
    return ST_OK;
}

static struct expr_node *negated(struct parser *parser, struct expr_node *node) {
    struct expr_node *outer = expr_build_operator(parser->scope->arena, EXPR_NOT);
    expr_build_add(outer, node);
    return outer;
}

/* IS [NOT] MISSING, IS [NOT] NULL */
static status parse_is(struct parser *parser, const struct operand *left,
                       struct partiql_term *out) {
    struct arena *arena = parser->scope->arena;
    bool not, missing, null = false;
    TRY(partiql_accept_word(parser, STR("NOT"), &not ));
    TRY(partiql_accept_word(parser, STR("MISSING"), &missing));
    if (!missing)
        TRY(partiql_accept_word(parser, STR("NULL"), &null));
    if (!missing && !null)
        return partiql_fail(parser, "Expected MISSING or NULL after IS");
    if (!left->is_path)
        return partiql_fail(parser, "Expected attribute path before IS");
    if (missing) {
        out->node =
            expr_build_function(arena, not ? STR("attribute_exists") : STR("attribute_not_exists"));
        expr_build_add(out->node, left->node);
        return ST_OK;
    }
    struct expr_node *is_null = expr_build_function(arena, STR("attribute_type"));
    expr_build_add(is_null, left->node);
    expr_build_add(is_null, expr_build_value(arena, partiql_encode_text(parser, STR("NULL"))));
    out->node = not ? negated(parser, is_null) : is_null;
    return ST_OK;
}

/* Behind an operand. *found is false when no operator stands there. */
static status parse_rest(struct parser *parser, const struct operand *left,
                         struct partiql_term *out, bool *found) {
    enum expr_operator op;
    bool not = partiql_is_word(&parser->token, STR("NOT")), in, between, is;
    *out = (struct partiql_term){};
    *found = true;
    if (comparator_of(parser->token.kind, &op))
        return parse_compare(parser, left, out);
    if (not )
        TRY(partiql_advance(parser));
    in = partiql_is_word(&parser->token, STR("IN"));
    between = partiql_is_word(&parser->token, STR("BETWEEN"));
    is = !not &&partiql_is_word(&parser->token, STR("IS"));
    if (!in && !between && !is) {
        *found = false;
        return not ? partiql_fail(parser, "Expected IN or BETWEEN after NOT") : ST_OK;
    }
    parser->operator_count++;
    TRY(partiql_advance(parser));
    TRY(in        ? parse_in(parser, left, out)
        : between ? parse_between(parser, left, out)
                  : parse_is(parser, left, out));
    if (not )
        *out = (struct partiql_term){.node = negated(parser, out->node)};
    return ST_OK;
}

/* ---- functions that are conditions ---- */

static str condition_function(const struct token *token) {
    static const str names[] = {STR_INIT("begins_with"), STR_INIT("contains"),
                                STR_INIT("attribute_type")};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (partiql_is_word(token, names[i]))
            return names[i];
    return (str){};
}

static status parse_function(struct parser *parser, str name, struct branch *out) {
    struct operand first, second;
    struct partiql_term term = {.node = expr_build_function(parser->scope->arena, name)};
    parser->operator_count++;
    TRY(partiql_advance(parser));
    TRY(partiql_expect(parser, TOKEN_OPEN, "'('"));
    TRY(partiql_operand(parser, &first));
    TRY(partiql_expect(parser, TOKEN_COMMA, "','"));
    TRY(partiql_operand(parser, &second));
    TRY(partiql_expect(parser, TOKEN_CLOSE, "')'"));
    expr_build_add(term.node, first.node);
    expr_build_add(term.node, second.node);
    if (str_eq(name, STR("begins_with")) && is_key(&first) && view_exists(second.value)) {
        term.test = TEST_KEY;
        term.key = (struct key_condition){
            .name = first.path.parts[0].name, .op = KEY_BEGINS_WITH, .value = second.value};
    }
    set_term(parser, out, term);
    return ST_OK;
}

/* ---- the grammar ---- */

static status parse_parentheses(struct parser *parser, struct branch *out) {
    TRY(partiql_enter(parser));
    TRY(partiql_advance(parser));
    TRY(parse_or(parser, true, out));
    parser->depth--;
    return partiql_expect(parser, TOKEN_CLOSE, "')'");
}

/* in_parentheses: a lone operand is fine, if the parenthesis closes behind it. */
static status parse_predicate(struct parser *parser, bool in_parentheses, struct branch *out) {
    str function = is_call(parser) ? condition_function(&parser->token) : (str){};
    if (function.ptr != NULL)
        return parse_function(parser, function, out);
    if (parser->token.kind == TOKEN_OPEN) {
        TRY(parse_parentheses(parser, out));
        if (!out->is_operand)
            return ST_OK;
    } else {
        *out = (struct branch){.is_operand = true};
        TRY(partiql_operand(parser, &out->operand));
    }
    struct partiql_term term;
    bool found;
    TRY(parse_rest(parser, &out->operand, &term, &found));
    if (found)
        set_term(parser, out, term);
    else if (!in_parentheses || parser->token.kind != TOKEN_CLOSE)
        return not_operand(parser, out);
    return ST_OK;
}

static status parse_not(struct parser *parser, bool in_parentheses, struct branch *out) {
    if (!partiql_is_word(&parser->token, STR("NOT")))
        return parse_predicate(parser, in_parentheses, out);
    parser->operator_count++;
    TRY(partiql_enter(parser));
    TRY(partiql_advance(parser));
    TRY(parse_not(parser, false, out));
    parser->depth--;
    set_term(parser, out, (struct partiql_term){.node = negated(parser, branch_node(parser, out))});
    return ST_OK;
}

static status parse_and(struct parser *parser, bool in_parentheses, struct branch *out) {
    TRY(parse_not(parser, in_parentheses, out));
    while (partiql_is_word(&parser->token, STR("AND"))) {
        struct branch right;
        TRY(not_operand(parser, out));
        parser->operator_count++;
        TRY(partiql_advance(parser));
        TRY(parse_not(parser, false, &right));
        out->last->next = right.first;
        out->last = right.last;
    }
    return ST_OK;
}

/* Joins the constants of a branch to those that one attribute may equal; no longer TEST_OR when the
 * branch says something else. */
static void add_choice(struct parser *parser, const struct branch *branch,
                       struct partiql_term *either) {
    const struct partiql_term *term = branch->first;
    bool equal = term->test == TEST_KEY && term->key.op == KEY_EQ;
    bool among = term->test == TEST_IN || term->test == TEST_OR;
    const view *more = equal ? &term->key.value : term->values;
    size_t more_count = equal ? 1 : term->value_count, count = either->value_count;
    if (either->test != TEST_OR || term != branch->last || !(equal || among) ||
        (count > 0 && !str_eq(either->key.name, term->key.name)) ||
        count + more_count > PARTIQL_IN_VALUES_MAX) {
        *either = (struct partiql_term){.node = either->node, .test = TEST_OTHER};
        return;
    }
    view *values = arena_array(parser->scope->arena, view, count + more_count);
    if (count > 0)
        memcpy(values, either->values, count * sizeof *values);
    memcpy(values + count, more, more_count * sizeof *values);
    either->key.name = term->key.name;
    either->values = values;
    either->value_count = count + more_count;
}

static void add_alternative(struct parser *parser, const struct branch *branch,
                            struct partiql_term *either) {
    expr_build_add(either->node, branch_node(parser, branch));
    add_choice(parser, branch, either);
}

static status parse_or(struct parser *parser, bool in_parentheses, struct branch *out) {
    struct partiql_term either = {.test = TEST_OR};
    TRY(parse_and(parser, in_parentheses, out));
    while (partiql_is_word(&parser->token, STR("OR"))) {
        struct branch right;
        TRY(not_operand(parser, out));
        parser->operator_count++;
        TRY(partiql_advance(parser));
        TRY(parse_and(parser, false, &right));
        if (either.node == NULL) {
            either.node = expr_build_operator(parser->scope->arena, EXPR_OR);
            add_alternative(parser, out, &either);
        }
        add_alternative(parser, &right, &either);
    }
    if (either.node != NULL)
        set_term(parser, out, either);
    return ST_OK;
}

status partiql_condition(struct parser *parser, struct partiql_term **out) {
    struct branch all;
    TRY(parse_or(parser, false, &all));
    if (parser->operator_count > EXPR_BUILD_OPERATORS_MAX)
        return fail_validation(parser->scope,
                               "The expression contains too many operators; operator count: %zu",
                               parser->operator_count);
    /* Each by itself: what is wrong with it is told before any table is looked at. */
    for (struct partiql_term *term = all.first; term; term = term->next) {
        struct expr_condition checked;
        TRY(expr_build_condition(parser->scope, term->node, &checked));
    }
    *out = all.first;
    return ST_OK;
}
