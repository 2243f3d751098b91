/* Whose signature a request claims to carry: an access key's of ours, or a session's. */
#include "auth/asker.h"

#include "auth/identity_int.h"

/* The region of a claim was compared with ours, so a signing key of a slot is for one service. */
static void key_for(struct access_key *key, const struct sigv4_claim *claim, struct hmac_key *out) {
    if (str_eq(claim->service, STR("dynamodb")))
        signing_slot_key(&key->signing, key->secret, claim, out);
    else
        sigv4_signing_key(key->secret, claim->date, claim->region, claim->service, out);
}

static void ask_key(const struct identity_snapshot *snapshot, const struct sigv4_claim *claim,
                    struct asker *out) {
    size_t index;
    struct access_key *key = snapshot_find_key(snapshot, claim->access_key_id, &index);
    if (key != NULL && key->active)
        out->waits = principal_of_key(snapshot, index, &out->principal) == ST_WOULD_WAIT;
    bool known = out->principal != NULL || out->waits;
    out->standing = known ? ASKER_KNOWN : ASKER_UNKNOWN;
    key_for(known ? key : snapshot->nobody, claim, &out->key);
}

/* NULL for a token that isn't ours, or whose role or user is gone; and for one that waits, of which
 * the key alone is told. */
static struct session *open_session(const struct identity_snapshot *snapshot,
                                    const struct sigv4_claim *claim, struct arena *arena,
                                    struct asker *out) {
    struct session_claim said;
    struct principal *principal;
    str token = claim->session_token;
    char id[ACCESS_KEY_ID_LEN], secret[SECRET_KEY_LEN];
    if (session_token_read(&snapshot->token_key, token, arena, &said) != ST_OK)
        return NULL;
    status st = principal_of_session(snapshot, &said, &principal);
    if (st == ST_OK && principal == NULL)
        return NULL;
    session_token_keys(&snapshot->token_key, token, id, secret);
    struct access_key *key =
        access_key_new((str){id, sizeof id}, (str){secret, sizeof secret}, (str){NULL, 0});
    if (st == ST_OK)
        return session_cache_add(&((struct identity_snapshot *)snapshot)->sessions, token, key,
                                 principal);
    out->waits = str_eq(key->id, claim->access_key_id);
    if (out->waits)
        key_for(key, claim, &out->key);
    access_key_unref(key);
    return NULL;
}

static void ask_session(const struct identity_snapshot *snapshot, const struct sigv4_claim *claim,
                        struct scope *scope, struct asker *out) {
    struct session_cache *cache = &((struct identity_snapshot *)snapshot)->sessions;
    struct session *session = session_cache_find(cache, claim->session_token);
    if (session == NULL)
        session = open_session(snapshot, claim, scope->arena, out);
    if (out->waits) {
        out->standing = ASKER_KNOWN;
        return;
    }
    out->standing = session == NULL || !str_eq(session->key->id, claim->access_key_id)
                        ? ASKER_UNKNOWN
                    : session->principal->expires_us <= scope->now_us ? ASKER_EXPIRED
                                                                      : ASKER_KNOWN;
    key_for(out->standing == ASKER_UNKNOWN ? snapshot->nobody : session->key, claim, &out->key);
    if (out->standing == ASKER_KNOWN) {
        principal_ref(session->principal);
        out->principal = session->principal;
    }
    session_unref(session);
}

void asker_find(struct identities *identities, struct scope *scope, const struct sigv4_claim *claim,
                struct asker *out) {
    const struct identity_snapshot *snapshot = identities_here(identities);
    out->principal = NULL;
    out->waits = false;
    if (claim->session_token.len > 0)
        ask_session(snapshot, claim, scope, out);
    else
        ask_key(snapshot, claim, out);
}
