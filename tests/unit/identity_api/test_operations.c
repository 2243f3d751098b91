/* The table of operations, and what is said of members that are none. */
#include "identity_api/operations.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

static struct arena *arena;

static int setup(void **state) {
    (void)state;
    arena = arena_new(4 * 1024 * 1024);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    arena_free(arena);
    return 0;
}

static str problem(const char *action, const char *text) {
    struct form form;
    const struct identity_operation *operation = identity_operation_find(str_from_c(action));
    assert_non_null(operation);
    assert_status(form_parse(str_from_c(text), arena, &form), ST_OK);
    return members_problem(operation, &form, arena);
}

static void rows_are_sorted_and_their_members_are_read(void **state) {
    (void)state;
    struct member members[MEMBERS_MAX];
    for (size_t i = 0; i < identity_operation_count(); i++) {
        const struct identity_operation *row = identity_operation_at(i);
        assert_ptr_equal(identity_operation_find(row->action), row);
        assert_true(operation_members(row, members) <= MEMBERS_MAX);
    }
    size_t count = operation_members(identity_operation_find(STR("CreateUser")), members);
    assert_int_equal(count, 4);
    assert_str(members[0].name, "UserName");
    assert_true(members[0].needed);
    assert_int_equal(members[1].form, MEMBER_VALUE);
    assert_false(members[1].needed);
    assert_int_equal(members[3].form, MEMBER_STRUCTURES);
    assert_str(members[3].parts, "Key,Value");
    count = operation_members(identity_operation_find(STR("UntagUser")), members);
    assert_int_equal(members[1].form, MEMBER_LIST);
    assert_true(members[1].needed);
    assert_null(identity_operation_find(STR("createuser")));
}

static void good_members_have_no_problem(void **state) {
    (void)state;
    assert_null(problem("CreateUser", "Action=CreateUser&Version=1&UserName=a.b%2Bc%3D%40_-%2C&"
                                      "Path=%2Fx%2Fy%2F&Tags.member.1.Key=k&Tags.member.1.Value=")
                    .ptr);
    assert_null(problem("TagUser", "UserName=a&Tags=").ptr);
    assert_null(problem("GetCallerIdentity", "X-Amz-Signature=a").ptr);
}

static void each_problem_is_named(void **state) {
    (void)state;
    assert_str(problem("CreateUser", ""), "1 validation error detected: Value null at 'userName' "
                                          "failed to satisfy constraint: Member must not be null");
    assert_str(problem("CreateUser", "UserName=a%20b&Path=x"),
               "2 validation errors detected: Value 'a b' at 'userName' failed to satisfy "
               "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+; Value "
               "'x' at 'path' failed to satisfy constraint: Member must satisfy regular expression "
               "pattern: (\\u002F)|(\\u002F[\\u0021-\\u007E]+\\u002F)");
    assert_str(problem("UpdateAccessKey", "AccessKeyId=AKIAAAAAAAAAAAAAAAAA&Status=on"),
               "1 validation error detected: Value 'on' at 'status' failed to satisfy constraint: "
               "Member must satisfy enum value set: [Active, Inactive]");
    assert_str(problem("ListUsers", "MaxItems=1001"),
               "1 validation error detected: Value '1001' at 'maxItems' failed to satisfy "
               "constraint: Member must have value less than or equal to 1000");
    assert_str(problem("CreateUser", "UserName=a&Tags.member.1.Key=k"),
               "1 validation error detected: Value null at 'tags.1.member.value' failed to satisfy "
               "constraint: Member must not be null");
    assert_str(problem("UntagUser", "UserName=a"),
               "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: "
               "Member must not be null");
}

static void a_member_that_is_not_done_is_refused(void **state) {
    (void)state;
    assert_str(problem("AssumeRole", "RoleArn=arn:aws:iam::1:role/x&RoleSessionName=s1&"
                                     "SerialNumber=mfa"),
               "1 validation error detected: Member 'SerialNumber' is not supported");
}

/* What no list was read from must not look as if it was. */
static void a_field_that_no_element_is_made_of_is_refused(void **state) {
    (void)state;
    static const char *const left_over[] = {
        "Tags.member.3.Key",    "Tags.member.1.key",  "Tags.member.1.Key.x",
        "Tags.member.01.Key",   "Tags.member.0.Key",  "Tags.member.1",
        "Tags.member",          "Tags.member.1.",     "Tags.member.-1.Value",
        "Tags.member.1x.Value", "Tags.1.Key",         "UserName.1",
        "UserName.member.1",    "Tags.member..Key",   "Path.",
        "Action.member.1",      "Tags.members.1.Key", "Tags.member.201.Value",
    };
    const char *good = "UserName=a&Tags.member.1.Key=k&Tags.member.1.Value=v";
    for (size_t i = 0; i < sizeof left_over / sizeof *left_over; i++) {
        str text = arena_printf(arena, "%s&%s=x", good, left_over[i]);
        str unread = str_starts_with(str_from_c(left_over[i]), STR("Action"))
                         ? STR("Action")
                         : str_from_c(left_over[i]);
        str said = arena_printf(
            arena, "1 validation error detected: Member '%.*s' is not supported", STR_ARG(unread));
        str found = problem("CreateUser", text.ptr);
        if (!str_eq(found, said))
            fail_msg("%s: %.*s", left_over[i], STR_ARG(found));
    }
    assert_null(problem("UntagUser", "UserName=a&TagKeys.member.1=k&TagKeys.member.2=l").ptr);
    assert_non_null(problem("UntagUser", "UserName=a&TagKeys.member.1=k&TagKeys.member.3=l").ptr);
    assert_non_null(problem("UntagUser", "UserName=a&TagKeys.member.1=k&TagKeys.member.1.x=l").ptr);
    assert_non_null(problem("UntagUser", "UserName=a&TagKeys.member.1=k&TagKeys.member.1.=l").ptr);
    assert_non_null(problem("UntagUser", "UserName=a&TagKeys.member.1=k&TagKeys.=l").ptr);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_sorted_and_their_members_are_read),
        cmocka_unit_test(good_members_have_no_problem),
        cmocka_unit_test(each_problem_is_named),
        cmocka_unit_test(a_member_that_is_not_done_is_refused),
        cmocka_unit_test(a_field_that_no_element_is_made_of_is_refused),
    };
    return cmocka_run_group_tests_name("identity_api_operations", tests, setup, teardown);
}
