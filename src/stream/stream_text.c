#include "stream/stream_text.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/hash.h"

#include <time.h>

enum { LABEL_CHARS = 23, SHARD_ID_CHARS = 37, STAMP_DIGITS = 20, AT_DIGITS = 5 };
enum { ITERATOR_VERSION = 1, FLAG_TRIM_HORIZON = 1, HASH_AT = ITERATOR_BYTES - 8 };
#define SHARD_ID_PREFIX "shardId-"
#define ITERATOR_MIDDLE "|1|"

/* ---- labels and ARNs ---- */

str stream_label_write(struct arena *arena, int64_t created_us) {
    time_t second = (time_t)(created_us / 1000000);
    struct tm tm;
    gmtime_r(&second, &tm);
    return arena_printf(arena, "%04d-%02d-%02dT%02d:%02d:%02d.%03d", tm.tm_year + 1900,
                        tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                        (int)(created_us / 1000 % 1000));
}

static bool digits_read(str text, size_t from, size_t to, int64_t *out) {
    uint64_t value;
    if (!str_to_u64(str_slice(text, from, to), &value))
        return false;
    *out = (int64_t)value;
    return true;
}

/* Days from 1970-01-01 of a date after year 0, of the Gregorian calendar. */
static int64_t days_from_date(int64_t year, int64_t month, int64_t day) {
    year -= month <= 2;
    int64_t era = year / 400, of_era = year % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* Form by form; what is no date in it (a 30th of February) differs when written again. */
bool stream_label_read(str label, int64_t *out_created_us) {
    int64_t year, month, day, hour, minute, second, ms;
    if (label.len != LABEL_CHARS || label.ptr[4] != '-' || label.ptr[7] != '-' ||
        label.ptr[10] != 'T' || label.ptr[13] != ':' || label.ptr[16] != ':' ||
        label.ptr[19] != '.' || !digits_read(label, 0, 4, &year) ||
        !digits_read(label, 5, 7, &month) || !digits_read(label, 8, 10, &day) ||
        !digits_read(label, 11, 13, &hour) || !digits_read(label, 14, 16, &minute) ||
        !digits_read(label, 17, 19, &second) || !digits_read(label, 20, 23, &ms))
        return false;
    if (year < 1970 || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 ||
        second > 59)
        return false;
    int64_t days = days_from_date(year, month, day);
    *out_created_us = (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000000 + ms * 1000;
    return true;
}

str stream_arn_write(struct arena *arena, const struct database *database, str table_name,
                     str label) {
    return arena_printf(arena, "arn:aws:dynamodb:%.*s:%.*s:table/%.*s/stream/%.*s",
                        STR_ARG(database->region), STR_ARG(database->account_id),
                        STR_ARG(table_name), STR_ARG(label));
}

bool stream_arn_read(str arn, struct stream_arn *out) {
    static const str table = STR_INIT("table/"), stream = STR_INIT("/stream/");
    if (!str_starts_with(arn, STR("arn:aws:dynamodb:")))
        return false;
    size_t colons = 0, at = 0;
    while (at < arn.len && (arn.ptr[at] != ':' || ++colons < 5))
        at++;
    if (at == arn.len)
        return false;
    str rest = str_slice(arn, at + 1, arn.len);
    if (!str_starts_with(rest, table))
        return false;
    rest = str_slice(rest, table.len, rest.len);
    size_t slash = str_find(rest, '/');
    str behind = str_slice(rest, slash, rest.len);
    if (slash == 0 || !str_starts_with(behind, stream) || behind.len == stream.len)
        return false;
    *out = (struct stream_arn){.account = str_slice(arn, 0, at),
                               .table_name = str_slice(rest, 0, slash),
                               .label = str_slice(behind, stream.len, behind.len)};
    return true;
}

/* ---- shards and records ---- */

str shard_id_write(struct arena *arena, const struct log_shard *shard) {
    return arena_printf(arena, SHARD_ID_PREFIX "%020llu-%08x",
                        (unsigned long long)(shard->opened_us / 1000), shard->number);
}

bool shard_id_read(str id, uint32_t *out_number, int64_t *out_opened_ms) {
    uint32_t number = 0;
    if (id.len != SHARD_ID_CHARS || !str_starts_with(id, STR(SHARD_ID_PREFIX)) ||
        id.ptr[28] != '-' || !digits_read(id, 8, 28, out_opened_ms))
        return false;
    for (size_t i = 29; i < SHARD_ID_CHARS; i++) {
        char c = id.ptr[i];
        bool digit = c >= '0' && c <= '9';
        if (!digit && !(c >= 'a' && c <= 'f'))
            return false;
        number = number << 4 | (uint32_t)(digit ? c - '0' : c - 'a' + 10);
    }
    *out_number = number;
    return true;
}

str sequence_number_write(struct arena *arena, struct log_position position) {
    char text[SEQUENCE_NUMBER_CHARS + 1];
    (void)snprintf(text, sizeof text, "1%020llu%05u", (unsigned long long)position.stamp,
                   position.at);
    return arena_copy(arena, (str){text, SEQUENCE_NUMBER_CHARS});
}

bool sequence_number_read(str number, struct log_position *out) {
    uint64_t stamp, at;
    if (number.len != SEQUENCE_NUMBER_CHARS || number.ptr[0] != '1' ||
        !str_to_u64(str_slice(number, 1, 1 + STAMP_DIGITS), &stamp) ||
        !str_to_u64(str_slice(number, 1 + STAMP_DIGITS, number.len), &at) || at > UINT16_MAX)
        return false;
    *out = (struct log_position){stamp, (uint32_t)at};
    return true;
}

/* ---- iterators ---- */

static uint64_t iterator_hash(struct arena *arena, str stream_arn, const char *bytes) {
    str all = arena_printf(arena, "%.*s" ITERATOR_MIDDLE, STR_ARG(stream_arn));
    char *copy = arena_bytes(arena, all.len + HASH_AT);
    memcpy(copy, all.ptr, all.len);
    memcpy(copy + all.len, bytes, HASH_AT);
    return hash_bytes((str){copy, all.len + HASH_AT});
}

str shard_iterator_write(struct arena *arena, const struct shard_iterator *iterator) {
    char bytes[ITERATOR_BYTES], text[(ITERATOR_BYTES + 2) / 3 * 4];
    struct log_position position = iterator->position;
    if (position.at > UINT16_MAX && position.stamp == UINT64_MAX)
        position.at = UINT16_MAX; /* the last place there is, and none of an update */
    else if (position.at > UINT16_MAX)
        position = (struct log_position){position.stamp + 1, 0};
    bytes[0] = ITERATOR_VERSION;
    bytes[1] = iterator->trim_horizon ? FLAG_TRIM_HORIZON : 0;
    put_be32(bytes + 2, iterator->log_id);
    put_be32(bytes + 6, iterator->shard);
    put_be64(bytes + 10, position.stamp);
    put_be16(bytes + 18, (uint16_t)position.at);
    put_be64(bytes + 20, (uint64_t)iterator->issued_us);
    put_be64(bytes + HASH_AT, iterator_hash(arena, iterator->stream_arn, bytes));
    base64_encode((str){bytes, sizeof bytes}, text);
    return arena_printf(arena, "%.*s" ITERATOR_MIDDLE "%.*s", STR_ARG(iterator->stream_arn),
                        (int)sizeof text, text);
}

bool shard_iterator_read(struct arena *arena, str text, struct shard_iterator *out) {
    static const str middle = STR_INIT(ITERATOR_MIDDLE);
    char bytes[ITERATOR_BYTES];
    size_t bar = str_find(text, '|'), len;
    str rest = str_slice(text, bar, text.len);
    if (!str_starts_with(rest, middle) ||
        rest.len - middle.len != base64_encoded_len(ITERATOR_BYTES) ||
        !base64_decode(str_slice(rest, middle.len, rest.len), bytes, &len) || len != ITERATOR_BYTES)
        return false;
    str arn = str_slice(text, 0, bar);
    if (bytes[0] != ITERATOR_VERSION || (unsigned char)bytes[1] > FLAG_TRIM_HORIZON ||
        get_be64(bytes + HASH_AT) != iterator_hash(arena, arn, bytes))
        return false;
    *out = (struct shard_iterator){
        .stream_arn = arn,
        .log_id = get_be32(bytes + 2),
        .shard = get_be32(bytes + 6),
        .trim_horizon = bytes[1] & FLAG_TRIM_HORIZON,
        .position = {get_be64(bytes + 10), get_be16(bytes + 18)},
        .issued_us = (int64_t)get_be64(bytes + 20),
    };
    return true;
}
