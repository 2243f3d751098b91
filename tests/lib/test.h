/* test.h - cmocka with the headers it wants, and a few checks of ours. */
#pragma once

/* cmocka.h wants these four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include "base/arena.h"
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define assert_str(actual, literal)                                                                \
    do {                                                                                           \
        str got_ = (actual);                                                                       \
        str want_ = STR(literal);                                                                  \
        if (!str_eq(got_, want_))                                                                  \
            fail_msg("got \"%.*s\", want \"%.*s\"", STR_ARG(got_), STR_ARG(want_));                \
    } while (0)

#define assert_status(expr, want)                                                                  \
    do {                                                                                           \
        status got_ = (expr);                                                                      \
        if (got_ != (want))                                                                        \
            fail_msg("%s: got \"%s\", want \"%s\"", #expr, status_text(got_), status_text(want));  \
    } while (0)

/* TEST_CASE=name runs one case of a program: what a failure prints as the way to run it again. */
__attribute__((constructor)) static void test_filter_from_environment(void) {
    const char *name = getenv("TEST_CASE");
    if (name)
        cmocka_set_test_filter(name);
}
