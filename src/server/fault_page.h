/* fault_page.h - the set of faults, seen and changed while the server runs.
 *
 * Purpose:   what /_stator/faults answers, for test suites that switch faults on and off.
 * Ownership: the text lives in the arena.
 * Threads:   any.
 * Errors:    an HTTP status and a sentence.
 * Limits:    fault.h's.
 */
#pragma once

#include "api/fault.h"

/* GET tells them, PUT replaces them, DELETE ends them. Answers the HTTP status. */
int fault_page(struct faults *faults, str method, str body, struct arena *arena, str *out_text);
