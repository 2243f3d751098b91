#include "api/policy_setting.h"

status op_get_resource_policy(struct request *request) {
    const struct in_GetResourcePolicyInput *in = request->input;
    struct policy_target target;
    TRY(policy_target_find(request, in->ResourceArn, &target));
    if (!policy_exists(&target))
        return policy_missing(request, &target);
    reply_str(&request->reply, STR("Policy"), target.held->text);
    reply_str(&request->reply, STR("RevisionId"), policy_revision(request, target.held));
    return ST_OK;
}
