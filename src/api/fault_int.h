/* fault_int.h - the faults of one call; private to api.
 *
 * Purpose:   between the dispatcher, the operations that can leave part of a batch undone, and the
 *            set of faults (fault.h).
 * Ownership: in the request's arena.
 * Threads:   one at a time.
 * Errors:    the error that was asked for, in the scope.
 * Limits:    fault.h's.
 */
#pragma once

#include "api/fault.h"
#include "api/request.h"

/* What all faults that hit a call come to. */
struct fault_choice {
    enum error_code error; /* ERROR_NONE: none */
    bool after;            /* the error is told once all is done */
    int64_t latency_ms;
    double unprocessed;
    str unprocessed_table; /* absent: of all tables */
    uint64_t random;
};

/* Before the call is run. ST_WOULD_WAIT on a loop when a fault may hit: dice are thrown and hits
 * are counted once, and a call that began on a loop may be run again. ST_FAILED: the answer is an
 * error. `spec` is one more, for this call alone; absent: none. */
status fault_begin(struct request *request, struct faults *faults, str spec);
/* After it was run, with its status. */
status fault_end(struct request *request, status st);

/* The tables that the input names, as names; of statements none. */
size_t fault_tables(struct request *request, str **out_names);
/* Whether a fault for this table is one for this call: a statement needs only mention it. */
bool fault_touches(struct request *request, str table_name);

bool fault_leaves_undone(const struct request *request, str table_name_or_arn, size_t at);

/* Whether a fault wants element `at` of a batch left undone. */
static inline bool fault_leaves(const struct request *request, str table_name_or_arn, size_t at) {
    return __builtin_expect(request->fault != NULL, 0) &&
           fault_leaves_undone(request, table_name_or_arn, at);
}

/* What a batch that answers for each element says of one that was left: throttled. */
status fault_of_element(struct request *request);

/* Errors that a spec may ask for: what the service says with them; an empty text says what
 * errors.def says. */
struct fault_error {
    str name;
    enum error_code code;
    str text;
};
extern const struct fault_error fault_errors[];
extern const size_t fault_error_count;

/* Which operations conflict with transactions, and which answer part of a batch. */
bool fault_can_conflict(enum shape_id input);
bool fault_can_leave(enum shape_id input);
