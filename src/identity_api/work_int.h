/* What the files of this folder share about an operation that is under way. */
#pragma once

#include "auth/identity_change.h"
#include "identity_api/operations.h"
#include "identity_api/xml.h"

struct identity_work {
    struct identities *identities;
    const struct identity_snapshot *snapshot; /* as the request found it; replaced by work_look */
    const struct identity_request *request;
    const struct identity_operation *operation;
    struct identity_call call; /* arena, time, and what went wrong */
    struct xml_writer xml;     /* inside of the result */
};

/* ---- members ---- */

/* Absent unless the operation has such a member and it was given. */
str work_value(const struct identity_work *work, str name);
/* Of MEMBER_NUMBER; 0 when absent. */
int32_t work_number(const struct identity_work *work, str name);
/* "UserName", or what the member is called that names something of that kind. */
str kind_member(enum identity_kind kind);
/* What that member says. */
str work_name(const struct identity_work *work);
/* The same, or the caller's own name; absent for the root. */
status work_own_name(struct identity_work *work, str *out);
/* The name that a user or group shall have; absent: the one it has. */
str work_new_name(const struct identity_work *work);
/* Elements of a list, at most FORM_MEMBERS_MAX. */
size_t work_list(const struct identity_work *work, str name, str part, const str **out);
struct context_tags work_tags(const struct identity_work *work);

/* The identity that the operation is about, as it is now. */
status work_identity(struct identity_work *work, const struct identity **out);
/* Looks anew: after a change. */
void work_look(struct identity_work *work);

/* ---- who may (permission.c) ---- */

/* Whether credentials of the caller's kind serve for the operation at all. */
status work_admit(struct identity_work *work);
/* AccessDenied unless the caller may. */
status work_permit(struct identity_work *work);

/* ---- pages ---- */

/* A list in pieces: elements are shown from one on, until there are enough. */
struct list_page {
    size_t from, left;
    size_t next; /* when truncated: what the next page begins with */
    str prefix;  /* of paths; absent: all */
    bool truncated;
};

status page_open(struct identity_work *work, struct list_page *out);
/* Whether element `index` is to be shown; notes when there is more than fits. */
bool page_takes(struct list_page *page, size_t index, str path);
/* IsTruncated and Marker. */
void page_close(struct identity_work *work, const struct list_page *page);

/* ---- replies ---- */

/* The members of a User, Group, Role or Policy. The details are not in lists. */
void reply_identity(struct identity_work *work, const struct identity *identity, bool details);
/* "User" */
const char *kind_element(enum identity_kind kind);
/* "Users" */
const char *kind_list(enum identity_kind kind);
/* "v1" */
str version_name(const struct identity_work *work, const struct identity *policy);
/* As replies hold documents: escaped as in a URL. */
void reply_document(struct identity_work *work, const char *name, str document);
void reply_tags(struct identity_work *work, struct context_tags tags);

/* ---- operations: those that several rows name are declared more than once ---- */

#define OPERATION(service, action, kind, resource, keys, handler, members)                         \
    status op_##handler(struct identity_work *work);
#include "identity_api/operations.def"
#undef OPERATION
