/* Constraints of single values. The patterns of the model are few and plain (a class of characters
 * and a length), so each is a row here instead of work for a regular expression engine: names of
 * tables are checked on every request. */
#include "api/shape_int.h"
#include "base/utf8.h"

/* A set of bytes, a bit each. */
struct bytes_allowed {
    uint64_t word[4];
};

#define DIGITS 0x03ff000000000000u
#define LETTERS 0x07fffffe07fffffeu
#define UNDERSCORE 0x0000000080000000u
#define ABOVE_ASCII UINT64_MAX, UINT64_MAX

/* What a pattern allows: which bytes, and how many of them, in multiples of `unit`. */
static const struct pattern {
    struct bytes_allowed allowed;
    size_t len_min, len_max, unit;
} patterns[PATTERN_COUNT] = {
    [PATTERN_ANYTHING] = {{{UINT64_MAX, UINT64_MAX, ABOVE_ASCII}}, 0, SIZE_MAX, 1},
    [PATTERN_NAME] = {{{DIGITS | 0x0000600000000000u, LETTERS | UNDERSCORE}}, 1, SIZE_MAX, 1},
    [PATTERN_PRINTABLE] = {{{0xffffffff00000000u, UINT64_MAX >> 1}}, 1, SIZE_MAX, 1},
    [PATTERN_TEXT] = {{{0xffffffff00002600u, UINT64_MAX, ABOVE_ASCII}}, 0, SIZE_MAX, 1},
    [PATTERN_NO_DOLLAR] = {{{~(1ull << '$'), UINT64_MAX, ABOVE_ASCII}}, 1, SIZE_MAX, 1},
    [PATTERN_DELIMITER] = {{{1ull << ',' | 1ull << ';' | 1ull << ':' | 1ull << '\t' | 1ull << ' ',
                             1ull << ('|' - 64)}},
                           1,
                           1,
                           1},
    [PATTERN_CSV_HEADER] = {{{0xffffffff00000000u & ~(1ull << '"' | 1ull << ','), UINT64_MAX >> 1}},
                            0,
                            SIZE_MAX,
                            1},
    [PATTERN_HEX_16] = {{{DIGITS, 0x0000007e00000000u}}, 16, SIZE_MAX, 16},
    [PATTERN_BUCKET] = {{{DIGITS | 0x0000600000000000u, LETTERS | UNDERSCORE}}, 2, SIZE_MAX, 1},
    [PATTERN_ACCOUNT] = {{{DIGITS}}, 12, 12, 1},
};

static inline bool allows(const struct bytes_allowed *allowed, char c) {
    unsigned char byte = (unsigned char)c;
    return allowed->word[byte >> 6] >> (byte & 63) & 1;
}

static bool matches(enum pattern_id id, str value) {
    const struct pattern *pattern = &patterns[id];
    if (value.len < pattern->len_min || value.len > pattern->len_max ||
        value.len % pattern->unit != 0)
        return false;
    for (size_t i = 0; i < value.len; i++) {
        if (!allows(&pattern->allowed, value.ptr[i]))
            return false;
    }
    /* What a set of bytes cannot say: a bucket's ends, and two code points that are none. */
    if (id == PATTERN_BUCKET) {
        const struct bytes_allowed ends = {{DIGITS, LETTERS}};
        return allows(&ends, value.ptr[0]) && allows(&ends, value.ptr[value.len - 1]);
    }
    if (id == PATTERN_TEXT)
        return !str_contains(value, STR("\xef\xbf\xbe")) &&
               !str_contains(value, STR("\xef\xbf\xbf"));
    return true;
}

/* Whether `value` is one of "A, B, C". */
static bool is_listed(str values, str value) {
    while (values.len >= value.len) {
        size_t end = str_find(values, ',');
        if (str_eq(str_slice(values, 0, end), value))
            return true;
        if (end == values.len)
            break;
        values = str_slice(values, end + 2, values.len);
    }
    return false;
}

/* Lengths are in characters, which are at most as many as bytes and at least a quarter of them, so
 * most values need no counting. */
static unsigned check_length(const struct shape *shape, str value) {
    unsigned broken = 0;
    int64_t len = (int64_t)value.len;
    if (len < shape->min ||
        (shape->min > 0 && len < 4 * shape->min && (int64_t)utf8_characters(value) < shape->min))
        broken |= BREAKS_MIN;
    if (len > shape->max && (int64_t)utf8_characters(value) > shape->max)
        broken |= BREAKS_MAX;
    return broken;
}

enum { ARN_LEN_MAX = 1024 };

bool shape_is_arn(str table_name) {
    return str_starts_with(table_name, STR("arn:"));
}

unsigned shape_check_string(const struct shape *shape, str value) {
    if (shape->values.ptr != NULL)
        return is_listed(shape->values, value) ? 0 : BREAKS_ENUM;
    if (shape->is_table_name && shape_is_arn(value) && value.len <= ARN_LEN_MAX)
        return 0;
    unsigned broken = check_length(shape, value);
    if (shape->is_table_name && broken == BREAKS_MIN)
        return broken; /* of no name at all only the length is told */
    if (shape->pattern != PATTERN_ANYTHING && !matches((enum pattern_id)shape->pattern, value))
        broken |= BREAKS_PATTERN;
    return broken;
}

static unsigned check_whole(const struct shape *shape, int64_t value) {
    return (value < shape->min ? BREAKS_MIN : 0u) | (value > shape->max ? BREAKS_MAX : 0u);
}

unsigned shape_check(const struct shape *shape, const void *slot) {
    switch ((enum shape_kind)shape->kind) {
    case KIND_STRING:
        return shape_check_string(shape, *(const str *)slot);
    case KIND_INTEGER:
    case KIND_LONG:
        return check_whole(shape, ((const struct given_integer *)slot)->value);
    case KIND_LIST:
        return check_whole(shape, (int64_t)(*(const struct any_list *const *)slot)->count);
    case KIND_MAP:
        return check_whole(shape, (int64_t)(*(const struct any_map *const *)slot)->count);
    case KIND_DOUBLE: /* the model limits none */
    case KIND_TIMESTAMP:
    case KIND_BOOLEAN:
    case KIND_STRUCT:
    case KIND_ITEM:
    case KIND_VALUE:
        break;
    }
    return 0;
}

bool shape_is_absent(enum shape_kind kind, const void *slot) {
    switch (kind) {
    case KIND_STRING:
        return ((const str *)slot)->ptr == NULL;
    case KIND_INTEGER:
    case KIND_LONG:
        return !((const struct given_integer *)slot)->given;
    case KIND_DOUBLE:
    case KIND_TIMESTAMP:
        return !((const struct given_double *)slot)->given;
    case KIND_BOOLEAN:
        return !((const struct given_boolean *)slot)->given;
    case KIND_STRUCT:
    case KIND_LIST:
    case KIND_MAP:
    case KIND_ITEM:
    case KIND_VALUE:
        break;
    }
    return *(const void *const *)slot == NULL;
}

bool shape_is_missing(const struct shape_member *member, const void *in) {
    if (member->need == NEED_OPTIONAL)
        return false;
    const struct shape *shape = &shapes[member->shape];
    if (!shape_is_absent((enum shape_kind)shape->kind, (const char *)in + member->offset))
        return false;
    if (member->need == NEED_UNLESS_COPY)
        return ((const struct in_CreateTableInput *)in)->GlobalTableSourceArn.ptr == NULL;
    return true;
}
