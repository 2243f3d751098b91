/* Forms: names and values, and what is refused. */
#include "base/buf.h"
#include "identity_api/form.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

static struct arena *arena;
static struct form form;

static int setup(void **state) {
    (void)state;
    arena = arena_new(64 * 1024 * 1024);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static void values_are_found_by_name(void **state) {
    (void)state;
    assert_status(form_parse(STR("b=2&a=one+two%20three%2B&&empty=&bare&Action=X"), arena, &form),
                  ST_OK);
    assert_int_equal(form.count, 5);
    assert_str(form_value(&form, STR("a")), "one two three+");
    assert_str(form_value(&form, STR("b")), "2");
    assert_str(form_value(&form, STR("Action")), "X");
    assert_non_null(form_value(&form, STR("empty")).ptr);
    assert_int_equal(form_value(&form, STR("bare")).len, 0);
    assert_null(form_value(&form, STR("c")).ptr);
    assert_null(form_value(&form, STR("A")).ptr);
}

static void an_empty_text_is_an_empty_form(void **state) {
    (void)state;
    assert_status(form_parse(STR(""), arena, &form), ST_OK);
    assert_int_equal(form.count, 0);
    assert_null(form_value(&form, STR("")).ptr);
}

static void elements_of_lists_are_found_by_number(void **state) {
    (void)state;
    assert_status(form_parse(STR("Tags.member.1.Key=k&Tags.member.1.Value=v&Keys.member.2=two"),
                             arena, &form),
                  ST_OK);
    assert_str(form_member(&form, STR("Tags"), 1, STR("Key")), "k");
    assert_str(form_member(&form, STR("Tags"), 1, STR("Value")), "v");
    assert_null(form_member(&form, STR("Tags"), 2, STR("Key")).ptr);
    assert_null(form_member(&form, STR("Keys"), 1, (str){}).ptr);
    assert_str(form_member(&form, STR("Keys"), 2, (str){}), "two");
}

static void what_is_no_text_is_refused(void **state) {
    (void)state;
    static const str broken[] = {
        STR_INIT("a=%"),       STR_INIT("a=%4"),    STR_INIT("a=%4g"),     STR_INIT("%zz=1"),
        STR_INIT("a=%00"),     STR_INIT("a=%1b[m"), STR_INIT("a=%ff"),     STR_INIT("a=%c3"),
        STR_INIT("a=1&b&a=2"), STR_INIT("a=%7F"),   STR_INIT("a=1&%61=2"), STR_INIT("a=%ED%A0%80"),
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        assert_status(form_parse(broken[i], arena, &form), ST_INVALID);
    assert_status(form_parse(STR("a=%0A%0d%09%c3%A9"), arena, &form), ST_OK);
    assert_str(form_value(&form, STR("a")), "\n\r\t\xc3\xa9");
}

/* COUNT fields, each with a name of its own. */
static str many(size_t count) {
    struct buf text;
    buf_init(&text, arena, count * 8);
    for (size_t i = 0; i < count; i++)
        buf_printf(&text, "%sn%zu=1", i > 0 ? "&" : "", i);
    return buf_str(&text);
}

static void limits_are_kept(void **state) {
    (void)state;
    assert_status(form_parse(many(FORM_FIELDS_MAX), arena, &form), ST_OK);
    assert_int_equal(form.count, FORM_FIELDS_MAX);
    assert_status(form_parse(many(FORM_FIELDS_MAX + 1), arena, &form), ST_TOO_BIG);
    char *bytes = arena_bytes(arena, FORM_BYTES_MAX + 1);
    memset(bytes, 'v', FORM_BYTES_MAX + 1);
    bytes[FORM_NAME_MAX] = '=';
    assert_status(form_parse((str){bytes, FORM_BYTES_MAX}, arena, &form), ST_OK);
    assert_status(form_parse((str){bytes, FORM_BYTES_MAX + 1}, arena, &form), ST_TOO_BIG);
    bytes[FORM_NAME_MAX] = 'v';
    assert_status(form_parse((str){bytes, FORM_NAME_MAX + 1}, arena, &form), ST_TOO_BIG);
}

static void what_is_escaped_reads_back(void **state) {
    (void)state;
    struct buf text;
    str back;
    char bytes[256];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)i;
    buf_init(&text, arena, 16);
    form_escape(&text, (str){bytes, sizeof bytes});
    assert_true(form_unescape(buf_str(&text), true, arena, &back));
    assert_true(str_eq(back, (str){bytes, sizeof bytes}));
    buf_init(&text, arena, 16);
    form_escape(&text, STR("a-z_.~ +/%"));
    assert_str(buf_str(&text), "a-z_.~%20%2B%2F%25");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_found_by_name),
        cmocka_unit_test(an_empty_text_is_an_empty_form),
        cmocka_unit_test(elements_of_lists_are_found_by_number),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(what_is_escaped_reads_back),
    };
    return cmocka_run_group_tests_name("identity_api_form", tests, setup, teardown);
}
