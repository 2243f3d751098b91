#include "item/value.h"

static const str kind_names[] = {
    [VALUE_NONE] = STR_INIT(""),         [VALUE_STRING] = STR_INIT("S"),
    [VALUE_NUMBER] = STR_INIT("N"),      [VALUE_BINARY] = STR_INIT("B"),
    [VALUE_BOOL] = STR_INIT("BOOL"),     [VALUE_NULL] = STR_INIT("NULL"),
    [VALUE_LIST] = STR_INIT("L"),        [VALUE_MAP] = STR_INIT("M"),
    [VALUE_STRING_SET] = STR_INIT("SS"), [VALUE_NUMBER_SET] = STR_INIT("NS"),
    [VALUE_BINARY_SET] = STR_INIT("BS"),
};

str value_kind_name(enum value_kind kind) {
    return kind_names[kind];
}

enum value_kind value_kind_from_name(str name) {
    if (name.len == 1) {
        switch (name.ptr[0]) {
        case 'S':
            return VALUE_STRING;
        case 'N':
            return VALUE_NUMBER;
        case 'B':
            return VALUE_BINARY;
        case 'L':
            return VALUE_LIST;
        case 'M':
            return VALUE_MAP;
        default:
            return VALUE_NONE;
        }
    }
    for (enum value_kind kind = VALUE_BOOL; name.len && kind <= VALUE_BINARY_SET; kind++)
        if (str_eq(kind_names[kind], name))
            return kind;
    return VALUE_NONE;
}

const struct value *item_find(const struct item *item, str name) {
    for (size_t i = 0; i < item->count; i++)
        if (str_eq(item->attributes[i].name, name))
            return &item->attributes[i].value;
    return NULL;
}
