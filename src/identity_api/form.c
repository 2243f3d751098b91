#include "identity_api/form.h"

#include "base/percent.h"
#include "base/utf8.h"

bool form_unescape(str text, bool plus_is_blank, struct arena *arena, str *out) {
    char *bytes = arena_bytes(arena, text.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%') {
            if (text.len - i < 3)
                return false;
            int high = percent_digit(text.ptr[i + 1]), low = percent_digit(text.ptr[i + 2]);
            if (high < 0 || low < 0)
                return false;
            c = (char)(high * 16 + low);
            i += 2;
        } else if (c == '+' && plus_is_blank) {
            c = ' ';
        }
        bytes[len++] = c;
    }
    *out = (str){bytes, len};
    return true;
}

void form_escape(struct buf *out, str text) {
    percent_encode(out, text, "");
}

static bool is_text(str value) {
    for (size_t i = 0; i < value.len; i++) {
        unsigned char c = (unsigned char)value.ptr[i];
        if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f)
            return false;
    }
    return utf8_valid(value);
}

static int field_order(const void *a, const void *b) {
    const struct form_field *one = a, *other = b;
    return str_cmp(one->name, other->name);
}

static size_t count_fields(str text) {
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '&';
    return count;
}

static status parse_field(str pair, struct arena *arena, struct form_field *out) {
    size_t equals = str_find(pair, '=');
    str value = str_slice(pair, equals < pair.len ? equals + 1 : equals, pair.len);
    if (!form_unescape(str_slice(pair, 0, equals), true, arena, &out->name) ||
        !form_unescape(value, true, arena, &out->value) || !is_text(out->name) ||
        !is_text(out->value))
        return ST_INVALID;
    return out->name.len <= FORM_NAME_MAX ? ST_OK : ST_TOO_BIG;
}

status form_parse(str text, struct arena *arena, struct form *out) {
    size_t count = count_fields(text);
    if (text.len > FORM_BYTES_MAX || count > FORM_FIELDS_MAX)
        return ST_TOO_BIG;
    struct form form = {.fields = arena_array(arena, struct form_field, count)};
    for (str rest = text; rest.len > 0;) {
        size_t end = str_find(rest, '&');
        if (end > 0)
            TRY(parse_field(str_slice(rest, 0, end), arena, &form.fields[form.count++]));
        rest = str_slice(rest, end < rest.len ? end + 1 : end, rest.len);
    }
    if (form.count > 0)
        qsort(form.fields, form.count, sizeof form.fields[0], field_order);
    for (size_t i = 1; i < form.count; i++)
        if (str_eq(form.fields[i - 1].name, form.fields[i].name))
            return ST_INVALID;
    *out = form;
    return ST_OK;
}

str form_value(const struct form *form, str name) {
    size_t from = 0, to = form->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = str_cmp(form->fields[middle].name, name);
        if (order == 0)
            return form->fields[middle].value;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return (str){NULL, 0};
}

str form_member(const struct form *form, str list, size_t n, str part) {
    char name[FORM_NAME_MAX + 1];
    int len = snprintf(name, sizeof name, "%.*s.member.%zu%s%.*s", STR_ARG(list), n,
                       part.len > 0 ? "." : "", STR_ARG(part));
    if (len < 0 || (size_t)len >= sizeof name)
        return (str){NULL, 0};
    return form_value(form, (str){name, (size_t)len});
}
