#include "item/scope.h"

#include <stdarg.h>

[[gnu::format(printf, 3, 0)]] static void record(struct scope *scope, enum error_code code,
                                                 const char *format, va_list args) {
    if (scope->error != ERROR_NONE)
        return;
    scope->error = code;
    scope->error_text = arena_vprintf(scope->arena, format, args);
}

status fail(struct scope *scope, enum error_code code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    record(scope, code, format, args);
    va_end(args);
    return ST_FAILED;
}

status fail_validation(struct scope *scope, const char *format, ...) {
    va_list args;
    va_start(args, format);
    record(scope, ERROR_ValidationException, format, args);
    va_end(args);
    return ST_FAILED;
}
