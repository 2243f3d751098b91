/* audit.h - a file of who did what, one JSON line a request.
 *
 * Purpose:   lines from I/O loops to a file, by a thread of its own, so that no loop waits for a
 *            disk.
 * Ownership: audit_close writes what is queued, and frees.
 * Threads:   any, but for open and close.
 * Errors:    audit_open: ST_IO with errno; strict, also where nothing can be reserved (a device, a
 *            pipe, a file system without fallocate). Later the file is tried again every second;
 *            what the queue can't hold meanwhile is counted, and the count is a line of the file.
 *            Strict: room for its line is taken before a request is run, in the queue and on the
 *            disk, so that neither can be full behind it.
 * Limits:    AUDIT_QUEUE_BYTES of lines wait, twice; strict, AUDIT_STRICT_QUEUE_BYTES of lines and
 *            of room for those to come.
 */
#pragma once

#include "base/status.h"
#include "base/str.h"

#include <stdbool.h>

enum { AUDIT_QUEUE_BYTES = 1024 * 1024, AUDIT_STRICT_QUEUE_BYTES = 16 * 1024 * 1024 };

struct audit;

status audit_open(const char *path, bool strict, struct audit **out);
void audit_close(struct audit *audit); /* accepts NULL */
bool audit_is_strict(const struct audit *audit);
/* Strict: takes room for a line of so many bytes (up to 4 MB). ST_FULL: there is none, or lines do
 * not reach the file. ST_WOULD_WAIT: room is being made; a thread that may wait does. Otherwise
 * always ST_OK. */
status audit_reserve(struct audit *audit, size_t bytes);
/* The room is not needed: no line will come. */
void audit_release(struct audit *audit, size_t bytes);
/* A whole line, with its newline, in place of the room that was reserved for it (0: none was).
 * Never waits. */
void audit_add(struct audit *audit, str line, size_t reserved);
/* The file at its path, after the one that was there has been moved away. */
void audit_reopen(struct audit *audit);
