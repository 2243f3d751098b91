/* api.h - operations by name: typed input in, reply out.
 *
 * Purpose:   the one entry to all operations; knows neither HTTP nor connections, so that tests,
 *            the server and other protocols call it alike.
 * Ownership: the answer lives in call->arena.
 * Threads:   any. ST_WOULD_WAIT: nothing happened; call again where waiting is allowed.
 * Errors:    ST_OK (the answer may be an error for the client) or ST_WOULD_WAIT, nothing else.
 * Limits:    those of the service, see shapes.def.
 *
 * The order of checks is this file's to keep: operation known → JSON types → constraints of single
 * members, all in one message (shape_read) → members against each other, expressions → table →
 * schema → condition. An operation's function goes through the last five in that order.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"
#include "item/scope.h"
#include "table/database.h"

struct audit_note;
struct faults;
struct traffic;
struct policy;
struct policy_names;
struct principal;

/* Whom principals' ARNs mean; whoever knows the identities gives it. */
struct api_directory {
    /* False: *out_unknown is nobody's. */
    bool (*find)(void *context, const struct policy *policy, struct arena *arena,
                 struct policy_names *out, str *out_unknown);
    void *context;
};

/* Who asks, and how: what decides whether it is allowed (iam/access.h). */
struct api_caller {
    struct principal *principal; /* NULL: nobody is asked who they are, everything is allowed */
    str source_ip, user_agent;
    bool secure_transport;
    struct api_directory directory; /* find NULL: ARNs are names, and nobody asks whose */
};

struct api_call {
    str target; /* "DynamoDB_20120810.GetItem"; ptr NULL when there was none */
    str body;
    struct arena *arena;
    struct arena *scratch; /* reset by steps of the operation */
    int64_t now_us;
    str host; /* as the client calls us; may be absent */
    struct api_caller caller;
    struct traffic *traffic;  /* NULL: nothing is counted, and nothing refused for its number */
    struct audit_note *audit; /* which tables it names goes there; NULL: nobody asks */
    struct faults *faults;    /* NULL: none are made */
    str fault_spec;           /* one for this call alone, when `faults` is there; absent: none */
};

#define API_NO_OPERATION SIZE_MAX

/* What metrics are made of. */
struct api_counts {
    size_t operation; /* index for api_operation_name, or API_NO_OPERATION */
    enum error_code error;
    uint32_t items;                       /* returned by Query, Scan and SELECT */
    uint32_t conditions_false, conflicts; /* actions of a transaction, each */
    bool faulted;                         /* on demand (fault.h) */
};

struct api_answer {
    int http_status;
    str body;
    uint64_t ticket;  /* the answer holds once this is durable (kv.h); 0: now */
    int64_t delay_ms; /* it shall leave so long after the request came */
    struct api_counts counts;
};

status api_call(struct database *database, const struct api_call *call, struct api_answer *out);

/* Whether there is such an operation. */
bool api_knows(str target);

struct scope;
/* The answer to a call that was refused before it was run; the scope says why. */
void api_refuse(struct scope *scope, struct api_answer *out);

/* The answer to a call whose ticket was lost, in place of the first: the write may not have
 * happened. */
void api_lost(struct arena *arena, struct api_answer *answer);

/* Names of all operations that are there, for tests and documents. */
size_t api_operation_count(void);
str api_operation_name(size_t index);
