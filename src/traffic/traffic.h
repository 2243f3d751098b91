/* traffic.h - what tables are asked for: admitted or refused, counted, and where it is hot.
 *
 * Purpose:   one hook before a visit (traffic_admit) and one behind it (traffic_charge), with
 *            limits, totals and heat behind them. A visit is a read or a write of one item, or a
 *            page of a range.
 * Ownership: in memory only; nothing is kept of what is given. Tables are known by their ids, so a
 *            table that is made again begins anew.
 * Threads:   any; no call waits for more than another's arithmetic. Time is the caller's, and may
 *            jump.
 * Errors:    none.
 * Limits:    bounded however many keys, tables and partitions there are: see meter_int.h, lane.h
 * and sketch.h.
 *
 * Admission asks whether anything is left, and the whole cost is charged afterwards, when it is
 * known: a bucket may go into debt by one request, and stays closed until that is paid. Heat is
 * weighed as the service's contributor insights weigh it, three a write unit and one a read unit,
 * and loses half of its weight every minute.
 */
#pragma once

#include "base/buf.h"
#include "table/table.h"
#include "traffic/lane.h"

enum traffic_kind { TRAFFIC_READ, TRAFFIC_WRITE };
enum { TRAFFIC_SLICES = 64 }; /* equal parts of the range of hashes */

struct traffic;

struct traffic_visit {
    const struct table *table;
    const struct index *index; /* a global one; NULL: the table, with its local indexes */
    enum traffic_kind kind;
    /* The storage key (table_key.h) up to the sort key, or to the partition key alone; absent: all
     * of a range. partition_len: where the partition key ends in it. */
    str key;
    size_t partition_len;
    double units;
};

struct traffic *traffic_new(bool enforce);
void traffic_free(struct traffic *traffic); /* accepts NULL */

/* Whether anything is ever refused. */
bool traffic_enforces(const struct traffic *traffic);

/* 0: admitted; else 1u << enum lane_limit for each limit that refuses it. visit->units: what this
 * request was promised of the same table or index before. */
unsigned traffic_admit(struct traffic *traffic, const struct traffic_visit *visit, int64_t now_us);
/* It happened, and cost visit->units. */
void traffic_charge(struct traffic *traffic, const struct traffic_visit *visit, int64_t now_us);
/* The request was told of these refusals. Without a key: a write that an index refused, which no
 * key of the table is to blame for. */
void traffic_refuse(struct traffic *traffic, const struct traffic_visit *visit, unsigned refusals,
                    int64_t now_us);

/* A table's size makes partitions, too: whether it is time to look it up again, and what it is. */
bool traffic_wants_size(struct traffic *traffic, const struct traffic_visit *visit, int64_t now_us);
void traffic_set_size(struct traffic *traffic, const struct traffic_visit *visit, int64_t bytes,
                      int64_t now_us);

/* The table was deleted. */
void traffic_forget(struct traffic *traffic, uint32_t table_id);

/* ---- what was counted since the start ---- */

struct traffic_totals {
    double units[2];                        /* consumed, by enum traffic_kind */
    uint64_t refusals[2][LANE_LIMIT_COUNT]; /* throttle events, by their cause */
};

/* Of the process. */
void traffic_totals(struct traffic *traffic, struct traffic_totals *out);
/* Of a table (index NULL) or an index; zeros when it was never visited. */
void traffic_totals_of(struct traffic *traffic, const struct table *table,
                       const struct index *index, struct traffic_totals *out);

/* ---- heat ---- */

/* The settings of contributor insights for the table (index NULL) or an index; NULL: none ever. */
const struct insights *traffic_insights(const struct table *table, const struct index *index);
/* {"table", "index", "keys": […], "slices": […]} as JSON; keys in clear text. */
void traffic_heat(struct traffic *traffic, const struct table *table, const struct index *index,
                  int64_t now_us, struct buf *out);
