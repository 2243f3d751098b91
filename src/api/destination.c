#include "api/destination.h"

status destination_table(struct request *request, str name, const struct table **out) {
    TRY(request_table(request, name, true, out));
    if (!table_serves_items(*out, request_clock(request)))
        return request_check_active(request, *out);
    return ST_OK;
}

const struct destination *destination_of(const struct table *table, str stream_arn) {
    for (size_t i = 0; i < table->destination_count; i++)
        if (str_eq(table->destinations[i].stream_arn, stream_arn))
            return &table->destinations[i];
    return NULL;
}

const struct destination *destination_open(const struct table *table) {
    for (size_t i = 0; i < table->destination_count; i++)
        if (table->destinations[i].status != DESTINATION_DISABLED &&
            table->destinations[i].status != DESTINATION_ENABLE_FAILED)
            return &table->destinations[i];
    return NULL;
}

void destination_set(struct table *changed, const struct destination *destination) {
    struct destination *all =
        arena_array(changed->arena, struct destination, changed->destination_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < changed->destination_count; i++)
        if (!str_eq(changed->destinations[i].stream_arn, destination->stream_arn))
            all[count++] = changed->destinations[i];
    all[count] = *destination;
    all[count].stream_arn = arena_copy(changed->arena, destination->stream_arn);
    all[count].problem = arena_copy(changed->arena, destination->problem);
    count++;
    /* Who is set comes last, so what is first was switched off longest ago. */
    size_t forgotten = count > DESTINATIONS_MAX ? count - DESTINATIONS_MAX : 0;
    changed->destinations = all + forgotten;
    changed->destination_count = count - forgotten;
}

str destination_status_name(struct request *request, const struct destination *destination) {
    static const str names[] = {[DESTINATION_ENABLING] = STR_INIT("ENABLING"),
                                [DESTINATION_ACTIVE] = STR_INIT("ACTIVE"),
                                [DESTINATION_DISABLING] = STR_INIT("DISABLING"),
                                [DESTINATION_DISABLED] = STR_INIT("DISABLED"),
                                [DESTINATION_ENABLE_FAILED] = STR_INIT("ENABLE_FAILED"),
                                [DESTINATION_UPDATING] = STR_INIT("UPDATING")};
    bool changing =
        request->scope->now_us < destination->changed_us + request->database->status_delay_us;
    if (destination->status == DESTINATION_ACTIVE && changing)
        return names[DESTINATION_UPDATING];
    return names[destination->status];
}

str destination_precision_name(const struct destination *destination) {
    return destination->microseconds ? STR("MICROSECOND") : STR("MILLISECOND");
}

void destination_reply(struct request *request, const struct table *table, str stream_arn,
                       str status_name) {
    reply_str(&request->reply, STR("TableName"), table->name);
    reply_str(&request->reply, STR("StreamArn"), stream_arn);
    reply_str(&request->reply, STR("DestinationStatus"), status_name);
}

void destination_reply_precision(struct request *request, str member,
                                 const struct destination *destination) {
    reply_open(&request->reply, member);
    reply_str(&request->reply, STR("ApproximateCreationDateTimePrecision"),
              destination_precision_name(destination));
    reply_close(&request->reply);
}
