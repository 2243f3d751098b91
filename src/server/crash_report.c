/* Only calls that a signal handler may make: no memory is allocated, no lock is taken, and the line
 * leaves in one write. That backtrace keeps to it takes that it has been called once before: then
 * its library is loaded. */
#include "server/crash_report.h"

#include "base/sanitizers.h"

#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#if !SANITIZES_ADDRESSES && !SANITIZES_THREADS

enum { CALLS_MAX = 40, LINE_MAX_BYTES = 1200, REPORT_MS_MAX = 2000, NAME_SIZE = 16 };

static const struct {
    int number;
    const char *name;
} reported[] = {
    {SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"},   {SIGILL, "SIGILL"},
    {SIGFPE, "SIGFPE"},   {SIGABRT, "SIGABRT"},
};

/* The linker's: where the program begins in memory, and where its code ends. */
extern const char __executable_start[], etext[];

static _Atomic pid_t reporter; /* the thread that reports; 0: none yet */

/* ---- the line ---- */

struct line {
    char bytes[LINE_MAX_BYTES];
    size_t len;
};

static void add_char(struct line *line, char c) {
    if (line->len < sizeof line->bytes)
        line->bytes[line->len++] = c;
}

static void add_text(struct line *line, const char *text) {
    while (*text != '\0')
        add_char(line, *text++);
}

static void add_hex(struct line *line, uintptr_t number) {
    unsigned shift = 8 * sizeof number - 4;
    while (shift > 0 && number >> shift == 0)
        shift -= 4;
    add_text(line, "0x");
    for (unsigned left = shift / 4 + 1; left-- > 0;)
        add_char(line, "0123456789abcdef"[number >> (left * 4) & 15]);
}

static void add_call(struct line *line, const void *call) {
    uintptr_t at = (uintptr_t)call, from = (uintptr_t)__executable_start;
    bool ours = at >= from && at < (uintptr_t)etext;
    if (!ours)
        add_char(line, '+');
    add_hex(line, ours ? at - from : at);
}

static void report(int number, const siginfo_t *info) {
    static struct line line; /* there is one reporter */
    static void *calls[CALLS_MAX];
    char thread[NAME_SIZE] = "";
    int count = backtrace(calls, CALLS_MAX);
    add_text(&line, "event=crashed signal=");
    for (size_t i = 0; i < sizeof reported / sizeof reported[0]; i++)
        if (reported[i].number == number)
            add_text(&line, reported[i].name);
    (void)prctl(PR_GET_NAME, thread, 0, 0, 0);
    add_text(&line, " thread=");
    add_text(&line, thread);
    if (info->si_code > 0) { /* the kernel's: a fault, which has an address */
        add_text(&line, " address=");
        add_hex(&line, (uintptr_t)info->si_addr);
    }
    add_text(&line, " code=");
    add_hex(&line, (uintptr_t)__executable_start);
    add_text(&line, " calls=");
    for (int i = 0; i < count; i++) {
        if (i > 0)
            add_char(&line, ',');
        add_call(&line, calls[i]);
    }
    if (line.len == sizeof line.bytes)
        line.len--;
    add_char(&line, '\n');
    ssize_t written = write(STDERR_FILENO, line.bytes, line.len);
    (void)written; /* nowhere left to say it */
}

/* ---- the signal ---- */

static void wait_for_reporter(void) {
    static const struct timespec step = {.tv_nsec = 10 * 1000 * 1000};
    for (int ms = 0; ms < REPORT_MS_MAX; ms += 10) /* it ends the process, and us with it */
        (void)nanosleep(&step, NULL);
}

static void crashed(int number, siginfo_t *info, void *context) {
    (void)context;
    pid_t nobody = 0, self = gettid();
    if (atomic_compare_exchange_strong(&reporter, &nobody, self))
        report(number, info);
    else if (nobody != self) /* else reporting has failed, too */
        wait_for_reporter();
    struct sigaction ending = {.sa_handler = SIG_DFL};
    (void)sigaction(number, &ending, NULL);
    if (info->si_code <=
        0) /* somebody's, abort's: it won't come again by itself, as a fault does */
        (void)raise(number);
}

void crash_report_install(void) {
    void *one[1];
    (void)backtrace(one, 1);
    struct sigaction action = {.sa_sigaction = crashed, .sa_flags = SA_SIGINFO | SA_NODEFER};
    for (size_t i = 0; i < sizeof reported / sizeof reported[0]; i++)
        (void)sigaction(reported[i].number, &action, NULL);
}

#else

void crash_report_install(void) {}

#endif
