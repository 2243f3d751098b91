/* asker.h - who a request claims to come from, and the key that would prove it.
 *
 * Purpose:   from the claim of a signature to a principal.
 * Ownership: the principal is counted, the caller's to unref.
 * Threads:   any; no lock for a key of ours, one for a moment for a session. See `waits`.
 * Errors:    none: whoever isn't known gets a key that nobody has, so that checking a signature by
 *            it costs what it always costs.
 * Limits:    none of its own.
 */
#pragma once

#include "auth/identity.h"
#include "auth/sigv4.h"

enum asker_standing { ASKER_KNOWN, ASKER_UNKNOWN, ASKER_EXPIRED };

struct asker {
    enum asker_standing standing;
    /* Known, but policies must be compiled before there is a principal, and this is a loop. */
    bool waits;
    struct principal *principal; /* NULL unless ASKER_KNOWN */
    struct hmac_key key;         /* what the request must have been signed with */
};

/* `claim` has passed sigv4_check. */
void asker_find(struct identities *identities, struct scope *scope, const struct sigv4_claim *claim,
                struct asker *out);
