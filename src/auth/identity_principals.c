/* Whom the ARNs of a policy's Principal mean. */
#include "auth/identity_int.h"

/* ---- an ARN's parts ---- */

static str take_part(str *rest, char end) {
    size_t at = str_find(*rest, end);
    str part = str_slice(*rest, 0, at);
    *rest = str_slice(*rest, at < rest->len ? at + 1 : at, rest->len);
    return part;
}

struct named {
    str partition, service, account, type;
    str name; /* of the user, or the role; what is before it is its path, what is behind it a
                 session */
};

static struct named read_arn(str arn) {
    struct named named;
    (void)take_part(&arn, ':');
    named.partition = take_part(&arn, ':');
    named.service = take_part(&arn, ':');
    (void)take_part(&arn, ':');
    named.account = take_part(&arn, ':');
    named.type = take_part(&arn, '/');
    named.name = take_part(&arn, '/');
    while (str_eq(named.service, STR("iam")) && arn.len > 0)
        named.name = take_part(&arn, '/');
    return named;
}

/* ---- who it is ---- */

/* NULL: nobody. */
static const struct identity *find_named(const struct identity_snapshot *snapshot,
                                         const struct named *named, str arn) {
    bool session = str_eq(named->type, STR("assumed-role"));
    const struct identity *identity = identity_find(
        snapshot, str_eq(named->type, STR("user")) ? IDENTITY_USER : IDENTITY_ROLE, named->name);
    if (identity == NULL || (!session && !str_eq(identity->arn, arn)))
        return NULL;
    return identity;
}

bool identity_principals(const struct identity_snapshot *snapshot, const struct policy *policy,
                         struct arena *arena, struct policy_names *out, str *out_unknown) {
    const str *arns;
    size_t count = policy_principals(policy, arena, &arns);
    struct policy_name *names = arena_array(arena, struct policy_name, count + 1);
    *out = (struct policy_names){names, 0};
    for (size_t i = 0; i < count; i++) {
        struct named named = read_arn(arns[i]);
        /* Federated users are nobody here, and need not be known at the service, either. */
        if (!str_eq(named.account, snapshot->account) || str_eq(named.type, STR("federated-user")))
            continue;
        const struct identity *identity = find_named(snapshot, &named, arns[i]);
        if (identity == NULL || !str_eq(named.partition, STR("aws"))) {
            *out_unknown = arns[i];
            return false;
        }
        names[out->count++] = (struct policy_name){arns[i], arena_copy(arena, identity->id)};
    }
    return true;
}

bool identities_find_principals(void *identities, const struct policy *policy, struct arena *arena,
                                struct policy_names *out, str *out_unknown) {
    const struct identity_snapshot *snapshot = identities_acquire(identities);
    bool all = identity_principals(snapshot, policy, arena, out, out_unknown);
    identities_release(snapshot);
    return all;
}
