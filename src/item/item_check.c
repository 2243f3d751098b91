/* The strict walk over stored bytes: everything that views, comparison by memcmp and sizes rely
 * on. `verify` runs it over a whole store, and the fuzzers hold the codec against it. */
#include "base/bytes.h"
#include "base/utf8.h"
#include "item/item_codec.h"
#include "item/item_int.h"
#include "item/number.h"

/* What is left to look at. Once something was wrong, nobody looks on. */
struct walk {
    const unsigned char *at, *end;
};

static bool take_varint(struct walk *w, uint32_t *out) {
    size_t n = get_varint(w->at, w->end, out);
    w->at += n;
    return n != 0;
}

static bool take_counted(struct walk *w, str *out) {
    uint32_t len;
    if (!take_varint(w, &len) || (size_t)(w->end - w->at) < len)
        return false;
    *out = (str){(const char *)w->at, len};
    w->at += len;
    return true;
}

static bool take_number(struct walk *w, str *out) {
    size_t len = number_len(w->at, w->end);
    *out = (str){(const char *)w->at, len};
    w->at += len;
    return len != 0;
}

/* Enters a container: `body` is all of it behind the count. */
static bool take_container(struct walk *w, struct walk *body, uint32_t *count) {
    str bytes;
    if (!take_counted(w, &bytes))
        return false;
    body->at = (const unsigned char *)bytes.ptr;
    body->end = body->at + bytes.len;
    return take_varint(body, count);
}

static bool check_set(struct walk *w, enum value_kind kind) {
    struct walk body;
    uint32_t count;
    str last = {};
    if (!take_container(w, &body, &count) || count == 0)
        return false;
    for (; count; count--) {
        str member;
        if (!(kind == VALUE_NUMBER_SET ? take_number(&body, &member)
                                       : take_counted(&body, &member)))
            return false;
        if (last.ptr && str_cmp(last, member) >= 0)
            return false;
        if (kind == VALUE_STRING_SET && !utf8_valid(member))
            return false;
        last = member;
    }
    return body.at == body.end;
}

static bool check_value(struct walk *w, unsigned level);

/* `level` counts the containers around this one. */
static bool check_list(struct walk *w, unsigned level) {
    struct walk body;
    uint32_t count;
    if (level == VALUE_DEPTH_MAX || !take_container(w, &body, &count))
        return false;
    for (; count; count--)
        if (!check_value(&body, level + 1))
            return false;
    return body.at == body.end;
}

static bool check_map(struct walk *w, unsigned level) {
    struct walk body;
    uint32_t count;
    str last = {};
    if (level == VALUE_DEPTH_MAX || !take_container(w, &body, &count))
        return false;
    for (; count; count--) {
        str name;
        if (!take_counted(&body, &name) || name.len == 0 || name.len > VALUE_NAME_BYTES_MAX ||
            !utf8_valid(name))
            return false;
        if (last.ptr && str_cmp(last, name) >= 0)
            return false;
        last = name;
        if (!check_value(&body, level + 1))
            return false;
    }
    return body.at == body.end;
}

static bool check_value(struct walk *w, unsigned level) {
    str bytes;
    if (w->at == w->end)
        return false;
    enum value_kind kind = (enum value_kind) * w->at++;
    switch (kind) {
    case VALUE_STRING:
        return take_counted(w, &bytes) && utf8_valid(bytes);
    case VALUE_BINARY:
        return take_counted(w, &bytes);
    case VALUE_NUMBER:
        return take_number(w, &bytes);
    case VALUE_BOOL:
        return w->at < w->end && *w->at++ <= 1;
    case VALUE_NULL:
        return true;
    case VALUE_LIST:
        return check_list(w, level);
    case VALUE_MAP:
        return check_map(w, level);
    case VALUE_STRING_SET:
    case VALUE_NUMBER_SET:
    case VALUE_BINARY_SET:
        return check_set(w, kind);
    case VALUE_NONE:
        break;
    }
    return false;
}

status item_check_stored(str stored) {
    view map;
    TRY(item_open(stored, &map));
    struct walk w = {map.at, map.end};
    if (!check_value(&w, 0) || w.at != w.end)
        return ST_CORRUPT;
    return item_map_size(map) == item_size(stored) ? ST_OK : ST_CORRUPT;
}
