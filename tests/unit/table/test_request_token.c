/* Tokens: how long they live, what they meet, what purging and verify make of them. */
#include "base/bytes.h"
#include "item/item_codec.h"
#include "kv/mem/mem.h"
#include "table/catalogue.h"
#include "table/request_token.h"
#include "table/table_write.h"
#include "table/verify.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

static const int64_t minute_us = 60 * 1000000;
static const int64_t start_us = 1700000000000000;

static struct database *database;
static struct scope scope;

static int setup(void **state) {
    (void)state;
    struct kv *kv;
    scope = (struct scope){
        .arena = arena_new(64 << 20), .scratch = arena_new(64 << 20), .now_us = start_us};
    return kv_mem_open(&kv) == ST_OK &&
                   database_open(kv,
                                 &(struct database_options){.region = STR("us-east-1"),
                                                            .account_id = STR("000000000000")},
                                 &database) == ST_OK
               ? 0
               : 1;
}

static int teardown(void **state) {
    (void)state;
    database_close(database);
    arena_free(scope.arena);
    arena_free(scope.scratch);
    return 0;
}

static struct request_token token_of(enum token_user user, const char *text, const char *content) {
    struct request_token token = {.user = user, .text = str_from_c(text)};
    request_token_content(&token, str_from_c(content));
    request_token_prepare(scope.arena, &token);
    return token;
}

static status find_and_put(struct kv_txn *txn, void *context) {
    struct request_token *token = context;
    TRY(request_token_find(txn, &scope, token));
    if (token->outcome == TOKEN_FIRST)
        request_token_put(txn, &scope, token);
    return ST_OK;
}

static status use_token(struct request_token *token) {
    uint64_t ticket;
    struct kv_keys keys = {.exclusive = &token->key, .exclusive_count = 1};
    return kv_update(database->kv, &keys, find_and_put, token, &ticket);
}

static enum token_outcome use(enum token_user user, const char *text, const char *content) {
    struct request_token token = token_of(user, text, content);
    assert_status(use_token(&token), ST_OK);
    return token.outcome;
}

static enum token_outcome use_at(int64_t us, const char *text, const char *content) {
    scope.now_us = us;
    return use(TOKEN_OF_TRANSACT_WRITE, text, content);
}

static status put_pair(struct kv_txn *txn, void *context) {
    const kv_pair *pair = context;
    kv_txn_put(txn, pair->key, pair->value);
    return ST_OK;
}

static void put_raw(str key, str value) {
    kv_pair pair = {key, value};
    struct kv_keys keys = {.exclusive = &pair.key, .exclusive_count = 1};
    uint64_t ticket;
    assert_status(kv_update(database->kv, &keys, put_pair, &pair, &ticket), ST_OK);
}

static size_t keys_in(str from, str to) {
    struct kv_page page;
    struct kv_range range = {.from = from, .to = to};
    assert_status(kv_scan(database->kv, NULL, scope.arena, &range, 100000, 64 << 20, &page), ST_OK);
    return page.count;
}

#define RECORDS keys_in(STR("\x04\x01"), STR("\x04\x02"))
#define ENDS keys_in(STR("\x04\x02"), STR("\x04\x03"))

static void count_finding(void *context, str what) {
    (void)what;
    ++*(size_t *)context;
}

static size_t findings(void) {
    size_t count = 0;
    struct verify_totals totals;
    assert_status(verify_database(database, count_finding, &count, &totals), ST_OK);
    assert_int_equal(count, totals.findings);
    return count;
}

static size_t purge(int64_t now_us, int64_t *from_us) {
    size_t purged = 0;
    assert_status(request_tokens_purge(database, now_us, from_us, &purged), ST_OK);
    return purged;
}

/* ---- life ---- */

static void token_lives_ten_minutes(void **state) {
    (void)state;
    assert_int_equal(use_at(start_us, "t", "content"), TOKEN_FIRST);
    assert_int_equal(use_at(start_us + 1, "t", "content"), TOKEN_REPEATED);
    assert_int_equal(use_at(start_us + 10 * minute_us - 1, "t", "content"), TOKEN_REPEATED);
    assert_int_equal(use_at(start_us + 10 * minute_us, "t", "content"), TOKEN_FIRST);
}

static void repeat_does_not_make_it_live_longer(void **state) {
    (void)state;
    use_at(start_us, "t", "content");
    use_at(start_us + 9 * minute_us, "t", "content");
    assert_int_equal(use_at(start_us + 11 * minute_us, "t", "content"), TOKEN_FIRST);
}

static void other_content_is_of_another(void **state) {
    (void)state;
    use_at(start_us, "t", "content");
    assert_int_equal(use_at(start_us, "t", "Content"), TOKEN_OF_ANOTHER);
    assert_int_equal(use_at(start_us, "t", "content "), TOKEN_OF_ANOTHER);
    assert_int_equal(use_at(start_us, "t", "content"), TOKEN_REPEATED);
    assert_int_equal(use_at(start_us, "T", "Content"), TOKEN_FIRST);
}

static void ended_token_may_carry_other_content(void **state) {
    (void)state;
    use_at(start_us, "t", "content");
    assert_int_equal(use_at(start_us + 10 * minute_us, "t", "other"), TOKEN_FIRST);
    assert_int_equal(use_at(start_us + 10 * minute_us, "t", "content"), TOKEN_OF_ANOTHER);
}

static void users_have_tokens_of_their_own(void **state) {
    (void)state;
    assert_int_equal(use(TOKEN_OF_TRANSACT_WRITE, "t", "a"), TOKEN_FIRST);
    assert_int_equal(use(TOKEN_OF_EXECUTE_TRANSACTION, "t", "b"), TOKEN_FIRST);
    assert_int_equal(use(TOKEN_OF_TRANSACT_WRITE, "t", "a"), TOKEN_REPEATED);
    assert_int_equal(use(TOKEN_OF_EXECUTE_TRANSACTION, "t", "b"), TOKEN_REPEATED);
}

static void record_that_does_not_decode_is_no_answer(void **state) {
    (void)state;
    struct request_token token = token_of(TOKEN_OF_TRANSACT_WRITE, "t", "content");
    put_raw(token.key, STR("\x01short"));
    assert_status(use_token(&token), ST_CORRUPT);
    put_raw(token.key, STR("\x02later version"));
    assert_status(use_token(&token), ST_NEWER);
}

/* ---- purging ---- */

static void purge_takes_what_has_ended(void **state) {
    (void)state;
    int64_t from_us = 0;
    use_at(start_us, "a", "content");
    use_at(start_us + minute_us, "b", "content");
    assert_int_equal(purge(start_us + 10 * minute_us - 1, &from_us), 0);
    assert_int_equal(purge(start_us + 10 * minute_us, &from_us), 1);
    assert_int_equal(RECORDS, 1);
    assert_int_equal(ENDS, 1);
    assert_int_equal(purge(start_us + 10 * minute_us, &from_us), 0);
    assert_int_equal(purge(start_us + 11 * minute_us, &from_us), 1);
    assert_int_equal(RECORDS + ENDS, 0);
}

static void purge_begins_again_when_the_clock_goes_back(void **state) {
    (void)state;
    int64_t from_us = 0;
    purge(start_us + 100 * minute_us, &from_us);
    use_at(start_us, "a", "content");
    assert_int_equal(purge(start_us + 20 * minute_us, &from_us), 1);
    assert_int_equal(RECORDS + ENDS, 0);
}

static void replaced_record_leaves_one_end(void **state) {
    (void)state;
    int64_t from_us = 0;
    use_at(start_us, "a", "content");
    use_at(start_us + 10 * minute_us, "a", "content");
    assert_int_equal(RECORDS, 1);
    assert_int_equal(ENDS, 1);
    assert_int_equal(purge(start_us + 19 * minute_us, &from_us), 0);
    assert_int_equal(use_at(start_us + 19 * minute_us, "a", "content"), TOKEN_REPEATED);
}

static void purge_spares_a_record_that_was_replaced_since(void **state) {
    (void)state;
    int64_t from_us = 0;
    use_at(start_us, "a", "content");
    char stale[12] = "\x04\x02"; /* the end of an older record of this token */
    put_be64(stale + 2, (uint64_t)start_us);
    stale[10] = TOKEN_OF_TRANSACT_WRITE;
    stale[11] = 'a';
    put_raw((str){stale, sizeof stale}, STR("\x01"));
    assert_int_equal(purge(start_us + minute_us, &from_us), 1);
    assert_int_equal(RECORDS, 1);
    assert_int_equal(ENDS, 1);
    assert_int_equal(use_at(start_us + minute_us, "a", "content"), TOKEN_REPEATED);
}

static void purge_goes_on_over_pages(void **state) {
    (void)state;
    int64_t from_us = 0;
    for (int i = 0; i < 2500; i++) {
        char text[16];
        snprintf(text, sizeof text, "t%d", i);
        use_at(start_us + i / 2, text, "content");
    }
    assert_int_equal(findings(), 0);
    assert_true(purge(start_us + 20 * minute_us, &from_us) >= 2500);
    assert_int_equal(RECORDS + ENDS, 0);
    assert_int_equal(from_us, start_us + 20 * minute_us);
}

static void purge_that_is_refused_can_be_repeated(void **state) {
    (void)state;
    int64_t from_us = 0;
    size_t purged;
    use_at(start_us, "a", "content");
    kv_mem_faults(database->kv, &(struct kv_mem_faults){.update_full = 1});
    assert_status(request_tokens_purge(database, start_us + 20 * minute_us, &from_us, &purged),
                  ST_FULL);
    assert_int_equal(RECORDS + ENDS, 2);
    assert_int_equal(purge(start_us + 20 * minute_us, &from_us), 1);
}

/* Else its token would stay for ever: later purges begin behind its end. */
static void purge_that_is_lost_is_repeated(void **state) {
    (void)state;
    int64_t from_us = 0;
    size_t purged;
    use_at(start_us, "a", "content");
    kv_mem_faults(database->kv, &(struct kv_mem_faults){.update_lost = 1});
    assert_status(request_tokens_purge(database, start_us + 20 * minute_us, &from_us, &purged),
                  ST_IO);
    assert_int_equal(RECORDS + ENDS, 2);
    assert_int_equal(purge(start_us + 20 * minute_us, &from_us), 1);
    assert_int_equal(RECORDS + ENDS, 0);
}

/* ---- verify ---- */

static void verify_accepts_tokens(void **state) {
    (void)state;
    use_at(start_us, "a", "content");
    use_at(start_us + 10 * minute_us, "a", "content");
    use(TOKEN_OF_EXECUTE_TRANSACTION, "a", "content");
    assert_int_equal(findings(), 0);
}

static void verify_finds_half_a_token(void **state) {
    (void)state;
    struct request_token token = token_of(TOKEN_OF_TRANSACT_WRITE, "t", "content");
    char record[25] = {1};
    put_raw(token.key, (str){record, sizeof record});
    assert_int_equal(findings(), 1);
    put_raw(STR("\x04\x02"
                "12345678"
                "\x01"
                "u"),
            STR("\x01"));
    assert_int_equal(findings(), 2);
}

static void verify_finds_what_is_no_token(void **state) {
    (void)state;
    put_raw(STR("\x04"), STR("?"));
    put_raw(STR("\x04\x01\x01t"), STR("?"));
    put_raw(STR("\x04\x02short"), STR("\x01"));
    put_raw(STR("\x04\x03"), STR("?"));
    put_raw(STR("\x05"), STR("?"));
    assert_int_equal(findings(), 5);
}

/* ---- with writes ---- */

static const struct table *make_table(void) {
    struct table *table = table_new();
    table->name = STR("things");
    table->status = TABLE_ACTIVE;
    table->on_demand = true;
    table->key.hash[0] = (struct key_attribute){STR("id"), VALUE_STRING};
    table->key.hash_count = 1;
    table->attributes = table->key.hash;
    table->attribute_count = 1;
    assert_status(catalogue_create(database, &scope, table), ST_OK);
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    const struct table *found = catalogue_find(tables, STR("things"));
    catalogue_release(tables); /* the database's own keeps it */
    return found;
}

static status write_thing(const struct table *table, enum write_kind kind, const char *id,
                          const char *token_text, struct request_token *token,
                          struct write *write) {
    struct item *item = arena_struct(scope.arena, struct item);
    item->attributes = arena_struct(scope.arena, struct attribute);
    item->attributes[0] =
        (struct attribute){STR("id"), {.kind = VALUE_STRING, .bytes = str_from_c(id)}};
    item->count = 1;
    *write = (struct write){.kind = kind, .table = table, .item = item};
    *token =
        (struct request_token){.user = TOKEN_OF_TRANSACT_WRITE, .text = str_from_c(token_text)};
    request_token_content(token, str_from_c(id));
    uint64_t ticket;
    return table_write_once(database, &scope, write, 1, token, &ticket);
}

static void repeated_write_finds_and_writes_nothing(void **state) {
    (void)state;
    const struct table *table = make_table();
    struct request_token token;
    struct write write;
    assert_status(write_thing(table, WRITE_PUT, "a", "t", &token, &write), ST_OK);
    assert_int_equal(token.outcome, TOKEN_FIRST);
    assert_null(write.before.ptr);
    assert_status(write_thing(table, WRITE_DELETE, "a", "other", &token, &write), ST_OK);
    assert_status(write_thing(table, WRITE_PUT, "a", "t", &token, &write), ST_OK);
    assert_int_equal(token.outcome, TOKEN_REPEATED);
    assert_null(write.before.ptr);
    assert_null(write.after.ptr);
    assert_status(write_thing(table, WRITE_PUT, "b", "t", &token, &write), ST_FAILED);
    assert_int_equal(token.outcome, TOKEN_OF_ANOTHER);
    assert_int_equal(keys_in(STR("\x10"), STR("\x11")), 0);
    assert_int_equal(findings(), 0);
}

static void write_that_had_to_wait_leaves_no_token(void **state) {
    (void)state;
    const struct table *table = make_table();
    struct request_token token;
    struct write write;
    for (unsigned find = 1; find <= 2; find++) {
        kv_mem_faults(database->kv, &(struct kv_mem_faults){.find_would_wait = find});
        assert_status(write_thing(table, WRITE_PUT, "a", "t", &token, &write), ST_WOULD_WAIT);
        assert_int_equal(RECORDS + ENDS, 0);
    }
    assert_status(write_thing(table, WRITE_PUT, "a", "t", &token, &write), ST_OK);
    assert_int_equal(token.outcome, TOKEN_FIRST);
}

static void refused_write_leaves_no_token(void **state) {
    (void)state;
    const struct table *table = make_table();
    struct request_token token;
    struct write write;
    kv_mem_faults(database->kv, &(struct kv_mem_faults){.update_io = 1});
    assert_status(write_thing(table, WRITE_PUT, "a", "t", &token, &write), ST_IO);
    assert_int_equal(RECORDS + ENDS, 0);
    assert_int_equal(keys_in(STR("\x10"), STR("\x11")), 0);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(token_lives_ten_minutes),
        CASE(repeat_does_not_make_it_live_longer),
        CASE(other_content_is_of_another),
        CASE(ended_token_may_carry_other_content),
        CASE(users_have_tokens_of_their_own),
        CASE(record_that_does_not_decode_is_no_answer),
        CASE(purge_takes_what_has_ended),
        CASE(purge_begins_again_when_the_clock_goes_back),
        CASE(replaced_record_leaves_one_end),
        CASE(purge_spares_a_record_that_was_replaced_since),
        CASE(purge_goes_on_over_pages),
        CASE(purge_that_is_refused_can_be_repeated),
        CASE(purge_that_is_lost_is_repeated),
        CASE(verify_accepts_tokens),
        CASE(verify_finds_half_a_token),
        CASE(verify_finds_what_is_no_token),
        CASE(repeated_write_finds_and_writes_nothing),
        CASE(write_that_had_to_wait_leaves_no_token),
        CASE(refused_write_leaves_no_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
