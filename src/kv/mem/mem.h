/* mem.h - faults on demand in the in-memory engine, for tests of what stands above it.
 *
 * Purpose:   "the third find answers WOULD_WAIT", "the next update answers IO".
 * Ownership: the plan is copied.
 * Threads:   any; counting is exact only when one thread runs.
 * Errors:    none.
 * Limits:    only for a kv made by kv_mem_open.
 */
#pragma once

#include "kv/kv.h"

struct kv_mem_faults {
    unsigned find_would_wait; /* this find from now on (find, find_many, a body's); 0: none */
    unsigned scan_would_wait;
    unsigned update_io; /* this update's commit from now on */
    unsigned update_full;
    unsigned update_lost;     /* this one is accepted, and its ticket is LOST */
    unsigned update_keys_max; /* with more exclusive keys an update is TOO_BIG; 0: any number */
};

void kv_mem_faults(struct kv *kv, const struct kv_mem_faults *plan);
