/* ItemCollectionMetrics: an estimate, in whole gigabytes, of one partition key's items and local
 * index entries. Read before the write: once a write has been accepted, nothing may wait. */
#include "api/write_request.h"
#include "table/table_key.h"
#include "table/table_read.h"

static const int64_t gigabyte = (int64_t)1 << 30;

status collection_read(struct request *request, str return_metrics, const struct write *write,
                       struct collection *out) {
    *out = (struct collection){};
    if (!str_eq(return_metrics, STR("SIZE")) || !table_has_local_index(write->table))
        return ST_OK;
    out->table = write->table;
    out->item = write->item;
    return table_collection_bytes(request->database, request->scope, write->table, write->item,
                                  &out->bytes);
}

void reply_collection(struct request *request, str name, const struct collection *collection) {
    if (collection->table == NULL)
        return;
    struct reply *reply = &request->reply;
    str hash = collection->table->key.hash[0].name;
    struct attribute attribute = {hash, *item_find(collection->item, hash)};
    struct item key = {.attributes = &attribute, .count = 1};
    int64_t lower = collection->bytes > 0 ? collection->bytes / gigabyte : 0;
    reply_open(reply, name);
    reply_tree(reply, STR("ItemCollectionKey"), &key);
    reply_open_list(reply, STR("SizeEstimateRangeGB"));
    reply_double(reply, ANON, (double)lower);
    reply_double(reply, ANON, (double)(lower + 1));
    reply_close_list(reply);
    reply_close(reply);
}

static bool is_first_of_table(const struct collection *collections, size_t at) {
    for (size_t i = 0; i < at; i++)
        if (collections[i].table == collections[at].table)
            return false;
    return true;
}

/* Each collection once, however many of the writes are in it. */
static bool is_first_of_collection(const struct collection *collections, size_t at) {
    const struct collection *collection = &collections[at];
    str hash = collection->table->key.hash[0].name;
    str value = item_find(collection->item, hash)->bytes;
    for (size_t i = 0; i < at; i++)
        if (collections[i].table == collection->table &&
            str_eq(item_find(collections[i].item, hash)->bytes, value))
            return false;
    return true;
}

static void reply_collections_of_table(struct request *request, const struct collection *of,
                                       size_t from, size_t count) {
    reply_open_list(&request->reply, of[from].table->name);
    for (size_t i = from; i < count; i++)
        if (of[i].table == of[from].table && is_first_of_collection(of, i))
            reply_collection(request, ANON, &of[i]);
    reply_close_list(&request->reply);
}

void reply_collections(struct request *request, const struct collection *collections,
                       size_t count) {
    bool open = false;
    for (size_t i = 0; i < count; i++) {
        if (collections[i].table == NULL || !is_first_of_table(collections, i))
            continue;
        if (!open)
            reply_open(&request->reply, STR("ItemCollectionMetrics"));
        open = true;
        reply_collections_of_table(request, collections, i, count);
    }
    if (open)
        reply_close(&request->reply);
}
