/* Two passes a table: items → are their entries there and equal; entries → is their item there and
 * does it make this entry. Then the counters against what was counted, and what lies between
 * tables: request tokens, access keys, change logs, and else nothing. Expiry times are checked both
 * ways, too.
 *
 * Of an index that is CREATING, an item has its entry when it has a marker, and not otherwise; all
 * items that the job has passed have one. One that is DELETING may be anything. */
#include "table/verify.h"

#include "base/bytes.h"
#include "item/item_codec.h"
#include "item/item_key.h"
#include "table/catalogue.h"
#include "table/change_log.h"
#include "table/delivery_cursor.h"
#include "table/expiry.h"
#include "table/index_build.h"
#include "table/request_token.h"
#include "table/table_key.h"
#include "table/table_read.h"
#include "table/table_sink.h"

enum {
    PAGE_PAIRS = 256,
    PAGE_BYTES = 1024 * 1024,
    INDEXES_MAX = GLOBAL_INDEXES_MAX + LOCAL_INDEXES_MAX
};

struct count {
    int64_t items, bytes;
};

struct verify {
    struct database *database;
    struct scope scope; /* arena: the table's; scratch: a page's */
    verify_finding *finding;
    void *context;
    struct verify_totals totals;
    const struct table *table;
    struct count table_count, index_count[INDEXES_MAX];
    struct log_shard shard;    /* of the last record: most lie in the same one */
    str filed_to[INDEXES_MAX]; /* of CREATING ones: the last item that the job looked at */
    struct arena *cursors;     /* holds filed_to */
};

[[gnu::format(printf, 2, 3)]] static void found(struct verify *v, const char *format, ...) {
    __builtin_va_list args;
    __builtin_va_start(args, format);
    str what = arena_vprintf(v->scope.scratch, format, args);
    __builtin_va_end(args);
    v->totals.findings++;
    v->finding(v->context, what);
}

static str hex(struct verify *v, str bytes) {
    struct buf out;
    buf_init(&out, v->scope.scratch, bytes.len * 2 + 1);
    for (size_t i = 0; i < bytes.len && i < 64; i++)
        buf_printf(&out, "%02x", (unsigned char)bytes.ptr[i]);
    return buf_str(&out);
}

static bool has_marker(struct verify *v, const struct index *index, str item_key) {
    str key = build_marker_key(v->scope.scratch, index->id, item_key), value;
    return kv_find(v->database->kv, NULL, v->scope.scratch, key, &value) == ST_OK;
}

static void check_entry_of_item(struct verify *v, size_t at, const kv_pair *item) {
    const struct index *index = &v->table->indexes[at];
    struct index_entry entry;
    if (index->status == INDEX_DELETING ||
        !index_entry_make(&v->scope, v->table, index, item->value, &entry))
        return;
    if (index->status == INDEX_CREATING && str_cmp(item->key, v->filed_to[at]) > 0 &&
        !has_marker(v, index, item->key))
        return;
    str value;
    status st = kv_find(v->database->kv, NULL, v->scope.scratch, entry.key, &value);
    if (st != ST_OK)
        found(v, "table %.*s index %.*s: entry missing (%s) at %.*s", STR_ARG(v->table->name),
              STR_ARG(index->name), status_text(st), STR_ARG(hex(v, entry.key)));
    else if (item_check_stored(value) != ST_OK)
        found(v, "table %.*s index %.*s: entry does not decode at %.*s", STR_ARG(v->table->name),
              STR_ARG(index->name), STR_ARG(hex(v, entry.key)));
    else if (!view_equal(item_map(value), item_map(entry.value)))
        found(v, "table %.*s index %.*s: entry differs from its item at %.*s",
              STR_ARG(v->table->name), STR_ARG(index->name), STR_ARG(hex(v, entry.key)));
}

static void check_item(struct verify *v, const kv_pair *pair) {
    const struct table *table = v->table;
    v->totals.items++;
    status st = item_check_stored(pair->value);
    if (st != ST_OK) {
        found(v, "table %.*s: item does not decode (%s) at %.*s", STR_ARG(table->name),
              status_text(st), STR_ARG(hex(v, pair->key)));
        return;
    }
    struct buf key;
    buf_init(&key, v->scope.scratch, 128);
    if (!item_key(table, &(struct key_source){.map = item_map(pair->value)}, &key) ||
        !str_eq(buf_str(&key), pair->key))
        found(v, "table %.*s: item lies under another key at %.*s", STR_ARG(table->name),
              STR_ARG(hex(v, pair->key)));
    v->table_count.items++;
    v->table_count.bytes += (int64_t)item_size(pair->value);
    for (size_t i = 0; i < table->index_count; i++)
        check_entry_of_item(v, i, pair);
    if (!expiry_item_filed(v->database, &v->scope, table, pair->key, pair->value))
        found(v, "table %.*s: not in the index of expiry times: item at %.*s", STR_ARG(table->name),
              STR_ARG(hex(v, pair->key)));
}

static void check_expiry(struct verify *v, const kv_pair *pair) {
    if (!str_eq(pair->value, expiry_entry_value) ||
        !expiry_entry_right(v->database, &v->scope, v->table, pair->key))
        found(v, "table %.*s: expiry time of no such item at %.*s", STR_ARG(v->table->name),
              STR_ARG(hex(v, pair->key)));
}

static void check_entry(struct verify *v, size_t at, const kv_pair *pair) {
    const struct table *table = v->table;
    const struct index *index = &table->indexes[at];
    if (index->status == INDEX_DELETING)
        return;
    v->totals.index_entries++;
    if (item_check_stored(pair->value) != ST_OK)
        return; /* its item's pass reports it, or it is left over: */
    v->index_count[at].items++;
    v->index_count[at].bytes += (int64_t)item_size(pair->value);
    struct buf key;
    buf_init(&key, v->scope.scratch, 128);
    str stored;
    struct index_entry entry;
    if (!item_key(table, &(struct key_source){.map = item_map(pair->value)}, &key) ||
        kv_find(v->database->kv, NULL, v->scope.scratch, buf_str(&key), &stored) != ST_OK ||
        item_check_stored(stored) != ST_OK ||
        !index_entry_make(&v->scope, table, index, stored, &entry) || !str_eq(entry.key, pair->key))
        found(v, "table %.*s index %.*s: entry left over at %.*s", STR_ARG(table->name),
              STR_ARG(index->name), STR_ARG(hex(v, pair->key)));
    else if (index->status == INDEX_CREATING && !has_marker(v, index, buf_str(&key)))
        found(v, "table %.*s index %.*s: entry without a marker at %.*s", STR_ARG(table->name),
              STR_ARG(index->name), STR_ARG(hex(v, pair->key)));
}

/* Which index of the table a storage key belongs to: -1 the table itself, -2 none that we know. */
static int index_of_key(const struct table *table, str key) {
    uint16_t id = get_be16(key.ptr + 5);
    if (id == TABLE_INDEX_ID)
        return -1;
    for (size_t i = 0; i < table->index_count; i++)
        if (table->indexes[i].id == id)
            return (int)i;
    return -2;
}

static void check_pair(struct verify *v, const kv_pair *pair) {
    int at = pair->key.len < 11 ? -2 : index_of_key(v->table, pair->key);
    if (at == -2)
        found(v, "table %.*s: unknown index at %.*s", STR_ARG(v->table->name),
              STR_ARG(hex(v, pair->key)));
    else if (at == -1)
        check_item(v, pair);
    else
        check_entry(v, (size_t)at, pair);
}

static void check_counters(struct verify *v, const struct index *index,
                           const struct count *counted) {
    int64_t items = 0, bytes = 0;
    if (index != NULL && index->status == INDEX_DELETING)
        return;
    status st = table_counters(v->database, &v->scope, v->table, index, &items, &bytes);
    if (st != ST_OK || items != counted->items || bytes != counted->bytes)
        found(v, "table %.*s index %.*s: counters say %lld items, %lld bytes; there are %lld, %lld",
              STR_ARG(v->table->name), STR_ARG(index ? index->name : STR("(none)")),
              (long long)items, (long long)bytes, (long long)counted->items,
              (long long)counted->bytes);
}

typedef void verify_pair(struct verify *v, const kv_pair *pair);

static status walk(struct verify *v, str from, str to, verify_pair *check) {
    struct kv_range range = {.from = from, .to = to};
    struct kv_page page;
    char next[KV_KEY_MAX + 1];
    struct arena *pages = arena_new((size_t)256 << 20);
    status st;
    do {
        arena_reset(pages, PAGE_BYTES);
        str start = arena_copy(pages, range.from);
        range.from = start;
        st = kv_scan(v->database->kv, NULL, pages, &range, PAGE_PAIRS, PAGE_BYTES, &page);
        for (size_t i = 0; st == ST_OK && i < page.count; i++) {
            arena_reset(v->scope.scratch, PAGE_BYTES);
            arena_reset(v->scope.arena, PAGE_BYTES);
            check(v, &page.pairs[i]);
        }
        if (st == ST_OK && page.more) {
            str last = page.pairs[page.count - 1].key;
            memcpy(next, last.ptr, last.len);
            next[last.len] = 0;
            range.from = (str){next, last.len + 1};
        }
    } while (st == ST_OK && page.more);
    arena_free(pages);
    return st;
}

/* ---- change logs ---- */

/* The description and the open shards that a table's log must have. */
static void check_log(struct verify *v, enum log_kind kind, const struct change_log *log) {
    struct arena *arena = v->scope.scratch;
    str key = log_description_key(arena, kind, v->table->name, log->created_us), value;
    struct log_description description;
    struct log_shard shard;
    if (log->id == 0)
        return;
    if (kv_find(v->database->kv, NULL, arena, key, &value) != ST_OK ||
        log_description_decode(key, value, &description) != ST_OK || description.id != log->id ||
        description.closed_us != 0)
        found(v, "table %.*s: change log %u has no description", STR_ARG(v->table->name), log->id);
    for (uint32_t i = 0; i < log->shard_count; i++)
        if (log_shard_find(v->database->kv, arena, log->id, log->first_shard + i, &shard) !=
                ST_OK ||
            shard.closed_us != 0)
            found(v, "table %.*s: shard %u of change log %u is not open", STR_ARG(v->table->name),
                  log->first_shard + i, log->id);
}

/* A record decodes, and its stamp lies between those of its shard's marks. */
static void check_record(struct verify *v, const kv_pair *pair) {
    uint32_t log_id, number, part;
    struct log_position at;
    struct log_record record = {};
    status st = log_record_key_decode(pair->key, &log_id, &number, &at, &part);
    if (st == ST_OK && part == 0)
        st = log_record_decode(v->scope.scratch, pair->key, pair->value, &record);
    const str images[] = {record.keys, record.after, record.before, part ? pair->value : (str){}};
    for (size_t i = 0; st == ST_OK && i < sizeof images / sizeof images[0]; i++)
        if (images[i].ptr != NULL)
            st = item_check_stored(images[i]);
    if (st != ST_OK) {
        found(v, "change record does not decode at %.*s", STR_ARG(hex(v, pair->key)));
        return;
    }
    v->totals.change_records += part == 0;
    struct log_shard *shard = &v->shard;
    if (shard->log_id != log_id || shard->number != number)
        st = log_shard_find(v->database->kv, v->scope.scratch, log_id, number, shard);
    if (st != ST_OK || at.stamp <= shard->first_stamp ||
        (shard->closed_us != 0 && at.stamp >= shard->end_stamp))
        found(v, "change record outside of its shard at %.*s", STR_ARG(hex(v, pair->key)));
}

/* A description decodes; a mark is that of a shard that opened. */
static void check_log_pair(struct verify *v, const kv_pair *pair) {
    struct log_description description;
    struct log_shard shard;
    uint32_t log_id, number;
    bool good =
        log_mark_key_decode(pair->key, &log_id, &number)
            ? log_shard_find(v->database->kv, v->scope.scratch, log_id, number, &shard) == ST_OK
            : log_description_decode(pair->key, pair->value, &description) == ST_OK;
    if (!good)
        found(v, "change log's pair does not decode at %.*s", STR_ARG(hex(v, pair->key)));
}

static void check_delivery(struct verify *v, const kv_pair *pair) {
    struct delivery delivery;
    if (delivery_decode(pair->key, pair->value, &delivery) != ST_OK)
        found(v, "delivery's cursor does not decode at %.*s", STR_ARG(hex(v, pair->key)));
}

static void check_cursor(struct verify *v, size_t at) {
    const struct index *index = &v->table->indexes[at];
    str key = build_cursor_key(v->cursors, v->table->id, index->id), stored;
    v->filed_to[at] = STR("");
    if (index->status == INDEX_CREATING &&
        kv_find(v->database->kv, NULL, v->cursors, key, &stored) == ST_OK &&
        !index_cursor_open(stored, &v->filed_to[at]))
        found(v, "table %.*s index %.*s: cursor does not decode", STR_ARG(v->table->name),
              STR_ARG(index->name));
}

static status verify_table(struct verify *v, const struct table *table) {
    v->table = table;
    arena_reset(v->cursors, 0);
    for (size_t i = 0; i < table->index_count; i++)
        check_cursor(v, i);
    v->table_count = (struct count){};
    memset(v->index_count, 0, sizeof v->index_count);
    v->totals.tables++;
    char from[5], to[5];
    from[0] = to[0] = SPACE_ITEM;
    put_be32(from + 1, table->id);
    put_be32(to + 1, table->id + 1);
    TRY(walk(v, (str){from, 5}, (str){to, 5}, check_pair));
    check_counters(v, NULL, &v->table_count);
    check_log(v, LOG_OF_STREAM, &table->stream);
    check_log(v, LOG_OF_DESTINATION, &table->destination);
    for (size_t i = 0; i < table->index_count; i++)
        check_counters(v, &table->indexes[i], &v->index_count[i]);
    from[0] = to[0] = SPACE_EXPIRY;
    return walk(v, (str){from, 5}, (str){to, 5}, check_expiry);
}

static void check_owner(struct verify *v, const kv_pair *pair) {
    const struct catalogue_snapshot *tables = catalogue_acquire(v->database);
    uint32_t id = pair->key.len < 5 ? 0 : get_be32(pair->key.ptr + 1);
    bool known = false;
    for (size_t i = 0; i < tables->count; i++)
        known |= tables->tables[i]->id == id;
    catalogue_release(tables);
    if (!known)
        found(v, "data of no table at %.*s", STR_ARG(hex(v, pair->key)));
}

static void check_nothing_here(struct verify *v, const kv_pair *pair) {
    found(v, "unknown key %.*s", STR_ARG(hex(v, pair->key)));
}

static void check_item_form(struct verify *v, const kv_pair *pair) {
    if (item_check_stored(pair->value) != ST_OK)
        found(v, "does not decode: %.*s", STR_ARG(hex(v, pair->key)));
}

/* Each record of a token has its key by end, and that one leads back to it. */
static void check_token(struct verify *v, const kv_pair *pair) {
    str other, value, back = {};
    struct arena *arena = v->scope.scratch;
    if (!request_token_check(pair->key, pair->value, arena, &other))
        found(v, "request token does not decode at %.*s", STR_ARG(hex(v, pair->key)));
    else if (kv_find(v->database->kv, NULL, arena, other, &value) != ST_OK ||
             !request_token_check(other, value, arena, &back) || !str_eq(back, pair->key))
        found(v, "half of a request token at %.*s", STR_ARG(hex(v, pair->key)));
}

/* A cursor or a marker, of an index that is there. Those of an ACTIVE one wait for the next start
 * to drop them; whose entry a marker is about was checked with the items. */
static void check_building(struct verify *v, const kv_pair *pair) {
    const struct catalogue_snapshot *tables = catalogue_acquire(v->database);
    uint32_t id = pair->key.len < 8 ? 0 : get_be32(pair->key.ptr + 1);
    bool known = false;
    str last_key;
    for (size_t i = 0; i < tables->count; i++)
        known |= tables->tables[i]->id == id && index_of_key(tables->tables[i], pair->key) >= 0;
    catalogue_release(tables);
    if (!known)
        found(v, "markers of no index at %.*s", STR_ARG(hex(v, pair->key)));
    else if (pair->key.len > 8
                 ? pair->key.ptr[7] != 1 || !str_eq(pair->value, INDEX_MARKER)
                 : pair->key.ptr[7] != 0 || !index_cursor_open(pair->value, &last_key))
        found(v, "marker does not decode at %.*s", STR_ARG(hex(v, pair->key)));
}

/* What lies outside of the spaces we know, or in one of a table that is not there. The first key
 * of each unknown table is enough. */
static status verify_outside(struct verify *v) {
    TRY(walk(v, STR(""), STR("\x01"), check_nothing_here));
    TRY(walk(v, STR("\x02"), STR("\x03"), check_owner));
    TRY(walk(v, STR("\x04"), STR("\x05"), check_token));
    TRY(walk(v, STR("\x05"), STR("\x06"), check_record));
    TRY(walk(v, STR("\x06"), STR("\x07"), check_log_pair));
    TRY(walk(v, STR("\x07"), STR("\x08"), check_owner));
    TRY(walk(v, STR("\x08"), STR("\x09"), check_building));
    TRY(walk(v, STR("\x09"), STR("\x0a"), check_item_form));
    TRY(walk(v, STR("\x0a"), STR("\x0b"), check_delivery));
    TRY(walk(v, STR("\x0b"), STR("\x10"), check_nothing_here));
    return walk(v, STR("\x10"), STR("\x11"), check_owner);
}

status verify_database(struct database *database, verify_finding *finding, void *context,
                       struct verify_totals *out) {
    struct verify v = {.database = database, .finding = finding, .context = context};
    v.scope.arena = arena_new((size_t)64 << 20);
    v.scope.scratch = arena_new((size_t)64 << 20);
    v.cursors = arena_new((size_t)1 << 20);
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    status st = ST_OK;
    for (size_t i = 0; st == ST_OK && i < tables->count; i++)
        st = verify_table(&v, tables->tables[i]);
    catalogue_release(tables);
    if (st == ST_OK)
        st = verify_outside(&v);
    arena_free(v.scope.arena);
    arena_free(v.scope.scratch);
    arena_free(v.cursors);
    *out = v.totals;
    return st;
}
