/* Requests that wait: on a worker, for a ticket; and clients and servers that go meanwhile. */
#include "http_test.h"

static struct fixture f;

static int start(void **state) {
    (void)state;
    fixture_start(&f, usual_limits());
    return 0;
}

static int stop(void **state) {
    (void)state;
    fixture_stop(&f);
    return 0;
}

static void publish(uint64_t ticket) {
    atomic_store(&f.settled_up_to, ticket);
    http_release(f.server);
}

static void a_request_that_would_wait_runs_again_on_a_worker(void **state) {
    (void)state;
    int fd = client_open(&f);
    for (int i = 0; i < 3; i++) {
        client_send(fd, STR("POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"));
        expect_reply(fd, 200, "worked on body");
    }
    assert_int_equal(atomic_load(&f.handled), 6);
    assert_int_equal(atomic_load(&f.on_worker), 3);
    assert_false(f.arena_differed);
    close(fd);
}

static void pipelined_requests_wait_behind_the_worker(void **state) {
    (void)state;
    int fd = client_open(&f);
    client_send(fd, STR("POST /gate HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n1"
                        "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
                        "POST /work HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n2"));
    sem_wait(&f.entered);
    /* More arrives while the worker is busy: an edge that must not be forgotten. */
    client_send(fd, GET("/held?1"));
    usleep(20000);
    assert_int_equal(atomic_load(&f.handled), 2);
    sem_post(&f.gate);
    expect_reply(fd, 200, "worked on 1");
    expect_reply(fd, 200, "hello");
    expect_reply(fd, 200, "worked on 2");
    publish(1);
    expect_reply(fd, 200, "hello");
    close(fd);
}

static void a_held_reply_leaves_when_its_ticket_is_settled(void **state) {
    (void)state;
    int one = client_open(&f), two = client_open(&f), worked = client_open(&f);
    client_send(two, GET("/held?2"));
    client_send(one, GET("/held?1"));
    client_send(worked, GET("/work-held?1"));
    while (atomic_load(&f.handled) < 4)
        usleep(1000);
    http_release(f.server); /* nothing was settled: nothing may leave */
    publish(1);
    expect_reply(one, 200, "hello");
    expect_reply(worked, 200, "hello");
    char byte;
    assert_int_equal(recv(two, &byte, 1, MSG_DONTWAIT), -1);
    publish(2);
    expect_reply(two, 200, "hello");
    client_send(one, GET("/held?2")); /* settled before it is asked */
    expect_reply(one, 200, "hello");
    close(one);
    close(two);
    close(worked);
}

static void a_lost_ticket_rewrites_the_reply(void **state) {
    (void)state;
    int fd = client_open(&f);
    client_send(fd, GET("/held?7"));
    while (atomic_load(&f.handled) < 1)
        usleep(1000);
    atomic_store(&f.lost, true);
    http_release(f.server);
    expect_reply(fd, 500, "lost 7");
    client_send(fd, GET("/work-held?8"));
    expect_reply(fd, 500, "lost 8");
    assert_int_equal(atomic_load(&f.lost_told), 2);
    close(fd);
}

static void a_delayed_reply_leaves_in_its_time_and_holds_up_nobody(void **state) {
    (void)state;
    int slow = client_open(&f), slower = client_open(&f), quick = client_open(&f);
    int64_t began_us = clock_monotonic_us();
    client_send(slower, GET("/later?2000"));
    client_send(slow, GET("/later?1000"));
    client_send(slow, GET("/hello")); /* waits behind it */
    for (int i = 0; i < 20; i++) {
        client_send(quick, GET("/hello"));
        expect_reply(quick, 200, "hello");
    }
    assert_true(clock_monotonic_us() - began_us < 1000000);
    expect_reply(slow, 200, "hello");
    int64_t took_us = clock_monotonic_us() - began_us;
    assert_true(took_us >= 1000000 && took_us < 2000000);
    expect_reply(slow, 200, "hello");
    expect_reply(slower, 200, "hello");
    assert_true(clock_monotonic_us() - began_us >= 2000000);
    assert_int_equal(atomic_load(&f.on_worker), 0);
    close(slow);
    close(slower);
    close(quick);
}

static void a_client_that_goes_does_not_wait_for_a_delayed_reply(void **state) {
    (void)state;
    int fd = client_open(&f), other = client_open(&f);
    client_send(fd, GET("/later?3600000"));
    client_send(other, GET("/later?50"));
    while (atomic_load(&f.handled) < 2)
        usleep(1000);
    client_reset(fd);
    await_open(&f, 1);
    expect_reply(other, 200, "hello");
    assert_int_equal(atomic_load(&f.left), 2); /* told of, all the same */
    close(other);
}

static void every_reply_is_told_once_when_it_leaves(void **state) {
    (void)state;
    int fd = client_open(&f);
    client_send(fd, GET("/hello"));
    expect_reply(fd, 200, "hello");
    client_send(fd, GET("/work"));
    expect_reply(fd, 200, "worked on ");
    client_send(fd, GET("/held?1"));
    while (atomic_load(&f.handled) < 4)
        usleep(1000);
    assert_int_equal(atomic_load(&f.left), 2);
    publish(1);
    expect_reply(fd, 200, "hello");
    atomic_store(&f.lost, true);
    client_send(fd, GET("/held?2"));
    expect_reply(fd, 500, "lost 2");
    assert_int_equal(atomic_load(&f.left), 4);
    close(fd);
}

/* Another thread settles tickets one by one while clients ask for ever newer ones: no wake-up may
 * get lost between the question and the list. */
static atomic_bool settling;

static void *settle_for_ever(void *argument) {
    (void)argument;
    for (uint64_t ticket = 1; atomic_load(&settling); ticket++)
        publish(ticket);
    return NULL;
}

static void no_release_is_missed(void **state) {
    (void)state;
    enum { CLIENTS = 8, ROUNDS = 500 };
    int fds[CLIENTS];
    pthread_t settler;
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = client_open(&f);
    atomic_store(&settling, true);
    assert_int_equal(pthread_create(&settler, NULL, settle_for_ever, NULL), 0);
    for (int round = 0; round < ROUNDS; round++) {
        char text[128];
        for (int i = 0; i < CLIENTS; i++) {
            int len = snprintf(text, sizeof text, "GET /held?%llu HTTP/1.1\r\nHost: a\r\n\r\n",
                               (unsigned long long)atomic_load(&f.settled_up_to) + 20);
            client_send(fds[i], (str){text, (size_t)len});
        }
        for (int i = 0; i < CLIENTS; i++)
            expect_reply(fds[i], 200, "hello");
    }
    atomic_store(&settling, false);
    pthread_join(settler, NULL);
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
}

static void a_client_may_go_while_its_request_is_on_a_worker(void **state) {
    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        int fd = client_open(&f);
        client_send(fd, GET("/gate"));
        sem_wait(&f.entered);
        reset ? client_reset(fd) : (void)close(fd);
        usleep(20000); /* so that the server hears of it first; either order must do */
        sem_post(&f.gate);
        await_open(&f, 0);
    }
    assert_int_equal(atomic_load(&f.on_worker), 2);
    assert_int_equal(atomic_load(&f.left), 2);
}

static void a_client_may_go_while_its_reply_is_held(void **state) {
    (void)state;
    int fd = client_open(&f), stays = client_open(&f);
    client_send(fd, GET("/held?1"));
    client_send(stays, GET("/held?1"));
    while (atomic_load(&f.handled) < 2)
        usleep(1000);
    client_reset(fd);
    usleep(20000); /* so that the server hears of it first */
    assert_int_equal(atomic_load(&f.left), 0);
    publish(1);
    expect_reply(stays, 200, "hello");
    await_open(&f, 1);
    assert_int_equal(atomic_load(&f.left), 2);
    client_send(stays, GET("/held?2"));
    while (atomic_load(&f.handled) < 3)
        usleep(1000);
    close(stays);
    publish(2);
    await_open(&f, 0);
}

static void a_full_queue_of_workers_refuses_with_503(void **state) {
    (void)state;
    enum { CLIENTS = 2 + 2 * 128 + 1 }; /* two at work, the rest of the queue, one too many */
    struct http_limits limits = usual_limits();
    limits.loop_count = 1; /* two would race for the last place */
    fixture_start(&f, limits);
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = client_open(&f);
        client_send(fds[i], GET("/gate"));
        if (i < 2)
            sem_wait(&f.entered);
        while (atomic_load(&f.handled) < i + 1 + (i < 2 ? i + 1 : 2))
            usleep(100);
    }
    expect_reply(fds[CLIENTS - 1], 503, NULL);
    expect_end(fds[CLIENTS - 1]);
    for (int i = 0; i < CLIENTS - 1; i++)
        sem_post(&f.gate);
    for (int i = 0; i < CLIENTS - 1; i++) {
        expect_reply(fds[i], 200, "worked on ");
        close(fds[i]);
    }
    fixture_stop(&f);
}

static void *stop_server(void *argument) {
    http_server_stop(f.server, *(int *)argument);
    return NULL;
}

static void stop_answers_what_is_under_way(void **state) {
    (void)state;
    fixture_start(&f, usual_limits());
    int idle = client_open(&f), gated = client_open(&f), held = client_open(&f);
    client_send(idle, GET("/hello"));
    expect_reply(idle, 200, "hello");
    client_send(held, GET("/held?1"));
    client_send(gated, GET("/gate"));
    sem_wait(&f.entered);
    while (atomic_load(&f.handled) < 4)
        usleep(1000);
    pthread_t stopper;
    int drain_ms = 20000;
    pthread_create(&stopper, NULL, stop_server, &drain_ms);
    expect_end(idle); /* at once */
    publish(1);
    expect_reply(held, 200, "hello");
    expect_end(held);
    sem_post(&f.gate);
    struct reply reply;
    assert_true(client_read(gated, &reply));
    assert_true(str_contains(reply.head, STR("\r\nConnection: close\r\n")));
    expect_end(gated);
    pthread_join(stopper, NULL);
    http_server_free(f.server);
}

static void stop_does_not_wait_for_ever(void **state) {
    (void)state;
    fixture_start(&f, usual_limits());
    int fds[6];
    for (int i = 0; i < 6; i++)
        fds[i] = client_open(&f);
    client_send(fds[0], GET("/held?1"));
    client_send(fds[1],
                STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nhalf"));
    client_send(fds[2], GET("/big"));
    client_send(fds[3], GET("/gate"));
    client_send(fds[4], GET("/gate"));
    sem_wait(&f.entered);
    sem_wait(&f.entered);
    client_send(fds[5], GET("/gate")); /* two workers: this one is dropped from the queue */
    while (atomic_load(&f.handled) < 7)
        usleep(1000);
    pthread_t stopper;
    int drain_ms = 50;
    pthread_create(&stopper, NULL, stop_server, &drain_ms);
    expect_end(fds[0]);
    usleep(50000); /* for the pool to be told; the last may begin all the same */
    for (int i = 0; i < 3; i++)
        sem_post(&f.gate); /* a worker that has begun is waited for, whatever the client does */
    pthread_join(stopper, NULL);
    for (int i = 1; i < 6; i++)
        close(fds[i]);
    publish(1); /* the write whose reply was given up is settled only now */
    http_server_free(f.server);
    assert_in_range(atomic_load(&f.on_worker), 2, 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(a_request_that_would_wait_runs_again_on_a_worker),
        CASE(pipelined_requests_wait_behind_the_worker),
        CASE(a_held_reply_leaves_when_its_ticket_is_settled),
        CASE(a_lost_ticket_rewrites_the_reply),
        CASE(no_release_is_missed),
        CASE(a_client_may_go_while_its_request_is_on_a_worker),
        CASE(a_client_may_go_while_its_reply_is_held),
        CASE(a_delayed_reply_leaves_in_its_time_and_holds_up_nobody),
        CASE(a_client_that_goes_does_not_wait_for_a_delayed_reply),
        CASE(every_reply_is_told_once_when_it_leaves),
        cmocka_unit_test(a_full_queue_of_workers_refuses_with_503),
        cmocka_unit_test(stop_answers_what_is_under_way),
        cmocka_unit_test(stop_does_not_wait_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
