/* admission.h - what operations ask of capacity, before and behind what they do.
 *
 * Purpose:   visits (traffic/traffic.h) made of keys, ranges and writes; what is refused, in the
 *            service's words.
 * Ownership: in the request's arena.
 * Threads:   one at a time.
 * Errors:    ProvisionedThroughputExceededException, ThrottlingException, RequestLimitExceeded
 *            with its reasons; only where throughput is enforced.
 * Limits:    none of its own.
 *
 * What a request comes to is noted, and told to traffic when the request has ended: one that has to
 * run again has not happened yet.
 */
#pragma once

#include "api/request.h"
#include "table/table_read.h"
#include "table/table_write.h"
#include "traffic/traffic.h"

struct admission_note {
    struct admission_note *next;
    struct traffic_visit visit;
    unsigned refusals; /* 0: it happened */
};

/* Tells what was noted. */
void admission_settle(struct request *request);
/* Whether anything can be refused at all. */
bool admission_enforced(const struct request *request);

/* ---- reads ---- */

/* Of one item, by its key; of a page. */
struct traffic_visit admission_item(struct request *request, const struct table *table,
                                    const struct item *key);
struct traffic_visit admission_page(struct request *request, const struct table_range *range);

/* Fails the request when it is refused. `promised`: units that this request was admitted before, on
 * the same table. */
status admission_read(struct request *request, const struct traffic_visit *visit, double promised);
/* What the read came to. */
void admission_used(struct request *request, const struct traffic_visit *visit, double units);

/* ---- writes ---- */

/* Before table_write: fails the request when the table refuses the write; notes in the write which
 * indexes take nothing. */
status admission_write(struct request *request, struct write *write);
/* A write whose outcome is WRITE_THROTTLED: fails the request. */
status admission_index_refused(struct request *request, const struct write *write);
/* What table_write came to, conditions that were false included. Transactions cost the table twice,
 * `table_times`. */
void admission_wrote(struct request *request, const struct write *writes, size_t count,
                     double table_times);
