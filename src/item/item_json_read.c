/* JSON text → tree, in one pass over the text.
 *
 * Two kinds of mistakes part here. A JSON type that the service's deserializer would not take ends
 * the reading at once, in the deserializer's words. Anything else is the first fault, kept aside
 * while reading goes on: a wrong JSON type further down is still told first. */
#include "base/base64.h"
#include "base/utf8.h"
#include "item/item_int.h"
#include "item/item_json.h"
#include "item/number.h"

#define EMPTY_VALUE                                                                                \
    "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
#define MAP_CLASS "java.util.Map<java.lang.String, com.amazonaws.dynamodb.v20120810.AttributeValue>"
#define INVALID_PARAMETER "One or more parameter values were invalid: "

struct reading {
    struct scope *scope;
    struct json_reader *reader;
    str *fault;
    str *fault_name;      /* the item's attribute in which it was found; NULL: nobody asks */
    bool *fault_of_a_set; /* NULL: nobody asks */
};

#define note_fault(in, ...)                                                                        \
    do {                                                                                           \
        if ((in)->fault->ptr == NULL)                                                              \
            *(in)->fault = arena_printf((in)->scope->arena, __VA_ARGS__);                          \
    } while (0)

/* ---- JSON types ---- */

#define wrong_type(in, ...) fail((in)->scope, ERROR_SerializationException, __VA_ARGS__)

/* The text is not JSON; the service says no more than that. */
static status not_json(struct reading *in) {
    return wrong_type(in, "%s", "");
}

/* What the deserializer says when it wanted a `class` and met something else. */
static status not_a_scalar(struct reading *in, const char *class, const char *package) {
    str text;
    switch (json_peek(in->reader)) {
    case JSON_TRUE:
        return wrong_type(in, "TRUE_VALUE cannot be converted to %s", class);
    case JSON_FALSE:
        return wrong_type(in, "FALSE_VALUE cannot be converted to %s", class);
    case JSON_NUMBER:
        if (!json_number(in->reader, &text))
            return not_json(in);
        return wrong_type(in, "%s cannot be converted to %s",
                          str_find(text, '.') < text.len || str_find(text, 'e') < text.len ||
                                  str_find(text, 'E') < text.len
                              ? "DECIMAL_VALUE"
                              : "NUMBER_VALUE",
                          class);
    case JSON_ARRAY:
        return wrong_type(in, "Unrecognized collection type class %s.%s", package, class);
    case JSON_OBJECT:
        return wrong_type(in, "Start of structure or map found where not expected");
    case JSON_STRING:
    case JSON_NULL:
        return wrong_type(in, "Unexpected token received from parser");
    case JSON_END:
        break;
    }
    return not_json(in);
}

static status not_a_list(struct reading *in) {
    enum json_kind kind = json_peek(in->reader);
    if (kind == JSON_END)
        return not_json(in);
    return wrong_type(in, "%s",
                      kind == JSON_OBJECT ? "Start of structure or map found where not expected"
                                          : "Unexpected field type");
}

static status not_a_map(struct reading *in) {
    enum json_kind kind = json_peek(in->reader);
    if (kind == JSON_END)
        return not_json(in);
    return wrong_type(in, "%s",
                      kind == JSON_ARRAY ? "Unrecognized collection type " MAP_CLASS
                                         : "Unexpected field type");
}

static status not_a_value(struct reading *in) {
    enum json_kind kind = json_peek(in->reader);
    if (kind == JSON_END)
        return not_json(in);
    return wrong_type(in, "%s",
                      kind == JSON_ARRAY ? "Unrecognized collection type class "
                                           "com.amazonaws.dynamodb.v20120810.AttributeValue"
                                         : "Unexpected value type in payload");
}

/* ---- scalars ---- */

static status read_string(struct reading *in, str *out) {
    if (json_peek(in->reader) != JSON_STRING)
        return not_a_scalar(in, "String", "java.lang");
    return json_string(in->reader, out) ? ST_OK : not_json(in);
}

static void note_number_fault(struct reading *in, enum number_fault fault, str text) {
    switch (fault) {
    case NUMBER_OK:
        break;
    case NUMBER_NOT_NUMERIC:
        if (text.len == 0)
            note_fault(in, "The parameter cannot be converted to a numeric value");
        else
            note_fault(in, "The parameter cannot be converted to a numeric value: %.*s",
                       STR_ARG(text));
        break;
    case NUMBER_TOO_MANY_DIGITS:
        note_fault(in, "Attempting to store more than 38 significant digits in a Number");
        break;
    case NUMBER_OVERFLOW:
        note_fault(in, "Number overflow. Attempting to store a number with magnitude larger than "
                       "supported range");
        break;
    case NUMBER_UNDERFLOW:
        note_fault(in, "Number underflow. Attempting to store a number with magnitude smaller than "
                       "supported range");
        break;
    }
}

static status read_number(struct reading *in, str *out) {
    str text;
    unsigned char encoding[NUMBER_BYTES_MAX];
    size_t len = 0;
    TRY(read_string(in, &text));
    note_number_fault(in, number_from_text(text, encoding, &len), text);
    *out = arena_copy(in->scope->arena, (str){(const char *)encoding, len});
    return ST_OK;
}

static status read_binary(struct reading *in, str *out) {
    str text;
    switch (json_peek(in->reader)) {
    case JSON_TRUE:
    case JSON_FALSE:
    case JSON_NUMBER:
        return wrong_type(in, "only base-64-encoded strings are convertible to bytes");
    case JSON_ARRAY:
        return wrong_type(in, "Unrecognized collection type class java.nio.ByteBuffer");
    case JSON_STRING:
    case JSON_OBJECT:
    case JSON_NULL:
    case JSON_END:
        break;
    }
    TRY(read_string(in, &text));
    size_t characters = utf8_utf16_units(text);
    if (characters % 4)
        return wrong_type(in,
                          "Base64 encoded length is expected a multiple of 4 bytes but found: %zu",
                          characters);
    size_t len;
    char *bytes = arena_bytes(in->scope->arena, text.len / 4 * 3 + 1);
    if (!base64_decode(text, bytes, &len)) /* the service's own spelling */
        return wrong_type(in, "Invalid last non-pad Base64 character dectected");
    *out = (str){bytes, len};
    return ST_OK;
}

/* The deserializer also takes these strings for booleans. */
static status read_bool(struct reading *in, bool *out) {
    str text;
    enum json_kind kind = json_peek(in->reader);
    if (kind == JSON_TRUE || kind == JSON_FALSE)
        return json_bool(in->reader, out) ? ST_OK : not_json(in);
    if (kind != JSON_STRING)
        return not_a_scalar(in, "Boolean", "java.lang");
    TRY(read_string(in, &text));
    *out = str_eq_nocase(text, STR("true")) || str_eq_nocase(text, STR("yes")) ||
           str_eq(text, STR("1"));
    if (*out || str_eq_nocase(text, STR("false")) || str_eq_nocase(text, STR("no")) ||
        str_eq(text, STR("0")))
        return ST_OK;
    return wrong_type(in, "Unexpected token received from parser");
}

/* ---- containers ---- */

/* What stands behind a fault is read, for faults of the JSON itself, and not kept: nobody may use
 * it, and a list of nothing but faults ("{},{},…") would take eight times its own size.
 *
 * Records are gathered where they don't move, on the stack and then in scratch memory, and copied
 * once their number is known. So a tree takes what it holds and no more: room ahead for each of a
 * million containers of one element would be most of what they take. */
enum { NEAR_RECORDS = 8, SEGMENT_FIRST = 16, SEGMENT_MAX = 4096 };

struct segment {
    struct segment *older;
    size_t count, room;
    _Alignas(16) char records[];
};

struct gathering {
    size_t size; /* of a record */
    size_t count;
    struct segment *newest; /* NULL: all are near */
    arena_mark mark;        /* of the scratch memory, before the first segment */
    _Alignas(16) char near[NEAR_RECORDS * sizeof(struct attribute)];
};

static inline void gather_begin(struct gathering *to, size_t size) {
    to->size = size;
    to->count = 0;
    to->newest = NULL;
}

static void *gather_far(struct arena *scratch, struct gathering *to) {
    struct segment *segment = to->newest;
    if (segment == NULL || segment->count == segment->room) {
        size_t room = SEGMENT_FIRST;
        if (segment == NULL)
            to->mark = arena_get_mark(scratch);
        else
            room = segment->room * 2 < SEGMENT_MAX ? segment->room * 2 : SEGMENT_MAX;
        segment = arena_alloc(scratch, sizeof *segment + room * to->size);
        *segment = (struct segment){.older = to->newest, .room = room};
        to->newest = segment;
    }
    return segment->records + segment->count++ * to->size;
}

/* Room for one more record, which stays where it is until gather_end. */
static inline void *gather(struct reading *in, struct gathering *to) {
    size_t at = to->count++;
    return at < NEAR_RECORDS ? to->near + at * to->size : gather_far(in->scope->scratch, to);
}

/* All records, in their order; NULL when there are none. */
static void *gather_end(struct reading *in, struct gathering *from) {
    struct scope *scope = in->scope;
    if (from->count == 0)
        return NULL;
    size_t near = from->count < NEAR_RECORDS ? from->count : NEAR_RECORDS;
    char *all = arena_alloc(scope->arena, from->count * from->size);
    memcpy(all, from->near, near * from->size);
    if (from->newest == NULL)
        return all;
    char *end = all + from->count * from->size;
    for (const struct segment *segment = from->newest; segment; segment = segment->older) {
        end -= segment->count * from->size;
        memcpy(end, segment->records, segment->count * from->size);
    }
    if (scope->scratch != scope->arena)
        arena_rewind(scope->scratch, from->mark);
    return all;
}

static status read_value(struct reading *in, unsigned level, struct value *out);

static void note_set(struct reading *in) {
    if (in->fault->ptr == NULL && in->fault_of_a_set != NULL)
        *in->fault_of_a_set = true;
}

static size_t told_len(enum value_kind kind, str member) {
    return kind == VALUE_STRING_SET ? member.len : base64_encoded_len(member.len);
}

/* The service lists the members as they were sent. Once, as they may be megabytes. */
static void note_duplicates(struct reading *in, enum value_kind kind, const str *members,
                            size_t count) {
    enum { AROUND = 160 };
    struct buf text;
    size_t told = AROUND;
    if (in->fault->ptr)
        return;
    note_set(in);
    if (kind == VALUE_NUMBER_SET) {
        note_fault(in, "Input collection contains duplicates");
        return;
    }
    for (size_t i = 0; i < count; i++)
        told += told_len(kind, members[i]) + 2;
    buf_init(&text, in->scope->arena, told);
    buf_add_lit(&text, INVALID_PARAMETER "Input collection [");
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add_lit(&text, ", ");
        if (kind == VALUE_STRING_SET) {
            buf_add_str(&text, members[i]);
        } else {
            size_t len = told_len(kind, members[i]);
            base64_encode(members[i], buf_reserve(&text, len));
            text.len += len;
        }
    }
    buf_printf(&text, "]%s contains duplicates.", kind == VALUE_BINARY_SET ? "of type BS" : "");
    *in->fault = buf_str(&text);
}

static void note_empty_set(struct reading *in, enum value_kind kind) {
    note_set(in);
    if (kind == VALUE_BINARY_SET)
        note_fault(in, INVALID_PARAMETER "Binary sets should not be empty");
    else
        note_fault(in, INVALID_PARAMETER "An %s set  may not be empty",
                   kind == VALUE_STRING_SET ? "string" : "number");
}

static status read_set_member(struct reading *in, enum value_kind kind, str *out) {
    if (json_peek(in->reader) == JSON_NULL) {
        *out = STR("");
        note_fault(in, INVALID_PARAMETER "An %s set  may not have a null member",
                   kind == VALUE_STRING_SET   ? "string"
                   : kind == VALUE_NUMBER_SET ? "number"
                                              : "binary");
        return json_null(in->reader) ? ST_OK : not_json(in);
    }
    if (kind == VALUE_NUMBER_SET)
        return read_number(in, out);
    return kind == VALUE_STRING_SET ? read_string(in, out) : read_binary(in, out);
}

static status read_set(struct reading *in, enum value_kind kind, struct value *out) {
    struct arena *arena = in->scope->arena;
    struct gathering gathered;
    gather_begin(&gathered, sizeof(str));
    if (json_peek(in->reader) != JSON_ARRAY || !json_array_begin(in->reader))
        return not_a_list(in);
    while (json_array_next(in->reader)) {
        str passed_over, *member = &passed_over;
        if (in->fault->ptr == NULL)
            member = gather(in, &gathered);
        TRY(read_set_member(in, kind, member));
    }
    if (json_reader_failed(in->reader))
        return not_json(in);
    size_t count = gathered.count;
    str *members = gather_end(in, &gathered);
    if (count == 0)
        note_empty_set(in, kind);
    if (in->fault->ptr == NULL && !set_is_ascending(members, count)) {
        str *sorted = arena_alloc(arena, count * sizeof *sorted);
        memcpy(sorted, members, count * sizeof *sorted);
        set_sort(sorted, count, arena);
        if (!set_is_ascending(sorted, count))
            note_duplicates(in, kind, members, count);
        members = sorted;
    }
    *out = (struct value){.kind = kind, .count = (uint32_t)count, .set = members};
    return ST_OK;
}

static status read_list(struct reading *in, unsigned level, struct value *out) {
    struct gathering list;
    gather_begin(&list, sizeof(struct value));
    if (json_peek(in->reader) != JSON_ARRAY || !json_array_begin(in->reader))
        return not_a_list(in);
    while (json_array_next(in->reader)) {
        struct value passed_over, *element = &passed_over;
        if (in->fault->ptr == NULL)
            element = gather(in, &list);
        TRY(read_value(in, level, element));
    }
    if (json_reader_failed(in->reader))
        return not_json(in);
    *out = (struct value){.kind = VALUE_LIST, .count = (uint32_t)list.count};
    out->list = gather_end(in, &list);
    return ST_OK;
}

/* Of members with one name the last one counts. Sorted, so that encoding finds them in order. */
static size_t sort_and_drop_overwritten(struct attribute *attributes, size_t count,
                                        struct arena *arena) {
    attributes_sort(attributes, count, arena);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (i + 1 < count && str_eq(attributes[i].name, attributes[i + 1].name))
            continue;
        if (kept != i)
            attributes[kept] = attributes[i];
        kept++;
    }
    return kept;
}

/* Reads members of an object that stands at its bracket. */
static status read_attributes(struct reading *in, unsigned level, struct attribute **out,
                              size_t *out_count) {
    struct gathering attributes;
    gather_begin(&attributes, sizeof(struct attribute));
    str name;
    if (json_peek(in->reader) != JSON_OBJECT || !json_object_begin(in->reader))
        return not_a_map(in);
    while (json_object_next(in->reader, &name)) {
        struct value passed_over, *value = &passed_over;
        if (in->fault->ptr == NULL) {
            struct attribute *attribute = gather(in, &attributes);
            attribute->name = name;
            value = &attribute->value;
        }
        if (name.len == 0)
            note_fault(in, INVALID_PARAMETER "Attribute name must not be empty");
        else if (name.len > VALUE_NAME_BYTES_MAX)
            note_fault(in,
                       INVALID_PARAMETER "Attribute name is too large, must be less than %d "
                                         "bytes",
                       VALUE_NAME_BYTES_MAX + 1);
        TRY(read_value(in, level, value));
        if (level == 1 && in->fault_name != NULL && in->fault->ptr && !in->fault_name->ptr)
            *in->fault_name = name;
    }
    if (json_reader_failed(in->reader))
        return not_json(in);
    size_t count = attributes.count;
    *out = gather_end(in, &attributes);
    *out_count = sort_and_drop_overwritten(*out, count, in->scope->arena);
    return ST_OK;
}

/* A list or map inside `level` containers. The one that is too deep is passed over, so that the
 * recursion ends at VALUE_DEPTH_MAX whatever was sent. */
static status read_nested(struct reading *in, enum value_kind kind, unsigned level,
                          struct value *out) {
    if (level == VALUE_DEPTH_MAX) {
        note_fault(in, "Nesting Levels have exceeded supported limits: Attributes in the item have "
                       "nested levels beyond supported limit");
        return json_skip(in->reader) ? ST_OK : not_json(in);
    }
    if (kind == VALUE_LIST)
        return read_list(in, level + 1, out);
    size_t count;
    struct attribute *attributes;
    TRY(read_attributes(in, level + 1, &attributes, &count));
    *out = (struct value){.kind = VALUE_MAP, .count = (uint32_t)count, .map = attributes};
    return ST_OK;
}

/* What stands behind a type's name. */
static status read_typed(struct reading *in, enum value_kind kind, unsigned level,
                         struct value *out) {
    *out = (struct value){.kind = kind};
    switch (kind) {
    case VALUE_STRING:
        return read_string(in, &out->bytes);
    case VALUE_NUMBER:
        return read_number(in, &out->bytes);
    case VALUE_BINARY:
        return read_binary(in, &out->bytes);
    case VALUE_BOOL:
        return read_bool(in, &out->boolean);
    case VALUE_NULL: {
        bool is_null = true;
        TRY(read_bool(in, &is_null));
        if (!is_null)
            note_fault(in,
                       INVALID_PARAMETER "Null attribute value types must have the value of true");
        return ST_OK;
    }
    case VALUE_LIST:
    case VALUE_MAP:
        return read_nested(in, kind, level, out);
    case VALUE_STRING_SET:
    case VALUE_NUMBER_SET:
    case VALUE_BINARY_SET:
        return read_set(in, kind, out);
    case VALUE_NONE:
        break;
    }
    return json_skip(in->reader) ? ST_OK : not_json(in);
}

/* A value inside `level` containers, the item counted. Type names that nobody knows, and those
 * whose value is null, count as not there. */
static status read_value(struct reading *in, unsigned level, struct value *out) {
    unsigned kinds = 0; /* a bit for each type that was named */
    str name;
    *out = (struct value){.kind = VALUE_NONE};
    enum json_kind json = json_peek(in->reader);
    if (json == JSON_NULL) {
        note_fault(in, EMPTY_VALUE);
        return json_null(in->reader) ? ST_OK : not_json(in);
    }
    if (json != JSON_OBJECT || !json_object_begin(in->reader))
        return not_a_value(in);
    while (json_object_next(in->reader, &name)) {
        enum value_kind kind = value_kind_from_name(name);
        if (kind == VALUE_NONE || json_peek(in->reader) == JSON_NULL) {
            if (!json_skip(in->reader))
                return not_json(in);
            continue;
        }
        TRY(read_typed(in, kind, level, out));
        kinds |= 1u << kind;
    }
    if (json_reader_failed(in->reader))
        return not_json(in);
    if (kinds == 0)
        note_fault(in, EMPTY_VALUE);
    else if (kinds & (kinds - 1))
        note_fault(in, "Supplied AttributeValue has more than one datatypes set, must contain "
                       "exactly one of the supported datatypes");
    return ST_OK;
}

status value_from_json(struct scope *scope, struct json_reader *reader, struct value *out,
                       str *fault, bool *fault_of_a_set) {
    struct reading in = {scope, reader, fault, NULL, fault_of_a_set};
    return read_value(&in, 1, out);
}

status item_from_json(struct scope *scope, struct json_reader *reader, struct item *out) {
    *out = (struct item){};
    struct reading in = {scope, reader, &out->fault, &out->fault_name, &out->fault_of_a_set};
    return read_attributes(&in, 1, &out->attributes, &out->count);
}

status item_check(struct scope *scope, const struct item *item) {
    if (item->fault.ptr)
        return fail_validation(scope, "%.*s", STR_ARG(item->fault));
    return ST_OK;
}
