/* XML: what is written is well formed, and reads back. */
#include "identity_api/xml.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

static struct arena *arena;
static struct buf out;
static struct xml_writer xml;

static int setup(void **state) {
    (void)state;
    arena = arena_new(1024 * 1024);
    buf_init(&out, arena, 64);
    xml_init(&xml, &out);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static void elements_hold_elements_and_texts(void **state) {
    (void)state;
    xml_begin(&xml, "A");
    xml_text(&xml, "B", STR("text"));
    xml_number(&xml, "C", -7);
    xml_bool(&xml, "D", false);
    xml_time(&xml, "E", INT64_C(1440938160999999));
    xml_optional(&xml, "F", (str){});
    xml_optional(&xml, "G", STR(""));
    xml_end(&xml);
    assert_str(buf_str(&out),
               "<A><B>text</B><C>-7</C><D>false</D><E>2015-08-30T12:36:00Z</E><G></G></A>");
}

static void texts_cannot_end_their_element(void **state) {
    (void)state;
    xml_text(&xml, "T", STR("</T><T>&amp;\"'"));
    assert_str(buf_str(&out), "<T>&lt;/T&gt;&lt;T&gt;&amp;amp;&quot;'</T>");
}

static void what_no_xml_holds_is_replaced(void **state) {
    (void)state;
    xml_escape(&out, STR("a\0b\x1b"
                         "c\td\ne\rf\xEF\xBF\xBFg\xEF\xBF\xBEh\xEF\xBF\xBD"));
    assert_str(buf_str(&out), "a?b?c\td\ne&#13;f?g?h\xEF\xBF\xBD");
}

static void what_is_escaped_reads_back(void **state) {
    (void)state;
    str text = STR("<a href=\"x\">&lt;&amp;&#13;\r\n&</a>");
    xml_escape(&out, text);
    str back = xml_unescape(buf_str(&out), arena);
    assert_true(str_eq(back, text));
}

static void expect(struct xml_reader *reader, enum xml_token token, const char *text) {
    assert_int_equal(xml_next(reader), token);
    if (text != NULL)
        assert_true(str_eq(reader->text, str_from_c(text)));
}

static void a_reader_meets_one_element_after_the_other(void **state) {
    (void)state;
    struct xml_reader reader = {
        .rest = STR("<?xml version=\"1.0\"?><!-- no --><A x=\"1\"><B>t</B><C/></A>\n")};
    expect(&reader, XML_BEGIN, "A");
    expect(&reader, XML_BEGIN, "B");
    expect(&reader, XML_TEXT, "t");
    expect(&reader, XML_END, "B");
    expect(&reader, XML_BEGIN, "C");
    expect(&reader, XML_END, "C");
    expect(&reader, XML_END, "A");
    expect(&reader, XML_TEXT, "\n");
    expect(&reader, XML_DONE, NULL);
}

static void a_broken_tag_ends_the_reading(void **state) {
    (void)state;
    static const str broken[] = {STR_INIT("<"), STR_INIT("<a"), STR_INIT("<>"), STR_INIT("<?x"),
                                 STR_INIT("<!")};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        struct xml_reader reader = {.rest = broken[i]};
        expect(&reader, XML_BROKEN, NULL);
        expect(&reader, XML_DONE, NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(elements_hold_elements_and_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(texts_cannot_end_their_element, setup, teardown),
        cmocka_unit_test_setup_teardown(what_no_xml_holds_is_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_escaped_reads_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_reader_meets_one_element_after_the_other, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_broken_tag_ends_the_reading, setup, teardown),
    };
    return cmocka_run_group_tests_name("identity_api_xml", tests, NULL, NULL);
}
