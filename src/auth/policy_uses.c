/* How often each managed policy is used. To say it of one, all users, groups and roles are walked;
 * a list says it of a thousand. So the first who asks a snapshot counts all of them at once, in one
 * walk. Not when the snapshot is made: each change makes one, and most are never asked. */
#include "auth/identity_int.h"
#include "base/check.h"
#include "base/hash.h"

struct policy_use {
    str arn; /* of the snapshot; absent: free */
    uint32_t attachments, boundaries;
};

struct policy_uses {
    size_t mask;
    struct policy_use places[]; /* by hash of the ARN */
};

/* Where the policy is, or the free place where it would be. */
static struct policy_use *place_of(struct policy_uses *uses, str arn) {
    size_t place = hash_bytes(arn);
    for (;; place++) {
        struct policy_use *use = &uses->places[place & uses->mask];
        if (use->arn.ptr == NULL || str_eq(use->arn, arn))
            return use;
    }
}

/* With twice as many places as policies, looking for what isn't there ends. */
static struct policy_uses *uses_new(const struct identity_list *ours,
                                    const struct identity_list *known) {
    size_t places = 8;
    while (places < 2 * (ours->count + known->count))
        places *= 2;
    struct policy_uses *uses = calloc(1, sizeof *uses + places * sizeof uses->places[0]);
    CHECK(uses != NULL);
    uses->mask = places - 1;
    for (size_t i = 0; i < ours->count; i++)
        place_of(uses, ours->entries[i]->arn)->arn = ours->entries[i]->arn;
    for (size_t i = 0; i < known->count; i++)
        place_of(uses, known->entries[i]->arn)->arn = known->entries[i]->arn;
    return uses;
}

/* A free place is counted at, too, for an ARN that names no policy: nobody reads that. */
static void uses_count(struct policy_uses *uses, const struct identity *identity) {
    for (size_t i = 0; i < identity->attached_count; i++)
        place_of(uses, identity->attached[i])->attachments++;
    if (identity->boundary.ptr != NULL)
        place_of(uses, identity->boundary)->boundaries++;
}

/* Two that ask first at once both count, and one of them keeps what it counted. */
static struct policy_uses *uses_of(const struct identity_snapshot *borrowed) {
    struct identity_snapshot *snapshot = (struct identity_snapshot *)borrowed;
    struct policy_uses *uses = atomic_load_explicit(&snapshot->uses, memory_order_acquire);
    if (uses != NULL)
        return uses;
    struct policy_uses *made = uses_new(&snapshot->lists[IDENTITY_POLICY], aws_policies());
    for (int kind = 0; kind < IDENTITY_POLICY; kind++)
        for (size_t i = 0; i < snapshot->lists[kind].count; i++)
            uses_count(made, snapshot->lists[kind].entries[i]);
    if (atomic_compare_exchange_strong_explicit(&snapshot->uses, &uses, made, memory_order_acq_rel,
                                                memory_order_acquire))
        return made;
    free(made);
    return uses;
}

void policy_uses_free(struct policy_uses *uses) {
    free(uses);
}

size_t identity_attachments(const struct identity_snapshot *snapshot, str policy_arn) {
    const struct policy_use *use = place_of(uses_of(snapshot), policy_arn);
    return use->arn.ptr != NULL ? use->attachments : 0;
}

size_t identity_boundary_uses(const struct identity_snapshot *snapshot, str policy_arn) {
    const struct policy_use *use = place_of(uses_of(snapshot), policy_arn);
    return use->arn.ptr != NULL ? use->boundaries : 0;
}
