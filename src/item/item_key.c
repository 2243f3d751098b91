#include "item/item_key.h"

#include "base/base64.h"
#include "item/number.h"

void key_part_encode_prefix(str bytes, struct buf *out) {
    buf_reserve(out, bytes.len + 2);
    while (bytes.len) {
        size_t plain = str_find(bytes, 0);
        buf_add(out, bytes.ptr, plain);
        if (plain == bytes.len)
            break;
        buf_add_lit(out, "\x00\xff");
        bytes = str_slice(bytes, plain + 1, bytes.len);
    }
}

void key_part_encode(enum value_kind kind, str bytes, struct buf *out) {
    if (kind == VALUE_NUMBER) {
        buf_add_str(out, bytes);
        return;
    }
    key_part_encode_prefix(bytes, out);
    buf_add_lit(out, "\x00\x01");
}

static bool number_part_decode(str *rest, str *out_bytes) {
    const unsigned char *at = (const unsigned char *)rest->ptr;
    size_t len = number_len(at, at + rest->len);
    if (len == 0)
        return false;
    *out_bytes = str_slice(*rest, 0, len);
    *rest = str_slice(*rest, len, rest->len);
    return true;
}

bool key_part_decode(enum value_kind kind, str *rest, struct arena *arena, str *out_bytes) {
    if (rest->len == 0)
        return false;
    if (kind == VALUE_NUMBER)
        return number_part_decode(rest, out_bytes);
    size_t end = 0, zeros = 0; /* of the part, before its end mark */
    for (;;) {
        end += str_find(str_slice(*rest, end, rest->len), 0);
        if (rest->len - end < 2)
            return false;
        char mark = rest->ptr[end + 1];
        if (mark == '\x01')
            break;
        if (mark != '\xff')
            return false;
        zeros++;
        end += 2;
    }
    str part = str_slice(*rest, 0, end);
    *rest = str_slice(*rest, end + 2, rest->len);
    if (zeros) { /* drop the byte behind each zero */
        char *bytes = arena_bytes(arena, part.len);
        size_t len = 0;
        for (size_t i = 0; i < part.len; i += part.ptr[i] ? 1 : 2)
            bytes[len++] = part.ptr[i];
        part = (str){bytes, len};
    }
    *out_bytes = part;
    return true;
}

str key_prefix_end(str prefix, struct arena *arena) {
    while (prefix.len && prefix.ptr[prefix.len - 1] == '\xff')
        prefix.len--;
    if (prefix.len == 0)
        return (str){NULL, 0};
    str end = arena_copy(arena, prefix);
    ((unsigned char *)end.ptr)[end.len - 1]++;
    return end;
}

bool key_part_text(enum value_kind kind, str bytes, struct arena *arena, str *out_text) {
    struct buf text;
    if (kind == VALUE_STRING) {
        *out_text = bytes;
        return true;
    }
    if (kind != VALUE_NUMBER && kind != VALUE_BINARY)
        return false;
    size_t len = kind == VALUE_NUMBER ? NUMBER_TEXT_MAX : base64_encoded_len(bytes.len);
    buf_init(&text, arena, len);
    if (kind == VALUE_NUMBER) {
        number_to_text(bytes, &text);
    } else {
        base64_encode(bytes, buf_reserve(&text, len));
        text.len += len;
    }
    *out_text = buf_str(&text);
    return true;
}
