/* Conditions on keys with several values: ForAllValues, ForAnyValue, and neither. */
#include "unit/iam/iam_test.h"

enum { VALUES_MAX = 8 };

struct row {
    const char *op, *operands;
    const char *values; /* separated by commas; "": an empty set; NULL: the key is absent */
    bool allow, deny;   /* whether a statement with it applies */
};

static const struct row rows[] = {
    {"ForAllValues:StringEquals", "['a','b']", "a,b", true, true},
    {"ForAllValues:StringEquals", "['a','b']", "a", true, true},
    {"ForAllValues:StringEquals", "['a','b']", "a,c", false, false},
    {"ForAllValues:StringEquals", "['a','b']", "c", false, false},
    {"ForAllValues:StringEquals", "['a','b']", "", true, true},
    {"ForAllValues:StringEquals", "['a','b']", NULL, true, true},
    {"ForAllValues:StringEquals", "[]", "a", false, false},
    {"ForAllValues:StringNotEquals", "['a','b']", "c,d", true, true},
    {"ForAllValues:StringNotEquals", "['a','b']", "c,a", false, false},
    {"ForAllValues:StringNotEquals", "['a','b']", NULL, true, true},
    {"ForAllValues:StringLike", "['a*']", "ab,ac", true, true},
    {"ForAllValues:StringLike", "['a*']", "ab,bc", false, false},
    {"ForAllValues:StringNotLike", "['a*']", "bb,cc", true, true},
    {"ForAnyValue:StringEquals", "['a','b']", "c,b", true, true},
    {"ForAnyValue:StringEquals", "['a','b']", "c,d", false, false},
    {"ForAnyValue:StringEquals", "['a','b']", "", false, false},
    {"ForAnyValue:StringEquals", "['a','b']", NULL, false, false},
    {"ForAnyValue:StringEqualsIfExists", "['a','b']", NULL, true, true},
    {"ForAnyValue:StringEqualsIfExists", "['a','b']", "c", false, false},
    {"ForAnyValue:StringNotEquals", "['a','b']", "a,c", true, true},
    {"ForAnyValue:StringNotEquals", "['a','b']", "a,b", false, false},
    {"ForAnyValue:StringNotEquals", "['a','b']", NULL, false, false},
    {"ForAnyValue:StringLike", "['x','c*']", "a,cc", true, true},
    {"ForAnyValue:NumericGreaterThan", "5", "1,9", true, true},
    {"ForAllValues:NumericGreaterThan", "5", "1,9", false, false},
    /* Neither: what is safe. */
    {"StringEquals", "'a'", "a", true, true},
    {"StringEquals", "'a'", "a,a", true, true},
    {"StringEquals", "'a'", "a,b", false, true},
    {"StringEquals", "'a'", "b,c", false, false},
    {"StringEquals", "'a'", "", false, false},
    {"StringEquals", "'a'", NULL, false, false},
    {"StringNotEquals", "'a'", "b,c", true, true},
    {"StringNotEquals", "'a'", "a,c", false, true},
    {"StringNotEquals", "'a'", "a,a", false, false},
    {"StringNotEquals", "'a'", "", true, true},
    {"StringNotEquals", "'a'", NULL, true, true},
    {"StringEqualsIfExists", "'a'", "", true, true},
    {"Null", "true", "", true, true},
    {"Null", "true", "a,b", false, false},
    {"Null", "false", "a,b", true, true},
    {"Null", "false", "", false, false},
};

static struct context_values split(const char *text, str *room) {
    struct context_values values = {text != NULL, room, 0};
    str rest = text ? str_from_c(text) : STR("");
    while (rest.len) {
        size_t comma = str_find(rest, ',');
        room[values.count++] = str_slice(rest, 0, comma);
        rest = str_slice(rest, comma < rest.len ? comma + 1 : comma, rest.len);
    }
    return values;
}

static enum policy_effect effect_of(struct world *world, const struct row *row, const char *key,
                                    const char *effect) {
    str rest =
        arena_printf(world->arena, "'Action':'*','Resource':'*','Condition':{'%s':{'%s':%s}}",
                     row->op, key, row->operands);
    return world_effect(world, world_statement(world, POLICY_IDENTITY, effect, rest.ptr));
}

static int check_key(struct world *world, const struct row *row, const char *key) {
    bool allow = effect_of(world, row, key, "Allow") == POLICY_ALLOWS;
    bool deny = effect_of(world, row, key, "Deny") == POLICY_DENIES;
    if (allow == row->allow && deny == row->deny)
        return 0;
    print_error("%s %s %s of %s: allow %d, deny %d\n", row->op, row->operands, key,
                row->values ? row->values : "none", allow, deny);
    return 1;
}

static void keys_and_attributes_are_sets(void **state) {
    struct world *world = *state;
    str room[VALUES_MAX];
    int wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        world->context.partition_keys[0] = split(rows[i].values, room);
        world->context.attributes = world->context.partition_keys[0];
        wrong += check_key(world, &rows[i], "dynamodb:LeadingKeys");
        wrong += check_key(world, &rows[i], "dynamodb:Attributes");
    }
    assert_int_equal(wrong, 0);
}

static void the_keys_of_tags_are_a_set(void **state) {
    struct world *world = *state;
    int wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        str room[VALUES_MAX];
        struct context_tag tags[VALUES_MAX];
        struct context_values values = split(rows[i].values, room);
        for (size_t n = 0; n < values.count; n++)
            tags[n] = (struct context_tag){room[n], STR("value")};
        world->context.request_tags = (struct context_tags){tags, values.count};
        wrong += check_key(world, &rows[i], "aws:TagKeys");
    }
    assert_int_equal(wrong, 0);
}

/* The example of the developer guide: a user's own items, and some attributes of them. */
static void fine_grained_access_takes_own_items_and_named_attributes(void **state) {
    struct world *world = *state;
    str keys[VALUES_MAX], names[VALUES_MAX];
    const struct policy *policy = world_statement(
        world, POLICY_IDENTITY, "Allow",
        "'Action':['dynamodb:GetItem','dynamodb:Query'],'Resource':'" TABLE_ARN "',"
        "'Condition':{'ForAllValues:StringEquals':{'dynamodb:LeadingKeys':['${aws:username}'],"
        "'dynamodb:Attributes':['id','name']},"
        "'StringEqualsIfExists':{'dynamodb:Select':'SPECIFIC_ATTRIBUTES'}}");
    world->context.partition_keys[0] = split("ann", keys);
    world->context.attributes = split("id,name", names);
    assert_int_equal(world_effect(world, policy), POLICY_ALLOWS);
    world->context.select = STR("SPECIFIC_ATTRIBUTES");
    assert_int_equal(world_effect(world, policy), POLICY_ALLOWS);
    world->context.select = STR("ALL_ATTRIBUTES");
    assert_int_equal(world_effect(world, policy), POLICY_SILENT);
    world->context.select = (str){};
    world->context.attributes = split("id,name,salary", names);
    assert_int_equal(world_effect(world, policy), POLICY_SILENT);
    world->context.attributes = split("id", names);
    world->context.partition_keys[0] = split("ann,bob", keys);
    assert_int_equal(world_effect(world, policy), POLICY_SILENT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(keys_and_attributes_are_sets),
        CASE(the_keys_of_tags_are_a_set),
        CASE(fine_grained_access_takes_own_items_and_named_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
