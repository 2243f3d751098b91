#include "api/access_int.h"
#include "api/statement.h"
#include "base/check.h"
#include "stream/stream_text.h"

/* ---- what operations are on ---- */

enum target_kind {
    ON_NOTHING,    /* "*" */
    ON_ANY_TABLE,  /* "table/" and a star: what a policy for all tables matches, too */
    ON_TABLE,      /* and an index, when the input may name one */
    ON_RESOURCE,   /* the ARN of a table or a stream */
    ON_STREAM,     /* its ARN */
    ON_ITERATOR,   /* the stream that a shard iterator is of */
    ON_TABLES,     /* a map by table */
    ON_ACTIONS,    /* a list of structures of which one member is there: the action */
    ON_STATEMENTS, /* looked at one by one, when they are parsed */
};

#define NO_MEMBER UINT16_MAX

struct target_row {
    str action;
    enum shape_id input;
    enum target_kind kind;
    uint16_t member, index_member; /* where the input names the resource */
};

#define AT(input, name) offsetof(struct in_##input, name)
#define TARGET_NONE(input) ON_NOTHING, NO_MEMBER, NO_MEMBER
#define TARGET_ANY_TABLE(input) ON_ANY_TABLE, NO_MEMBER, NO_MEMBER
#define TARGET_TABLE(input) ON_TABLE, AT(input, TableName), NO_MEMBER
#define TARGET_INDEX(input) ON_TABLE, AT(input, TableName), AT(input, IndexName)
#define TARGET_RESOURCE(input) ON_RESOURCE, AT(input, ResourceArn), NO_MEMBER
#define TARGET_STREAM(input) ON_STREAM, AT(input, StreamArn), NO_MEMBER
#define TARGET_ITERATOR(input) ON_ITERATOR, AT(input, ShardIterator), NO_MEMBER
#define TARGET_TABLES(input) ON_TABLES, AT(input, RequestItems), NO_MEMBER
#define TARGET_ACTIONS(input) ON_ACTIONS, AT(input, TransactItems), NO_MEMBER
#define TARGET_STATEMENTS(input) ON_STATEMENTS, NO_MEMBER, NO_MEMBER

/* By position, as the dispatcher's. */
static const struct target_row targets[] = {
#define OP(service, name, handler, action, target, effect)                                         \
    {STR_INIT(action), SHAPE_##name##Input, target(name##Input)},
#include "api/ops.def"
#undef OP
};

/* Elements of transactions have the names of the single operations' actions, but for one. */
static const struct {
    str member, action;
} element_actions[] = {
    {STR_INIT("ConditionCheck"), STR_INIT("dynamodb:ConditionCheckItem")},
    {STR_INIT("Delete"), STR_INIT("dynamodb:DeleteItem")},
    {STR_INIT("Get"), STR_INIT("dynamodb:GetItem")},
    {STR_INIT("Put"), STR_INIT("dynamodb:PutItem")},
    {STR_INIT("Update"), STR_INIT("dynamodb:UpdateItem")},
};

/* ---- one decision ---- */

static str resource_of(struct request *request, const struct access_ask *ask) {
    const struct database *database = request->database;
    struct buf arn;
    if (ask->stream_arn.ptr != NULL)
        return ask->stream_arn;
    if (ask->table_name.ptr == NULL)
        return STR("*");
    buf_init(&arn, request->scope->arena, 64 + ask->table_name.len + ask->index_name.len);
    buf_add_lit(&arn, "arn:aws:dynamodb:");
    buf_add_str(&arn, database->region);
    buf_add_lit(&arn, ":");
    buf_add_str(&arn, database->account_id);
    buf_add_lit(&arn, ":table/");
    buf_add_str(&arn, ask->table_name);
    if (ask->index_name.ptr != NULL) {
        buf_add_lit(&arn, "/index/");
        buf_add_str(&arn, ask->index_name);
    }
    return buf_str(&arn);
}

/* A stream has a policy of its own, and its table's does not say who may read it. */
static const struct policy *policy_of_resource(const struct access_ask *ask) {
    struct stream_arn parts;
    int64_t created_us;
    if (ask->table == NULL)
        return NULL;
    if (ask->stream_arn.ptr == NULL)
        return ask->table->policy.compiled;
    if (!stream_arn_read(ask->stream_arn, &parts) || !stream_label_read(parts.label, &created_us) ||
        created_us != ask->table->stream_policy.stream_us)
        return NULL;
    return ask->table->stream_policy.compiled;
}

static void describe_caller(const struct request *request, struct access_context *context) {
    const struct api_caller *caller = request->caller;
    principal_describe(caller->principal, context);
    context->source_ip = caller->source_ip;
    context->user_agent = caller->user_agent;
    context->secure_transport = caller->secure_transport;
    context->region = request->database->region;
    context->now_us = request->scope->now_us;
}

static struct access_decision decide(struct request *request, const struct access_ask *ask,
                                     struct access_context *context) {
    struct principal *principal = request->caller->principal;
    const struct policy *own = policy_of_resource(ask);
    /* So that nobody is locked out of what is theirs for good. */
    if (principal->kind == PRINCIPAL_ROOT &&
        str_eq(ask->action, STR("dynamodb:DeleteResourcePolicy")))
        own = NULL;
    *context = (struct access_context){.action = ask->action,
                                       .resource = resource_of(request, ask),
                                       .enclosing_operation = ask->enclosing};
    describe_caller(request, context);
    access_context_fill(request, ask, principal->asks | (own != NULL ? policy_asks(own) : 0),
                        context);
    return access_decide(principal, own, ask->table != NULL ? ask->table->generation : 0, context,
                         request->scope->scratch);
}

static status refuse(struct request *request, const struct access_context *context,
                     const struct access_decision *decision) {
    return fail(request->scope, ERROR_AccessDeniedException, "%.*s",
                STR_ARG(access_refusal(context, decision, request->scope->arena)));
}

static status check(struct request *request, struct access_ask *ask) {
    struct access_context context;
    if (ask->table_name.ptr != NULL)
        ask->table = catalogue_find(request->tables, ask->table_name);
    struct access_decision decision = decide(request, ask, &context);
    return decision.access == ACCESS_ALLOWED ? ST_OK : refuse(request, &context, &decision);
}

/* ---- resources of an input ---- */

static str text_at(const void *in, uint16_t member) {
    return member == NO_MEMBER ? (str){} : *(const str *)((const char *)in + member);
}

static const void *pointer_at(const void *in, uint16_t member) {
    return *(const void *const *)((const char *)in + member);
}

static void name_stream(struct access_ask *ask, str arn) {
    struct stream_arn parts;
    ask->stream_arn = arn;
    if (stream_arn_read(arn, &parts))
        ask->table_name = parts.table_name;
}

static void name_resource(struct access_ask *ask, str arn) {
    struct stream_arn parts;
    if (stream_arn_read(arn, &parts))
        name_stream(ask, arn);
    else
        ask->table_name = request_table_name(arn);
}

/* What is no iterator is on nothing that a policy could name, and is refused as such. */
static void name_iterator(struct request *request, struct access_ask *ask, str text) {
    struct shard_iterator iterator;
    if (shard_iterator_read(request->scope->arena, text, &iterator))
        name_stream(ask, iterator.stream_arn);
}

static status check_tables(struct request *request, const struct target_row *row) {
    const struct any_map *map = pointer_at(request->input, row->member);
    enum shape_id element =
        row->input == SHAPE_BatchGetItemInput ? SHAPE_KeysAndAttributes : SHAPE_WriteRequests;
    for (size_t i = 0; i < map->count; i++) {
        struct access_ask ask = {.action = row->action,
                                 .table_name = request_table_name(map->keys[i]),
                                 .shape = element,
                                 .in = ((const void *const *)map->at)[i]};
        TRY(check(request, &ask));
    }
    return ST_OK;
}

static status check_element(struct request *request, const struct shape *shape,
                            const void *element) {
    for (size_t i = 0; i < shape->member_count; i++) {
        const struct shape_member *member = &shape_members[shape->first_member + i];
        struct access_ask ask = {.enclosing = request->operation->name,
                                 .shape = member->shape,
                                 .in = pointer_at(element, member->offset)};
        if (ask.in == NULL)
            continue;
        for (size_t a = 0; a < sizeof element_actions / sizeof element_actions[0]; a++)
            if (str_eq(element_actions[a].member, member->name))
                ask.action = element_actions[a].action;
        CHECK(ask.action.ptr != NULL);
        ask.table_name =
            request_table_name(access_text(&shapes[member->shape], ask.in, STR("TableName")));
        TRY(check(request, &ask));
    }
    return ST_OK;
}

static status check_actions(struct request *request, const struct target_row *row) {
    const struct any_list *list = pointer_at(request->input, row->member);
    const struct shape *shape = row->input == SHAPE_TransactGetItemsInput
                                    ? &shapes[SHAPE_TransactGetItem]
                                    : &shapes[SHAPE_TransactWriteItem];
    for (size_t i = 0; i < list->count; i++)
        TRY(check_element(request, shape, ((const void *const *)list->at)[i]));
    return ST_OK;
}

/* A table that is made with tags or a policy takes the right to give it those. */
static status check_creation(struct request *request, struct access_ask *ask) {
    const struct in_CreateTableInput *in = request->input;
    if (in->Tags != NULL && in->Tags->count > 0) {
        ask->action = STR("dynamodb:TagResource");
        TRY(check(request, ask));
    }
    ask->action = STR("dynamodb:PutResourcePolicy");
    return in->ResourcePolicy.ptr != NULL ? check(request, ask) : ST_OK;
}

status access_check(struct request *request) {
    const struct target_row *row = &targets[request->counts.operation];
    struct access_ask ask = {.action = row->action, .shape = row->input, .in = request->input};
    str named = row->kind < ON_TABLES ? text_at(request->input, row->member) : (str){};
    switch (row->kind) {
    case ON_NOTHING:
        break;
    case ON_ANY_TABLE:
        ask.table_name = STR("*");
        break;
    case ON_TABLE:
        ask.table_name = request_table_name(named);
        ask.index_name = text_at(request->input, row->index_member);
        break;
    case ON_RESOURCE:
        name_resource(&ask, named);
        break;
    case ON_STREAM:
        name_stream(&ask, named);
        break;
    case ON_ITERATOR:
        name_iterator(request, &ask, named);
        break;
    case ON_TABLES:
        return check_tables(request, row);
    case ON_ACTIONS:
        return check_actions(request, row);
    case ON_STATEMENTS:
        return ST_OK;
    }
    TRY(check(request, &ask));
    return row->input == SHAPE_CreateTableInput ? check_creation(request, &ask) : ST_OK;
}

/* ---- statements ---- */

status access_check_statement(struct request *request, const struct statement *statement) {
    static const str actions[] = {
        [PARTIQL_SELECT] = STR_INIT("dynamodb:PartiQLSelect"),
        [PARTIQL_EXISTS] = STR_INIT("dynamodb:PartiQLSelect"),
        [PARTIQL_INSERT] = STR_INIT("dynamodb:PartiQLInsert"),
        [PARTIQL_UPDATE] = STR_INIT("dynamodb:PartiQLUpdate"),
        [PARTIQL_DELETE] = STR_INIT("dynamodb:PartiQLDelete"),
    };
    if (request->caller->principal == NULL)
        return ST_OK;
    struct access_ask ask = {.action = actions[statement->parsed.kind],
                             .table_name = request_table_name(statement->parsed.table_name),
                             .index_name = statement->parsed.index_name,
                             .statement = statement};
    if (request->operation->input == SHAPE_ExecuteTransactionInput)
        ask.enclosing = request->operation->name;
    return check(request, &ask);
}

/* What else is wrong with it, the operation says. */
static status check_ahead(struct request *request, str text,
                          const struct in_PreparedStatementParameters *parameters) {
    struct statement statement;
    struct scope *scope = request->scope;
    status st = statement_parse(request, text, parameters, &statement);
    if (st != ST_FAILED || scope->error == ERROR_AccessDeniedException)
        return st;
    scope->error = ERROR_NONE;
    scope->error_text = scope->error_item = (str){};
    scope->error_detail = NULL;
    return ST_OK;
}

status access_check_ahead(struct request *request) {
    const struct in_ExecuteStatementInput *one = request->input;
    const struct in_ExecuteTransactionInput *several = request->input;
    TRY(access_check(request));
    if (request->operation->input == SHAPE_ExecuteStatementInput)
        return check_ahead(request, one->Statement, one->Parameters);
    if (request->operation->input != SHAPE_ExecuteTransactionInput)
        return ST_OK;
    for (size_t i = 0; i < several->TransactStatements->count; i++)
        TRY(check_ahead(request, several->TransactStatements->at[i]->Statement,
                        several->TransactStatements->at[i]->Parameters));
    return ST_OK;
}

/* ---- policies that are to be ---- */

bool access_allows(struct request *request, str action, str arn, const struct table *changed) {
    struct access_context context;
    struct access_ask ask = {.action = action, .shape = request->operation->input};
    if (request->caller->principal == NULL)
        return true;
    ask.in = request->input;
    name_resource(&ask, arn);
    ask.table = changed;
    return decide(request, &ask, &context).access == ACCESS_ALLOWED;
}
