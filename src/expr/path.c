/* Paths: finding what they name, keeping them apart, and the parts of an item under a set of them.
 *
 * Projections and updates sort their paths so that those with a common parent stand together; one
 * walk then serves all of them, and a list's elements come in the order of their indexes. */
#include "expr/expr_int.h"
#include "item/item_codec.h"

view expr_part_find(const struct expr_path_part *part, view container) {
    return part->is_index ? view_element(container, part->index)
                          : view_member(container, part->name);
}

view_cursor expr_members(view map) {
    view_cursor cursor = view_first(map);
    if (!view_next(&cursor))
        cursor.value = VIEW_NONE;
    return cursor;
}

view expr_next_member(view_cursor *cursor, str name) {
    while (view_exists(cursor->value)) {
        int order = str_cmp(cursor->name, name);
        if (order >= 0)
            return order == 0 ? cursor->value : VIEW_NONE;
        if (!view_next(cursor))
            cursor->value = VIEW_NONE;
    }
    return VIEW_NONE;
}

view expr_path_find(const struct expr_path *path, view item_map) {
    view v = item_map;
    for (size_t i = 0; i < path->count && view_exists(v); i++)
        v = expr_part_find(&path->parts[i], v);
    return v;
}

bool expr_part_equal(const struct expr_path_part *a, const struct expr_path_part *b) {
    return a->is_index == b->is_index &&
           (a->is_index ? a->index == b->index : str_eq(a->name, b->name));
}

bool expr_path_equal(const struct expr_path *a, const struct expr_path *b) {
    return a->count == b->count && expr_path_compare(a, b) == 0;
}

static int part_compare(const struct expr_path_part *a, const struct expr_path_part *b) {
    if (a->is_index != b->is_index)
        return a->is_index ? -1 : 1;
    if (a->is_index)
        return (a->index > b->index) - (a->index < b->index);
    return str_cmp(a->name, b->name);
}

int expr_path_compare(const struct expr_path *a, const struct expr_path *b) {
    size_t shorter = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < shorter; i++) {
        int order = part_compare(&a->parts[i], &b->parts[i]);
        if (order)
            return order;
    }
    return (a->count > b->count) - (a->count < b->count);
}

str expr_path_text(struct arena *arena, const struct expr_path *path) {
    struct buf text;
    buf_init(&text, arena, 64);
    buf_add_lit(&text, "[");
    for (size_t i = 0; i < path->count; i++) {
        const struct expr_path_part *part = &path->parts[i];
        if (i)
            buf_add_lit(&text, ", ");
        if (part->is_index)
            buf_printf(&text, "[%u]", part->index);
        else
            buf_add_str(&text, part->name);
    }
    buf_add_lit(&text, "]");
    return buf_str(&text);
}

void expr_names_add(str *names, size_t *count, str name) {
    for (size_t i = 0; i < *count; i++)
        if (str_eq(names[i], name))
            return;
    names[(*count)++] = name;
}

/* ---- paths that get in each other's way ---- */

enum path_relation { PATHS_APART, PATHS_OVERLAP, PATHS_CONFLICT };

static enum path_relation path_relation(const struct expr_path *a, const struct expr_path *b) {
    size_t shorter = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < shorter; i++) {
        if (a->parts[i].is_index != b->parts[i].is_index)
            return PATHS_CONFLICT;
        if (!expr_part_equal(&a->parts[i], &b->parts[i]))
            return PATHS_APART;
    }
    return PATHS_OVERLAP;
}

static int compare_for_sort(const void *a, const void *b) {
    return expr_path_compare(a, b);
}

struct expr_path *expr_paths_sorted(struct arena *arena, const struct expr_path *paths,
                                    size_t count) {
    struct expr_path *sorted = arena_array(arena, struct expr_path, count);
    memcpy(sorted, paths, count * sizeof(*paths));
    qsort(sorted, count, sizeof(*sorted), compare_for_sort);
    return sorted;
}

/* Most pairs differ in their first name, and most names in length or last byte. */
static bool plainly_apart(const struct expr_path *a, const struct expr_path *b) {
    str left = a->parts[0].name, right = b->parts[0].name;
    return left.len != right.len || left.ptr[left.len - 1] != right.ptr[right.len - 1];
}

/* The first pair in the order of the text that stands in this relation. */
static status fail_relation(struct parser *parser, const struct expr_path *paths, size_t count,
                            enum path_relation relation) {
    for (size_t two = 1; two < count; two++)
        for (size_t one = 0; one < two; one++)
            if (!plainly_apart(&paths[one], &paths[two]) &&
                path_relation(&paths[one], &paths[two]) == relation)
                return expr_fail(parser,
                                 "Two document paths %s with each other; must remove or rewrite "
                                 "one of these paths; path one: %.*s, path two: %.*s",
                                 relation == PATHS_OVERLAP ? "overlap" : "conflict",
                                 STR_ARG(expr_path_text(parser->scope->arena, &paths[one])),
                                 STR_ARG(expr_path_text(parser->scope->arena, &paths[two])));
    return ST_OK;
}

/* In sorted order a path stands right before those it holds, and the indexes of a parent right
 * before its names: neighbours tell whether there is anything to report. */
status expr_check_paths_distinct(struct parser *parser, const struct expr_path *paths,
                                 const struct expr_path *sorted, size_t count) {
    bool apart = true;
    for (size_t i = 1; i < count; i++)
        apart &= path_relation(&sorted[i - 1], &sorted[i]) == PATHS_APART;
    if (apart)
        return ST_OK;
    TRY(fail_relation(parser, paths, count, PATHS_OVERLAP));
    return fail_relation(parser, paths, count, PATHS_CONFLICT);
}

/* ---- parts of an item ---- */

/* How many of the sorted paths, from the first on, share its part at `level`. */
size_t expr_paths_group(const struct expr_path *paths, size_t count, size_t level) {
    size_t group = 1;
    while (group < count && expr_part_equal(&paths[group].parts[level], &paths[0].parts[level]))
        group++;
    return group;
}

static struct value project(const struct expr_path *paths, size_t count, size_t level, view v,
                            struct arena *arena);

static struct value project_list(const struct expr_path *paths, size_t count, size_t level,
                                 view list, struct arena *arena) {
    struct value out = {.kind = VALUE_LIST, .list = arena_array(arena, struct value, count)};
    for (size_t at = 0; at < count;) {
        size_t group = expr_paths_group(paths + at, count - at, level);
        view element = expr_part_find(&paths[at].parts[level], list);
        struct value part = project(paths + at, group, level + 1, element, arena);
        if (part.kind != VALUE_NONE)
            out.list[out.count++] = part;
        at += group;
    }
    return out.count ? out : (struct value){};
}

static struct value project_map(const struct expr_path *paths, size_t count, size_t level, view map,
                                struct arena *arena) {
    struct value out = {.kind = VALUE_MAP, .map = arena_array(arena, struct attribute, count)};
    view_cursor member = expr_members(map);
    for (size_t at = 0; at < count;) {
        size_t group = expr_paths_group(paths + at, count - at, level);
        str name = paths[at].parts[level].name;
        struct value part =
            project(paths + at, group, level + 1, expr_next_member(&member, name), arena);
        if (part.kind != VALUE_NONE)
            out.map[out.count++] = (struct attribute){.name = name, .value = part};
        at += group;
    }
    return out.count ? out : (struct value){};
}

/* The part of v under paths that agree up to `level`. Recursion: at most EXPR_PATH_PARTS_MAX. */
static struct value project(const struct expr_path *paths, size_t count, size_t level, view v,
                            struct arena *arena) {
    if (!view_exists(v))
        return (struct value){};
    if (paths[0].count == level)
        return value_thaw(v, arena);
    bool list = paths[0].parts[level].is_index;
    if (view_kind(v) != (list ? VALUE_LIST : VALUE_MAP))
        return (struct value){};
    return list ? project_list(paths, count, level, v, arena)
                : project_map(paths, count, level, v, arena);
}

struct item expr_project_paths(const struct expr_path *paths, size_t count, view map,
                               struct arena *arena) {
    if (count == 0)
        return (struct item){};
    struct value out = project(paths, count, 0, map, arena);
    return (struct item){.attributes = out.map, .count = out.count};
}
