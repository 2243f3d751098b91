/* Policies that many hold: what they take, and that they go with the last who holds them. */
#include "iam/rights.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

#define POLICY(more)                                                                               \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"a:Get\","       \
    "\"Resource\":\"*\"" more "}]}"

static const struct policy *made_of(str text) {
    const struct policy *policy;
    assert_status(policy_new(text, POLICY_IDENTITY, &policy), ST_OK);
    return policy;
}

static bool allows(const struct policy *policy, const char *action, const char *agent) {
    struct arena *arena = arena_new(1024 * 1024);
    struct access_context context = {.action = str_from_c(action),
                                     .resource = STR("arn:aws:a:::x"),
                                     .user_agent = str_from_c(agent)};
    bool allowed = policy_evaluate(policy, &context, arena) == POLICY_ALLOWS;
    arena_free(arena);
    return allowed;
}

static void what_is_no_policy_is_not_held(void **state) {
    (void)state;
    const struct policy *policy = NULL;
    size_t before = policies_held_bytes();
    assert_status(policy_new(STR("{}"), POLICY_IDENTITY, &policy), ST_INVALID);
    assert_null(policy);
    assert_int_equal(policies_held_bytes(), before);
}

static void a_policy_goes_with_the_last_who_holds_it(void **state) {
    (void)state;
    size_t before = policies_held_bytes();
    const struct policy *policy = made_of(STR(POLICY("")));
    assert_int_equal(policies_held_bytes(), before + policy_bytes(policy));
    assert_in_range(policy_bytes(policy), 1, 2048);
    policy_ref(policy);
    policy_unref(policy);
    assert_int_equal(policies_held_bytes(), before + policy_bytes(policy));
    assert_true(allows(policy, "a:Get", ""));
    assert_false(allows(policy, "a:Put", ""));
    policy_unref(policy);
    policy_unref(NULL);
    assert_int_equal(policies_held_bytes(), before);
}

/* Space between tokens is dropped; that in texts, and what follows an escaped quote, is not. */
static void indentation_takes_no_memory_and_texts_keep_their_space(void **state) {
    (void)state;
    enum { SPACES = 10000 };
    struct arena *arena = arena_new(1024 * 1024);
    static const char condition[] =
        ",\"Condition\":{\"StringEquals\":{\"aws:UserAgent\":[\"a \\\" \\\\\",\"two  words\"]}}";
    str text = STR(POLICY(",\"Condition\":{\"StringEquals\":{\"aws:UserAgent\":"
                          "[\"a \\\" \\\\\",\"two  words\"]}}"));
    char *wide = arena_bytes(arena, text.len + SPACES);
    assert_true(str_contains(text, str_from_c(condition)));
    wide[0] = '{';
    memset(wide + 1, '\n', SPACES);
    memcpy(wide + 1 + SPACES, text.ptr + 1, text.len - 1);
    const struct policy *one = made_of(text), *other = made_of((str){wide, text.len + SPACES});
    assert_int_equal(policy_bytes(one), policy_bytes(other));
    for (int i = 0; i < 2; i++) {
        const struct policy *policy = i == 0 ? one : other;
        assert_true(allows(policy, "a:Get", "two  words"));
        assert_true(allows(policy, "a:Get", "a \" \\"));
        assert_false(allows(policy, "a:Get", "twowords"));
    }
    policy_unref(one);
    policy_unref(other);
    arena_free(arena);
}

static void principals_share_what_they_borrow(void **state) {
    (void)state;
    enum { PRINCIPALS = 100 };
    struct principal *principals[PRINCIPALS];
    size_t before = policies_held_bytes();
    const struct policy *policy = made_of(STR(POLICY(""))), *limit = made_of(STR(POLICY("")));
    struct context_tag tag = {STR("team"), STR("blue")};
    struct rights *rights = rights_new(2, (struct context_tags){&tag, 1});
    rights_add(rights, policy);
    rights_set_boundary(rights, limit);
    size_t held = policies_held_bytes();
    for (int i = 0; i < PRINCIPALS; i++) {
        principals[i] = principal_new();
        principal_borrow(principals[i], rights);
        principal_ready(principals[i]);
        assert_ptr_equal(principals[i]->policies[0], policy);
        assert_ptr_equal(principals[i]->boundary, limit);
        assert_str(principals[i]->tags.entries[0].value, "blue");
    }
    assert_int_equal(policies_held_bytes(), held);
    rights_unref(rights);
    for (int i = 0; i < PRINCIPALS; i++) {
        assert_int_equal(policies_held_bytes(), held);
        principal_unref(principals[i]);
    }
    assert_int_equal(policies_held_bytes(), before);
}

static void a_principal_counts_what_it_alone_has(void **state) {
    (void)state;
    struct principal *principal = principal_new();
    struct rights *limits = rights_new(2, (struct context_tags){});
    const struct policy *shared = made_of(STR(POLICY(""))), *own = made_of(STR(POLICY("")));
    size_t bare = principal_bytes(principal) + arena_held(limits->arena);
    rights_add(limits, shared);
    rights_add_own(limits, own);
    principal_limit(principal, limits);
    assert_int_equal(principal->session_policy_count, 2);
    assert_int_equal(principal_bytes(principal), bare + policy_bytes(own));
    principal_unref(principal);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_policy_is_not_held),
        cmocka_unit_test(a_policy_goes_with_the_last_who_holds_it),
        cmocka_unit_test(indentation_takes_no_memory_and_texts_keep_their_space),
        cmocka_unit_test(principals_share_what_they_borrow),
        cmocka_unit_test(a_principal_counts_what_it_alone_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
