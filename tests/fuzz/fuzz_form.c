/* Forms of any bytes: whatever is taken is sorted text that reads back when it is written again;
 * and members of each operation are checked in memory that is bounded. */
#include "base/buf.h"
#include "base/check.h"
#include "base/utf8.h"
#include "identity_api/operations.h"
#include "identity_api/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

enum { ARENA_MAX = 64 * 1024 * 1024 };

static void check_again(const struct form *form, struct arena *arena) {
    struct buf text;
    struct form again;
    buf_init(&text, arena, 256);
    for (size_t i = 0; i < form->count; i++) {
        if (i > 0) {
            CHECK(str_cmp(form->fields[i - 1].name, form->fields[i].name) < 0);
            buf_add_byte(&text, '&');
        }
        form_escape(&text, form->fields[i].name);
        buf_add_byte(&text, '=');
        form_escape(&text, form->fields[i].value);
    }
    if (form_parse(buf_str(&text), arena, &again) != ST_OK) {
        CHECK(text.len > FORM_BYTES_MAX); /* escapes are longer than what they stand for */
        return;
    }
    CHECK(again.count == form->count);
    for (size_t i = 0; i < form->count; i++)
        CHECK(str_eq(form_value(&again, form->fields[i].name), form->fields[i].value));
}

static void check_operation(const struct form *form, struct arena *arena) {
    const struct identity_operation *operation =
        identity_operation_find(form_value(form, STR("Action")));
    if (operation == NULL)
        return;
    str problem = members_problem(operation, form, arena);
    struct buf text;
    buf_init(&text, arena, 256);
    xml_escape(&text, problem);
    CHECK(problem.ptr == NULL || (problem.len > 0 && utf8_valid(problem)));
    CHECK(memchr(text.ptr, '<', text.len) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
    struct arena *arena = arena_new(ARENA_MAX);
    struct form form;
    if (form_parse((str){(const char *)bytes, size}, arena, &form) == ST_OK) {
        check_again(&form, arena);
        check_operation(&form, arena);
    }
    struct xml_reader reader = {.rest = {(const char *)bytes, size}};
    enum xml_token token;
    do
        token = xml_next(&reader);
    while (token != XML_DONE && token != XML_BROKEN);
    arena_free(arena);
    return 0;
}
