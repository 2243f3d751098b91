/* Temporary credentials: who gets them, what they may, when they end, and that nobody else's token
 * is one. */
#include "auth/identity_change.h"
#include "auth/session_token.h"
#include "kv/mem/mem.h"
#include "signed_request.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

#define ACCOUNT "123456789012"
#define ARN(rest) "arn:aws:iam::" ACCOUNT ":" rest
#define SECOND INT64_C(1000000)
#define ALLOW(actions)                                                                             \
    STR("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Action\":" actions     \
        ",\"Resource\":\"*\"}]}")
#define TRUST(principal, more)                                                                     \
    STR("{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{"         \
        "\"AWS\":\"" principal "\"},\"Action\":[\"sts:AssumeRole\",\"sts:TagSession\"]" more       \
        "}]}")

static struct database *database;
static struct arena *arena;
static struct identities *identities;
static struct new_key root, ann;
static struct identity_call call;

static const str nothing = {NULL, 0};

static struct identity_call *at(int64_t now_us) {
    call = (struct identity_call){.arena = arena, .now_us = now_us};
    return &call;
}

static struct identity_call *fresh(void) {
    return at(signed_time_us);
}

#define OK(expr) assert_status(expr, ST_OK)

static void make_role(const char *name, str trust, str document) {
    struct identity_new new = {
        .kind = IDENTITY_ROLE, .name = str_from_c(name), .path = STR("/app/"), .trust = trust};
    OK(identity_create(identities, fresh(), &new));
    OK(identity_put_document(identities, fresh(), IDENTITY_ROLE, new.name, STR("d"), document));
}

static int setup(void **state) {
    (void)state;
    struct kv *kv;
    struct database_options options = {.region = STR("us-east-1"), .account_id = STR(ACCOUNT)};
    arena = arena_new(64 * 1024 * 1024);
    OK(kv_mem_open(&kv));
    OK(database_open(kv, &options, &database));
    OK(identities_open(database, STR(""), STR(""), &identities, &root));
    struct identity_new user = {.kind = IDENTITY_USER, .name = STR("ann")};
    OK(identity_create(identities, fresh(), &user));
    OK(identity_create_key(identities, fresh(), STR("ann"), &ann));
    make_role("reader", TRUST(ARN("user/ann"), ""),
              ALLOW("[\"dynamodb:GetItem\",\"dynamodb:Query\"]"));
    return 0;
}

static int teardown(void **state) {
    (void)state;
    identities_close(identities);
    database_close(database);
    arena_free(arena);
    return 0;
}

static struct principal *principal_of(const struct new_key *key) {
    struct principal *principal;
    assert_int_equal(check_signed(identities, arena, signed_time_us, str_from_c(key->id),
                                  str_from_c(key->secret), nothing, &principal),
                     ERROR_NONE);
    return principal;
}

static status assume(const struct session_wish *wish, struct session_credentials *out) {
    struct principal *caller = principal_of(&ann);
    status st = session_assume_role(identities, fresh(), caller, wish, out);
    principal_unref(caller);
    return st;
}

static struct session_wish wish_of(const char *role) {
    return (struct session_wish){.role_arn = arena_printf(arena, ARN("role/app/%s"), role),
                                 .session_name = STR("work")};
}

static struct session_credentials assumed(const char *role) {
    struct session_credentials credentials;
    struct session_wish wish = wish_of(role);
    OK(assume(&wish, &credentials));
    return credentials;
}

static enum error_code ask(const struct session_credentials *credentials, int64_t now_us,
                           struct principal **out) {
    return check_signed(identities, arena, now_us, credentials->access_key_id,
                        credentials->secret_access_key, credentials->session_token, out);
}

static enum error_code asks(const struct session_credentials *credentials, int64_t now_us) {
    struct principal *principal;
    enum error_code error = ask(credentials, now_us, &principal);
    principal_unref(principal);
    return error;
}

static bool may(const struct session_credentials *credentials, const char *action) {
    struct principal *principal;
    struct access_context context = {.action = str_from_c(action),
                                     .resource =
                                         STR("arn:aws:dynamodb:us-east-1:" ACCOUNT ":table/T")};
    assert_int_equal(ask(credentials, signed_time_us, &principal), ERROR_NONE);
    principal_describe(principal, &context);
    bool allowed = access_decide(principal, NULL, 0, &context, arena).access == ACCESS_ALLOWED;
    principal_unref(principal);
    return allowed;
}

static void refused(const struct session_wish *wish, enum identity_error error, const char *text) {
    struct session_credentials credentials;
    assert_status(assume(wish, &credentials), ST_FAILED);
    assert_int_equal(call.error, error);
    if (!str_eq(call.text, str_from_c(text)))
        fail_msg("%.*s", STR_ARG(call.text));
}

/* ---- who gets them ---- */

static void a_session_is_its_role_and_says_so(void **state) {
    (void)state;
    struct session_credentials credentials = assumed("reader");
    struct principal *principal;
    assert_int_equal(credentials.access_key_id.len, ACCESS_KEY_ID_LEN);
    assert_true(str_starts_with(credentials.access_key_id, STR("ASIA")));
    assert_int_equal(credentials.secret_access_key.len, SECRET_KEY_LEN);
    assert_str(credentials.arn, "arn:aws:sts::" ACCOUNT ":assumed-role/reader/work");
    assert_int_equal(credentials.expires_us, signed_time_us + 3600 * SECOND);
    assert_int_equal(ask(&credentials, signed_time_us, &principal), ERROR_NONE);
    assert_int_equal(principal->kind, PRINCIPAL_SESSION);
    assert_true(str_eq(principal->arn, credentials.arn));
    assert_true(str_eq(principal->user_id, credentials.assumed_role_id));
    assert_str(principal->role_arn, ARN("role/app/reader"));
    assert_str(principal->name, "work");
    struct principal *again;
    assert_int_equal(ask(&credentials, signed_time_us, &again), ERROR_NONE);
    assert_true(principal == again); /* remembered */
    principal_unref(again);
    principal_unref(principal);
    assert_true(may(&credentials, "dynamodb:GetItem"));
    assert_false(may(&credentials, "dynamodb:PutItem"));
}

static void who_is_not_trusted_gets_none(void **state) {
    (void)state;
    struct session_credentials credentials;
    struct session_wish wish = wish_of("other");
    struct identity_new bob = {.kind = IDENTITY_USER, .name = STR("bob")};
    OK(identity_create(identities, fresh(), &bob));
    make_role("other", TRUST(ARN("user/bob"), ""), ALLOW("\"*\""));
    static const char text[] = "User: " ARN("user/ann") " is not authorized to perform: "
                                                        "sts:AssumeRole on resource: ";
    static const char because[] = " policy allows the sts:AssumeRole action";
    refused(&wish, IDENTITY_AccessDenied,
            arena_printf(arena, "%s" ARN("role/app/other") " because no identity-based%s", text,
                         because)
                .ptr);
    wish = wish_of("missing"); /* who may nothing does not learn which roles there are */
    refused(&wish, IDENTITY_AccessDenied,
            arena_printf(arena, "%s" ARN("role/app/missing") " because no identity-based%s", text,
                         because)
                .ptr);
    /* The caller's own policies don't replace trust. */
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("all"),
                             ALLOW("\"*\"")));
    refused(
        &wish, IDENTITY_AccessDenied,
        arena_printf(arena, "%s" ARN("role/app/missing") " because no role trust%s", text, because)
            .ptr);
    wish = wish_of("other");
    refused(
        &wish, IDENTITY_AccessDenied,
        arena_printf(arena, "%s" ARN("role/app/other") " because no role trust%s", text, because)
            .ptr);
    struct principal *caller = principal_of(&root);
    wish = wish_of("reader");
    assert_status(session_assume_role(identities, fresh(), caller, &wish, &credentials), ST_FAILED);
    assert_str(call.text, "Roles may not be assumed by root accounts.");
    principal_unref(caller);
}

static void an_account_that_is_trusted_says_itself_who_of_it_may(void **state) {
    (void)state;
    struct session_credentials credentials;
    struct session_wish wish = wish_of("open");
    make_role("open", TRUST(ACCOUNT, ""), ALLOW("\"*\""));
    assert_status(assume(&wish, &credentials), ST_FAILED);
    assert_int_equal(call.error, IDENTITY_AccessDenied);
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"),
                             ALLOW("\"sts:AssumeRole\"")));
    OK(assume(&wish, &credentials));
}

static void an_external_id_is_asked_for(void **state) {
    (void)state;
    struct session_credentials credentials;
    struct session_wish wish = wish_of("guarded");
    make_role(
        "guarded",
        TRUST(ARN("user/ann"), ",\"Condition\":{\"StringEquals\":{\"sts:ExternalId\":\"word\"}}"),
        ALLOW("\"*\""));
    assert_status(assume(&wish, &credentials), ST_FAILED);
    wish.external_id = STR("word");
    OK(assume(&wish, &credentials));
}

/* ---- what they may ---- */

static void session_policies_limit_and_tags_count(void **state) {
    (void)state;
    struct session_credentials credentials;
    struct session_wish wish = wish_of("reader");
    struct context_tag tag = {STR("team"), STR("blue")};
    wish.policy = ALLOW("[\"dynamodb:Query\",\"dynamodb:PutItem\"]");
    wish.tags = (struct context_tags){&tag, 1};
    OK(assume(&wish, &credentials));
    assert_true(may(&credentials, "dynamodb:Query"));
    assert_false(may(&credentials, "dynamodb:GetItem"));
    assert_false(may(&credentials, "dynamodb:PutItem"));
    struct principal *principal;
    assert_int_equal(ask(&credentials, signed_time_us, &principal), ERROR_NONE);
    assert_int_equal(principal->tags.count, 1);
    assert_str(principal->tags.entries[0].value, "blue");
    principal_unref(principal);
}

static void a_session_policy_that_was_deleted_allows_nothing(void **state) {
    (void)state;
    struct session_credentials credentials;
    struct session_wish wish = wish_of("reader");
    struct identity_new policy = {
        .kind = IDENTITY_POLICY, .name = STR("p"), .document = ALLOW("\"*\"")};
    str arn = STR(ARN("policy/p"));
    wish.policy_arns = &arn;
    wish.policy_arn_count = 1;
    refused(&wish, IDENTITY_NoSuchEntity,
            "Policy " ARN("policy/p") " does not exist or is not attachable.");
    OK(identity_create(identities, fresh(), &policy));
    OK(assume(&wish, &credentials));
    assert_true(may(&credentials, "dynamodb:GetItem"));
    OK(identity_delete(identities, fresh(), IDENTITY_POLICY, arn));
    assert_false(may(&credentials, "dynamodb:GetItem"));
}

static void a_change_of_the_role_counts_at_once(void **state) {
    (void)state;
    struct session_credentials credentials = assumed("reader");
    assert_false(may(&credentials, "dynamodb:PutItem"));
    OK(identity_put_document(identities, fresh(), IDENTITY_ROLE, STR("reader"), STR("d"),
                             ALLOW("\"dynamodb:PutItem\"")));
    assert_true(may(&credentials, "dynamodb:PutItem"));
    OK(identity_delete_document(identities, fresh(), IDENTITY_ROLE, STR("reader"), STR("d")));
    OK(identity_delete(identities, fresh(), IDENTITY_ROLE, STR("reader")));
    assert_int_equal(asks(&credentials, signed_time_us), ERROR_UnrecognizedClientException);
    /* Another role of the same name is another one. */
    make_role("reader", TRUST(ARN("user/ann"), ""), ALLOW("\"*\""));
    assert_int_equal(asks(&credentials, signed_time_us), ERROR_UnrecognizedClientException);
}

/* ---- when they end ---- */

static void a_session_ends_when_its_time_is_over(void **state) {
    (void)state;
    struct session_credentials credentials;
    struct session_wish wish = wish_of("reader");
    struct principal *caller = principal_of(&ann);
    /* Requests are signed at signed_time_us: this session ends one second later. */
    wish.seconds = 900;
    OK(session_assume_role(identities, at(signed_time_us - 899 * SECOND), caller, &wish,
                           &credentials));
    principal_unref(caller);
    assert_int_equal(asks(&credentials, signed_time_us), ERROR_NONE);
    assert_int_equal(asks(&credentials, signed_time_us + SECOND), ERROR_ExpiredTokenException);
    struct auth auth = {.mode = AUTH_VERIFY, .region = STR("us-east-1"), .identities = identities};
    struct scope scope = {.arena = arena, .scratch = arena, .now_us = signed_time_us + SECOND};
    struct principal *principal;
    assert_status(auth_check(&auth, &scope,
                             &sign_request(arena, credentials.access_key_id,
                                           credentials.secret_access_key, credentials.session_token)
                                  ->request,
                             &principal),
                  ST_FAILED);
    assert_str(scope.error_text, "The security token included in the request is expired");
    assert_null(principal);
}

static void durations_are_limited(void **state) {
    (void)state;
    struct session_wish wish = wish_of("reader");
    wish.seconds = 7200;
    refused(&wish, IDENTITY_ValidationError,
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
    wish.seconds = 899;
    refused(&wish, IDENTITY_ValidationError,
            "1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy "
            "constraint: Member must have value greater than or equal to 900");
    wish.seconds = 43201;
    refused(&wish, IDENTITY_ValidationError,
            "1 validation error detected: Value '43201' at 'durationSeconds' failed to satisfy "
            "constraint: Member must have value less than or equal to 43200");
    wish.seconds = 0;
    wish.session_name = STR("a b");
    refused(&wish, IDENTITY_ValidationError,
            "1 validation error detected: Value 'a b' at 'roleSessionName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]{2,64}");
}

static void what_does_not_fit_into_a_token_is_refused(void **state) {
    (void)state;
    enum { TAGS = 50, LEN = 128 };
    struct session_wish wish = wish_of("reader");
    struct context_tag tags[TAGS];
    char *text = arena_bytes(arena, LEN);
    memset(text, 'v', LEN);
    for (int i = 0; i < TAGS; i++)
        tags[i] = (struct context_tag){arena_printf(arena, "t%d", i), {text, LEN}};
    wish.tags = (struct context_tags){tags, TAGS};
    refused(&wish, IDENTITY_PackedPolicyTooLarge,
            "The total packed size of the session policies and session tags exceeds the limit of "
            "6144 bytes.");
    wish.tags.count = 40;
    struct session_credentials credentials;
    OK(assume(&wish, &credentials));
    assert_true(credentials.packed_percent > 80 && credentials.packed_percent <= 100);
    assert_int_equal(asks(&credentials, signed_time_us), ERROR_NONE);
}

/* ---- of users and the root themselves ---- */

static status own(const struct new_key *key, int32_t seconds, struct session_credentials *out) {
    struct principal *caller = principal_of(key);
    status st = session_of_caller(identities, fresh(), caller, seconds, out);
    principal_unref(caller);
    return st;
}

static void a_users_own_session_is_the_user_for_a_while(void **state) {
    (void)state;
    struct session_credentials credentials;
    struct principal *principal, *long_term = principal_of(&ann);
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"),
                             ALLOW("\"dynamodb:GetItem\"")));
    OK(own(&ann, 0, &credentials));
    assert_true(str_starts_with(credentials.access_key_id, STR("ASIA")));
    assert_null(credentials.arn.ptr);
    assert_int_equal(ask(&credentials, signed_time_us, &principal), ERROR_NONE);
    assert_int_equal(principal->kind, PRINCIPAL_USER);
    assert_true(str_eq(principal->arn, long_term->arn));
    assert_true(str_eq(principal->user_id, long_term->user_id));
    assert_true(principal_is_own_session(principal));
    assert_false(principal_is_own_session(long_term));
    assert_true(principal->issued_us > 0);
    assert_int_equal(long_term->issued_us, 0);
    principal_unref(principal);
    principal_unref(long_term);
    assert_true(may(&credentials, "dynamodb:GetItem"));
    assert_false(may(&credentials, "dynamodb:PutItem"));
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"),
                             ALLOW("\"dynamodb:PutItem\"")));
    assert_false(may(&credentials, "dynamodb:GetItem"));
    assert_true(may(&credentials, "dynamodb:PutItem"));
}

static void a_users_own_session_ends_with_its_time_or_the_user(void **state) {
    (void)state;
    struct session_credentials credentials;
    struct principal *caller = principal_of(&ann);
    /* Requests are signed at signed_time_us: this session ends one second later. */
    OK(session_of_caller(identities, at(signed_time_us - 899 * SECOND), caller, 900, &credentials));
    principal_unref(caller);
    assert_int_equal(asks(&credentials, signed_time_us), ERROR_NONE);
    assert_int_equal(asks(&credentials, signed_time_us + SECOND), ERROR_ExpiredTokenException);
    OK(own(&ann, 0, &credentials));
    OK(identity_delete_key(identities, fresh(), STR("ann"), str_from_c(ann.id)));
    assert_int_equal(asks(&credentials, signed_time_us), ERROR_NONE);
    OK(identity_delete(identities, fresh(), IDENTITY_USER, STR("ann")));
    assert_int_equal(asks(&credentials, signed_time_us), ERROR_UnrecognizedClientException);
    /* Another user of the same name is another one. */
    struct identity_new user = {.kind = IDENTITY_USER, .name = STR("ann")};
    OK(identity_create(identities, fresh(), &user));
    assert_int_equal(asks(&credentials, signed_time_us), ERROR_UnrecognizedClientException);
}

static void own_sessions_last_36_hours_at_most_and_the_roots_one(void **state) {
    (void)state;
    static const struct {
        const struct new_key *key;
        int32_t asked, given;
    } cases[] = {{&ann, 0, 43200},  {&ann, 900, 900},    {&ann, 129600, 129600}, {&root, 0, 3600},
                 {&root, 900, 900}, {&root, 3601, 3600}, {&root, 129600, 3600}};
    struct session_credentials credentials;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        OK(own(cases[i].key, cases[i].asked, &credentials));
        assert_int_equal(credentials.expires_us, signed_time_us + cases[i].given * SECOND);
        assert_int_equal(asks(&credentials, signed_time_us), ERROR_NONE);
    }
    assert_status(own(&ann, 129601, &credentials), ST_FAILED);
    assert_str(call.text, "1 validation error detected: Value '129601' at 'durationSeconds' failed "
                          "to satisfy constraint: Member must have value less than or equal to "
                          "129600");
    assert_status(own(&root, 899, &credentials), ST_FAILED);
    assert_int_equal(call.error, IDENTITY_ValidationError);
}

static void no_session_makes_one_of_its_own(void **state) {
    (void)state;
    struct session_credentials first[] = {assumed("reader"), {}, {}}, second;
    OK(own(&ann, 0, &first[1]));
    OK(own(&root, 0, &first[2]));
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++) {
        struct principal *caller;
        assert_int_equal(ask(&first[i], signed_time_us, &caller), ERROR_NONE);
        assert_status(session_of_caller(identities, fresh(), caller, 0, &second), ST_FAILED);
        principal_unref(caller);
        assert_int_equal(call.error, IDENTITY_AccessDenied);
        assert_str(call.text, "Cannot call GetSessionToken with session credentials");
        assert_null(second.session_token.ptr);
    }
}

/* ---- whose token it is ---- */

static void a_token_that_was_changed_or_cut_is_none(void **state) {
    (void)state;
    struct session_credentials credentials = assumed("reader"), forged = credentials;
    size_t len = credentials.session_token.len;
    char *text = arena_bytes(arena, len + 4);
    for (size_t i = 0; i < len; i++) { /* some of these are remembered as they should: as nothing */
        memcpy(text, credentials.session_token.ptr, len);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        forged.session_token = (str){text, len};
        assert_int_equal(asks(&forged, signed_time_us), ERROR_UnrecognizedClientException);
    }
    for (size_t cut = 0; cut < len; cut += 1 + cut / 8) {
        forged.session_token = str_slice(credentials.session_token, 0, cut);
        assert_int_equal(asks(&forged, signed_time_us), ERROR_UnrecognizedClientException);
    }
    memcpy(text, credentials.session_token.ptr, len);
    memset(text + len, 'A', 4);
    forged.session_token = (str){text, len + 4};
    assert_int_equal(asks(&forged, signed_time_us), ERROR_UnrecognizedClientException);
    assert_int_equal(asks(&credentials, signed_time_us), ERROR_NONE);
}

static void a_token_needs_its_own_key_and_secret(void **state) {
    (void)state;
    struct session_credentials credentials = assumed("reader"), mixed = credentials;
    mixed.access_key_id = str_from_c(ann.id);
    mixed.secret_access_key = str_from_c(ann.secret);
    assert_int_equal(asks(&mixed, signed_time_us), ERROR_UnrecognizedClientException);
    mixed = credentials;
    mixed.secret_access_key = str_from_c(ann.secret);
    assert_int_equal(asks(&mixed, signed_time_us), ERROR_InvalidSignatureException);
    mixed = credentials;
    mixed.session_token = nothing;
    assert_int_equal(asks(&mixed, signed_time_us), ERROR_UnrecognizedClientException);
}

static void a_session_outlives_a_restart_but_not_its_server(void **state) {
    (void)state;
    struct session_credentials credentials = assumed("reader");
    struct new_key made;
    identities_close(identities);
    OK(identities_open(database, STR(""), STR(""), &identities, &made));
    assert_int_equal(asks(&credentials, signed_time_us), ERROR_NONE);
    struct arena *kept = arena;
    identities_close(identities);
    database_close(database);
    setup(state);
    assert_int_equal(asks(&credentials, signed_time_us), ERROR_UnrecognizedClientException);
    arena_free(kept);
}

static void more_sessions_than_are_remembered_are_served(void **state) {
    (void)state;
    enum { SESSIONS = 1500 };
    struct session_credentials *credentials =
        arena_array(arena, struct session_credentials, SESSIONS);
    struct session_wish wish = wish_of("reader");
    for (int i = 0; i < SESSIONS; i++) {
        wish.session_name = arena_printf(arena, "work%d", i);
        OK(assume(&wish, &credentials[i]));
        assert_int_equal(asks(&credentials[i], signed_time_us), ERROR_NONE);
    }
    for (int i = 0; i < SESSIONS; i++) {
        struct principal *principal;
        assert_int_equal(ask(&credentials[i], signed_time_us, &principal), ERROR_NONE);
        assert_true(str_eq(principal->arn, credentials[i].arn));
        principal_unref(principal);
    }
}

static void fields_are_read_as_they_were_written(void **state) {
    (void)state;
    struct token_key key = {"0123456789012345678901234567890"}, other = {"other"};
    struct context_tag tags[] = {{STR("k"), STR("v")}, {STR("empty"), STR("")}};
    str arns[] = {STR("one"), STR("two")}, text;
    struct session_claim claim = {.issued_us = 41,
                                  .expires_us = 42,
                                  .owner = SESSION_OF_ROLE,
                                  .owner_name = STR("r"),
                                  .owner_id = STR("AROA"),
                                  .session_name = STR("s"),
                                  .policy = STR("{}"),
                                  .policy_arns = arns,
                                  .policy_arn_count = 2,
                                  .tags = {tags, 2}},
                         read;
    OK(session_token_write(&key, &claim, arena, &text));
    OK(session_token_read(&key, text, arena, &read));
    assert_int_equal(read.issued_us, 41);
    assert_int_equal(read.expires_us, 42);
    assert_str(read.owner_name, "r");
    assert_str(read.owner_id, "AROA");
    assert_str(read.session_name, "s");
    assert_str(read.policy, "{}");
    assert_int_equal(read.policy_arn_count, 2);
    assert_str(read.policy_arns[1], "two");
    assert_int_equal(read.tags.count, 2);
    assert_str(read.tags.entries[1].key, "empty");
    assert_status(session_token_read(&other, text, arena, &read), ST_INVALID);
}

static void fields_of_the_first_version_have_no_date(void **state) {
    static const char bytes[] = "\1\0\0\0\0\0\0\0\52\1r\4AROA\1s\0\0\0";
    struct session_claim read;
    (void)state;
    OK(session_token_fields((str){bytes, sizeof bytes - 1}, arena, &read));
    assert_int_equal(read.issued_us, 0);
    assert_int_equal(read.expires_us, 42);
    assert_int_equal(read.owner, SESSION_OF_ROLE);
    assert_str(read.owner_id, "AROA");
    for (size_t len = 0; len < sizeof bytes - 1; len++)
        assert_status(session_token_fields((str){bytes, len}, arena, &read), ST_INVALID);
}

static void a_token_of_an_unknown_owner_is_none(void **state) {
    char bytes[] = "\2\0\0\0\0\0\0\0\52\0\0\0\0\0\0\0\51\2\1r\4AIDA\0\0\0\0";
    struct session_claim read;
    (void)state;
    OK(session_token_fields((str){bytes, sizeof bytes - 1}, arena, &read));
    assert_int_equal(read.owner, SESSION_OF_USER);
    assert_int_equal(read.issued_us, 41);
    bytes[17] = 3;
    assert_status(session_token_fields((str){bytes, sizeof bytes - 1}, arena, &read), ST_INVALID);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_session_is_its_role_and_says_so),
        CASE(who_is_not_trusted_gets_none),
        CASE(an_account_that_is_trusted_says_itself_who_of_it_may),
        CASE(an_external_id_is_asked_for),
        CASE(session_policies_limit_and_tags_count),
        CASE(a_session_policy_that_was_deleted_allows_nothing),
        CASE(a_change_of_the_role_counts_at_once),
        CASE(a_session_ends_when_its_time_is_over),
        CASE(durations_are_limited),
        CASE(what_does_not_fit_into_a_token_is_refused),
        CASE(a_users_own_session_is_the_user_for_a_while),
        CASE(a_users_own_session_ends_with_its_time_or_the_user),
        CASE(own_sessions_last_36_hours_at_most_and_the_roots_one),
        CASE(no_session_makes_one_of_its_own),
        CASE(a_token_that_was_changed_or_cut_is_none),
        CASE(a_token_needs_its_own_key_and_secret),
        CASE(a_session_outlives_a_restart_but_not_its_server),
        CASE(more_sessions_than_are_remembered_are_served),
        CASE(fields_are_read_as_they_were_written),
        CASE(fields_of_the_first_version_have_no_date),
        CASE(a_token_of_an_unknown_owner_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
