#include "stream/stream_read.h"

#include "base/thread.h"
#include "item/item_codec.h"
#include "table/loop_work.h"

enum { PAGE_BYTES = 1024 * 1024 };
static const int64_t iterator_life_us = 15 * 60 * (int64_t)1000000;

/* A shard, and what is asked of it. */
struct reading {
    struct database *database;
    struct scope *scope;
    struct log_shard shard;
    int64_t horizon_us; /* records from before are not shown */
};

static struct reading reading_of(struct database *database, struct scope *scope) {
    return (struct reading){.database = database,
                            .scope = scope,
                            .horizon_us = scope->now_us - database->stream_retention_us};
}

static status trimmed(struct scope *scope) {
    return fail(scope, ERROR_TrimmedDataAccessException,
                "The data you are trying to access has been trimmed.");
}

static int position_cmp(struct log_position a, struct log_position b) {
    if (a.stamp != b.stamp)
        return a.stamp < b.stamp ? -1 : 1;
    return (a.at > b.at) - (a.at < b.at);
}

static status scan(const struct reading *reading, struct arena *arena, struct log_position position,
                   size_t count, bool backward, struct kv_page *out) {
    uint32_t log_id = reading->shard.log_id, shard = reading->shard.number;
    struct kv_range range = {.from = log_record_key(arena, log_id, shard, position),
                             .to =
                                 log_record_key(arena, log_id, shard + 1, (struct log_position){}),
                             .backward = backward};
    return kv_scan(reading->database->kv, NULL, arena, &range, count, PAGE_BYTES, out);
}

/* The first record at or behind `position`, or the last one of the shard. ST_NOT_FOUND: none. */
static status look(const struct reading *reading, struct log_position position, bool last,
                   struct log_position *out, int64_t *out_time_us) {
    struct arena *scratch = reading->scope->scratch;
    arena_mark mark = arena_get_mark(scratch);
    struct kv_page page;
    uint32_t log_id, shard, part;
    struct log_record record;
    status st = scan(reading, scratch, position, 1, last, &page);
    if (st == ST_OK && page.count == 0)
        st = ST_NOT_FOUND;
    if (st == ST_OK && last)
        st = log_record_key_decode(page.pairs[0].key, &log_id, &shard, out, &part);
    else if (st == ST_OK)
        st = log_record_decode(scratch, page.pairs[0].key, page.pairs[0].value, &record);
    if (st == ST_OK && !last) {
        *out = record.position;
        *out_time_us = record.time_us;
    }
    arena_rewind(scratch, mark);
    return st;
}

/* ---- what is too old ---- */

/* A shard that opened after the horizon holds nothing from before it. */
static bool may_hold_old(const struct reading *reading) {
    return reading->shard.opened_us < reading->horizon_us;
}

static status is_trimmed(const struct reading *reading, struct log_position position, bool *out) {
    struct log_position found;
    int64_t time_us;
    *out = false;
    if (!may_hold_old(reading))
        return ST_OK;
    status st = look(reading, position, false, &found, &time_us);
    if (st == ST_NOT_FOUND)
        return ST_OK;
    TRY(st);
    *out = time_us < reading->horizon_us;
    return ST_OK;
}

/* The first position that is kept: times grow with stamps, but for the little by which requests
 * overtake each other, so halving finds it. */
static status find_horizon(const struct reading *reading, struct log_position *out) {
    struct log_position low = {}, high = {}, found;
    int64_t time_us;
    if (!thread_may_wait())
        return ST_WOULD_WAIT;
    status st = look(reading, low, true, &high, &time_us);
    if (st != ST_OK)
        return st == ST_NOT_FOUND ? ST_OK : st;
    high = (struct log_position){high.stamp + 1, 0};
    while (low.stamp < high.stamp) {
        struct log_position middle = {low.stamp + (high.stamp - low.stamp) / 2, 0};
        st = look(reading, middle, false, &found, &time_us);
        if (st != ST_OK && st != ST_NOT_FOUND)
            return st;
        if (st == ST_OK && time_us < reading->horizon_us)
            low.stamp = found.stamp + 1; /* records of one update have one time */
        else
            high = middle;
    }
    *out = (struct log_position){low.stamp, 0};
    return ST_OK;
}

/* ---- iterators ---- */

static status position_of_number(const struct reading *reading, str number, enum iterator_kind kind,
                                 struct log_position *out) {
    struct scope *scope = reading->scope;
    const struct log_shard *shard = &reading->shard;
    if (number.ptr == NULL)
        return fail_validation(scope, "SequenceNumber must be specified when ShardIteratorType is "
                                      "AT_SEQUENCE_NUMBER or AFTER_SEQUENCE_NUMBER");
    if (!sequence_number_read(number, out))
        return fail_validation(scope, "Invalid SequenceNumber: %.*s", STR_ARG(number));
    if (position_cmp(*out, shard_start(shard)) < 0 ||
        (shard->closed_us != 0 && position_cmp(*out, shard_end(shard)) > 0))
        return fail_validation(scope,
                               "Invalid SequenceNumber: %.*s is not in the range of the shard",
                               STR_ARG(number));
    if (kind == AFTER_SEQUENCE_NUMBER)
        out->at++;
    bool is_past = stream_is_past(reading->database, shard->closed_us, scope->now_us);
    if (!is_past)
        TRY(is_trimmed(reading, *out, &is_past));
    return is_past ? trimmed(scope) : ST_OK;
}

status stream_iterator_make(struct database *database, struct scope *scope,
                            const struct stream *stream, str shard_id, enum iterator_kind kind,
                            str sequence_number, str *out_iterator) {
    struct reading reading = reading_of(database, scope);
    struct shard_iterator iterator = {.stream_arn = stream->arn,
                                      .log_id = stream->log.id,
                                      .trim_horizon = kind == AT_TRIM_HORIZON,
                                      .issued_us = scope->now_us};
    int64_t time_us;
    status st = stream_shard_find(database, scope, stream, shard_id, &reading.shard);
    if (st == ST_NOT_FOUND)
        return fail(scope, ERROR_ResourceNotFoundException,
                    "Requested resource not found: Shard does not exist");
    TRY(st);
    iterator.shard = reading.shard.number;
    switch (kind) {
    case AT_TRIM_HORIZON:
        break;
    case AT_LATEST:
        st = look(&reading, iterator.position, true, &iterator.position, &time_us);
        if (st != ST_OK && st != ST_NOT_FOUND)
            return st;
        if (st == ST_OK)
            iterator.position.at++;
        break;
    case AT_SEQUENCE_NUMBER:
    case AFTER_SEQUENCE_NUMBER:
        TRY(position_of_number(&reading, sequence_number, kind, &iterator.position));
        break;
    }
    *out_iterator = shard_iterator_write(scope->arena, &iterator);
    return ST_OK;
}

/* ---- pages ---- */

/* The old image that was too large to lie beside the new one. */
static status find_before(struct database *database, struct scope *scope, const kv_pair *pair,
                          struct log_record *record) {
    str key = arena_copy(scope->arena, pair->key);
    view map;
    ((char *)key.ptr)[key.len - 1] = 1;
    status st = kv_find(database->kv, NULL, scope->arena, key, &record->before);
    if (st == ST_NOT_FOUND)
        return ST_CORRUPT;
    TRY(st);
    return item_open(record->before, &map);
}

/* An old image may be longer than what was stored of it, so what has been scanned can be more than
 * a page; what is over it is left for the next one. */
status stream_records_decode(struct database *database, struct scope *scope, struct kv_page *page,
                             struct record_page *out) {
    struct loop_work work = {};
    size_t bytes = 0;
    uint32_t log_id, shard, part;
    struct log_position position;
    out->records = arena_array(scope->arena, struct log_record, page->count);
    for (size_t i = 0; i < page->count; i++) {
        const kv_pair *pair = &page->pairs[i];
        TRY(log_record_key_decode(pair->key, &log_id, &shard, &position, &part));
        if (part != 0)
            continue;
        struct log_record *record = &out->records[out->count];
        TRY(log_record_decode(scope->arena, pair->key, pair->value, record));
        if (record->before_apart)
            TRY(find_before(database, scope, pair, record));
        size_t images = record->keys.len + record->after.len + record->before.len;
        TRY(loop_work_add(&work, images, NULL));
        bytes += images;
        page->more |= bytes > PAGE_BYTES && out->count > 0;
        if (bytes > PAGE_BYTES && out->count > 0)
            break;
        out->count++;
    }
    return ST_OK;
}

static status open_iterator(struct reading *reading, str text, struct shard_iterator *iterator,
                            struct stream *out_stream) {
    struct scope *scope = reading->scope;
    if (!shard_iterator_read(scope->arena, text, iterator))
        return fail_validation(scope, "Invalid ShardIterator");
    TRY(stream_find(reading->database, scope, iterator->stream_arn, out_stream));
    if (iterator->log_id != out_stream->log.id)
        return fail_validation(scope, "Invalid ShardIterator");
    if (iterator->issued_us + iterator_life_us < scope->now_us)
        return fail(scope, ERROR_ExpiredIteratorException,
                    "The shard iterator has expired: iterators are good for 15 minutes.");
    status st = log_shard_find(reading->database->kv, scope->arena, iterator->log_id,
                               iterator->shard, &reading->shard);
    return st == ST_NOT_FOUND ? trimmed(scope) : st;
}

/* The page at the iterator, none of which is too old. */
static status read_page(const struct reading *reading, struct shard_iterator *iterator,
                        size_t limit, struct kv_page *out) {
    bool is_past =
        stream_is_past(reading->database, reading->shard.closed_us, reading->scope->now_us);
    if (!is_past)
        TRY(is_trimmed(reading, iterator->position, &is_past));
    else if (iterator->trim_horizon)
        return ST_OK; /* what it held is gone, and its children are what is left */
    if (is_past && !iterator->trim_horizon)
        return trimmed(reading->scope);
    if (is_past)
        TRY(find_horizon(reading, &iterator->position));
    return scan(reading, reading->scope->arena, iterator->position, limit, false, out);
}

status stream_read(struct database *database, struct scope *scope, str text, size_t limit,
                   struct record_page *out) {
    struct reading reading = reading_of(database, scope);
    struct shard_iterator iterator;
    struct kv_page page = {};
    *out = (struct record_page){};
    TRY(open_iterator(&reading, text, &iterator, &out->stream));
    TRY(read_page(&reading, &iterator, limit, &page));
    TRY(stream_records_decode(database, scope, &page, out));
    out->shard = iterator.shard;
    if (!page.more && reading.shard.closed_us != 0)
        return ST_OK;
    if (out->count > 0) {
        iterator.trim_horizon = false;
        iterator.position = out->records[out->count - 1].position;
        iterator.position.at++;
    }
    iterator.issued_us = scope->now_us;
    out->next = shard_iterator_write(scope->arena, &iterator);
    return ST_OK;
}
