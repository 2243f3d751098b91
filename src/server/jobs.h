/* jobs.h - what runs beside requests, from jobs.def.
 *
 * Purpose:   one thread that steps each job when its period has passed.
 * Ownership: jobs_stop joins and frees.
 * Threads:   steps run on the jobs' thread, one at a time; they may wait.
 * Errors:    a step logs its own.
 * Limits:    a slow step delays the others.
 */
#pragma once

#include "table/database.h"

struct jobs;

struct jobs *jobs_start(struct database *database);
void jobs_stop(struct jobs *jobs); /* accepts NULL */

#define JOB(name, period_ms, step, sentence) void step(struct database *database);
#include "server/jobs.def"
#undef JOB
