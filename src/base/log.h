/* log.h - one line an event on standard error.
 *
 * Purpose:   `event=NAME key=value …`. error: someone should act; warn: we carried on; info: a
 *            state changed; debug: free. Libraries below `server` only log at debug.
 * Ownership: none.
 * Threads:   any; a line is one write(2).
 * Errors:    none; a line longer than 1 KiB is cut.
 * Limits:    never item contents or secrets above debug.
 */
#pragma once

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);
[[gnu::format(printf, 2, 3)]] void log_line(enum log_level level, const char *format, ...);

#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_WARN, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...)                                                                             \
    do {                                                                                           \
        if (log_enabled(LOG_DEBUG))                                                                \
            log_line(LOG_DEBUG, __VA_ARGS__);                                                      \
    } while (0)
