/* What the server's own pages ask before they show anything. */
#include "base/thread.h"
#include "http/http.h"
#include "kv/mem/mem.h"
#include "server/service.h"
#include "table/database.h"
#include "traffic/traffic.h"

#include <pthread.h>

/* After them: cmocka has a macro named as a function of ours. */
#include "lib/test.h"

static struct arena *arena;
static struct service service;

static int setup(void **state) {
    (void)state;
    struct kv *kv;
    struct database_options options = {.region = STR("us-east-1"),
                                       .account_id = STR("000000000000")};
    arena = arena_new(16 << 20);
    service = (struct service){.traffic = traffic_new(false), .auth.region = STR("us-east-1")};
    return kv_mem_open(&kv) == ST_OK && database_open(kv, &options, &service.database) == ST_OK ? 0
                                                                                                : 1;
}

static int teardown(void **state) {
    (void)state;
    database_close(service.database);
    traffic_free(service.traffic);
    arena_free(arena);
    return 0;
}

static int asked_from(const char *peer, const char *path) {
    struct http_service callbacks = service_callbacks(&service);
    struct http_request request = {
        .arena = arena, .method = STR("GET"), .path = str_from_c(path), .query = STR("")};
    struct http_reply reply;
    snprintf(request.peer, sizeof request.peer, "%s", peer);
    assert_status(callbacks.handle(callbacks.context, &request, &reply), ST_OK);
    return reply.status;
}

static void metrics_are_for_this_machine_where_it_is_known_who_asks(void **state) {
    (void)state;
    assert_int_equal(asked_from("192.0.2.7", "/metrics"), 200);
    service.auth.mode = AUTH_VERIFY;
    assert_int_equal(asked_from("127.0.0.1", "/metrics"), 200);
    assert_int_equal(asked_from("::1", "/metrics"), 200);
    assert_int_equal(asked_from("192.0.2.7", "/metrics"), 400);
    assert_int_equal(asked_from("2001:db8::1", "/metrics"), 400);
    assert_int_equal(asked_from("", "/metrics"), 400);
    assert_int_equal(asked_from("127.0.0.1", "/_stator/heat"), 400); /* keys: root's alone */
    assert_int_equal(asked_from("192.0.2.7", "/"), 200);
}

static void *on_a_loop(void *out) {
    struct http_service callbacks = service_callbacks(&service);
    struct http_request request = {
        .arena = arena, .method = STR("GET"), .path = STR("/metrics"), .query = STR("")};
    struct http_reply reply;
    thread_mark_loop();
    *(status *)out = callbacks.handle(callbacks.context, &request, &reply);
    return NULL;
}

static void metrics_are_not_printed_on_a_loop(void **state) {
    (void)state;
    pthread_t loop;
    status st = ST_OK;
    assert_int_equal(pthread_create(&loop, NULL, on_a_loop, &st), 0);
    pthread_join(loop, NULL);
    assert_status(st, ST_WOULD_WAIT);
}

static void addresses_of_this_machine_are_known(void **state) {
    (void)state;
    assert_true(http_is_loopback("127.0.0.1") && http_is_loopback("127.9.8.7"));
    assert_true(http_is_loopback("::1"));
    assert_false(http_is_loopback("127.db.example.com") || http_is_loopback("128.0.0.1"));
    assert_false(http_is_loopback("::") || http_is_loopback("0.0.0.0") || http_is_loopback(""));
}

int main(void) {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(metrics_are_for_this_machine_where_it_is_known_who_asks),
        CASE(metrics_are_not_printed_on_a_loop),
        CASE(addresses_of_this_machine_are_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
