/* What a process can and can't do behind the filter. Each case tries in a child. */
#include "lib/test.h"
#include "server/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NO_FILTER = 77 };

typedef int attempt(void);

/* What became of a child that entered the sandbox and tried: as waitpid says. */
static int tried(attempt *what) {
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(sandbox_enter() ? what() : NO_FILTER);
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    if (WIFEXITED(how) && WEXITSTATUS(how) == NO_FILTER)
        skip();
    return how;
}

static int start_program(void) {
    char *const arguments[] = {(char[]){"true"}, NULL};
    execv("/bin/true", arguments);
    return 1;
}

static int look_into_another(void) {
    return ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == 0 ? 1 : 2;
}

static int become_two(void) {
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child < 0 && errno == EPERM ? 0 : 1;
}

static void *nothing(void *argument) {
    return argument;
}

static int serve_as_usual(void) {
    pthread_t thread;
    char path[] = "/tmp/stator-sandbox-XXXXXX";
    int fd = mkstemp(path);
    bool files = fd >= 0 && write(fd, "a", 1) == 1 && fsync(fd) == 0 && unlink(path) == 0;
    bool threads =
        pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0;
    return files && threads && socket(AF_INET, SOCK_STREAM, 0) >= 0 ? 0 : 1;
}

static int mount_something(void) {
    return chroot("/") < 0 && errno == EPERM ? 0 : 1;
}

static void starting_a_program_ends_the_process(void **state) {
    (void)state;
    int how = tried(start_program);
    assert_true(WIFSIGNALED(how));
    assert_int_equal(WTERMSIG(how), SIGSYS);
}

static void looking_into_another_process_ends_it(void **state) {
    (void)state;
    int how = tried(look_into_another);
    assert_true(WIFSIGNALED(how));
    assert_int_equal(WTERMSIG(how), SIGSYS);
}

static void no_second_process_and_no_other_root_can_be_had(void **state) {
    (void)state;
    int how = tried(become_two);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    how = tried(mount_something);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

static void files_threads_and_sockets_work(void **state) {
    (void)state;
    int how = tried(serve_as_usual);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(starting_a_program_ends_the_process),
        cmocka_unit_test(looking_into_another_process_ends_it),
        cmocka_unit_test(no_second_process_and_no_other_root_can_be_had),
        cmocka_unit_test(files_threads_and_sockets_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
