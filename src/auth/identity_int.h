/* What the files of this folder say to each other about identities. */
#pragma once

#include "auth/identity.h"
#include "auth/sigv4.h"

/* The key that the claim must have been signed with. False when the id is unknown: `out` is then a
 * key that nobody has, so that checking a signature by it costs what it always costs. */
bool identities_signing_key(struct identities *identities, const struct sigv4_claim *claim,
                            struct hmac_key *out);
