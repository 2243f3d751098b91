/* The catalogue in memory is an immutable, counted snapshot; a change is made durable first and
 * then swapped in. Writes that relied on the old description meanwhile run again. Deleting has four
 * steps, each of which a restart can pick up:
 *
 *   1. the entry is stored as DELETING (durable: from here on the table is gone)
 *   2. the snapshot without it is swapped in, and the old description marked as superseded
 *   3. an update that holds the catalogue key alone, and ends the table's change logs: a write that
 *      relied on the old description either ran before (its data goes in 4) or sees the mark and
 *      looks again
 *   4. the data is dropped, then the entry
 *
 * With --status-delay-ms a description that says DELETING is swapped in by step 2, and the job
 * finish_deletions goes on with step 2 when its time is over. */
#include "table/catalogue.h"

#include "base/bytes.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/thread.h"
#include "item/item_key.h"
#include "table/change_log.h"
#include "table/expiry.h"
#include "table/table_key.h"
#include "table/table_state.h"

#include <pthread.h>

enum {
    TABLE_ARENA_MAX = 8 * 1024 * 1024,
    SNAPSHOT_ARENA_MAX = 1024 * 1024,
    ENTRY_ARENA_MAX = 4 * 1024 * 1024,
    ENTRIES_ARENA_MAX = 1024 * 1024 * 1024,
    LOAD_PAGE = 100,
    RETRY_US = 5 * 1000 * 1000
};

struct catalogue {
    pthread_mutex_t lock; /* of `current`, for a few instructions */
    struct catalogue_snapshot *current;
    pthread_mutex_t change; /* one change at a time */
    /* Under `change`: step 4 of a deletion failed (a full disk); it is done by the job, or before
     * the next table is made. */
    bool unfinished;
    int64_t tried_us; /* the last time that the job did */
};

/* ---- tables ---- */

static atomic_uint_fast64_t generations;

struct table *table_new(void) {
    struct arena *arena = arena_new(TABLE_ARENA_MAX);
    struct table *table = arena_struct(arena, struct table);
    table->arena = arena;
    atomic_init(&table->references, 1);
    atomic_init(&table->superseded, false);
    table->generation = 1 + atomic_fetch_add(&generations, 1);
    return table;
}

void table_unref(struct table *table) {
    if (table != NULL && atomic_fetch_sub(&table->references, 1) == 1)
        arena_free(table->arena);
}

/* ---- snapshots ---- */

static struct catalogue_snapshot *snapshot_new(size_t count) {
    struct arena *arena = arena_new(SNAPSHOT_ARENA_MAX);
    struct catalogue_snapshot *snapshot =
        arena_alloc_zero(arena, sizeof *snapshot + count * sizeof(struct table *));
    snapshot->arena = arena;
    atomic_init(&snapshot->references, 1);
    snapshot->count = count;
    return snapshot;
}

const struct catalogue_snapshot *catalogue_acquire(struct database *database) {
    struct catalogue *catalogue = database->catalogue;
    pthread_mutex_lock(&catalogue->lock);
    struct catalogue_snapshot *snapshot = catalogue->current;
    atomic_fetch_add(&snapshot->references, 1);
    pthread_mutex_unlock(&catalogue->lock);
    return snapshot;
}

void catalogue_release(const struct catalogue_snapshot *borrowed) {
    struct catalogue_snapshot *snapshot = (struct catalogue_snapshot *)borrowed;
    if (snapshot == NULL || atomic_fetch_sub(&snapshot->references, 1) != 1)
        return;
    for (size_t i = 0; i < snapshot->count; i++)
        table_unref(snapshot->tables[i]);
    arena_free(snapshot->arena);
}

size_t catalogue_after(const struct catalogue_snapshot *snapshot, str name) {
    size_t low = 0, high = snapshot->count;
    while (name.ptr != NULL && low < high) {
        size_t middle = (low + high) / 2;
        if (str_cmp(snapshot->tables[middle]->name, name) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct table *catalogue_find(const struct catalogue_snapshot *snapshot, str name) {
    size_t after = catalogue_after(snapshot, name);
    if (name.ptr == NULL || after == 0 || !str_eq(snapshot->tables[after - 1]->name, name))
        return NULL;
    return snapshot->tables[after - 1];
}

/* Swaps in a snapshot without `removed` and with `added`; either may be NULL. */
static void snapshot_change(struct catalogue *catalogue, const struct table *removed,
                            struct table *added) {
    struct catalogue_snapshot *old = catalogue->current;
    struct catalogue_snapshot *new = snapshot_new(old->count + (added != NULL));
    size_t count = 0;
    for (size_t i = 0; i < old->count; i++) {
        if (old->tables[i] == removed)
            continue;
        if (added != NULL && str_cmp(added->name, old->tables[i]->name) < 0) {
            new->tables[count++] = added;
            added = NULL;
        }
        atomic_fetch_add(&old->tables[i]->references, 1);
        new->tables[count++] = old->tables[i];
    }
    if (added != NULL)
        new->tables[count++] = added;
    new->count = count;
    pthread_mutex_lock(&catalogue->lock);
    catalogue->current = new;
    pthread_mutex_unlock(&catalogue->lock);
    catalogue_release(old);
}

/* ---- deleting ---- */

static status set_entry(struct kv_txn *txn, void *context) {
    const kv_pair *entry = context;
    if (entry->value.ptr != NULL)
        kv_txn_put(txn, entry->key, entry->value);
    else
        kv_txn_delete(txn, entry->key);
    return ST_OK;
}

/* One update that holds the entry's key alone: puts it, or deletes it (no value). Both are on the
 * way to dropping data. */
static status update_entry(struct kv *kv, kv_pair entry) {
    uint64_t ticket;
    struct kv_keys keys = {.exclusive = &entry.key, .exclusive_count = 1, .frees_space = true};
    TRY(kv_update(kv, &keys, set_entry, &entry, &ticket));
    return kv_ticket_wait(kv, ticket);
}

struct last_writes {
    struct arena *arena;
    const struct table *table;
    int64_t now_us;
};

static status pass_body(struct kv_txn *txn, void *context) {
    const struct last_writes *last = context;
    return change_logs_close(txn, last->arena, last->table, last->now_us);
}

/* Holds the entry's key alone, so those who held it shared have passed: behind them all, the
 * table's logs end. */
static status let_pass(struct kv *kv, struct arena *arena, const struct table *table,
                       int64_t now_us) {
    str exclusive[3] = {catalogue_key(arena, table->name)};
    size_t count = 1 + change_log_keys(arena, table, exclusive + 1);
    struct kv_keys keys = {.exclusive = exclusive, .exclusive_count = count, .frees_space = true};
    struct last_writes last = {arena, table, now_us};
    uint64_t ticket;
    TRY(kv_update(kv, &keys, pass_body, &last, &ticket));
    return kv_ticket_wait(kv, ticket);
}

static status drop_data(struct database *database, struct arena *arena, const struct table *table,
                        int64_t now_us) {
    TRY(let_pass(database->kv, arena, table, now_us));
    struct buf from;
    buf_init(&from, arena, 16);
    items_prefix(table->id, 0, &from);
    str items = str_slice(buf_str(&from), 0, 5); /* all index ids */
    TRY(kv_drop_range(database->kv, items, key_prefix_end(items, arena)));
    struct buf build;
    buf_init(&build, arena, 16);
    build_prefix(table->id, 0, &build);
    str building = str_slice(buf_str(&build), 0, 5);
    TRY(kv_drop_range(database->kv, building, key_prefix_end(building, arena)));
    str expiries = expiry_prefix(arena, table->id);
    TRY(kv_drop_range(database->kv, expiries, key_prefix_end(expiries, arena)));
    str counters = str_slice(counter_key(arena, table->id, 0, COUNTER_ITEMS), 0, 5);
    TRY(kv_drop_range(database->kv, counters, key_prefix_end(counters, arena)));
    return update_entry(database->kv, (kv_pair){.key = catalogue_key(arena, table->name)});
}

/* The table is gone for good, whatever becomes of its data. */
static void remove_table(struct database *database, struct arena *arena, const struct table *table,
                         int64_t now_us) {
    atomic_store(&((struct table *)table)->superseded, true);
    atomic_fetch_add(&((struct table *)table)->references, 1);
    snapshot_change(database->catalogue, table, NULL);
    if (drop_data(database, arena, table, now_us) != ST_OK)
        database->catalogue->unfinished = true;
    table_unref((struct table *)table);
}

static status delete_locked(struct database *database, struct scope *scope,
                            const struct table *table) {
    if (atomic_load(&table->superseded))
        return ST_CONFLICT;
    struct table *deleting = NULL;
    TRY(table_copy(table, &deleting));
    deleting->status = TABLE_DELETING;
    deleting->updating_until_us = scope->now_us + database->status_delay_us;
    str key = catalogue_key(scope->arena, table->name);
    status st = update_entry(database->kv, (kv_pair){key, table_encode(deleting, scope->scratch)});
    if (st != ST_OK || database->status_delay_us == 0) {
        table_unref(deleting);
        TRY(st);
        remove_table(database, scope->arena, table, scope->now_us);
        return ST_OK;
    }
    atomic_store(&((struct table *)table)->superseded, true);
    snapshot_change(database->catalogue, table, deleting);
    return ST_OK;
}

/* Whether the time for which the table is shown as DELETING is over. */
static bool deletion_due(const struct database *database, const struct table *table,
                         int64_t now_us) {
    struct state_clock clock = {now_us, database->status_delay_us};
    return table->status == TABLE_DELETING && !state_pending(clock, table->updating_until_us);
}

status catalogue_delete(struct database *database, struct scope *scope, const struct table *table) {
    if (!thread_may_wait())
        return ST_WOULD_WAIT;
    pthread_mutex_lock(&database->catalogue->change);
    status st = delete_locked(database, scope, table);
    pthread_mutex_unlock(&database->catalogue->change);
    return st;
}

/* ---- changing ---- */

status table_copy(const struct table *table, struct table **out) {
    struct arena *arena = arena_new(ENTRY_ARENA_MAX);
    status st = table_decode(table_encode(table, arena), out);
    arena_free(arena);
    return st;
}

struct alteration {
    struct scope *scope;
    const struct table *table, *changed;
    str entry_key;
    const struct catalogue_also *also;
};

static status alter_body(struct kv_txn *txn, void *context) {
    const struct alteration *alteration = context;
    const struct catalogue_also *also = alteration->also;
    kv_txn_put(txn, alteration->entry_key,
               table_encode(alteration->changed, alteration->scope->arena));
    change_logs_follow(txn, alteration->scope, alteration->table, alteration->changed);
    return also != NULL && also->body != NULL ? also->body(txn, also->context) : ST_OK;
}

/* The mark comes first: a write whose body runs after this update's sees it, under the latch of the
 * entry's key, and looks again. */
static status update_locked(struct database *database, struct scope *scope,
                            const struct table *table, struct table *changed,
                            const struct catalogue_also *also) {
    if (atomic_load(&table->superseded))
        return ST_CONFLICT;
    TRY(change_logs_begin(database, scope, changed));
    size_t more = also != NULL ? also->exclusive_count : 0;
    struct alteration alteration = {scope, table, changed, catalogue_key(scope->arena, table->name),
                                    also};
    str *keys = arena_array(scope->arena, str, more + 1);
    keys[0] = alteration.entry_key;
    for (size_t i = 0; i < more; i++)
        keys[i + 1] = also->exclusive[i];
    struct kv_keys held = {.exclusive = keys,
                           .exclusive_count = more + 1,
                           .frees_space = also != NULL && also->frees_space};
    uint64_t ticket;
    atomic_store(&((struct table *)table)->superseded, true);
    status st = kv_update(database->kv, &held, alter_body, &alteration, &ticket);
    if (st == ST_OK)
        st = kv_ticket_wait(database->kv, ticket);
    if (st != ST_OK) {
        atomic_store(&((struct table *)table)->superseded, false);
        return st;
    }
    atomic_fetch_add(&changed->references, 1);
    snapshot_change(database->catalogue, table, changed);
    return ST_OK;
}

status catalogue_update(struct database *database, struct scope *scope, const struct table *table,
                        struct table *changed, const struct catalogue_also *also) {
    status st = ST_WOULD_WAIT;
    if (thread_may_wait()) {
        pthread_mutex_lock(&database->catalogue->change);
        st = update_locked(database, scope, table, changed, also);
        pthread_mutex_unlock(&database->catalogue->change);
    }
    table_unref(changed);
    return st;
}

void catalogue_wait(struct database *database) {
    pthread_mutex_lock(&database->catalogue->change);
    pthread_mutex_unlock(&database->catalogue->change);
}

/* ---- entries ---- */

/* Takes the table over. */
typedef status entry_visit(struct database *database, struct arena *arena, struct table *table);

static status visit_page(struct database *database, struct arena *arena, const struct kv_page *page,
                         entry_visit *visit) {
    for (size_t i = 0; i < page->count; i++) {
        struct table *table = NULL;
        TRY(table_decode(page->pairs[i].value, &table));
        TRY(visit(database, arena, table));
    }
    return ST_OK;
}

static status visit_entries(struct database *database, struct arena *arena, entry_visit *visit) {
    struct kv_range range = {.from = STR("\x01"), .to = STR("\x02")};
    struct kv_page page;
    do {
        TRY(kv_scan(database->kv, NULL, arena, &range, LOAD_PAGE, SIZE_MAX, &page));
        TRY(visit_page(database, arena, &page, visit));
        if (page.more)
            range.from = arena_printf(arena, "%.*s%c", STR_ARG(page.pairs[page.count - 1].key), 0);
    } while (page.more);
    return ST_OK;
}

static status each_entry(struct database *database, entry_visit *visit) {
    struct arena *arena = arena_new(ENTRIES_ARENA_MAX);
    status st = visit_entries(database, arena, visit);
    arena_free(arena);
    return st;
}

static status finish_deletion(struct database *database, struct arena *arena, struct table *table) {
    bool shown = catalogue_find(database->catalogue->current, table->name) != NULL;
    bool deleted = table->status == TABLE_DELETING && !shown;
    status st = deleted ? drop_data(database, arena, table, clock_wall_us()) : ST_OK;
    table_unref(table);
    return st;
}

static status finish_unfinished(struct database *database) {
    if (database->catalogue->unfinished)
        TRY(each_entry(database, finish_deletion));
    database->catalogue->unfinished = false;
    return ST_OK;
}

static const struct table *find_due(const struct database *database, int64_t now_us) {
    const struct catalogue_snapshot *tables = database->catalogue->current;
    for (size_t i = 0; i < tables->count; i++)
        if (deletion_due(database, tables->tables[i], now_us))
            return tables->tables[i];
    return NULL;
}

/* One at a time: others wait to change something, and the server may be told to stop. */
bool catalogue_finish_deletions(struct database *database, int64_t now_us) {
    struct catalogue *catalogue = database->catalogue;
    pthread_mutex_lock(&catalogue->change);
    const struct table *table = find_due(database, now_us);
    if (table != NULL) {
        struct arena *arena = arena_new(ENTRY_ARENA_MAX);
        remove_table(database, arena, table, now_us);
        arena_free(arena);
    } else if (now_us < catalogue->tried_us || now_us - catalogue->tried_us >= RETRY_US) {
        catalogue->tried_us = now_us;
        (void)finish_unfinished(database); /* else the next time */
    }
    pthread_mutex_unlock(&catalogue->change);
    return table != NULL;
}

/* ---- creating ---- */

struct creation {
    struct scope *scope;
    struct table *table;
    str entry_key, id_key;
};

static status create_body(struct kv_txn *txn, void *context) {
    struct creation *creation = context;
    struct scope *scope = creation->scope;
    str found;
    status st = kv_txn_find(txn, scope->arena, creation->entry_key, &found);
    if (st == ST_OK)
        return fail(scope, ERROR_ResourceInUseException, "Table already exists: %.*s",
                    STR_ARG(creation->table->name));
    if (st != ST_NOT_FOUND)
        return st;
    st = kv_txn_find(txn, scope->arena, creation->id_key, &found);
    if (st != ST_OK && st != ST_NOT_FOUND)
        return st;
    if (st == ST_OK && found.len != 4)
        return ST_CORRUPT;
    uint32_t id = st == ST_OK ? get_be32(found.ptr) : 1;
    char next[4];
    put_be32(next, id + 1);
    creation->table->id = id;
    kv_txn_put(txn, creation->id_key, (str){next, sizeof next});
    kv_txn_put(txn, creation->entry_key, table_encode(creation->table, scope->arena));
    change_logs_follow(txn, scope, NULL, creation->table);
    return ST_OK;
}

static status create_locked(struct database *database, struct scope *scope, struct table *table) {
    TRY(finish_unfinished(database)); /* it may be this name's */
    const struct table *same = catalogue_find(database->catalogue->current, table->name);
    if (same != NULL && same->status == TABLE_DELETING)
        return fail(scope, ERROR_ResourceInUseException, TABLE_IN_USE "deleted: %.*s",
                    STR_ARG(table->name));
    if (database->catalogue->current->count >= TABLES_MAX)
        return fail(scope, ERROR_LimitExceededException,
                    "Subscriber limit exceeded: The number of tables has reached the limit of %d.",
                    TABLES_MAX);
    char uuid[36];
    random_uuid(uuid);
    table->uuid = arena_copy(table->arena, (str){uuid, sizeof uuid});
    TRY(change_logs_begin(database, scope, table));
    struct creation creation = {scope, table, catalogue_key(scope->arena, table->name),
                                STR("\x03next_table_id")};
    str keys[] = {creation.entry_key, creation.id_key};
    uint64_t ticket;
    TRY(kv_update(database->kv, &(struct kv_keys){.exclusive = keys, .exclusive_count = 2},
                  create_body, &creation, &ticket));
    TRY(kv_ticket_wait(database->kv, ticket));
    atomic_fetch_add(&table->references, 1);
    snapshot_change(database->catalogue, NULL, table);
    return ST_OK;
}

status catalogue_create(struct database *database, struct scope *scope, struct table *table) {
    status st = ST_WOULD_WAIT;
    if (thread_may_wait()) {
        pthread_mutex_lock(&database->catalogue->change);
        st = create_locked(database, scope, table);
        pthread_mutex_unlock(&database->catalogue->change);
    }
    table_unref(table);
    return st;
}

/* ---- loading ---- */

static status load_entry(struct database *database, struct arena *arena, struct table *table) {
    if (table->status != TABLE_DELETING || !deletion_due(database, table, clock_wall_us()))
        snapshot_change(database->catalogue, NULL, table);
    else if (finish_deletion(database, arena, table) != ST_OK)
        database->catalogue->unfinished = true; /* no reason not to serve the others */
    return ST_OK;
}

status catalogue_load(struct database *database) {
    struct catalogue *catalogue = arena_struct(database->arena, struct catalogue);
    pthread_mutex_init(&catalogue->lock, NULL);
    pthread_mutex_init(&catalogue->change, NULL);
    catalogue->current = snapshot_new(0);
    database->catalogue = catalogue;
    status st = each_entry(database, load_entry);
    if (st != ST_OK) {
        catalogue_close(catalogue);
        database->catalogue = NULL;
    }
    return st;
}

void catalogue_close(struct catalogue *catalogue) {
    if (catalogue == NULL)
        return;
    catalogue_release(catalogue->current);
    pthread_mutex_destroy(&catalogue->lock);
    pthread_mutex_destroy(&catalogue->change);
}
