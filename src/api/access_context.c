/* What conditions ask of a request, gathered from the members of its input by their names: a key is
 * a key wherever it stands, in GetItem as in an element of a transaction. Nothing here judges the
 * input. What is not valid names what it looks like it names, and the operation refuses it. */
#include "api/access_int.h"
#include "api/statement.h"
#include "expr/named.h"
#include "item/item_key.h"

#include <assert.h>

/* What CONTEXT_… of api's own are made of what was asked for. */
#define GATHERED                                                                                   \
    (CONTEXT_BIT(CONTEXT_LEADING_KEYS) | CONTEXT_BIT(CONTEXT_PARTITION_KEY_1) |                    \
     CONTEXT_BIT(CONTEXT_PARTITION_KEY_2) | CONTEXT_BIT(CONTEXT_PARTITION_KEY_3) |                 \
     CONTEXT_BIT(CONTEXT_PARTITION_KEY_4) | CONTEXT_BIT(CONTEXT_ATTRIBUTES))
static_assert((int)CONTEXT_PARTITION_KEYS == (int)KEY_PARTS_MAX, "a condition key for each part");

struct gathering {
    struct request *request;
    const struct access_ask *ask;
    const struct key_schema *key; /* of what is read or written; NULL: no such table or index */
    struct named attributes;
    struct named partitions[KEY_PARTS_MAX]; /* values of each attribute of the partition key */
    bool all_attributes;                    /* something reads whole items */
};

static bool is_asked(context_set asks, enum context_key key) {
    return (asks & CONTEXT_BIT(key)) != 0;
}

/* ---- members ---- */

static const struct shape_member *find_member(const struct shape *shape, str name) {
    for (size_t i = 0; i < shape->member_count; i++)
        if (str_eq(shape_members[shape->first_member + i].name, name))
            return &shape_members[shape->first_member + i];
    return NULL;
}

const void *access_member(const struct shape *shape, const void *in, str name) {
    const struct shape_member *member =
        shape->kind == KIND_STRUCT ? find_member(shape, name) : NULL;
    if (member == NULL)
        return NULL;
    const void *slot = (const char *)in + member->offset;
    return shape_is_absent(shapes[member->shape].kind, slot) ? NULL : slot;
}

str access_text(const struct shape *shape, const void *in, str name) {
    const str *slot = access_member(shape, in, name);
    return slot != NULL ? *slot : (str){};
}

/* A member that holds a pointer: structure, list, map or item. */
static const void *pointer_in(const struct shape *shape, const void *in, str name) {
    const void *const *slot = access_member(shape, in, name);
    return slot != NULL ? *slot : NULL;
}

/* ---- partition key values ---- */

/* Nothing, if no such attribute is part of the partition key. */
static void add_partition(struct gathering *g, str name, enum value_kind kind, str bytes) {
    str text;
    for (size_t i = 0; g->key != NULL && i < g->key->hash_count; i++)
        if (str_eq(g->key->hash[i].name, name) &&
            key_part_text(kind, bytes, g->request->scope->arena, &text))
            named_add(&g->partitions[i], text);
}

static void take_item_tree(struct gathering *g, const struct item *item) {
    for (size_t i = 0; i < item->count; i++) {
        const struct attribute *attribute = &item->attributes[i];
        named_add(&g->attributes, attribute->name);
        add_partition(g, attribute->name, attribute->value.kind, attribute->value.bytes);
    }
}

/* ---- one taker for each kind of member ---- */

/* The structure that the member is of, and what the member holds. */
struct holder {
    const struct shape *shape;
    const void *in;
};
typedef void take(struct gathering *g, const struct holder *holder, const void *slot);

static void take_item(struct gathering *g, const struct holder *holder, const void *slot) {
    (void)holder;
    take_item_tree(g, *(const struct item *const *)slot);
}

static void take_items(struct gathering *g, const struct holder *holder, const void *slot) {
    const struct any_list *list = *(const struct any_list *const *)slot;
    (void)holder;
    for (size_t i = 0; i < list->count; i++)
        take_item_tree(g, ((const struct item *const *)list->at)[i]);
}

static void take_names(struct gathering *g, const struct holder *holder, const void *slot) {
    const struct any_list *list = *(const struct any_list *const *)slot;
    (void)holder;
    for (size_t i = 0; i < list->count; i++)
        named_add(&g->attributes, ((const str *)list->at)[i]);
}

static void take_map(struct gathering *g, const struct holder *holder, const void *slot) {
    const struct any_map *map = *(const struct any_map *const *)slot;
    (void)holder;
    for (size_t i = 0; i < map->count; i++)
        named_add(&g->attributes, map->keys[i]);
}

static void take_text(struct gathering *g, const struct holder *holder, enum named_text kind,
                      str text) {
    const struct in_ExpressionAttributeNameMap *names =
        pointer_in(holder->shape, holder->in, STR("ExpressionAttributeNames"));
    named_in_text(&g->attributes, kind, text, names != NULL ? names->keys : NULL,
                  names != NULL ? names->at : NULL, names != NULL ? names->count : 0);
}

static void take_projection(struct gathering *g, const struct holder *holder, const void *slot) {
    take_text(g, holder, NAMED_PROJECTION, *(const str *)slot);
}

static void take_condition(struct gathering *g, const struct holder *holder, const void *slot) {
    take_text(g, holder, NAMED_CONDITION, *(const str *)slot);
}

static void take_update(struct gathering *g, const struct holder *holder, const void *slot) {
    take_text(g, holder, NAMED_UPDATE, *(const str *)slot);
}

/* Parsed as Query parses it; what does not parse has no leading keys. */
static void take_key_condition(struct gathering *g, const struct holder *holder, const void *slot) {
    const struct scope *own = g->request->scope;
    struct scope scope = {.arena = own->arena, .scratch = own->scratch, .now_us = own->now_us};
    const struct in_ExpressionAttributeNameMap *names =
        pointer_in(holder->shape, holder->in, STR("ExpressionAttributeNames"));
    const struct item *values =
        pointer_in(holder->shape, holder->in, STR("ExpressionAttributeValues"));
    struct expr_placeholders placeholders;
    struct expr_condition parsed;
    const struct key_condition *conditions;
    size_t count = 0;
    take_condition(g, holder, slot);
    if (expr_placeholders_init(&scope, values, names != NULL ? names->keys : NULL,
                               names != NULL ? names->at : NULL, names != NULL ? names->count : 0,
                               names != NULL, true, &placeholders) != ST_OK ||
        expr_parse_condition(&scope, EXPR_KEY_CONDITION, *(const str *)slot, &placeholders,
                             &parsed) != ST_OK ||
        expr_key_conditions(&scope, &parsed, &conditions, &count) != ST_OK)
        return;
    for (size_t i = 0; i < count; i++)
        if (conditions[i].op == KEY_EQ)
            add_partition(g, conditions[i].name, view_kind(conditions[i].value),
                          view_bytes(conditions[i].value));
}

static void take_legacy_keys(struct gathering *g, const struct holder *holder, const void *slot) {
    const struct in_KeyConditions *map = *(const struct in_KeyConditions *const *)slot;
    take_map(g, holder, slot);
    for (size_t i = 0; i < map->count; i++) {
        const struct in_AttributeValueList *list = map->at[i]->AttributeValueList;
        bool equal = str_eq(map->at[i]->ComparisonOperator, STR("EQ"));
        for (size_t v = 0; equal && list && v < list->count; v++)
            if (list->at[v]->fault.ptr == NULL)
                add_partition(g, map->keys[i], list->at[v]->value.kind, list->at[v]->value.bytes);
    }
}

static void take_structure(struct gathering *g, const struct holder *holder, const void *slot);

static const struct {
    str member;
    take *take;
} takers[] = {
    {STR_INIT("AttributeUpdates"), take_map},
    {STR_INIT("AttributesToGet"), take_names},
    {STR_INIT("ConditionExpression"), take_condition},
    {STR_INIT("DeleteRequest"), take_structure},
    {STR_INIT("Expected"), take_map},
    {STR_INIT("FilterExpression"), take_condition},
    {STR_INIT("Item"), take_item},
    {STR_INIT("Key"), take_item},
    {STR_INIT("KeyConditionExpression"), take_key_condition},
    {STR_INIT("KeyConditions"), take_legacy_keys},
    {STR_INIT("Keys"), take_items},
    {STR_INIT("ProjectionExpression"), take_projection},
    {STR_INIT("PutRequest"), take_structure},
    {STR_INIT("QueryFilter"), take_map},
    {STR_INIT("ScanFilter"), take_map},
    {STR_INIT("UpdateExpression"), take_update},
};

/* ---- structures ---- */

/* Of a read: "" for anything else, which has no projection to leave out. */
static str select_of(const struct gathering *g, const struct holder *holder) {
    const struct shape *shape = holder->shape;
    if (shape->kind != KIND_STRUCT || find_member(shape, STR("ProjectionExpression")) == NULL)
        return (str){};
    str select = access_text(shape, holder->in, STR("Select"));
    if (select.ptr != NULL)
        return select;
    if (access_member(shape, holder->in, STR("ProjectionExpression")) != NULL ||
        access_member(shape, holder->in, STR("AttributesToGet")) != NULL)
        return STR("SPECIFIC_ATTRIBUTES");
    return g->ask->index_name.ptr != NULL ? STR("ALL_PROJECTED_ATTRIBUTES") : STR("ALL_ATTRIBUTES");
}

static void gather(struct gathering *g, const struct holder *holder) {
    g->all_attributes |= str_starts_with(select_of(g, holder), STR("ALL_"));
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++) {
        const void *slot = access_member(holder->shape, holder->in, takers[i].member);
        if (slot != NULL)
            takers[i].take(g, holder, slot);
    }
}

/* One level: PutRequest and DeleteRequest hold a key or an item, and no structure. */
static void take_structure(struct gathering *g, const struct holder *holder, const void *slot) {
    const void *in = *(const void *const *)slot;
    for (size_t i = 0; i < holder->shape->member_count; i++) {
        const struct shape_member *member = &shape_members[holder->shape->first_member + i];
        if ((const char *)slot == (const char *)holder->in + member->offset)
            gather(g, &(struct holder){&shapes[member->shape], in});
    }
}

static void gather_input(struct gathering *g) {
    const struct shape *shape = &shapes[g->ask->shape];
    if (shape->kind != KIND_LIST) {
        gather(g, &(struct holder){shape, g->ask->in});
        return;
    }
    const struct any_list *list = g->ask->in;
    for (size_t i = 0; i < list->count; i++)
        gather(g, &(struct holder){&shapes[shape->element], ((const void *const *)list->at)[i]});
}

/* ---- statements ---- */

static void gather_statement(struct gathering *g) {
    const struct partiql_statement *parsed = &g->ask->statement->parsed;
    bool reads = parsed->kind == PARTIQL_SELECT;
    g->all_attributes |= reads && parsed->column_count == 0;
    for (size_t i = 0; i < parsed->column_count; i++)
        named_add(&g->attributes, parsed->columns[i].path.parts[0].name);
    for (size_t i = 0; i < parsed->order_count; i++)
        named_add(&g->attributes, parsed->order[i].name);
    for (const struct partiql_term *term = parsed->terms; term != NULL; term = term->next) {
        named_in_node(&g->attributes, term->node);
        if (term->test == TEST_OTHER)
            continue;
        str name = term->key.name;
        if (term->test == TEST_KEY && term->key.op == KEY_EQ)
            add_partition(g, name, view_kind(term->key.value), view_bytes(term->key.value));
        for (size_t i = 0; term->test != TEST_KEY && i < term->value_count; i++)
            add_partition(g, name, view_kind(term->values[i]), view_bytes(term->values[i]));
    }
    if (parsed->kind == PARTIQL_INSERT)
        take_item_tree(g, &parsed->item);
    if (parsed->update != NULL)
        named_in_update(&g->attributes, parsed->update);
}

static void describe_statement(const struct gathering *g, struct access_context *context) {
    static const str returning[] = {
        [RETURN_NONE] = STR_INIT("NONE"),       [RETURN_ALL_OLD] = STR_INIT("ALL_OLD"),
        [RETURN_ALL_NEW] = STR_INIT("ALL_NEW"), [RETURN_OLD] = STR_INIT("UPDATED_OLD"),
        [RETURN_NEW] = STR_INIT("UPDATED_NEW"),
    };
    const struct partiql_statement *parsed = &g->ask->statement->parsed;
    if (parsed->kind == PARTIQL_UPDATE || parsed->kind == PARTIQL_DELETE)
        context->return_values = returning[parsed->returning];
    if (parsed->kind != PARTIQL_SELECT)
        return;
    bool named = g->key != NULL && statement_names_partitions(g->ask->statement, g->key);
    context->full_table_scan = named ? STR("false") : STR("true");
    context->select = parsed->column_count > 0 ? STR("SPECIFIC_ATTRIBUTES") : STR("ALL_ATTRIBUTES");
}

/* ---- the rest of the request ---- */

static struct context_values values_of(const struct named *named) {
    return (struct context_values){named->count > 0, named->at, named->count};
}

/* What is not said is what the service takes it for. */
static str said_or_none(const struct shape *shape, const void *in, str name) {
    if (shape->kind != KIND_STRUCT || find_member(shape, name) == NULL)
        return (str){};
    str said = access_text(shape, in, name);
    return said.ptr != NULL ? said : STR("NONE");
}

static bool asks_for_old(const struct shape *shape, const void *in) {
    return str_eq(access_text(shape, in, STR("ReturnValuesOnConditionCheckFailure")),
                  STR("ALL_OLD"));
}

/* Whether a condition that is false would show the whole item. Statements are not told apart: one
 * of them is enough for all of a transaction. */
static bool shows_on_failure(const struct gathering *g) {
    const struct request *request = g->request;
    const struct shape *whole = &shapes[request->operation->input];
    if (g->ask->statement == NULL)
        return asks_for_old(&shapes[g->ask->shape], g->ask->in);
    if (g->ask->statement->parsed.kind == PARTIQL_SELECT)
        return false;
    const struct any_list *list = pointer_in(whole, request->input, STR("TransactStatements"));
    bool shows = asks_for_old(whole, request->input);
    for (size_t i = 0; list != NULL && !shows && i < list->count; i++)
        shows =
            asks_for_old(&shapes[SHAPE_ParameterizedStatement], ((const void *const *)list->at)[i]);
    return shows;
}

static void describe_members(const struct gathering *g, struct access_context *context) {
    const struct request *request = g->request;
    const struct shape *shape = &shapes[g->ask->shape], *whole = &shapes[request->operation->input];
    if (g->ask->statement == NULL) {
        context->select = select_of(g, &(struct holder){shape, g->ask->in});
        context->return_values = said_or_none(shape, g->ask->in, STR("ReturnValues"));
    }
    if (!str_eq(context->return_values, STR("ALL_NEW")) && shows_on_failure(g))
        context->return_values = STR("ALL_OLD");
    context->return_consumed_capacity =
        said_or_none(whole, request->input, STR("ReturnConsumedCapacity"));
}

static void describe_request_tags(const struct request *request, struct access_context *context) {
    const struct shape *whole = &shapes[request->operation->input];
    const struct in_TagList *given = pointer_in(whole, request->input, STR("Tags"));
    const struct in_TagKeyList *keys = pointer_in(whole, request->input, STR("TagKeys"));
    size_t count = given != NULL ? given->count : keys != NULL ? keys->count : 0;
    struct context_tag *tags = arena_array(request->scope->arena, struct context_tag, count + 1);
    for (size_t i = 0; i < count; i++)
        tags[i] = given != NULL ? (struct context_tag){given->at[i]->Key, given->at[i]->Value}
                                : (struct context_tag){keys->at[i], (str){}};
    context->request_tags = (struct context_tags){tags, count};
}

static void describe_resource_tags(const struct request *request, const struct table *table,
                                   struct access_context *context) {
    size_t count = table != NULL ? table->tag_count : 0;
    struct context_tag *tags = arena_array(request->scope->arena, struct context_tag, count + 1);
    for (size_t i = 0; i < count; i++)
        tags[i] = (struct context_tag){table->tags[i].key, table->tags[i].value};
    context->resource_tags = (struct context_tags){tags, count};
}

static const struct key_schema *schema_of(const struct access_ask *ask) {
    if (ask->table == NULL)
        return NULL;
    if (ask->index_name.ptr == NULL)
        return &ask->table->key;
    const struct index *index = table_index(ask->table, ask->index_name);
    return index != NULL ? &index->key : NULL;
}

void access_context_fill(struct request *request, const struct access_ask *ask, context_set asks,
                         struct access_context *context) {
    struct arena *arena = request->scope->arena;
    struct gathering g = {
        .request = request, .ask = ask, .key = schema_of(ask), .attributes = {.arena = arena}};
    if (asks == 0)
        return;
    for (size_t i = 0; i < KEY_PARTS_MAX; i++)
        g.partitions[i].arena = arena;
    if ((asks & GATHERED) != 0 && ask->statement != NULL)
        gather_statement(&g);
    else if ((asks & GATHERED) != 0)
        gather_input(&g);
    for (size_t i = 0; i < KEY_PARTS_MAX; i++)
        context->partition_keys[i] = values_of(&g.partitions[i]);
    if (!g.all_attributes)
        context->attributes = values_of(&g.attributes);
    if (ask->statement != NULL)
        describe_statement(&g, context);
    describe_members(&g, context);
    if (is_asked(asks, CONTEXT_REQUEST_TAG) || is_asked(asks, CONTEXT_TAG_KEYS))
        describe_request_tags(request, context);
    if (is_asked(asks, CONTEXT_RESOURCE_TAG))
        describe_resource_tags(request, ask->table, context);
}
