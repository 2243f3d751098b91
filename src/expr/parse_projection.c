/* ProjectionExpression: paths, separated by commas. */
#include "expr/expr_int.h"

static status parse_paths(struct parser *parser, struct expr_path **out, size_t *out_count) {
    struct expr_path *paths = NULL;
    size_t count = 0, room = 0;
    for (;;) {
        if (count == room) {
            size_t more = room ? room * 2 : 8;
            paths = arena_grow(parser->scope->arena, paths, room * sizeof(*paths),
                               more * sizeof(*paths));
            room = more;
        }
        TRY(expr_parse_path(parser, &paths[count++]));
        if (parser->token.kind != TOKEN_COMMA)
            break;
        expr_advance(parser);
    }
    *out = paths;
    *out_count = count;
    return parser->token.kind == TOKEN_END ? ST_OK : expr_fail_syntax(parser);
}

status expr_parse_projection(struct scope *scope, str text, struct expr_placeholders *p,
                             struct expr_projection *out) {
    struct parser parser;
    struct expr_path *paths = NULL;
    size_t count = 0;
    TRY(expr_parser_init(&parser, scope, "ProjectionExpression", false, text, p));
    TRY(parse_paths(&parser, &paths, &count));
    for (size_t i = 0; i < count; i++)
        TRY(expr_check_path_words(&parser, &paths[i]));
    for (size_t i = 0; i < count; i++)
        TRY(expr_resolve_path(&parser, &paths[i]));
    struct expr_path *sorted = expr_paths_sorted(scope->arena, paths, count);
    TRY(expr_check_paths_distinct(&parser, paths, sorted, count));
    *out = (struct expr_projection){.paths = sorted, .count = count};
    return ST_OK;
}

status expr_projection_from_names(struct scope *scope, const str *names, size_t count,
                                  struct expr_projection *out) {
    struct expr_path_part *parts = arena_array(scope->arena, struct expr_path_part, count);
    struct expr_path *paths = arena_array(scope->arena, struct expr_path, count);
    for (size_t i = 0; i < count; i++) {
        parts[i] = (struct expr_path_part){.name = names[i]};
        paths[i] = (struct expr_path){.parts = &parts[i], .count = 1};
    }
    struct expr_path *sorted = expr_paths_sorted(scope->arena, paths, count);
    for (size_t i = 1; i < count; i++)
        if (expr_path_equal(&sorted[i - 1], &sorted[i]))
            return fail_validation(
                scope,
                "One or more parameter values were invalid: Duplicate value in attribute name: "
                "%.*s",
                STR_ARG(sorted[i].parts[0].name));
    *out = (struct expr_projection){.paths = sorted, .count = count};
    return ST_OK;
}

struct item expr_project(const struct expr_projection *projection, view item_map,
                         struct arena *arena) {
    return expr_project_paths(projection->paths, projection->count, item_map, arena);
}
