/* Time, numbers and memory: what a client may not use up. */
#include "http_test.h"

#include <malloc.h>

static struct fixture f;

static void a_slow_head_and_a_slow_body_are_cut_though_bytes_keep_coming(void **state) {
    (void)state;
    struct http_limits limits = usual_limits();
    limits.request_timeout_ms = 200;
    fixture_start(&f, limits);
    static const str openings[] = {
        STR_INIT("GET /hello HTTP/1.1\r\nHost: a\r\nA: "),
        STR_INIT("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n"),
        STR_INIT("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n\r\n"),
        STR_INIT("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nFFF\r\n"),
    };
    for (int i = 0; i < 4; i++) {
        int fd = client_open(&f);
        client_send(fd, openings[i]);
        char byte;
        while (recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0) {
            (void)send(fd, "a", 1, MSG_NOSIGNAL);
            usleep(10000);
        }
        expect_reply(fd, 408, NULL);
        expect_end(fd);
    }
    assert_int_equal(atomic_load(&f.handled), 0);
    fixture_stop(&f);
}

static void an_idle_connection_is_closed_without_a_word(void **state) {
    (void)state;
    struct http_limits limits = usual_limits();
    limits.idle_timeout_ms = 700; /* a busy machine has to send a request within */
    fixture_start(&f, limits);
    int never = client_open(&f), once = client_open(&f);
    client_send(once, GET("/hello"));
    expect_reply(once, 200, "hello");
    expect_end(never);
    expect_end(once);
    fixture_stop(&f);
}

static void a_client_that_does_not_read_is_cut(void **state) {
    (void)state;
    struct http_limits limits = usual_limits();
    limits.request_timeout_ms = 200;
    fixture_start(&f, limits);
    int fd = client_open(&f);
    client_send(fd, GET("/big"));
    while (atomic_load(&f.handled) < 1)
        usleep(1000);
    await_open(&f, 0);
    close(fd);
    fixture_stop(&f);
}

static void a_client_that_reads_a_little_all_the_time_is_cut(void **state) {
    (void)state;
    struct http_limits limits = usual_limits();
    limits.request_timeout_ms = 1000;
    limits.reply_pace = 64 << 20; /* within one and a half seconds; the reader takes six */
    fixture_start(&f, limits);
    int fd = client_open(&f), small = 64 * 1024;
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    client_send(fd, GET("/big"));
    await_open(&f, 1);
    static char part[40000];
    size_t got = 0;
    for (int i = 0; i < 500 && stats_of(&f).connections_open != 0; i++) {
        ssize_t n = recv(fd, part, sizeof part, MSG_WAITALL);
        got += n > 0 ? (size_t)n : 0;
        usleep(10000);
    }
    assert_int_equal(stats_of(&f).connections_open, 0);
    assert_in_range(got, 10 * sizeof part, BIG - 1);
    close(fd);
    fixture_stop(&f);
}

static void a_worker_may_take_longer_than_a_request_may(void **state) {
    (void)state;
    struct http_limits limits = usual_limits();
    limits.request_timeout_ms = limits.idle_timeout_ms = 300;
    fixture_start(&f, limits);
    int fd = client_open(&f);
    client_send(fd, GET("/gate"));
    sem_wait(&f.entered);
    usleep(700000);
    sem_post(&f.gate);
    expect_reply(fd, 200, "worked on ");
    close(fd);
    fixture_stop(&f);
}

static void connections_above_the_limit_are_turned_away(void **state) {
    (void)state;
    struct http_limits limits = usual_limits();
    limits.connections_max = 3;
    fixture_start(&f, limits);
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = client_open(&f);
        client_send(fds[i], GET("/hello"));
        expect_reply(fds[i], 200, "hello");
    }
    int fourth = client_open(&f);
    expect_reply(fourth, 503, "too many connections\n");
    expect_end(fourth);
    close(fds[0]);
    await_open(&f, 2);
    fds[0] = client_open(&f);
    client_send(fds[0], GET("/hello"));
    expect_reply(fds[0], 200, "hello");
    assert_int_equal(stats_of(&f).connections_accepted, 4);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    fixture_stop(&f);
}

static void bodies_in_memory_are_bounded_in_sum(void **state) {
    (void)state;
    struct http_limits limits = usual_limits();
    limits.bodies_bytes_max = 200000;
    fixture_start(&f, limits);
    static char body[100000];
    int first = client_open(&f), second = client_open(&f), third = client_open(&f);
    str opening = STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 150000\r\n\r\n");
    client_send(first, opening);
    client_send(first, (str){body, sizeof body});
    /* Announced lengths cost nothing: this one has sent no byte of its body. */
    client_send(third, opening);
    char text[64];
    usleep(300000); /* for the first's to be read: nothing else tells */
    client_send(second, opening);
    for (size_t sent = 0; sent < sizeof body; sent += 1000)
        (void)send(second, body, 1000, MSG_NOSIGNAL);
    expect_reply(second, 503, NULL);
    expect_end(second);
    client_send(first, (str){body, 50000});
    assert_true(recv(first, text, sizeof text, MSG_WAITALL) == sizeof text);
    assert_memory_equal(text, "HTTP/1.1 200", 12);
    close(first);
    await_open(&f, 1);
    /* What the others held has come back. */
    client_send(third, (str){body, sizeof body});
    client_send(third, (str){body, 50000});
    assert_true(recv(third, text, sizeof text, MSG_WAITALL) == sizeof text);
    assert_memory_equal(text, "HTTP/1.1 200", 12);
    close(third);
    fixture_stop(&f);
}

static void expect_reserved(str request, bool fits) {
    int fd = client_open(&f);
    client_send(fd, request);
    expect_reply(fd, fits ? 200 : 503,
                 fits ? "hello" : "too many bytes of requests are in memory\n");
    close(fd);
}

static void work_on_large_requests_is_bounded_in_sum(void **state) {
    (void)state;
    struct http_limits limits = usual_limits();
    limits.bodies_bytes_max = 200000;
    fixture_start(&f, limits);
    expect_reserved(GET("/reserve?200000"), true);
    expect_reserved(GET("/reserve?900000000"), true); /* alone, the largest is served */
    int busy = client_open(&f), same = client_open(&f);
    client_send(busy, GET("/busy?900000000"));
    sem_wait(&f.entered);
    expect_reserved(GET("/reserve?50001"), false);
    expect_reserved(GET("/reserve?50000"), true); /* a small one, beside it */
    client_send(same, GET("/busy?50000"));
    sem_wait(&f.entered);
    expect_reserved(GET("/reserve?1"), false);
    expect_reserved(GET("/reserve?0"), true);
    sem_post(&f.gate);
    sem_post(&f.gate);
    expect_reply(busy, 200, "worked on ");
    expect_reply(same, 200, "worked on ");
    expect_reserved(GET("/reserve?200000"), true); /* what they held has come back */
    client_send(busy, GET("/hello"));
    expect_reply(busy, 200, "hello");
    close(busy);
    close(same);
    fixture_stop(&f);
}

static void running_out_of_descriptors_does_not_spin_and_passes(void **state) {
    (void)state;
    fixture_start(&f, usual_limits());
    struct rlimit before, tight;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int first = client_open(&f);
    client_send(first, GET("/hello"));
    expect_reply(first, 200, "hello");
    int waiting = socket(AF_INET, SOCK_STREAM, 0);
    tight = before;
    tight.rlim_cur = (rlim_t)waiting + 1;
    /* Fill the holes below, so that accept really finds none. */
    int holes[64], hole_count = 0;
    for (int fd; hole_count < 64 && (fd = dup(waiting)) >= 0; hole_count++) {
        holes[hole_count] = fd;
        if (fd > waiting) {
            close(fd);
            break;
        }
    }
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(http_server_port(f.server)),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(connect(waiting, (struct sockaddr *)&address, sizeof address), 0);
    client_send(waiting, GET("/hello"));
    struct rusage at_first, at_last;
    getrusage(RUSAGE_SELF, &at_first);
    usleep(300000);
    getrusage(RUSAGE_SELF, &at_last);
    long spent_us = (at_last.ru_utime.tv_sec - at_first.ru_utime.tv_sec + at_last.ru_stime.tv_sec -
                     at_first.ru_stime.tv_sec) *
                        1000000 +
                    at_last.ru_utime.tv_usec - at_first.ru_utime.tv_usec +
                    at_last.ru_stime.tv_usec - at_first.ru_stime.tv_usec;
    assert_true(spent_us < 150000);
    assert_int_equal(stats_of(&f).connections_accepted, 1);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    expect_reply(waiting, 200, "hello");
    for (int i = 0; i < hole_count; i++)
        close(holes[i]);
    close(first);
    close(waiting);
    fixture_stop(&f);
}

static void an_idle_connection_holds_no_buffer(void **state) {
    (void)state;
    enum { MANY = 2000 };
    static int fds[MANY];
    struct rlimit files;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &files), 0);
    files.rlim_cur = files.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &files), 0);
    int count = files.rlim_max > 2 * MANY + 100 ? MANY : (int)(files.rlim_max / 2) - 100;
    fixture_start(&f, usual_limits());
    int warm = client_open(&f);
    client_send(warm, GET("/hello"));
    expect_reply(warm, 200, "hello");
    size_t before = mallinfo2().uordblks;
    for (int i = 0; i < count; i++) {
        fds[i] = client_open(&f);
        client_send(fds[i], GET("/hello"));
        expect_reply(fds[i], 200, "hello");
    }
    size_t after = mallinfo2().uordblks, each = (after - before) / (size_t)count;
    printf("# %zu bytes for each of %d idle connections\n", each, count);
    assert_true(each <= 300); /* a sanitizer's allocator answers 0 */
    await_open(&f, (size_t)count + 1);
    for (int i = 0; i < count; i++)
        close(fds[i]);
    close(warm);
    await_open(&f, 0);
    fixture_stop(&f);
}

int main(void) {
    mallopt(M_ARENA_MAX, 1); /* or mallinfo2 would not see what the loops allocate */
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slow_head_and_a_slow_body_are_cut_though_bytes_keep_coming),
        cmocka_unit_test(an_idle_connection_is_closed_without_a_word),
        cmocka_unit_test(a_client_that_does_not_read_is_cut),
        cmocka_unit_test(a_client_that_reads_a_little_all_the_time_is_cut),
        cmocka_unit_test(a_worker_may_take_longer_than_a_request_may),
        cmocka_unit_test(connections_above_the_limit_are_turned_away),
        cmocka_unit_test(bodies_in_memory_are_bounded_in_sum),
        cmocka_unit_test(work_on_large_requests_is_bounded_in_sum),
        cmocka_unit_test(running_out_of_descriptors_does_not_spin_and_passes),
        cmocka_unit_test(an_idle_connection_holds_no_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
