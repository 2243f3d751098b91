/* A request lives in its arenas: once those are warm, serving a read takes nothing from the heap.
 */
#include "api/api.h"
#include "base/buf.h"
#include "base/sanitizers.h"
#include "iam/access.h"
#include "kv/mem/mem.h"

/* After them: cmocka has a macro named as a function of ours. */
#include "lib/test.h"

#if SANITIZES_ADDRESSES || SANITIZES_THREADS
#define HEAP_IS_OURS 0 /* the sanitizer has taken malloc's place */
#else
#define HEAP_IS_OURS 1
#endif

enum { WARM_UP = 20, MEASURED = 1000, KEEP = 256 * 1024 };

static size_t allocations;

#if HEAP_IS_OURS
/* glibc's own, beneath the names that this program takes over. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *malloc(size_t size) {
    allocations++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    allocations++;
    return __libc_realloc(old, size);
}
#endif

static struct database *database;
static struct arena *arena, *scratch;
static struct principal *caller; /* NULL: nobody is asked */

static int setup(void **state) {
    (void)state;
    struct kv *kv;
    struct database_options options = {.region = STR("here"), .account_id = STR("000000000000")};
    arena = arena_new((size_t)64 << 20);
    scratch = arena_new((size_t)64 << 20);
    assert_status(kv_mem_open(&kv), ST_OK);
    assert_status(database_open(kv, &options, &database), ST_OK);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    database_close(database);
    arena_free(arena);
    arena_free(scratch);
    return 0;
}

static void call(str target, str body) {
    struct api_call call = {.target = target,
                            .body = body,
                            .arena = arena,
                            .scratch = scratch,
                            .now_us = 1,
                            .caller = {.principal = caller}};
    struct api_answer answer;
    assert_status(api_call(database, &call, &answer), ST_OK);
    assert_int_equal(answer.http_status, 200);
    arena_reset(arena, KEEP);
    arena_reset(scratch, KEEP);
}

/* Of a call, when it has been made often before. */
static size_t allocations_of(str target, str body) {
    for (int i = 0; i < WARM_UP; i++)
        call(target, body);
    size_t before = allocations;
    for (int i = 0; i < MEASURED; i++)
        call(target, body);
    return allocations - before;
}

static void fill(void) {
    call(STR("DynamoDB_20120810.CreateTable"),
         STR("{\"TableName\":\"tab\",\"BillingMode\":\"PAY_PER_REQUEST\",\"KeySchema\":"
             "[{\"AttributeName\":\"p\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"s\",\"KeyType\":"
             "\"RANGE\"}],\"AttributeDefinitions\":[{\"AttributeName\":\"p\",\"AttributeType\":"
             "\"S\"},{\"AttributeName\":\"s\",\"AttributeType\":\"N\"}]}"));
    for (int i = 0; i < 10; i++) {
        char body[256];
        int len = snprintf(body, sizeof body,
                           "{\"TableName\":\"tab\",\"Item\":{\"p\":{\"S\":\"a\"},\"s\":{\"N\":"
                           "\"%d\"},\"v\":{\"L\":[{\"S\":\"some text\"},{\"N\":\"1.5\"}]}}}",
                           i);
        call(STR("DynamoDB_20120810.PutItem"), (str){body, (size_t)len});
    }
}

static void the_count_counts(void **state) {
    (void)state;
    if (!HEAP_IS_OURS)
        skip();
    size_t before = allocations;
    void *volatile kept = malloc(1); /* or the compiler leaves it out */
    free(kept);
    assert_int_equal(allocations, before + 1);
}

static void a_get_item_takes_nothing_from_the_heap(void **state) {
    (void)state;
    fill();
    assert_int_equal(allocations_of(STR("DynamoDB_20120810.GetItem"),
                                    STR("{\"TableName\":\"tab\",\"Key\":{\"p\":{\"S\":\"a\"},\"s\":"
                                        "{\"N\":\"3\"}},\"ProjectionExpression\":\"v[1], s\"}")),
                     0);
}

static void a_query_takes_nothing_from_the_heap(void **state) {
    (void)state;
    fill();
    assert_int_equal(
        allocations_of(STR("DynamoDB_20120810.Query"),
                       STR("{\"TableName\":\"tab\",\"KeyConditionExpression\":\"p = :p\","
                           "\"FilterExpression\":\"size(v) > :one\",\"ExpressionAttributeValues\":"
                           "{\":p\":{\"S\":\"a\"},\":one\":{\"N\":\"1\"}}}")),
        0);
}

/* A decision that is remembered, and one that has to be made by what the request names. */
static void whether_a_caller_may_takes_nothing_from_the_heap(void **state) {
    (void)state;
    static const char *const documents[] = {
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"dynamodb:*\",\"Resource\":\"*\"}}",
        "{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"dynamodb:*\",\"Resource\":\"*\","
        "\"Condition\":{\"ForAllValues:StringLike\":{\"dynamodb:LeadingKeys\":[\"a*\"],"
        "\"dynamodb:Attributes\":[\"p\",\"s\",\"v\"]}}}}"};
    fill();
    for (size_t i = 0; i < sizeof documents / sizeof documents[0]; i++) {
        const struct policy *policy;
        str problem;
        caller = principal_new();
        assert_status(policy_compile(str_from_c(documents[i]), POLICY_IDENTITY, caller->arena,
                                     &policy, &problem),
                      ST_OK);
        caller->kind = PRINCIPAL_USER;
        caller->arn = STR("arn:aws:iam::000000000000:user/ann");
        caller->account = STR("000000000000");
        caller->policies = &policy;
        caller->policy_count = 1;
        principal_ready(caller);
        size_t taken = allocations_of(STR("DynamoDB_20120810.GetItem"),
                                      STR("{\"TableName\":\"tab\",\"Key\":{\"p\":{\"S\":\"a\"},"
                                          "\"s\":{\"N\":\"3\"}},\"ProjectionExpression\":\"v\"}"));
        principal_unref(caller);
        caller = NULL;
        assert_int_equal(taken, 0);
    }
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(the_count_counts),
        CASE(a_get_item_takes_nothing_from_the_heap),
        CASE(a_query_takes_nothing_from_the_heap),
        CASE(whether_a_caller_may_takes_nothing_from_the_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
