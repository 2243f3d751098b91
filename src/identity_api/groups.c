/* Who is in which group. */
#include "identity_api/work_int.h"

static str group_name(const struct identity_work *work) {
    return work_value(work, STR("GroupName"));
}

static str user_name(const struct identity_work *work) {
    return work_value(work, STR("UserName"));
}

status op_join_group(struct identity_work *work) {
    return identity_join(work->identities, &work->call, group_name(work), user_name(work));
}

status op_leave_group(struct identity_work *work) {
    return identity_leave(work->identities, &work->call, group_name(work), user_name(work));
}

static bool is_in(const struct identity *user, str group) {
    for (size_t i = 0; i < user->group_count; i++)
        if (str_eq(user->groups[i], group))
            return true;
    return false;
}

static void reply_member(struct identity_work *work, const struct identity *identity) {
    xml_begin(&work->xml, "member");
    reply_identity(work, identity, false);
    xml_end(&work->xml);
}

status op_get_group(struct identity_work *work) {
    const struct identity *group;
    struct list_page page;
    TRY(work_identity(work, &group));
    TRY(page_open(work, &page));
    xml_begin(&work->xml, kind_element(IDENTITY_GROUP));
    reply_identity(work, group, true);
    xml_end(&work->xml);
    xml_begin(&work->xml, kind_list(IDENTITY_USER));
    size_t count = identity_count(work->snapshot, IDENTITY_USER);
    for (size_t i = page.from; i < count && !page.truncated; i++) {
        const struct identity *user = identity_at(work->snapshot, IDENTITY_USER, i);
        if (is_in(user, group->name) && page_takes(&page, i, user->path))
            reply_member(work, user);
    }
    xml_end(&work->xml);
    page_close(work, &page);
    return ST_OK;
}

status op_list_groups_of(struct identity_work *work) {
    const struct identity *user;
    struct list_page page;
    TRY(work_identity(work, &user));
    TRY(page_open(work, &page));
    xml_begin(&work->xml, kind_list(IDENTITY_GROUP));
    for (size_t i = page.from; i < user->group_count && !page.truncated; i++) {
        const struct identity *group =
            identity_find(work->snapshot, IDENTITY_GROUP, user->groups[i]);
        if (group != NULL && page_takes(&page, i, group->path))
            reply_member(work, group);
    }
    xml_end(&work->xml);
    page_close(work, &page);
    return ST_OK;
}
