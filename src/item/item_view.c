/* Every step looks at its own bounds, so bytes that only item_open has seen can mislead a view but
 * not make it leave them: what does not decode is not there. */
#include "item/item_view.h"

#include "base/bytes.h"
#include "item/number.h"

/* Behind `len` bytes that a varint at `at` announces; NULL when they run over. */
static inline const unsigned char *past_counted(const unsigned char *at, const unsigned char *end) {
    uint32_t len;
    size_t n = get_varint(at, end, &len);
    if (n == 0 || (size_t)(end - at) - n < len)
        return NULL;
    return at + n + len;
}

static inline const unsigned char *past_number(const unsigned char *at, const unsigned char *end) {
    size_t len = number_len(at, end);
    return len ? at + len : NULL;
}

/* Behind the value whose tag is at `at`; NULL when it does not decode. */
static const unsigned char *past_value(const unsigned char *at, const unsigned char *end) {
    if (at == NULL || at >= end)
        return NULL;
    switch ((enum value_kind) * at) {
    case VALUE_STRING:
    case VALUE_BINARY:
    case VALUE_LIST:
    case VALUE_MAP:
    case VALUE_STRING_SET:
    case VALUE_NUMBER_SET:
    case VALUE_BINARY_SET:
        return past_counted(at + 1, end);
    case VALUE_NUMBER:
        return past_number(at + 1, end);
    case VALUE_BOOL:
        return end - at >= 2 ? at + 2 : NULL;
    case VALUE_NULL:
        return at + 1;
    case VALUE_NONE:
        break;
    }
    return NULL;
}

view view_of(const unsigned char *at, const unsigned char *end) {
    const unsigned char *behind = past_value(at, end);
    return behind ? (view){at, behind} : VIEW_NONE;
}

str view_bytes(view v) {
    enum value_kind kind = view_kind(v);
    if (kind == VALUE_NUMBER)
        return (str){(const char *)v.at + 1, (size_t)(v.end - v.at) - 1};
    if (kind != VALUE_STRING && kind != VALUE_BINARY)
        return (str){NULL, 0};
    uint32_t len;
    size_t n = get_varint(v.at + 1, v.end, &len);
    return (str){(const char *)v.at + 1 + n, (size_t)(v.end - v.at) - 1 - n};
}

bool view_bool(view v) {
    return view_kind(v) == VALUE_BOOL && v.at[1] != 0;
}

bool view_ceiling(view v, int64_t *out) {
    return view_kind(v) == VALUE_NUMBER && number_ceiling(view_bytes(v), out);
}

static inline bool is_container(enum value_kind kind) {
    return kind >= VALUE_LIST && kind <= VALUE_BINARY_SET;
}

view_cursor view_first(view container) {
    view_cursor cursor = {.container = view_kind(container)};
    uint32_t body_len;
    if (!is_container(cursor.container))
        return cursor;
    const unsigned char *at = container.at + 1;
    at += get_varint(at, container.end, &body_len);
    size_t n = get_varint(at, container.end, &cursor.left);
    if (n == 0)
        cursor.left = 0;
    cursor.next = at + n;
    cursor.end = container.end;
    return cursor;
}

uint32_t view_count(view v) {
    return view_first(v).left;
}

static inline bool next_counted(view_cursor *cursor, str *out) {
    uint32_t len;
    size_t n = get_varint(cursor->next, cursor->end, &len);
    if (n == 0 || (size_t)(cursor->end - cursor->next) - n < len)
        return false;
    *out = (str){(const char *)cursor->next + n, len};
    cursor->next += n + len;
    return true;
}

static inline bool next_number(view_cursor *cursor, str *out) {
    size_t len = number_len(cursor->next, cursor->end);
    *out = (str){(const char *)cursor->next, len};
    cursor->next += len;
    return len != 0;
}

static inline bool next_value(view_cursor *cursor) {
    cursor->value = view_of(cursor->next, cursor->end);
    cursor->next = cursor->value.end;
    return view_exists(cursor->value);
}

bool view_next(view_cursor *cursor) {
    if (cursor->left == 0)
        return false;
    cursor->left--;
    bool found = false;
    switch (cursor->container) {
    case VALUE_LIST:
        found = next_value(cursor);
        break;
    case VALUE_MAP:
        found = next_counted(cursor, &cursor->name) && next_value(cursor);
        break;
    case VALUE_STRING_SET:
    case VALUE_BINARY_SET:
        found = next_counted(cursor, &cursor->member);
        break;
    case VALUE_NUMBER_SET:
        found = next_number(cursor, &cursor->member);
        break;
    case VALUE_NONE:
    case VALUE_STRING:
    case VALUE_NUMBER:
    case VALUE_BINARY:
    case VALUE_BOOL:
    case VALUE_NULL:
        break;
    }
    if (!found)
        cursor->left = 0;
    return found;
}

view view_member(view v, str name) {
    if (view_kind(v) != VALUE_MAP)
        return VIEW_NONE;
    for (view_cursor c = view_first(v); view_next(&c);) {
        int order = str_cmp(c.name, name);
        if (order == 0)
            return c.value;
        if (order > 0)
            break; /* names ascend */
    }
    return VIEW_NONE;
}

view view_element(view v, uint64_t index) {
    if (view_kind(v) != VALUE_LIST || index >= view_count(v))
        return VIEW_NONE;
    for (view_cursor c = view_first(v); view_next(&c); index--)
        if (index == 0)
            return c.value;
    return VIEW_NONE;
}

/* What a set holds: VALUE_STRING for VALUE_STRING_SET, and so on. */
static enum value_kind member_kind(enum value_kind set) {
    return (enum value_kind)(set - VALUE_STRING_SET + VALUE_STRING);
}

bool view_contains_element(view container, view v) {
    enum value_kind kind = view_kind(container);
    bool is_set = value_kind_is_set(kind);
    if (!view_exists(v) || (kind != VALUE_LIST && !is_set))
        return false;
    if (is_set && view_kind(v) != member_kind(kind))
        return false;
    str bytes = view_bytes(v);
    for (view_cursor c = view_first(container); view_next(&c);)
        if (is_set ? str_eq(c.member, bytes) : view_equal(c.value, v))
            return true;
    return false;
}

bool view_compare(view a, view b, int *out_order) {
    enum value_kind kind = view_kind(a);
    if (kind != view_kind(b) ||
        (kind != VALUE_STRING && kind != VALUE_NUMBER && kind != VALUE_BINARY))
        return false;
    *out_order = str_cmp(view_bytes(a), view_bytes(b));
    return true;
}

static size_t size_at_level(view v, unsigned level) {
    enum value_kind kind = view_kind(v);
    size_t size = 0;
    switch (kind) {
    case VALUE_STRING:
    case VALUE_BINARY:
        return view_bytes(v).len;
    case VALUE_NUMBER:
        return number_size(view_bytes(v));
    case VALUE_BOOL:
    case VALUE_NULL:
        return 1;
    case VALUE_LIST:
    case VALUE_MAP:
        if (level == VALUE_DEPTH_MAX) /* not our encoding: the bound of this recursion */
            return 0;
        size = 3;
        for (view_cursor c = view_first(v); view_next(&c);)
            size += 1 + c.name.len + size_at_level(c.value, level + 1);
        return size;
    case VALUE_STRING_SET:
    case VALUE_BINARY_SET:
        for (view_cursor c = view_first(v); view_next(&c);)
            size += c.member.len;
        return size;
    case VALUE_NUMBER_SET:
        for (view_cursor c = view_first(v); view_next(&c);)
            size += number_size(c.member);
        return size;
    case VALUE_NONE:
        break;
    }
    return 0;
}

size_t view_size(view v) {
    return size_at_level(v, 0);
}
