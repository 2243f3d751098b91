#include "table/delivery_cursor.h"

#include "base/bytes.h"
#include "table/table_key.h"

enum { FORMAT_VERSION = 1, KEY_BYTES = 5, HEAD_BYTES = 2, LANE_BYTES = 16 };

str delivery_key(struct arena *arena, uint32_t log_id) {
    char *at = arena_bytes(arena, KEY_BYTES);
    at[0] = SPACE_DELIVERY;
    put_be32(at + 1, log_id);
    return (str){at, KEY_BYTES};
}

str delivery_encode(struct arena *arena, const struct delivery *delivery) {
    size_t bytes = HEAD_BYTES + (size_t)delivery->lane_count * LANE_BYTES;
    char *value = arena_bytes(arena, bytes), *at = value + HEAD_BYTES;
    value[0] = FORMAT_VERSION;
    value[1] = (char)delivery->lane_count;
    for (uint32_t i = 0; i < delivery->lane_count; i++, at += LANE_BYTES) {
        put_be32(at, delivery->lanes[i].shard);
        put_be64(at + 4, delivery->lanes[i].position.stamp);
        put_be32(at + 12, delivery->lanes[i].position.at);
    }
    return (str){value, bytes};
}

status delivery_decode(str key, str value, struct delivery *out) {
    if (key.len != KEY_BYTES || key.ptr[0] != SPACE_DELIVERY || value.len < HEAD_BYTES)
        return ST_CORRUPT;
    if (value.ptr[0] > FORMAT_VERSION)
        return ST_NEWER;
    size_t lanes = (unsigned char)value.ptr[1];
    if (value.ptr[0] != FORMAT_VERSION || lanes == 0 || lanes > CHANGE_SHARDS_MAX ||
        value.len != HEAD_BYTES + lanes * LANE_BYTES)
        return ST_CORRUPT;
    *out = (struct delivery){.log_id = get_be32(key.ptr + 1), .lane_count = (uint32_t)lanes};
    const char *at = value.ptr + HEAD_BYTES;
    for (size_t i = 0; i < lanes; i++, at += LANE_BYTES)
        out->lanes[i] = (struct delivery_lane){get_be32(at), {get_be64(at + 4), get_be32(at + 12)}};
    return ST_OK;
}
