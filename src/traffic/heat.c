/* Where a table is hot: slices of its hash range, always; its keys, when insights are on. */
#include "base/bytes.h"
#include "item/item_json.h"
#include "item/item_key.h"
#include "json/json_writer.h"
#include "table/table_key.h"
#include "traffic/traffic_int.h"

const struct insights *traffic_insights(const struct table *table, const struct index *index) {
    for (size_t i = 0; i < table->insights_count; i++) {
        const struct insights *insights = &table->insights[i];
        if (index == NULL
                ? insights->index_name.ptr == NULL
                : insights->index_name.ptr != NULL && str_eq(insights->index_name, index->name))
            return insights;
    }
    return NULL;
}

/* ---- adding ---- */

static int64_t weight_of(const struct traffic_visit *visit) {
    double per_unit = visit->kind == TRAFFIC_WRITE ? HEAT_PER_WRITE_UNIT : 1;
    return (int64_t)(visit->units * per_unit * HEAT_STEPS);
}

/* Requests that arrived before the turn may come behind it; a clock that went back begins anew. */
static bool has_turned(int64_t from_minute, int64_t to_minute) {
    return to_minute > from_minute || to_minute < from_minute - 1;
}

static unsigned halvings(int64_t from_minute, int64_t to_minute) {
    int64_t passed = to_minute - from_minute;
    return passed <= 0 ? 0 : passed < 63 ? (unsigned)passed : 63;
}

/* Whoever sees the minute turn halves them all. What others add meanwhile may be lost: it is
 * little, and heat is an estimate. */
static void fade_slices(struct meter *meter, int64_t minute) {
    int64_t last = atomic_load_explicit(&meter->slices_minute, memory_order_relaxed);
    if (!has_turned(last, minute) ||
        !atomic_compare_exchange_strong(&meter->slices_minute, &last, minute))
        return;
    unsigned times = halvings(last, minute);
    for (int i = 0; times > 0 && i < TRAFFIC_SLICES; i++) {
        uint64_t weight = atomic_load_explicit(&meter->slices[i], memory_order_relaxed);
        atomic_store_explicit(&meter->slices[i], weight >> times, memory_order_relaxed);
    }
}

void heat_add_slice(struct meter *meter, const struct traffic_visit *visit, int64_t now_us) {
    if (visit->key.ptr == NULL)
        return;
    fade_slices(meter, heat_minute(now_us));
    uint32_t hash = get_be32(visit->key.ptr + TABLE_KEY_HASH_AT);
    atomic_fetch_add_explicit(&meter->slices[(uint64_t)hash * TRAFFIC_SLICES >> 32],
                              (uint64_t)weight_of(visit), memory_order_relaxed);
}

static void fade_sketches(struct meter *meter, int64_t minute) {
    if (!has_turned(meter->sketches_minute, minute))
        return;
    unsigned times = halvings(meter->sketches_minute, minute);
    meter->sketches_minute = minute;
    for (int i = 0; times > 0 && i < METER_SKETCHES; i++)
        if (meter->sketches[i] != NULL)
            sketch_halve(meter->sketches[i], times);
}

static void add_to(struct meter *meter, enum meter_sketch which, str key, int64_t weight) {
    if (meter->sketches[which] == NULL)
        meter->sketches[which] = sketch_new();
    sketch_add(meter->sketches[which], key, weight);
}

void heat_add_key(struct meter *meter, const struct traffic_visit *visit, bool refused,
                  int64_t now_us) {
    str key = visit->key;
    if (key.ptr == NULL)
        return;
    int64_t weight = refused ? HEAT_STEPS : weight_of(visit);
    fade_sketches(meter, heat_minute(now_us));
    add_to(meter, refused ? SKETCH_REFUSED_PARTITIONS : SKETCH_PARTITIONS,
           str_slice(key, TABLE_KEY_HASH_END, visit->partition_len), weight);
    if (key.len > visit->partition_len)
        add_to(meter, refused ? SKETCH_REFUSED_ITEMS : SKETCH_ITEMS,
               str_slice(key, TABLE_KEY_HASH_END, key.len), weight);
}

/* ---- showing ---- */

struct heat_rows {
    const struct key_schema *key;
    struct arena *arena;
    struct json_writer json;
};

/* Decodes parts of a key in their order, and writes them as an item. */
static void write_parts(struct heat_rows *rows, str name, size_t from, size_t to, str *rest) {
    struct item item = {.attributes = arena_array(rows->arena, struct attribute, to - from + 1)};
    for (size_t i = from; i < to; i++) {
        const struct key_attribute *part = key_schema_part(rows->key, i);
        str bytes;
        if (!key_part_decode(part->kind, rest, rows->arena, &bytes))
            return; /* not of this schema: nothing to show */
        item.attributes[item.count++] =
            (struct attribute){.name = part->name, .value = {.kind = part->kind, .bytes = bytes}};
    }
    json_write_key(&rows->json, name);
    item_to_json(&item, &rows->json);
}

static void write_weight(struct heat_rows *rows, str name, int64_t weight) {
    json_write_key(&rows->json, name);
    json_write_double(&rows->json, (double)weight / HEAT_STEPS);
}

static void write_row(struct heat_rows *rows, str key, bool item, const struct sketch_entry *entry,
                      int64_t refused) {
    str rest = key;
    json_write_object_begin(&rows->json);
    write_parts(rows, STR("partitionKey"), 0, rows->key->hash_count, &rest);
    if (item)
        write_parts(rows, STR("sortKey"), rows->key->hash_count, key_schema_count(rows->key),
                    &rest);
    write_weight(rows, STR("units"), entry != NULL ? entry->weight : 0);
    if (entry != NULL && entry->error > 0)
        write_weight(rows, STR("error"), entry->error);
    write_weight(rows, STR("throttled"), refused);
    json_write_object_end(&rows->json);
}

struct heat_top {
    struct sketch_entry *entries;
    size_t count;
};

static const struct sketch_entry *find_entry(const struct heat_top *top, str key) {
    for (size_t i = 0; i < top->count; i++)
        if (str_eq(top->entries[i].key, key))
            return &top->entries[i];
    return NULL;
}

/* What was used most, with how often it was refused; then what was only refused. */
static void write_rows(struct heat_rows *rows, const struct heat_top *used,
                       const struct heat_top *refused, bool items) {
    for (size_t i = 0; i < used->count; i++) {
        const struct sketch_entry *same = find_entry(refused, used->entries[i].key);
        write_row(rows, used->entries[i].key, items, &used->entries[i], same ? same->weight : 0);
    }
    for (size_t i = 0; i < refused->count; i++)
        if (find_entry(used, refused->entries[i].key) == NULL)
            write_row(rows, refused->entries[i].key, items, NULL, refused->entries[i].weight);
}

/* Copies them, so that nobody waits while they are written out. */
static void take_tops(struct meter *meter, uint64_t id, int64_t now_us, struct arena *arena,
                      struct heat_top out[METER_SKETCHES]) {
    if (meter == NULL)
        return;
    pthread_mutex_lock(&meter->lock);
    if (meter_is(meter, id)) {
        fade_sketches(meter, heat_minute(now_us));
        for (int i = 0; i < METER_SKETCHES; i++)
            out[i].count = sketch_top(meter->sketches[i], arena, &out[i].entries);
    }
    pthread_mutex_unlock(&meter->lock);
}

static void write_slices(struct heat_rows *rows, struct meter *meter, int64_t now_us) {
    if (meter != NULL)
        fade_slices(meter, heat_minute(now_us));
    json_write_key(&rows->json, STR("slices"));
    json_write_array_begin(&rows->json);
    for (int i = 0; i < TRAFFIC_SLICES; i++) {
        uint64_t weight =
            meter != NULL ? atomic_load_explicit(&meter->slices[i], memory_order_relaxed) : 0;
        json_write_double(&rows->json, (double)weight / HEAT_STEPS);
    }
    json_write_array_end(&rows->json);
}

void traffic_heat(struct traffic *traffic, const struct table *table, const struct index *index,
                  int64_t now_us, struct buf *out) {
    uint64_t id = visit_id(table, index);
    struct meter *meter = meters_find(&traffic->meters, id);
    struct heat_rows rows = {.key = index != NULL ? &index->key : &table->key, .arena = out->arena};
    struct heat_top tops[METER_SKETCHES] = {};
    take_tops(meter, id, now_us, out->arena, tops);
    json_writer_init(&rows.json, out);
    json_write_object_begin(&rows.json);
    json_write_key(&rows.json, STR("table"));
    json_write_string(&rows.json, table->name);
    if (index != NULL) {
        json_write_key(&rows.json, STR("index"));
        json_write_string(&rows.json, index->name);
    }
    json_write_key(&rows.json, STR("keys"));
    json_write_array_begin(&rows.json);
    write_rows(&rows, &tops[SKETCH_PARTITIONS], &tops[SKETCH_REFUSED_PARTITIONS], false);
    write_rows(&rows, &tops[SKETCH_ITEMS], &tops[SKETCH_REFUSED_ITEMS], true);
    json_write_array_end(&rows.json);
    write_slices(&rows, meter, now_us);
    json_write_object_end(&rows.json);
    json_writer_finish(&rows.json);
}
