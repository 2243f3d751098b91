/* session.h - temporary credentials of roles, and of users and the root themselves.
 *
 * Purpose:   making them (AssumeRole, GetSessionToken). Nothing is stored for a session: its token
 * says all of it, under a MAC by a key of this server, and key id and secret follow from the token.
 * Ownership: results live in the call's arena.
 * Threads:   any.
 * Errors:    identity_change.h's; AccessDenied in the service's words.
 * Limits:    SESSION_*; what makes the token longer than SESSION_TOKEN_BYTES_MAX is
 *            PackedPolicyTooLarge.
 */
#pragma once

#include "auth/identity_change.h"

enum {
    SESSION_TOKEN_BYTES_MAX = 6144, /* before base64: 8 KiB of text */
    SESSION_POLICY_MAX = 2048,      /* characters of the session policy */
    SESSION_POLICY_ARNS_MAX = 10,
    SESSION_NAME_MIN = 2,
    SESSION_NAME_MAX = 64,
};

/* What is absent was not given. */
struct session_wish {
    str role_arn, session_name;
    str policy;             /* a session policy */
    const str *policy_arns; /* managed policies as session policies */
    size_t policy_arn_count;
    struct context_tags tags;
    str external_id;
    int32_t seconds; /* 0: SESSION_SECONDS_DEFAULT */
    /* As the caller's request came; for the conditions of the trust policy. */
    str source_ip, user_agent, region;
    bool secure_transport;
};

struct session_credentials {
    str access_key_id, secret_access_key, session_token;
    int64_t expires_us;
    /* The rest is of roles. */
    str assumed_role_id;    /* "AROA…:SESSION" */
    str arn;                /* "arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION" */
    int32_t packed_percent; /* of the token's limit that is used */
};

/* AssumeRole by `caller`, whom auth_check gave. */
status session_assume_role(struct identities *identities, struct identity_call *call,
                           struct principal *caller, const struct session_wish *wish,
                           struct session_credentials *out);
/* GetSessionToken by `caller`: its own rights, for a while; 0 seconds: OWN_SESSION_SECONDS_DEFAULT.
 * The root's last ROOT_SESSION_SECONDS_MAX, whatever was asked for. */
status session_of_caller(struct identities *identities, struct identity_call *call,
                         const struct principal *caller, int32_t seconds,
                         struct session_credentials *out);
