/* Who there is: made, changed, kept over a restart, and asked by its signature. */
#include "auth/identity_int.h"
#include "base/thread.h"
#include "item/item_codec.h"
#include "item/item_view.h"
#include "item/number.h"
#include "kv/mem/mem.h"
#include "signed_request.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

#include <pthread.h>

#define ACCOUNT "123456789012"
#define ARN(rest) "arn:aws:iam::" ACCOUNT ":" rest

static struct database *database;
static struct arena *arena;
static struct identities *identities;
static struct new_key root;
static struct identity_call call;

static const str nothing = {NULL, 0};
#define ALLOW(actions)                                                                             \
    STR("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":" actions     \
        ",\"Resource\":\"*\"}]}")

static int setup(void **state) {
    (void)state;
    struct kv *kv;
    struct database_options options = {.region = STR("us-east-1"), .account_id = STR(ACCOUNT)};
    arena = arena_new(64 * 1024 * 1024);
    return kv_mem_open(&kv) == ST_OK && database_open(kv, &options, &database) == ST_OK &&
                   identities_open(database, STR(""), STR(""), &identities, &root) == ST_OK
               ? 0
               : 1;
}

static int teardown(void **state) {
    (void)state;
    identities_close(identities);
    database_close(database);
    arena_free(arena);
    return 0;
}

static struct new_key reopen_with(str id, str secret) {
    struct new_key made;
    identities_close(identities);
    assert_status(identities_open(database, id, secret, &identities, &made), ST_OK);
    return made;
}

static struct identity_call *fresh(void) {
    call = (struct identity_call){.arena = arena, .now_us = signed_time_us};
    return &call;
}

#define OK(expr) assert_status(expr, ST_OK)

static void refused(status st, enum identity_error error, const char *text) {
    assert_status(st, ST_FAILED);
    assert_int_equal(call.error, error);
    if (!str_eq(call.text, str_from_c(text)))
        fail_msg("%.*s", STR_ARG(call.text));
}

static enum error_code ask(const struct new_key *key, struct principal **out) {
    return check_signed(identities, arena, signed_time_us, str_from_c(key->id),
                        str_from_c(key->secret), nothing, out);
}

static enum error_code asks(const struct new_key *key) {
    struct principal *principal;
    enum error_code error = ask(key, &principal);
    principal_unref(principal);
    return error;
}

static status make_as(enum identity_kind kind, str name, str path) {
    struct identity_new new = {.kind = kind,
                               .name = name,
                               .path = path,
                               .document = ALLOW("\"dynamodb:GetItem\""),
                               .trust = STR("{\"Version\":\"2012-10-17\",\"Statement\":[{"
                                            "\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"" ACCOUNT
                                            "\"},\"Action\":\"sts:AssumeRole\"}]}")};
    return identity_create(identities, fresh(), &new);
}

static status make(enum identity_kind kind, const char *name) {
    return make_as(kind, str_from_c(name), nothing);
}

static struct new_key key_of(const char *user) {
    struct new_key key;
    OK(identity_create_key(identities, fresh(), user ? str_from_c(user) : nothing, &key));
    return key;
}

/* The newest; kept until the end of the case by nobody else. */
static const struct identity_snapshot *snapshot(void) {
    const struct identity_snapshot *newest = identities_acquire(identities);
    identities_release(newest);
    return newest;
}

static bool may(struct principal *principal, const char *action) {
    struct access_context context = {.action = str_from_c(action),
                                     .resource =
                                         STR("arn:aws:dynamodb:us-east-1:" ACCOUNT ":table/T")};
    principal_describe(principal, &context);
    return access_decide(principal, NULL, 0, &context, arena).access == ACCESS_ALLOWED;
}

static bool user_may(const struct new_key *key, const char *action) {
    struct principal *principal;
    assert_int_equal(ask(key, &principal), ERROR_NONE);
    bool allowed = may(principal, action);
    principal_unref(principal);
    return allowed;
}

static str repeated(char c, size_t count) {
    char *text = arena_bytes(arena, count);
    memset(text, c, count);
    return (str){text, count};
}

/* ---- the root ---- */

static void the_root_key_is_made_once_and_kept(void **state) {
    (void)state;
    struct principal *principal;
    assert_int_equal(strlen(root.id), ACCESS_KEY_ID_LEN);
    assert_int_equal(strlen(root.secret), SECRET_KEY_LEN);
    assert_int_equal(reopen_with(STR(""), STR("")).id[0], '\0');
    assert_int_equal(ask(&root, &principal), ERROR_NONE);
    assert_int_equal(principal->kind, PRINCIPAL_ROOT);
    assert_str(principal->arn, ARN("root"));
    assert_true(may(principal, "dynamodb:DeleteTable"));
    principal_unref(principal);
    assert_int_equal(asks(&root), ERROR_NONE); /* by the signing key that is kept */
}

static void a_given_key_counts_rather_than_what_was_stored_under_its_id(void **state) {
    (void)state;
    struct new_key given = root, other = {.id = "me", .secret = "mine"};
    memcpy(given.secret, "another", sizeof "another");
    reopen_with(str_from_c(root.id), STR("another"));
    assert_int_equal(asks(&given), ERROR_NONE);
    assert_int_equal(asks(&root), ERROR_InvalidSignatureException);
    refused(
        identity_delete_key(identities, fresh(), nothing, str_from_c(given.id)),
        IDENTITY_UnmodifiableEntity,
        arena_printf(arena, "The Access Key with id %s is given by the configuration.", given.id)
            .ptr);
    reopen_with(STR("me"), STR("mine"));
    assert_int_equal(asks(&other), ERROR_NONE);
    assert_int_equal(asks(&root), ERROR_NONE);
}

static void a_root_key_that_was_taken_away_is_not_made_again(void **state) {
    (void)state;
    OK(make(IDENTITY_USER, "ann"));
    struct new_key ann = key_of("ann");
    OK(identity_delete_key(identities, fresh(), nothing, str_from_c(root.id)));
    assert_int_equal(asks(&root), ERROR_UnrecognizedClientException);
    assert_int_equal(reopen_with(STR(""), STR("")).id[0], '\0');
    assert_int_equal(asks(&root), ERROR_UnrecognizedClientException);
    assert_int_equal(asks(&ann), ERROR_NONE);
}

/* ---- what is stored ---- */

static void all_of_a_user_is_there_after_a_restart(void **state) {
    (void)state;
    struct context_tag tags[] = {{STR("team"), STR("blue")}, {STR("a"), STR("")}};
    struct identity_new new = {.kind = IDENTITY_USER,
                               .name = STR("ann"),
                               .path = STR("/staff/"),
                               .boundary = STR("arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess"),
                               .tags = {tags, 2}};
    OK(identity_create(identities, fresh(), &new));
    OK(make(IDENTITY_GROUP, "readers"));
    OK(identity_join(identities, fresh(), STR("readers"), STR("ann")));
    OK(identity_attach(identities, fresh(), IDENTITY_USER, STR("ann"),
                       STR("arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess")));
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("more"),
                             ALLOW("\"dynamodb:PutItem\"")));
    struct new_key key = key_of("ann");
    str id = arena_copy(arena, identity_find(snapshot(), IDENTITY_USER, STR("ann"))->id);
    reopen_with(STR(""), STR(""));
    const struct identity *ann = identity_find(snapshot(), IDENTITY_USER, STR("ann"));
    assert_non_null(ann);
    assert_str(ann->arn, ARN("user/staff/ann"));
    assert_true(str_eq(ann->id, id) && id.len == IDENTITY_ID_LEN);
    assert_true(str_starts_with(id, STR("AIDA")));
    assert_int_equal(ann->created_us, signed_time_us);
    assert_int_equal(ann->tags.count, 2);
    assert_str(ann->tags.entries[0].key, "a");
    assert_str(ann->tags.entries[1].value, "blue");
    assert_int_equal(ann->group_count, 1);
    assert_str(ann->groups[0], "readers");
    assert_int_equal(ann->attached_count, 1);
    assert_int_equal(ann->document_count, 1);
    assert_str(ann->documents[0].name, "more");
    assert_str(ann->boundary, "arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess");
    assert_int_equal(asks(&key), ERROR_NONE);
}

static void all_of_a_role_and_a_policy_is_there_after_a_restart(void **state) {
    (void)state;
    OK(make(IDENTITY_POLICY, "p"));
    OK(identity_set_document(identities, fresh(), STR(ARN("policy/p")), ALLOW("\"s3:*\"")));
    OK(make_as(IDENTITY_ROLE, STR("r"), STR("/app/")));
    OK(identity_update(
        identities, fresh(), IDENTITY_ROLE, STR("r"),
        &(struct identity_update){.description = STR("works"), .session_seconds_max = 7200}));
    reopen_with(STR(""), STR(""));
    const struct identity *role = identity_find(snapshot(), IDENTITY_ROLE, STR("r"));
    assert_str(role->arn, ARN("role/app/r"));
    assert_str(role->description, "works");
    assert_int_equal(role->session_seconds_max, 7200);
    assert_true(str_contains(role->trust, STR("sts:AssumeRole")));
    const struct identity *policy = identity_find_policy(snapshot(), STR(ARN("policy/p")));
    assert_int_equal(policy->document_version, 2);
    assert_true(str_contains(policy->document, STR("s3:*")));
    assert_null(identity_find_policy(snapshot(), STR("arn:aws:iam::999999999999:policy/p")));
}

#define TRUST(aws)                                                                                 \
    "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":"     \
    "\"" aws "\"},\"Action\":\"sts:AssumeRole\"}]}"

static void whom_a_role_trusts_is_stored_by_id(void **state) {
    (void)state;
    OK(make(IDENTITY_USER, "ann"));
    OK(make(IDENTITY_ROLE, "r"));
    assert_int_equal(identity_find(snapshot(), IDENTITY_ROLE, STR("r"))->trusted.count, 0);
    refused(identity_set_trust(identities, fresh(), STR("r"), STR(TRUST(ARN("user/bob")))),
            IDENTITY_MalformedPolicyDocument,
            "Invalid principal in policy: \"AWS\":\"" ARN("user/bob") "\"");
    OK(identity_set_trust(identities, fresh(), STR("r"), STR(TRUST(ARN("user/ann")))));
    reopen_with(STR(""), STR(""));
    const struct identity *role = identity_find(snapshot(), IDENTITY_ROLE, STR("r"));
    const struct identity *ann = identity_find(snapshot(), IDENTITY_USER, STR("ann"));
    assert_int_equal(role->trusted.count, 1);
    assert_str(role->trusted.entries[0].arn, ARN("user/ann"));
    assert_true(str_eq(role->trusted.entries[0].id, ann->id));
    /* What names nobody is written as before there were ids, and read as it was then. */
    str plain = identity_encode(ann, arena), bound = identity_encode(role, arena);
    int64_t versions[2] = {};
    const str stored[] = {plain, bound};
    for (size_t i = 0; i < 2; i++)
        assert_true(number_to_i64(view_bytes(view_member(item_map(stored[i]), STR("version"))),
                                  &versions[i]));
    assert_int_equal(versions[0], 1);
    assert_int_equal(versions[1], 2);
    OK(identity_set_trust(identities, fresh(), STR("r"), STR(TRUST(ACCOUNT))));
    assert_int_equal(identity_find(snapshot(), IDENTITY_ROLE, STR("r"))->trusted.count, 0);
}

/* ---- names ---- */

static void names_differ_by_more_than_case(void **state) {
    (void)state;
    OK(make(IDENTITY_USER, "Ann"));
    OK(make(IDENTITY_GROUP, "ann"));
    refused(make(IDENTITY_USER, "aNN"), IDENTITY_EntityAlreadyExists,
            "User with name aNN already exists.");
    assert_null(identity_find(snapshot(), IDENTITY_USER, STR("ann")));
    OK(identity_update(identities, fresh(), IDENTITY_USER, STR("Ann"),
                       &(struct identity_update){.new_name = STR("ann")}));
    assert_non_null(identity_find(snapshot(), IDENTITY_USER, STR("ann")));
    reopen_with(STR(""), STR(""));
    assert_int_equal(identity_count(snapshot(), IDENTITY_USER), 1);
    refused(make(IDENTITY_USER, "a b"), IDENTITY_ValidationError,
            "The specified value for userName is invalid. It must contain only alphanumeric "
            "characters and/or the following: +=,.@_-");
    refused(make_as(IDENTITY_USER, STR("b"), STR("x/")), IDENTITY_ValidationError,
            "The specified value for path is invalid. It must begin and end with / and contain "
            "only alphanumeric characters and/or / characters.");
}

static void lists_are_by_name_and_go_on_behind_one(void **state) {
    (void)state;
    static const char *const names[] = {"delta", "Bravo", "charlie", "alpha"};
    for (size_t i = 0; i < 4; i++)
        OK(make(IDENTITY_GROUP, names[i]));
    assert_int_equal(identity_count(snapshot(), IDENTITY_GROUP), 4);
    assert_str(identity_at(snapshot(), IDENTITY_GROUP, 0)->name, "alpha");
    assert_str(identity_at(snapshot(), IDENTITY_GROUP, 1)->name, "Bravo");
    assert_int_equal(identity_after(snapshot(), IDENTITY_GROUP, STR("Bravo")), 2);
    assert_int_equal(identity_after(snapshot(), IDENTITY_GROUP, STR("bx")), 2);
    assert_int_equal(identity_after(snapshot(), IDENTITY_GROUP, STR("zulu")), 4);
}

static void who_is_renamed_keeps_keys_and_members(void **state) {
    (void)state;
    OK(make(IDENTITY_USER, "ann"));
    OK(make(IDENTITY_GROUP, "readers"));
    OK(identity_join(identities, fresh(), STR("readers"), STR("ann")));
    OK(identity_put_document(identities, fresh(), IDENTITY_GROUP, STR("readers"), STR("d"),
                             ALLOW("\"dynamodb:Query\"")));
    struct new_key key = key_of("ann");
    OK(identity_update(identities, fresh(), IDENTITY_GROUP, STR("readers"),
                       &(struct identity_update){.new_name = STR("lookers")}));
    OK(identity_update(identities, fresh(), IDENTITY_USER, STR("ann"),
                       &(struct identity_update){.new_name = STR("bea"), .new_path = STR("/x/")}));
    for (int i = 0; i < 2; i++) {
        struct principal *principal;
        assert_int_equal(ask(&key, &principal), ERROR_NONE);
        assert_str(principal->arn, ARN("user/x/bea"));
        assert_true(may(principal, "dynamodb:Query"));
        principal_unref(principal);
        reopen_with(STR(""), STR(""));
    }
}

/* ---- deleting ---- */

static void what_something_hangs_on_is_not_deleted(void **state) {
    (void)state;
    OK(make(IDENTITY_POLICY, "p"));
    OK(make(IDENTITY_USER, "ann"));
    OK(make(IDENTITY_GROUP, "g"));
    OK(identity_attach(identities, fresh(), IDENTITY_USER, STR("ann"), STR(ARN("policy/p"))));
    OK(identity_join(identities, fresh(), STR("g"), STR("ann")));
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"),
                             ALLOW("\"*\"")));
    struct new_key key = key_of("ann");
    refused(identity_delete(identities, fresh(), IDENTITY_POLICY, STR(ARN("policy/p"))),
            IDENTITY_DeleteConflict, "Cannot delete a policy attached to entities.");
    refused(identity_delete(identities, fresh(), IDENTITY_GROUP, STR("g")), IDENTITY_DeleteConflict,
            "Cannot delete entity, must remove users from group first.");
    refused(identity_delete(identities, fresh(), IDENTITY_USER, STR("ann")),
            IDENTITY_DeleteConflict, "Cannot delete entity, must detach all policies first.");
    OK(identity_detach(identities, fresh(), IDENTITY_USER, STR("ann"), STR(ARN("policy/p"))));
    refused(identity_delete(identities, fresh(), IDENTITY_USER, STR("ann")),
            IDENTITY_DeleteConflict, "Cannot delete entity, must delete policies first.");
    OK(identity_delete_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d")));
    refused(identity_delete(identities, fresh(), IDENTITY_USER, STR("ann")),
            IDENTITY_DeleteConflict, "Cannot delete entity, must delete access keys first.");
    OK(identity_delete_key(identities, fresh(), STR("ann"), str_from_c(key.id)));
    OK(identity_leave(identities, fresh(), STR("g"), STR("ann")));
    OK(identity_delete(identities, fresh(), IDENTITY_USER, STR("ann")));
    OK(identity_delete(identities, fresh(), IDENTITY_GROUP, STR("g")));
    OK(identity_delete(identities, fresh(), IDENTITY_POLICY, STR(ARN("policy/p"))));
    reopen_with(STR(""), STR(""));
    for (int kind = 0; kind < IDENTITY_KINDS; kind++)
        assert_int_equal(identity_count(snapshot(), (enum identity_kind)kind), 0);
    refused(identity_delete(identities, fresh(), IDENTITY_USER, STR("ann")), IDENTITY_NoSuchEntity,
            "The user with name ann cannot be found.");
}

static void a_key_that_is_deleted_or_switched_off_stops_at_once(void **state) {
    (void)state;
    OK(make(IDENTITY_USER, "ann"));
    struct new_key key = key_of("ann"), other = key_of("ann");
    assert_int_equal(asks(&key), ERROR_NONE);
    OK(identity_set_key_active(identities, fresh(), STR("ann"), str_from_c(key.id), false));
    assert_int_equal(asks(&key), ERROR_UnrecognizedClientException);
    assert_int_equal(asks(&other), ERROR_NONE);
    reopen_with(STR(""), STR(""));
    assert_int_equal(asks(&key), ERROR_UnrecognizedClientException);
    OK(identity_set_key_active(identities, fresh(), STR("ann"), str_from_c(key.id), true));
    assert_int_equal(asks(&key), ERROR_NONE);
    OK(identity_delete_key(identities, fresh(), STR("ann"), str_from_c(key.id)));
    assert_int_equal(asks(&key), ERROR_UnrecognizedClientException);
    refused(identity_delete_key(identities, fresh(), nothing, str_from_c(other.id)),
            IDENTITY_NoSuchEntity,
            arena_printf(arena, "The Access Key with id %s cannot be found.", other.id).ptr);
}

/* ---- limits ---- */

static void a_user_has_two_keys_at_most(void **state) {
    (void)state;
    OK(make(IDENTITY_USER, "ann"));
    key_of("ann");
    key_of("ann");
    struct new_key third;
    refused(identity_create_key(identities, fresh(), STR("ann"), &third), IDENTITY_LimitExceeded,
            "Cannot exceed quota for AccessKeysPerUser: 2");
    assert_int_equal(third.id[0], '\0');
    struct access_key_info infos[4];
    assert_int_equal(identity_keys(snapshot(), STR("ann"), infos, 4), 2);
    assert_true(infos[0].active);
    refused(identity_create_key(identities, fresh(), STR("bob"), &third), IDENTITY_NoSuchEntity,
            "The user with name bob cannot be found.");
}

static void what_hangs_on_one_is_limited(void **state) {
    (void)state;
    OK(make(IDENTITY_USER, "ann"));
    for (int i = 0; i <= IDENTITY_MEMBERSHIPS_MAX; i++) {
        str name = arena_printf(arena, "g%d", i);
        OK(make_as(IDENTITY_GROUP, name, nothing));
        status st = identity_join(identities, fresh(), name, STR("ann"));
        assert_status(st, i < IDENTITY_MEMBERSHIPS_MAX ? ST_OK : ST_FAILED);
    }
    assert_str(call.text, "Cannot exceed quota for GroupsPerUser: 10");
    for (int i = 0; i <= IDENTITY_ATTACHED_MAX; i++) {
        OK(make_as(IDENTITY_POLICY, arena_printf(arena, "p%d", i), nothing));
        status st = identity_attach(identities, fresh(), IDENTITY_USER, STR("ann"),
                                    arena_printf(arena, ARN("policy/p%d"), i));
        assert_status(st, i < IDENTITY_ATTACHED_MAX ? ST_OK : ST_FAILED);
    }
    assert_str(call.text, "Cannot exceed quota for PoliciesPerUser: 20");
    struct context_tag tags[IDENTITY_TAGS_MAX];
    for (int i = 0; i < IDENTITY_TAGS_MAX; i++)
        tags[i] = (struct context_tag){arena_printf(arena, "t%d", i), STR("v")};
    OK(identity_tag(identities, fresh(), IDENTITY_USER, STR("ann"),
                    (struct context_tags){tags, IDENTITY_TAGS_MAX}));
    struct context_tag more = {STR("T0"), STR("w")}, one = {STR("new"), STR("v")};
    OK(identity_tag(identities, fresh(), IDENTITY_USER, STR("ann"),
                    (struct context_tags){&more, 1})); /* takes the place of t0 */
    refused(identity_tag(identities, fresh(), IDENTITY_USER, STR("ann"),
                         (struct context_tags){&one, 1}),
            IDENTITY_LimitExceeded, "The number of tags has reached the maximum limit.");
    OK(identity_untag(identities, fresh(), IDENTITY_USER, STR("ann"), &more.key, 1));
    assert_int_equal(identity_find(snapshot(), IDENTITY_USER, STR("ann"))->tags.count,
                     IDENTITY_TAGS_MAX - 1);
}

static void documents_are_read_before_they_are_stored_and_their_size_is_limited(void **state) {
    (void)state;
    OK(make(IDENTITY_USER, "ann"));
    assert_status(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"),
                                        STR("{\"Statement\":")),
                  ST_FAILED);
    assert_int_equal(call.error, IDENTITY_MalformedPolicyDocument);
    assert_true(call.text.len > 0);
    str resource = repeated('x', IDENTITY_INLINE_USER_MAX);
    str big = arena_printf(arena,
                           "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\","
                           "\"Action\":\"dynamodb:*\",\"Resource\":\"arn:aws:s3:::%.*s\"}]}",
                           STR_ARG(resource));
    refused(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"), big),
            IDENTITY_LimitExceeded, "Maximum policy size of 2048 bytes exceeded for user ann");
    str blanks =
        arena_printf(arena, "%.*s%.*s", STR_ARG(repeated(' ', 4000)), STR_ARG(ALLOW("\"*\"")));
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"), blanks));
    str text;
    OK(identity_get_document(snapshot(), fresh(), IDENTITY_USER, STR("ann"), STR("d"), &text));
    assert_true(str_eq(text, blanks));
    refused(identity_get_document(snapshot(), fresh(), IDENTITY_USER, STR("ann"), STR("e"), &text),
            IDENTITY_NoSuchEntity, "The user policy with name e cannot be found.");
}

static void the_well_known_policies_are_there_and_stay(void **state) {
    (void)state;
    str arn = STR("arn:aws:iam::aws:policy/AmazonDynamoDBReadOnlyAccess");
    OK(make(IDENTITY_USER, "ann"));
    struct new_key key = key_of("ann");
    assert_false(user_may(&key, "dynamodb:GetItem"));
    OK(identity_attach(identities, fresh(), IDENTITY_USER, STR("ann"), arn));
    assert_true(user_may(&key, "dynamodb:GetItem"));
    assert_false(user_may(&key, "dynamodb:PutItem"));
    assert_int_equal(identity_attachments(snapshot(), arn), 1);
    assert_status(identity_delete(identities, fresh(), IDENTITY_POLICY, arn), ST_FAILED);
    assert_int_equal(call.error, IDENTITY_AccessDenied);
    for (size_t i = 0; i < identity_aws_policy_count(snapshot()); i++) {
        const struct identity *policy = identity_aws_policy_at(snapshot(), i);
        assert_true(identity_find_policy(snapshot(), policy->arn) == policy);
        OK(identity_attach(identities, fresh(), IDENTITY_USER, STR("ann"), policy->arn));
    }
    assert_true(user_may(&key, "dynamodb:DeleteTable"));
}

static void what_is_taken_away_leaves_the_others_in_their_order(void **state) {
    (void)state;
    static const char *const names[] = {"a", "b", "c"};
    OK(make(IDENTITY_ROLE, "job"));
    for (int i = 0; i < 3; i++) {
        str name = str_from_c(names[i]), arn = arena_printf(arena, ARN("policy/%s"), names[i]);
        OK(make(IDENTITY_POLICY, names[i]));
        OK(identity_attach(identities, fresh(), IDENTITY_ROLE, STR("job"), arn));
        OK(identity_put_document(identities, fresh(), IDENTITY_ROLE, STR("job"), name,
                                 ALLOW("\"dynamodb:GetItem\"")));
    }
    OK(identity_detach(identities, fresh(), IDENTITY_ROLE, STR("job"), STR(ARN("policy/b"))));
    OK(identity_delete_document(identities, fresh(), IDENTITY_ROLE, STR("job"), STR("a")));
    const struct identity *job = identity_find(snapshot(), IDENTITY_ROLE, STR("job"));
    assert_int_equal(job->attached_count, 2);
    assert_true(str_eq(job->attached[0], STR(ARN("policy/a"))));
    assert_true(str_eq(job->attached[1], STR(ARN("policy/c"))));
    assert_int_equal(job->document_count, 2);
    assert_true(str_eq(job->documents[0].name, STR("b")));
    assert_true(str_eq(job->documents[1].name, STR("c")));
}

/* ---- how often a policy is used ---- */

static void uses_are(const struct identity_snapshot *of, str arn, size_t attachments,
                     size_t boundaries) {
    assert_int_equal(identity_attachments(of, arn), attachments);
    assert_int_equal(identity_boundary_uses(of, arn), boundaries);
}

static void a_policy_counts_who_has_it_and_whose_boundary_it_is(void **state) {
    (void)state;
    str read = STR(ARN("policy/read")), write = STR(ARN("policy/write"));
    str known = STR("arn:aws:iam::aws:policy/AmazonDynamoDBFullAccess");
    OK(make(IDENTITY_POLICY, "read"));
    OK(make(IDENTITY_POLICY, "write"));
    OK(make(IDENTITY_USER, "ann"));
    OK(make(IDENTITY_GROUP, "readers"));
    OK(make(IDENTITY_ROLE, "job"));
    OK(identity_attach(identities, fresh(), IDENTITY_USER, STR("ann"), read));
    OK(identity_attach(identities, fresh(), IDENTITY_GROUP, STR("readers"), read));
    OK(identity_attach(identities, fresh(), IDENTITY_ROLE, STR("job"), read));
    OK(identity_attach(identities, fresh(), IDENTITY_ROLE, STR("job"), write));
    OK(identity_attach(identities, fresh(), IDENTITY_ROLE, STR("job"), known));
    OK(identity_set_boundary(identities, fresh(), IDENTITY_USER, STR("ann"), write));
    OK(identity_set_boundary(identities, fresh(), IDENTITY_ROLE, STR("job"), write));
    uses_are(snapshot(), read, 3, 0);
    uses_are(snapshot(), write, 1, 2);
    uses_are(snapshot(), known, 1, 0);
    uses_are(snapshot(), STR(ARN("policy/none")), 0, 0);
    uses_are(snapshot(), STR(ARN("policy/division/read")), 0, 0);
}

static void a_snapshot_counts_what_it_holds_whatever_changes_behind_it(void **state) {
    (void)state;
    str arn = STR(ARN("policy/read"));
    OK(make(IDENTITY_POLICY, "read"));
    OK(make(IDENTITY_USER, "ann"));
    const struct identity_snapshot *before = identities_acquire(identities);
    uses_are(before, arn, 0, 0); /* counted now */
    OK(identity_attach(identities, fresh(), IDENTITY_USER, STR("ann"), arn));
    const struct identity_snapshot *between = identities_acquire(identities);
    OK(identity_detach(identities, fresh(), IDENTITY_USER, STR("ann"), arn));
    OK(identity_delete(identities, fresh(), IDENTITY_POLICY, arn));
    uses_are(before, arn, 0, 0);
    uses_are(between, arn, 1, 0); /* counted behind the changes */
    uses_are(snapshot(), arn, 0, 0);
    identities_release(before);
    identities_release(between);
}

struct first_question {
    const struct identity_snapshot *of;
    pthread_barrier_t *begin;
    size_t attachments;
};

static void *ask_for_uses(void *argument) {
    struct first_question *question = argument;
    pthread_barrier_wait(question->begin);
    question->attachments = identity_attachments(question->of, STR(ARN("policy/read")));
    return NULL;
}

static void many_that_ask_a_snapshot_first_get_the_same_count(void **state) {
    enum { ASKING = 4, SNAPSHOTS = 30 };
    (void)state;
    OK(make(IDENTITY_POLICY, "read"));
    for (size_t i = 1; i <= SNAPSHOTS; i++) {
        str name = arena_printf(arena, "user%zu", i);
        OK(make_as(IDENTITY_USER, name, nothing));
        OK(identity_attach(identities, fresh(), IDENTITY_USER, name, STR(ARN("policy/read"))));
        pthread_t threads[ASKING];
        struct first_question questions[ASKING];
        pthread_barrier_t begin;
        assert_int_equal(pthread_barrier_init(&begin, NULL, ASKING), 0);
        for (int j = 0; j < ASKING; j++) {
            questions[j] = (struct first_question){snapshot(), &begin, 0};
            assert_int_equal(pthread_create(&threads[j], NULL, ask_for_uses, &questions[j]), 0);
        }
        for (int j = 0; j < ASKING; j++) {
            pthread_join(threads[j], NULL);
            assert_int_equal(questions[j].attachments, i);
        }
        pthread_barrier_destroy(&begin);
    }
}

/* ---- who asks ---- */

static void a_principal_has_policies_of_its_groups_within_its_boundary(void **state) {
    (void)state;
    OK(make(IDENTITY_USER, "ann"));
    OK(make(IDENTITY_GROUP, "g"));
    OK(make(IDENTITY_POLICY, "p")); /* dynamodb:GetItem */
    struct new_key key = key_of("ann");
    OK(identity_join(identities, fresh(), STR("g"), STR("ann")));
    OK(identity_put_document(identities, fresh(), IDENTITY_GROUP, STR("g"), STR("d"),
                             ALLOW("[\"dynamodb:GetItem\",\"dynamodb:PutItem\"]")));
    assert_true(user_may(&key, "dynamodb:PutItem"));
    OK(identity_set_boundary(identities, fresh(), IDENTITY_USER, STR("ann"), STR(ARN("policy/p"))));
    assert_true(user_may(&key, "dynamodb:GetItem"));
    assert_false(user_may(&key, "dynamodb:PutItem"));
    assert_int_equal(identity_boundary_uses(snapshot(), STR(ARN("policy/p"))), 1);
    refused(identity_delete(identities, fresh(), IDENTITY_POLICY, STR(ARN("policy/p"))),
            IDENTITY_DeleteConflict, "Cannot delete a policy attached to entities.");
    OK(identity_set_boundary(identities, fresh(), IDENTITY_USER, STR("ann"), nothing));
    OK(identity_leave(identities, fresh(), STR("g"), STR("ann")));
    assert_false(user_may(&key, "dynamodb:GetItem"));
}

static void a_principal_outlives_a_change_and_the_next_request_has_another(void **state) {
    (void)state;
    OK(make(IDENTITY_USER, "ann"));
    struct new_key key = key_of("ann");
    struct principal *before, *after, *again;
    assert_int_equal(ask(&key, &before), ERROR_NONE);
    assert_int_equal(ask(&key, &again), ERROR_NONE);
    assert_true(before == again);
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"),
                             ALLOW("\"dynamodb:*\"")));
    assert_int_equal(ask(&key, &after), ERROR_NONE);
    assert_true(before != after);
    assert_false(may(before, "dynamodb:GetItem"));
    assert_true(may(after, "dynamodb:GetItem"));
    principal_unref(before);
    principal_unref(again);
    principal_unref(after);
}

/* ---- threads ---- */

struct asking {
    struct new_key key;
    atomic_bool stop;
    atomic_int checked, wrong;
};

static void *ask_all_the_time(void *argument) {
    struct asking *asking = argument;
    struct arena *own = arena_new(1024 * 1024);
    while (!atomic_load(&asking->stop)) {
        struct principal *principal;
        enum error_code error =
            check_signed(identities, own, signed_time_us, str_from_c(asking->key.id),
                         str_from_c(asking->key.secret), nothing, &principal);
        /* The tag and the path are changed together. */
        bool fits = error == ERROR_NONE && principal->tags.count == 1 &&
                    str_contains(principal->arn, principal->tags.entries[0].value);
        atomic_fetch_add(&asking->wrong, !fits);
        atomic_fetch_add(&asking->checked, 1);
        principal_unref(principal);
        arena_reset(own, 64 * 1024);
    }
    arena_free(own);
    return NULL;
}

static void requests_see_each_change_whole(void **state) {
    (void)state;
    enum { THREADS = 3, CHANGES = 60 };
    struct context_tag tag = {STR("word"), STR("user")};
    struct identity_new new = {.kind = IDENTITY_USER, .name = STR("ann"), .tags = {&tag, 1}};
    OK(identity_create(identities, fresh(), &new));
    struct asking asking = {.key = key_of("ann")};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_all_the_time, &asking), 0);
    for (int i = 0; i < CHANGES || atomic_load(&asking.checked) < CHANGES; i++) {
        str name = arena_printf(arena, "other%d", i);
        OK(make_as(IDENTITY_USER, name, nothing));
        OK(identity_update(identities, fresh(), IDENTITY_USER, STR("ann"),
                           &(struct identity_update){.new_path = i % 2 ? STR("/") : STR("/x/")}));
        OK(identity_delete(identities, fresh(), IDENTITY_USER, name));
    }
    atomic_store(&asking.stop, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&asking.wrong), 0);
}

static void *change_on_a_loop(void *argument) {
    thread_mark_loop();
    *(status *)argument = make(IDENTITY_USER, "ann");
    return NULL;
}

static void a_loop_changes_nothing(void **state) {
    (void)state;
    status st = ST_OK;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, change_on_a_loop, &st), 0);
    pthread_join(thread, NULL);
    assert_status(st, ST_WOULD_WAIT);
    assert_int_equal(identity_count(snapshot(), IDENTITY_USER), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_root_key_is_made_once_and_kept),
        CASE(a_given_key_counts_rather_than_what_was_stored_under_its_id),
        CASE(a_root_key_that_was_taken_away_is_not_made_again),
        CASE(all_of_a_user_is_there_after_a_restart),
        CASE(all_of_a_role_and_a_policy_is_there_after_a_restart),
        CASE(whom_a_role_trusts_is_stored_by_id),
        CASE(names_differ_by_more_than_case),
        CASE(lists_are_by_name_and_go_on_behind_one),
        CASE(who_is_renamed_keeps_keys_and_members),
        CASE(what_something_hangs_on_is_not_deleted),
        CASE(a_key_that_is_deleted_or_switched_off_stops_at_once),
        CASE(a_user_has_two_keys_at_most),
        CASE(what_hangs_on_one_is_limited),
        CASE(documents_are_read_before_they_are_stored_and_their_size_is_limited),
        CASE(the_well_known_policies_are_there_and_stay),
        CASE(what_is_taken_away_leaves_the_others_in_their_order),
        CASE(a_policy_counts_who_has_it_and_whose_boundary_it_is),
        CASE(a_snapshot_counts_what_it_holds_whatever_changes_behind_it),
        CASE(many_that_ask_a_snapshot_first_get_the_same_count),
        CASE(a_principal_has_policies_of_its_groups_within_its_boundary),
        CASE(a_principal_outlives_a_change_and_the_next_request_has_another),
        CASE(requests_see_each_change_whole),
        CASE(a_loop_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
