/* What is reserved for a body is no less than what it takes. */
#include "base/sanitizers.h"
#include "item/item_json.h"
#include "lib/test.h"
#include "server/body_cost.h"

/* Nothing is rewound where scratch memory and the request's are one, so `used` is all that was ever
 * taken. */
static void assert_covered(const char *open, const char *element, const char *close) {
    struct arena *text_arena = arena_new(64 << 20), *arena = arena_new(1 << 30);
    struct scope scope = {.arena = arena, .scratch = arena};
    struct json_reader reader;
    struct item item;
    struct buf text;
    buf_init(&text, text_arena, 2 << 20);
    buf_add_str(&text, str_from_c(open));
    for (bool more = false; text.len < 1 << 20; more = true) {
        buf_add_str(&text, str_from_c(more ? "," : ""));
        buf_add_str(&text, str_from_c(element));
    }
    buf_add_str(&text, str_from_c(close));
    size_t before = arena_used(arena);
    json_reader_init(&reader, buf_str(&text), arena);
    assert_status(item_from_json(&scope, &reader, &item), ST_OK);
    size_t used = arena_used(arena) - before, bound = body_cost_parsed(buf_str(&text));
    printf("# %zu used, %zu reserved: %s\n", used, bound, element);
    assert_true(used <= bound + (SANITIZES_ADDRESSES ? bound / 2 : 0)); /* gaps */
    arena_free(arena);
    arena_free(text_arena);
}

static void a_tree_is_covered(void **state) {
    (void)state;
    assert_covered("{\"l\":{\"L\":[", "{\"N\":\"1\"}", "]}}");
    assert_covered("{\"l\":{\"L\":[", "{\"S\":\"\"}", "]}}");
    assert_covered("{\"l\":{\"L\":[", "{\"M\":{}}", "]}}");
    assert_covered("{\"l\":{\"L\":[", "{\"M\":{\"a\":{\"S\":\"\"}}}", "]}}");
    assert_covered("{\"l\":{\"L\":[", "{\"L\":[{\"L\":[{\"L\":[{\"L\":[]}]}]}]}", "]}}");
    assert_covered("{\"l\":{\"L\":[", "{\"M\":{\"a\":{\"M\":{\"a\":{\"M\":{}}}}}}", "]}}");
    assert_covered("{\"l\":{\"L\":[", "{\"SS\":[\"a\"]}", "]}}");
    assert_covered("{\"l\":{\"L\":[", "{\"NS\":[\"1\"]}", "]}}");
    assert_covered("{\"l\":{\"SS\":[", "\"a\"", "]}}");
    assert_covered("{\"l\":{\"SS\":[", "\"\\n\"", "]}}");
    assert_covered("{\"l\":{\"BS\":[", "\"YQ==\"", "]}}");
    assert_covered("{\"l\":{\"SS\":[", "\"b\",\"a\"", "]}}");
    assert_covered("{", "\"a\":{\"N\":\"1\"}", "}");
    assert_covered("{", "\"b\":{\"S\":\"\"},\"a\":{\"S\":\"\"}", "}");
}

static void unpacking_is_covered_by_its_ratio_or_by_the_limit(void **state) {
    (void)state;
    assert_int_equal(body_cost_unpacked(0, 1 << 20), 0);
    assert_true(body_cost_unpacked(100, 1 << 20) >= 100 * 1000);
    assert_int_equal(body_cost_unpacked(5000, 1 << 20), 1 << 20);
    assert_int_equal(body_cost_unpacked(SIZE_MAX, 1 << 20), 1 << 20);
}

static void text_costs_its_length(void **state) {
    (void)state;
    assert_int_equal(body_cost_parsed(STR("")), 0);
    assert_int_equal(body_cost_parsed(STR("only words")), 10);
    assert_true(body_cost_parsed(STR("{[,")) > 100);
}

/* Marks are counted many at a time: anywhere in the text, over any length. */
static void each_mark_is_counted_once(void **state) {
    (void)state;
    enum { LEN = 10000 };
    static const char marks[] = "{[,a}]\xfb\xdb\x0c";
    char *text = malloc(LEN);
    assert_non_null(text);
    size_t of_comma = body_cost_parsed(STR(",")) - 1, of_opener = body_cost_parsed(STR("[")) - 1;
    size_t want = 0;
    for (size_t len = 0; len < LEN; len++) {
        assert_int_equal(body_cost_parsed((str){text, len}), len + want);
        text[len] = len % 3000 < 1500 ? "{,"[len / 3000 % 2] : marks[len * 7 % (sizeof marks - 1)];
        want += text[len] == ',' ? of_comma : text[len] == '{' || text[len] == '[' ? of_opener : 0;
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tree_is_covered),
        cmocka_unit_test(unpacking_is_covered_by_its_ratio_or_by_the_limit),
        cmocka_unit_test(text_costs_its_length),
        cmocka_unit_test(each_mark_is_counted_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
