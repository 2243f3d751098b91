/* Names of context keys, and what a request has under them. */
#include "iam/policy_int.h"

#include <assert.h>
#include <time.h>

static const struct key_row {
    str name; /* with a slash at its end: a tag's name follows */
    enum context_key key;
} rows[] = {
    {STR_INIT("dynamodb:LeadingKeys"), CONTEXT_LEADING_KEYS},
    {STR_INIT("dynamodb:FirstPartitionKeyValues"), CONTEXT_PARTITION_KEY_1},
    {STR_INIT("dynamodb:SecondPartitionKeyValues"), CONTEXT_PARTITION_KEY_2},
    {STR_INIT("dynamodb:ThirdPartitionKeyValues"), CONTEXT_PARTITION_KEY_3},
    {STR_INIT("dynamodb:FourthPartitionKeyValues"), CONTEXT_PARTITION_KEY_4},
    {STR_INIT("dynamodb:Attributes"), CONTEXT_ATTRIBUTES},
    {STR_INIT("dynamodb:Select"), CONTEXT_SELECT},
    {STR_INIT("dynamodb:ReturnValues"), CONTEXT_RETURN_VALUES},
    {STR_INIT("dynamodb:ReturnConsumedCapacity"), CONTEXT_RETURN_CONSUMED_CAPACITY},
    {STR_INIT("dynamodb:FullTableScan"), CONTEXT_FULL_TABLE_SCAN},
    {STR_INIT("dynamodb:EnclosingOperation"), CONTEXT_ENCLOSING_OPERATION},
    {STR_INIT("aws:RequestTag/"), CONTEXT_REQUEST_TAG},
    {STR_INIT("aws:TagKeys"), CONTEXT_TAG_KEYS},
    {STR_INIT("aws:ResourceTag/"), CONTEXT_RESOURCE_TAG},
    {STR_INIT("iam:ResourceTag/"), CONTEXT_IAM_RESOURCE_TAG},
    {STR_INIT("aws:PrincipalTag/"), CONTEXT_PRINCIPAL_TAG},
    {STR_INIT("aws:PrincipalArn"), CONTEXT_PRINCIPAL_ARN},
    {STR_INIT("aws:PrincipalAccount"), CONTEXT_PRINCIPAL_ACCOUNT},
    {STR_INIT("aws:PrincipalType"), CONTEXT_PRINCIPAL_TYPE},
    {STR_INIT("aws:userid"), CONTEXT_USER_ID},
    {STR_INIT("aws:username"), CONTEXT_USERNAME},
    {STR_INIT("aws:SourceIp"), CONTEXT_SOURCE_IP},
    {STR_INIT("aws:SecureTransport"), CONTEXT_SECURE_TRANSPORT},
    {STR_INIT("aws:CurrentTime"), CONTEXT_CURRENT_TIME},
    {STR_INIT("aws:EpochTime"), CONTEXT_EPOCH_TIME},
    {STR_INIT("aws:UserAgent"), CONTEXT_USER_AGENT},
    {STR_INIT("aws:RequestedRegion"), CONTEXT_REQUESTED_REGION},
    {STR_INIT("sts:ExternalId"), CONTEXT_EXTERNAL_ID},
    {STR_INIT("sts:RoleSessionName"), CONTEXT_ROLE_SESSION_NAME},
    {STR_INIT("iam:PolicyARN"), CONTEXT_POLICY_ARN},
    {STR_INIT("iam:PermissionsBoundary"), CONTEXT_PERMISSIONS_BOUNDARY},
    {STR_INIT("aws:TokenIssueTime"), CONTEXT_TOKEN_ISSUE_TIME},
    {STR_INIT("aws:MultiFactorAuthPresent"), CONTEXT_MFA_PRESENT},
    {STR_INIT("aws:ResourceAccount"), CONTEXT_RESOURCE_ACCOUNT},
    {STR_INIT("aws:ViaAWSService"), CONTEXT_VIA_AWS_SERVICE},
    {STR_INIT("aws:PrincipalIsAWSService"), CONTEXT_PRINCIPAL_IS_AWS_SERVICE},
};
static_assert(sizeof rows / sizeof *rows == CONTEXT_KEY_COUNT, "a row for each key");
static_assert(CONTEXT_KEY_COUNT <= 64, "a bit of context_set for each key");
static_assert(CONTEXT_LEADING_KEYS == 0 &&
                  CONTEXT_PARTITION_KEY_4 - CONTEXT_PARTITION_KEY_1 == CONTEXT_PARTITION_KEYS - 1,
              "keys of partitions come first");

bool key_ref_parse(str text, struct key_ref *out) {
    size_t colon = str_find(text, ':');
    if (colon == 0 || colon + 1 >= text.len)
        return false;
    for (size_t i = 0; i < CONTEXT_KEY_COUNT; i++) {
        size_t len = rows[i].name.len;
        bool is_tag = rows[i].name.ptr[len - 1] == '/';
        if (is_tag ? text.len <= len : text.len != len)
            continue;
        if (!str_eq_nocase(str_slice(text, 0, len), rows[i].name))
            continue;
        *out = (struct key_ref){rows[i].key, str_slice(text, len, text.len)};
        return true;
    }
    *out = (struct key_ref){.key = CONTEXT_KEY_COUNT};
    return true;
}

bool key_has_many_values(enum context_key key) {
    return key <= CONTEXT_PARTITION_KEY_4 || key == CONTEXT_ATTRIBUTES || key == CONTEXT_TAG_KEYS;
}

/* Names of tags in condition keys have no case; where two tags differ by case only, the one that
 * is written as asked for goes first. */
static str tag_value(const struct context_tags *tags, str name) {
    str found = {};
    for (size_t i = 0; i < tags->count; i++) {
        if (str_eq(tags->entries[i].key, name))
            return tags->entries[i].value;
        if (found.ptr == NULL && str_eq_nocase(tags->entries[i].key, name))
            found = tags->entries[i].value;
    }
    return found;
}

/* Tables have no iam:ResourceTag. */
static const struct context_tags *tags_asked(enum context_key key,
                                             const struct access_context *context) {
    static const struct context_tags none = {};
    if (key == CONTEXT_REQUEST_TAG)
        return &context->request_tags;
    if (key == CONTEXT_PRINCIPAL_TAG)
        return &context->principal_tags;
    bool of_table = str_starts_with(context->action, STR("dynamodb:"));
    return key == CONTEXT_IAM_RESOURCE_TAG && of_table ? &none : &context->resource_tags;
}

static struct context_values tag_keys(const struct context_tags *tags, struct arena *scratch) {
    if (tags->count == 0)
        return (struct context_values){};
    str *names = arena_array(scratch, str, tags->count);
    for (size_t i = 0; i < tags->count; i++)
        names[i] = tags->entries[i].key;
    return (struct context_values){true, names, tags->count};
}

static str time_text(int64_t time_us, struct arena *scratch) {
    time_t seconds = (time_t)(time_us / 1000000);
    struct tm parts;
    if (gmtime_r(&seconds, &parts) == NULL)
        return (str){};
    return arena_printf(scratch, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900,
                        parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

/* What has no account in its ARN belongs to who asks. */
static str resource_account(const struct access_context *context) {
    str rest = context->resource;
    for (int i = 0; i < 4; i++) {
        size_t colon = str_find(rest, ':');
        if (colon == rest.len)
            return context->principal_account;
        rest = str_slice(rest, colon + 1, rest.len);
    }
    str account = str_slice(rest, 0, str_find(rest, ':'));
    return account.len > 0 ? account : context->principal_account;
}

/* Of keys with one value; absent when the request has none. */
static str single_value(const struct key_ref *ref, const struct access_context *context,
                        struct arena *scratch) {
    switch (ref->key) {
    case CONTEXT_SELECT:
        return context->select;
    case CONTEXT_RETURN_VALUES:
        return context->return_values;
    case CONTEXT_RETURN_CONSUMED_CAPACITY:
        return context->return_consumed_capacity;
    case CONTEXT_FULL_TABLE_SCAN:
        return context->full_table_scan;
    case CONTEXT_ENCLOSING_OPERATION:
        return context->enclosing_operation;
    case CONTEXT_REQUEST_TAG:
    case CONTEXT_RESOURCE_TAG:
    case CONTEXT_IAM_RESOURCE_TAG:
    case CONTEXT_PRINCIPAL_TAG:
        return tag_value(tags_asked(ref->key, context), ref->name);
    case CONTEXT_PRINCIPAL_ARN: /* of a session it is the role's */
        return context->principal_role.ptr ? context->principal_role : context->principal_arn;
    case CONTEXT_PRINCIPAL_ACCOUNT:
        return context->principal_account;
    case CONTEXT_PRINCIPAL_TYPE:
        return context->principal_type;
    case CONTEXT_USER_ID:
        return context->user_id;
    case CONTEXT_USERNAME:
        return context->username;
    case CONTEXT_SOURCE_IP:
        return context->source_ip;
    case CONTEXT_SECURE_TRANSPORT:
        return context->secure_transport ? STR("true") : STR("false");
    case CONTEXT_CURRENT_TIME:
        return time_text(context->now_us, scratch);
    case CONTEXT_EPOCH_TIME:
        return arena_printf(scratch, "%lld", (long long)(context->now_us / 1000000));
    case CONTEXT_USER_AGENT:
        return context->user_agent;
    case CONTEXT_REQUESTED_REGION:
        return context->region;
    case CONTEXT_EXTERNAL_ID:
        return context->external_id;
    case CONTEXT_ROLE_SESSION_NAME:
        return context->role_session_name;
    case CONTEXT_POLICY_ARN:
        return context->policy_arn;
    case CONTEXT_PERMISSIONS_BOUNDARY:
        return context->permissions_boundary;
    case CONTEXT_TOKEN_ISSUE_TIME:
        return context->token_issued_us ? time_text(context->token_issued_us, scratch) : (str){};
    case CONTEXT_MFA_PRESENT: /* no key that lasts says anything of it */
        return context->principal_role.ptr != NULL || context->token_issued_us != 0 ? STR("false")
                                                                                    : (str){};
    case CONTEXT_RESOURCE_ACCOUNT:
        return resource_account(context);
    case CONTEXT_VIA_AWS_SERVICE:
    case CONTEXT_PRINCIPAL_IS_AWS_SERVICE:
        return STR("false");
    case CONTEXT_LEADING_KEYS:
    case CONTEXT_PARTITION_KEY_1:
    case CONTEXT_PARTITION_KEY_2:
    case CONTEXT_PARTITION_KEY_3:
    case CONTEXT_PARTITION_KEY_4:
    case CONTEXT_ATTRIBUTES:
    case CONTEXT_TAG_KEYS:
    case CONTEXT_KEY_COUNT:
        break;
    }
    return (str){};
}

struct context_values key_fetch(const struct key_ref *ref, const struct access_context *context,
                                struct arena *scratch, str *room) {
    if (ref->key == CONTEXT_LEADING_KEYS)
        return context->partition_keys[0];
    if (ref->key >= CONTEXT_PARTITION_KEY_1 && ref->key <= CONTEXT_PARTITION_KEY_4)
        return context->partition_keys[ref->key - CONTEXT_PARTITION_KEY_1];
    if (ref->key == CONTEXT_ATTRIBUTES)
        return context->attributes;
    if (ref->key == CONTEXT_TAG_KEYS)
        return tag_keys(&context->request_tags, scratch);
    *room = single_value(ref, context, scratch);
    if (room->ptr == NULL)
        return (struct context_values){};
    return (struct context_values){true, room, 1};
}
