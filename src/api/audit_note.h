/* audit_note.h - which tables a call names, for the record of who did what.
 *
 * Purpose:   names of tables and of the index, from the input and from what the operation looks up
 *            (statements name their tables in text).
 * Ownership: borrows from the input; lives in the call's arena.
 * Threads:   one at a time.
 * Errors:    none: names beyond the limit are left out.
 * Limits:    AUDIT_TABLES_MAX names.
 */
#pragma once

#include "base/str.h"

enum { AUDIT_TABLES_MAX = 100 };

struct audit_note {
    str tables[AUDIT_TABLES_MAX]; /* names as asked for, or ARNs of streams; each once */
    size_t table_count;
    str index; /* absent: none */
};

struct operation;

/* Accepts NULL: nothing is noted. */
void audit_note_table(struct audit_note *note, str name);
/* Members of the input that name tables. */
void audit_note_input(struct audit_note *note, const struct operation *operation,
                      const void *input);
