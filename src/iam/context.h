/* context.h - what a policy may ask of a request.
 *
 * Purpose:   the one description of a request that decisions are made by.
 * Ownership: all of it borrows from the request.
 * Threads:   one at a time.
 * Errors:    none.
 * Limits:    none of its own.
 */
#pragma once

#include "base/arena.h"
#include "base/status.h"

enum context_key {
    /* about the request */
    CONTEXT_LEADING_KEYS,    /* dynamodb:LeadingKeys: partition key values as text */
    CONTEXT_PARTITION_KEY_1, /* dynamodb:FirstPartitionKeyValues: the same */
    CONTEXT_PARTITION_KEY_2, /* dynamodb:SecondPartitionKeyValues: of an index with more */
    CONTEXT_PARTITION_KEY_3,
    CONTEXT_PARTITION_KEY_4,
    CONTEXT_ATTRIBUTES,               /* dynamodb:Attributes: top-level names read or written */
    CONTEXT_SELECT,                   /* dynamodb:Select */
    CONTEXT_RETURN_VALUES,            /* dynamodb:ReturnValues */
    CONTEXT_RETURN_CONSUMED_CAPACITY, /* dynamodb:ReturnConsumedCapacity */
    CONTEXT_FULL_TABLE_SCAN,          /* dynamodb:FullTableScan: true or false, PartiQL only */
    CONTEXT_ENCLOSING_OPERATION,      /* dynamodb:EnclosingOperation: transactions */
    CONTEXT_REQUEST_TAG,              /* aws:RequestTag/NAME */
    CONTEXT_TAG_KEYS,                 /* aws:TagKeys */
    CONTEXT_RESOURCE_TAG,             /* aws:ResourceTag/NAME: of the table, user, role or policy */
    CONTEXT_IAM_RESOURCE_TAG,         /* iam:ResourceTag/NAME: the same, but not of tables */
    /* about who asks, from where and when */
    CONTEXT_PRINCIPAL_TAG, /* aws:PrincipalTag/NAME */
    CONTEXT_PRINCIPAL_ARN, /* aws:PrincipalArn */
    CONTEXT_PRINCIPAL_ACCOUNT,
    CONTEXT_PRINCIPAL_TYPE,
    CONTEXT_USER_ID,  /* aws:userid */
    CONTEXT_USERNAME, /* aws:username: of a user only */
    CONTEXT_SOURCE_IP,
    CONTEXT_SECURE_TRANSPORT,
    CONTEXT_CURRENT_TIME,
    CONTEXT_EPOCH_TIME,
    CONTEXT_USER_AGENT,
    CONTEXT_REQUESTED_REGION,
    CONTEXT_EXTERNAL_ID,          /* sts:ExternalId */
    CONTEXT_ROLE_SESSION_NAME,    /* sts:RoleSessionName: of AssumeRole */
    CONTEXT_POLICY_ARN,           /* iam:PolicyARN: what is attached or detached */
    CONTEXT_PERMISSIONS_BOUNDARY, /* iam:PermissionsBoundary */
    CONTEXT_TOKEN_ISSUE_TIME,     /* aws:TokenIssueTime: of a session only */
    CONTEXT_MFA_PRESENT,          /* aws:MultiFactorAuthPresent: of a session only, and false */
    /* The same for all requests here. */
    CONTEXT_RESOURCE_ACCOUNT,         /* aws:ResourceAccount */
    CONTEXT_VIA_AWS_SERVICE,          /* aws:ViaAWSService: false */
    CONTEXT_PRINCIPAL_IS_AWS_SERVICE, /* aws:PrincipalIsAWSService: false */
    CONTEXT_KEY_COUNT
};

/* Bits by context_key. */
typedef uint64_t context_set;
#define CONTEXT_BIT(key) ((context_set)1 << (key))
/* Those whose value differs between requests for the same action and resource by the same
 * principal: a decision that asked for none of them may be remembered. (Tags of principals and
 * tables do too, but a change of them starts a new generation.) */
#define CONTEXT_VARIES                                                                             \
    (~(CONTEXT_BIT(CONTEXT_PRINCIPAL_TAG) | CONTEXT_BIT(CONTEXT_PRINCIPAL_ARN) |                   \
       CONTEXT_BIT(CONTEXT_PRINCIPAL_ACCOUNT) | CONTEXT_BIT(CONTEXT_PRINCIPAL_TYPE) |              \
       CONTEXT_BIT(CONTEXT_USER_ID) | CONTEXT_BIT(CONTEXT_USERNAME) |                              \
       CONTEXT_BIT(CONTEXT_REQUESTED_REGION) | CONTEXT_BIT(CONTEXT_TOKEN_ISSUE_TIME) |             \
       CONTEXT_BIT(CONTEXT_MFA_PRESENT) | CONTEXT_BIT(CONTEXT_RESOURCE_ACCOUNT) |                  \
       CONTEXT_BIT(CONTEXT_VIA_AWS_SERVICE) | CONTEXT_BIT(CONTEXT_PRINCIPAL_IS_AWS_SERVICE)))

struct context_tag {
    str key, value;
};

struct context_tags {
    const struct context_tag *entries;
    size_t count;
};

/* Absent (ptr NULL or present false): the request has no such key, which operators tell apart from
 * an empty value. */
struct context_values {
    bool present;
    const str *values;
    size_t count;
};

enum { CONTEXT_PARTITION_KEYS = 4 };

struct access_context {
    str action;   /* "dynamodb:GetItem" */
    str resource; /* an ARN, or "*" for actions that have none */
    /* the request; filled by whoever knows it, for the keys asked for */
    struct context_values partition_keys[CONTEXT_PARTITION_KEYS]; /* by the key's attributes */
    struct context_values attributes;
    str select, return_values, return_consumed_capacity, full_table_scan, enclosing_operation;
    struct context_tags request_tags, resource_tags;
    /* who, from where, when */
    str principal_arn;  /* "arn:aws:iam::ACCOUNT:user/NAME", "…:root",
                         * "arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION" */
    str principal_role; /* of a session: "arn:aws:iam::ACCOUNT:role/ROLE"; also matches Principal */
    str principal_account, principal_type, user_id, username;
    struct context_tags principal_tags;
    str source_ip, user_agent, region, external_id, role_session_name;
    str policy_arn, permissions_boundary; /* of a call of IAM */
    int64_t token_issued_us;              /* of a session; 0: not known */
    bool secure_transport;
    int64_t now_us;
};
