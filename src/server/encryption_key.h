/* encryption_key.h - the key that a data directory is encrypted with, from where the user keeps it.
 *
 * Purpose:   reading it from a file, or from what a command prints; and the words that name these.
 * Ownership: the caller wipes the key (key_wipe) when the directory is open.
 * Threads:   one, at the start. Runs the command and waits for it.
 * Errors:    false, and a sentence that holds nothing of the key.
 * Limits:    ENCRYPTION_KEY_TEXT_MAX bytes of text; a command has ENCRYPTION_KEY_COMMAND_MS.
 */
#pragma once

#include "kv/rocks/key_file.h"

enum { ENCRYPTION_KEY_TEXT_MAX = 4096, ENCRYPTION_KEY_COMMAND_MS = 10 * 1000, PROBLEM_SIZE = 400 };

/* Where a key is kept. At most one of both may be given; neither ("" or NULL) is no key. */
struct key_place {
    const char *file, *command;
};

/* *out_given says whether there is one. The command is words between spaces, run without a shell. A
 * file that others may read is refused. */
bool encryption_key_read(const struct key_place *place, unsigned char out_key[KEY_LEN],
                         bool *out_given, char problem[PROBLEM_SIZE]);

/* Takes "--<whose>encryption-key-file FILE", "…-command COMMAND", or the same with "=", from
 * argv[*at], and moves *at to its last word; false when something else stands there. */
bool key_place_take(struct key_place *place, const char *whose, int argc, char **argv, int *at);
/* What is given, else what STATOR_ENCRYPTION_KEY_FILE and _COMMAND say. */
struct key_place key_place_or_environment(const struct key_place *given);
