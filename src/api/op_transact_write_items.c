/* Up to a hundred puts, updates, deletes and checks of any tables that happen together or not at
 * all: everything that can be refused without the items is refused first, the rest is one call of
 * table_write_once. */
#include "api/transaction.h"
#include "api/write_request.h"
#include "base/bytes.h"
#include "item/item_codec.h"
#include "item/item_json.h"
#include "table/table_check.h"

#include <stdlib.h>

/* One element of TransactItems, whichever of the four it is. */
struct action {
    enum write_kind kind;
    str table_name;
    const struct item *item; /* the whole item of a put, else the key */
    str update, condition, return_on_failure;
    const struct in_ExpressionAttributeNameMap *names;
    const struct item *values;
};

/* Arrays of one element an action. */
struct transaction {
    struct action *actions;
    size_t count;
    struct write *writes;
    struct collection *collections;
    struct cancellation *cancellation;
};

/* Put, Update, Delete and ConditionCheck have these members in common. */
#define ACTION(kind_, in, item_, update_)                                                          \
    (struct action) {                                                                              \
        .kind = (kind_), .table_name = (in)->TableName, .item = (item_), .update = (update_),      \
        .condition = (in)->ConditionExpression,                                                    \
        .return_on_failure = (in)->ReturnValuesOnConditionCheckFailure,                            \
        .names = (in)->ExpressionAttributeNames, .values = (in)->ExpressionAttributeValues         \
    }

/* How many of the four there are; `out` is the last one. */
static int action_of(const struct in_TransactWriteItem *in, struct action *out) {
    int count = 0;
    if (in->ConditionCheck != NULL && ++count)
        *out = ACTION(WRITE_CHECK, in->ConditionCheck, in->ConditionCheck->Key, (str){});
    if (in->Put != NULL && ++count)
        *out = ACTION(WRITE_PUT, in->Put, in->Put->Item, (str){});
    if (in->Delete != NULL && ++count)
        *out = ACTION(WRITE_DELETE, in->Delete, in->Delete->Key, (str){});
    if (in->Update != NULL && ++count)
        *out = ACTION(WRITE_UPDATE, in->Update, in->Update->Key, in->Update->UpdateExpression);
    return count;
}

static status begin(struct request *request, const struct in_TransactWriteItemList *in,
                    struct transaction *transaction) {
    struct arena *arena = request->scope->arena;
    *transaction = (struct transaction){
        .actions = arena_array(arena, struct action, in->count),
        .count = in->count,
        .writes = arena_array(arena, struct write, in->count),
        .collections = arena_array(arena, struct collection, in->count),
        .cancellation = cancellation_new(request, in->count),
    };
    for (size_t i = 0; i < in->count; i++)
        if (action_of(in->at[i], &transaction->actions[i]) != 1)
            return fail_validation(
                request->scope,
                "TransactItems can only contain one of Check, Put, Update or Delete");
    return ST_OK;
}

static status parse(struct request *request, struct transaction *transaction, size_t at) {
    const struct action *action = &transaction->actions[at];
    struct write *write = &transaction->writes[at];
    const struct parameter expressions[] = {
        {"ConditionExpression", action->condition.ptr != NULL, true},
        {"UpdateExpression", action->update.ptr != NULL, true},
    };
    const struct parameters parameters = {
        NULL, 0, expressions, action->kind == WRITE_UPDATE ? 2 : 1, action->names, action->values};
    struct expr_placeholders placeholders;
    *write = (struct write){.kind = action->kind, .item = action->item};
    TRY(request_check_parameters(request, &parameters));
    TRY(transaction_check_values(request, transaction->cancellation, at, action->item));
    TRY(request_placeholders(request, &parameters, &placeholders));
    TRY(write_update(request, action->update, &placeholders, &write->update));
    TRY(write_condition(request, action->condition, &placeholders, &write->condition));
    return expr_placeholders_all_used(request->scope, &placeholders);
}

/* What was sent counts, not what lies there: deleting large items is no large transaction. */
static status check_sizes(struct request *request, const struct transaction *transaction) {
    size_t bytes = 0;
    for (size_t i = 0; i < transaction->count; i++) {
        const struct action *action = &transaction->actions[i];
        size_t size = item_tree_size(action->item);
        if (action->kind == WRITE_PUT && size > ITEM_BYTES_MAX)
            return fail_validation(request->scope,
                                   "Item size has exceeded the maximum allowed size");
        bytes += size + (action->values != NULL ? item_tree_size(action->values) : 0);
    }
    return bytes > TRANSACTION_BYTES_MAX ? transaction_too_large(request) : ST_OK;
}

static status check_schema(struct request *request, const struct write *write) {
    if (write->kind == WRITE_PUT)
        return table_check_item(request->scope, write->table, write->item);
    TRY(table_check_key(request->scope, write->table, write->item));
    return write_check_targets(request, write);
}

static status check_tables(struct request *request, const struct transaction *transaction) {
    const struct table *tables[TRANSACTION_ACTIONS_MAX];
    const struct item *items[TRANSACTION_ACTIONS_MAX];
    struct write *writes = transaction->writes;
    for (size_t i = 0; i < transaction->count; i++) {
        TRY(request_table(request, transaction->actions[i].table_name, false, &writes[i].table));
        tables[i] = writes[i].table;
        items[i] = writes[i].item;
    }
    for (size_t i = 0; i < transaction->count; i++)
        TRY(table_check_empty_keys(request->scope, tables[i], items[i],
                                   writes[i].kind == WRITE_PUT));
    for (size_t i = 0; i < transaction->count; i++)
        TRY(cancellation_take(request, transaction->cancellation, i,
                              check_schema(request, &writes[i])));
    TRY(transaction_check_distinct(request, transaction->cancellation, tables, items));
    return cancellation_check(request, transaction->cancellation);
}

/* ---- the token ---- */

static void add_text(struct buf *content, str text) {
    char length[4];
    put_be32(length, (uint32_t)text.len);
    buf_add(content, length, sizeof length);
    buf_add_str(content, text);
}

static void add_item(struct request *request, struct buf *content, const struct item *item) {
    struct item copy = {}; /* encoding sorts; the order of attributes is no one's */
    if (item != NULL)
        copy = *item;
    add_text(content, item_encode(&copy, &(struct item_stamp){}, request->scope->arena));
}

struct name_pair {
    str placeholder, name;
};

static int compare_names(const void *a, const void *b) {
    return str_cmp(((const struct name_pair *)a)->placeholder,
                   ((const struct name_pair *)b)->placeholder);
}

static void add_names(struct request *request, struct buf *content,
                      const struct in_ExpressionAttributeNameMap *names) {
    size_t count = names != NULL ? names->count : 0;
    struct name_pair *pairs = arena_array(request->scope->arena, struct name_pair, count);
    for (size_t i = 0; i < count; i++)
        pairs[i] = (struct name_pair){names->keys[i], names->at[i]};
    if (count > 0)
        qsort(pairs, count, sizeof *pairs, compare_names);
    buf_add_byte(content, (unsigned char)(count > 0));
    for (size_t i = 0; i < count; i++) {
        add_text(content, pairs[i].placeholder);
        add_text(content, pairs[i].name);
    }
}

/* What a repeat must have in common with the first request: all of its actions, in their order,
 * however they are spelled. What it wants to be told about them may differ. */
static struct request_token *make_token(struct request *request,
                                        const struct transaction *transaction, str text) {
    if (text.ptr == NULL)
        return NULL;
    struct request_token *token = arena_struct(request->scope->arena, struct request_token);
    struct buf content;
    buf_init(&content, request->scope->arena, 1024);
    for (size_t i = 0; i < transaction->count; i++) {
        const struct action *action = &transaction->actions[i];
        buf_add_byte(&content, (unsigned char)action->kind);
        buf_add_byte(&content, str_eq(action->return_on_failure, STR("ALL_OLD")));
        add_text(&content, transaction->writes[i].table->name);
        add_text(&content, action->update);
        add_text(&content, action->condition);
        add_item(request, &content, action->item);
        add_item(request, &content, action->values);
        add_names(request, &content, action->names);
    }
    *token = (struct request_token){.user = TOKEN_OF_TRANSACT_WRITE, .text = text};
    request_token_content(token, buf_str(&content));
    return token;
}

static const struct false_condition *when_false(struct request *request,
                                                const struct transaction *transaction) {
    struct false_condition *rows =
        arena_array(request->scope->arena, struct false_condition, transaction->count);
    for (size_t i = 0; i < transaction->count; i++)
        rows[i] = (struct false_condition){
            .code = STR("ConditionalCheckFailed"),
            .message = STR("The conditional request failed"),
            .with_item = str_eq(transaction->actions[i].return_on_failure, STR("ALL_OLD"))};
    return rows;
}

status op_transact_write_items(struct request *request) {
    const struct in_TransactWriteItemsInput *in = request->input;
    struct transaction transaction;
    TRY(begin(request, in->TransactItems, &transaction));
    for (size_t i = 0; i < transaction.count; i++)
        TRY(parse(request, &transaction, i));
    TRY(check_sizes(request, &transaction));
    TRY(check_tables(request, &transaction));
    struct request_token *token = make_token(request, &transaction, in->ClientRequestToken);
    for (size_t i = 0; i < transaction.count; i++)
        if (transaction.writes[i].kind != WRITE_CHECK)
            TRY(collection_read(request, in->ReturnItemCollectionMetrics, &transaction.writes[i],
                                &transaction.collections[i]));
    TRY(transaction_write(request, transaction.writes, transaction.cancellation,
                          when_false(request, &transaction), token));
    transaction_reply_costs(request, transaction.writes, transaction.count, token,
                            capacity_detail_of(in->ReturnConsumedCapacity));
    reply_collections(request, transaction.collections, transaction.count);
    return ST_OK;
}
