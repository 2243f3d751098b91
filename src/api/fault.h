/* fault.h - faults on demand, so that an application's handling of them can be tested.
 *
 * Purpose:   which calls get which fault: specs as text, and the set of those that are in force.
 * Ownership: the set is the caller's and holds everything in itself.
 * Threads:   any.
 * Errors:    a sentence for the user in *out_problem.
 * Limits:    FAULTS_MAX faults, FAULT_SPEC_MAX bytes each.
 *
 * A spec is a list of `name=value` and words, with commas between:
 *
 *   operation=PutItem   table=Orders       which calls; all of them without
 *   error=NAME                             the answer, instead of doing anything
 *   conflict                               as by a transaction under way on the item
 *   after                                  the call is carried out, and then answered with a 500
 *   latency-ms=200                         the answer leaves so long after the request came
 *   unprocessed=0.5                        this part of a batch is left undone
 *   probability=0.1   count=3   seed=1     how often; at most how often; which random numbers
 *
 * Of several that hit one call the first error and the first `unprocessed` count, and the times of
 * all. docs/faults.md says more.
 */
#pragma once

#include "base/buf.h"
#include "item/scope.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    FAULTS_MAX = 32,
    FAULT_SPEC_MAX = 512,
    FAULT_TABLE_MAX = 255,
    FAULT_LATENCY_MS_MAX = 600000,
};

#define FAULT_ALL_OPERATIONS SIZE_MAX

struct fault {
    char text[FAULT_SPEC_MAX]; /* as it was given */
    size_t text_len;
    size_t operation; /* index for api_operation_name, or FAULT_ALL_OPERATIONS */
    char table[FAULT_TABLE_MAX];
    size_t table_len; /* 0: all tables */
    enum error_code error;
    bool after;
    int64_t latency_ms;
    double unprocessed, probability;
    uint64_t count_max, seed;

    uint64_t matched, hit; /* calls so far */
};

struct faults {
    pthread_mutex_t lock;
    _Atomic size_t count; /* read without the lock: most sets are empty */
    struct fault list[FAULTS_MAX];
};

bool fault_parse(str spec, struct arena *arena, struct fault *out, str *out_problem);

void faults_init(struct faults *faults);
/* Replaces all by those of a text: one a line or with semicolons between; what follows a # is a
 * comment. All or nothing. */
bool faults_set(struct faults *faults, str text, struct arena *arena, str *out_problem);
/* One a line, in a form that faults_set takes, with what came of them so far as comments. */
void faults_print(struct faults *faults, struct buf *out);
