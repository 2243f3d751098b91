/* Who asks, and temporary credentials. */
#include "auth/session.h"
#include "identity_api/work_int.h"

status op_get_caller_identity(struct identity_work *work) {
    const struct principal *principal = work->request->principal;
    xml_text(&work->xml, "Arn", principal->arn);
    xml_text(&work->xml, "UserId", principal->user_id);
    xml_text(&work->xml, "Account", principal->account);
    return ST_OK;
}

static void reply_credentials(struct identity_work *work,
                              const struct session_credentials *credentials) {
    struct xml_writer *xml = &work->xml;
    xml_begin(xml, "Credentials");
    xml_text(xml, "AccessKeyId", credentials->access_key_id);
    xml_text(xml, "SecretAccessKey", credentials->secret_access_key);
    xml_text(xml, "SessionToken", credentials->session_token);
    xml_time(xml, "Expiration", credentials->expires_us);
    xml_end(xml);
}

static void reply_role(struct identity_work *work, const struct session_credentials *credentials,
                       bool has_policy) {
    struct xml_writer *xml = &work->xml;
    xml_begin(xml, "AssumedRoleUser");
    xml_text(xml, "AssumedRoleId", credentials->assumed_role_id);
    xml_text(xml, "Arn", credentials->arn);
    xml_end(xml);
    if (has_policy)
        xml_number(xml, "PackedPolicySize", credentials->packed_percent);
}

status op_assume_role(struct identity_work *work) {
    const struct identity_request *request = work->request;
    struct session_credentials credentials = {};
    struct session_wish wish = {
        .role_arn = work_value(work, STR("RoleArn")),
        .session_name = work_value(work, STR("RoleSessionName")),
        .policy = work_value(work, STR("Policy")),
        .tags = work_tags(work),
        .external_id = work_value(work, STR("ExternalId")),
        .seconds = work_number(work, STR("DurationSeconds")),
        .source_ip = request->source_ip,
        .user_agent = request->user_agent,
        .region = request->region,
        .secure_transport = request->secure_transport,
    };
    wish.policy_arn_count = work_list(work, STR("PolicyArns"), STR("arn"), &wish.policy_arns);
    TRY(session_assume_role(work->identities, &work->call, request->principal, &wish,
                            &credentials));
    reply_credentials(work, &credentials);
    reply_role(work, &credentials,
               wish.policy.ptr != NULL || wish.policy_arn_count > 0 || wish.tags.count > 0);
    return ST_OK;
}

status op_get_session_token(struct identity_work *work) {
    struct session_credentials credentials;
    TRY(session_of_caller(work->identities, &work->call, work->request->principal,
                          work_number(work, STR("DurationSeconds")), &credentials));
    reply_credentials(work, &credentials);
    return ST_OK;
}
