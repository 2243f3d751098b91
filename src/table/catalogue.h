/* catalogue.h - which tables there are.
 *
 * Purpose:   finding a table in memory, and changing the set durably.
 * Ownership: a snapshot is counted; the tables it holds live as long as it. Swapped whole.
 * Threads:   any. Creating and deleting wait for the disk: workers only (else ST_WOULD_WAIT).
 * Errors:    ResourceInUseException, ResourceNotFoundException; ST_NEWER, ST_CORRUPT on loading.
 * Limits:    2,500 tables as the service's default account limit.
 */
#pragma once

#include "item/scope.h"
#include "table/database.h"
#include "table/table.h"

enum { TABLES_MAX = 2500 };

struct catalogue_snapshot {
    atomic_uint references;
    struct arena *arena; /* holds this */
    size_t count;
    struct table *tables[]; /* by name */
};

/* Reads all entries. */
status catalogue_load(struct database *database);
void catalogue_close(struct catalogue *catalogue); /* accepts NULL */

const struct catalogue_snapshot *catalogue_acquire(struct database *database);
void catalogue_release(const struct catalogue_snapshot *snapshot); /* accepts NULL */

/* NULL when there is none. */
const struct table *catalogue_find(const struct catalogue_snapshot *snapshot, str name);
/* Index of the first table whose name sorts behind `name` (all, when absent). */
size_t catalogue_after(const struct catalogue_snapshot *snapshot, str name);

/* An empty description in an arena of its own; the caller fills it and hands it over. */
struct table *table_new(void);
void table_unref(struct table *table); /* accepts NULL */

/* Makes it durable, then visible. Gives it id, uuid and indexes their ids. Takes the table over,
 * also on failure. */
status catalogue_create(struct database *database, struct scope *scope, struct table *table);

/* A copy in an arena of its own, to be changed and handed to catalogue_update. */
status table_copy(const struct table *table, struct table **out);

/* More of the same update: for what must change together with the description, or how. */
struct catalogue_also {
    kv_body *body; /* NULL: nothing more */
    void *context;
    const str *exclusive; /* keys that it finds */
    size_t exclusive_count;
    bool frees_space; /* as kv_keys' */
};

/* `changed` takes the place of `table`: durable, then visible. A write that relied on `table`
 * either came before in the order of commits, or runs again with `changed`. Takes `changed` over,
 * also on failure. ST_CONFLICT: `table` is not the newest description any more, look again. */
status catalogue_update(struct database *database, struct scope *scope, const struct table *table,
                        struct table *changed, const struct catalogue_also *also);
/* Waits until no change is under way: what to do after ST_CONFLICT. */
void catalogue_wait(struct database *database);

/* The table's data is gone when this returns, or, if that failed, as soon as it works: a
 * job tries again, as does making a table, and a start. With a status delay the table is first
 * shown as DELETING for so long. ST_CONFLICT: `table` is not the newest description any more, look
 * again. */
status catalogue_delete(struct database *database, struct scope *scope, const struct table *table);
/* Removes one table whose time as DELETING is over, and now and then what a failure left of others.
 * True: there may be more. For a job. */
bool catalogue_finish_deletions(struct database *database, int64_t now_us);

/* The stored form of an entry: an item (item_codec.h), so it can grow members. */
str table_encode(const struct table *table, struct arena *arena);
status table_decode(str stored, struct table **out);
