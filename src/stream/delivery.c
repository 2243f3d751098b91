#include "stream/delivery.h"

enum { PAGE_BYTES = 1024 * 1024, MARKS_PAGE = 4 * CHANGE_SHARDS_MAX };

/* ---- how far ---- */

status delivery_open(struct database *database, struct scope *scope, uint32_t log_id,
                     uint32_t lane_count, struct delivery *out) {
    str key = delivery_key(scope->arena, log_id), value;
    *out = (struct delivery){.log_id = log_id, .lane_count = lane_count};
    for (uint32_t i = 0; i < lane_count; i++)
        out->lanes[i].shard = i;
    status st = kv_find(database->kv, NULL, scope->arena, key, &value);
    if (st != ST_OK)
        return st == ST_NOT_FOUND ? ST_OK : st;
    TRY(delivery_decode(key, value, out));
    return out->lane_count == lane_count ? ST_OK : ST_CORRUPT;
}

static status save_body(struct kv_txn *txn, void *context) {
    const kv_pair *pair = context;
    kv_txn_put(txn, pair->key, pair->value);
    return ST_OK;
}

status delivery_save(struct database *database, struct scope *scope,
                     const struct delivery *delivery) {
    kv_pair pair = {delivery_key(scope->arena, delivery->log_id),
                    delivery_encode(scope->arena, delivery)};
    struct kv_keys keys = {.exclusive = &pair.key, .exclusive_count = 1};
    uint64_t ticket;
    TRY(kv_update(database->kv, &keys, save_body, &pair, &ticket));
    return kv_ticket_wait(database->kv, ticket);
}

/* ---- records ---- */

/* The lane's first shard that is there, from `from` on. ST_NOT_FOUND: there is none. */
static status find_shard(struct database *database, struct scope *scope,
                         const struct delivery *delivery, size_t lane, uint32_t from,
                         struct log_shard *out) {
    struct kv_range range = {.from = log_shard_key(scope->arena, delivery->log_id, from),
                             .to = log_shard_key(scope->arena, delivery->log_id + 1, 0)};
    struct kv_page page;
    TRY(kv_scan(database->kv, NULL, scope->arena, &range, MARKS_PAGE, SIZE_MAX, &page));
    for (size_t i = 0; i < page.count; i++) {
        uint32_t log_id, number;
        if (!log_mark_key_decode(page.pairs[i].key, &log_id, &number))
            return ST_CORRUPT;
        if (number % delivery->lane_count == lane)
            return log_shard_find(database->kv, scope->arena, log_id, number, out);
    }
    return ST_NOT_FOUND;
}

static status read_shard(struct database *database, struct scope *scope,
                         const struct log_shard *shard, struct log_position position, size_t limit,
                         struct lane_page *out) {
    struct arena *arena = scope->arena;
    struct kv_range range = {
        .from = log_record_key(arena, shard->log_id, shard->number, position),
        .to = log_record_key(arena, shard->log_id, shard->number + 1, (struct log_position){})};
    struct kv_page page;
    struct record_page decoded = {};
    TRY(kv_scan(database->kv, NULL, arena, &range, limit, PAGE_BYTES, &page));
    TRY(stream_records_decode(database, scope, &page, &decoded));
    out->shard = shard->number;
    out->records = decoded.records;
    out->count = decoded.count;
    out->next = (struct delivery_lane){shard->number, position};
    if (out->count > 0) {
        out->next.position = out->records[out->count - 1].position;
        out->next.position.at++;
    }
    out->state = page.more ? LANE_MORE : LANE_AWAIT;
    return ST_OK;
}

/* The shard is looked up before its records are: if it is closed then, it does not grow. */
status delivery_read(struct database *database, struct scope *scope,
                     const struct delivery *delivery, size_t lane, size_t limit,
                     struct lane_page *out) {
    struct delivery_lane at = delivery->lanes[lane];
    struct log_shard shard;
    *out = (struct lane_page){.state = LANE_ENDED, .next = at};
    for (;;) {
        status st = find_shard(database, scope, delivery, lane, at.shard, &shard);
        if (st == ST_NOT_FOUND)
            return ST_OK;
        TRY(st);
        if (shard.number != at.shard)
            at = (struct delivery_lane){shard.number, {}};
        TRY(read_shard(database, scope, &shard, at.position, limit, out));
        if (out->state == LANE_MORE || shard.closed_us == 0)
            return ST_OK;
        at = (struct delivery_lane){shard.number + delivery->lane_count, {}};
        out->next = at;
        if (out->count > 0) {
            out->state = LANE_MORE;
            return ST_OK;
        }
        *out = (struct lane_page){.state = LANE_ENDED, .next = at};
    }
}
