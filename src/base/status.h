/* status.h - the one internal result type.
 *
 * Purpose:   what a function answers when something can go wrong; what a client sees is a
 *            separate, smaller thing (item/scope.h).
 * Ownership: none; a value.
 * Threads:   any.
 * Errors:    this is the list.
 * Limits:    none.
 */
#pragma once

#define STATUS_LIST(X)                                                                             \
    X(OK, "success")                                                                               \
    X(NOT_FOUND, "no such key")                                                                    \
    X(CONFLICT, "what was relied on has changed; run it again")                                    \
    X(WOULD_WAIT, "this thread must not wait; run it again on a worker")                           \
    X(INVALID, "input breaks the contract of the callee")                                          \
    X(TOO_BIG, "a stated limit was passed")                                                        \
    X(CORRUPT, "stored bytes do not decode")                                                       \
    X(NEWER, "the data was written by a newer version")                                            \
    X(IN_USE, "another process holds it")                                                          \
    X(FULL, "no space left for writes")                                                            \
    X(READ_ONLY, "a write could not be made durable; no more until a restart")                     \
    X(IO, "the engine or the kernel failed")                                                       \
    X(FAILED, "an error for the client is recorded in the scope")

/* [[nodiscard]] on the enum: gcc 12 and clang 14 then refuse every call whose status is dropped,
 * calls through function pointers included. To ignore one on purpose: (void)call(); and say why. */
typedef enum [[nodiscard]] status{
#define X(name, text) ST_##name,
    STATUS_LIST(X)
#undef X
} status;

/* The sentence that belongs to a status; static storage. */
const char *status_text(status st);

/* Hands any status but ST_OK to the caller. The only control-flow macro of the project; safe
 * because memory lives in arenas and handles carry cleanup attributes. */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        status try_st_ = (expr);                                                                   \
        if (try_st_ != ST_OK)                                                                      \
            return try_st_;                                                                        \
    } while (0)
