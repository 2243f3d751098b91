/* expiry.h - items that end at a time they say themselves.
 *
 * Purpose:   an index of expiry times kept by every write (expiry_sink), so that what is due is
 *            found without looking at the rest of the table; turning it on and off; deleting.
 * Ownership: a filing or a sweep is a plain struct of one thread, zeroed at first.
 * Threads:   any for changes of the setting; one each for filing and sweeping. All but the sink may
 *            wait.
 * Errors:    of the engine; ST_CONFLICT: the table's description has changed, look again.
 * Limits:    EXPIRY_PAGE items an update. Times outside of 1 … EXPIRY_SECONDS_MAX never come.
 *
 *   07 table id (4) expiry in s (8) storage key of the item      value: 01 (version)
 *
 * The expiry is the attribute's value in seconds, rounded up. An item is due when that second has
 * begun, but no more when it was five years ago (the service takes such values for mistakes). Until
 * it is deleted it is an item like any other; who moves its time or removes it keeps the item.
 *
 * Whether a table has entries, in struct time_to_live:
 *   attribute  indexed
 *   given      no       every write files its item; items from before are being filed
 *   given      yes      every item with a time has its entry
 *   absent     yes      turned off: entries may be left, nobody adds any, they are dropped soon
 *   absent     no       no entries
 */
#pragma once

#include "item/scope.h"
#include "kv/kv.h"
#include "table/database.h"
#include "table/table.h"

enum { EXPIRY_PAGE = 100 };
static const str expiry_entry_value = STR_INIT("\x01");
static const int64_t expiry_seconds_max = 1000000000000000;
static const int64_t expiry_age_max_s = (int64_t)5 * 365 * 24 * 3600;

/* The second from which on the item is due; false when it has no time. */
bool expiry_second(const struct table *table, str stored, int64_t *out_second);
/* Whether it is to be deleted now. */
bool expiry_due(const struct table *table, str stored, int64_t now_us);

/* What all entries of a table begin with, and the key of one. */
str expiry_prefix(struct arena *arena, uint32_t table_id);
str expiry_entry_key(struct arena *arena, uint32_t table_id, int64_t second, str item_key);
/* The item's key in that of its entry; ptr NULL when it is none. */
str expiry_entry_item(str entry_key, int64_t *out_second);
/* The least key behind this one: where a walk goes on. */
str expiry_key_behind(struct arena *arena, str key);
/* Puts the entry of an item, whose key the update holds. */
void expiry_entry_put(struct kv_txn *txn, struct arena *arena, uint32_t table_id, int64_t second,
                      str item_key);

/* ---- turning on and off ---- */

/* On (an attribute) or off (absent); the caller has checked that it is a change. */
status expiry_change(struct database *database, struct scope *scope, const struct table *table,
                     str attribute);

/* How far the items from before a table's setting are filed. */
struct expiry_filing {
    uint32_t table_id;
    int64_t changed_us; /* which setting it is about */
    size_t after_len;   /* the last key that was looked at */
    char after[KV_KEY_MAX];
    char failed[256]; /* the table that did last */
    size_t failed_len;
};
/* Files the next page of `table`'s items from before; marks the table when that was the last. */
status expiry_file(struct database *database, struct scope *scope, const struct table *table,
                   struct expiry_filing *filing, bool *out_done);
/* Drops what is left of a setting that was turned off. */
status expiry_clear(struct database *database, struct scope *scope, const struct table *table);

/* One step of either for the first table that needs it. *out_more: there was one. */
status expiry_tidy(struct database *database, struct scope *scope, struct expiry_filing *filing,
                   bool *out_more);

/* ---- deleting ---- */

/* A walk over all tables, where it is now and how many items it takes at a time. */
struct expiry_sweep {
    size_t name_len, after_len;
    size_t batch;
    char name[256];         /* of the table; none: a walk begins */
    char after[KV_KEY_MAX]; /* the last entry that was looked at */
};
/* Deletes the next items that are due. *out_more: there may be others due at the same time. */
status expiry_sweep(struct database *database, struct scope *scope, struct expiry_sweep *sweep,
                    size_t *out_deleted, bool *out_more);

/* ---- verify ---- */

/* Whether an item has its entry, or needs none. */
bool expiry_item_filed(struct database *database, struct scope *scope, const struct table *table,
                       str item_key, str stored);
/* Whether there is an item with this time, or the entry may be left over. */
bool expiry_entry_right(struct database *database, struct scope *scope, const struct table *table,
                        str entry_key);
