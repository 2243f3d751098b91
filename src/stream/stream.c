#include "stream/stream.h"

#include "item/item_key.h"
#include "stream/stream_text.h"

enum { PAGE_BYTES = 1024 * 1024 };

/* ---- streams ---- */

static void stream_fill(struct database *database, struct scope *scope, struct stream *stream) {
    stream->label = stream_label_write(scope->arena, stream->log.created_us);
    stream->arn = stream_arn_write(scope->arena, database, stream->log.table_name, stream->label);
}

static status not_found(struct scope *scope, str arn) {
    return fail(scope, ERROR_ResourceNotFoundException,
                "Requested resource not found: Stream: %.*s not found", STR_ARG(arn));
}

static status invalid_arn(struct scope *scope, str arn) {
    return fail_validation(scope, "Invalid StreamArn: %.*s", STR_ARG(arn));
}

status stream_find(struct database *database, struct scope *scope, str arn, struct stream *out) {
    struct stream_arn parts;
    int64_t created_us;
    str value;
    if (!stream_arn_read(arn, &parts))
        return invalid_arn(scope, arn);
    if (!stream_label_read(parts.label, &created_us))
        return not_found(scope, arn);
    str key = log_description_key(scope->arena, LOG_OF_STREAM, parts.table_name, created_us);
    status st = kv_find(database->kv, NULL, scope->arena, key, &value);
    if (st == ST_NOT_FOUND)
        return not_found(scope, arn);
    TRY(st);
    TRY(log_description_decode(key, value, &out->log));
    stream_fill(database, scope, out);
    /* Another account or region, or a date that is none. */
    if (!str_eq(out->arn, arn) || stream_is_past(database, out->log.closed_us, scope->now_us))
        return not_found(scope, arn);
    return ST_OK;
}

static status list_range(struct scope *scope, str table_name, str after_arn, struct kv_range *out) {
    struct arena *arena = scope->arena;
    str prefix = log_description_key(arena, LOG_OF_STREAM, table_name, 0);
    if (table_name.ptr != NULL)
        prefix = str_slice(prefix, 0, prefix.len - sizeof(int64_t));
    *out = (struct kv_range){.from = prefix, .to = key_prefix_end(prefix, arena)};
    if (after_arn.ptr == NULL)
        return ST_OK;
    struct stream_arn parts;
    int64_t created_us = 0;
    if (!stream_arn_read(after_arn, &parts))
        return invalid_arn(scope, after_arn);
    if (stream_label_read(parts.label, &created_us))
        created_us++;
    str after = log_description_key(arena, LOG_OF_STREAM, parts.table_name, created_us);
    if (str_cmp(after, out->from) > 0)
        out->from = after;
    return ST_OK;
}

status stream_list(struct database *database, struct scope *scope, str table_name, str after_arn,
                   size_t limit, struct stream_page *out) {
    struct kv_range range;
    struct kv_page page = {.more = true};
    TRY(list_range(scope, table_name, after_arn, &range));
    *out = (struct stream_page){.streams = arena_array(scope->arena, struct stream, limit)};
    while (page.more) {
        TRY(kv_scan(database->kv, NULL, scope->arena, &range, limit + 1, PAGE_BYTES, &page));
        for (size_t i = 0; i < page.count; i++) {
            struct stream stream;
            TRY(log_description_decode(page.pairs[i].key, page.pairs[i].value, &stream.log));
            if (stream_is_past(database, stream.log.closed_us, scope->now_us))
                continue;
            out->more = out->count == limit;
            if (out->more)
                return ST_OK;
            stream_fill(database, scope, &stream);
            out->streams[out->count++] = stream;
        }
        if (page.more)
            range.from =
                arena_printf(scope->arena, "%.*s%c", STR_ARG(page.pairs[page.count - 1].key), 0);
    }
    return ST_OK;
}

/* ---- shards ---- */

/* The shards of a page, up to one more than the limit; *out_used: of its pairs. A pair at the end
 * may have its other mark on the next page. */
static status shards_add(struct database *database, struct scope *scope, const struct kv_page *page,
                         size_t limit, struct shard_page *out, size_t *out_used) {
    for (size_t at = 0, used; at < page->count; at += used) {
        struct log_shard shard;
        *out_used = at;
        if (at + 1 == page->count && page->more)
            return ST_OK;
        TRY(log_shard_decode(&page->pairs[at], page->count - at, &shard, &used));
        if (stream_is_past(database, shard.closed_us, scope->now_us))
            continue;
        out->more = out->count == limit;
        if (out->more)
            return ST_OK;
        out->shards[out->count++] = shard;
    }
    *out_used = page->count;
    return ST_OK;
}

status stream_shards(struct database *database, struct scope *scope, const struct stream *stream,
                     uint32_t from, size_t limit, struct shard_page *out) {
    struct kv_range range = {.from = log_shard_key(scope->arena, stream->log.id, from),
                             .to = log_shard_key(scope->arena, stream->log.id + 1, 0)};
    struct kv_page page = {.more = true};
    *out = (struct shard_page){.shards = arena_array(scope->arena, struct log_shard, limit)};
    while (page.more && !out->more) {
        size_t used = 0;
        TRY(kv_scan(database->kv, NULL, scope->arena, &range, 2 * limit + 2, PAGE_BYTES, &page));
        TRY(shards_add(database, scope, &page, limit, out, &used));
        if (used < page.count)
            range.from = page.pairs[used].key;
        else if (page.more)
            range.from =
                arena_printf(scope->arena, "%.*s%c", STR_ARG(page.pairs[page.count - 1].key), 0);
    }
    return ST_OK;
}

/* All open shards are replaced at once, so a child's number is less than two generations away. */
status stream_children(struct database *database, struct scope *scope, const struct stream *stream,
                       uint32_t parent, struct shard_page *out) {
    TRY(stream_shards(database, scope, stream, parent + 1, 2 * CHANGE_SHARDS_MAX, out));
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++)
        if (out->shards[i].parent == parent)
            out->shards[kept++] = out->shards[i];
    out->count = kept;
    out->more = false;
    return ST_OK;
}

status stream_shard_find(struct database *database, struct scope *scope,
                         const struct stream *stream, str shard_id, struct log_shard *out) {
    uint32_t number;
    int64_t opened_ms;
    if (!shard_id_read(shard_id, &number, &opened_ms))
        return ST_NOT_FOUND;
    TRY(log_shard_find(database->kv, scope->arena, stream->log.id, number, out));
    return out->opened_us / 1000 == opened_ms ? ST_OK : ST_NOT_FOUND;
}
