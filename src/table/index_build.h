/* index_build.h - indexes that come and go while their table is in use.
 *
 * Purpose:   files what was in a table before its index was; drops what an index leaves behind.
 *            A step is a small piece of work, and all that is known lies in the database, so the
 *            work goes on after a restart where it was.
 * Ownership: a struct index_build is the caller's; all zero is a beginning, and always right.
 * Threads:   one at a time steps; everybody else may read and write meanwhile. May wait.
 * Errors:    of the engine; ST_CONFLICT: a table was changed meanwhile. Step again after any.
 * Limits:    BUILD_PAGE_ITEMS items and about BUILD_PAGE_BYTES a step; two steps' writes under way.
 */
#pragma once

#include "table/database.h"
#include "table/table.h"

enum { BUILD_PAGE_ITEMS = 64, BUILD_PAGE_BYTES = 512 * 1024 };

enum index_step {
    STEP_NOTHING, /* to do at this time */
    STEP_BEGUN,   /* an index shows that it is being filled */
    STEP_FILED,   /* a page of items */
    STEP_ACTIVE,  /* an index is complete */
    STEP_DROPPED, /* an index and its entries are gone */
};

struct index_build {
    /* What the last step did, for the log. */
    enum index_step did;
    char table[256], index[256];
    int64_t items, of; /* looked at, and in the table when this began or went on */

    /* Private. */
    bool swept;
    uint32_t table_id; /* what `from` is in; 0: nothing is known, look it up */
    uint16_t index_id;
    uint64_t ticket; /* of the newest page */
    char turn[256];  /* the table of the last step: the next one begins its search behind it */
    size_t turn_len;
    size_t from_len; /* of the key behind the last item looked at */
    char from[KV_KEY_MAX + 1];
};

status index_build_step(struct database *database, struct index_build *build, int64_t now_us);

/* How far an index is, for verify: the key of the last item looked at, empty at the beginning.
 * False when it does not decode. */
bool index_cursor_open(str stored, str *out_last_key);
