/* What a process says that ends by a fault, and that it still ends by it. Each case faults in a
 * child whose stderr is read. */
#include "base/sanitizers.h"
#include "lib/test.h"
#include "server/crash_report.h"
#include "server/sandbox.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { REPORTS_ITSELF = SANITIZES_ADDRESSES || SANITIZES_THREADS }; /* a sanitizer does */

enum { THREADS = 8 };

struct end {
    int how; /* as waitpid says */
    char said[8192];
};

static struct end ended(void (*fault)(void)) {
    struct end end = {};
    int ends[2];
    if (REPORTS_ITSELF)
        skip();
    fflush(stdout);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        crash_report_install();
        (void)sandbox_enter(); /* where there is one, as in a server */
        fault();
        _exit(0);
    }
    close(ends[1]);
    size_t len = 0;
    for (ssize_t got; (got = read(ends[0], end.said + len, sizeof end.said - 1 - len)) > 0;)
        len += (size_t)got;
    close(ends[0]);
    assert_int_equal(waitpid(child, &end.how, 0), child);
    return end;
}

static void assert_says(const struct end *end, const char *what) {
    if (strstr(end->said, what) == NULL)
        fail_msg("\"%s\" is not in: %s", what, end->said);
}

static size_t lines_of(const struct end *end) {
    size_t lines = 0;
    for (const char *at = end->said; *at != '\0'; at++)
        lines += *at == '\n';
    return lines;
}

static void write_below_everything(void) {
    pthread_setname_np(pthread_self(), "somebody");
    volatile uintptr_t nothing_lies_there = 0x98;
    *(volatile char *)nothing_lies_there = 1; // NOLINT
}

static void give_up(void) {
    abort();
}

static void be_told_to_fault(void) {
    kill(getpid(), SIGBUS);
    raise(SIGBUS); /* where the sandbox has no kill */
    for (;;)
        pause();
}

static void *fault_with_others(void *barrier) {
    pthread_barrier_wait(barrier);
    write_below_everything();
    return NULL;
}

static void fault_all_at_once(void) {
    static pthread_barrier_t barrier;
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, fault_with_others, &barrier);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

static void assert_ended_by(const struct end *end, int signal_number) {
    assert_true(WIFSIGNALED(end->how));
    assert_int_equal(WTERMSIG(end->how), signal_number);
}

static void a_fault_is_told_with_its_thread_address_and_calls(void **state) {
    (void)state;
    struct end end = ended(write_below_everything);
    assert_ended_by(&end, SIGSEGV);
    assert_says(&end, "event=crashed signal=SIGSEGV thread=somebody address=0x98 code=0x");
    assert_int_equal(lines_of(&end), 1);
}

/* The handler's own calls, the fault, and who called it: places in the program's file. */
static void calls_are_places_in_the_programs_file(void **state) {
    (void)state;
    struct end end = ended(write_below_everything);
    extern const char __executable_start[];
    uintptr_t from = (uintptr_t)write_below_everything - (uintptr_t)__executable_start;
    const char *at = strstr(end.said, " calls=");
    assert_non_null(at);
    bool found = false;
    for (at += strlen(" calls="); !found && *at != '\n' && *at != '\0';) {
        char *behind;
        uintptr_t place = strtoul(at, &behind, 16); // NOLINT
        found = *at == '0' && place >= from && place < from + 256;
        at = *behind == ',' ? behind + 1 : behind;
    }
    if (!found)
        fail_msg("0x%lx is not among: %s", (unsigned long)from, end.said);
}

static void abort_is_told_and_aborts(void **state) {
    (void)state;
    struct end end = ended(give_up);
    assert_ended_by(&end, SIGABRT);
    assert_says(&end, "event=crashed signal=SIGABRT thread=");
    assert_int_equal(lines_of(&end), 1);
}

static void a_signal_that_somebody_sent_still_ends_the_process(void **state) {
    (void)state;
    struct end end = ended(be_told_to_fault);
    assert_ended_by(&end, SIGBUS);
    assert_says(&end, "event=crashed signal=SIGBUS thread=");
}

static void many_faults_at_once_are_one_line(void **state) {
    (void)state;
    struct end end = ended(fault_all_at_once);
    assert_ended_by(&end, SIGSEGV);
    assert_says(&end, "event=crashed signal=SIGSEGV thread=somebody address=0x98");
    assert_int_equal(lines_of(&end), 1);
}

int main(void) {
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_is_told_with_its_thread_address_and_calls),
        cmocka_unit_test(calls_are_places_in_the_programs_file),
        cmocka_unit_test(abort_is_told_and_aborts),
        cmocka_unit_test(a_signal_that_somebody_sent_still_ends_the_process),
        cmocka_unit_test(many_faults_at_once_are_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
