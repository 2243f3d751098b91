/* audit.h - a file of who did what, one JSON line a request.
 *
 * Purpose:   lines from I/O loops to a file, by a thread of its own, so that no loop waits for a
 *            disk.
 * Ownership: audit_close writes what is queued, and frees.
 * Threads:   any, but for open and close.
 * Errors:    audit_open: ST_IO with errno. Later the file is tried again every second; what the
 *            queue can't hold meanwhile is counted, and the count is a line of the file. Strict:
 *            audit_ready tells before a request is run that its line might be lost.
 * Limits:    AUDIT_QUEUE_BYTES of lines wait, twice.
 */
#pragma once

#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>

enum { AUDIT_QUEUE_BYTES = 1024 * 1024 };

struct audit;

status audit_open(const char *path, bool strict, struct audit **out);
void audit_close(struct audit *audit); /* accepts NULL */
/* A whole line, with its newline. Never waits. */
void audit_add(struct audit *audit, str line);
/* False: strict, and what is queued does not reach the file. */
bool audit_ready(struct audit *audit);
/* The file at its path, after the one that was there has been moved away. */
void audit_reopen(struct audit *audit);
