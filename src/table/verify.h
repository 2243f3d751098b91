/* verify.h - walks everything that is stored and checks what the rest of the code relies on.
 *
 * Purpose:   `stator verify`: every item decodes and lies under its own key, every index entry is
 *            what its item makes it, none is missing or left over, the same of expiry times,
 *            counters agree, and nothing lies outside of what the catalogue knows.
 * Ownership: findings are handed to the caller one by one, valid during the call.
 * Threads:   one; nobody may write meanwhile. May wait.
 * Errors:    of the engine; findings are not errors.
 * Limits:    memory of one page and one item at a time.
 */
#pragma once

#include "table/database.h"

struct verify_totals {
    uint64_t tables, items, index_entries, findings;
};

typedef void verify_finding(void *context, str what);

status verify_database(struct database *database, verify_finding *finding, void *context,
                       struct verify_totals *out);
