/* Marks follow from the difference of two descriptions of a table, so no operation and no job puts
 * any: it changes the description, and what that means for shards is said here once. */
#include "table/change_log.h"

#include "base/bytes.h"
#include "base/check.h"
#include "item/item_codec.h"
#include "item/item_key.h"
#include "table/table_key.h"

enum { FORMAT_VERSION = 1 };
enum { MARKS = 0x02 }; /* in SPACE_STREAM, where descriptions have their kind */
enum mark_kind { MARK_OPENED = 0x01, MARK_CLOSED = 0x02 };
enum {
    MARK_PREFIX_BYTES = 10, /* of a shard */
    MARK_KEY_BYTES = 19,
    OPENED_BYTES = 21,
    CLOSED_BYTES = 9,
    DESCRIPTION_BYTES = 16, /* before the key schema */
    IMAGES_ALL = 2 * IMAGE_DIFFERENCE - 1
};

/* ---- descriptions ---- */

str log_description_key(struct arena *arena, enum log_kind kind, str table_name,
                        int64_t created_us) {
    struct buf key;
    buf_init(&key, arena, table_name.len + 11);
    buf_add_byte(&key, SPACE_STREAM);
    buf_add_byte(&key, kind);
    if (table_name.ptr == NULL)
        return buf_str(&key);
    buf_add_str(&key, table_name);
    buf_add_byte(&key, 0);
    put_be64(buf_reserve(&key, 8), (uint64_t)created_us);
    key.len += 8;
    return buf_str(&key);
}

str log_description_encode(struct arena *arena, const struct log_description *log) {
    struct buf out;
    buf_init(&out, arena, 128);
    char *at = buf_reserve(&out, DESCRIPTION_BYTES);
    at[0] = FORMAT_VERSION;
    at[1] = (char)log->view;
    put_be32(at + 2, log->id);
    put_be64(at + 6, (uint64_t)log->closed_us);
    at[14] = (char)log->key.hash_count;
    at[15] = (char)log->key.range_count;
    out.len += DESCRIPTION_BYTES;
    for (size_t i = 0; i < key_schema_count(&log->key); i++) {
        const struct key_attribute *part = key_schema_part(&log->key, i);
        buf_add_byte(&out, (unsigned char)part->kind);
        unsigned char *len_at = (unsigned char *)buf_reserve(&out, VARINT_MAX);
        out.len += put_varint(len_at, (uint32_t)part->name.len);
        buf_add_str(&out, part->name);
    }
    return buf_str(&out);
}

static bool parts_decode(str bytes, struct key_attribute *out, size_t count, str *out_rest) {
    for (size_t i = 0; i < count; i++) {
        const unsigned char *at = (const unsigned char *)bytes.ptr;
        uint32_t len;
        size_t used = bytes.len < 2 ? 0 : get_varint(at + 1, at + bytes.len, &len);
        if (used == 0 || len > bytes.len - 1 - used)
            return false;
        out[i] = (struct key_attribute){str_slice(bytes, 1 + used, 1 + used + len),
                                        (enum value_kind)at[0]};
        bytes = str_slice(bytes, 1 + used + len, bytes.len);
    }
    *out_rest = bytes;
    return true;
}

status log_description_decode(str key, str value, struct log_description *out) {
    if (key.len < 12 || key.ptr[0] != SPACE_STREAM || key.ptr[key.len - 9] != 0 ||
        (key.ptr[1] != LOG_OF_STREAM && key.ptr[1] != LOG_OF_DESTINATION) ||
        value.len < DESCRIPTION_BYTES)
        return ST_CORRUPT;
    if (value.ptr[0] > FORMAT_VERSION)
        return ST_NEWER;
    *out = (struct log_description){
        .table_name = str_slice(key, 2, key.len - 9),
        .created_us = (int64_t)get_be64(key.ptr + key.len - 8),
        .closed_us = (int64_t)get_be64(value.ptr + 6),
        .id = get_be32(value.ptr + 2),
        .kind = (enum log_kind)key.ptr[1],
        .view = (enum stream_view)(unsigned char)value.ptr[1],
    };
    size_t hashes = (unsigned char)value.ptr[14], ranges = (unsigned char)value.ptr[15];
    str rest = str_slice(value, DESCRIPTION_BYTES, value.len);
    if (value.ptr[0] != FORMAT_VERSION || out->id == 0 || out->view > VIEW_NEW_AND_OLD_IMAGES ||
        hashes == 0 || hashes > KEY_PARTS_MAX || ranges > KEY_PARTS_MAX ||
        !parts_decode(rest, out->key.hash, hashes, &rest) ||
        !parts_decode(rest, out->key.range, ranges, &rest) || rest.len != 0)
        return ST_CORRUPT;
    out->key.hash_count = hashes;
    out->key.range_count = ranges;
    return ST_OK;
}

/* ---- marks ---- */

static void put_shard_prefix(char *at, uint32_t log_id, uint32_t shard) {
    at[0] = SPACE_STREAM;
    at[1] = MARKS;
    put_be32(at + 2, log_id);
    put_be32(at + 6, shard);
}

str log_shard_key(struct arena *arena, uint32_t log_id, uint32_t shard) {
    char *at = arena_bytes(arena, MARK_PREFIX_BYTES);
    put_shard_prefix(at, log_id, shard);
    return (str){at, MARK_PREFIX_BYTES};
}

bool log_mark_key_decode(str key, uint32_t *out_log_id, uint32_t *out_shard) {
    if (key.len != MARK_KEY_BYTES || key.ptr[0] != SPACE_STREAM || key.ptr[1] != MARKS)
        return false;
    *out_log_id = get_be32(key.ptr + 2);
    *out_shard = get_be32(key.ptr + 6);
    return true;
}

static status mark_decode(const kv_pair *pair, enum mark_kind kind, size_t value_len) {
    uint32_t log_id, shard;
    if (!log_mark_key_decode(pair->key, &log_id, &shard) || pair->value.len == 0)
        return ST_CORRUPT;
    if (pair->value.ptr[0] > FORMAT_VERSION)
        return ST_NEWER;
    bool whole = pair->value.ptr[0] == FORMAT_VERSION && pair->value.len == value_len &&
                 pair->key.ptr[MARK_PREFIX_BYTES] == (char)kind;
    return whole ? ST_OK : ST_CORRUPT;
}

status log_shard_decode(const kv_pair *pairs, size_t count, struct log_shard *out,
                        size_t *out_used) {
    CHECK(count > 0);
    TRY(mark_decode(&pairs[0], MARK_OPENED, OPENED_BYTES));
    str key = pairs[0].key, prefix = str_slice(key, 0, MARK_PREFIX_BYTES);
    *out = (struct log_shard){.log_id = get_be32(key.ptr + 2),
                              .number = get_be32(key.ptr + 6),
                              .parent = get_be32(pairs[0].value.ptr + 9),
                              .opened_us = (int64_t)get_be64(pairs[0].value.ptr + 1),
                              .parent_opened_us = (int64_t)get_be64(pairs[0].value.ptr + 13),
                              .first_stamp = get_be64(key.ptr + MARK_PREFIX_BYTES + 1)};
    *out_used = 1;
    if (count == 1 || !str_starts_with(pairs[1].key, prefix))
        return ST_OK;
    TRY(mark_decode(&pairs[1], MARK_CLOSED, CLOSED_BYTES));
    out->closed_us = (int64_t)get_be64(pairs[1].value.ptr + 1);
    out->end_stamp = get_be64(pairs[1].key.ptr + MARK_PREFIX_BYTES + 1);
    *out_used = 2;
    return out->end_stamp > out->first_stamp && out->closed_us != 0 ? ST_OK : ST_CORRUPT;
}

status log_shard_find(struct kv *kv, struct arena *arena, uint32_t log_id, uint32_t shard,
                      struct log_shard *out) {
    str from = log_shard_key(arena, log_id, shard);
    struct kv_range range = {.from = from, .to = key_prefix_end(from, arena)};
    struct kv_page page;
    size_t used;
    TRY(kv_scan(kv, NULL, arena, &range, 2, SIZE_MAX, &page));
    return page.count == 0 ? ST_NOT_FOUND : log_shard_decode(page.pairs, page.count, out, &used);
}

static void put_mark(struct kv_txn *txn, const struct log_shard *shard, enum mark_kind kind) {
    bool opened = kind == MARK_OPENED;
    char head[MARK_PREFIX_BYTES + 1], value[OPENED_BYTES];
    put_shard_prefix(head, shard->log_id, shard->number);
    head[MARK_PREFIX_BYTES] = (char)kind;
    value[0] = FORMAT_VERSION;
    put_be64(value + 1, (uint64_t)(opened ? shard->opened_us : shard->closed_us));
    put_be32(value + 9, shard->parent);
    put_be64(value + 13, (uint64_t)shard->parent_opened_us);
    kv_txn_put_stamped(txn, (str){head, sizeof head}, (str){"", 0},
                       (str){value, opened ? OPENED_BYTES : CLOSED_BYTES});
}

/* ---- records ---- */

str log_record_key(struct arena *arena, uint32_t log_id, uint32_t shard,
                   struct log_position position) {
    if (position.at > UINT16_MAX)
        position = (struct log_position){position.stamp + 1, 0};
    char *at = arena_bytes(arena, RECORD_KEY_BYTES);
    at[0] = SPACE_CHANGE;
    put_be32(at + 1, log_id);
    put_be32(at + 5, shard);
    put_be64(at + RECORD_STAMP_AT, position.stamp);
    put_be16(at + RECORD_TAIL_AT, (uint16_t)position.at);
    at[19] = 0;
    return (str){at, RECORD_KEY_BYTES};
}

status log_record_key_decode(str key, uint32_t *out_log_id, uint32_t *out_shard,
                             struct log_position *out, uint32_t *out_part) {
    if (key.len != RECORD_KEY_BYTES || key.ptr[0] != SPACE_CHANGE || (unsigned char)key.ptr[19] > 1)
        return ST_CORRUPT;
    *out_log_id = get_be32(key.ptr + 1);
    *out_shard = get_be32(key.ptr + 5);
    *out = (struct log_position){get_be64(key.ptr + RECORD_STAMP_AT),
                                 get_be16(key.ptr + RECORD_TAIL_AT)};
    *out_part = (unsigned char)key.ptr[19];
    return ST_OK;
}

static status part_decode(str *rest, str *out) {
    if (rest->len < 4 || rest->len - 4 < get_be32(rest->ptr))
        return ST_CORRUPT;
    size_t len = get_be32(rest->ptr);
    *out = str_slice(*rest, 4, 4 + len);
    *rest = str_slice(*rest, 4 + len, rest->len);
    return ST_OK;
}

static status image_decode(str *rest, str *out) {
    view map;
    TRY(part_decode(rest, out));
    return item_open(*out, &map);
}

static status images_decode(struct arena *arena, str rest, unsigned images,
                            struct log_record *out) {
    if (images & IMAGE_KEYS)
        TRY(image_decode(&rest, &out->keys));
    if (images & IMAGE_AFTER)
        TRY(image_decode(&rest, &out->after));
    if (images & IMAGE_BEFORE)
        TRY(image_decode(&rest, &out->before));
    if (images & IMAGE_DIFFERENCE) {
        struct image_difference difference;
        TRY(part_decode(&rest, &difference.shared));
        TRY(image_decode(&rest, &difference.rest));
        if (out->after.ptr == NULL || out->before.ptr != NULL)
            return ST_CORRUPT;
        TRY(image_difference_apply(arena, out->after, &difference, &out->before));
    }
    return rest.len == 0 ? ST_OK : ST_CORRUPT;
}

status log_record_decode(struct arena *arena, str key, str value, struct log_record *out) {
    uint32_t log_id, shard, part;
    *out = (struct log_record){};
    TRY(log_record_key_decode(key, &log_id, &shard, &out->position, &part));
    if (part != 0 || value.len < RECORD_BYTES)
        return ST_CORRUPT;
    if (value.ptr[0] > FORMAT_VERSION)
        return ST_NEWER;
    unsigned images = (unsigned char)value.ptr[3];
    out->event = (enum log_event)value.ptr[1];
    out->cause = (enum log_cause)(unsigned char)value.ptr[2];
    out->time_us = (int64_t)get_be64(value.ptr + 4);
    out->before_apart = images & IMAGE_BEFORE_APART;
    if (value.ptr[0] != FORMAT_VERSION || out->event < LOG_INSERT || out->event > LOG_REMOVE ||
        out->cause > LOG_BY_EXPIRY || images == 0 || images > IMAGES_ALL)
        return ST_CORRUPT;
    return images_decode(arena, str_slice(value, RECORD_BYTES, value.len), images, out);
}

/* ---- beginning, rolling over, ending ---- */

static enum log_kind kind_of(const struct table *table, const struct change_log *log) {
    return log == &table->stream ? LOG_OF_STREAM : LOG_OF_DESTINATION;
}

static struct log_description description_of(const struct table *table,
                                             const struct change_log *log) {
    return (struct log_description){
        .table_name = table->name,
        .created_us = log->created_us,
        .id = log->id,
        .kind = kind_of(table, log),
        .view = log->view,
        .key = table->key,
    };
}

static str description_key(struct arena *arena, const struct table *table,
                           const struct change_log *log) {
    return log_description_key(arena, kind_of(table, log), table->name, log->created_us);
}

static void put_description(struct kv_txn *txn, struct arena *arena, const struct table *table,
                            const struct change_log *log, int64_t closed_us) {
    struct log_description description = description_of(table, log);
    description.closed_us = closed_us;
    kv_txn_put(txn, description_key(arena, table, log),
               log_description_encode(arena, &description));
}

/* Retention counts from here. A clock that is behind for a while must not end what is new. */
static int64_t closing_time(const struct change_log *log, int64_t now_us) {
    return now_us > log->opened_us ? now_us : log->opened_us;
}

static void close_shards(struct kv_txn *txn, const struct change_log *log, int64_t closed_us) {
    for (uint32_t i = 0; i < log->shard_count; i++) {
        struct log_shard shard = {
            .log_id = log->id, .number = log->first_shard + i, .closed_us = closed_us};
        put_mark(txn, &shard, MARK_CLOSED);
    }
}

/* Each is the child of one of `parent`, which may be NULL. */
static void open_shards(struct kv_txn *txn, const struct change_log *log,
                        const struct change_log *parent) {
    for (uint32_t i = 0; i < log->shard_count; i++) {
        struct log_shard shard = {.log_id = log->id,
                                  .number = log->first_shard + i,
                                  .opened_us = log->opened_us,
                                  .parent = parent ? parent->first_shard + i : no_shard,
                                  .parent_opened_us = parent ? parent->opened_us : 0};
        put_mark(txn, &shard, MARK_OPENED);
    }
}

static void follow(struct kv_txn *txn, struct scope *scope, const struct table *before,
                   const struct change_log *old, const struct table *after,
                   const struct change_log *new) {
    bool same = old != NULL && old->id == new->id;
    if (new->id == 0 && (old == NULL || old->id == 0))
        return;
    if (same && old->first_shard == new->first_shard)
        return;
    if (same)
        CHECK(old->shard_count == new->shard_count); /* a child for each parent */
    if (old != NULL && old->id != 0)
        close_shards(txn, old, closing_time(old, scope->now_us));
    if (old != NULL && old->id != 0 && !same)
        put_description(txn, scope->arena, before, old, closing_time(old, scope->now_us));
    if (new->id != 0 && !same)
        put_description(txn, scope->arena, after, new, 0);
    if (new->id != 0)
        open_shards(txn, new, same ? old : NULL);
}

void change_logs_follow(struct kv_txn *txn, struct scope *scope, const struct table *before,
                        const struct table *after) {
    follow(txn, scope, before, before ? &before->stream : NULL, after, &after->stream);
    follow(txn, scope, before, before ? &before->destination : NULL, after, &after->destination);
}

size_t change_log_keys(struct arena *arena, const struct table *table, str out_keys[2]) {
    const struct change_log *logs[] = {&table->stream, &table->destination};
    size_t count = 0;
    for (size_t i = 0; i < 2; i++)
        if (logs[i]->id != 0)
            out_keys[count++] = description_key(arena, table, logs[i]);
    return count;
}

static status close_log(struct kv_txn *txn, struct arena *arena, const struct table *table,
                        const struct change_log *log, int64_t now_us) {
    if (log->id == 0)
        return ST_OK;
    str key = description_key(arena, table, log), value;
    struct log_description description;
    status st = kv_txn_find(txn, arena, key, &value);
    if (st == ST_NOT_FOUND)
        return ST_OK; /* closed so long ago that it was trimmed */
    TRY(st);
    TRY(log_description_decode(key, value, &description));
    if (description.closed_us != 0)
        return ST_OK;
    close_shards(txn, log, closing_time(log, now_us));
    put_description(txn, arena, table, log, closing_time(log, now_us));
    return ST_OK;
}

status change_logs_close(struct kv_txn *txn, struct arena *arena, const struct table *table,
                         int64_t now_us) {
    TRY(close_log(txn, arena, table, &table->stream, now_us));
    return close_log(txn, arena, table, &table->destination, now_us);
}

struct numbering {
    struct arena *arena;
    str key;
    uint32_t id;
};

static status number_body(struct kv_txn *txn, void *context) {
    struct numbering *numbering = context;
    str found;
    status st = kv_txn_find(txn, numbering->arena, numbering->key, &found);
    if (st != ST_OK && st != ST_NOT_FOUND)
        return st;
    if (st == ST_OK && found.len != 4)
        return ST_CORRUPT;
    numbering->id = st == ST_OK ? get_be32(found.ptr) : 1;
    char next[4];
    put_be32(next, numbering->id + 1);
    kv_txn_put(txn, numbering->key, (str){next, sizeof next});
    return ST_OK;
}

/* A number in an update of its own: if what it was taken for fails, it is never used. */
static status begin(struct database *database, struct scope *scope, const struct table *table,
                    struct change_log *log) {
    if (log->id != CHANGE_LOG_NEW)
        return ST_OK;
    struct numbering numbering = {.arena = scope->arena, .key = STR("\x03next_log_id")};
    uint64_t ticket;
    TRY(kv_update(database->kv,
                  &(struct kv_keys){.exclusive = &numbering.key, .exclusive_count = 1}, number_body,
                  &numbering, &ticket));
    TRY(kv_ticket_wait(database->kv, ticket));
    /* The time is the log's name, in milliseconds, and no two logs of a table share one. */
    int64_t created_us = scope->now_us / 1000 * 1000;
    status st = ST_OK;
    for (str found; st == ST_OK; created_us += 1000) {
        log->created_us = created_us;
        st = kv_find(database->kv, NULL, scope->arena, description_key(scope->arena, table, log),
                     &found);
    }
    if (st != ST_NOT_FOUND)
        return st;
    log->id = numbering.id;
    log->opened_us = scope->now_us;
    log->first_shard = 0;
    log->shard_count = database->stream_shards;
    return ST_OK;
}

status change_logs_begin(struct database *database, struct scope *scope, struct table *table) {
    TRY(begin(database, scope, table, &table->stream));
    return begin(database, scope, table, &table->destination);
}
