/* Tags of users, roles and policies. */
#include "identity_api/work_int.h"

status op_tag_identity(struct identity_work *work) {
    return identity_tag(work->identities, &work->call, work->operation->kind, work_name(work),
                        work_tags(work));
}

status op_untag_identity(struct identity_work *work) {
    const str *keys;
    size_t count = work_list(work, STR("TagKeys"), (str){}, &keys);
    return identity_untag(work->identities, &work->call, work->operation->kind, work_name(work),
                          keys, count);
}

status op_list_tags(struct identity_work *work) {
    const struct identity *identity;
    struct list_page page;
    TRY(work_identity(work, &identity));
    TRY(page_open(work, &page));
    size_t from = page.from < identity->tags.count ? page.from : identity->tags.count;
    size_t left = identity->tags.count - from;
    page.truncated = left > page.left;
    page.next = from + page.left;
    reply_tags(work, (struct context_tags){identity->tags.entries + from,
                                           page.truncated ? page.left : left});
    page_close(work, &page);
    return ST_OK;
}
