/* Text → actions of an update.
 *
 *     SET path = operand [+|- operand], …     REMOVE path, …
 *     ADD path :value, …                      DELETE path :value, …
 *
 * each section at most once, in any order. */
#include "expr/update_int.h"

struct update_parser {
    struct parser base;
    struct update_action *actions;
    size_t count, room;
    bool seen[UPDATE_DELETE + 1];
    enum update_kind repeated;
    bool any_repeated;
};

str expr_update_kind_name(enum update_kind kind) {
    switch (kind) {
    case UPDATE_SET:
        return STR("SET");
    case UPDATE_REMOVE:
        return STR("REMOVE");
    case UPDATE_ADD:
        return STR("ADD");
    case UPDATE_DELETE:
        return STR("DELETE");
    }
    CHECK(false);
}

static bool section_of(enum keyword keyword, enum update_kind *out) {
    if (keyword < KEYWORD_SET)
        return false;
    static_assert(KEYWORD_DELETE - KEYWORD_SET == (int)UPDATE_DELETE - (int)UPDATE_SET,
                  "same order");
    *out = (enum update_kind)(keyword - KEYWORD_SET);
    return true;
}

/* operand [+|- operand], the whole in parentheses or not: `(a) + b` and `(a + b)` are both fine,
 * so the parentheses that open may close on either side of the operator. */
static status parse_assigned(struct parser *parser, struct expr_node **out) {
    size_t open = 0;
    while (parser->token.kind == TOKEN_OPEN) {
        open++;
        expr_advance(parser);
    }
    struct expr_node *operand = NULL;
    TRY(expr_parse_operand(parser, &operand));
    for (; open && parser->token.kind == TOKEN_CLOSE; open--)
        expr_advance(parser);
    bool plus = parser->token.kind == TOKEN_PLUS;
    if (plus || parser->token.kind == TOKEN_MINUS) {
        struct expr_node *node = expr_node_new(parser->scope->arena, plus ? NODE_PLUS : NODE_MINUS);
        expr_node_add(node, operand);
        parser->operator_count++;
        expr_advance(parser);
        TRY(expr_parse_operand(parser, &operand));
        expr_node_add(node, operand);
        operand = node;
    }
    for (; open; open--)
        TRY(expr_expect(parser, TOKEN_CLOSE));
    *out = operand;
    return ST_OK;
}

static status parse_action(struct parser *parser, enum update_kind kind,
                           struct update_action *out) {
    *out = (struct update_action){.kind = kind};
    TRY(expr_parse_path(parser, &out->path));
    switch (kind) {
    case UPDATE_SET:
        TRY(expr_expect(parser, TOKEN_EQ));
        return parse_assigned(parser, &out->operand);
    case UPDATE_ADD:
    case UPDATE_DELETE:
        if (parser->token.kind != TOKEN_VARIABLE)
            return expr_fail_syntax(parser);
        return expr_parse_operand(parser, &out->operand);
    case UPDATE_REMOVE:
        return ST_OK;
    }
    CHECK(false);
}

static struct update_action *new_action(struct update_parser *update) {
    if (update->count == update->room) {
        size_t more = update->room ? update->room * 2 : 8;
        update->actions =
            arena_grow(update->base.scope->arena, update->actions,
                       update->room * sizeof(*update->actions), more * sizeof(*update->actions));
        update->room = more;
    }
    return &update->actions[update->count++];
}

static status parse_section(struct update_parser *update) {
    struct parser *parser = &update->base;
    enum update_kind kind;
    if (!section_of(parser->token.keyword, &kind))
        return expr_fail_syntax(parser);
    if (update->seen[kind] && !update->any_repeated) {
        update->any_repeated = true;
        update->repeated = kind;
    }
    update->seen[kind] = true;
    do {
        expr_advance(parser); /* past the keyword or the comma */
        TRY(parse_action(parser, kind, new_action(update)));
    } while (parser->token.kind == TOKEN_COMMA);
    return ST_OK;
}

static int compare_actions(const void *a, const void *b) {
    return expr_path_compare(&(*(struct update_action *const *)a)->path,
                             &(*(struct update_action *const *)b)->path);
}

void expr_update_prepare(struct arena *arena, struct expr_update *update) {
    update->sorted = arena_array(arena, const struct update_action *, update->count);
    for (size_t i = 0; i < update->count; i++)
        update->sorted[i] = &update->actions[i];
    qsort(update->sorted, update->count, sizeof(*update->sorted), compare_actions);
    update->targets = arena_array(arena, str, update->count);
    for (size_t i = 0; i < update->count; i++) {
        str name = update->sorted[i]->path.parts[0].name;
        size_t n = update->target_count;
        if (n == 0 || !str_eq(update->targets[n - 1], name))
            update->targets[update->target_count++] = name;
    }
}

status expr_parse_update(struct scope *scope, str text, struct expr_placeholders *p,
                         struct expr_update **out) {
    struct update_parser update = {};
    struct parser *parser = &update.base;
    TRY(expr_parser_init(parser, scope, "UpdateExpression", false, text, p));
    do
        TRY(parse_section(&update));
    while (parser->token.kind != TOKEN_END);
    struct expr_update *parsed = arena_struct(scope->arena, struct expr_update);
    parsed->actions = update.actions;
    parsed->count = update.count;
    TRY(expr_check_update(parser, parsed, update.any_repeated ? &update.repeated : NULL));
    expr_update_prepare(scope->arena, parsed);
    *out = parsed;
    return ST_OK;
}

void expr_update_targets(const struct expr_update *update, const str **out_names,
                         size_t *out_count) {
    *out_names = update->targets;
    *out_count = update->target_count;
}

void expr_update_nested(const struct expr_update *update, struct arena *arena,
                        const str **out_names, size_t *out_count) {
    size_t paths = update->count, count = 0;
    for (size_t i = 0; i < update->count; i++)
        if (update->actions[i].operand != NULL)
            paths += expr_node_path_count(update->actions[i].operand);
    str *names = arena_array(arena, str, paths);
    for (size_t i = 0; i < update->count; i++) {
        const struct update_action *action = &update->actions[i];
        if (action->path.count > 1)
            expr_names_add(names, &count, action->path.parts[0].name);
        if (action->operand != NULL)
            expr_node_names(action->operand, true, names, &count);
    }
    *out_names = names;
    *out_count = count;
}

static enum value_kind operand_kind(const struct expr_node *operand) {
    if (operand->kind == NODE_PLUS || operand->kind == NODE_MINUS)
        return VALUE_NUMBER;
    if (operand->kind == NODE_CALL && operand->function == FUNCTION_LIST_APPEND)
        return VALUE_LIST;
    return expr_constant_kind(operand);
}

enum value_kind expr_update_kind_of(const struct expr_update *update, str name) {
    for (size_t i = 0; i < update->count; i++) {
        const struct update_action *action = &update->actions[i];
        if (action->path.count == 1 && str_eq(action->path.parts[0].name, name))
            return action->operand ? operand_kind(action->operand) : VALUE_NONE;
    }
    return VALUE_NONE;
}

bool expr_update_only_removes(const struct expr_update *update) {
    for (size_t i = 0; i < update->count; i++)
        if (update->actions[i].kind != UPDATE_REMOVE &&
            !(update->legacy && update->actions[i].kind == UPDATE_DELETE))
            return false;
    return true;
}

static size_t action_overhead(const struct update_action *action) {
    enum { WRITING = 19, CLEARING = 2, LIST_INDEX = 1, ARITHMETIC = 50 };
    size_t size = action->kind == UPDATE_REMOVE ? CLEARING : WRITING;
    for (size_t i = 0; i < action->path.count; i++)
        size += action->path.parts[i].is_index ? LIST_INDEX : 0;
    const struct expr_node *operand = action->operand;
    if (operand != NULL && (operand->kind == NODE_PLUS || operand->kind == NODE_MINUS))
        size += ARITHMETIC;
    return size;
}

size_t expr_update_overhead(const struct expr_update *update) {
    enum { BASE = 3 };
    size_t size = BASE;
    for (size_t i = 0; i < update->count; i++)
        size += action_overhead(&update->actions[i]);
    return size;
}

struct item expr_update_project(const struct expr_update *update, view map, struct arena *arena) {
    return expr_project_paths(update->sorted_paths, update->count, map, arena);
}
