/* Access keys of a user, or, when a member does not name one, of whoever asks. */
#include "identity_api/work_int.h"

static str user_or_root(str user) {
    return user.ptr != NULL ? user : STR("root");
}

static str key_status(bool active) {
    return active ? STR("Active") : STR("Inactive");
}

status op_create_access_key(struct identity_work *work) {
    struct new_key made;
    struct access_key_info info;
    struct xml_writer *xml = &work->xml;
    str user;
    TRY(work_own_name(work, &user));
    TRY(identity_create_key(work->identities, &work->call, user, &made));
    work_look(work);
    bool found = identity_find_key(work->snapshot, str_from_c(made.id), &info);
    xml_begin(xml, "AccessKey");
    xml_text(xml, "UserName", user_or_root(user));
    xml_text(xml, "AccessKeyId", str_from_c(made.id));
    xml_text(xml, "Status", key_status(true));
    xml_text(xml, "SecretAccessKey", str_from_c(made.secret));
    xml_time(xml, "CreateDate", found ? info.created_us : work->call.now_us);
    xml_end(xml);
    return ST_OK;
}

status op_list_access_keys(struct identity_work *work) {
    struct access_key_info keys[IDENTITY_KEYS_MAX + 1]; /* one more: the configuration's */
    const struct identity *identity;
    struct xml_writer *xml = &work->xml;
    struct list_page page;
    str user;
    TRY(work_own_name(work, &user));
    TRY(page_open(work, &page));
    if (user.ptr != NULL)
        TRY(identity_get(work->snapshot, &work->call, IDENTITY_USER, user, &identity));
    size_t count = identity_keys(work->snapshot, user, keys, IDENTITY_KEYS_MAX + 1);
    xml_begin(xml, "AccessKeyMetadata");
    for (size_t i = page.from; i < count && i <= IDENTITY_KEYS_MAX && !page.truncated; i++) {
        if (!page_takes(&page, i, (str){}))
            continue;
        xml_begin(xml, "member");
        xml_text(xml, "UserName", user_or_root(user));
        xml_text(xml, "AccessKeyId", keys[i].id);
        xml_text(xml, "Status", key_status(keys[i].active));
        xml_time(xml, "CreateDate", keys[i].created_us);
        xml_end(xml);
    }
    xml_end(xml);
    page_close(work, &page);
    return ST_OK;
}

status op_update_access_key(struct identity_work *work) {
    bool active = str_eq(work_value(work, STR("Status")), STR("Active"));
    str user;
    TRY(work_own_name(work, &user));
    return identity_set_key_active(work->identities, &work->call, user,
                                   work_value(work, STR("AccessKeyId")), active);
}

status op_delete_access_key(struct identity_work *work) {
    str user;
    TRY(work_own_name(work, &user));
    return identity_delete_key(work->identities, &work->call, user,
                               work_value(work, STR("AccessKeyId")));
}
