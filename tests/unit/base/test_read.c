/* Reading until there is nothing more. */
#include "base/read.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static int pipe_with(const char *text, size_t len, int *out_end) {
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(write(ends[1], text, len), len);
    *out_end = ends[1];
    return ends[0];
}

static void it_ends_at_the_size_and_leaves_the_rest(void **state) {
    (void)state;
    char text[8] = "-------";
    int end, fd = pipe_with("abcdef", 6, &end);
    close(end);
    assert_int_equal(read_whole(fd, text, 0), 0);
    assert_int_equal(read_whole(fd, text, 4), 4);
    assert_memory_equal(text, "abcd---", 8);
    assert_int_equal(read_whole(fd, text, sizeof text), 2);
    assert_memory_equal(text, "efcd---", 8);
    assert_int_equal(read_whole(fd, text, sizeof text), 0);
    close(fd);
}

static void what_cannot_be_read_is_said(void **state) {
    (void)state;
    char text[8];
    int end, fd = pipe_with("a", 1, &end);
    errno = 0;
    assert_int_equal(read_whole(end, text, sizeof text), -1); /* the end that is written to */
    assert_int_equal(errno, EBADF);
    close(end);
    close(fd);
}

static void nothing(int signal_number) {
    (void)signal_number;
}

struct writer {
    pthread_t reader;
    int fd;
};

/* Pieces, and signals between them, most of which find the reader waiting. */
static void *write_in_pieces(void *argument) {
    const struct writer *writer = argument;
    for (int i = 0; i < 20; i++) {
        usleep(2000);
        pthread_kill(writer->reader, SIGUSR1);
        usleep(2000);
        if (write(writer->fd, "xyz", 3) != 3)
            break; /* the reader sees too little */
    }
    close(writer->fd);
    return NULL;
}

static void pieces_are_put_together_whatever_interrupts(void **state) {
    (void)state;
    char text[100];
    struct sigaction before, action = {.sa_handler = nothing}; /* no SA_RESTART */
    struct writer writer = {.reader = pthread_self()};
    pthread_t thread;
    int fd = pipe_with("", 0, &writer.fd);
    assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
    assert_int_equal(pthread_create(&thread, NULL, write_in_pieces, &writer), 0);
    assert_int_equal(read_whole(fd, text, sizeof text), 60);
    pthread_join(thread, NULL);
    sigaction(SIGUSR1, &before, NULL);
    for (int i = 0; i < 60; i += 3)
        assert_memory_equal(text + i, "xyz", 3);
    close(fd);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_ends_at_the_size_and_leaves_the_rest),
        cmocka_unit_test(what_cannot_be_read_is_said),
        cmocka_unit_test(pieces_are_put_together_whatever_interrupts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
