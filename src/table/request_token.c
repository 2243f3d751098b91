#include "table/request_token.h"

#include "base/bytes.h"
#include "base/hash.h"
#include "table/table_key.h"

enum {
    RECORD_VERSION = 1,
    RECORD_BYTES = 25,
    BY_TOKEN = 1,
    BY_END = 2,
    TOKEN_AT = 2,     /* in a key by token: user and text */
    END_AT = 2,       /* in a key by end */
    END_TOKEN_AT = 10 /* and then, again, user and text */
};
enum { PURGE_PAGE = 200, PURGE_PAGES_MAX = 100 };

static const int64_t token_life_us = (int64_t)10 * 60 * 1000 * 1000;

void request_token_content(struct request_token *token, str content) {
    token->content_hash = hash_bytes(content);
    token->content_len = content.len;
}

void request_token_prepare(struct arena *arena, struct request_token *token) {
    char *key = arena_bytes(arena, TOKEN_AT + 1 + token->text.len);
    key[0] = SPACE_TOKEN;
    key[1] = BY_TOKEN;
    key[TOKEN_AT] = (char)token->user;
    memcpy(key + TOKEN_AT + 1, token->text.ptr, token->text.len);
    token->key = (str){key, TOKEN_AT + 1 + token->text.len};
}

/* The key by end that belongs to a key by token, and the other way round. */
static str end_key(struct arena *arena, str key, int64_t end_us) {
    str token = str_slice(key, TOKEN_AT, key.len);
    char *at = arena_bytes(arena, END_TOKEN_AT + token.len);
    at[0] = SPACE_TOKEN;
    at[1] = BY_END;
    put_be64(at + END_AT, (uint64_t)end_us);
    memcpy(at + END_TOKEN_AT, token.ptr, token.len);
    return (str){at, END_TOKEN_AT + token.len};
}

static str token_key(struct arena *arena, str key) {
    str token = str_slice(key, END_TOKEN_AT, key.len);
    char *at = arena_bytes(arena, TOKEN_AT + token.len);
    at[0] = SPACE_TOKEN;
    at[1] = BY_TOKEN;
    memcpy(at + TOKEN_AT, token.ptr, token.len);
    return (str){at, TOKEN_AT + token.len};
}

static int64_t end_of_key(str key) {
    return (int64_t)get_be64(key.ptr + END_AT);
}

static status record_open(str record, int64_t *out_end_us) {
    if (record.len > 0 && (unsigned char)record.ptr[0] > RECORD_VERSION)
        return ST_NEWER;
    if (record.len != RECORD_BYTES || record.ptr[0] != RECORD_VERSION)
        return ST_CORRUPT;
    *out_end_us = (int64_t)get_be64(record.ptr + 1);
    return ST_OK;
}

status request_token_find(struct kv_txn *txn, struct scope *scope, struct request_token *token) {
    str record;
    int64_t end_us;
    token->outcome = TOKEN_FIRST;
    token->old_us = 0;
    status st = kv_txn_find(txn, scope->arena, token->key, &record);
    if (st == ST_NOT_FOUND)
        return ST_OK;
    TRY(st);
    TRY(record_open(record, &end_us));
    if (end_us <= scope->now_us) {
        token->old_us = end_us;
        return ST_OK;
    }
    bool same = get_be64(record.ptr + 9) == token->content_hash &&
                get_be64(record.ptr + 17) == token->content_len;
    token->outcome = same ? TOKEN_REPEATED : TOKEN_OF_ANOTHER;
    return ST_OK;
}

void request_token_put(struct kv_txn *txn, struct scope *scope, const struct request_token *token) {
    static const char version = RECORD_VERSION;
    char record[RECORD_BYTES];
    int64_t end_us = scope->now_us + token_life_us;
    record[0] = RECORD_VERSION;
    put_be64(record + 1, (uint64_t)end_us);
    put_be64(record + 9, token->content_hash);
    put_be64(record + 17, token->content_len);
    if (token->old_us != 0)
        kv_txn_delete(txn, end_key(scope->arena, token->key, token->old_us));
    kv_txn_put(txn, token->key, (str){record, sizeof record});
    kv_txn_put(txn, end_key(scope->arena, token->key, end_us), (str){&version, 1});
}

/* ---- purging ---- */

struct purge {
    struct arena *arena;
    const struct kv_page *ended; /* keys by end */
    const str *records;          /* the records' keys, position by position */
};

static status purge_body(struct kv_txn *txn, void *context) {
    struct purge *purge = context;
    for (size_t i = 0; i < purge->ended->count; i++) {
        str key = purge->ended->pairs[i].key, record;
        int64_t end_us;
        status st = kv_txn_find(txn, purge->arena, purge->records[i], &record);
        if (st != ST_OK && st != ST_NOT_FOUND)
            return st;
        /* A request may have replaced it since the scan. */
        if (st == ST_OK && record_open(record, &end_us) == ST_OK && end_us == end_of_key(key))
            kv_txn_delete(txn, purge->records[i]);
        kv_txn_delete(txn, key);
    }
    return ST_OK;
}

static status purge_page(struct database *database, struct arena *arena,
                         const struct kv_page *page) {
    str *records = arena_array(arena, str, page->count);
    for (size_t i = 0; i < page->count; i++) {
        if (page->pairs[i].key.len <= END_TOKEN_AT)
            return ST_CORRUPT;
        records[i] = token_key(arena, page->pairs[i].key);
    }
    struct kv_keys keys = {.exclusive = records, .exclusive_count = page->count};
    struct purge purge = {arena, page, records};
    uint64_t ticket;
    TRY(kv_update(database->kv, &keys, purge_body, &purge, &ticket));
    return kv_ticket_wait(database->kv, ticket); /* what is lost is purged again */
}

static str end_bound(struct arena *arena, int64_t end_us) {
    return end_key(arena, (str){"\0\0", TOKEN_AT}, end_us);
}

static status purge_pages(struct database *database, struct arena *arena, int64_t now_us,
                          int64_t *from_us, size_t *purged) {
    struct kv_page page = {.more = true};
    for (int pages = 0; page.more && pages < PURGE_PAGES_MAX; pages++) {
        arena_reset(arena, 64 * 1024);
        struct kv_range range = {.from = end_bound(arena, *from_us),
                                 .to = end_bound(arena, now_us + 1)};
        TRY(kv_scan(database->kv, NULL, arena, &range, PURGE_PAGE, 64 * 1024, &page));
        if (page.count > 0)
            TRY(purge_page(database, arena, &page));
        *purged += page.count;
        /* Those that end in the same microsecond as the last one may be on the next page. */
        if (page.more)
            *from_us = end_of_key(page.pairs[page.count - 1].key);
    }
    if (!page.more)
        *from_us = now_us;
    return ST_OK;
}

status request_tokens_purge(struct database *database, int64_t now_us, int64_t *from_us,
                            size_t *out_purged) {
    *out_purged = 0;
    if (now_us < *from_us)
        *from_us = 0;
    struct arena *arena = arena_new((size_t)16 << 20);
    status st = purge_pages(database, arena, now_us, from_us, out_purged);
    arena_free(arena);
    return st;
}

/* ---- verify ---- */

bool request_token_check(str key, str value, struct arena *arena, str *out_other_key) {
    int64_t end_us;
    if (key.len > TOKEN_AT + 1 && key.ptr[1] == BY_TOKEN) {
        if (record_open(value, &end_us) != ST_OK)
            return false;
        *out_other_key = end_key(arena, key, end_us);
        return true;
    }
    if (key.len <= END_TOKEN_AT + 1 || key.ptr[1] != BY_END || value.len != 1 ||
        value.ptr[0] != RECORD_VERSION)
        return false;
    *out_other_key = token_key(arena, key);
    return true;
}
