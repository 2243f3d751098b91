/* Access keys: made once, kept, found. */
#include "auth/identity_int.h"
#include "kv/mem/mem.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

static struct database *database;

static int setup(void **state) {
    (void)state;
    struct kv *kv;
    struct database_options options = {.region = STR("us-east-1"),
                                       .account_id = STR("000000000000")};
    return kv_mem_open(&kv) == ST_OK && database_open(kv, &options, &database) == ST_OK ? 0 : 1;
}

static int teardown(void **state) {
    (void)state;
    database_close(database);
    return 0;
}

static struct sigv4_claim claim_of(const char *id) {
    return (struct sigv4_claim){.access_key_id = str_from_c(id),
                                .date = STR("20150830"),
                                .region = STR("us-east-1"),
                                .service = STR("dynamodb")};
}

static bool same_key(const struct hmac_key *a, const struct hmac_key *b) {
    struct sha256_digest one = hmac_sha256(a, STR("text")), other = hmac_sha256(b, STR("text"));
    return sha256_equal(&one, &other);
}

static void the_root_key_is_made_once_and_kept(void **state) {
    (void)state;
    struct identities *identities;
    struct new_key made, again;
    struct hmac_key expected, key;
    assert_status(identities_open(database, STR(""), STR(""), &identities, &made), ST_OK);
    assert_int_equal(strlen(made.id), ACCESS_KEY_ID_LEN);
    assert_int_equal(strlen(made.secret), SECRET_KEY_LEN);
    identities_close(identities);
    assert_status(identities_open(database, STR(""), STR(""), &identities, &again), ST_OK);
    assert_int_equal(again.id[0], '\0');
    struct sigv4_claim claim = claim_of(made.id);
    assert_true(identities_signing_key(identities, &claim, &key));
    sigv4_signing_key(str_from_c(made.secret), claim.date, claim.region, claim.service, &expected);
    assert_true(same_key(&key, &expected));
    assert_true(identities_signing_key(identities, &claim, &key)); /* the kept one */
    assert_true(same_key(&key, &expected));
    claim.date = STR("20150831");
    assert_true(identities_signing_key(identities, &claim, &key));
    assert_false(same_key(&key, &expected));
    identities_close(identities);
}

static void a_given_key_makes_none(void **state) {
    (void)state;
    struct identities *identities;
    struct new_key made;
    struct hmac_key expected, key;
    assert_status(identities_open(database, STR("me"), STR("mine"), &identities, &made), ST_OK);
    assert_int_equal(made.id[0], '\0');
    struct sigv4_claim claim = claim_of("me");
    assert_true(identities_signing_key(identities, &claim, &key));
    sigv4_signing_key(STR("mine"), claim.date, claim.region, claim.service, &expected);
    assert_true(same_key(&key, &expected));
    identities_close(identities);
}

static void a_given_secret_counts_rather_than_the_one_that_was_stored(void **state) {
    (void)state;
    struct identities *identities;
    struct new_key made, none;
    struct hmac_key expected, key;
    assert_status(identities_open(database, STR(""), STR(""), &identities, &made), ST_OK);
    identities_close(identities);
    assert_status(
        identities_open(database, str_from_c(made.id), STR("another"), &identities, &none), ST_OK);
    struct sigv4_claim claim = claim_of(made.id);
    assert_true(identities_signing_key(identities, &claim, &key));
    sigv4_signing_key(STR("another"), claim.date, claim.region, claim.service, &expected);
    assert_true(same_key(&key, &expected));
    identities_close(identities);
}

static void an_unknown_id_gets_a_key_of_nobody(void **state) {
    (void)state;
    struct identities *identities;
    struct new_key made;
    struct hmac_key known, key;
    assert_status(identities_open(database, STR("me"), STR("mine"), &identities, &made), ST_OK);
    struct sigv4_claim claim = claim_of("me");
    assert_true(identities_signing_key(identities, &claim, &known));
    claim = claim_of("you");
    assert_false(identities_signing_key(identities, &claim, &key));
    assert_false(same_key(&key, &known));
    identities_close(identities);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_root_key_is_made_once_and_kept),
        CASE(a_given_key_makes_none),
        CASE(a_given_secret_counts_rather_than_the_one_that_was_stored),
        CASE(an_unknown_id_gets_a_key_of_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
