/* encryption_key.h - the key that a data directory is encrypted with, from where the user keeps it.
 *
 * Purpose:   reading it from a file, or from what a command prints.
 * Ownership: the caller wipes the key (key_wipe) when the directory is open.
 * Threads:   one, at the start. Runs the command and waits for it.
 * Errors:    false, and a sentence that holds nothing of the key.
 * Limits:    ENCRYPTION_KEY_TEXT_MAX bytes of text; a command has ENCRYPTION_KEY_COMMAND_MS.
 */
#pragma once

#include "kv/rocks/key_file.h"

enum { ENCRYPTION_KEY_TEXT_MAX = 4096, ENCRYPTION_KEY_COMMAND_MS = 10 * 1000, PROBLEM_SIZE = 400 };

/* At most one of both may be given; neither ("" or NULL) is no key: *out_given says so. The command
 * is words between spaces, run without a shell. A file that others may read is refused. */
bool encryption_key_read(const char *file, const char *command, unsigned char out_key[KEY_LEN],
                         bool *out_given, char problem[PROBLEM_SIZE]);
