#include "api/admission.h"
#include "api/statement.h"

static status write_one(struct request *request, const struct in_ExecuteStatementInput *in,
                        struct statement *statement) {
    struct reply *reply = &request->reply;
    TRY(statement_bind(request, statement));
    TRY(admission_write(request, &statement->write));
    status st =
        table_write(request->database, request->scope, &statement->write, 1, &request->ticket);
    if (st != ST_OK && st != ST_FAILED)
        return st;
    admission_wrote(request, &statement->write, 1, 1);
    TRY(statement_outcome(request, statement,
                          str_eq(in->ReturnValuesOnConditionCheckFailure, STR("ALL_OLD"))));
    if (statement->parsed.returning != RETURN_NONE) {
        reply_open_list(reply, STR("Items"));
        (void)statement_reply_returning(request, statement, ANON);
        reply_close_list(reply);
    }
    struct capacity capacity = {.table = statement->table};
    capacity_add_cost(&capacity, &statement->write.cost);
    reply_capacity(request, capacity_detail_of(in->ReturnConsumedCapacity), &capacity);
    return ST_OK;
}

status op_execute_statement(struct request *request) {
    const struct in_ExecuteStatementInput *in = request->input;
    struct statement statement;
    TRY(statement_parse(request, in->Statement, in->Parameters, &statement));
    if (statement.parsed.kind == PARTIQL_EXISTS)
        return fail_validation(request->scope, "Statement wasn't well formed, can't be processed: "
                                               "Expected data manipulation");
    if (partiql_is_read(&statement.parsed)) {
        const struct select_members members = {.limit = in->Limit,
                                               .consistent = in->ConsistentRead.value,
                                               .next_token = in->NextToken,
                                               .return_capacity = in->ReturnConsumedCapacity};
        return statement_select(request, &statement, &members);
    }
    if (in->NextToken.ptr != NULL)
        return fail_validation(request->scope, "NextToken does not match request");
    return write_one(request, in, &statement);
}
