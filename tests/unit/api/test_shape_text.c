/* What clients are told about bodies that are not what the model says: shape_golden.def, row by
 * row; and a body of nothing for every operation is among them. */
#include "api/shape_read.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "lib/test.h"

struct golden {
    enum shape_id input;
    str operation, body;
    enum error_code error;
    str text;
};

static const struct golden rows[] = {
#define ROW(operation, body, error, text)                                                          \
    {SHAPE_##operation##Input, STR_INIT(#operation), STR_INIT(body), ERROR_##error, STR_INIT(text)},
#include "shape_golden.def"
#undef ROW
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

static struct scope scope;

static int setup(void **state) {
    (void)state;
    scope = (struct scope){.arena = arena_new(64 << 20), .scratch = arena_new(64 << 20)};
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(scope.arena);
    arena_free(scope.scratch);
    return 0;
}

static void begin(void) {
    arena_reset(scope.arena, 0);
    scope.error = ERROR_NONE;
    scope.error_text = (str){};
}

static void every_body_is_answered_in_the_words_of_the_service(void **state) {
    (void)state;
    assert_in_range(ROW_COUNT, 200, 1000);
    for (size_t i = 0; i < ROW_COUNT; i++) {
        const struct golden *row = &rows[i];
        void *in = NULL;
        begin();
        status st = shape_read(&scope, row->input, row->body, &in);
        if (st != (row->error == ERROR_NONE ? ST_OK : ST_FAILED) || scope.error != row->error)
            fail_msg("%.*s %.*s: got error %d \"%.*s\"", STR_ARG(row->operation),
                     STR_ARG(row->body), (int)scope.error, STR_ARG(scope.error_text));
        if (!str_eq(scope.error_text, row->text))
            fail_msg("%.*s %.*s:\ngot  \"%.*s\"\nwant \"%.*s\"", STR_ARG(row->operation),
                     STR_ARG(row->body), STR_ARG(scope.error_text), STR_ARG(row->text));
        assert_true((in != NULL) == (st == ST_OK));
    }
}

static void every_operation_has_a_row_with_an_empty_body(void **state) {
    (void)state;
    for (size_t i = 0; i < MODEL_OPERATION_COUNT; i++) {
        size_t found = 0;
        for (size_t j = 0; j < ROW_COUNT; j++)
            found += str_eq(rows[j].operation, model_operations[i].name) &&
                     str_eq(rows[j].body, STR("{}"));
        assert_int_equal(found, 1);
    }
}

/* The rows are read from memory of exactly their size, so that reading past the end is seen. */
static void every_cut_of_a_body_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < ROW_COUNT; i++) {
        if (rows[i].error == ERROR_SerializationException || rows[i].body.ptr[0] != '{')
            continue;
        for (size_t len = 0; len < rows[i].body.len; len++) {
            char *copy = malloc(len + 1);
            void *in;
            assert_non_null(copy);
            memcpy(copy, rows[i].body.ptr, len);
            begin();
            assert_status(shape_read(&scope, rows[i].input, (str){copy, len}, &in), ST_FAILED);
            assert_int_equal(scope.error, ERROR_SerializationException);
            free(copy);
        }
    }
}

static void attribute_values_are_printed_as_json(void **state) {
    (void)state;
    void *in;
    begin();
    assert_status(shape_read(&scope, SHAPE_BatchWriteItemInput,
                             STR("{\"RequestItems\":{\"a;\":[{\"DeleteRequest\":{\"Key\":{\"k\":"
                                 "{\"S\":\"v\"}}}},{\"PutRequest\":{\"Item\":{\"k\":{}}}}]}}"),
                             &in),
                  ST_FAILED);
    assert_str(scope.error_text,
               "1 validation error detected: Value '{a;=[WriteRequest(deleteRequest=DeleteRequest("
               "key={\"k\":{\"S\":\"v\"}}), putRequest=null), WriteRequest(deleteRequest=null, "
               "putRequest=PutRequest(item={...}))]}' at 'requestItems' failed to satisfy "
               "constraint: Map keys must satisfy constraint: [Member must have length less than "
               "or equal to 255, Member must have length greater than or equal to 1, Member must "
               "satisfy regular expression pattern: [a-zA-Z0-9_.-]+]");
}

static void a_long_list_is_told_whole_up_to_the_limit(void **state) {
    (void)state;
    void *in;
    struct buf body;
    begin();
    buf_init(&body, scope.scratch, 1 << 20);
    buf_add_lit(&body, "{\"TransactItems\":[{\"Get\":{\"TableName\":\"abc\",\"Key\":{}}}");
    for (size_t i = 1; i < 101; i++)
        buf_add_lit(&body, ",{\"Get\":{\"TableName\":\"abc\",\"Key\":{}}}");
    buf_add_lit(&body, "]}");
    assert_status(shape_read(&scope, SHAPE_TransactGetItemsInput, buf_str(&body), &in), ST_FAILED);
    assert_true(
        str_starts_with(scope.error_text, STR("1 validation error detected: Value '[TransactGetItem"
                                              "(get=Get(key={}, tableName=abc, ")));
    assert_true(str_contains(scope.error_text, STR("' at 'transactItems' failed to satisfy "
                                                   "constraint: Member must have length less than "
                                                   "or equal to 100")));
    assert_in_range(scope.error_text.len, 6000, 20000);
}

static void a_huge_value_is_cut_between_characters(void **state) {
    (void)state;
    void *in;
    struct buf body;
    begin();
    buf_init(&body, scope.scratch, 1 << 20);
    buf_add_lit(&body, "{\"TableName\":\"x");
    for (size_t i = 0; i < 200000; i++)
        buf_add_lit(&body, "\xc3\xa9");
    buf_add_lit(&body, "\",\"Key\":{}}");
    assert_status(shape_read(&scope, SHAPE_GetItemInput, buf_str(&body), &in), ST_FAILED);
    assert_true(str_starts_with(scope.error_text, STR("2 validation errors detected: Value 'x")));
    assert_in_range(scope.error_text.len, 2 * VALUE_TOLD_MAX - 2, 2 * VALUE_TOLD_MAX + 400);
    assert_true(utf8_valid(scope.error_text));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_body_is_answered_in_the_words_of_the_service),
        cmocka_unit_test(every_operation_has_a_row_with_an_empty_body),
        cmocka_unit_test(every_cut_of_a_body_is_refused),
        cmocka_unit_test(attribute_values_are_printed_as_json),
        cmocka_unit_test(a_long_list_is_told_whole_up_to_the_limit),
        cmocka_unit_test(a_huge_value_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
