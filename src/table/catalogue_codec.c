/* A catalogue entry is stored as an item: named members in the same checked, versioned form as
 * users' data. A member that an older version does not know is kept out of its way; a new one that
 * changes the meaning of others raises "version". */
#include "base/check.h"
#include "item/item_codec.h"
#include "item/number.h"
#include "table/catalogue.h"

enum { ENTRY_VERSION = 1, MEMBERS_MAX = 24 };

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
    return map_of(&m);
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
    return map_of(&m);
}

str table_encode(const struct table *table, struct arena *arena) {
    struct members m = {.arena = arena};
    add_i64(&m, "version", ENTRY_VERSION);
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
    struct value tags = list_new(arena, table->tag_count);
    for (size_t i = 0; i < table->tag_count; i++) {
        struct members tag = {.arena = arena};
        add_str(&tag, "key", table->tags[i].key);
        add_str(&tag, "value", table->tags[i].value);
        tags.list[i] = map_of(&tag);
    }
    add(&m, "tags", tags);
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
    return (struct throughput){get_i64(v, "read"), get_i64(v, "write")};
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
    table->on_demand = get_bool(map, "on_demand");
    table->on_demand_since_us = get_i64(map, "on_demand_since_us");
    table->throughput = get_throughput(map);
    table->deletion_protection = get_bool(map, "deletion_protection");
    table->table_class = get_str(map, "table_class", arena);
    view tag_list = view_member(map, STR("tags"));
    struct tag *tags = arena_array(arena, struct tag, view_count(tag_list) + 1);
    for (view_cursor c = view_first(tag_list); view_next(&c);)
        tags[table->tag_count++] =
            (struct tag){get_str(c.value, "key", arena), get_str(c.value, "value", arena)};
    table->tags = tags;
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
