/* policy_setting.h - the policy of a table or stream, as operations find and change it.
 *
 * Purpose:   whose policy an ARN means, revisions, and the change that takes a new text.
 * Ownership: what a table keeps is copied to its arena.
 * Threads:   one at a time.
 * Errors:    ValidationException, ResourceNotFoundException, PolicyNotFoundException,
 *            ResourceInUseException.
 * Limits:    POLICY_BYTES_MAX of text; with --status-delay-ms one change in that time.
 */
#pragma once

#include "api/request.h"

struct policy_target {
    str arn;
    const struct table *table;
    bool of_stream;
    int64_t stream_us;                  /* when that was created */
    const struct resource_policy *held; /* text absent: none now; of an earlier stream: NULL */
};

/* The text itself, for what no table is needed; and whom it names (directory of the caller). */
status policy_check(struct request *request, str text, struct policy_names *out);
/* A table, or the stream that its newest one is. */
status policy_target_find(struct request *request, str arn, struct policy_target *out);

static inline bool policy_exists(const struct policy_target *target) {
    return target->held != NULL && target->held->text.ptr != NULL;
}

/* RevisionId, as texts are compared. */
str policy_revision(struct request *request, const struct resource_policy *policy);
/* PolicyNotFoundException. */
status policy_missing(struct request *request, const struct policy_target *target);
/* `expected` may be absent. */
status policy_check_revision(struct request *request, const struct policy_target *target,
                             str expected);
/* Whether the text is held already, and means the same principals. */
bool policy_is_held(const struct policy_target *target, str text, const struct policy_names *names);
/* The copy of the table in which `text` (absent: none) is the policy, to be handed to
 * catalogue_update; refused while an earlier change is still under way. */
status policy_change(struct request *request, const struct policy_target *target, str text,
                     const struct policy_names *names, struct table **out);
/* Of a table that is being made. */
void policy_set(struct resource_policy *policy, struct arena *arena, str text,
                const struct policy_names *names, int64_t now_us);
/* Its policy in a description. */
const struct resource_policy *policy_in(const struct policy_target *target,
                                        const struct table *table);
