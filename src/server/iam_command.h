/* iam_command.h - `stator iam`: a call of IAM or STS from the command line.
 *
 * Purpose:   runs what iam_words.h has read, on an open database or against a server, and prints
 *            the answer.
 * Ownership: none; everything made lives in the arena given.
 * Threads:   one, which may wait.
 * Errors:    printed; the exit status says whether there was one.
 * Limits:    those of cloud/web_client.h.
 */
#pragma once

#include "auth/identity.h"
#include "server/iam_words.h"

/* As the root of the account. */
int iam_command_here(const struct iam_words *words, struct database *database,
                     struct identities *identities, struct arena *arena);
/* Signed with the environment's credentials. */
int iam_command_there(const struct iam_words *words, struct arena *arena);
