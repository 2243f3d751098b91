/* How the service tells broken constraints: all of an input in one sentence, in the order of the
 * table, each as
 *
 *    Value 'x' at 'path.to.member' failed to satisfy constraint: Member must …
 *
 * In a path, names begin with a small letter; an element of a list is N.member (from 1), a map's
 * value KEY.member. Values are printed as Java would: [a, b], {k=v}, Structure(member=value); only
 * attribute values are printed as JSON. */
#include "api/shape_int.h"
#include "api/shape_read.h"
#include "base/buf.h"
#include "item/item_json.h"

struct telling {
    struct scope *scope;
    struct buf path;
    struct buf text;
    unsigned count;
    size_t value_end; /* printing a value stops when `text` is this long */
};

/* ---- paths ---- */

static void path_add(struct telling *t, str part) {
    if (t->path.len > 0)
        buf_add_byte(&t->path, '.');
    buf_add_str(&t->path, part);
}

static void add_lower_first(struct buf *out, str name) {
    buf_add_byte(out, (unsigned char)(name.ptr[0] | 0x20));
    buf_add_str(out, str_slice(name, 1, name.len));
}

static void path_add_member(struct telling *t, str name) {
    if (t->path.len > 0)
        buf_add_byte(&t->path, '.');
    add_lower_first(&t->path, name);
}

/* ---- values ---- */

static void print_value(struct telling *t, const struct shape *shape, const void *slot);

/* Whether there is room for more of the value; its first bytes say enough. */
static bool has_room(const struct telling *t) {
    return t->text.len < t->value_end;
}

static void print_bytes(struct telling *t, str bytes) {
    size_t room = has_room(t) ? t->value_end - t->text.len : 0;
    if (bytes.len > room) {
        bytes.len = room;
        while (bytes.len > 0 && ((unsigned char)bytes.ptr[bytes.len] & 0xc0) == 0x80)
            bytes.len--; /* not through a character */
    }
    buf_add_str(&t->text, bytes);
}

static void print_struct(struct telling *t, const struct shape *shape, const char *in) {
    print_bytes(t, shape->name);
    print_bytes(t, STR("("));
    for (size_t i = 0; i < shape->member_count && has_room(t); i++) {
        const struct shape_member *member = &shape_members[shape->first_member + i];
        if (i > 0)
            print_bytes(t, STR(", "));
        add_lower_first(&t->text, member->name);
        print_bytes(t, STR("="));
        print_value(t, &shapes[member->shape], in + member->offset);
    }
    print_bytes(t, STR(")"));
}

static void print_list(struct telling *t, const struct shape *shape, const struct any_list *list) {
    const struct shape *element = &shapes[shape->element];
    size_t size = shape_slot_size((enum shape_kind)element->kind);
    print_bytes(t, STR("["));
    for (size_t i = 0; i < list->count && has_room(t); i++) {
        if (i > 0)
            print_bytes(t, STR(", "));
        print_value(t, element, (const char *)list->at + i * size);
    }
    print_bytes(t, STR("]"));
}

static void print_map(struct telling *t, const struct shape *shape, const struct any_map *map) {
    const struct shape *element = &shapes[shape->element];
    size_t size = shape_slot_size((enum shape_kind)element->kind);
    print_bytes(t, STR("{"));
    for (size_t i = 0; i < map->count && has_room(t); i++) {
        if (i > 0)
            print_bytes(t, STR(", "));
        print_bytes(t, map->keys[i]);
        print_bytes(t, STR("="));
        print_value(t, element, (const char *)map->at + i * size);
    }
    print_bytes(t, STR("}"));
}

/* An item, or one attribute value; what carries a fault has no whole tree to print. */
static void print_attributes(struct telling *t, const struct item *item,
                             const struct in_AttributeValue *value) {
    if ((item ? item->fault : value->fault).ptr != NULL) {
        print_bytes(t, STR("{...}"));
        return;
    }
    struct buf json;
    struct json_writer writer;
    arena_mark mark = arena_get_mark(t->scope->scratch);
    buf_init(&json, t->scope->scratch, 256);
    json_writer_init(&writer, &json);
    /* A number of five bytes may be one of 126 digits: what isn't told is not printed, either. */
    writer.end = t->value_end > t->text.len ? t->value_end - t->text.len : 1;
    if (item)
        item_to_json(item, &writer);
    else
        value_to_json(&value->value, &writer);
    print_bytes(t, buf_str(&json));
    arena_rewind(t->scope->scratch, mark);
}

static void print_number(struct telling *t, const struct shape *shape, const void *slot) {
    if (shape->kind == KIND_INTEGER || shape->kind == KIND_LONG)
        buf_add_i64(&t->text, ((const struct given_integer *)slot)->value);
    else
        buf_printf(&t->text, "%.17g", ((const struct given_double *)slot)->value);
}

static void print_value(struct telling *t, const struct shape *shape, const void *slot) {
    if (shape_is_absent((enum shape_kind)shape->kind, slot)) {
        print_bytes(t, STR("null"));
        return;
    }
    switch ((enum shape_kind)shape->kind) {
    case KIND_STRING:
        print_bytes(t, *(const str *)slot);
        break;
    case KIND_INTEGER:
    case KIND_LONG:
    case KIND_DOUBLE:
    case KIND_TIMESTAMP:
        print_number(t, shape, slot);
        break;
    case KIND_BOOLEAN:
        print_bytes(t, ((const struct given_boolean *)slot)->value ? STR("true") : STR("false"));
        break;
    case KIND_STRUCT:
        print_struct(t, shape, *(const char *const *)slot);
        break;
    case KIND_LIST:
        print_list(t, shape, *(const struct any_list *const *)slot);
        break;
    case KIND_MAP:
        print_map(t, shape, *(const struct any_map *const *)slot);
        break;
    case KIND_ITEM:
        print_attributes(t, *(const struct item *const *)slot, NULL);
        break;
    case KIND_VALUE:
        print_attributes(t, NULL, *(const struct in_AttributeValue *const *)slot);
        break;
    }
}

/* ---- violations ---- */

static bool is_full(const struct telling *t) {
    return t->count == VIOLATIONS_TOLD_MAX;
}

/* Begins a violation of the value at the present path; the caller adds what it must be. */
static void begin_violation(struct telling *t, const struct shape *shape, const void *slot) {
    bool null = shape_is_absent((enum shape_kind)shape->kind, slot);
    if (t->count++ > 0)
        buf_add_lit(&t->text, "; ");
    buf_add_lit(&t->text, "Value ");
    if (!null)
        buf_add_byte(&t->text, '\'');
    t->value_end = t->text.len + VALUE_TOLD_MAX;
    print_value(t, shape, slot);
    if (!null)
        buf_add_byte(&t->text, '\'');
    buf_add_lit(&t->text, " at '");
    buf_add_str(&t->text, buf_str(&t->path));
    buf_add_lit(&t->text, "' failed to satisfy constraint: ");
}

static void add_bound(struct telling *t, const struct shape *shape, unsigned bound) {
    bool number = shape->kind == KIND_INTEGER || shape->kind == KIND_LONG;
    buf_add_str(&t->text,
                number ? STR("Member must have value ") : STR("Member must have length "));
    buf_add_str(&t->text, bound == BREAKS_MIN ? STR("greater than or equal to ")
                                              : STR("less than or equal to "));
    buf_add_i64(&t->text, bound == BREAKS_MIN ? shape->min : shape->max);
}

static void add_pattern(struct telling *t, const struct shape *shape) {
    buf_add_lit(&t->text, "Member must satisfy regular expression pattern: ");
    buf_add_str(&t->text, shape_patterns[shape->pattern]);
}

static void tell_broken(struct telling *t, const struct shape *shape, const void *slot) {
    unsigned broken = shape_check(shape, slot);
    for (unsigned bit = BREAKS_ENUM; bit <= BREAKS_MAX && !is_full(t); bit <<= 1) {
        if (!(broken & bit))
            continue;
        begin_violation(t, shape, slot);
        if (bit == BREAKS_ENUM) {
            buf_add_lit(&t->text, "Member must satisfy enum value set: [");
            buf_add_str(&t->text, shape->values);
            buf_add_byte(&t->text, ']');
        } else if (bit == BREAKS_PATTERN) {
            add_pattern(t, shape);
        } else {
            add_bound(t, shape, bit);
        }
    }
}

/* All constraints of a map's keys or values, in the brackets that the service puts them in. */
static void tell_bracketed(struct telling *t, const struct shape *map_shape, const void *map_slot,
                           str what, const struct shape *constraint) {
    begin_violation(t, map_shape, map_slot);
    buf_add_str(&t->text, what);
    buf_add_lit(&t->text, " must satisfy constraint: [");
    bool comma = false;
    if (constraint->max != NO_MAX) {
        add_bound(t, constraint, BREAKS_MAX);
        comma = true;
    }
    if (constraint->min != NO_MIN) {
        if (comma)
            buf_add_lit(&t->text, ", ");
        add_bound(t, constraint, BREAKS_MIN);
        comma = true;
    }
    if (constraint->pattern != PATTERN_ANYTHING) {
        if (comma)
            buf_add_lit(&t->text, ", ");
        add_pattern(t, constraint);
    }
    buf_add_byte(&t->text, ']');
}

static void tell_value(struct telling *t, const struct shape *shape, const void *slot,
                       bool missing);

/* Structures and maps of structures tell at the value itself; lists and strings as values of a
 * map are told at the map. */
static void tell_map(struct telling *t, const struct shape *shape, const void *slot) {
    const struct any_map *map = *(const struct any_map *const *)slot;
    const struct shape *key = &shapes[shape->key], *element = &shapes[shape->element];
    enum shape_kind kind = (enum shape_kind)element->kind;
    size_t size = shape_slot_size(kind);
    for (size_t i = 0; i < map->count && !is_full(t); i++) {
        if (shape_check_string(key, map->keys[i]))
            tell_bracketed(t, shape, slot, STR("Map keys"), key);
    }
    for (size_t i = 0; i < map->count && !is_full(t); i++) {
        const char *value = (const char *)map->at + i * size;
        if (!shape_is_absent(kind, value) && shape_check(element, value))
            tell_bracketed(t, shape, slot, STR("Map value"), element);
    }
    size_t path_len = t->path.len;
    for (size_t i = 0; i < map->count && !is_full(t); i++) {
        const char *value = (const char *)map->at + i * size;
        path_add(t, map->keys[i]);
        path_add(t, STR("member"));
        tell_value(t, element, value, shape_is_absent(kind, value));
        t->path.len = path_len;
    }
}

static void tell_list(struct telling *t, const struct shape *shape, const struct any_list *list) {
    const struct shape *element = &shapes[shape->element];
    enum shape_kind kind = (enum shape_kind)element->kind;
    size_t size = shape_slot_size(kind), path_len = t->path.len;
    for (size_t i = 0; i < list->count && !is_full(t); i++) {
        const char *value = (const char *)list->at + i * size;
        buf_printf(&t->path, ".%zu.member", i + 1);
        if (kind != KIND_LIST && kind != KIND_MAP && !shape_is_absent(kind, value))
            tell_broken(t, element, value);
        tell_value(t, element, value, shape_is_absent(kind, value));
        t->path.len = path_len;
    }
}

static void tell_struct(struct telling *t, const struct shape *shape, const char *in) {
    size_t path_len = t->path.len;
    for (size_t i = 0; i < shape->member_count && !is_full(t); i++) {
        const struct shape_member *member = &shape_members[shape->first_member + i];
        const struct shape *kind = &shapes[member->shape];
        const char *slot = in + member->offset;
        path_add_member(t, member->name);
        if (!shape_is_absent((enum shape_kind)kind->kind, slot))
            tell_broken(t, kind, slot);
        tell_value(t, kind, slot, shape_is_missing(member, in));
        t->path.len = path_len;
    }
}

/* What a value breaks by not being there, or inside; what it breaks itself is told before. */
static void tell_value(struct telling *t, const struct shape *shape, const void *slot,
                       bool missing) {
    if (missing && !is_full(t)) {
        begin_violation(t, shape, slot);
        buf_add_lit(&t->text, "Member must not be null");
    }
    if (shape_is_absent((enum shape_kind)shape->kind, slot))
        return;
    switch ((enum shape_kind)shape->kind) {
    case KIND_STRUCT:
        tell_struct(t, shape, *(const char *const *)slot);
        break;
    case KIND_LIST:
        tell_list(t, shape, *(const struct any_list *const *)slot);
        break;
    case KIND_MAP:
        tell_map(t, shape, slot);
        break;
    case KIND_STRING:
    case KIND_INTEGER:
    case KIND_LONG:
    case KIND_DOUBLE:
    case KIND_TIMESTAMP:
    case KIND_BOOLEAN:
    case KIND_ITEM:
    case KIND_VALUE:
        break;
    }
}

/* Some operations look at the name of their table, or the ARN of what they tag, before anything
 * else, and in words of their own. */
static status tell_first(struct scope *scope, const struct shape *shape, const char *in) {
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct shape_member *member = &shape_members[shape->first_member + i];
        if (member->need != NEED_FIRST)
            continue;
        const struct shape *limits = &shapes[member->shape];
        str value = *(const str *)(const void *)(in + member->offset);
        if (value.ptr == NULL && !limits->is_table_name)
            return fail_validation(scope, "Invalid TableArn");
        if (value.ptr == NULL)
            return fail_validation(scope,
                                   "The parameter '%.*s' is required but was not present in the "
                                   "request",
                                   STR_ARG(member->name));
        if (limits->is_table_name && shape_check_string(limits, value) & (BREAKS_MIN | BREAKS_MAX))
            return fail_validation(scope,
                                   "%.*s must be at least %lld characters long and at most %lld "
                                   "characters long",
                                   STR_ARG(member->name), (long long)limits->min,
                                   (long long)limits->max);
    }
    return ST_OK;
}

status shape_tell_violations(struct scope *scope, const struct shape *shape, const void *in) {
    TRY(tell_first(scope, shape, in));
    struct telling t = {.scope = scope};
    buf_init(&t.path, scope->arena, 256);
    buf_init(&t.text, scope->arena, 1024);
    tell_struct(&t, shape, in);
    if (t.count == 0)
        return ST_OK;
    return fail_validation(scope, "%u validation error%s detected: %.*s", t.count,
                           t.count > 1 ? "s" : "", STR_ARG(buf_str(&t.text)));
}
