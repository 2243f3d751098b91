/* A catalogue entry is stored as an item: named members in the same checked, versioned form as
 * users' data. A member that an older version does not know is kept out of its way; a new one that
 * changes the meaning of others raises "version". */
#include "base/check.h"
#include "item/item_codec.h"
#include "item/number.h"
#include "table/catalogue.h"

/* Version 2: a policy's ARNs mean who has the ids beside it. */
enum { ENTRY_VERSION_PLAIN = 1, ENTRY_VERSION = 2, MEMBERS_MAX = 40 };

/* ---- writing ---- */

struct members {
    struct arena *arena;
    struct attribute at[MEMBERS_MAX];
    size_t count;
};

static void add(struct members *m, const char *name, struct value value) {
    CHECK(m->count < MEMBERS_MAX);
    m->at[m->count++] = (struct attribute){str_from_c(name), value};
}

static void add_str(struct members *m, const char *name, str text) {
    if (text.ptr != NULL)
        add(m, name, (struct value){.kind = VALUE_STRING, .bytes = text});
}

static void add_i64(struct members *m, const char *name, int64_t number) {
    unsigned char *bytes = arena_alloc(m->arena, NUMBER_BYTES_MAX);
    size_t len;
    number_from_i64(number, bytes, &len);
    add(m, name, (struct value){.kind = VALUE_NUMBER, .bytes = {(char *)bytes, len}});
}

static void add_bool(struct members *m, const char *name, bool value) {
    add(m, name, (struct value){.kind = VALUE_BOOL, .boolean = value});
}

static struct value map_of(const struct members *m) {
    struct attribute *copy = arena_array(m->arena, struct attribute, m->count);
    memcpy(copy, m->at, m->count * sizeof *copy);
    return (struct value){.kind = VALUE_MAP, .count = (uint32_t)m->count, .map = copy};
}

static struct value list_new(struct arena *arena, size_t count) {
    return (struct value){.kind = VALUE_LIST,
                          .count = (uint32_t)count,
                          .list = arena_array(arena, struct value, count ? count : 1)};
}

static struct value attributes_value(struct arena *arena, const struct key_attribute *at,
                                     size_t count) {
    struct value list = list_new(arena, count);
    for (size_t i = 0; i < count; i++) {
        struct members m = {.arena = arena};
        add_str(&m, "name", at[i].name);
        add_str(&m, "type", value_kind_name(at[i].kind));
        list.list[i] = map_of(&m);
    }
    return list;
}

static struct value key_value(struct arena *arena, const struct key_schema *key) {
    struct members m = {.arena = arena};
    add(&m, "hash", attributes_value(arena, key->hash, key->hash_count));
    add(&m, "range", attributes_value(arena, key->range, key->range_count));
    return map_of(&m);
}

static struct value throughput_value(struct arena *arena, const struct throughput *t) {
    struct members m = {.arena = arena};
    add_i64(&m, "read", t->read_units);
    add_i64(&m, "write", t->write_units);
    add_i64(&m, "decreases", t->decreases);
    add_i64(&m, "increased_us", t->increased_us);
    add_i64(&m, "decreased_us", t->decreased_us);
    return map_of(&m);
}

static struct value units_value(struct arena *arena, const struct units *units) {
    struct members m = {.arena = arena};
    add_i64(&m, "read", units->read);
    add_i64(&m, "write", units->write);
    return map_of(&m);
}

static struct value ttl_value(struct arena *arena, const struct time_to_live *ttl) {
    struct members m = {.arena = arena};
    add_str(&m, "attribute", ttl->attribute);
    add_str(&m, "former", ttl->former);
    add_i64(&m, "changed_us", ttl->changed_us);
    add_bool(&m, "indexed", ttl->indexed);
    return map_of(&m);
}

static struct value change_log_value(struct arena *arena, const struct change_log *log) {
    struct members m = {.arena = arena};
    add_i64(&m, "id", log->id);
    add_i64(&m, "view", log->view);
    add_i64(&m, "created_us", log->created_us);
    add_i64(&m, "opened_us", log->opened_us);
    add_i64(&m, "first_shard", log->first_shard);
    add_i64(&m, "shard_count", log->shard_count);
    return map_of(&m);
}

static struct value encryption_value(struct arena *arena, const struct encryption *encryption) {
    struct members m = {.arena = arena};
    add_bool(&m, "customer_key", encryption->customer_key);
    add_str(&m, "key_arn", encryption->key_arn);
    add_i64(&m, "changed_us", encryption->changed_us);
    return map_of(&m);
}

static struct value insights_value(struct arena *arena, const struct table *table) {
    struct value list = list_new(arena, table->insights_count);
    for (size_t i = 0; i < table->insights_count; i++) {
        struct members m = {.arena = arena};
        add_str(&m, "index", table->insights[i].index_name);
        add_i64(&m, "mode", table->insights[i].mode);
        add_i64(&m, "changed_us", table->insights[i].changed_us);
        list.list[i] = map_of(&m);
    }
    return list;
}

static struct value destinations_value(struct arena *arena, const struct table *table) {
    struct value list = list_new(arena, table->destination_count);
    for (size_t i = 0; i < table->destination_count; i++) {
        const struct destination *destination = &table->destinations[i];
        struct members m = {.arena = arena};
        add_str(&m, "stream_arn", destination->stream_arn);
        add_i64(&m, "status", destination->status);
        add_bool(&m, "precision_said", destination->precision_said);
        add_bool(&m, "microseconds", destination->microseconds);
        add_str(&m, "problem", destination->problem);
        add_i64(&m, "changed_us", destination->changed_us);
        add_i64(&m, "last_log_id", destination->last_log_id);
        add_i64(&m, "last_shard_count", destination->last_shard_count);
        list.list[i] = map_of(&m);
    }
    return list;
}

static struct value tags_value(struct arena *arena, const struct table *table) {
    struct value tags = list_new(arena, table->tag_count);
    for (size_t i = 0; i < table->tag_count; i++) {
        struct members tag = {.arena = arena};
        add_str(&tag, "key", table->tags[i].key);
        add_str(&tag, "value", table->tags[i].value);
        tags.list[i] = map_of(&tag);
    }
    return tags;
}

/* Nothing, if nobody is named. */
static void add_names(struct members *m, const struct policy_names *names) {
    struct attribute *map = arena_array(m->arena, struct attribute, names->count + 1);
    for (size_t i = 0; i < names->count; i++)
        map[i] =
            (struct attribute){names->entries[i].arn,
                               (struct value){.kind = VALUE_STRING, .bytes = names->entries[i].id}};
    if (names->count > 0)
        add(m, "names",
            (struct value){.kind = VALUE_MAP, .count = (uint32_t)names->count, .map = map});
}

/* Nothing for a resource that never had one. */
static void add_policy(struct members *m, const char *name, const struct resource_policy *policy) {
    struct members inside = {.arena = m->arena};
    if (policy->revision_ms == 0)
        return;
    add_str(&inside, "text", policy->text);
    add_names(&inside, &policy->names);
    add_i64(&inside, "revision_ms", policy->revision_ms);
    add_i64(&inside, "changed_us", policy->changed_us);
    add_i64(&inside, "stream_us", policy->stream_us);
    add(m, name, map_of(&inside));
}

static struct value index_value(struct arena *arena, const struct index *index) {
    struct members m = {.arena = arena};
    add_str(&m, "name", index->name);
    add_i64(&m, "id", index->id);
    add_bool(&m, "global", index->global);
    add(&m, "key", key_value(arena, &index->key));
    add_i64(&m, "projection", index->projection);
    struct value included = list_new(arena, index->included_count);
    for (size_t i = 0; i < index->included_count; i++)
        included.list[i] = (struct value){.kind = VALUE_STRING, .bytes = index->included[i]};
    add(&m, "included", included);
    add(&m, "throughput", throughput_value(arena, &index->throughput));
    add(&m, "on_demand_max", units_value(arena, &index->on_demand_max));
    add(&m, "warm", units_value(arena, &index->warm));
    add_i64(&m, "status", index->status);
    add_bool(&m, "backfilling", index->backfilling);
    add_i64(&m, "updating_until_us", index->updating_until_us);
    return map_of(&m);
}

str table_encode(const struct table *table, struct arena *arena) {
    struct members m = {.arena = arena};
    add_i64(&m, "version",
            table->policy.names.count + table->stream_policy.names.count > 0 ? ENTRY_VERSION
                                                                             : ENTRY_VERSION_PLAIN);
    add_str(&m, "name", table->name);
    add_i64(&m, "id", table->id);
    add_str(&m, "uuid", table->uuid);
    add_i64(&m, "status", table->status);
    add_i64(&m, "created_us", table->created_us);
    add(&m, "key", key_value(arena, &table->key));
    add(&m, "attributes", attributes_value(arena, table->attributes, table->attribute_count));
    struct value indexes = list_new(arena, table->index_count);
    for (size_t i = 0; i < table->index_count; i++)
        indexes.list[i] = index_value(arena, &table->indexes[i]);
    add(&m, "indexes", indexes);
    add_bool(&m, "on_demand", table->on_demand);
    add_i64(&m, "on_demand_since_us", table->on_demand_since_us);
    add(&m, "throughput", throughput_value(arena, &table->throughput));
    add_bool(&m, "deletion_protection", table->deletion_protection);
    add_str(&m, "table_class", table->table_class);
    add_i64(&m, "table_class_changed_us", table->table_class_changed_us);
    add(&m, "tags", tags_value(arena, table));
    add(&m, "on_demand_max", units_value(arena, &table->on_demand_max));
    add(&m, "warm", units_value(arena, &table->warm));
    add_i64(&m, "creating_until_us", table->creating_until_us);
    add_i64(&m, "updating_until_us", table->updating_until_us);
    add_i64(&m, "next_index_id", table->next_index_id);
    add(&m, "ttl", ttl_value(arena, &table->ttl));
    add(&m, "stream", change_log_value(arena, &table->stream));
    add(&m, "destination", change_log_value(arena, &table->destination));
    add(&m, "destinations", destinations_value(arena, table));
    add(&m, "encryption", encryption_value(arena, &table->encryption));
    add(&m, "insights", insights_value(arena, table));
    add_policy(&m, "policy", &table->policy);
    add_policy(&m, "stream_policy", &table->stream_policy);
    struct item item = {.attributes = m.at, .count = m.count};
    return item_encode(&item, &(struct item_stamp){.time_us = table->created_us}, arena);
}

/* ---- reading: missing members read as zero ---- */

static str get_str(view map, const char *name, struct arena *arena) {
    view v = view_member(map, str_from_c(name));
    return view_kind(v) == VALUE_STRING ? arena_copy(arena, view_bytes(v)) : (str){NULL, 0};
}

static int64_t get_i64(view map, const char *name) {
    view v = view_member(map, str_from_c(name));
    int64_t number = 0;
    if (view_kind(v) == VALUE_NUMBER && number_to_i64(view_bytes(v), &number))
        return number;
    return 0;
}

static bool get_bool(view map, const char *name) {
    view v = view_member(map, str_from_c(name));
    return view_kind(v) == VALUE_BOOL && view_bool(v);
}

static struct throughput get_throughput(view map) {
    view v = view_member(map, STR("throughput"));
    return (struct throughput){.read_units = get_i64(v, "read"),
                               .write_units = get_i64(v, "write"),
                               .decreases = get_i64(v, "decreases"),
                               .increased_us = get_i64(v, "increased_us"),
                               .decreased_us = get_i64(v, "decreased_us")};
}

static struct units get_units(view map, const char *name) {
    view v = view_member(map, str_from_c(name));
    return (struct units){get_i64(v, "read"), get_i64(v, "write")};
}

static struct change_log get_change_log(view map, const char *name) {
    view v = view_member(map, str_from_c(name));
    return (struct change_log){.id = (uint32_t)get_i64(v, "id"),
                               .view = (enum stream_view)get_i64(v, "view"),
                               .created_us = get_i64(v, "created_us"),
                               .opened_us = get_i64(v, "opened_us"),
                               .first_shard = (uint32_t)get_i64(v, "first_shard"),
                               .shard_count = (uint32_t)get_i64(v, "shard_count")};
}

static size_t get_attributes(view list, struct key_attribute *out, size_t max,
                             struct arena *arena) {
    size_t count = 0;
    for (view_cursor c = view_first(list); count < max && view_next(&c);) {
        out[count].name = get_str(c.value, "name", arena);
        out[count++].kind = value_kind_from_name(get_str(c.value, "type", arena));
    }
    return count;
}

static struct key_schema get_key(view map, struct arena *arena) {
    struct key_schema key = {};
    view v = view_member(map, STR("key"));
    key.hash_count = get_attributes(view_member(v, STR("hash")), key.hash, KEY_PARTS_MAX, arena);
    key.range_count = get_attributes(view_member(v, STR("range")), key.range, KEY_PARTS_MAX, arena);
    return key;
}

static void get_index(view map, struct index *out, struct arena *arena) {
    out->name = get_str(map, "name", arena);
    out->id = (uint16_t)get_i64(map, "id");
    out->global = get_bool(map, "global");
    out->key = get_key(map, arena);
    out->projection = (enum projection_kind)get_i64(map, "projection");
    view included = view_member(map, STR("included"));
    str *names = arena_array(arena, str, view_count(included) + 1);
    for (view_cursor c = view_first(included); view_next(&c);)
        names[out->included_count++] = arena_copy(arena, view_bytes(c.value));
    out->included = names;
    out->throughput = get_throughput(map);
    out->on_demand_max = get_units(map, "on_demand_max");
    out->warm = get_units(map, "warm");
    out->status = (enum index_status)get_i64(map, "status");
    out->backfilling = get_bool(map, "backfilling");
    out->updating_until_us = get_i64(map, "updating_until_us");
}

static void get_tags(view map, struct table *table) {
    view list = view_member(map, STR("tags"));
    struct tag *tags = arena_array(table->arena, struct tag, view_count(list) + 1);
    for (view_cursor c = view_first(list); view_next(&c);)
        tags[table->tag_count++] = (struct tag){get_str(c.value, "key", table->arena),
                                                get_str(c.value, "value", table->arena)};
    table->tags = tags;
}

static void get_insights(view map, struct table *table) {
    view list = view_member(map, STR("insights"));
    struct insights *insights = arena_array(table->arena, struct insights, view_count(list) + 1);
    for (view_cursor c = view_first(list); view_next(&c);)
        insights[table->insights_count++] =
            (struct insights){.index_name = get_str(c.value, "index", table->arena),
                              .mode = (enum insights_mode)get_i64(c.value, "mode"),
                              .changed_us = get_i64(c.value, "changed_us")};
    table->insights = insights;
}

static void get_destinations(view map, struct table *table) {
    struct arena *arena = table->arena;
    view list = view_member(map, STR("destinations"));
    struct destination *all = arena_array(arena, struct destination, view_count(list) + 1);
    for (view_cursor c = view_first(list); view_next(&c);)
        all[table->destination_count++] = (struct destination){
            .stream_arn = get_str(c.value, "stream_arn", arena),
            .status = (enum destination_status)get_i64(c.value, "status"),
            .precision_said = get_bool(c.value, "precision_said"),
            .microseconds = get_bool(c.value, "microseconds"),
            .problem = get_str(c.value, "problem", arena),
            .changed_us = get_i64(c.value, "changed_us"),
            .last_log_id = (uint32_t)get_i64(c.value, "last_log_id"),
            .last_shard_count = (uint32_t)get_i64(c.value, "last_shard_count")};
    table->destinations = all;
}

static struct policy_names get_names(view map, struct arena *arena) {
    struct policy_names names = {};
    struct policy_name *entries = arena_array(arena, struct policy_name, view_count(map) + 1);
    for (view_cursor c = view_first(map); view_next(&c); names.count++)
        entries[names.count] =
            (struct policy_name){arena_copy(arena, c.name), arena_copy(arena, view_bytes(c.value))};
    names.entries = entries;
    return names;
}

/* Compiled here, once a description. */
static struct resource_policy get_policy(view map, const char *name, struct arena *arena) {
    view v = view_member(map, str_from_c(name));
    struct resource_policy policy = {.text = get_str(v, "text", arena),
                                     .names = get_names(view_member(v, STR("names")), arena),
                                     .revision_ms = get_i64(v, "revision_ms"),
                                     .changed_us = get_i64(v, "changed_us"),
                                     .stream_us = get_i64(v, "stream_us")};
    resource_policy_compile(&policy, arena);
    return policy;
}

/* What may change after a table's creation and has no part in its keys. */
static void get_settings(view map, struct table *table) {
    struct arena *arena = table->arena;
    table->on_demand = get_bool(map, "on_demand");
    table->on_demand_since_us = get_i64(map, "on_demand_since_us");
    table->throughput = get_throughput(map);
    table->on_demand_max = get_units(map, "on_demand_max");
    table->warm = get_units(map, "warm");
    table->deletion_protection = get_bool(map, "deletion_protection");
    table->table_class = get_str(map, "table_class", arena);
    table->table_class_changed_us = get_i64(map, "table_class_changed_us");
    table->creating_until_us = get_i64(map, "creating_until_us");
    table->updating_until_us = get_i64(map, "updating_until_us");
    view ttl = view_member(map, STR("ttl"));
    table->ttl = (struct time_to_live){.attribute = get_str(ttl, "attribute", arena),
                                       .former = get_str(ttl, "former", arena),
                                       .changed_us = get_i64(ttl, "changed_us"),
                                       .indexed = get_bool(ttl, "indexed")};
    table->stream = get_change_log(map, "stream");
    table->destination = get_change_log(map, "destination");
    view encryption = view_member(map, STR("encryption"));
    table->encryption = (struct encryption){.customer_key = get_bool(encryption, "customer_key"),
                                            .key_arn = get_str(encryption, "key_arn", arena),
                                            .changed_us = get_i64(encryption, "changed_us")};
    table->policy = get_policy(map, "policy", arena);
    table->stream_policy = get_policy(map, "stream_policy", arena);
    get_tags(map, table);
    get_insights(map, table);
    get_destinations(map, table);
}

static void get_table(view map, struct table *table) {
    struct arena *arena = table->arena;
    table->name = get_str(map, "name", arena);
    table->id = (uint32_t)get_i64(map, "id");
    table->uuid = get_str(map, "uuid", arena);
    table->status = (enum table_status)get_i64(map, "status");
    table->created_us = get_i64(map, "created_us");
    table->key = get_key(map, arena);
    view attributes = view_member(map, STR("attributes"));
    struct key_attribute *definitions =
        arena_array(arena, struct key_attribute, view_count(attributes) + 1);
    table->attribute_count = get_attributes(attributes, definitions, view_count(attributes), arena);
    table->attributes = definitions;
    view list = view_member(map, STR("indexes"));
    struct index *indexes = arena_array(arena, struct index, view_count(list) + 1);
    for (view_cursor c = view_first(list); view_next(&c);)
        get_index(c.value, &indexes[table->index_count++], arena);
    table->indexes = indexes;
    /* Entries from before ids were kept count them. */
    table->next_index_id = (uint16_t)get_i64(map, "next_index_id");
    for (size_t i = 0; i < table->index_count; i++)
        if (table->next_index_id <= indexes[i].id)
            table->next_index_id = (uint16_t)(indexes[i].id + 1);
    get_settings(map, table);
}

status table_decode(str stored, struct table **out) {
    TRY(item_check_stored(stored));
    view map = item_map(stored);
    if (get_i64(map, "version") > ENTRY_VERSION)
        return ST_NEWER;
    struct table *table = table_new();
    get_table(map, table);
    if (table->name.len == 0 || table->id == 0 || table->key.hash_count == 0) {
        table_unref(table);
        return ST_CORRUPT;
    }
    *out = table;
    return ST_OK;
}
