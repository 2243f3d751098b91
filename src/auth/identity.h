/* identity.h - who may sign requests, and with what.
 *
 * Purpose:   access keys: those kept in the database, and one that the configuration may give.
 * Ownership: identities_close frees; a secret never leaves this file but as a signing key.
 * Threads:   any.
 * Errors:    those of the engine on opening; ST_NEWER for entries of a later version.
 * Limits:    none of its own.
 */
#pragma once

#include "auth/sigv4.h"
#include "table/database.h"

enum { ACCESS_KEY_ID_LEN = 20, SECRET_KEY_LEN = 40 };

struct identities;

/* A key as text; for showing it once, to whom it was made for. */
struct new_key {
    char id[ACCESS_KEY_ID_LEN + 1]; /* empty: none was made */
    char secret[SECRET_KEY_LEN + 1];
};

/* Loads the keys. Without any, and with none given, makes the root's, durably. May wait. */
status identities_open(struct database *database, str given_id, str given_secret,
                       struct identities **out, struct new_key *out_made);
void identities_close(struct identities *identities); /* accepts NULL */

/* The key that the claim must have been signed with. False when the id is unknown: `out` is then a
 * key that nobody has, so that checking a signature by it costs what it always costs. */
bool identities_signing_key(struct identities *identities, const struct sigv4_claim *claim,
                            struct hmac_key *out);
