/* A record is the images that the log's view asks for, as they are stored: bytes are copied once
 * into it, and encoded again only for keys where no image tells them, and for what an old image has
 * that the new one has not. */
#include "base/bytes.h"
#include "base/check.h"
#include "item/item_codec.h"
#include "table/change_log.h"
#include "table/table_key.h"
#include "table/table_sink.h"

enum { FORMAT_VERSION = 1, IMAGES_MAX = 3, PART_BEFORE = 1 };

struct record {
    struct kv_txn *txn;
    struct scope *scope;
    const struct change *change;
    const struct change_log *log;
    unsigned images; /* enum log_image */
    str image[IMAGES_MAX];
    size_t image_count;
};

static void add_image(struct record *record, enum log_image which, str stored) {
    if (stored.ptr == NULL)
        return;
    record->images |= which;
    record->image[record->image_count++] = stored;
}

static void add_before(struct record *record, str before, str after) {
    struct image_difference difference;
    if (before.ptr == NULL || after.ptr == NULL ||
        !image_difference_make(record->scope->arena, before, after, &difference)) {
        add_image(record, IMAGE_BEFORE, before);
        return;
    }
    add_image(record, IMAGE_DIFFERENCE, difference.shared);
    add_image(record, IMAGE_DIFFERENCE, difference.rest);
}

/* An item of the key alone, from an image. Members ascend by name, so most are not looked at. */
static str keys_of(struct scope *scope, const struct table *table, str stored) {
    struct item_member members[2 * KEY_PARTS_MAX];
    size_t count = 0, wanted = key_schema_count(&table->key);
    for (view_cursor c = view_first(item_map(stored)); count < wanted && view_next(&c);)
        if (key_schema_has(&table->key, c.name))
            members[count++] = (struct item_member){c.name, c.value};
    CHECK(count == wanted); /* stored items have their key */
    struct item_stamp stamp = item_stamp_of(stored);
    return item_encode_members(members, count, &stamp, scope->arena);
}

static void choose_images(struct record *record) {
    str before = record->change->before, after = record->change->after;
    switch (record->log->view) {
    case VIEW_KEYS_ONLY:
        break;
    case VIEW_NEW_IMAGE:
        add_image(record, IMAGE_AFTER, after);
        break;
    case VIEW_OLD_IMAGE:
        add_image(record, IMAGE_BEFORE, before);
        break;
    case VIEW_NEW_AND_OLD_IMAGES:
        add_image(record, IMAGE_AFTER, after);
        add_before(record, before, after);
        break;
    }
    if (record->image_count == 0)
        add_image(record, IMAGE_KEYS,
                  keys_of(record->scope, record->change->table, after.ptr ? after : before));
}

static size_t value_bytes(const struct record *record) {
    size_t bytes = RECORD_BYTES;
    for (size_t i = 0; i < record->image_count; i++)
        bytes += 4 + record->image[i].len;
    return bytes;
}

static void put_part(const struct record *record, unsigned part, str value) {
    const struct change *change = record->change;
    uint32_t slice = item_key_slice(change->key, record->log->shard_count);
    char head[RECORD_STAMP_AT], tail[RECORD_KEY_BYTES - RECORD_TAIL_AT];
    head[0] = SPACE_CHANGE;
    put_be32(head + 1, record->log->id);
    put_be32(head + 5, record->log->first_shard + slice);
    put_be16(tail, change->at);
    tail[2] = (char)part;
    kv_txn_put_stamped(record->txn, (str){head, sizeof head}, (str){tail, sizeof tail}, value);
}

static void put_record(struct record *record) {
    const struct change *change = record->change;
    size_t bytes = value_bytes(record);
    if (bytes > KV_VALUE_MAX && record->image_count > 1) { /* two images of the largest items */
        record->images = IMAGE_AFTER | IMAGE_BEFORE_APART;
        record->image_count = 1;
        put_part(record, PART_BEFORE, change->before);
        bytes = value_bytes(record);
    }
    char *value = arena_bytes(record->scope->arena, bytes), *at = value + RECORD_BYTES;
    value[0] = FORMAT_VERSION;
    value[1] = change->before.ptr == NULL  ? LOG_INSERT
               : change->after.ptr == NULL ? LOG_REMOVE
                                           : LOG_MODIFY;
    value[2] = change->cause == CAUSE_EXPIRY ? LOG_BY_EXPIRY : LOG_BY_USER;
    value[3] = (char)record->images;
    put_be64(value + 4, (uint64_t)change->time_us);
    for (size_t i = 0; i < record->image_count; i++) {
        put_be32(at, (uint32_t)record->image[i].len);
        memcpy(at + 4, record->image[i].ptr, record->image[i].len);
        at += 4 + record->image[i].len;
    }
    put_part(record, 0, (str){value, bytes});
}

status change_sink(struct kv_txn *txn, struct scope *scope, const struct change *change,
                   struct write_cost *cost) {
    (void)cost; /* logs cost a write nothing */
    const struct change_log *logs[] = {&change->table->stream, &change->table->destination};
    for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
        if (logs[i]->id == 0)
            continue;
        arena_mark mark = arena_get_mark(scope->arena);
        struct record record = {.txn = txn, .scope = scope, .change = change, .log = logs[i]};
        choose_images(&record);
        put_record(&record);
        arena_rewind(scope->arena, mark);
    }
    return ST_OK;
}
