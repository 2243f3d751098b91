/* operations.h - what operations there are, and what members they take.
 *
 * Purpose:   operations.def as a table; checking of members' values.
 * Ownership: static.
 * Threads:   any.
 * Errors:    none of its own; member_problem answers a sentence.
 * Limits:    MEMBERS_MAX members of an operation.
 */
#pragma once

#include "identity_api/identity_api.h"

enum identity_service { SERVICE_IAM, SERVICE_STS };
enum { MEMBERS_MAX = 12 };

/* What policies of the caller are asked about. */
enum asked_resource {
    ASKED_ENTITY,      /* what the operation's member names */
    ASKED_SELF,        /* the same, or the caller, when nothing is named */
    ASKED_NEW,         /* what will be made */
    ASKED_ALL,         /* all of a kind below a path */
    ASKED_BY_TRUST,    /* the role's own policy has a say, and asks the caller's when it must */
    ASKED_NOBODY_ASKS, /* anybody who is known may */
};

/* Condition keys of IAM that not all calls have. */
enum asked_keys {
    KEYS_NONE,
    KEYS_BOUNDARY, /* iam:PermissionsBoundary */
};

struct identity_work;

struct identity_operation {
    enum identity_service service;
    str action;
    enum identity_kind kind;
    enum asked_resource resource;
    enum asked_keys keys;
    status (*handler)(struct identity_work *call);
    str members;
};

/* "iam", and the version that its calls name. */
str identity_service_name(enum identity_service service);
str identity_service_version(enum identity_service service);

size_t identity_operation_count(void);
const struct identity_operation *identity_operation_at(size_t index);
/* NULL when there is none. */
const struct identity_operation *identity_operation_find(str action);

enum member_form { MEMBER_VALUE, MEMBER_LIST, MEMBER_STRUCTURES };

struct member {
    str name;
    bool needed;
    enum member_form form;
    str parts; /* of structures: "Key,Value" */
};

/* In the order of the row; answers how many. */
size_t operation_members(const struct identity_operation *operation,
                         struct member out[MEMBERS_MAX]);
/* The next name of a list like "Key,Value"; false at its end. */
bool member_part_next(str *parts, str *out);

/* All that is wrong with the members' values, in one sentence; absent: nothing. */
str members_problem(const struct identity_operation *operation, const struct form *form,
                    struct arena *arena);
