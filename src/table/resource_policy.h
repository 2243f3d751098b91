/* resource_policy.h - the policy that a table or a stream carries.
 *
 * Purpose:   part of a table's description: its text as it was given, and compiled for decisions.
 * Ownership: all of it lives in the table's arena.
 * Threads:   a description that is published does not change: any.
 * Errors:    none: a text that no longer compiles denies everything.
 * Limits:    POLICY_BYTES_MAX of text (iam/policy.h).
 */
#pragma once

#include "iam/policy.h"

struct resource_policy {
    str text;                      /* absent: there is none */
    struct policy_names names;     /* whom its ARNs meant when it was stored */
    const struct policy *compiled; /* NULL: there is none */
    int64_t revision_ms;           /* of the last change, and its RevisionId; 0: never had one */
    int64_t changed_us;
    int64_t stream_us; /* when the stream was created that has it */
};

/* Fills in `compiled`. The text compiled when it was stored. Should another version of the program
 * not understand it, nobody gets in by that: all is denied, and the root can still delete it. */
void resource_policy_compile(struct resource_policy *policy, struct arena *arena);
