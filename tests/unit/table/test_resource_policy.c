/* Policies in descriptions of tables. */
#include "table/catalogue.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

#define ALLOW                                                                                      \
    "{\"Statement\":{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*"   \
    "\"}}"

static struct arena *arena;

static enum policy_effect effect_of(const struct resource_policy *policy) {
    const struct access_context context = {
        .action = STR("dynamodb:GetItem"),
        .resource = STR("arn:aws:dynamodb:here:000000000000:table/tab"),
        .principal_arn = STR("arn:aws:iam::000000000000:user/ann"),
        .principal_account = STR("000000000000")};
    return policy_evaluate(policy->compiled, &context, arena);
}

static struct table *table_with(str text) {
    struct table *table = table_new();
    table->name = STR("tab");
    table->id = 1;
    table->key =
        (struct key_schema){.hash = {{STR("p"), value_kind_from_name(STR("S"))}}, .hash_count = 1};
    table->policy = (struct resource_policy){.text = text, .revision_ms = 17, .changed_us = 17000};
    return table;
}

static void a_policy_is_stored_with_its_table_and_compiled_when_it_is_read(void **state) {
    (void)state;
    struct table *table = table_with(STR(ALLOW)), *read;
    assert_status(table_decode(table_encode(table, arena), &read), ST_OK);
    assert_str(read->policy.text, ALLOW);
    assert_int_equal(read->policy.revision_ms, 17);
    assert_int_equal(read->policy.changed_us, 17000);
    assert_int_equal(effect_of(&read->policy), POLICY_ALLOWS);
    assert_null(read->stream_policy.compiled);
    assert_true(read->generation != table->generation);
    table_unref(read);
    table_unref(table);
}

static void a_table_without_one_has_none(void **state) {
    (void)state;
    struct table *table = table_with((str){}), *read;
    table->policy = (struct resource_policy){};
    assert_status(table_decode(table_encode(table, arena), &read), ST_OK);
    assert_null(read->policy.compiled);
    assert_null(read->policy.text.ptr);
    table_unref(read);
    table_unref(table);
}

static void a_text_that_does_not_compile_denies_everything(void **state) {
    (void)state;
    struct table *table = table_with(STR("{\"Statement\":\"of a later version\"}")), *read;
    assert_status(table_decode(table_encode(table, arena), &read), ST_OK);
    assert_int_equal(effect_of(&read->policy), POLICY_DENIES);
    assert_str(read->policy.text, "{\"Statement\":\"of a later version\"}");
    table_unref(read);
    table_unref(table);
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
        cmocka_unit_test(a_policy_is_stored_with_its_table_and_compiled_when_it_is_read),
        cmocka_unit_test(a_table_without_one_has_none),
        cmocka_unit_test(a_text_that_does_not_compile_denies_everything),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
