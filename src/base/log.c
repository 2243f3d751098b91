#include "base/log.h"

#include "base/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static enum log_level level_max = LOG_INFO;

void log_set_level(enum log_level level) {
    level_max = level;
}

bool log_enabled(enum log_level level) {
    return level <= level_max;
}

void log_line(enum log_level level, const char *format, ...) {
    static const char *const names[] = {"error", "warn", "info", "debug"};
    if (level > level_max)
        return;
    char line[1024];
    int64_t now = clock_wall_us();
    time_t seconds = (time_t)(now / 1000000);
    struct tm tm;
    gmtime_r(&seconds, &tm);
    size_t at = strftime(line, sizeof line, "%Y-%m-%dT%H:%M:%S", &tm);
    at += (size_t)snprintf(line + at, sizeof line - at, ".%03dZ %s ", (int)(now / 1000 % 1000),
                           names[level]);
    va_list args;
    va_start(args, format);
    int len = vsnprintf(line + at, sizeof line - at, format, args);
    va_end(args);
    at = len < 0 ? at : at + (size_t)len < sizeof line ? at + (size_t)len : sizeof line - 1;
    line[at < sizeof line - 1 ? at : sizeof line - 1] = '\n';
    at = at < sizeof line - 1 ? at + 1 : sizeof line;
    ssize_t written = write(STDERR_FILENO, line, at);
    (void)written; /* nowhere left to say it */
}
