/* Which top-level attributes texts name. */
#include "base/buf.h"
#include "expr/named.h"
#include "lib/test.h"

static struct arena *arena;

static const str keys[] = {STR_INIT("#a"), STR_INIT("#b")};
static const str names[] = {STR_INIT("first name"), STR_INIT("b")};

/* Names by commas. */
static void expect(enum named_text kind, const char *text, const char *wanted) {
    struct named named = {.arena = arena};
    struct buf got;
    named_in_text(&named, kind, str_from_c(text), keys, names, 2);
    buf_init(&got, arena, 64);
    for (size_t i = 0; i < named.count; i++)
        buf_printf(&got, "%s%.*s", i > 0 ? "," : "", STR_ARG(named.at[i]));
    if (!str_eq(buf_str(&got), str_from_c(wanted)))
        fail_msg("%s: got %.*s, want %s", text, STR_ARG(buf_str(&got)), wanted);
}

static void a_projection_names_the_tops_of_its_paths(void **state) {
    (void)state;
    expect(NAMED_PROJECTION, "a, b.c[1].d, #a[0].#b , e [ 2 ] . f", "a,b,first name,e");
    expect(NAMED_PROJECTION, "set, remove, And", "set,remove,And");
}

static void a_condition_names_operands_but_no_functions_and_keywords(void **state) {
    (void)state;
    expect(NAMED_CONDITION,
           "size(a.b) > :v AND attribute_exists (#a) or not contains(c, d) and e in (:x, f) "
           "and g between :v and h",
           "a,first name,c,d,e,f,g,h");
    expect(NAMED_CONDITION, "remove = :v AND a.b = remove.a", "remove,a,remove");
}

static void an_update_names_what_it_writes_and_what_it_reads(void **state) {
    (void)state;
    expect(NAMED_UPDATE,
           "SET a.b = if_not_exists(c, :v) + d, #a = list_append(e, :v) remove f, g[1] "
           "ADD h :one DELETE i.j :set",
           "a,c,d,first name,e,f,g,h,i");
}

static void a_word_that_begins_a_section_is_a_name_where_an_operand_is_due(void **state) {
    (void)state;
    expect(NAMED_UPDATE, "SET a = remove REMOVE remove", "a,remove,remove");
    expect(NAMED_UPDATE, "ADD remove :one SET remove.a = :v", "remove,remove");
    expect(NAMED_UPDATE, "SET a.set = :v", "a");
}

static void a_placeholder_that_stands_for_nothing_names_nothing(void **state) {
    (void)state;
    expect(NAMED_PROJECTION, "#c, a", "a");
    expect(NAMED_CONDITION, "", "");
    expect(NAMED_CONDITION, "%%% . a ..", "");
}

static int setup(void **state) {
    (void)state;
    arena = arena_new(1 << 20);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_projection_names_the_tops_of_its_paths),
        cmocka_unit_test(a_condition_names_operands_but_no_functions_and_keywords),
        cmocka_unit_test(an_update_names_what_it_writes_and_what_it_reads),
        cmocka_unit_test(a_word_that_begins_a_section_is_a_name_where_an_operand_is_due),
        cmocka_unit_test(a_placeholder_that_stands_for_nothing_names_nothing),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
