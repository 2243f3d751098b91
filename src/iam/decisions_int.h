/* decisions_int.h - decisions that a principal has been given before.
 *
 * A table of DECISIONS_KEPT places, two words each. A place holds a 124-bit tag of action,
 * resource and generation (SipHash under a key of its own, so that nobody can make a resource
 * whose tag is another's) and the decision in the four bits left. Words are read and written one by
 * one, without a lock: a place that is half of one decision and half of another has a tag that no
 * request has.
 */
#pragma once

#include "iam/access.h"

struct decision_tag {
    uint64_t low, high;
};

struct decisions *decisions_new(struct arena *arena);
struct decision_tag decision_tag_of(const struct decisions *decisions, str action, str resource,
                                    uint64_t generation);
/* `out` is what was given to decisions_put, 0…15. */
bool decisions_find(struct decisions *decisions, struct decision_tag tag, unsigned *out);
void decisions_put(struct decisions *decisions, struct decision_tag tag, unsigned decision);
