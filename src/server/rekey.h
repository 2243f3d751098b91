/* rekey.h - the command that changes the keys of an encrypted data directory.
 *
 * Purpose:   stator rekey DIRECTORY: another key of the user, another data key, both.
 * Ownership: none.
 * Threads:   one; the directory must be nobody else's meanwhile.
 * Errors:    a sentence on stderr, and an exit status.
 * Limits:    those of server/encryption_key.h.
 */
#pragma once

/* Arguments are those behind the directory. */
int command_rekey(const char *directory, int argc, char **argv);
