/* session_token.h - the token of temporary credentials: what a session is, under a MAC.
 *
 * Purpose:   packing a session into text and reading it back; the key id and the secret that
 *            follow from it. Needs no memory of what was given out.
 * Ownership: a claim borrows from the arena that it was read into.
 * Threads:   any.
 * Errors:    ST_INVALID for bytes that are no token of this key; ST_TOO_BIG when packing.
 * Limits:    SESSION_TOKEN_BYTES_MAX bytes, 4/3 of it as base64.
 *
 * Before base64:  00  format version (2)
 *                 01  when it expires, µs, 8 bytes big-endian
 *                 09  when it was made, the same
 *                 17  whose it is: 1, a role's; 2, a user's or the root's
 *                 18  fields: varint length, bytes: owner's name, owner's id, session name, policy,
 *                     varint count of ARNs and each, varint count of tags and each's key and value
 *                 …   HMAC-SHA256 of all that, 32 bytes
 * Version 1 was a role's, and had its fields from 09 on.
 *
 * The MAC, the id and the secret come from different keys, each made of the server's own.
 */
#pragma once

#include "auth/session.h"
#include "auth/sha256.h"

/* What the server keeps: random, made once. */
struct token_key {
    char bytes[SHA256_LEN];
};

/* As the token says it. */
enum session_owner { SESSION_OF_ROLE = 1, SESSION_OF_USER = 2 };

struct session_claim {
    int64_t issued_us, expires_us; /* issued 0: not known, of version 1 */
    enum session_owner owner;
    str owner_name, owner_id; /* of the root: no name, and the account's id */
    str session_name;         /* this and what follows: of roles only */
    str policy;               /* absent: none */
    const str *policy_arns;
    size_t policy_arn_count;
    struct context_tags tags;
};

/* Answers text. */
status session_token_write(const struct token_key *key, const struct session_claim *claim,
                           struct arena *arena, str *out);
status session_token_read(const struct token_key *key, str text, struct arena *arena,
                          struct session_claim *out);
/* The same of what the MAC vouches for, which is the bytes before it. */
status session_token_fields(str bytes, struct arena *arena, struct session_claim *out);
/* The credentials that go with a token's text. */
void session_token_keys(const struct token_key *key, str text, char id[ACCESS_KEY_ID_LEN],
                        char secret[SECRET_KEY_LEN]);
