/* A wall clock that is wrong by STATOR_CLOCK_OFFSET_S seconds, put before the C library's by
 * LD_PRELOAD. Clocks of other kinds are as they are. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static long offset_s;

__attribute__((constructor)) static void read_offset(void) {
    const char *text = getenv("STATOR_CLOCK_OFFSET_S");
    if (text != NULL)
        offset_s = strtol(text, NULL, 10);
}

[[gnu::visibility("default")]] int clock_gettime(clockid_t id, struct timespec *out) {
    int failed = (int)syscall(SYS_clock_gettime, id, out);
    if (failed == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        out->tv_sec += offset_s;
    return failed;
}
