/* The job of streaming destinations: reads each table's log lane by lane (stream/delivery.h) and
 * sends what it finds, up to a call of PutRecords at a time; only when all of that has been taken
 * is the cursor moved. So a record may come twice, after a failure, and none is left out.
 *
 * All of it runs on the job's own thread, and waits with time limits; whoever can't be reached is
 * asked again ever less often, up to PAUSE_US_MAX. */
#include "api/change_record.h"
#include "api/destination.h"
#include "base/clock.h"
#include "base/log.h"
#include "cloud/kinesis.h"
#include "server/jobs.h"
#include "server/metrics.h"
#include "stream/delivery.h"

#include <time.h>

enum {
    PAUSE_US_MIN = 100 * 1000,
    PAUSE_US_MAX = 5 * 1000 * 1000,
    LAST_TRIES_US = 5 * 1000 * 1000, /* for what is left when a destination is switched off */
    PAUSES = 64,
    PARTIAL_TRIES = 6,
    PARTIAL_NAP_NS = 25 * 1000 * 1000,
    COLLECT_BYTES = 32 * 1024 * 1024, /* of memory, after which a call is sent as it is */
    ARENA_BYTES_MAX = 512 * 1024 * 1024
};

static atomic_bool stopping;

void job_deliver_records_stop(void) {
    atomic_store(&stopping, true);
}

/* How long those that failed are left alone; by log, and two may share one. */
struct pause {
    int64_t until_us, length_us;
};

/* One visit to one destination. */
struct round {
    struct database *database;
    struct scope scope;
    const struct table *table;
    const struct destination *destination;
    struct kinesis_target target;
    struct delivery delivery;
    struct kinesis_record records[KINESIS_RECORDS_MAX];
    size_t count, bytes;
    bool full; /* no more goes into this call */
    size_t lanes_ended;
    bool more;
    str problem;
};

/* ---- what is sent ---- */

static str document(struct round *round, uint32_t shard, const struct log_record *record) {
    struct change_source source = {.region = round->database->region,
                                   .table_name = round->table->name,
                                   .key = &round->table->key,
                                   .log_id = round->delivery.log_id,
                                   .shard = shard,
                                   .microseconds = round->destination->microseconds};
    return change_document(round->scope.arena, &source, record);
}

/* What is larger than a record may be goes without its old image, and then without any. */
static str fitting_document(struct round *round, uint32_t shard, const struct log_record *record) {
    enum { DATA_MAX = KINESIS_RECORD_BYTES_MAX - sizeof round->records[0].partition_key };
    struct log_record shorter = *record;
    arena_mark mark = arena_get_mark(round->scope.arena);
    str text = document(round, shard, &shorter);
    if (text.len <= DATA_MAX)
        return text;
    log_warn("event=delivery_shortened table=%.*s bytes=%zu", STR_ARG(round->table->name),
             text.len);
    shorter.keys = record->after.ptr ? record->after : record->before;
    shorter.before = (str){};
    arena_rewind(round->scope.arena, mark);
    text = document(round, shard, &shorter);
    if (text.len <= DATA_MAX)
        return text;
    shorter.after = (str){};
    arena_rewind(round->scope.arena, mark);
    return document(round, shard, &shorter);
}

static bool add(struct round *round, uint32_t shard, const struct log_record *record) {
    struct arena *arena = round->scope.arena;
    struct kinesis_record *out = &round->records[round->count];
    arena_mark mark = arena_get_mark(arena);
    out->data = fitting_document(round, shard, record);
    size_t bytes = out->data.len + sizeof out->partition_key;
    if (round->bytes + bytes > KINESIS_CALL_BYTES_MAX) {
        arena_rewind(arena, mark);
        return false;
    }
    change_partition_key(&round->table->key, record, arena, out->partition_key);
    round->bytes += bytes;
    round->count++;
    return true;
}

static status collect_page(struct round *round, size_t lane, enum lane_state *state) {
    struct delivery_lane *at = &round->delivery.lanes[lane];
    struct lane_page page;
    TRY(delivery_read(round->database, &round->scope, &round->delivery, lane,
                      KINESIS_RECORDS_MAX - round->count, &page));
    for (size_t i = 0; i < page.count; i++)
        if (!add(round, page.shard, &page.records[i])) {
            *at = (struct delivery_lane){page.shard, page.records[i].position};
            *state = LANE_MORE;
            round->full = true;
            return ST_OK;
        }
    *at = page.next;
    *state = page.state;
    round->full |=
        round->count == KINESIS_RECORDS_MAX || arena_used(round->scope.arena) > COLLECT_BYTES;
    return ST_OK;
}

/* Lanes take turns at being first: one that is never empty must not keep the others waiting. */
static status collect(struct round *round) {
    static size_t first; /* of the one thread that steps this */
    size_t lanes = round->delivery.lane_count;
    first++;
    for (size_t i = 0; i < lanes; i++) {
        enum lane_state state = LANE_MORE;
        while (state == LANE_MORE && !round->full)
            TRY(collect_page(round, (first + i) % lanes, &state));
        round->more |= state == LANE_MORE;
        round->lanes_ended += state == LANE_ENDED;
    }
    return ST_OK;
}

/* Those of a call that were not taken are sent again, for a while. */
static enum kinesis_outcome send_records(struct round *round) {
    uint16_t left[KINESIS_RECORDS_MAX];
    size_t left_count = round->count;
    struct timespec nap = {.tv_nsec = PARTIAL_NAP_NS};
    enum kinesis_outcome outcome = KINESIS_LATER;
    for (size_t i = 0; i < round->count; i++)
        left[i] = (uint16_t)i;
    for (int i = 0; i < PARTIAL_TRIES && !atomic_load(&stopping); i++) {
        outcome = kinesis_put(&round->target, round->scope.arena, round->records, left, &left_count,
                              &round->problem);
        if (outcome != KINESIS_LATER || left_count == round->count)
            return outcome;
        (void)nanosleep(&nap, NULL);
        nap.tv_nsec += nap.tv_nsec / 2;
    }
    return outcome;
}

/* ---- what becomes of a destination ---- */

static status set_status(struct round *round, enum destination_status state) {
    struct destination destination = *round->destination;
    struct table *changed;
    destination.status = state;
    destination.problem = state == DESTINATION_ENABLE_FAILED ? round->problem : (str){};
    TRY(table_copy(round->table, &changed));
    if (state == DESTINATION_ENABLE_FAILED)
        changed->destination = (struct change_log){};
    destination_set(changed, &destination);
    status st = catalogue_update(round->database, &round->scope, round->table, changed, NULL);
    if (st == ST_OK)
        log_info("event=destination table=%.*s stream=%.*s status=%s", STR_ARG(round->table->name),
                 STR_ARG(destination.stream_arn),
                 state == DESTINATION_ACTIVE     ? "ACTIVE"
                 : state == DESTINATION_DISABLED ? "DISABLED"
                                                 : "ENABLE_FAILED");
    return st == ST_CONFLICT ? ST_OK : st; /* changed meanwhile: next time */
}

static status enable(struct round *round, enum kinesis_outcome *outcome) {
    *outcome = kinesis_look(&round->target, round->scope.arena, &round->problem);
    if (*outcome == KINESIS_LATER)
        return ST_OK;
    round->more = true;
    if (*outcome == KINESIS_DONE)
        return set_status(round, DESTINATION_ACTIVE);
    *outcome = KINESIS_DONE;
    return set_status(round, DESTINATION_ENABLE_FAILED);
}

/* One that is switched off does not wait for ever for who can't be reached. */
static status give_up(struct round *round) {
    const struct destination *destination = round->destination;
    if (destination->status != DESTINATION_DISABLING ||
        round->scope.now_us <= destination->changed_us + LAST_TRIES_US)
        return ST_OK;
    log_warn("event=delivery_given_up table=%.*s problem=\"%.*s\"", STR_ARG(round->table->name),
             STR_ARG(round->problem));
    return set_status(round, DESTINATION_DISABLED);
}

static status deliver(struct round *round, enum kinesis_outcome *outcome) {
    const struct destination *destination = round->destination;
    bool ending = destination->status == DESTINATION_DISABLING;
    uint32_t log_id = ending ? destination->last_log_id : round->table->destination.id;
    uint32_t lanes = ending ? destination->last_shard_count : round->table->destination.shard_count;
    *outcome = KINESIS_DONE;
    TRY(delivery_open(round->database, &round->scope, log_id, lanes, &round->delivery));
    TRY(collect(round));
    if (round->count > 0) {
        *outcome = send_records(round);
        if (*outcome == KINESIS_DONE) {
            metric_add(METRIC_delivered_records, round->count);
            TRY(delivery_save(round->database, &round->scope, &round->delivery));
        }
    }
    if (*outcome != KINESIS_DONE)
        return give_up(round);
    return ending && round->lanes_ended == lanes ? set_status(round, DESTINATION_DISABLED) : ST_OK;
}

/* ---- visits ---- */

/* NULL: none can be made. Kept for good. */
static struct web_client *client_of(const char **out_problem) {
    static struct web_client *client; /* of the one thread that steps this */
    if (client == NULL)
        client = web_client_new(&stopping, out_problem);
    return client;
}

static void keep_pause(struct pause *pause, const struct round *round, status st, bool failed) {
    const struct table *table = round->table;
    if (st != ST_OK || failed) {
        if (pause->length_us == 0 && !atomic_load(&stopping))
            log_warn("event=delivery_failed table=%.*s stream=%.*s problem=\"%.*s\"",
                     STR_ARG(table->name), STR_ARG(round->destination->stream_arn),
                     STR_ARG(failed ? round->problem : str_from_c(status_text(st))));
        pause->length_us *= 2;
        if (pause->length_us < PAUSE_US_MIN)
            pause->length_us = PAUSE_US_MIN;
        if (pause->length_us > PAUSE_US_MAX)
            pause->length_us = PAUSE_US_MAX;
        pause->until_us = clock_monotonic_us() + pause->length_us;
        return;
    }
    if (pause->length_us != 0)
        log_info("event=delivery_goes_on table=%.*s", STR_ARG(table->name));
    *pause = (struct pause){};
}

static status visit_reached(struct round *round, enum kinesis_outcome *outcome) {
    const struct kinesis_access *access = &round->database->kinesis;
    struct arena *arena = round->scope.arena;
    const char *problem = "there is no --kinesis-endpoint";
    if (access->endpoint.len > 0)
        round->target.client = client_of(&problem);
    round->problem = str_from_c(problem);
    if (round->target.client == NULL && round->destination->status == DESTINATION_ENABLING)
        return set_status(round, DESTINATION_ENABLE_FAILED);
    *outcome = KINESIS_LATER;
    if (round->target.client == NULL ||
        !kinesis_arn_read(round->destination->stream_arn, &round->target.stream))
        return give_up(round);
    round->problem = (str){};
    round->target.url = arena_printf(arena, "%.*s/", STR_ARG(access->endpoint)).ptr;
    round->target.credentials = arena_printf(arena, "%.*s:%.*s", STR_ARG(access->access_key_id),
                                             STR_ARG(access->secret_access_key))
                                    .ptr;
    if (round->destination->status == DESTINATION_ENABLING)
        return enable(round, outcome);
    return deliver(round, outcome);
}

/* Whether there is more to do at once. */
static bool visit(struct database *database, const struct table *table,
                  const struct destination *destination) {
    static struct pause pauses[PAUSES]; /* of the one thread that steps this */
    struct pause *pause = &pauses[table->id % PAUSES];
    int64_t now_us = clock_wall_us();
    bool changing = now_us < destination->changed_us + database->status_delay_us;
    if (clock_monotonic_us() < pause->until_us ||
        (changing && destination->status != DESTINATION_ACTIVE))
        return false;
    struct arena *arena = arena_new(ARENA_BYTES_MAX);
    struct round *round = arena_struct(arena, struct round);
    round->database = database;
    round->scope = (struct scope){.arena = arena, .scratch = arena, .now_us = now_us};
    round->table = table;
    round->destination = destination;
    enum kinesis_outcome outcome = KINESIS_DONE;
    status st = visit_reached(round, &outcome);
    bool failed = outcome != KINESIS_DONE;
    keep_pause(pause, round, st, failed);
    bool more = round->more && !failed && st == ST_OK;
    arena_free(arena);
    return more;
}

bool job_deliver_records(struct database *database) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    bool more = false;
    for (size_t i = 0; i < tables->count && !atomic_load(&stopping); i++) {
        const struct table *table = tables->tables[i];
        const struct destination *destination = destination_open(table);
        if (destination != NULL && table->status != TABLE_DELETING)
            more |= visit(database, table, destination);
    }
    catalogue_release(tables);
    return more;
}
