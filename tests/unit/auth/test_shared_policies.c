/* Policies are compiled once a version, whoever asks, and never on a loop; what sessions are
 * remembered by is bounded. */
#include "auth/identity_int.h"
#include "base/sanitizers.h"
#include "base/thread.h"
#include "kv/mem/mem.h"
#include "signed_request.h"
/* Ours come first: cmocka has a macro fail(). */
#include "auth/session.h"
#include "lib/test.h"

#define ACCOUNT "123456789012"
#define ARN(rest) "arn:aws:iam::" ACCOUNT ":" rest
#define VERSION "{\"Version\":\"2012-10-17\",\"Statement\":"
#define ALLOW(action)                                                                              \
    STR(VERSION "{\"Effect\":\"Allow\",\"Action\":\"" action "\",\"Resource\":\"*\"}}")
#define OK(expr) assert_status(expr, ST_OK)

enum { POLICIES = 5, SESSIONS = 1000 };

static struct database *database;
static struct arena *arena;
static struct identities *identities;
static struct new_key root, ann;
static struct identity_call call;
static const str nothing = {NULL, 0};

static struct identity_call *fresh(void) {
    call = (struct identity_call){.arena = arena, .now_us = signed_time_us};
    return &call;
}

static int setup(void **state) {
    (void)state;
    struct kv *kv;
    struct database_options options = {.region = STR("us-east-1"), .account_id = STR(ACCOUNT)};
    struct identity_new user = {.kind = IDENTITY_USER, .name = STR("ann")};
    struct identity_new role = {
        .kind = IDENTITY_ROLE,
        .name = STR("reader"),
        .path = STR("/"),
        .trust = STR(VERSION "{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"" ARN(
            "user/ann") "\"},\"Action\":\"sts:AssumeRole\"}}")};
    arena = arena_new(256 * 1024 * 1024);
    OK(kv_mem_open(&kv));
    OK(database_open(kv, &options, &database));
    OK(identities_open(database, STR(""), STR(""), &identities, &root));
    OK(identity_create(identities, fresh(), &user));
    OK(identity_create_key(identities, fresh(), STR("ann"), &ann));
    OK(identity_create(identities, fresh(), &role));
    return 0;
}

static int teardown(void **state) {
    (void)state;
    identities_close(identities);
    database_close(database);
    arena_free(arena);
    return 0;
}

/* ---- who asks, here or on a loop ---- */

struct question {
    str id, secret, token;
    status answer;
    enum error_code error;
    bool may_get;
};

static void ask(struct question *q) {
    struct auth auth = {.mode = AUTH_VERIFY, .region = STR("us-east-1"), .identities = identities};
    struct arena *own = arena_new(1024 * 1024);
    struct scope scope = {.arena = own, .scratch = own, .now_us = signed_time_us};
    struct access_context context = {.action = STR("dynamodb:GetItem"),
                                     .resource =
                                         STR("arn:aws:dynamodb:us-east-1:" ACCOUNT ":table/T")};
    struct principal *principal = NULL;
    q->answer = auth_check(&auth, &scope, &sign_request(own, q->id, q->secret, q->token)->request,
                           &principal);
    q->error = scope.error;
    assert_int_equal(principal != NULL, q->answer == ST_OK);
    if (principal != NULL) {
        principal_describe(principal, &context);
        q->may_get = access_decide(principal, NULL, 0, &context, own).access == ACCESS_ALLOWED;
    }
    principal_unref(principal);
    arena_free(own);
}

static void *ask_on_a_loop(void *question) {
    thread_mark_loop();
    ask(question);
    return NULL;
}

static struct question asked_here(struct question q) {
    ask(&q);
    return q;
}

static struct question asked_on_a_loop(struct question q) {
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask_on_a_loop, &q), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    return q;
}

static struct question by_ann(void) {
    return (struct question){.id = str_from_c(ann.id), .secret = str_from_c(ann.secret)};
}

static struct question by(const struct session_credentials *credentials) {
    return (struct question){.id = credentials->access_key_id,
                             .secret = credentials->secret_access_key,
                             .token = credentials->session_token};
}

static void loop_waits(struct question q) {
    assert_status(asked_on_a_loop(q).answer, ST_WOULD_WAIT);
}

static void loop_lets(struct question q, bool may_get) {
    q = asked_on_a_loop(q);
    assert_status(q.answer, ST_OK);
    assert_int_equal(q.may_get, may_get);
}

static void is_allowed(struct question q, bool may_get) {
    q = asked_here(q);
    assert_status(q.answer, ST_OK);
    assert_int_equal(q.may_get, may_get);
}

/* ---- what they ask with ---- */

static struct session_credentials own_session(int32_t seconds) {
    struct session_credentials credentials;
    struct auth auth = {.mode = AUTH_VERIFY, .region = STR("us-east-1"), .identities = identities};
    struct scope scope = {.arena = arena, .scratch = arena, .now_us = signed_time_us};
    struct principal *caller;
    OK(auth_check(
        &auth, &scope,
        &sign_request(arena, str_from_c(ann.id), str_from_c(ann.secret), nothing)->request,
        &caller));
    OK(session_of_caller(identities, fresh(), caller, seconds, &credentials));
    principal_unref(caller);
    return credentials;
}

static struct session_credentials role_session(int number, str policy) {
    struct session_credentials credentials;
    struct auth auth = {.mode = AUTH_VERIFY, .region = STR("us-east-1"), .identities = identities};
    struct scope scope = {.arena = arena, .scratch = arena, .now_us = signed_time_us};
    struct session_wish wish = {.role_arn = STR(ARN("role/reader")),
                                .session_name = arena_printf(arena, "s%d", number),
                                .policy = policy};
    struct principal *caller;
    OK(auth_check(
        &auth, &scope,
        &sign_request(arena, str_from_c(ann.id), str_from_c(ann.secret), nothing)->request,
        &caller));
    OK(session_assume_role(identities, fresh(), caller, &wish, &credentials));
    principal_unref(caller);
    return credentials;
}

/* As many numbers as there is room for: what takes the most memory for its text. */
static str numbers(size_t size) {
    struct buf text;
    buf_init(&text, arena, size + 8);
    buf_add_lit(&text, VERSION "{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\","
                               "\"Condition\":{\"StringNotEquals\":{\"a:b\":[1");
    while (text.len + 8 < size)
        buf_add_lit(&text, ",1");
    buf_add_lit(&text, "]}}}}");
    return buf_str(&text);
}

static void attach_large(enum identity_kind kind, const char *name) {
    for (int i = 0; i < POLICIES; i++) {
        struct identity_new policy = {.kind = IDENTITY_POLICY,
                                      .name = arena_printf(arena, "large%d", i),
                                      .document = numbers(IDENTITY_DOCUMENT_MAX)};
        OK(identity_create(identities, fresh(), &policy));
        OK(identity_attach(identities, fresh(), kind, str_from_c(name),
                           arena_printf(arena, ARN("policy/large%d"), i)));
    }
}

static size_t sessions_bytes(void) {
    const struct identity_snapshot *snapshot = identities_here(identities);
    return session_cache_bytes(&((struct identity_snapshot *)snapshot)->sessions);
}

/* ---- memory ---- */

static void a_thousand_sessions_of_a_role_hold_its_policies_once(void **state) {
    (void)state;
    attach_large(IDENTITY_ROLE, "reader");
    struct session_credentials credentials = role_session(0, nothing);
    is_allowed(by(&credentials), true);
    size_t held = policies_held_bytes(), one = sessions_bytes();
    assert_in_range(held, POLICIES * IDENTITY_DOCUMENT_MAX,
                    (size_t)POLICIES * IDENTITY_DOCUMENT_MAX * POLICY_MEMORY_FACTOR *
                        (SANITIZES_ADDRESSES ? 2 : 1)); /* gaps */
    assert_in_range(one, 1, 16 * 1024);
    for (int i = 1; i < SESSIONS; i++) {
        credentials = role_session(i, nothing);
        is_allowed(by(&credentials), true);
        assert_int_equal(policies_held_bytes(), held);
    }
    assert_in_range(sessions_bytes(), 1, (one + 64) * SESSIONS);
}

static void a_thousand_sessions_of_a_user_hold_its_policies_once(void **state) {
    (void)state;
    struct identity_new group = {.kind = IDENTITY_GROUP, .name = STR("g")};
    OK(identity_create(identities, fresh(), &group));
    OK(identity_join(identities, fresh(), STR("g"), STR("ann")));
    attach_large(IDENTITY_GROUP, "g");
    is_allowed(by_ann(), true);
    size_t held = policies_held_bytes();
    for (int i = 0; i < SESSIONS; i++) {
        struct session_credentials credentials = own_session(900 + i);
        is_allowed(by(&credentials), true);
        assert_int_equal(policies_held_bytes(), held);
    }
    assert_in_range(sessions_bytes(), 1, 16 * 1024 * SESSIONS);
}

static void what_is_remembered_of_sessions_is_bounded(void **state) {
    (void)state;
    OK(identity_put_document(identities, fresh(), IDENTITY_ROLE, STR("reader"), STR("d"),
                             ALLOW("*")));
    size_t bound = (size_t)SESSION_STRIPES * SESSION_STRIPE_BYTES;
    for (int i = 0; i < 2 * SESSIONS; i++) {
        struct session_credentials credentials = role_session(i, numbers(SESSION_POLICY_MAX));
        is_allowed(by(&credentials), true);
        is_allowed(by(&credentials), true); /* it is still there, however large the others */
    }
    assert_in_range(sessions_bytes(), bound / 2, bound);
    assert_in_range(policies_held_bytes(), 1, bound);
}

static void policies_go_with_the_identities(void **state) {
    (void)state;
    attach_large(IDENTITY_ROLE, "reader");
    struct session_credentials credentials = role_session(0, ALLOW("*"));
    struct question q = by(&credentials);
    is_allowed(q, true);
    size_t held = policies_held_bytes();
    OK(identity_detach(identities, fresh(), IDENTITY_ROLE, STR("reader"),
                       STR(ARN("policy/large0"))));
    OK(identity_delete(identities, fresh(), IDENTITY_POLICY, STR(ARN("policy/large0"))));
    is_allowed(q, true);
    assert_in_range(policies_held_bytes(), 1, held - IDENTITY_DOCUMENT_MAX);
    identities_close(identities);
    identities = NULL;
    assert_in_range(policies_held_bytes(), 0, 2048); /* what denies everything stays */
}

/* ---- loops ---- */

static void a_loop_compiles_nothing(void **state) {
    (void)state;
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"),
                             ALLOW("dynamodb:*")));
    size_t held = policies_held_bytes();
    loop_waits(by_ann());
    assert_int_equal(policies_held_bytes(), held);
    is_allowed(by_ann(), true);
    assert_true(policies_held_bytes() > held);
    loop_lets(by_ann(), true);
    /* A session without a policy of its own has nothing to wait for. */
    struct session_credentials credentials = own_session(900);
    loop_lets(by(&credentials), true);
}

static void a_new_session_waits_for_its_own_policy_only(void **state) {
    (void)state;
    OK(identity_put_document(identities, fresh(), IDENTITY_ROLE, STR("reader"), STR("d"),
                             ALLOW("*")));
    struct session_credentials first = role_session(0, nothing), second = role_session(1, nothing);
    struct session_credentials limited = role_session(2, ALLOW("dynamodb:PutItem"));
    loop_waits(by(&first));
    loop_waits(by(&limited));
    is_allowed(by(&first), true);
    loop_lets(by(&first), true);
    loop_lets(by(&second), true);
    loop_waits(by(&limited));
    is_allowed(by(&limited), false);
    loop_lets(by(&limited), false);
}

static void only_who_signed_truly_waits(void **state) {
    (void)state;
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"), ALLOW("*")));
    OK(identity_put_document(identities, fresh(), IDENTITY_ROLE, STR("reader"), STR("d"),
                             ALLOW("*")));
    struct session_credentials credentials = role_session(0, ALLOW("*"));
    struct question session = by(&credentials), user = by_ann();
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"),
                             ALLOW("dynamodb:*")));
    session.secret = user.secret = STR("wrong");
    user = asked_on_a_loop(user);
    assert_status(user.answer, ST_FAILED);
    assert_int_equal(user.error, ERROR_InvalidSignatureException);
    session = asked_on_a_loop(session);
    assert_status(session.answer, ST_FAILED);
    assert_int_equal(session.error, ERROR_InvalidSignatureException);
    session.secret = credentials.secret_access_key;
    session.id = str_from_c(ann.id); /* another's id */
    assert_int_equal(asked_on_a_loop(session).error, ERROR_UnrecognizedClientException);
}

/* ---- changes ---- */

static void what_did_not_change_stays_compiled(void **state) {
    (void)state;
    struct context_tag tag = {STR("team"), STR("blue")};
    attach_large(IDENTITY_USER, "ann");
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"),
                             ALLOW("dynamodb:*")));
    OK(identity_put_document(identities, fresh(), IDENTITY_ROLE, STR("reader"), STR("d"),
                             ALLOW("*")));
    is_allowed(by_ann(), true);
    struct session_credentials credentials = role_session(0, nothing);
    is_allowed(by(&credentials), true);
    size_t held = policies_held_bytes();
    struct identity_new other = {.kind = IDENTITY_USER, .name = STR("bob")};
    OK(identity_create(identities, fresh(), &other));
    OK(identity_tag(identities, fresh(), IDENTITY_USER, STR("ann"),
                    (struct context_tags){&tag, 1}));
    OK(identity_update(identities, fresh(), IDENTITY_USER, STR("ann"),
                       &(struct identity_update){.new_path = STR("/x/")}));
    loop_lets(by_ann(), true);
    loop_lets(by(&credentials), true);
    assert_int_equal(policies_held_bytes(), held);
    /* One more of the same text, and one of another. */
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("a"),
                             ALLOW("dynamodb:*")));
    loop_lets(by_ann(), true);
    assert_int_equal(policies_held_bytes(), held);
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("b"),
                             ALLOW("dynamodb:Get*")));
    loop_waits(by_ann());
    is_allowed(by_ann(), true);
    assert_in_range(policies_held_bytes(), held + 1, held + 2048);
}

static void a_new_version_counts_at_once(void **state) {
    (void)state;
    str arn = STR(ARN("policy/p"));
    struct identity_new policy = {
        .kind = IDENTITY_POLICY, .name = STR("p"), .document = ALLOW("dynamodb:*")};
    OK(identity_create(identities, fresh(), &policy));
    OK(identity_attach(identities, fresh(), IDENTITY_USER, STR("ann"), arn));
    OK(identity_attach(identities, fresh(), IDENTITY_ROLE, STR("reader"), arn));
    struct session_credentials own = own_session(900);
    OK(identity_put_document(identities, fresh(), IDENTITY_USER, STR("ann"), STR("d"),
                             ALLOW("sts:*")));
    struct session_credentials role = role_session(0, nothing);
    struct question all[] = {by_ann(), by(&own), by(&role)};
    for (size_t i = 0; i < 3; i++)
        is_allowed(all[i], true);
    OK(identity_set_document(identities, fresh(), arn, ALLOW("dynamodb:PutItem")));
    loop_waits(all[0]);
    for (size_t i = 0; i < 3; i++)
        is_allowed(all[i], false);
    OK(identity_set_document(identities, fresh(), arn, ALLOW("dynamodb:GetItem")));
    for (size_t i = 0; i < 3; i++)
        is_allowed(all[i], true);
    OK(identity_detach(identities, fresh(), IDENTITY_USER, STR("ann"), arn));
    OK(identity_detach(identities, fresh(), IDENTITY_ROLE, STR("reader"), arn));
    for (size_t i = 0; i < 3; i++)
        loop_lets(all[i], false);
    OK(identity_set_boundary(identities, fresh(), IDENTITY_USER, STR("ann"), arn));
    loop_lets(all[0], false);
}

static void who_is_deleted_is_nobody_at_once(void **state) {
    (void)state;
    OK(identity_put_document(identities, fresh(), IDENTITY_ROLE, STR("reader"), STR("d"),
                             ALLOW("*")));
    struct session_credentials own = own_session(900), role = role_session(0, nothing);
    is_allowed(by_ann(), false);
    is_allowed(by(&own), false);
    is_allowed(by(&role), true);
    OK(identity_delete_key(identities, fresh(), STR("ann"), str_from_c(ann.id)));
    OK(identity_delete(identities, fresh(), IDENTITY_USER, STR("ann")));
    OK(identity_delete_document(identities, fresh(), IDENTITY_ROLE, STR("reader"), STR("d")));
    OK(identity_delete(identities, fresh(), IDENTITY_ROLE, STR("reader")));
    struct question all[] = {by_ann(), by(&own), by(&role)};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(asked_on_a_loop(all[i]).error, ERROR_UnrecognizedClientException);
        assert_int_equal(asked_here(all[i]).error, ERROR_UnrecognizedClientException);
    }
}

/* ---- threads ---- */

struct crowd {
    struct question questions[4];
    atomic_bool stop;
    atomic_int asked, wrong;
};

static void *ask_as_all(void *argument) {
    struct crowd *crowd = argument;
    for (size_t i = 0; !atomic_load(&crowd->stop); i++) {
        struct question q = asked_here(crowd->questions[i % 4]);
        atomic_fetch_add(&crowd->wrong, q.answer != ST_OK || !q.may_get);
        atomic_fetch_add(&crowd->asked, 1);
    }
    return NULL;
}

/* Each version allows what is asked; they come and go while it is. */
static void many_that_ask_while_policies_change_hold_them_as_long_as_they_need(void **state) {
    (void)state;
    enum { THREADS = 3, CHANGES = 40 };
    str arn = STR(ARN("policy/p"));
    struct identity_new policy = {
        .kind = IDENTITY_POLICY, .name = STR("p"), .document = ALLOW("*")};
    OK(identity_create(identities, fresh(), &policy));
    OK(identity_attach(identities, fresh(), IDENTITY_USER, STR("ann"), arn));
    OK(identity_attach(identities, fresh(), IDENTITY_ROLE, STR("reader"), arn));
    struct session_credentials own = own_session(900), role = role_session(0, nothing),
                               limited = role_session(1, ALLOW("dynamodb:*"));
    struct crowd crowd = {.questions = {by_ann(), by(&own), by(&role), by(&limited)}};
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_as_all, &crowd), 0);
    for (int i = 0; i < CHANGES || atomic_load(&crowd.asked) < 4 * CHANGES; i++)
        OK(identity_set_document(identities, fresh(), arn,
                                 i % 2 ? ALLOW("*") : ALLOW("dynamodb:*")));
    atomic_store(&crowd.stop, true);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&crowd.wrong), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_thousand_sessions_of_a_role_hold_its_policies_once),
        CASE(a_thousand_sessions_of_a_user_hold_its_policies_once),
        CASE(what_is_remembered_of_sessions_is_bounded),
        CASE(policies_go_with_the_identities),
        CASE(a_loop_compiles_nothing),
        CASE(a_new_session_waits_for_its_own_policy_only),
        CASE(only_who_signed_truly_waits),
        CASE(what_did_not_change_stays_compiled),
        CASE(a_new_version_counts_at_once),
        CASE(who_is_deleted_is_nobody_at_once),
        CASE(many_that_ask_while_policies_change_hold_them_as_long_as_they_need),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
