/* One pass from text to structs. Constraints are looked at while values pass by, but only to learn
 * whether any is broken: telling which, in the service's order and words, is a second walk over
 * what was read (shape_text.c) that a good request never takes.
 *
 * The recursion follows the table, whose depth is bounded (SHAPE_DEPTH_MAX); skipping unknown
 * members and reading attribute values are bounded below this layer. */
#include "api/shape_read.h"

#include "api/shape_int.h"
#include "base/check.h"
#include "base/hash.h"
#include "item/item_json.h"

#include <math.h>

struct reading {
    struct scope *scope;
    struct json_reader json;
    size_t pieces;
    bool violated; /* some constraint is broken */
};

/* Where a value stands decides how the service words a wrong type. */
enum place { IN_STRUCT, IN_LIST, IN_MAP };

static status read_value(struct reading *r, const struct shape *shape, enum place place, void *out);

/* ---- wrong types ---- */

static status fail_type(struct reading *r, const char *text) {
    return fail(r->scope, ERROR_SerializationException, "%s", text);
}

/* Text that is no JSON: the service says nothing about it. */
static status fail_syntax(struct reading *r) {
    return fail_type(r, "");
}

static const char *java_class(enum shape_kind kind) {
    switch (kind) {
    case KIND_STRING:
        return "String";
    case KIND_INTEGER:
        return "Integer";
    case KIND_LONG:
        return "Long";
    case KIND_DOUBLE:
        return "Double";
    case KIND_TIMESTAMP:
        return "Date";
    case KIND_BOOLEAN:
        return "Boolean";
    case KIND_STRUCT:
    case KIND_LIST:
    case KIND_MAP:
    case KIND_ITEM:
    case KIND_VALUE:
        break;
    }
    return "Object";
}

static bool has_fraction_or_exponent(str number) {
    for (size_t i = 0; i < number.len; i++) {
        if (number.ptr[i] == '.' || (number.ptr[i] | 0x20) == 'e')
            return true;
    }
    return false;
}

/* A scalar was wanted and something else stands there. */
static status fail_scalar(struct reading *r, enum shape_kind wanted, enum json_kind found) {
    const char *class = java_class(wanted), *token = "STRING_VALUE";
    str number;
    switch (found) {
    case JSON_OBJECT:
        return fail_type(r, "Start of structure or map found where not expected");
    case JSON_ARRAY:
        return fail(r->scope, ERROR_SerializationException,
                    "Unrecognized collection type class java.%s.%s",
                    wanted == KIND_TIMESTAMP ? "util" : "lang", class);
    case JSON_TRUE:
        token = "TRUE_VALUE";
        break;
    case JSON_FALSE:
        token = "FALSE_VALUE";
        break;
    case JSON_NUMBER:
        if (!json_number(&r->json, &number))
            return fail_syntax(r);
        token = has_fraction_or_exponent(number) ? "DECIMAL_VALUE" : "NUMBER_VALUE";
        break;
    case JSON_STRING:
        break;
    case JSON_END:
    case JSON_NULL:
        return fail_syntax(r);
    }
    return fail(r->scope, ERROR_SerializationException, "%s cannot be converted to %s", token,
                class);
}

/* A scalar stands where a container was wanted. */
static status fail_container(struct reading *r, enum shape_kind wanted, enum place place) {
    if (place == IN_STRUCT)
        return fail_type(r, "Unexpected field type");
    if (wanted == KIND_STRUCT || wanted == KIND_VALUE)
        return fail_type(r, "Unexpected value type in payload");
    return fail_type(r, "class sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl cannot "
                        "be cast to class java.lang.Class "
                        "(sun.reflect.generics.reflectiveObjects.ParameterizedTypeImpl and "
                        "java.lang.Class are in module java.base of loader 'bootstrap')");
}

#define MODEL_PACKAGE "com.amazonaws.dynamodb.v20120810"

/* An array stands where a structure or map was wanted. */
static status fail_array(struct reading *r, const struct shape *wanted) {
    enum shape_kind kind = (enum shape_kind)wanted->kind;
    if (kind == KIND_STRUCT || kind == KIND_VALUE)
        return fail(r->scope, ERROR_SerializationException,
                    "Unrecognized collection type class " MODEL_PACKAGE ".%.*s",
                    STR_ARG(wanted->name));
    str element = STR("AttributeValue");
    const char *before = MODEL_PACKAGE ".", *after = "";
    if (kind == KIND_MAP) {
        const struct shape *value = &shapes[wanted->element];
        element = value->name;
        if (value->kind == KIND_STRING) {
            before = "java.lang.";
            element = STR("String");
        } else if (value->kind == KIND_LIST) {
            before = "java.util.List<" MODEL_PACKAGE ".";
            after = ">";
            element = shapes[value->element].name;
        }
    }
    return fail(r->scope, ERROR_SerializationException,
                "Unrecognized collection type java.util.Map<java.lang.String, %s%.*s%s>", before,
                STR_ARG(element), after);
}

/* Answers ST_OK when what a container of this shape needs stands there. */
static status expect_container(struct reading *r, const struct shape *shape, enum place place) {
    enum json_kind found = json_peek(&r->json);
    bool list = shape->kind == KIND_LIST;
    if (found == (list ? JSON_ARRAY : JSON_OBJECT))
        return ST_OK;
    if (found == JSON_OBJECT)
        return fail_type(r, "Start of structure or map found where not expected");
    if (found == JSON_ARRAY)
        return fail_array(r, shape);
    if (found == JSON_END)
        return fail_syntax(r);
    return fail_container(r, (enum shape_kind)shape->kind, place);
}

/* ---- scalars ---- */

static status fail_range(struct reading *r, str number, const char *type) {
    return fail(r->scope, ERROR_SerializationException, "Numeric value (%.*s) out of range of %s",
                (int)(number.len < 100 ? number.len : 100), number.ptr, type);
}

/* The text is a JSON number, so strtod reads all of it. */
static double number_as_double(struct reading *r, str number) {
    char *text = arena_bytes(r->scope->arena, number.len + 1);
    memcpy(text, number.ptr, number.len);
    text[number.len] = 0;
    return strtod(text, NULL);
}

/* Fractions are cut off, as the service does. */
static bool number_as_whole(struct reading *r, str number, int64_t *out) {
    if (has_fraction_or_exponent(number)) {
        double value = number_as_double(r, number);
        if (!(value > -0x1p63 && value < 0x1p63))
            return false;
        *out = (int64_t)value;
        return true;
    }
    bool negative = number.ptr[0] == '-';
    uint64_t magnitude;
    if (!str_to_u64(str_slice(number, negative, number.len), &magnitude) ||
        magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    *out = negative ? (int64_t)-magnitude : (int64_t)magnitude;
    return true;
}

static status read_whole(struct reading *r, const struct shape *shape, struct given_integer *out) {
    enum json_kind found = json_peek(&r->json);
    if (found != JSON_NUMBER)
        return fail_scalar(r, (enum shape_kind)shape->kind, found);
    str number;
    int64_t value;
    if (!json_number(&r->json, &number))
        return fail_syntax(r);
    bool is_whole = number_as_whole(r, number, &value);
    if (shape->kind == KIND_INTEGER && (!is_whole || value < INT32_MIN || value > INT32_MAX))
        return fail_range(r, number, "int (-2147483648 - 2147483647)");
    if (!is_whole)
        return fail_range(r, number, "long (-9223372036854775808 - 9223372036854775807)");
    *out = (struct given_integer){true, value};
    return ST_OK;
}

static status read_double(struct reading *r, const struct shape *shape, struct given_double *out) {
    enum json_kind found = json_peek(&r->json);
    if (found != JSON_NUMBER)
        return fail_scalar(r, (enum shape_kind)shape->kind, found);
    str number;
    if (!json_number(&r->json, &number))
        return fail_syntax(r);
    double value = number_as_double(r, number);
    if (!isfinite(value))
        return fail_range(r, number, "double");
    *out = (struct given_double){true, value};
    return ST_OK;
}

/* The service takes some words for booleans, too. */
static status read_boolean_word(struct reading *r, struct given_boolean *out) {
    str word;
    if (!json_string(&r->json, &word))
        return fail_syntax(r);
    bool yes = str_eq_nocase(word, STR("true")) || str_eq(word, STR("1")) ||
               str_eq_nocase(word, STR("yes"));
    if (!yes && !str_eq_nocase(word, STR("false")) && !str_eq(word, STR("0")) &&
        !str_eq_nocase(word, STR("no")))
        return fail_type(r, "Unexpected token received from parser");
    *out = (struct given_boolean){true, yes};
    return ST_OK;
}

static status read_boolean(struct reading *r, struct given_boolean *out) {
    enum json_kind found = json_peek(&r->json);
    if (found == JSON_STRING)
        return read_boolean_word(r, out);
    if (found != JSON_TRUE && found != JSON_FALSE)
        return fail_scalar(r, KIND_BOOLEAN, found);
    bool value;
    if (!json_bool(&r->json, &value))
        return fail_syntax(r);
    *out = (struct given_boolean){true, value};
    return ST_OK;
}

static status read_string(struct reading *r, str *out) {
    enum json_kind found = json_peek(&r->json);
    if (found != JSON_STRING)
        return fail_scalar(r, KIND_STRING, found);
    return json_string(&r->json, out) ? ST_OK : fail_syntax(r);
}

/* ---- containers ---- */

static status count_piece(struct reading *r) {
    if (++r->pieces > SHAPE_PIECES_MAX)
        return fail_validation(r->scope, "The request holds more than %d structures and elements",
                               SHAPE_PIECES_MAX);
    return ST_OK;
}

/* Reads a value, or notes that it is null, which leaves the slot as it is: cleared. */
static status read_slot(struct reading *r, const struct shape *shape, enum place place, void *out) {
    if (__builtin_expect(json_peek(&r->json) != JSON_NULL, 1))
        return read_value(r, shape, place, out);
    if (place != IN_STRUCT)
        r->violated = true;
    return json_null(&r->json) ? ST_OK : fail_syntax(r);
}

/* Members mostly come in one order, so the search starts behind the last one found. */
static inline const struct shape_member *find_member(const struct shape *shape, str name,
                                                     size_t *next) {
    const struct shape_member *members = &shape_members[shape->first_member];
    for (size_t tried = 0, at = *next; tried < shape->member_count; tried++, at++) {
        if (at >= shape->member_count)
            at = 0;
        if (str_eq(members[at].name, name)) {
            *next = at + 1;
            return &members[at];
        }
    }
    return NULL;
}

static status read_members(struct reading *r, const struct shape *shape, char *in) {
    str name;
    size_t next = 0;
    if (!json_object_begin(&r->json))
        return fail_syntax(r);
    while (json_object_next(&r->json, &name)) {
        const struct shape_member *member = find_member(shape, name, &next);
        if (member == NULL) {
            json_skip(&r->json);
            continue;
        }
        const struct shape *kind = &shapes[member->shape];
        char *slot = in + member->offset;
        memset(slot, 0, shape_slot_size((enum shape_kind)kind->kind));
        TRY(read_slot(r, kind, IN_STRUCT, slot));
    }
    if (json_reader_failed(&r->json))
        return fail_syntax(r);
    for (size_t i = 0; i < shape->member_count; i++)
        r->violated |= shape_is_missing(&shape_members[shape->first_member + i], in);
    return ST_OK;
}

static status read_struct(struct reading *r, const struct shape *shape, enum place place,
                          const void **out) {
    TRY(expect_container(r, shape, place));
    TRY(count_piece(r));
    char *in = arena_alloc_zero(r->scope->arena, shape->size ? shape->size : 1);
    TRY(read_members(r, shape, in));
    *out = in;
    return ST_OK;
}

/* Makes room for one more of `size` bytes, cleared. */
static void *grow(struct arena *arena, void *at, size_t count, size_t size) {
    enum { FIRST = 8 };
    if (count == 0)
        at = arena_alloc(arena, FIRST * size);
    else if (count >= FIRST && (count & (count - 1)) == 0)
        at = arena_grow(arena, at, count * size, 2 * count * size);
    memset((char *)at + count * size, 0, size);
    return at;
}

static status read_list(struct reading *r, const struct shape *shape, enum place place,
                        const void **out) {
    TRY(expect_container(r, shape, place));
    const struct shape *element = &shapes[shape->element];
    size_t size = shape_slot_size((enum shape_kind)element->kind);
    struct any_list *list = arena_struct(r->scope->arena, struct any_list);
    if (!json_array_begin(&r->json))
        return fail_syntax(r);
    while (json_array_next(&r->json)) {
        TRY(count_piece(r));
        list->at = grow(r->scope->arena, list->at, list->count, size);
        TRY(read_slot(r, element, IN_LIST, (char *)list->at + list->count * size));
        list->count++;
    }
    *out = list;
    return json_reader_failed(&r->json) ? fail_syntax(r) : ST_OK;
}

/* Where `key` stands among the first `count` keys; the table holds positions + 1. */
static size_t *find_place(size_t *table, size_t mask, const str *keys, str key) {
    size_t at = hash_bytes(key) & mask;
    while (table[at] != 0 && !str_eq(keys[table[at] - 1], key))
        at = (at + 1) & mask;
    return &table[at];
}

/* Of a key that comes twice the last value counts. A hash table, since the keys are a stranger's
 * and may be many; none for up to one key, the commonest. */
static void keep_last_of_each(struct arena *arena, struct any_map *map, size_t size) {
    if (map->count < 2)
        return;
    size_t places = 4;
    while (places < 2 * map->count)
        places *= 2;
    arena_mark mark = arena_get_mark(arena);
    size_t *table = arena_array(arena, size_t, places), kept = 0;
    for (size_t i = 0; i < map->count; i++) {
        size_t *place = find_place(table, places - 1, map->keys, map->keys[i]);
        if (*place == 0) {
            *place = kept + 1;
            map->keys[kept++] = map->keys[i];
        }
        if (*place != i + 1)
            memcpy((char *)map->at + (*place - 1) * size, (char *)map->at + i * size, size);
    }
    map->count = kept;
    arena_rewind(arena, mark);
}

static status read_map(struct reading *r, const struct shape *shape, enum place place,
                       const void **out) {
    TRY(expect_container(r, shape, place));
    const struct shape *element = &shapes[shape->element], *key = &shapes[shape->key];
    size_t size = shape_slot_size((enum shape_kind)element->kind);
    struct any_map *map = arena_struct(r->scope->arena, struct any_map);
    str name;
    if (!json_object_begin(&r->json))
        return fail_syntax(r);
    while (json_object_next(&r->json, &name)) {
        TRY(count_piece(r));
        map->keys = grow(r->scope->arena, map->keys, map->count, sizeof(str));
        map->at = grow(r->scope->arena, map->at, map->count, size);
        map->keys[map->count] = name;
        r->violated |= shape_check_string(key, name) != 0;
        TRY(read_slot(r, element, IN_MAP, (char *)map->at + map->count * size));
        map->count++;
    }
    if (json_reader_failed(&r->json))
        return fail_syntax(r);
    keep_last_of_each(r->scope->arena, map, size);
    *out = map;
    return ST_OK;
}

static status read_item(struct reading *r, const struct shape *shape, enum place place,
                        const void **out) {
    TRY(expect_container(r, shape, place));
    TRY(count_piece(r));
    struct item *item = arena_struct(r->scope->arena, struct item);
    TRY(item_from_json(r->scope, &r->json, item));
    *out = item;
    return json_reader_failed(&r->json) ? fail_syntax(r) : ST_OK;
}

static status read_attribute_value(struct reading *r, const struct shape *shape, enum place place,
                                   const void **out) {
    TRY(expect_container(r, shape, place));
    TRY(count_piece(r));
    struct in_AttributeValue *value = arena_struct(r->scope->arena, struct in_AttributeValue);
    TRY(value_from_json(r->scope, &r->json, &value->value, &value->fault, &value->fault_of_a_set));
    *out = value;
    return json_reader_failed(&r->json) ? fail_syntax(r) : ST_OK;
}

static status read_by_kind(struct reading *r, const struct shape *shape, enum place place,
                           void *out) {
    switch ((enum shape_kind)shape->kind) {
    case KIND_STRING:
        return read_string(r, out);
    case KIND_INTEGER:
    case KIND_LONG:
        return read_whole(r, shape, out);
    case KIND_DOUBLE:
    case KIND_TIMESTAMP:
        return read_double(r, shape, out);
    case KIND_BOOLEAN:
        return read_boolean(r, out);
    case KIND_STRUCT:
        return read_struct(r, shape, place, out);
    case KIND_LIST:
        return read_list(r, shape, place, out);
    case KIND_MAP:
        return read_map(r, shape, place, out);
    case KIND_ITEM:
        return read_item(r, shape, place, out);
    case KIND_VALUE:
        break;
    }
    return read_attribute_value(r, shape, place, out);
}

static status read_value(struct reading *r, const struct shape *shape, enum place place,
                         void *out) {
    TRY(read_by_kind(r, shape, place, out));
    r->violated |= shape_check(shape, out) != 0;
    return ST_OK;
}

status shape_read(struct scope *scope, enum shape_id input, str body, void **out) {
    const struct shape *shape = &shapes[input];
    CHECK(shape->kind == KIND_STRUCT);
    struct reading r = {.scope = scope};
    json_reader_init(&r.json, body, scope->arena);
    enum json_kind found = json_peek(&r.json);
    if (found == JSON_ARRAY)
        return fail_type(&r, "Start of list found where not expected");
    if (found != JSON_OBJECT)
        return fail_syntax(&r);
    const void *in = NULL;
    TRY(read_struct(&r, shape, IN_STRUCT, &in));
    if (!json_finish(&r.json))
        return fail_syntax(&r);
    if (r.violated)
        TRY(shape_tell_violations(scope, shape, in));
    *out = (void *)(uintptr_t)in;
    return ST_OK;
}
