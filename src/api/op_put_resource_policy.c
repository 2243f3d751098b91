#include "api/access.h"
#include "api/policy_setting.h"

/* Whoever puts a policy by which they could not put the next one has to say that they mean it. */
static status check_access_kept(struct request *request, const struct in_PutResourcePolicyInput *in,
                                const struct table *changed) {
    if (in->ConfirmRemoveSelfResourceAccess.value ||
        access_allows(request, STR("dynamodb:PutResourcePolicy"), in->ResourceArn, changed))
        return ST_OK;
    return fail_validation(request->scope,
                           "The new resource-based policy will not allow you to update the "
                           "resource-based policy in the future");
}

status op_put_resource_policy(struct request *request) {
    const struct in_PutResourcePolicyInput *in = request->input;
    struct policy_target target;
    struct policy_names names;
    struct table *changed;
    TRY(policy_check(request, in->Policy, &names));
    TRY(policy_target_find(request, in->ResourceArn, &target));
    TRY(policy_check_revision(request, &target, in->ExpectedRevisionId));
    if (policy_is_held(&target, in->Policy, &names)) {
        reply_str(&request->reply, STR("RevisionId"), policy_revision(request, target.held));
        return ST_OK;
    }
    TRY(policy_change(request, &target, in->Policy, &names, &changed));
    str revision = policy_revision(request, policy_in(&target, changed));
    status st = check_access_kept(request, in, changed);
    if (st != ST_OK) {
        table_unref(changed);
        return st;
    }
    TRY(catalogue_update(request->database, request->scope, target.table, changed, NULL));
    reply_str(&request->reply, STR("RevisionId"), revision);
    return ST_OK;
}
