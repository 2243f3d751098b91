/* Which tables a call names, read from its typed input. */
#include "api/fault_int.h"
#include "api/shape_int.h"

struct names {
    str *at;
    size_t count;
};

static void add(struct names *names, str name_or_arn) {
    if (name_or_arn.ptr != NULL)
        names->at[names->count++] = request_table_name(name_or_arn);
}

static void add_keys(struct names *names, const str *keys, size_t count) {
    for (size_t i = 0; i < count; i++)
        add(names, keys[i]);
}

/* The member of the input that says the table, whatever the operation calls it. */
static void add_member(struct names *names, const struct request *request) {
    static const str members[] = {STR_INIT("TableName"), STR_INIT("TableArn"),
                                  STR_INIT("ResourceArn"), STR_INIT("StreamArn")};
    const struct shape *input = &shapes[request->operation->input];
    for (size_t i = 0; i < input->member_count; i++) {
        const struct shape_member *member = &shape_members[input->first_member + i];
        for (size_t m = 0; m < sizeof members / sizeof members[0]; m++)
            if (str_eq(member->name, members[m]) && shapes[member->shape].kind == KIND_STRING)
                add(names, *(const str *)((const char *)request->input + member->offset));
    }
}

static void add_reads(struct names *names, const struct in_TransactGetItemList *list) {
    for (size_t i = 0; i < list->count; i++)
        add(names, list->at[i]->Get->TableName);
}

static void add_writes(struct names *names, const struct in_TransactWriteItemList *list) {
    for (size_t i = 0; i < list->count; i++) {
        const struct in_TransactWriteItem *item = list->at[i];
        if (item->ConditionCheck != NULL)
            add(names, item->ConditionCheck->TableName);
        else if (item->Put != NULL)
            add(names, item->Put->TableName);
        else if (item->Delete != NULL)
            add(names, item->Delete->TableName);
        else if (item->Update != NULL)
            add(names, item->Update->TableName);
    }
}

size_t fault_tables(struct request *request, str **out_names) {
    const struct in_BatchGetItemInput *batch_get = request->input;
    const struct in_BatchWriteItemInput *batch_write = request->input;
    const struct in_TransactGetItemsInput *reads = request->input;
    const struct in_TransactWriteItemsInput *writes = request->input;
    enum shape_id input = request->operation->input;
    size_t room = input == SHAPE_BatchGetItemInput         ? batch_get->RequestItems->count
                  : input == SHAPE_BatchWriteItemInput     ? batch_write->RequestItems->count
                  : input == SHAPE_TransactGetItemsInput   ? reads->TransactItems->count
                  : input == SHAPE_TransactWriteItemsInput ? writes->TransactItems->count
                                                           : shapes[input].member_count;
    struct names names = {.at = arena_array(request->scope->arena, str, room + 1)};
    if (input == SHAPE_BatchGetItemInput)
        add_keys(&names, batch_get->RequestItems->keys, room);
    else if (input == SHAPE_BatchWriteItemInput)
        add_keys(&names, batch_write->RequestItems->keys, room);
    else if (input == SHAPE_TransactGetItemsInput)
        add_reads(&names, reads->TransactItems);
    else if (input == SHAPE_TransactWriteItemsInput)
        add_writes(&names, writes->TransactItems);
    else
        add_member(&names, request);
    *out_names = names.at;
    return names.count;
}

/* ---- statements ---- */

static bool is_word_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
}

/* As a word of its own. A parser would know better, but has errors to report. */
static bool mentions(str statement, str name) {
    for (size_t at = 0; at + name.len <= statement.len; at++)
        if (memcmp(statement.ptr + at, name.ptr, name.len) == 0 &&
            (at == 0 || !is_word_byte(statement.ptr[at - 1])) &&
            (at + name.len == statement.len || !is_word_byte(statement.ptr[at + name.len])))
            return true;
    return false;
}

static bool statements_touch(const struct request *request, str table_name) {
    const struct in_ExecuteStatementInput *one = request->input;
    const struct in_BatchExecuteStatementInput *batch = request->input;
    const struct in_ExecuteTransactionInput *transaction = request->input;
    enum shape_id input = request->operation->input;
    bool found = input == SHAPE_ExecuteStatementInput && mentions(one->Statement, table_name);
    if (input == SHAPE_BatchExecuteStatementInput)
        for (size_t i = 0; i < batch->Statements->count; i++)
            found |= mentions(batch->Statements->at[i]->Statement, table_name);
    if (input == SHAPE_ExecuteTransactionInput)
        for (size_t i = 0; i < transaction->TransactStatements->count; i++)
            found |= mentions(transaction->TransactStatements->at[i]->Statement, table_name);
    return found;
}

bool fault_touches(struct request *request, str table_name) {
    str *names;
    size_t count = fault_tables(request, &names);
    for (size_t i = 0; i < count; i++)
        if (str_eq(names[i], table_name))
            return true;
    return statements_touch(request, table_name);
}

/* ---- what operations can do ---- */

bool fault_can_conflict(enum shape_id input) {
    return input == SHAPE_PutItemInput || input == SHAPE_UpdateItemInput ||
           input == SHAPE_DeleteItemInput || input == SHAPE_TransactWriteItemsInput ||
           input == SHAPE_TransactGetItemsInput || input == SHAPE_ExecuteTransactionInput;
}

bool fault_can_leave(enum shape_id input) {
    return input == SHAPE_BatchGetItemInput || input == SHAPE_BatchWriteItemInput ||
           input == SHAPE_BatchExecuteStatementInput;
}
