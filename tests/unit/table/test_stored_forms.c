/* Every stored form, byte by byte: what a few writes leave in the engine is stored_forms.def. A
 * difference is a change of format, which needs a version of its own, a way to read what is there,
 * and a golden directory of the version before (CONTRIBUTING.md). STORED_FORMS=1 prints what is
 * stored, as rows of that file. */
#include "base/bytes.h"
#include "item/item_codec.h"
#include "item/number.h"
#include "table/catalogue.h"
#include "table/delivery_cursor.h"
#include "table/expiry.h"
#include "table/table_write.h"
/* Ours come first: cmocka has a macro fail(). */
#include "lib/test.h"

static const int64_t now_us = 1700000000123456;

static struct database *database;
static struct scope scope;
static size_t position; /* of the next row */

static const struct {
    const char *what, *key, *value;
} rows[] = {
#define FORM(what, key, value) {what, key, value},
#include "stored_forms.def"
#undef FORM
};

#include <stdlib.h>

static int setup(void **state) {
    (void)state;
    struct kv *kv;
    scope = (struct scope){
        .arena = arena_new(16 << 20), .scratch = arena_new(16 << 20), .now_us = now_us};
    struct database_options options = {
        .region = STR("us-east-1"), .account_id = STR("000000000000"), .stream_shards = 2};
    return kv_mem_open(&kv) == ST_OK && database_open(kv, &options, &database) == ST_OK ? 0 : 1;
}

static int teardown(void **state) {
    (void)state;
    database_close(database);
    arena_free(scope.arena);
    arena_free(scope.scratch);
    return 0;
}

/* ---- comparing ---- */

static const char *hex(str bytes) {
    static const char digits[] = "0123456789abcdef";
    char *text = arena_bytes(scope.arena, 2 * bytes.len + 1);
    for (size_t i = 0; i < bytes.len; i++) {
        text[2 * i] = digits[(unsigned char)bytes.ptr[i] >> 4];
        text[2 * i + 1] = digits[(unsigned char)bytes.ptr[i] & 15];
    }
    text[2 * bytes.len] = '\0';
    return text;
}

static void stored(const char *what, str key, str value) {
    if (getenv("STORED_FORMS")) {
        printf("# FORM(\"%s\", \"%s\",\n#      \"%s\")\n", what, hex(key), hex(value));
        return;
    }
    assert_true(position < sizeof rows / sizeof rows[0]);
    assert_string_equal(rows[position].what, what);
    assert_string_equal(rows[position].key, hex(key));
    assert_string_equal(rows[position].value, hex(value));
    position++;
}

/* All that lies in the engine behind the catalogue's entries, which hold random ids. */
static void stored_pairs(void) {
    struct kv_page page;
    struct kv_range range = {.from = STR("\x02")};
    assert_status(kv_scan(database->kv, NULL, scope.arena, &range, 1000, 1 << 20, &page), ST_OK);
    for (size_t i = 0; i < page.count; i++)
        stored("pair", page.pairs[i].key, page.pairs[i].value);
}

/* ---- what is written ---- */

static struct value string(const char *text) {
    return (struct value){.kind = VALUE_STRING, .bytes = str_from_c(text)};
}

static struct value number(const char *text) {
    unsigned char out[NUMBER_BYTES_MAX];
    size_t len = 0;
    assert_int_equal(number_from_text(str_from_c(text), out, &len), NUMBER_OK);
    return (struct value){.kind = VALUE_NUMBER,
                          .bytes = arena_copy(scope.arena, (str){(const char *)out, len})};
}

/* {p, s, g, end} and a value of each kind. */
static struct item *item_of(const char *p, const char *s, const char *g) {
    struct attribute members[] = {
        {STR("p"), string(p)},
        {STR("s"), number(s)},
        {STR("g"), string(g)},
        {STR("end"), number("1800000000")},
        {STR("binary"), {.kind = VALUE_BINARY, .bytes = STR("\x00\xff")}},
        {STR("yes"), {.kind = VALUE_BOOL, .boolean = true}},
        {STR("nothing"), {.kind = VALUE_NULL}},
        {STR("list"), {.kind = VALUE_LIST, .count = 0}},
        {STR("map"), {.kind = VALUE_MAP, .count = 0}},
    };
    enum { COUNT = sizeof members / sizeof members[0] };
    struct value *list = arena_array(scope.arena, struct value, 2);
    list[0] = number("-0.5");
    list[1] = string("");
    members[7].value = (struct value){.kind = VALUE_LIST, .count = 2, .list = list};
    struct attribute *inner = arena_array(scope.arena, struct attribute, 3);
    static str texts[] = {STR_INIT("b"), STR_INIT("a")};
    static str bytes[] = {STR_INIT("\xff"), STR_INIT("")};
    str *numbers = arena_array(scope.arena, str, 2);
    numbers[0] = number("9.9999999999999999999999999999999999999E+125").bytes;
    numbers[1] = number("-1E-130").bytes;
    inner[0] = (struct attribute){STR("ss"), {VALUE_STRING_SET, 2, .set = texts}};
    inner[1] = (struct attribute){STR("ns"), {VALUE_NUMBER_SET, 2, .set = numbers}};
    inner[2] = (struct attribute){STR("bs"), {VALUE_BINARY_SET, 2, .set = bytes}};
    members[8].value = (struct value){.kind = VALUE_MAP, .count = 3, .map = inner};
    struct item *item = arena_struct(scope.arena, struct item);
    item->attributes = arena_array(scope.arena, struct attribute, COUNT);
    memcpy(item->attributes, members, sizeof members);
    item->count = COUNT;
    return item;
}

/* Key p s, local index by g, global index by g and s, two shards of a stream. */
static struct table *description(void) {
    struct table *table = table_new();
    table->name = STR("forms");
    table->key = (struct key_schema){.hash = {{STR("p"), VALUE_STRING}},
                                     .hash_count = 1,
                                     .range = {{STR("s"), VALUE_NUMBER}},
                                     .range_count = 1};
    static const struct key_attribute attributes[] = {{STR_INIT("p"), VALUE_STRING},
                                                      {STR_INIT("s"), VALUE_NUMBER},
                                                      {STR_INIT("g"), VALUE_STRING}};
    table->attributes = attributes;
    table->attribute_count = 3;
    static const str included[] = {STR_INIT("list")};
    struct index *indexes = arena_array(table->arena, struct index, 2);
    indexes[0] = (struct index){.name = STR("local"), .id = 1, .projection = PROJECT_KEYS_ONLY};
    indexes[0].key = table->key;
    indexes[0].key.range[0] = attributes[2];
    indexes[1] = (struct index){.name = STR("global"),
                                .id = 2,
                                .global = true,
                                .projection = PROJECT_INCLUDE,
                                .included = included,
                                .included_count = 1};
    indexes[1].key = table->key;
    indexes[1].key.hash[0] = attributes[2];
    table->indexes = indexes;
    table->index_count = 2;
    table->on_demand = true;
    return table;
}

static void catalogue_entries_have_their_form(void) {
    struct table *table = description();
    table->id = 0x01020304;
    table->uuid = STR("00000000-0000-4000-8000-000000000000");
    table->created_us = now_us;
    table->throughput = (struct throughput){5, 6, 1, now_us, now_us + 1};
    table->deletion_protection = true;
    static const struct tag tags[] = {{STR_INIT("team"), STR_INIT("storage")}};
    table->tags = tags;
    table->tag_count = 1;
    table->next_index_id = 3;
    table->ttl =
        (struct time_to_live){.attribute = STR("end"), .changed_us = now_us, .indexed = true};
    table->stream = (struct change_log){7, VIEW_NEW_AND_OLD_IMAGES, now_us, now_us, 4, 2};
    static const struct destination destinations[] = {
        {.stream_arn = STR_INIT("arn:aws:kinesis:us-east-1:000000000000:stream/s"),
         .status = DESTINATION_ACTIVE,
         .changed_us = 1}};
    table->destinations = destinations;
    table->destination_count = 1;
    stored("catalogue entry", STR("forms"), table_encode(table, scope.arena));
    table_unref(table);
}

static void write_with(enum write_kind kind, struct item *item, struct request_token *token) {
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    struct write write = {
        .kind = kind, .table = catalogue_find(tables, STR("forms")), .item = item};
    uint64_t ticket;
    assert_status(table_write_once(database, &scope, &write, 1, token, &ticket), ST_OK);
    catalogue_release(tables);
}

static void file_expiry(void) {
    struct expiry_filing *filing = calloc(1, sizeof *filing); /* each step resets the arena */
    assert_non_null(filing);
    const struct catalogue_snapshot *tables = catalogue_acquire(database);
    assert_status(expiry_change(database, &scope, catalogue_find(tables, STR("forms")), STR("end")),
                  ST_OK);
    catalogue_release(tables);
    for (bool more = true; more;)
        assert_status(expiry_tidy(database, &scope, filing, &more), ST_OK);
    free(filing);
}

static void all_stored_forms_are_the_documented_ones(void **state) {
    (void)state;
    catalogue_entries_have_their_form();
    struct table *table = description();
    table->stream = (struct change_log){.id = CHANGE_LOG_NEW, .view = VIEW_NEW_AND_OLD_IMAGES};
    assert_status(catalogue_create(database, &scope, table), ST_OK);
    file_expiry();
    struct request_token token = {.user = TOKEN_OF_TRANSACT_WRITE, .text = STR("a token")};
    request_token_content(&token, STR("its content"));
    request_token_prepare(scope.arena, &token);
    write_with(WRITE_PUT, item_of("one", "12.5", "x"), &token);
    write_with(WRITE_PUT, item_of("one", "12.5", "y"), NULL);
    write_with(WRITE_PUT, item_of("b\x01", "-3", "x"), NULL);
    struct item *key = item_of("b\x01", "-3", "x");
    key->count = 2;
    write_with(WRITE_DELETE, key, NULL);
    stored_pairs();
    struct delivery delivery = {.log_id = 5, .lane_count = 1, .lanes = {{3, {0x1234, 2}}}};
    stored("delivery cursor", delivery_key(scope.arena, 5),
           delivery_encode(scope.arena, &delivery));
    if (!getenv("STORED_FORMS"))
        assert_int_equal(position, sizeof rows / sizeof rows[0]);
}

int main(void) {
    const struct CMUnitTest cases[] = {
        cmocka_unit_test_setup_teardown(all_stored_forms_are_the_documented_ones, setup, teardown),
    };
    return cmocka_run_group_tests(cases, NULL, NULL);
}
