/* copy.h - the command that copies a data directory: to an encrypted one, a plain one, other keys.
 *
 * Purpose:   stator copy DIRECTORY TO: what is plain becomes encrypted, or the other way round.
 * Ownership: none.
 * Threads:   one; both directories must be nobody else's meanwhile.
 * Errors:    a sentence on stderr, and an exit status.
 * Limits:    those of server/encryption_key.h.
 */
#pragma once

/* Arguments are those behind both directories. */
int command_copy(const char *from, const char *to, int argc, char **argv);
