/* check.h - assertions about what we ourselves got wrong.
 *
 * Purpose:   CHECK stays in release builds; DCHECK is for checks that cost (NDEBUG drops them).
 *            Never on input: bytes from a client are answered, bytes from disk are ST_CORRUPT.
 * Ownership: none.
 * Threads:   any.
 * Errors:    prints expression and place, then aborts.
 * Limits:    depends on nothing, so that every file may use it.
 */
#pragma once

#include <stdbool.h>

_Noreturn void check_failed(const char *expr, const char *file, int line);

#define CHECK(expr)                                                                                \
    do {                                                                                           \
        if (__builtin_expect(!(expr), 0))                                                          \
            check_failed(#expr, __FILE__, __LINE__);                                               \
    } while (0)

#ifdef NDEBUG
#define DCHECK(expr) ((void)sizeof(!(expr)))
#else
#define DCHECK(expr) CHECK(expr)
#endif
