/* jobs.h - what runs beside requests, from jobs.def.
 *
 * Purpose:   a thread for each job, which steps it when its period has passed.
 * Ownership: jobs_stop joins and frees.
 * Threads:   a job's steps run on its own thread; they may wait.
 * Errors:    a step logs its own.
 * Limits:    a step should end within about 100 ms, so that stopping is quick.
 */
#pragma once

#include "table/database.h"

struct jobs;

struct jobs *jobs_start(struct database *database);
void jobs_stop(struct jobs *jobs); /* accepts NULL */

/* Called by jobs_stop: ends the call that deliver_records may be waiting for. */
void job_deliver_records_stop(void);

/* A step answers whether there is more to do at once. */
#define JOB(name, period_ms, step, sentence) bool step(struct database *database);
#include "server/jobs.def"
#undef JOB
