#include "table/table_state.h"

bool state_pending(struct state_clock clock, int64_t until_us) {
    return clock.now_us < until_us && until_us - clock.now_us <= clock.delay_us;
}

const struct index *table_index_under_way(const struct table *table) {
    for (size_t i = 0; i < table->index_count; i++)
        if (table->indexes[i].status != INDEX_ACTIVE)
            return &table->indexes[i];
    return NULL;
}

bool table_serves_items(const struct table *table, struct state_clock clock) {
    return table->status == TABLE_ACTIVE && !state_pending(clock, table->creating_until_us);
}

enum shown_state table_shown(const struct table *table, struct state_clock clock) {
    if (table->status == TABLE_DELETING)
        return SHOWN_DELETING;
    if (state_pending(clock, table->creating_until_us))
        return SHOWN_CREATING;
    if (state_pending(clock, table->updating_until_us) || table_index_under_way(table) != NULL)
        return SHOWN_UPDATING;
    return SHOWN_ACTIVE;
}

enum shown_state index_shown(const struct table *table, const struct index *index,
                             struct state_clock clock) {
    if (table->status == TABLE_DELETING || index->status == INDEX_DELETING)
        return SHOWN_DELETING;
    if (index->status == INDEX_CREATING || state_pending(clock, table->creating_until_us))
        return SHOWN_CREATING;
    return state_pending(clock, index->updating_until_us) ? SHOWN_UPDATING : SHOWN_ACTIVE;
}

str shown_state_name(enum shown_state state) {
    static const str names[] = {[SHOWN_ACTIVE] = STR_INIT("ACTIVE"),
                                [SHOWN_CREATING] = STR_INIT("CREATING"),
                                [SHOWN_UPDATING] = STR_INIT("UPDATING"),
                                [SHOWN_DELETING] = STR_INIT("DELETING")};
    return names[state];
}
