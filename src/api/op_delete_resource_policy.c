#include "api/policy_setting.h"

/* Where there is none, there is nothing to do, unless a certain one was meant. */
status op_delete_resource_policy(struct request *request) {
    const struct in_DeleteResourcePolicyInput *in = request->input;
    struct policy_target target;
    struct table *changed;
    TRY(policy_target_find(request, in->ResourceArn, &target));
    if (!policy_exists(&target))
        return in->ExpectedRevisionId.ptr != NULL ? policy_missing(request, &target) : ST_OK;
    TRY(policy_check_revision(request, &target, in->ExpectedRevisionId));
    str revision = policy_revision(request, target.held);
    TRY(policy_change(request, &target, (str){}, &(struct policy_names){}, &changed));
    TRY(catalogue_update(request->database, request->scope, target.table, changed, NULL));
    reply_str(&request->reply, STR("RevisionId"), revision);
    return ST_OK;
}
