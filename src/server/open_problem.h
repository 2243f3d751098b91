/* open_problem.h - why a data directory can't be opened, copied, or given other keys.
 *
 * Purpose:   one sentence for each reason, whichever command met it.
 * Ownership: static storage, but for what strerror answers: print it before the next call.
 * Threads:   one.
 * Errors:    none. Reads errno when the status is IO.
 * Limits:    none.
 */
#pragma once

#include "base/status.h"

/* `sentence`, when somebody knew a better one (not NULL, not ""). */
const char *open_problem(status st, const char *sentence);
